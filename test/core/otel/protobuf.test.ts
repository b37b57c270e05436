import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonEncoder, ProtobufEncoder, SCHEMA_URL, type SpanRecord } from '../../../core/index.ts';
import { toReadableSpan } from '../../../core/otel/readable-span.ts';
import { decodeJson, decodeLogs, decodeTraces, recordsOf, withoutTypes } from './decode.ts';
import { logRecord, span, spanOf, spans } from './spans.ts';

const scope = { name: 'oisp-collector', version: '0.1.0' };
const protobuf = new ProtobufEncoder(scope);
const json = new JsonEncoder(scope);
const wellFormed = (text: string): string => text.replace(/[\ud800-\udfff]/gu, '\ufffd');

describe('against the SDK', () => {
  const sdkSpans = (records: readonly SpanRecord[]) => records.map((record) => toReadableSpan(record, scope));

  test('protobuf decodes to what the SDK serializer writes, whole doubles as ints aside', () => {
    fc.assert(
      fc.property(spans, (records) => {
        const theirs = ProtobufTraceSerializer.serializeRequest(sdkSpans(records));
        if (theirs === undefined) throw new Error('nothing serialized');
        expect(withoutTypes(decodeTraces(protobuf.spans(records)))).toEqual(withoutTypes(decodeTraces(theirs)));
      }),
      { numRuns: 300 },
    );
  });

  test('JSON decodes to what the SDK serializer writes, whole doubles as ints and a schemaUrl that Resource does not have aside', () => {
    fc.assert(
      fc.property(spans, (records) => {
        const theirs = JsonTraceSerializer.serializeRequest(sdkSpans(records));
        if (theirs === undefined) throw new Error('nothing serialized');
        const repaired = wellFormed(
          JSON.stringify(decodeJson(theirs), (k, v) =>
            k === 'resource' ? v.attributes && { attributes: v.attributes } : typeof v === 'string' ? wellFormed(v) : v,
          ),
        );
        expect(withoutTypes(decodeJson(json.spans(records)))).toEqual(withoutTypes(JSON.parse(repaired)));
      }),
      { numRuns: 300 },
    );
  });
});

describe('two encodings', () => {
  test('of spans say the same, types included', () => {
    fc.assert(
      fc.property(spans, (records) => {
        expect(decodeJson(json.spans(records))).toEqual(decodeTraces(protobuf.spans(records)));
      }),
      { numRuns: 300 },
    );
  });

  test('of log records say the same', () => {
    fc.assert(
      fc.property(fc.array(logRecord, { minLength: 1, maxLength: 5 }), (records) => {
        expect(decodeJson(json.logs(records))).toEqual(decodeLogs(protobuf.logs(records)));
      }),
      { numRuns: 200 },
    );
  });
});

describe.each([
  { name: 'protobuf', encoder: protobuf, decode: decodeTraces },
  { name: 'JSON', encoder: json, decode: decodeJson },
])('$name', ({ encoder, decode }) => {
  test('requests joined are one request with the records of all', () => {
    fc.assert(
      fc.property(fc.array(spans, { minLength: 1, maxLength: 5 }), (batches) => {
        const joined = encoder.join(batches.map((batch) => encoder.spans(batch)));
        expect(recordsOf(decode(joined))).toEqual(batches.flatMap((batch) => recordsOf(decode(encoder.spans(batch)))));
      }),
      { numRuns: 50 },
    );
  });

  test('a request splits into halves that hold the same records in the same order', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 9 }), (records) => {
        const whole = encoder.spans(records);
        const halves = encoder.split(whole);
        if (records.length < 2) {
          expect(halves).toBeUndefined();
          return;
        }
        expect(halves?.map((half) => half.items)).toEqual([
          records.length >> 1,
          records.length - (records.length >> 1),
        ]);
        expect((halves ?? []).flatMap((half) => recordsOf(decode(half.bytes)))).toEqual(recordsOf(decode(whole)));
      }),
      { numRuns: 50 },
    );
  });

  test('the same records give the same bytes each time', () => {
    fc.assert(
      fc.property(spans, (records) => {
        expect(encoder.spans(records).equals(encoder.spans(records))).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  test('doubles that are no numbers are left out and counted, the rest of the span stays', () => {
    let dropped = 0;
    const counting = new (encoder.constructor as typeof JsonEncoder)(scope, (n) => {
      dropped += n;
    });
    const attributes = [
      { key: 'nan', type: 'double', value: Number.NaN },
      { key: 'inf', type: 'double', value: Number.NEGATIVE_INFINITY },
      { key: 'int', type: 'int', value: Number.POSITIVE_INFINITY },
      { key: 'kept', type: 'double', value: 0.5 },
    ] as const;
    const [record] = recordsOf(decode(counting.spans([spanOf(1, { attributes })])));
    expect(record?.['attributes']).toEqual([{ key: 'kept', value: { doubleValue: 0.5 } }]);
    expect(dropped).toBe(3);
  });

  test('a whole double stays a double, an int beyond 2^53 stays whole', () => {
    const attributes = [
      { key: 't', type: 'double', value: 1 },
      { key: 'n', type: 'int', value: 2 ** 62 },
      { key: 'm', type: 'int', value: -(2 ** 62) },
      { key: 'huge', type: 'int', value: 1e21 },
      { key: 'odd', type: 'int', value: 1.5 },
    ] as const;
    const [record] = recordsOf(decode(encoder.spans([spanOf(1, { attributes })])));
    expect(record?.['attributes']).toEqual([
      { key: 't', value: { doubleValue: 1 } },
      { key: 'n', value: { intValue: '4611686018427387904' } },
      { key: 'm', value: { intValue: '-4611686018427387904' } },
      { key: 'huge', value: { doubleValue: 1e21 } },
      { key: 'odd', value: { doubleValue: 1.5 } },
    ]);
  });

  test('times outside 64 bits are held at its ends', () => {
    const [record] = recordsOf(decode(encoder.spans([spanOf(1, { start: -5n, end: 2n ** 70n })])));
    expect([record?.['startTimeUnixNano'], record?.['endTimeUnixNano']]).toEqual([undefined, '9223372036854775807']);
  });

  test('lone surrogates become U+FFFD, in short and long text and in keys', () => {
    const long = `${'x'.repeat(100)}\ud83d`;
    const attributes = [{ key: 'k\udc00', type: 'string', value: long }] as const;
    const [record] = recordsOf(decode(encoder.spans([spanOf(1, { name: '\ud83d!', attributes })])));
    expect(record?.['name']).toBe('\ufffd!');
    expect(record?.['attributes']).toEqual([{ key: 'k\ufffd', value: { stringValue: `${'x'.repeat(100)}\ufffd` } }]);
  });

  test('text of many megabytes comes through whole', () => {
    const value = '漢a'.repeat(3_000_000);
    const [record] = recordsOf(
      decode(encoder.spans([spanOf(1, { attributes: [{ key: 'k', type: 'string', value }] })])),
    );
    expect(
      JSON.stringify(record?.['attributes']) === JSON.stringify([{ key: 'k', value: { stringValue: value } }]),
    ).toBe(true);
  });
});

test('a JSON request split to single spans has for each the text that it has alone', () => {
  const singles = (request: Buffer): Buffer[] =>
    json.split(request)?.flatMap((half) => singles(half.bytes)) ?? [request];
  fc.assert(
    fc.property(spans, (records) => {
      const texts = singles(json.spans(records))
        .map(String)
        .sort((a, b) => (a < b ? -1 : 1));
      expect(texts).toEqual(records.map((record) => json.spans([record]).toString()).sort((a, b) => (a < b ? -1 : 1)));
    }),
    { numRuns: 100 },
  );
});

test('spans are grouped by the identity of their resource, under the scope and the schema', () => {
  const a = { attributes: [] };
  const b = { attributes: [] };
  const request = decodeTraces(
    protobuf.spans([spanOf(1, { resource: a }), spanOf(2, { resource: b }), spanOf(3, { resource: a })]),
  );
  const groups = request['resourceSpans'] as {
    schemaUrl: string;
    scopeSpans: { scope: object; schemaUrl: string; spans: { spanId: string }[] }[];
  }[];
  expect(groups.map((g) => g.scopeSpans[0]?.spans.map((s) => Number.parseInt(s.spanId, 16)))).toEqual([[2, 4], [3]]);
  expect(groups[0]?.schemaUrl).toBe(SCHEMA_URL);
  expect(groups[0]?.scopeSpans[0]).toMatchObject({
    scope: { name: 'oisp-collector', version: '0.1.0' },
    schemaUrl: SCHEMA_URL,
  });
});
