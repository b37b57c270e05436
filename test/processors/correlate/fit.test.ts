import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { OutMessage } from '../../../processors/correlate/content.ts';
import {
  cut,
  fitDefinitions,
  fitMessages,
  fitParts,
  fitText,
  fitTexts,
  fitValue,
  MIN_ATTRIBUTE_BYTES,
} from '../../../processors/correlate/fit.ts';

const bytes = (text: string): number => Buffer.byteLength(text);
/** Text of any code units: lone surrogates, controls and other scripts as well. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 700 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 300 }).map((units) => String.fromCharCode(...units)),
  fc
    .constantFrom('x', '\u0001', '"', '漢', '😀')
    .chain((c) => fc.integer({ min: 0, max: 6000 }).map((n) => c.repeat(n))),
);
const part = fc.oneof(
  fc.record({ type: fc.constantFrom('text', 'reasoning'), content: text }),
  fc.record({ type: fc.constant('tool_call'), id: text, name: text, arguments: fc.jsonValue() }),
  fc.record({ type: fc.constant('tool_call_response'), id: text, response: fc.oneof(text, fc.jsonValue()) }),
  fc.record({ type: fc.constant('oisp.redacted'), reason: fc.constant('mode'), original_length: fc.nat() }),
  fc.record({ type: fc.constant('blob'), modality: fc.constant('image'), size: fc.nat(), more: text }),
);
const word = fc.oneof(fc.constantFrom('user', 'assistant'), fc.string({ unit: 'grapheme', maxLength: 8 }));
const message: fc.Arbitrary<OutMessage> = fc.record(
  {
    role: word,
    parts: fc.array(part, { maxLength: 12 }),
    finish_reason: word,
  },
  { requiredKeys: ['role', 'parts'] },
);
const limit = fc.integer({ min: MIN_ATTRIBUTE_BYTES, max: 6000 });
const marks = (list: readonly OutMessage[]): { messages?: number; bytes: number }[] =>
  list.flatMap((m) => m.parts as { type?: string; bytes: number }[]).filter((p) => p.type === 'oisp.truncated');

/** A pair that was cut leaves a lone half where there was none before. */
const lone = /(?:[\ud800-\udbff](?![\udc00-\udfff]))|(?:(?<![\ud800-\udbff])[\udc00-\udfff])/;

describe('messages', () => {
  test('are within the limit, keep the first and the last one, and say how much is missing', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 20 }), limit, (messages, max) => {
        const whole = JSON.stringify(messages);
        const fitted = fitMessages(messages, max);
        const json = JSON.stringify(fitted);
        expect(bytes(json)).toBeLessThanOrEqual(max);
        expect(JSON.parse(json)).toHaveLength(fitted.length);
        if (bytes(whole) <= max) {
          expect(fitted).toBe(messages);
          return;
        }
        const plain = (role: string | undefined) => role?.replace(/[^\w-]/g, '_');
        expect(plain(fitted[0]?.role)).toBe(plain(messages[0]?.role));
        expect(plain(fitted.at(-1)?.role)).toBe(plain(messages.at(-1)?.role));
        expect(JSON.stringify(fitted)).toMatch(/oisp\.truncated|\[\+\d+ (?:bytes|of)/);
        const left = marks(fitted).find((p) => p.messages !== undefined)?.messages ?? 0;
        expect(fitted.length + left - (left > 0 ? 1 : 0)).toBe(messages.length);
      }),
      { numRuns: 150 },
    );
  });

  test('whose words are no words are within the limit as well', () => {
    fc.assert(
      fc.property(text, text, limit, (role, finish_reason, max) => {
        const messages = Array.from({ length: 4 }, () => ({ role, parts: [], finish_reason }));
        expect(bytes(JSON.stringify(fitMessages(messages, max)))).toBeLessThanOrEqual(max);
      }),
    );
  });

  test('never end in half a surrogate pair', () => {
    fc.assert(
      fc.property(fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 0, max: 7 }), limit, (n, shift, max) => {
        const content = 'a'.repeat(shift) + '😀'.repeat(n);
        const json = JSON.stringify(fitMessages([{ role: 'user', parts: [{ type: 'text', content }] }], max));
        expect(json).not.toMatch(/\\ud[89a-f]/i);
        expect(lone.test(json)).toBe(false);
      }),
    );
  });

  test('keep as many of the last ones as there is room for, then shorten the longest contents', () => {
    const say = (content: string): OutMessage => ({ role: 'user', parts: [{ type: 'text', content }] });
    const many = Array.from({ length: 20 }, (_, i) => say(`${i} ${'x'.repeat(100)}`));
    const fitted = fitMessages(many, 1000);
    expect(fitted.map((m) => (m.parts[0] as { content?: string }).content?.split(' ')[0])).toEqual([
      '0',
      undefined,
      '16',
      '17',
      '18',
      '19',
    ]);
    const size = many.slice(1, 16).reduce((sum, m) => sum + bytes(JSON.stringify(m)), 0);
    expect(fitted[1]).toEqual({ role: 'system', parts: [{ type: 'oisp.truncated', messages: 15, bytes: size }] });
    const long = fitMessages([say('short'), say('y'.repeat(5000))], 1000);
    expect(long[0]).toEqual(say('short'));
    const [head, mark] = (long[1]?.parts ?? []) as [{ content: string }, { bytes: number }];
    expect(head.content.length + mark.bytes).toBe(5000);
    expect(head.content.length).toBeGreaterThan(800);
  });
});

test('system instructions, definitions and values are valid JSON within the limit', () => {
  const definition = fc.record(
    { type: fc.constant('function'), name: text, description: text, parameters: fc.jsonValue() },
    { requiredKeys: ['type', 'name'] },
  );
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 30 }),
      fc.array(definition, { maxLength: 30 }),
      fc.jsonValue(),
      limit,
      (parts, tools, value, max) => {
        expect(bytes(JSON.stringify(fitParts(parts, max)))).toBeLessThanOrEqual(max);
        const definitions = fitDefinitions(tools, max);
        expect(bytes(JSON.stringify(definitions))).toBeLessThanOrEqual(max);
        for (const tool of definitions)
          expect(tool).toMatchObject({ type: expect.any(String), name: expect.any(String) });
        const out = fitValue(typeof value === 'string' ? { value } : value, max) ?? '';
        expect(bytes(out)).toBeLessThanOrEqual(max);
        expect(() => JSON.parse(out) as unknown).not.toThrow();
      },
    ),
    { numRuns: 200 },
  );
});

test('of a long value the long texts go first, and its fields stay', () => {
  const out = JSON.parse(fitValue({ file_path: '/src/main.rs', content: 'z'.repeat(9000), mode: 7 }, 1000) ?? '');
  expect(out).toMatchObject({ file_path: '/src/main.rs', mode: 7 });
  expect(out.content).toMatch(/^z{800,} \[\+\d+ bytes\]$/);
});

test('a long text is told by its size and beginning', () => {
  const out = JSON.parse(fitValue('"'.repeat(5000), 1000) ?? '');
  expect(out).toEqual({ type: 'oisp.truncated', bytes: 5000, head: expect.stringMatching(/^"{400,}$/) });
});

test('plain texts and lists of texts are within the limit and say what is missing', () => {
  fc.assert(
    fc.property(text, fc.array(text, { maxLength: 40 }), fc.integer({ min: 64, max: 2000 }), (one, many, max) => {
      const short = fitText(one, max);
      expect(bytes(short)).toBeLessThanOrEqual(max);
      if (bytes(one) <= max) expect(short).toBe(one);
      else expect(Number(/ \[\+(\d+) bytes\]$/.exec(short)?.[1])).toBeGreaterThan(0);
      const list = fitTexts(many, max);
      expect(list.reduce((sum, t) => sum + bytes(t), 0)).toBeLessThanOrEqual(max);
      if (many.reduce((sum, t) => sum + bytes(t), 0) <= max) expect(list).toBe(many);
      else expect(list.join(' ')).toMatch(/\[\+\d+ (?:bytes|of \d+)\]/);
    }),
    { numRuns: 300 },
  );
  expect(fitTexts(['sh', '-c', 'x'.repeat(5000), 'last'], 200)).toHaveLength(4);
});

test('a cut text is a beginning of whole characters', () => {
  expect(cut('a😀b', 4)).toBe('a');
  expect(cut('a😀b', 5)).toBe('a😀');
  expect(cut('abc', 0)).toBe('');
  expect(cut('漢字', 5)).toBe('漢');
});
