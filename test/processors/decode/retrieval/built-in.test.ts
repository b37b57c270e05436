import { describe, expect, test } from 'vitest';
import type { OispEvent } from '../../../../core/index.ts';
import { hasSpec, specValidator } from '../../../pipeline/schema.ts';
import { decode, Recorder, request, response, sse, timeless } from '../capture.ts';

const check = hasSpec ? specValidator() : undefined;

interface Sample {
  readonly name: string;
  readonly host: string;
  readonly path: string;
  readonly body: object;
  /** The answer as one text, as events, or both. */
  readonly whole?: object;
  readonly streamed?: readonly object[];
  readonly want: readonly object[];
}

const SEARCH = { type: 'server_tool_use', id: 'srv_1', name: 'web_search' };
const FOUND = {
  type: 'web_search_tool_result',
  tool_use_id: 'srv_1',
  content: [
    { type: 'web_search_result', url: 'https://a.example/', title: 'A', encrypted_content: 'zzz' },
    { type: 'web_search_result', url: 'https://b.example/', title: 'B', encrypted_content: 'zzz' },
  ],
};
const ITEMS = [
  {
    type: 'file_search_call',
    id: 'fs_1',
    status: 'completed',
    queries: ['what', 'why'],
    results: [{ file_id: 'file-1', filename: 'a.pdf', score: 0.9, text: `long ${'x'.repeat(1000)}` }],
  },
  {
    type: 'web_search_call',
    id: 'ws_1',
    action: { type: 'search', query: 'news', sources: [{ type: 'url', url: 'https://a.example/' }] },
  },
  { type: 'web_search_call', id: 'ws_2', action: { type: 'open_page', url: 'https://a.example/' } },
  { type: 'file_search_call', id: 'fs_2', queries: ['who'], results: null },
  { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'So' }] },
];
const GROUNDING = {
  webSearchQueries: ['weather', 'today'],
  retrievalQueries: ['manual'],
  groundingChunks: [
    { web: { uri: 'https://w.example/', title: 'W' } },
    { retrievedContext: { uri: 'gs://b/m.pdf', title: 'M', text: 'page 1' } },
  ],
};

const SAMPLES: readonly Sample[] = [
  {
    name: 'OpenAI Responses',
    host: 'api.openai.com',
    path: '/v1/responses',
    body: { model: 'gpt-x', input: 'Hi' },
    whole: { id: 'r', model: 'gpt-x', status: 'completed', output: ITEMS },
    streamed: [
      ...ITEMS.map((item, i) => ({ type: 'response.output_item.done', output_index: i, item })),
      { type: 'response.completed', response: { id: 'r', model: 'gpt-x', status: 'completed' } },
    ],
    want: [
      {
        source: { type: 'file_search', name: 'file_search', provider: 'openai' },
        query: 'what\nwhy',
        results_count: 1,
        results: [{ source: 'a.pdf', score: 0.9, content_preview: `long ${'x'.repeat(251)}` }],
        call_id: 'fs_1',
      },
      {
        source: { type: 'web_search', name: 'web_search', provider: 'openai' },
        query: 'news',
        results_count: 1,
        results: [{ source: 'https://a.example/' }],
        call_id: 'ws_1',
      },
      { source: { type: 'file_search', name: 'file_search', provider: 'openai' }, query: 'who', call_id: 'fs_2' },
    ],
  },
  {
    name: 'Anthropic Messages',
    host: 'api.anthropic.com',
    path: '/v1/messages',
    body: { model: 'claude-x', max_tokens: 1, messages: [{ role: 'user', content: 'Hi' }] },
    whole: {
      id: 'm',
      model: 'claude-x',
      stop_reason: 'end_turn',
      content: [
        { ...SEARCH, input: { query: 'news' } },
        FOUND,
        { ...SEARCH, id: 'srv_2', input: { query: 'more' } },
        {
          type: 'web_search_tool_result',
          tool_use_id: 'srv_2',
          content: { type: 'web_search_tool_result_error', error_code: 'max_uses_exceeded' },
        },
        { type: 'text', text: 'So' },
      ],
    },
    want: [
      {
        source: { type: 'web_search', name: 'web_search', provider: 'anthropic' },
        query: 'news',
        results_count: 2,
        results: [
          { source: 'https://a.example/', metadata: { title: 'A' } },
          { source: 'https://b.example/', metadata: { title: 'B' } },
        ],
        call_id: 'srv_1',
      },
      { source: { type: 'web_search', name: 'web_search', provider: 'anthropic' }, query: 'more', call_id: 'srv_2' },
    ],
  },
  {
    name: 'Anthropic Messages, streamed',
    host: 'api.anthropic.com',
    path: '/v1/messages',
    body: { model: 'claude-x', max_tokens: 1, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
    streamed: [
      { type: 'message_start', message: { id: 'm', model: 'claude-x' } },
      { type: 'content_block_start', index: 0, content_block: { ...SEARCH, input: {} } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '{"query":' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'input_json_delta', partial_json: '"news"}' } },
      { type: 'content_block_stop', index: 0 },
      { type: 'content_block_start', index: 1, content_block: FOUND },
      { type: 'content_block_stop', index: 1 },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' } },
    ],
    want: [{ query: 'news', results_count: 2, call_id: 'srv_1' }],
  },
  {
    name: 'Gemini',
    host: 'generativelanguage.googleapis.com',
    path: '/v1beta/models/gemini-x:generateContent',
    body: { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
    whole: { candidates: [{ content: { parts: [{ text: 'So' }] }, groundingMetadata: GROUNDING }] },
    streamed: [
      { candidates: [{ content: { parts: [{ text: 'S' }] } }] },
      { candidates: [{ content: { parts: [{ text: 'o' }] }, groundingMetadata: GROUNDING, finishReason: 'STOP' }] },
    ],
    want: [
      {
        source: { type: 'web_search', name: 'google_search', provider: 'google' },
        query: 'weather\ntoday',
        results_count: 1,
        results: [{ source: 'https://w.example/', metadata: { title: 'W' } }],
      },
      {
        source: { type: 'knowledge_base', name: 'retrieval', provider: 'google' },
        query: 'manual',
        results_count: 1,
        results: [{ source: 'gs://b/m.pdf', content_preview: 'page 1', metadata: { title: 'M' } }],
      },
    ],
  },
  {
    name: 'Perplexity',
    host: 'api.perplexity.ai',
    path: '/chat/completions',
    body: { model: 'sonar', messages: [{ role: 'user', content: 'Hi' }] },
    whole: {
      id: 'p',
      choices: [{ index: 0, message: { role: 'assistant', content: 'So' } }],
      search_results: [{ title: 'A', url: 'https://a.example/', date: null }],
    },
    want: [
      {
        source: { type: 'web_search', name: 'web_search', provider: 'other' },
        results_count: 1,
        results: [{ source: 'https://a.example/', metadata: { title: 'A' } }],
      },
    ],
  },
  {
    name: 'an answer without a look-up',
    host: 'api.openai.com',
    path: '/v1/chat/completions',
    body: { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] },
    whole: { id: 'c', choices: [{ index: 0, message: { role: 'assistant', content: 'So' } }] },
    want: [],
  },
];

function record(sample: Sample, received: string | Buffer, size?: number): OispEvent[] {
  const sent = request(sample.host, sample.path, sample.body);
  return new Recorder()
    .open('c', { sni: sample.host })
    .data('c', 'sent', sent)
    .data('c', 'received', received, size)
    .close('c').events;
}

const ways = SAMPLES.flatMap((sample) => [
  ...(sample.whole === undefined ? [] : [{ ...sample, how: 'whole', received: response(sample.whole) }]),
  ...(sample.streamed === undefined ? [] : [{ ...sample, how: 'streamed', received: sse(sample.streamed) }]),
]);

describe('what a provider looks up for the model', () => {
  test.each(ways)('$name, $how', (sample) => {
    const { of } = decode(record(sample, sample.received));
    const found = of('agent.rag_retrieve');
    expect(found.map((event) => event.data)).toEqual(
      sample.want.map((data) =>
        sample.want.length > 1 ? { ...data, request_id: expect.any(String) } : expect.objectContaining(data),
      ),
    );
    const [asked] = of('ai.request');
    for (const event of found) {
      expect(event.related_events).toEqual([{ event_id: asked?.event_id, relationship: 'caused_by' }]);
      if (check !== undefined) expect(check(JSON.parse(JSON.stringify(event)))).toEqual([]);
    }
    expect(new Set(found.map((event) => event.event_id)).size).toBe(found.length);
    expect(timeless(decode(record(sample, sample.received, 1)).out)).toEqual(
      timeless(decode(record(sample, sample.received)).out),
    );
  });
});
