import http2 from 'node:http2';
import { expect, test } from 'vitest';
import type { HeaderBlock } from '../../../core/index.ts';
import { type Asked, inPieces, listener, session, type Understood } from './wire.ts';

/** Numbers that follow from a seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

const NAMES = [
  'user-agent',
  'accept',
  'x-a',
  'x-b',
  'x-request-id',
  'authorization',
  'cookie',
  'content-type',
  'x-long-name-of-a-header',
];

function headers(next: (below: number) => number): http2.OutgoingHttpHeaders {
  const made: Record<string | symbol, string | string[]> = {};
  for (let i = next(12); i > 0; i--) {
    const name = next(4) === 0 ? `x-${next(30)}` : (NAMES[next(NAMES.length)] ?? 'x-c');
    const length = next(20) === 0 ? next(9000) : next(30);
    // all that a field value may hold (RFC 9110 5.5); it begins and ends with something to see
    let value = 'v';
    while (value.length < length) {
      const code = 32 + next(224);
      if (code !== 127) value += String.fromCharCode(code);
    }
    made[name] = `${value}.`;
  }
  if (next(2) === 0) made[http2.sensitiveHeaders] = ['authorization', 'x-a'];
  return made as http2.OutgoingHttpHeaders;
}

function asked(next: (below: number) => number): Asked {
  const sizes = [0, 10, 1000, 40_000];
  return {
    headers: { ':method': 'POST', ':path': `/v1/${next(5)}`, ':authority': 'api.example.com', ...headers(next) },
    body: Buffer.alloc(sizes[next(4)] ?? 0, 'b'),
    answer: { ':status': [200, 404, 429][next(3)] ?? 200, ...headers(next) },
    answerBody: Buffer.alloc(sizes[next(4)] ?? 0, 'a'),
    ...(next(4) === 0 && { trailers: { 'x-end': String(next(9)) } }),
    ...(next(5) === 0 && { client: { headerTableSize: next(3) === 0 ? 0 : next(9000) } }),
    ...(next(5) === 0 && { server: { headerTableSize: next(3) === 0 ? 0 : next(9000) } }),
  };
}

const pairs = (raw: readonly string[]): string[] =>
  raw.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${raw[at + 1]}`] : []));
const lines = ({ fields }: HeaderBlock): string[] => fields.map(({ name, value }) => `${name}: ${value}`);
const inOrder = (all: readonly string[]): string[] => [...all].sort((a, b) => (a < b ? -1 : 1));
const heads = (understood: readonly Understood[]): string[] =>
  inOrder(understood.map(({ stream, raw }) => JSON.stringify([stream, pairs(raw)])));

test('1,000 random conversations of Node are understood as Node understands them, and in part when joined late', async () => {
  const SESSIONS = 1000;
  let fields = 0;
  let unresolved = 0;
  const one = async (seed: number): Promise<void> => {
    const next = random(seed);
    const list = Array.from({ length: 1 + next(4) }, () => asked(next));
    const size = (): http2.Settings => (next(3) === 0 ? { headerTableSize: next(10_000) } : {});
    const made = await session(list, { client: size(), server: size(), together: next(2) === 0 });
    expect(made.requests).toHaveLength(list.length);
    expect(made.responses).toHaveLength(list.length);
    for (const side of ['client', 'server'] as const) {
      const bytes = Buffer.concat(side === 'client' ? made.sent : made.received);
      const truth = side === 'client' ? made.requests : [...made.responses, ...made.trailers];
      const cuts = Array.from({ length: next(20) }, () => next(bytes.length));
      const heard = listener(side);
      heard.feed(inPieces(bytes, cuts));
      expect(heard.blocks.every(({ block }) => block.unresolved === 0 && block.fault === undefined)).toBe(true);
      const got = heard.blocks.map(({ stream, block }) => JSON.stringify([stream, lines(block)]));
      expect(inOrder(got)).toEqual(heads(truth));
      fields += heard.blocks.reduce((sum, { block }) => sum + block.fields.length, 0);

      // from any byte on: what is told is true, and what is not told is counted
      const late = listener(side, true);
      late.feed(inPieces(bytes.subarray(next(bytes.length)), cuts));
      const known = heard.blocks.slice(heard.blocks.length - late.blocks.length);
      for (const [at, { stream, block }] of late.blocks.entries()) {
        const all = known[at];
        expect(stream).toBe(all?.stream);
        const whole = all === undefined ? [] : lines(all.block);
        expect(block.fields.length + block.unresolved).toBe(whole.length);
        let place = 0;
        for (const line of lines(block)) {
          place = whole.indexOf(line, place) + 1;
          expect(place).toBeGreaterThan(0);
        }
        unresolved += block.unresolved;
      }
    }
  };
  for (let seed = 0; seed < SESSIONS; seed += 20)
    await Promise.all(Array.from({ length: 20 }, (_, i) => one(seed + i)));
  expect(fields).toBeGreaterThan(10_000);
  expect(unresolved).toBeGreaterThan(100);
}, 60_000);
