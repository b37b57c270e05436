import { JsonLogsSerializer, ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { JsonEncoder, type LogRecord, ProtobufEncoder } from '../../../core/index.ts';
import { decodeJson, decodeLogs, recordsOf, withoutTypes } from './decode.ts';

const scope = { name: 'oisp-collector', version: '1' };
const protobuf = new ProtobufEncoder(scope);
const json = new JsonEncoder(scope);

type SdkRecord = Parameters<typeof ProtobufLogsSerializer.serializeRequest>[0][number];

/** Values without what the SDK writes in another way than OTLP/JSON asks for: whole doubles beyond 2^53, lone surrogates. */
const value: fc.Arbitrary<unknown> = fc
  .jsonValue({ maxDepth: 4 })
  .filter((v) => JSON.stringify(v) === JSON.stringify(v, (_, x) => (Object.is(x, -0) ? 0 : x)))
  .map(
    (v) =>
      JSON.parse(
        JSON.stringify(v, (_, x) =>
          typeof x === 'number' && !Number.isInteger(x) ? x : typeof x === 'number' ? x % 2 ** 31 : x,
        ),
      ) as unknown,
  );

const record = (attributes: LogRecord['attributes']): LogRecord => ({
  eventName: 'e',
  time: 1_700_000_000_000_000_001n,
  severity: 9,
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  attributes,
  resource: { attributes: [{ key: 'service.name', type: 'string', value: 'a' }] },
});

/** The same record as the SDK's serializers read it. */
function sdk(content: unknown): SdkRecord {
  const time: [number, number] = [1_700_000_000, 1];
  return {
    hrTime: time,
    hrTimeObserved: time,
    spanContext: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 0 },
    severityNumber: 9,
    severityText: 'INFO',
    eventName: 'e',
    resource: { attributes: { 'service.name': 'a' } },
    instrumentationScope: scope,
    attributes: { content },
    droppedAttributesCount: 0,
  } as unknown as SdkRecord;
}

const attributesIn = (request: Parameters<typeof recordsOf>[0]): unknown =>
  withoutTypes(recordsOf(request)[0]?.['attributes']);

test('structures decode to what the serializers of the SDK write', () => {
  fc.assert(
    fc.property(value, (content) => {
      const records = [record([{ key: 'content', type: 'any', value: content }])];
      const theirs = ProtobufLogsSerializer.serializeRequest([sdk(content)]);
      const theirJson = JsonLogsSerializer.serializeRequest([sdk(content)]);
      if (!theirs || !theirJson) throw new Error('nothing serialized');
      expect(attributesIn(decodeLogs(protobuf.logs(records)))).toEqual(attributesIn(decodeLogs(theirs)));
      expect(attributesIn(decodeJson(json.logs(records)))).toEqual(attributesIn(decodeJson(theirJson)));
    }),
    { numRuns: 200 },
  );
});

test('both encodings say the same, also of values without a JSON form, and of structures too deep to follow', () => {
  let deep: unknown = 'bottom';
  for (let i = 0; i < 40; i++) deep = i % 2 ? [deep] : { deep };
  const odd = {
    a: undefined,
    b: Number.NaN,
    c: null,
    d: [undefined, () => 1],
    e: 1e300,
    f: 2 ** 60,
    g: -5,
    h: 0.5,
    i: 2 ** 70,
  };
  for (const content of [deep, odd, '\ud800', [], {}, null]) {
    const records = [record([{ key: 'content', type: 'any', value: content }])];
    expect(decodeJson(json.logs(records))).toEqual(decodeLogs(protobuf.logs(records)));
  }
  expect(JSON.stringify(decodeLogs(protobuf.logs([record([{ key: 'c', type: 'any', value: deep }])])))).toContain(
    'bottom',
  );
});
