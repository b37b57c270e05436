import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { FLAG, FRAME, type OispEvent } from '../../../../core/index.ts';
import { Http2Protocol } from '../../../../processors/decode/http2/protocol.ts';
import { frame, settings } from '../../../core/http2/wire.ts';
import { Recorder } from '../capture.ts';
import { call, chatBody, expectRowsToMatch, fate, run, type Step, say, write } from '../stream/row-capture.ts';
import { ask, Conversation, OK } from './conversation.ts';

const SSE = OK.map(([name, value]) => [name, name === 'content-type' ? 'text/event-stream' : value] as const);
const WINDOW_UPDATE = 8;
const PING = 6;
/** Frames of the server that bring no body. */
const other = fc.constantFrom<((stream: number) => Buffer)[]>(
  () => frame(WINDOW_UPDATE, 0, 0, Buffer.from([0, 0, 1, 0])),
  () => frame(PING, 0, 0, Buffer.alloc(8)),
  () => settings([4, 65_535]),
  (stream) => frame(FRAME.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, 8])),
  (stream) => frame(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, stream - 2, 0, 0, 0, 0])),
  (stream) => frame(0x7f, 0, stream, 'unknown'),
  () => frame(FRAME.DATA, 0, 0, 'no stream'),
);

const stream = fc.record({
  body: chatBody,
  isCoded: fc.boolean(),
  isPadded: fc.boolean(),
  /** Where DATA frames are cut; none: one an event. */
  cuts: fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 9 })),
  end: fc.constantFrom('data', 'empty', 'trailers', 'none'),
  /** The request is recorded behind its answer. */
  isLate: fc.boolean(),
});

function frames(
  id: number,
  { body, isCoded, isPadded, cuts, end }: typeof stream extends fc.Arbitrary<infer T> ? T : never,
) {
  const all = isCoded ? gzipSync(body.join('')) : Buffer.from(body.join(''));
  const lengths = cuts.length > 0 || isCoded ? cuts : body.map((event) => Buffer.byteLength(event));
  const parts: Buffer[] = [];
  for (let at = 0, i = 0; at < all.length; i++) {
    const piece = all.subarray(at, at + (lengths[i % lengths.length] ?? 300));
    at += piece.length;
    const isLast = end === 'data' && at >= all.length ? FLAG.END_STREAM : 0;
    const padded = Buffer.concat([Buffer.from([3]), piece, Buffer.alloc(3)]);
    parts.push(frame(FRAME.DATA, isLast | (isPadded ? FLAG.PADDED : 0), id, isPadded ? padded : piece));
  }
  if (end === 'empty') parts.push(frame(FRAME.DATA, FLAG.END_STREAM, id));
  const trailers = new Conversation(false).head('received', id, [['grpc-status', '0']], true).parts[0]?.bytes;
  if (end === 'trailers' && trailers !== undefined) parts.push(trailers);
  return parts;
}

const connection = fc
  .record({
    streams: fc.array(stream, { minLength: 1, maxLength: 3 }),
    turns: fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }),
    others: fc.array(fc.tuple(fc.nat(200), other), { maxLength: 4 }),
    sizes: fc.array(fc.constantFrom(3, 40, 100, 250, 250, 1000), { minLength: 1, maxLength: 6 }),
    fates: fc.array(fate, { minLength: 1, maxLength: 80 }),
  })
  .map(({ streams, turns, others, sizes, fates }) => {
    const wire = new Conversation();
    const queues = streams.map((one, i) => {
      const id = 2 * i + 1;
      const coding = one.isCoded ? [['content-encoding', 'gzip'] as const] : [];
      if (!one.isLate) wire.request(id, ask(`gpt-4o-${id}`, { stream: true }));
      const head = new Conversation(false).head('received', id, [...SSE, ...coding]).parts.map(({ bytes }) => bytes);
      return [...head, ...frames(id, one)];
    });
    // some frames of one stream, then some of the next one
    const answers: Buffer[] = [];
    for (let turn = 0; queues.some((queue) => queue.length > 0); turn++)
      answers.push(...(queues[turn % queues.length]?.splice(0, 1 + (turns[turn % turns.length] ?? 0)) ?? []));
    for (const [at, make] of others) answers.splice(at % (answers.length + 1), 0, make(2 * (at % streams.length) + 1));
    wire.add('received', Buffer.concat(answers));
    for (const [i, { isLate }] of streams.entries())
      if (isLate) wire.request(2 * i + 1, ask(`gpt-4o-${2 * i + 1}`, { stream: true }));
    const recorder = new Recorder().open('c', { sni: 'api.openai.com', alpn: 'h2' });
    const late: OispEvent[] = [];
    let written = 0;
    for (const { dir, bytes } of wire.parts)
      for (let at = 0; at < bytes.length; written++) {
        const piece = bytes.subarray(at, dir === 'sent' ? bytes.length : at + (sizes[written % sizes.length] ?? 250));
        at += piece.length;
        const step: Step = { conn: 'c', dir, bytes: piece, fate: fates[written % fates.length] ?? 'kept' };
        write(recorder, dir === 'sent' ? { ...step, fate: 'kept' } : step, late);
      }
    recorder.events.push(...late);
    return recorder.events;
  });

test('records over HTTP/2 that are read in rows bring the same events, with the same times, as records one by one', () => {
  expectRowsToMatch(connection, Http2Protocol.prototype, 300);
});

test('most records of a stream over HTTP/2 are read in rows, and a tool call has the time of the record that it ends in', () => {
  const words = Array.from({ length: 100 }, (_, n) => say(`word ${n} `));
  const tool = [call(0, 'call_1', '{"path":'), call(0, undefined, '"a.ts"}'), call(1, 'call_2', '{}')];
  const wire = new Conversation().request(1, ask('gpt-4o', { stream: true })).head('received', 1, SSE);
  for (const event of [...words, ...tool, ...words]) wire.data('received', 1, event);
  const { events } = wire.data('received', 1, 'data: [DONE]\n\n', true).record({ size: 250 });
  let read = 0;
  const original = Http2Protocol.prototype.row;
  const row = vi.spyOn(Http2Protocol.prototype, 'row').mockImplementation(function (this: Http2Protocol, rows) {
    const n = original.call(this, rows);
    read += n;
    return n;
  });
  const whole = run(events, [events.length], {}) as { readonly out: readonly OispEvent[] };
  row.mockRestore();
  expect(read).toBeGreaterThan(150);
  expect(whole).toEqual(run(events, [1], {}));
  const calls = whole.out.filter((event) => event.event_type === 'agent.tool_call');
  expect(calls).toHaveLength(2);
  expect(calls[0]?.ts).not.toBe(whole.out.at(-1)?.ts);
});
