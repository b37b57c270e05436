import { describe, expect, test } from 'vitest';
import { type Attribute, named, SCHEMA_URL, type Semconv, type SpanRecord, schemaUrlOf } from '../../../core/index.ts';
import { JsonEncoder } from '../../../core/otel/json.ts';
import { ProtobufEncoder } from '../../../core/otel/protobuf.ts';
import { makeSpan } from '../../../core/testing/index.ts';
import { decodeJson, decodeTraces } from './decode.ts';

const int = (key: string, value: number): Attribute => ({ key, type: 'int', value });
const text = (key: string, value: string): Attribute => ({ key, type: 'string', value });

const keysOf = (list: readonly Attribute[]): string[] => list.map((a) => a.key);

describe('names of', () => {
  const call = [
    text('gen_ai.operation.name', 'chat'),
    text('gen_ai.provider.name', 'anthropic'),
    int('gen_ai.usage.cache_read.input_tokens', 1),
    int('gen_ai.usage.cache_creation.input_tokens', 2),
    text('oisp.request.previous_response_id', 'resp_1'),
  ];
  const agent = [
    text('gen_ai.operation.name', 'invoke_agent'),
    text('gen_ai.provider.name', 'anthropic'),
    text('gen_ai.agent.id', 'a1'),
    text('gen_ai.agent.version', '1.2'),
    int('gen_ai.usage.input_tokens', 9),
    int('gen_ai.usage.cache_read.input_tokens', 1),
    int('gen_ai.usage.cache_creation.input_tokens', 2),
  ];

  test('1.41 are what spans are made with', () => {
    expect(named(call, '1.41')).toBe(call);
    expect(named(agent, '1.41')).toBe(agent);
  });

  test('genai-next are renamed, removed or of another type', () => {
    expect(keysOf(named(call, 'genai-next')).slice(2)).toEqual([
      'gen_ai.usage.cache_read.input_tokens',
      'gen_ai.usage.cache_write.input_tokens',
      'gen_ai.request.previous_response.id',
    ]);
    expect(keysOf(named(agent, 'genai-next'))).toEqual([
      'gen_ai.operation.name',
      'oisp.agent.id',
      'oisp.agent.version',
      'gen_ai.usage.input_tokens',
    ]);
    const topK: Attribute = { key: 'gen_ai.request.top_k', type: 'double', value: 40 };
    expect(named([text('gen_ai.operation.name', 'chat'), topK], 'genai-next')[1]).toEqual(
      int('gen_ai.request.top_k', 40),
    );
    expect(named([text('gen_ai.operation.name', 'retrieval'), topK], 'genai-next')[1]).toEqual(
      int('gen_ai.retrieval.top_k', 40),
    );
  });

  test('dup are both; where one name has two types, the older', () => {
    expect(keysOf(named(call, 'dup'))).toEqual([
      ...keysOf(call).slice(0, 4),
      'gen_ai.usage.cache_write.input_tokens',
      'oisp.request.previous_response_id',
      'gen_ai.request.previous_response.id',
    ]);
    expect(keysOf(named(agent, 'dup'))).toEqual(expect.arrayContaining([...keysOf(agent), 'oisp.agent.id']));
    const topK: Attribute = { key: 'gen_ai.request.top_k', type: 'double', value: 40 };
    expect(named([topK], 'dup')).toEqual([topK]);
  });
});

test.each<[Semconv, string]>([
  ['1.41', 'https://opentelemetry.io/schemas/1.41.0'],
  ['dup', 'https://opentelemetry.io/schemas/1.41.0'],
  ['genai-next', 'https://opentelemetry.io/schemas/gen-ai/1.42.0'],
])('the schema of %s is %s: of what is in the scope; resources have names of the core', (semconv, url) => {
  const schemaUrl = schemaUrlOf(semconv);
  expect(schemaUrl).toBe(url);
  const resource = { attributes: [text('service.name', 'a')], schemaUrl };
  const spans: SpanRecord[] = [makeSpan(1, { resource }), makeSpan(2)];
  const scope = { name: 'oisp-collector', version: '1' };
  const urls = (request: object): unknown =>
    (request as { resourceSpans: { schemaUrl: string; scopeSpans: { schemaUrl: string }[] }[] }).resourceSpans.map(
      (r) => [r.schemaUrl, r.scopeSpans[0]?.schemaUrl],
    );
  const want = [
    [SCHEMA_URL, url],
    [SCHEMA_URL, SCHEMA_URL],
  ];
  for (const encoder of [new JsonEncoder(scope), new ProtobufEncoder(scope)]) {
    const decode = encoder instanceof JsonEncoder ? decodeJson : decodeTraces;
    expect(urls(decode(encoder.spans(spans)))).toEqual(want);
    const halves = encoder.split(encoder.spans(spans));
    expect(halves?.map(({ bytes }) => urls(decode(bytes)))).toEqual(want.map((row) => [row]));
  }
});
