import type { EventData, OispEvent } from '../../../core/index.ts';
import { makeEvent } from '../../../core/testing/index.ts';
import { Engine } from '../../../processors/redact/engine/engine.ts';
import { type Mode, Redactor, type RedactorOptions } from '../../../processors/redact/redactor.ts';
import { coreRules } from '../../../processors/redact/rules/index.ts';

export const MODES: readonly Mode[] = ['safe', 'full', 'minimal'];

/** A redactor as the processor makes it. */
export function redactorOf(mode: Mode, over: Partial<RedactorOptions> = {}): Redactor {
  return new Redactor({
    engine: new Engine({ rules: coreRules({ pii: mode !== 'full' }) }),
    mode,
    hashKey: Buffer.alloc(32, 7),
    memoBytes: 1 << 20,
    maxChars: 1 << 24,
    maxValues: 100_000,
    ...over,
  });
}

export function eventOf(event_type: string, data: EventData, over: Partial<OispEvent> = {}): OispEvent {
  return makeEvent(1, { event_type, data, source: { collector: 'oisp-collector', capture_method: 'other' }, ...over });
}

/** Every string of a value, keys too. */
export function stringsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...stringsOf(inner)]);
}

export const OPENAI_KEY = `sk-proj-${'aB3dE5gH7jK9'.repeat(3)}_x-Y`;
export const ANTHROPIC_KEY = `sk-ant-api03-${'Zx9_Cv8-Bn7M'.repeat(4)}`;
export const GITHUB_TOKEN = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`;

/** A request with content in every place that a request has for it. */
export function requestWith(text: (place: string) => string): OispEvent {
  return eventOf('ai.request', {
    request_id: 'req-1',
    conversation_id: 'conv-1',
    provider: { name: 'openai', endpoint: 'https://api.openai.com/v1/responses' },
    model: { id: 'gpt-5' },
    auth: { type: 'api_key', key_prefix: 'sk-proj-', key_hash: 'hmac:1234' },
    request_type: 'chat',
    streaming: true,
    messages: [
      { role: 'system', content: text('system'), attrs: { role: 'developer', separate: true } },
      {
        role: 'user',
        content: text('user'),
        parts: [
          { type: 'text', content: text('user part') },
          { type: 'uri', modality: 'image', uri: `https://files/${text('uri')}` },
          { type: 'file', modality: 'document', file_id: 'file-1' },
          { type: 'blob', modality: 'image', mime_type: 'image/png', size: 12 },
          { type: 'other', kind: 'search', content: { query: text('other') } },
        ],
      },
      {
        role: 'assistant',
        parts: [
          { type: 'reasoning', content: text('reasoning') },
          { type: 'tool_call', id: 'call_1', name: 'shell', arguments: { command: text('arguments') } },
        ],
      },
      {
        role: 'tool',
        tool_call_id: 'call_1',
        parts: [{ type: 'tool_call_response', id: 'call_1', response: text('response'), is_error: false }],
      },
    ],
    messages_count: 4,
    tools: [
      { name: 'shell', type: 'function', description: text('description'), parameters: { about: text('parameters') } },
    ],
    tools_count: 1,
    tool_choice: 'auto',
    parameters: { temperature: 0.5, stop: [text('stop')] },
  });
}

export function responseWith(text: (place: string) => string): OispEvent {
  return eventOf('ai.response', {
    request_id: 'req-1',
    provider_request_id: 'resp_1',
    provider: { name: 'openai' },
    model: { id: 'gpt-5' },
    status_code: 200,
    success: true,
    error: { type: 'invalid_request', code: 'bad', message: text('error') },
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: { role: 'assistant', content: text('answer'), parts: [{ type: 'text', content: text('answer') }] },
      },
    ],
    tool_calls: [{ id: 'call_1', name: 'shell', type: 'function', arguments: { command: text('call') } }],
    tool_calls_count: 1,
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
    finish_reason: 'tool_calls',
  });
}

export function toolCallWith(text: (place: string) => string): OispEvent {
  return eventOf('agent.tool_call', {
    tool: { name: 'shell', type: 'shell', description: text('description') },
    agent: { name: 'codex', type: 'cli' },
    call_id: 'call_1',
    request_id: 'req-1',
    index: 0,
    arguments: { command: text('command'), nested: [{ deep: text('deep') }] },
  });
}

export function toolResultWith(text: (place: string) => string): OispEvent {
  return eventOf('agent.tool_result', {
    call_id: 'call_1',
    tool: { name: 'shell', type: 'shell' },
    success: false,
    error: { type: 'exit', message: text('message') },
    result: text('result'),
  });
}

export function chunkWith(text: (place: string) => string): OispEvent {
  return eventOf('ai.streaming_chunk', {
    request_id: 'req-1',
    chunk_index: 3,
    delta: {
      role: 'assistant',
      content: text('delta'),
      reasoning: text('thought'),
      tool_calls: [{ id: 'call_1', name: 'shell', type: 'function', arguments: text('piece') }],
      choice: 1,
    },
    finish_reason: 'stop',
  });
}

export function planStepWith(text: (place: string) => string): OispEvent {
  return eventOf('agent.plan_step', {
    agent: { name: 'codex', version: '0.169.0', session_id: 's-1' },
    step_index: 1,
    step_type: 'revision',
    description: text('description'),
    planned_actions: [
      { action: text('done'), status: 'completed' },
      { action: text('doing'), status: 'in_progress' },
    ],
    request_id: 'req-1',
    call_id: 'call_1',
  });
}

export function retrieveWith(text: (place: string) => string): OispEvent {
  return eventOf('agent.rag_retrieve', {
    agent: { name: 'codex' },
    source: { type: 'web_search', name: 'web_search', provider: 'openai' },
    query: text('query'),
    results_count: 1,
    results: [{ source: 'file-1', score: 0.5, content_preview: text('preview'), metadata: { title: text('title') } }],
    request_id: 'req-1',
    call_id: 'ws_1',
  });
}

export const WITH_CONTENT = [
  requestWith,
  responseWith,
  toolCallWith,
  toolResultWith,
  chunkWith,
  planStepWith,
  retrieveWith,
];
