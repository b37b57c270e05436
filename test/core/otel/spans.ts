import fc from 'fast-check';
import type { Attribute, LogRecord, Resource, SpanRecord } from '../../../core/index.ts';

/** Text of every kind: ASCII, other scripts, pairs and lone surrogates, around the lengths at which the writer changes its ways. */
export const text = fc.oneof(
  fc.string({ maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 }).map((units) => String.fromCharCode(...units)),
  fc
    .tuple(
      fc.constantFrom('a', 'é', '漢', '😀', '\ud800', '\udc00'),
      fc.constantFrom(0, 41, 42, 43, 126, 127, 128, 5461, 5462),
    )
    .map(([unit, n]) => unit.repeat(n)),
);

/** Whole doubles beyond 2^53 leave the SDK as broken ints: they have a test of their own. */
const finite = fc
  .double({ noNaN: true, noDefaultInfinity: true })
  .filter((value) => !Number.isInteger(value) || Number.isSafeInteger(value));
/** Never digits alone: the SDK's map would sort those to the front. */
const key = fc.oneof(
  fc.constantFrom('gen_ai.request.model', 'process.pid', 'a'),
  fc.string({ maxLength: 300 }).map((rest) => `k${rest}`),
);

export const attribute: fc.Arbitrary<Attribute> = fc.oneof(
  fc.record({ key, type: fc.constant('string' as const), value: text }),
  fc.record({
    key,
    type: fc.constant('int' as const),
    value: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -2, max: 300 })),
  }),
  fc.record({ key, type: fc.constant('double' as const), value: finite }),
  fc.record({ key, type: fc.constant('bool' as const), value: fc.boolean() }),
  fc.record({ key, type: fc.constant('strings' as const), value: fc.array(text, { maxLength: 4 }) }),
);
/** One attribute per key: the SDK keeps a map. */
export const attributes = fc.uniqueArray(attribute, { selector: (a) => a.key, maxLength: 8 });

const hex = (digits: number): fc.Arbitrary<string> =>
  fc
    .array(fc.integer({ min: 1, max: 15 }), { minLength: digits, maxLength: digits })
    .map((all) => all.map((d) => d.toString(16)).join(''));
const nanos = fc.bigInt({ min: 0n, max: 4_000_000_000_000_000_000n });
const resources: readonly Resource[] = [
  { attributes: [{ key: 'service.name', type: 'string', value: 'agent' }] },
  {
    attributes: [
      { key: 'service.name', type: 'string', value: 'agent' },
      { key: 'process.pid', type: 'int', value: 7 },
    ],
  },
  { attributes: [] },
];

export const span: fc.Arbitrary<SpanRecord> = fc.record(
  {
    traceId: hex(32),
    spanId: hex(16),
    parentSpanId: hex(16),
    name: text,
    kind: fc.constantFrom(1 as const, 2 as const, 3 as const),
    start: nanos,
    end: nanos,
    attributes,
    events: fc.array(fc.record({ name: text, time: nanos, attributes }), { maxLength: 3 }),
    links: fc.array(fc.record({ traceId: hex(32), spanId: hex(16), attributes }), { maxLength: 3 }),
    status: fc.record({ code: fc.constant('error' as const), message: text }, { requiredKeys: ['code'] }),
    resource: fc.constantFrom(...resources),
  },
  { requiredKeys: ['traceId', 'spanId', 'name', 'kind', 'start', 'end', 'attributes', 'resource'] },
);
export const spans = fc.array(span, { minLength: 1, maxLength: 6 });

export const logRecord: fc.Arbitrary<LogRecord> = fc.record(
  {
    eventName: text,
    time: nanos,
    severity: fc.constantFrom(9 as const, 13 as const, 17 as const),
    traceId: hex(32),
    spanId: hex(16),
    attributes,
    resource: fc.constantFrom(...resources),
  },
  { requiredKeys: ['eventName', 'time', 'severity', 'attributes', 'resource'] },
);

/** A plain span whose ids come from a number. */
export function spanOf(n: number, more: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: (n + 1).toString(16).padStart(32, '0'),
    spanId: (n + 1).toString(16).padStart(16, '0'),
    name: 'chat gpt-4o',
    kind: 3,
    start: 1_700_000_000_000_000_000n,
    end: 1_700_000_001_000_000_000n,
    attributes: [{ key: 'n', type: 'int', value: n }],
    resource: resources[0] as Resource,
    ...more,
  };
}
