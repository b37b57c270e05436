import { expect, test } from 'vitest';
import type { OispEvent } from '../../core/index.ts';
import { lineOf } from '../../exporters/jsonl/lines.ts';
import { Recorder, request, response, sse } from '../processors/decode/capture.ts';
import { type Mode, throughLines } from './lab.ts';
import { hasSpec, specValidator } from './schema.ts';

/** What models and users say, so that it can be looked for. */
const SAID = 'zebra umbrella';
const KEY = 'sk-proj-Zx9Cv8Bn7Ma1Sd2Fg3Hj4Kl5Qw6Er7';
const HEADERS = { Authorization: `Bearer ${KEY}`, 'User-Agent': 'codex_cli_rs/0.169.0', 'session-id': 's-1' };

const PLAN = {
  type: 'function_call',
  id: 'fc_1',
  call_id: 'call_1',
  name: 'update_plan',
  arguments: JSON.stringify({ explanation: SAID, plan: [{ step: SAID, status: 'in_progress' }] }),
};
const SEARCH = {
  type: 'file_search_call',
  id: 'fs_1',
  queries: [SAID],
  results: [{ filename: 'a.pdf', score: 0.5, text: SAID }],
};

function exchange(recorder: Recorder, conn: string, path: string, body: object, received: string | Buffer): void {
  recorder
    .open(conn, { sni: 'api.openai.com' })
    .data(conn, 'sent', request('api.openai.com', path, body, HEADERS))
    .data(conn, 'received', received, 100)
    .close(conn);
}

function recorded(): readonly OispEvent[] {
  const recorder = new Recorder();
  const stream = sse([
    { type: 'response.created', response: { id: 'r', model: 'gpt-x', status: 'in_progress' } },
    { type: 'response.output_item.done', output_index: 0, item: SEARCH },
    { type: 'response.output_text.delta', output_index: 1, delta: SAID },
    {
      type: 'response.output_item.done',
      output_index: 1,
      item: { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: SAID }] },
    },
    { type: 'response.output_item.done', output_index: 2, item: PLAN },
    { type: 'response.completed', response: { id: 'r', model: 'gpt-x', status: 'completed' } },
  ]);
  exchange(recorder, 'a', '/v1/responses', { model: 'gpt-x', input: SAID, stream: true }, stream);
  const vectors = { model: 'text-embedding-3-small', data: [{ embedding: [1, 2] }], usage: { total_tokens: 2 } };
  exchange(recorder, 'b', '/v1/embeddings', { model: 'text-embedding-3-small', input: [SAID] }, response(vectors));
  const page = { data: [{ filename: 'a.pdf', score: 0.5, content: [{ type: 'text', text: SAID }] }] };
  exchange(recorder, 'c', '/v1/vector_stores/vs_1/search', { query: SAID }, response(page));
  return recorder.events;
}

const text = (value: unknown): string => JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? String(v) : v));

test.each<Mode>(['full', 'safe', 'minimal'])(
  'every kind of event comes through in mode %s, valid, without keys, and without content unless it is full',
  async (mode) => {
    const check = hasSpec ? specValidator() : undefined;
    const lines = recorded().map((event) => JSON.stringify(event));
    const { events, spans, log } = await throughLines(lines, {
      mode,
      decode: { streaming_chunks: true, embedding_events: true },
    });
    expect([...new Set(events.map((event) => event.event_type))].sort((a, b) => (a < b ? -1 : 1))).toEqual([
      'agent.plan_step',
      'agent.rag_retrieve',
      'agent.session',
      'agent.tool_call',
      'ai.embedding',
      'ai.request',
      'ai.response',
      'ai.streaming_chunk',
    ]);
    expect(events.filter((event) => event.event_type === 'agent.rag_retrieve')).toHaveLength(2);
    for (const event of events) if (check !== undefined) expect(check(JSON.parse(lineOf(event)))).toEqual([]);
    const out = `${events.map((event) => lineOf(event)).join('\n')}${text(spans)}${log.join('\n')}`;
    expect(out).not.toContain(KEY);
    expect(out.includes(SAID)).toBe(mode === 'full');
    expect(out.includes('zebra')).toBe(mode === 'full');
    const names = spans.map((span) => span.name);
    expect(names).toEqual(expect.arrayContaining(['retrieval file_search', 'retrieval vs_1', 'invoke_agent codex']));
    expect(spans.some((span) => span.events?.some((event) => event.name === 'oisp.plan_step'))).toBe(true);
  },
);
