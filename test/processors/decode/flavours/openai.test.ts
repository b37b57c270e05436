import { describe, expect, it } from 'vitest';
import { call } from './call.ts';

const host = 'api.openai.com';
const path = '/v1/chat/completions';
const body = { model: 'gpt-x', stream: true, messages: [{ role: 'user', content: 'hi' }] };
const chunk = (delta: object, more: object = {}): object => ({
  id: 'c1',
  model: 'gpt-x',
  choices: [{ index: 0, delta, finish_reason: null }],
  ...more,
});
const piece = (entry: object): object => chunk({ tool_calls: [entry] });
const end = (finish_reason: string): object => ({ id: 'c1', choices: [{ index: 0, delta: {}, finish_reason }] });

describe('streamed tool calls', () => {
  const whole = { id: 'call_1', name: 'read_file', arguments: { path: 'x' } };
  it.each([
    [
      'a name that comes with every piece',
      [
        piece({ index: 0, id: 'call_1', function: { name: 'read_file', arguments: '{"path"' } }),
        piece({ index: 0, function: { name: 'read_file', arguments: ':"x"}' } }),
      ],
    ],
    [
      'a name in pieces',
      [
        piece({ index: 0, id: 'call_1', function: { name: 'read_', arguments: '' } }),
        piece({ index: 0, function: { name: 'file', arguments: '' } }),
        piece({ index: 0, function: { arguments: '{"path":"x"}' } }),
      ],
    ],
    [
      'a name that grows',
      [
        piece({ index: 0, id: 'call_1', function: { name: 'read', arguments: '' } }),
        piece({ index: 0, function: { name: 'read_file', arguments: '{"path":"x"}' } }),
      ],
    ],
    [
      'an id that changes with every piece',
      [
        piece({ index: 0, id: 'call_1', function: { name: 'read_file', arguments: '{"path"' } }),
        piece({ index: 0, id: 'call_2', function: { name: 'read_file', arguments: ':"x"}' } }),
      ],
    ],
    [
      'no index',
      [
        piece({ id: 'call_1', function: { name: 'read_file', arguments: '{"path"' } }),
        piece({ function: { arguments: ':"x"}' } }),
      ],
    ],
    [
      'arguments as an object',
      [piece({ index: 0, id: 'call_1', function: { name: 'read_file', arguments: { path: 'x' } } })],
    ],
    [
      'a whole message in place of a delta',
      [
        {
          id: 'c1',
          choices: [
            {
              index: 0,
              message: {
                tool_calls: [{ index: 0, id: 'call_1', function: { name: 'read_file', arguments: '{"path":"x"}' } }],
              },
            },
          ],
        },
      ],
    ],
  ])('are read with %s', (_name, events) => {
    const seen = call({ host, path, body, events: [...events, end('tool_calls'), '[DONE]'] });
    expect(seen.response.tool_calls).toEqual([{ ...whole, type: 'function' }]);
    expect(seen.calls).toMatchObject([{ call_id: 'call_1', tool: { name: 'read_file' }, arguments: { path: 'x' } }]);
  });

  it('are several where a gateway gives all the index 0', () => {
    const events = ['a', 'b', 'c'].map((id) =>
      piece({ index: 0, id, function: { name: 'f', arguments: `{"n":"${id}"}` } }),
    );
    const seen = call({ host, path, body, events: [...events, end('tool_calls')] });
    expect(seen.calls.map((c) => [c.call_id, c.arguments])).toEqual([
      ['a', { n: 'a' }],
      ['b', { n: 'b' }],
      ['c', { n: 'c' }],
    ]);
  });

  it('keep the text of a custom tool, also where it looks like JSON', () => {
    const events = [
      piece({ index: 0, id: 'c', type: 'custom', custom: { name: 'patch', input: '{"a"' } }),
      piece({ index: 0, custom: { input: ':1}' } }),
      end('tool_calls'),
    ];
    expect(call({ host, path, body, events }).response.tool_calls).toMatchObject([
      { name: 'patch', arguments: '{"a":1}' },
    ]);
  });

  it('may be the function_call of old', () => {
    const events = [
      chunk({ function_call: { name: 'f', arguments: '' } }),
      chunk({ function_call: { arguments: '{"a":1}' } }),
      end('function_call'),
    ];
    const seen = call({ host, path, body, events });
    expect(seen.response).toMatchObject({
      finish_reason: 'tool_calls',
      tool_calls: [{ name: 'f', arguments: { a: 1 } }],
    });
  });
});

describe('chat answers', () => {
  it('have the words of a sound, never its bytes', () => {
    const data = Buffer.from('sound'.repeat(20)).toString('base64');
    const streamed = call({
      host,
      path,
      body,
      events: [
        chunk({ audio: { id: 'a1', transcript: 'Hel' } }),
        chunk({ audio: { transcript: 'lo', data } }),
        end('stop'),
      ],
    });
    const whole = call({
      host,
      path,
      body: { ...body, stream: false },
      answer: {
        id: 'c1',
        choices: [
          {
            index: 0,
            finish_reason: 'stop',
            message: { content: null, audio: { id: 'a1', transcript: 'Hello', data } },
          },
        ],
      },
    });
    for (const seen of [streamed, whole]) {
      expect(seen.response.choices?.[0]?.message.parts).toMatchObject([
        { type: 'other', kind: 'transcript', content: 'Hello' },
        { type: 'blob', modality: 'audio', size: 100 },
      ]);
      expect(JSON.stringify(seen.out)).not.toContain(data.slice(0, 20));
    }
  });

  it('say their tier and count what was predicted', () => {
    const details = { reasoning_tokens: 2, accepted_prediction_tokens: 1, audio_tokens: 0 };
    const seen = call({
      host,
      path,
      body: { ...body, stream: false, service_tier: 'flex' },
      answer: {
        service_tier: 'flex',
        system_fingerprint: 'fp',
        choices: [{ index: 0, message: { content: 'Hi', refusal: null }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 1, completion_tokens: 3, total_tokens: 4, completion_tokens_details: details },
      },
    });
    expect(seen.requestEvent?.attrs?.['openai.request.service_tier']).toBe('flex');
    expect(seen.responseEvent?.attrs).toMatchObject({
      'openai.response.service_tier': 'flex',
      'openai.response.system_fingerprint': 'fp',
    });
    expect(seen.response.usage).toMatchObject({
      reasoning_tokens: 2,
      provider: { completion_tokens_details: details },
    });
  });

  it('leave the bytes of images in tool results out', () => {
    const image = `data:image/png;base64,${Buffer.alloc(90).toString('base64')}`;
    const messages = [
      { role: 'assistant', tool_calls: [{ id: 't', function: { name: 'look', arguments: '{}' } }] },
      {
        role: 'tool',
        tool_call_id: 't',
        content: [
          { type: 'text', text: 'see' },
          { type: 'image_url', image_url: { url: image } },
        ],
      },
    ];
    const seen = call({ host, path, body: { ...body, messages }, answer: { choices: [] } });
    expect(seen.results[0]?.result).toEqual([
      { type: 'text', content: 'see' },
      { type: 'blob', mime_type: 'image/png', modality: 'image', size: 90 },
    ]);
  });
});

describe('responses', () => {
  const asked = { model: 'gpt-x', input: 'hi' };
  const answer = (output: readonly object[], more: object = {}) => ({
    id: 'resp_1',
    object: 'response',
    model: 'gpt-x',
    status: 'completed',
    output,
    ...more,
  });

  it('have built-in tools as calls and results of the provider, and those of the agent apart', () => {
    const image = Buffer.alloc(60).toString('base64');
    const seen = call({
      host,
      path: '/v1/responses',
      body: asked,
      answer: answer([
        {
          type: 'reasoning',
          id: 'rs',
          summary: [{ type: 'summary_text', text: 'Hm' }],
          encrypted_content: Buffer.alloc(30).toString('base64'),
        },
        {
          type: 'web_search_call',
          id: 'ws',
          status: 'completed',
          action: { type: 'search', query: 'q', sources: [{ url: 'https://a' }] },
        },
        { type: 'file_search_call', id: 'fs', status: 'completed', queries: ['q'], results: null },
        {
          type: 'code_interpreter_call',
          id: 'ci',
          code: '1+1',
          container_id: 'k',
          outputs: [{ type: 'logs', logs: '2' }],
        },
        { type: 'image_generation_call', id: 'ig', status: 'completed', result: image, revised_prompt: 'cat' },
        { type: 'mcp_list_tools', id: 'ml', server_label: 's', tools: [{ name: 'ask' }] },
        {
          type: 'mcp_call',
          id: 'mc',
          server_label: 's',
          name: 'ask',
          arguments: '{"a":1}',
          output: null,
          error: 'down',
        },
        { type: 'local_shell_call', id: 'ls', call_id: 'c1', action: { command: ['ls'] } },
        { type: 'computer_call', id: 'cc', call_id: 'c2', action: { type: 'click' } },
        { type: 'apply_patch_call', id: 'ap', call_id: 'c3', operation: { type: 'delete_file' } },
        { type: 'custom_tool_call', id: 'ct', call_id: 'c4', name: 'say', input: 'words' },
        {
          type: 'message',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'Done.', annotations: [{}, {}] }],
        },
      ]),
    });
    const parts = seen.response.choices?.[0]?.message.parts ?? [];
    expect(parts.slice(0, 2)).toEqual([
      { type: 'reasoning', content: 'Hm' },
      { type: 'blob', modality: 'reasoning', size: 30 },
    ]);
    expect(
      parts.filter((part) => part.type === 'tool_call' && part.server).map((part) => 'name' in part && part.name),
    ).toEqual(['web_search', 'file_search', 'code_interpreter', 'image_generation', 'mcp_list_tools', 'ask']);
    expect(parts).toContainEqual({
      type: 'tool_call_response',
      id: 'ws',
      name: 'web_search',
      response: [{ url: 'https://a' }],
      server: true,
    });
    expect(parts).toContainEqual({
      type: 'tool_call_response',
      id: 'mc',
      name: 'ask',
      response: 'down',
      is_error: true,
      server: true,
    });
    expect(seen.response.tool_calls?.map((t) => [t.id, t.name])).toEqual([
      ['c1', 'local_shell'],
      ['c2', 'computer'],
      ['c3', 'apply_patch'],
      ['c4', 'say'],
    ]);
    expect(seen.calls).toHaveLength(4);
    expect(seen.text).toBe('Done.');
    expect(seen.responseEvent?.attrs?.['oisp.response.citations']).toBe(2);
    expect(JSON.stringify(seen.out)).not.toContain(image);
  });

  it('bring results without the bytes of a screenshot', () => {
    const shot = `data:image/png;base64,${Buffer.alloc(300).toString('base64')}`;
    const input = [
      { type: 'computer_call', call_id: 'c2', action: { type: 'screenshot' } },
      { type: 'computer_call_output', call_id: 'c2', output: { type: 'computer_screenshot', image_url: shot } },
    ];
    const seen = call({
      host,
      path: '/v1/responses',
      body: { ...asked, input, previous_response_id: 'resp_0', conversation: { id: 'conv' } },
      answer: answer([]),
    });
    expect(seen.request).toMatchObject({ previous_response_id: 'resp_0', conversation_id: 'conv' });
    expect(seen.results).toMatchObject([{ call_id: 'c2', result: [{ type: 'blob', modality: 'image', size: 300 }] }]);
  });

  it('are fetched later, and are then no call of their own', () => {
    const queued = call({
      host,
      path: '/v1/responses',
      body: { ...asked, background: true },
      answer: answer([], { status: 'queued' }),
    });
    expect(queued.requestEvent?.attrs?.['oisp.request.background']).toBe(true);
    const output = [{ type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'Late.' }] }];
    const fetched = call({
      host,
      path: '/v1/responses/resp_1',
      answer: answer(output, { usage: { input_tokens: 1, output_tokens: 2 } }),
    });
    expect([fetched.operation, fetched.request.request_type, fetched.text]).toEqual([
      'fetch_response',
      'other',
      'Late.',
    ]);
    const streamed = call({
      host,
      path: '/v1/responses/resp_1?stream=true',
      events: [{ type: 'response.output_text.delta', output_index: 0, delta: 'La' }],
    });
    expect([streamed.request.streaming, streamed.text]).toEqual([true, 'La']);
  });

  it('have a call of a stream that broke off only where its arguments are whole', () => {
    const added = {
      type: 'response.output_item.added',
      output_index: 0,
      item: { type: 'function_call', call_id: 'c', name: 'f', arguments: '' },
    };
    const delta = (words: string) => ({
      type: 'response.function_call_arguments.delta',
      output_index: 0,
      delta: words,
    });
    const events = (words: string) => ({
      host,
      path: '/v1/responses',
      body: { ...asked, stream: true },
      events: [added, delta(words)],
    });
    expect(call(events('{"a":1}')).response.tool_calls).toMatchObject([{ id: 'c', arguments: { a: 1 } }]);
    expect(call(events('{"a":')).response.tool_calls).toBeUndefined();
  });

  it.each([
    [{ type: 'error', code: 'rate_limit_exceeded', message: 'slow', param: null }, 'rate_limit_exceeded'],
    [{ type: 'error', error: { type: 'server_error', code: 'x', message: 'slow' } }, 'server_error'],
    [
      {
        type: 'response.failed',
        response: { id: 'r', status: 'failed', error: { code: 'server_error', message: 'slow' } },
      },
      'server_error',
    ],
  ])('fail within a stream: %j', (event, type) => {
    const seen = call({ host, path: '/v1/responses', body: { ...asked, stream: true }, events: [event] });
    expect(seen.response).toMatchObject({ success: false, error: { type, message: 'slow' } });
  });
});
