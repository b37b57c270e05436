import { describe, expect, it } from 'vitest';
import { call } from './call.ts';

const host = 'api.cohere.com';

describe('Cohere chat v1', () => {
  const body = {
    model: 'command-r',
    preamble: 'Be kind.',
    message: 'And now?',
    chat_history: [
      { role: 'USER', message: 'Hi' },
      { role: 'CHATBOT', message: 'Hello', tool_calls: [{ name: 'look', parameters: { at: 'it' } }] },
    ],
    tool_results: [{ call: { name: 'look', parameters: { at: 'it' } }, outputs: [{ seen: true }] }],
    tools: [{ name: 'look', description: 'Looks.', parameter_definitions: { at: { type: 'str' } } }],
    k: 3,
    p: 0.7,
  };

  it('reads history, results and a whole answer', () => {
    const seen = call({
      host,
      path: '/v1/chat',
      body,
      answer: {
        response_id: 'r1',
        text: 'Done.',
        finish_reason: 'COMPLETE',
        citations: [{ start: 0, end: 4 }],
        tool_calls: [{ name: 'look', parameters: { at: 'that' } }],
        meta: { billed_units: { input_tokens: 4, output_tokens: 2 }, tokens: { input_tokens: 40, output_tokens: 2 } },
      },
    });
    expect(seen.request.messages?.map((m) => m.role)).toEqual(['system', 'user', 'assistant', 'tool', 'user']);
    expect(seen.request).toMatchObject({ provider: { name: 'cohere' }, parameters: { top_k: 3, top_p: 0.7 } });
    expect(seen.results).toMatchObject([{ tool: { name: 'look' }, result: [{ seen: true }], index: 0 }]);
    expect(seen.response).toMatchObject({
      provider_request_id: 'r1',
      finish_reason: 'stop',
      tool_calls: [{ name: 'look', arguments: { at: 'that' } }],
      usage: { prompt_tokens: 40, completion_tokens: 2, provider: { billed_units: { input_tokens: 4 } } },
    });
    expect(seen.responseEvent?.attrs?.['oisp.response.citations']).toBe(1);
  });

  it('streams lines whose last one holds the answer', () => {
    const seen = call({
      host,
      path: '/v1/chat',
      body: { ...body, stream: true },
      lines: [
        { is_finished: false, event_type: 'stream-start', generation_id: 'g' },
        { is_finished: false, event_type: 'text-generation', text: 'Do' },
        { is_finished: false, event_type: 'text-generation', text: 'ne.' },
        { is_finished: false, event_type: 'tool-calls-generation', tool_calls: [{ name: 'f', parameters: {} }] },
        {
          is_finished: true,
          event_type: 'stream-end',
          finish_reason: 'COMPLETE',
          response: {
            response_id: 'r2',
            text: 'Done.',
            tool_calls: [{ name: 'f', parameters: {} }],
            meta: { billed_units: { input_tokens: 1, output_tokens: 2 } },
          },
        },
      ],
    });
    expect(seen.text).toBe('Done.');
    expect(seen.calls).toMatchObject([{ tool: { name: 'f' } }]);
    expect(seen.response).toMatchObject({ provider_request_id: 'r2', streaming: true, usage: { prompt_tokens: 1 } });
  });

  it('has the words so far of a stream that breaks off', () => {
    const lines = [
      { event_type: 'text-generation', text: 'Do' },
      { event_type: 'text-generation', text: 'n' },
    ];
    expect(call({ host, path: '/v1/chat', body: { ...body, stream: true }, lines }).text).toBe('Don');
  });

  it('reads generations', () => {
    const seen = call({
      host,
      path: '/v1/generate',
      body: { model: 'command', prompt: 'Say it' },
      answer: {
        id: 'x',
        generations: [{ id: 'y', text: 'It', finish_reason: 'MAX_TOKENS' }],
        meta: { billed_units: { input_tokens: 2, output_tokens: 1 } },
      },
    });
    expect([seen.text, seen.response.finish_reason, seen.operation]).toEqual(['It', 'length', 'text_completion']);
  });
});

describe('Cohere chat v2', () => {
  const body = {
    model: 'command-a',
    stream: true,
    tool_choice: 'REQUIRED',
    messages: [
      { role: 'user', content: 'Time?' },
      {
        role: 'assistant',
        tool_plan: 'I ask.',
        tool_calls: [{ id: 'c0', type: 'function', function: { name: 'time', arguments: '{}' } }],
      },
      { role: 'tool', tool_call_id: 'c0', content: [{ type: 'document', document: { data: '{"time":"9"}' } }] },
    ],
  };
  const delta = (message: object): object => ({ message });

  it.each([undefined, 1])('streams a plan, blocks, calls and citations, in records of %s', (size) => {
    const seen = call({
      host,
      path: '/v2/chat',
      body,
      ...(size !== undefined && { size }),
      events: [
        { id: 'm1', type: 'message-start', delta: delta({ role: 'assistant', content: [], tool_plan: '' }) },
        { type: 'tool-plan-delta', delta: delta({ tool_plan: 'I go' }) },
        { type: 'tool-plan-delta', delta: delta({ tool_plan: ' on.' }) },
        { type: 'content-start', index: 0, delta: delta({ content: { type: 'thinking', thinking: '' } }) },
        { type: 'content-delta', index: 0, delta: delta({ content: { thinking: 'Hm' } }) },
        { type: 'content-end', index: 0 },
        { type: 'content-start', index: 1, delta: delta({ content: { type: 'text', text: '' } }) },
        { type: 'content-delta', index: 1, delta: delta({ content: { text: 'It is 9' } }) },
        { type: 'citation-start', index: 0, delta: delta({ citations: { start: 0, end: 2 } }) },
        { type: 'citation-end', index: 0 },
        {
          type: 'tool-call-start',
          index: 0,
          delta: delta({ tool_calls: { id: 'c1', type: 'function', function: { name: 'f', arguments: '' } } }),
        },
        { type: 'tool-call-delta', index: 0, delta: delta({ tool_calls: { function: { arguments: '{"a"' } } }) },
        { type: 'tool-call-delta', index: 0, delta: delta({ tool_calls: { function: { arguments: ':1}' } } }) },
        { type: 'tool-call-end', index: 0 },
        {
          type: 'message-end',
          delta: {
            finish_reason: 'TOOL_CALL',
            usage: {
              billed_units: { input_tokens: 6, output_tokens: 2 },
              tokens: { input_tokens: 96, output_tokens: 8 },
            },
          },
        },
        '[DONE]',
      ],
    });
    expect(seen.request).toMatchObject({ streaming: true, tool_choice: 'required' });
    expect(seen.request.messages?.[1]?.parts?.[0]).toEqual({ type: 'reasoning', content: 'I ask.' });
    expect(seen.results).toMatchObject([{ call_id: 'c0', tool: { name: 'time' } }]);
    expect(seen.response.choices?.[0]?.message.parts).toEqual([
      { type: 'reasoning', content: 'I go on.' },
      { type: 'reasoning', content: 'Hm' },
      { type: 'text', content: 'It is 9' },
      { type: 'tool_call', id: 'c1', name: 'f', arguments: { a: 1 } },
    ]);
    expect(seen.response).toMatchObject({
      provider_request_id: 'm1',
      finish_reason: 'tool_calls',
      usage: { prompt_tokens: 96, completion_tokens: 8 },
    });
    expect(seen.calls).toMatchObject([{ call_id: 'c1', arguments: { a: 1 } }]);
  });

  it('fails with a message', () => {
    const seen = call({ host, path: '/v2/chat', body, status: 404, answer: { id: 'x', message: 'model not found' } });
    expect(seen.response).toMatchObject({ success: false, error: { type: '404', message: 'model not found' } });
  });
});

describe('Cohere embed and rerank', () => {
  it('counts billed tokens of embeddings', () => {
    const seen = call({
      host,
      path: '/v2/embed',
      body: { model: 'embed-v4', texts: ['a', 'b'], input_type: 'search_query' },
      answer: { id: 'e', embeddings: { float: [[1]] }, meta: { billed_units: { input_tokens: 2 } } },
    });
    expect([seen.operation, seen.request.messages_count, seen.response.usage?.prompt_tokens]).toEqual([
      'embeddings',
      2,
      2,
    ]);
  });

  it.each([host, 'rank.example.com'])('ranks at %s', (where) => {
    const seen = call({
      host: where,
      path: '/v2/rerank',
      body: { model: 'rerank-v3', query: 'q', documents: ['a'] },
      answer: { id: 'k', results: [{ index: 0, relevance_score: 0.5 }], meta: { billed_units: { search_units: 1 } } },
    });
    expect([seen.operation, seen.request.request_type, seen.request.model?.id]).toEqual([
      'rerank',
      'other',
      'rerank-v3',
    ]);
  });
});
