import { describe, expect, test } from 'vitest';
import { hasSpec, specValidator } from '../../../pipeline/schema.ts';
import { decode, Recorder, request, response, timeless } from '../capture.ts';

const check = hasSpec ? specValidator() : undefined;

const CALLS = [
  {
    name: 'OpenAI vector stores',
    host: 'api.openai.com',
    path: '/v1/vector_stores/vs_1/search',
    body: { query: 'why', max_num_results: 2 },
    answer: {
      object: 'vector_store.search_results.page',
      data: [{ file_id: 'file-1', filename: 'a.pdf', score: 0.9, content: [{ type: 'text', text: 'because' }] }],
    },
    want: {
      source: { type: 'vector_db', name: 'vs_1', provider: 'openai' },
      query: 'why',
      results_count: 1,
      results: [{ source: 'a.pdf', score: 0.9, content_preview: 'because' }],
    },
    level: 'high',
  },
  {
    name: 'Bedrock knowledge bases',
    host: 'bedrock-agent-runtime.us-east-1.amazonaws.com',
    path: '/knowledgebases/KB1/retrieve',
    body: { retrievalQuery: { text: 'why' } },
    answer: {
      retrievalResults: [{ content: { text: 'because' }, location: { s3Location: { uri: 's3://b/a' } }, score: 0.5 }],
    },
    want: {
      source: { type: 'knowledge_base', name: 'KB1', provider: 'aws_bedrock' },
      query: 'why',
      results_count: 1,
      results: [{ source: 's3://b/a', score: 0.5, content_preview: 'because' }],
    },
    level: 'high',
  },
  {
    name: 'Vertex AI RAG',
    host: 'us-central1-aiplatform.googleapis.com',
    path: '/v1/projects/p/locations/us-central1:retrieveContexts',
    body: { query: { text: 'why' } },
    answer: { contexts: { contexts: [{ sourceUri: 'gs://b/a', text: 'because', score: 0.25 }] } },
    want: {
      source: { type: 'knowledge_base', name: 'us-central1', provider: 'google' },
      query: 'why',
      results_count: 1,
      results: [{ source: 'gs://b/a', score: 0.25, content_preview: 'because' }],
    },
    level: 'high',
  },
  {
    name: 'Pinecone',
    host: 'idx-abc.svc.us-east1.pinecone.io',
    path: '/query',
    body: { vector: [1, 2], topK: 2 },
    answer: {
      matches: [
        { id: 'a', score: 0.5 },
        { id: 'b', score: 0.25 },
      ],
      namespace: '',
    },
    want: {
      source: { type: 'vector_db', provider: 'pinecone' },
      results_count: 2,
      results: [
        { source: 'a', score: 0.5 },
        { source: 'b', score: 0.25 },
      ],
    },
    level: 'high',
  },
  {
    name: 'Azure AI Search',
    host: 'acme.search.windows.net',
    path: "/indexes('docs')/docs/search.post.search?api-version=2026-01-01",
    body: { search: 'why' },
    answer: { value: [{ '@search.score': 1.5, id: 'a' }] },
    want: {
      source: { type: 'database', name: 'docs', provider: 'azure_ai_search' },
      query: 'why',
      results_count: 1,
      results: [{ source: 'a', score: 1.5 }],
    },
    level: 'high',
  },
  {
    name: 'Tavily',
    host: 'api.tavily.com',
    path: '/search',
    body: { query: 'why' },
    answer: { results: [{ url: 'https://a.example/', title: 'A', content: 'because', score: 0.5 }] },
    want: {
      source: { type: 'web_search', provider: 'tavily' },
      query: 'why',
      results_count: 1,
      results: [{ source: 'https://a.example/', score: 0.5, content_preview: 'because', metadata: { title: 'A' } }],
    },
    level: 'high',
  },
  {
    name: 'Qdrant',
    host: 'qdrant.example.com',
    path: '/collections/docs/points/query',
    body: { query: [0.1, 0.2] },
    answer: { result: { points: [{ id: 7, score: 0.5 }] }, status: 'ok' },
    want: {
      source: { type: 'vector_db', name: 'docs', provider: 'qdrant' },
      results_count: 1,
      results: [{ source: '7', score: 0.5 }],
    },
    level: 'medium',
  },
  {
    name: 'Chroma',
    host: 'localhost:8000',
    path: '/api/v2/tenants/t/databases/d/collections/c-1/query',
    body: { query_texts: ['why'], n_results: 1 },
    answer: { ids: [['a']], distances: [[0.5]], documents: [['because']] },
    want: {
      source: { type: 'vector_db', name: 'c-1', provider: 'chroma' },
      query: 'why',
      results_count: 1,
      results: [{ source: 'a', score: 0.5, content_preview: 'because' }],
    },
    level: 'medium',
  },
] as const;

function record(host: string, path: string, body: unknown, received: string | undefined, size?: number) {
  const recorder = new Recorder().open('c', { sni: host }).data('c', 'sent', request(host, path, body), size);
  if (received !== undefined) recorder.data('c', 'received', received, size);
  return recorder.close('c').events;
}

describe('a call to a retrieval API', () => {
  test.each(CALLS)('is one event: $name', ({ host, path, body, answer, want, level }) => {
    const { out, decoder } = decode(record(host, path, body, response(answer)));
    expect(out.map((event) => event.event_type)).toEqual(['agent.rag_retrieve']);
    expect(out[0]?.data).toEqual({ ...want, latency_ms: expect.any(Number) });
    expect(out[0]?.confidence).toMatchObject({ level, completeness: 'full' });
    expect(out[0]?.attrs).toMatchObject({ 'gen_ai.operation.name': 'retrieval' });
    if (check !== undefined) expect(check(JSON.parse(JSON.stringify(out[0])))).toEqual([]);
    expect(timeless(decode(record(host, path, body, response(answer), 1)).out)).toEqual(timeless(out));
    expect(decoder.bytes).toBe(0);
  });

  test.each([
    { name: 'failed', received: response({ error: 'no' }, 500) },
    { name: 'was never answered', received: undefined },
    { name: 'was answered with something else', received: response({ ok: true }) },
    { name: 'was answered with no JSON', received: response('gone') },
  ])('that $name is none where only its shape tells', ({ received }) => {
    const { out, count } = decode(
      record('qdrant.example.com', '/collections/d/points/search', { vector: [1] }, received),
    );
    expect(out).toEqual([]);
    expect(count('ignored_requests')).toBe(1);
  });

  test('of another shape is none', () => {
    const { out, count } = decode(
      record('x.example.com', '/collections/d/points/search', { a: 1 }, response({ result: [] })),
    );
    expect(out).toEqual([]);
    expect(count('ignored_requests')).toBe(1);
  });

  test('whose answer is damaged says so where the host is known', () => {
    const { out } = decode(record('api.tavily.com', '/search', { query: 'why' }, response('gone')));
    expect(out[0]?.confidence).toMatchObject({ completeness: 'partial', missing: ['response body'] });
    expect(out[0]?.data).toMatchObject({ query: 'why' });
    expect(out[0]?.data).not.toHaveProperty('results_count');
  });
});
