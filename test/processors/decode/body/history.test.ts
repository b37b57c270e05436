import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Histories } from '../../../../processors/decode/body/history.ts';
import { RequestBodyReader } from '../../../../processors/decode/body/request-body.ts';

const RUNS = Math.min(20_000, Number(process.env['OISP_FUZZ'] ?? 2000));
const limit = { numRuns: RUNS, interruptAfterTimeLimit: 15_000 };
const decode = (bytes: Buffer): string => bytes.toString();
const plain = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
const filler = 'x'.repeat(400);

/** Bodies of one agent: a conversation that grows, is cut, is changed in its middle, among other keys in any order. */
const message = fc.record({
  role: fc.constantFrom('user', 'assistant', 'tool'),
  content: fc.oneof(
    fc.string(),
    fc.constant(`"\\ ${filler}`),
    fc.array(fc.record({ text: fc.string({ unit: 'binary' }) })),
  ),
  n: fc.option(fc.double({ noNaN: true }), { nil: undefined }),
});
const step = fc.tuple(
  fc.array(message, { maxLength: 4 }),
  fc.nat(5),
  fc.constantFrom('messages', 'input', 'contents'),
  fc.nat(2),
);
const conversation = fc.array(step, { minLength: 2, maxLength: 12 });

function bodies(steps: readonly (readonly [readonly unknown[], number, string, number])[]): string[] {
  const history: unknown[] = Array.from({ length: 12 }, (_, i) => ({ role: 'user', content: `${i} ${filler}` }));
  const texts: string[] = [];
  for (const [more, kind, key, space] of steps) {
    if (kind === 1) history.splice(history.length >> 1, 1);
    history.push(...more);
    const rest = { model: 'm', tools: [{ a: ['messages', '['] }], stream: kind > 1 };
    const body =
      kind === 2 ? { ...rest, [key]: history } : { model: 'm', [key]: history, tools: rest.tools, stream: rest.stream };
    const text = JSON.stringify(body, null, space);
    // the last of two keys counts, also of one with escapes
    const again =
      kind > 3
        ? `,"${kind === 4 ? key : key.replace('e', '\\u0065')}":${JSON.stringify(history.slice().reverse())}}`
        : '}';
    texts.push(text.slice(0, -1) + again);
  }
  return texts;
}

test('bodies have the values that JSON.parse gives, whatever was sent before', () => {
  void fc.assert(
    fc.property(conversation, (steps) => {
      const histories = new Histories(1 << 20);
      for (const text of bodies(steps)) {
        const bytes = Buffer.from(text);
        expect(histories.parse(bytes, 'a', decode)).toEqual(plain(decode(bytes)));
      }
    }),
    limit,
  );
});

test('damaged bodies are read as JSON.parse reads them', () => {
  const edits = fc.array(fc.tuple(fc.nat(), fc.constantFrom('"', '\\', '{', '}', '[', ']', ',', ':', ' ', '')), {
    maxLength: 3,
  });
  void fc.assert(
    fc.property(conversation, fc.array(edits), (steps, changes) => {
      const histories = new Histories(1 << 20);
      for (const [i, sent] of bodies(steps).entries()) {
        let text = sent;
        for (const [place, letter] of changes[i] ?? []) {
          const at = place % text.length;
          text = text.slice(0, at) + letter + text.slice(at + 1);
        }
        const bytes = Buffer.from(text);
        expect(histories.parse(bytes, 'a', decode)).toEqual(plain(decode(bytes)));
      }
    }),
    limit,
  );
});

const body = (n: number, id: string | number = ''): Buffer =>
  Buffer.from(JSON.stringify({ messages: Array.from({ length: n }, (_, i) => ({ content: `${id} ${i} ${filler}` })) }));

test('what was sent before is the same object, for the same speaker only', () => {
  const histories = new Histories(1 << 20);
  const read = (n: number, speaker: string): readonly unknown[] =>
    (histories.parse(body(n), speaker, decode) as { messages: unknown[] }).messages;
  const first = read(20, 'a');
  const second = read(25, 'a');
  expect(second).toHaveLength(25);
  for (const [i, one] of first.entries()) expect(second[i]).toBe(one);
  expect(read(25, 'b')[0]).not.toBe(second[0]);
});

test('what is held stays below its bound', () => {
  const histories = new Histories(1 << 20);
  for (let i = 0; i < 2000; i++) {
    histories.parse(body(10 + (i % 50), i % 70), `speaker ${i % 300}`, decode);
    expect(histories.size).toBeLessThanOrEqual(1 << 20);
  }
  expect(histories.size).toBeGreaterThan(1 << 18);
});

test('a body in another charset is read by itself: the same bytes are other words there', () => {
  const histories = new Histories(1 << 20);
  const body = Buffer.from(JSON.stringify({ messages: [{ role: 'user', content: 'na\u00efve '.repeat(600) }] }));
  const read = (contentType: string): unknown => {
    const reader = new RequestBodyReader(new Map([['content-type', contentType]]), 1 << 20, (bytes, words) =>
      histories.parse(bytes, 'a', words),
    );
    reader.push(body);
    return reader.end(false).value;
  };
  expect(read('application/json')).toEqual(JSON.parse(body.toString()));
  const latin = new TextDecoder('iso-8859-1').decode(body);
  expect(read('application/json; charset=iso-8859-1')).toEqual(JSON.parse(latin));
  expect(read('application/json; charset=UTF-8')).toEqual(JSON.parse(body.toString()));
});
