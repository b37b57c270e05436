import { describe, expect, test } from 'vitest';
import { vectorsIn } from '../../../processors/decode/embedding.ts';
import { hasSpec, specValidator } from '../../pipeline/schema.ts';
import { decode, Recorder, request, response } from './capture.ts';

const check = hasSpec ? specValidator() : undefined;

const floats = (n: number): string => Buffer.from(new Float32Array(n).buffer).toString('base64');

test.each([
  { name: 'OpenAI', body: { data: [{ embedding: [0, 1, 2] }, { embedding: [3, 4, 5] }] }, want: [2, 3] },
  { name: 'OpenAI, base64', body: { data: [{ embedding: floats(1536) }] }, want: [1, 1536] },
  { name: 'Gemini', body: { embedding: { values: [1, 2] } }, want: [1, 2] },
  { name: 'Gemini, many', body: { embeddings: [{ values: [1, 2] }, { values: [3, 4] }] }, want: [2, 2] },
  { name: 'Vertex AI', body: { predictions: [{ embeddings: { values: [1, 2, 3] } }] }, want: [1, 3] },
  {
    name: 'Cohere v1, Ollama',
    body: {
      embeddings: [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    },
    want: [3, 2],
  },
  { name: 'Cohere v2', body: { embeddings: { float: [[1, 2, 3, 4]] } }, want: [1, 4] },
  { name: 'Bedrock Titan', body: { embedding: [1, 2, 3] }, want: [1, 3] },
  { name: 'nothing', body: {}, want: [0, undefined] },
  { name: 'something else', body: { data: 'x', embeddings: {}, embedding: 1 }, want: [1, undefined] },
])('$name', ({ body, want }) => {
  const { count, dimensions } = vectorsIn(body);
  expect([count, dimensions]).toEqual(want);
});

describe('an embedding call', () => {
  const sent = request('api.openai.com', '/v1/embeddings', { model: 'text-embedding-3-small', input: ['a', 'b'] });
  const received = response({
    object: 'list',
    model: 'text-embedding-3-small',
    data: [
      { index: 0, embedding: [0.1, 0.2, 0.3] },
      { index: 1, embedding: [0.4, 0.5, 0.6] },
    ],
    usage: { prompt_tokens: 5, total_tokens: 5 },
  });
  const events = new Recorder().open('c').data('c', 'sent', sent).data('c', 'received', received, 40).close('c').events;

  test('is one event more where the config asks for it', () => {
    expect(decode(events).of('ai.embedding')).toEqual([]);
    const { out, of } = decode(events, { embeddingEvents: true });
    expect(out.map((event) => event.event_type)).toEqual(['ai.request', 'ai.embedding', 'ai.response']);
    const [event] = of('ai.embedding');
    const [asked] = of('ai.request');
    expect(event?.data).toEqual({
      request_id: (asked?.data as { request_id?: string } | undefined)?.request_id,
      provider: { name: 'openai', endpoint: 'api.openai.com' },
      model: { id: 'text-embedding-3-small' },
      input_count: 2,
      total_tokens: 5,
      dimensions: 3,
      latency_ms: expect.any(Number),
    });
    expect(event?.related_events).toEqual([{ event_id: asked?.event_id, relationship: 'caused_by' }]);
    if (check !== undefined) expect(check(JSON.parse(JSON.stringify(event)))).toEqual([]);
  });

  test('that failed has none', () => {
    const failed = new Recorder().open('c').data('c', 'sent', sent);
    failed.data('c', 'received', response({ error: { message: 'no' } }, 400)).close('c');
    expect(decode(failed.events, { embeddingEvents: true }).of('ai.embedding')).toEqual([]);
  });
});
