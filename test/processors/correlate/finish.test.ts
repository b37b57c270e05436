import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Attribute, SpanRecord } from '../../../core/index.ts';
import { finish } from '../../../processors/correlate/finish.ts';
import { MIN_ATTRIBUTE_BYTES } from '../../../processors/correlate/fit.ts';
import type { SpanOptions } from '../../../processors/correlate/spans.ts';
import { span, text } from '../../core/otel/spans.ts';

const options: SpanOptions = {
  mode: 'span',
  inputMessages: 'delta',
  maxAttributeBytes: 2000,
  preset: 'jaeger',
  names: 'low_cardinality',
  traceContext: 'link',
  semconv: '1.41',
};

const long = fc.tuple(text, fc.integer({ min: 1, max: 8 })).map(([t, n]) => t.repeat(n));
const parts = fc.array(
  fc.oneof(
    fc.record({ type: fc.constant('text'), content: long }),
    fc.record({ type: fc.constant('oisp.redacted'), reason: fc.constant('mode') }),
    fc.record({ type: fc.constant('tool_call'), id: long, name: text, arguments: fc.jsonValue() }),
  ),
  { maxLength: 6 },
);
const messages = fc.array(
  fc.record({ role: fc.constantFrom('user', 'assistant'), parts, finish_reason: fc.constant('stop') }),
  {
    maxLength: 6,
  },
);
const any = (key: string, of: fc.Arbitrary<unknown>): fc.Arbitrary<Attribute> =>
  of.map((value) => ({ key, type: 'any' as const, value }));
const content = fc.tuple(
  any('gen_ai.input.messages', messages),
  any('gen_ai.output.messages', messages),
  any('gen_ai.system_instructions', parts),
  any(
    'gen_ai.tool.definitions',
    fc.array(fc.record({ type: fc.constant('function'), name: text, description: long }), { maxLength: 6 }),
  ),
  any('gen_ai.tool.call.arguments', fc.dictionary(text, fc.oneof(long, fc.jsonValue()), { maxKeys: 6 })),
  any('gen_ai.tool.call.result', long),
);
const plain = fc.oneof(
  fc.record({ key: fc.constant('file.path'), type: fc.constant('string' as const), value: long }),
  fc.record({
    key: fc.constant('process.command_args'),
    type: fc.constant('strings' as const),
    value: fc.array(long, { maxLength: 8 }),
  }),
);

test('every text of every span is within the limit, and what is JSON stays JSON, for all names', () => {
  fc.assert(
    fc.property(
      span,
      content,
      plain,
      fc.integer({ min: MIN_ATTRIBUTE_BYTES, max: 4000 }),
      fc.constantFrom('1.41' as const, 'genai-next' as const, 'dup' as const),
      (made, full, one, maxAttributeBytes, semconv) => {
        const raw: SpanRecord = { ...made, attributes: [...made.attributes, ...full, one] };
        const { span: out, details } = finish(raw, { ...options, maxAttributeBytes, semconv });
        expect(details).toBeUndefined();
        const lists = [out.attributes, ...(out.events ?? []).map((e) => e.attributes)];
        for (const { key, type, value } of lists.flat()) {
          expect(type).not.toBe('any');
          const texts = type === 'string' ? [value] : type === 'strings' ? value : [];
          expect(texts.reduce((sum, t) => sum + Buffer.byteLength(t), 0)).toBeLessThanOrEqual(maxAttributeBytes);
          const isJson = full.some((a) => a.key === key) && key !== 'gen_ai.tool.call.result';
          if (isJson) expect(() => JSON.parse(String(value)) as unknown).not.toThrow();
          if (key === 'gen_ai.output.messages' && semconv === 'genai-next')
            expect(String(value)).not.toContain('"finish_reason":"stop"');
          if (key === 'gen_ai.system_instructions' && semconv === 'genai-next') {
            for (const part of JSON.parse(String(value)) as { type: string }[]) expect(part.type).toBe('text');
          }
        }
        expect(Buffer.byteLength(out.status?.message ?? '')).toBeLessThanOrEqual(maxAttributeBytes);
        expect(finish(raw, { ...options, maxAttributeBytes, semconv })).toEqual({
          span: out,
          bytes: expect.any(Number),
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('with mode off no content is left in any form', () => {
  fc.assert(
    fc.property(span, content, (made, full) => {
      const { span: out } = finish({ ...made, attributes: full }, { ...options, mode: 'off' });
      expect(out.attributes).toEqual([]);
    }),
    { numRuns: 50 },
  );
});
