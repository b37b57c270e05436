import { describe, expect, it } from 'vitest';
import { call } from './call.ts';

const host = 'api.anthropic.com';
const path = '/v1/messages';
const body = { model: 'claude-x', max_tokens: 9, messages: [{ role: 'user', content: 'hi' }] };

describe('server tools of Anthropic', () => {
  const sealed = 'RW5jcnlwdGVk'.repeat(4);
  const found = [
    { type: 'web_search_result', url: 'https://a', title: 'A', encrypted_content: sealed, page_age: null },
  ];
  const blocks = [
    { type: 'redacted_thinking', data: sealed },
    { type: 'server_tool_use', id: 's1', name: 'web_search', input: { query: 'q' } },
    { type: 'web_search_tool_result', tool_use_id: 's1', content: found },
    { type: 'text', text: 'It is ' },
    {
      type: 'text',
      text: 'so',
      citations: [{ type: 'web_search_result_location', url: 'https://a', encrypted_index: sealed }],
    },
    { type: 'mcp_tool_use', id: 'm1', name: 'ask', server_name: 's', input: {} },
    { type: 'mcp_tool_result', tool_use_id: 'm1', is_error: true, content: [{ type: 'text', text: 'no' }] },
    { type: 'server_tool_use', id: 's2', name: 'bash_code_execution', input: { command: 'ls' } },
    {
      type: 'bash_code_execution_tool_result',
      tool_use_id: 's2',
      content: { type: 'bash_code_execution_tool_result_error', error_code: 'unavailable' },
    },
    { type: 'tool_use', id: 't1', name: 'read', input: { path: 'x' } },
  ];
  const usage = {
    input_tokens: 4,
    cache_creation_input_tokens: 3,
    cache_creation: { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 },
    output_tokens: 5,
    service_tier: 'priority',
    server_tool_use: { web_search_requests: 1 },
  };
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'claude-x',
    stop_reason: 'pause_turn',
    usage,
  };
  const whole = call({
    host,
    path,
    body,
    answer: {
      ...message,
      content: blocks,
      context_management: { applied_edits: [{ type: 'clear_tool_uses_20250919' }] },
    },
  });
  const streamed = call({
    host,
    path,
    body: { ...body, stream: true },
    events: [
      { type: 'message_start', message: { ...message, content: [], stop_reason: null } },
      ...blocks.flatMap((block, index) => {
        const deltas: object[] = [];
        let start: object = block;
        if ('input' in block) {
          start = { ...block, input: {} };
          deltas.push({ type: 'input_json_delta', partial_json: JSON.stringify(block.input) });
        } else if (block.type === 'text') {
          start = { type: 'text', text: '' };
          deltas.push({ type: 'text_delta', text: block.text });
          for (const citation of block.citations ?? []) deltas.push({ type: 'citations_delta', citation });
        }
        return [
          { type: 'content_block_start', index, content_block: start },
          ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
          { type: 'content_block_stop', index },
        ];
      }),
      {
        type: 'message_delta',
        delta: { stop_reason: 'pause_turn' },
        usage: { output_tokens: 5 },
        context_management: { applied_edits: [{}] },
      },
      { type: 'message_stop' },
    ],
  });

  it.each([
    ['whole', whole],
    ['streamed', streamed],
  ])('are parts of the %s message, what is sealed stays out', (_name, seen) => {
    expect(seen.response.choices?.[0]?.message.parts).toEqual([
      { type: 'blob', modality: 'reasoning', size: 36 },
      { type: 'tool_call', id: 's1', name: 'web_search', arguments: { query: 'q' }, server: true },
      {
        type: 'tool_call_response',
        id: 's1',
        response: [{ type: 'web_search_result', url: 'https://a', title: 'A', page_age: null }],
        server: true,
      },
      { type: 'text', content: 'It is ' },
      { type: 'text', content: 'so' },
      { type: 'tool_call', id: 'm1', name: 'ask', arguments: {}, server: true },
      { type: 'tool_call_response', id: 'm1', response: [{ type: 'text', text: 'no' }], is_error: true, server: true },
      { type: 'tool_call', id: 's2', name: 'bash_code_execution', arguments: { command: 'ls' }, server: true },
      {
        type: 'tool_call_response',
        id: 's2',
        response: { type: 'bash_code_execution_tool_result_error', error_code: 'unavailable' },
        is_error: true,
        server: true,
      },
      { type: 'tool_call', id: 't1', name: 'read', arguments: { path: 'x' } },
    ]);
    expect(seen.text).toBe('It is so');
    expect(seen.calls.map((c) => c.call_id)).toEqual(['t1']);
    expect(seen.response.usage).toMatchObject({
      prompt_tokens: 7,
      cache_creation_tokens: 3,
      provider: { service_tier: 'priority', cache_creation: { ephemeral_1h_input_tokens: 2 } },
    });
    expect(seen.responseEvent?.attrs).toMatchObject({
      'oisp.response.citations': 1,
      'oisp.response.context_edits': 1,
      'gen_ai.response.finish_reasons': ['pause_turn'],
    });
    expect(JSON.stringify(seen.out)).not.toContain(sealed);
  });

  it('are not among the results that the agent brings', () => {
    const messages = [
      { role: 'assistant', content: blocks },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't1', content: 'ok' }] },
    ];
    const seen = call({ host, path, body: { ...body, messages }, answer: { ...message, content: [] } });
    expect(seen.results).toMatchObject([{ call_id: 't1', tool: { name: 'read' }, index: 0 }]);
  });
});

describe('Claude elsewhere', () => {
  it.each([
    ['rawPredict', false],
    ['streamRawPredict', true],
  ])('Vertex AI names the model in the path (%s)', (verb, streaming) => {
    const message = {
      id: 'msg_v',
      type: 'message',
      role: 'assistant',
      model: 'claude-sonnet',
      content: [{ type: 'text', text: 'Hi' }],
      stop_reason: 'end_turn',
      usage: { input_tokens: 1, output_tokens: 1 },
    };
    const events = [
      { type: 'message_start', message: { ...message, content: [] } },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: 'Hi' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } },
    ];
    const { model: _model, ...rest } = body;
    const seen = call({
      host: 'us-east5-aiplatform.googleapis.com',
      path: `/v1/projects/p/locations/l/publishers/anthropic/models/claude-sonnet@1:${verb}`,
      body: { ...rest, anthropic_version: 'vertex-2023-10-16' },
      ...(streaming ? { events } : { answer: message }),
    });
    expect(seen.request).toMatchObject({
      model: { id: 'claude-sonnet@1' },
      streaming,
      request_type: 'chat',
      provider: { name: 'google' },
    });
    expect([seen.text, seen.response.finish_reason]).toEqual(['Hi', 'stop']);
  });

  it('counting and batches are no chats', () => {
    const count = call({ host, path: '/v1/messages/count_tokens', body, answer: { input_tokens: 12 } });
    expect([count.operation, count.request.request_type, count.response.usage]).toEqual([
      'count_tokens',
      'other',
      undefined,
    ]);
    expect(count.responseEvent?.attrs?.['oisp.response.counted_tokens']).toBe(12);
    const batch = call({ host, path: '/v1/messages/batches', body: { requests: [] }, answer: { id: 'b' } });
    expect([batch.operation, batch.request.request_type]).toEqual(['batches', 'other']);
  });

  it('a message that is added to a thread of assistants is no chat', () => {
    const seen = call({
      host: 'api.openai.com',
      path: '/v1/threads/t_1/messages',
      body: { role: 'user', content: 'hi' },
      answer: { id: 'm' },
    });
    expect([seen.operation, seen.request.request_type]).toEqual(['threads', 'other']);
  });
});
