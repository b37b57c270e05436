import { describe, expect, it } from 'vitest';
import { call } from './call.ts';

const host = 'generativelanguage.googleapis.com';

describe('Gemini', () => {
  it('runs code of its own as parts of the message', () => {
    const parts = [
      { executableCode: { language: 'PYTHON', code: '1+1' } },
      { codeExecutionResult: { outcome: 'OUTCOME_FAILED', output: 'no' } },
      { functionCall: { name: 'f', args: {} } },
    ];
    const answer = { candidates: [{ content: { parts }, finishReason: 'STOP' }], responseId: 'r' };
    const body = {
      contents: [
        { role: 'user', parts: [{ text: 'hi' }] },
        { role: 'model', parts },
        { role: 'user', parts: [{ functionResponse: { name: 'f', response: {} } }] },
      ],
    };
    const seen = call({ host, path: '/v1beta/models/gemini-x:generateContent', body, answer });
    expect(seen.response.choices?.[0]?.message.parts).toEqual([
      { type: 'tool_call', name: 'code_execution', arguments: { language: 'PYTHON', code: '1+1' }, server: true },
      { type: 'tool_call_response', name: 'code_execution', response: 'no', is_error: true, server: true },
      { type: 'tool_call', name: 'f', arguments: {} },
    ]);
    expect(seen.calls).toMatchObject([{ tool: { name: 'f' }, index: 0 }]);
    expect(seen.results).toMatchObject([{ tool: { name: 'f' }, index: 0 }]);
  });

  it('is told from other providers behind a gateway by its shape', () => {
    const body = { contents: [{ parts: [{ text: 'hi' }] }] };
    const path = '/google-vertex/v1beta1/publishers/google/models/gemini-x:generateContent';
    const seen = call({ host: 'gateway.example.com', path, body, answer: { candidates: [] } });
    expect(seen.request.provider.name).toBe('google');
    expect(seen.requestEvent?.attrs?.['gen_ai.provider.name']).toBe('gcp.vertex_ai');
    expect(seen.requestEvent?.confidence.level).toBe('medium');
  });

  it.each([
    ['POST', `/v1beta/models/gemini-x:countTokens`, 'count_tokens', 'other'],
    ['POST', `/v1beta/models/imagen-4:predict`, 'image_generation', 'image'],
    ['POST', `/v1beta/models/veo-3:predictLongRunning`, 'video_generation', 'other'],
    ['POST', `/v1beta/models/gemini-x:batchGenerateContent`, 'batches', 'other'],
    ['POST', '/v1beta/cachedContents', 'caches', 'other'],
    ['POST', '/upload/v1beta/files', 'files', 'other'],
    ['GET', '/v1beta/models', 'models', 'other'],
    ['GET', '/v1beta/models/gemini-x', 'models', 'other'],
    ['GET', '/v1beta/operations/op_1', 'operations', 'other'],
  ])('%s %s is %s', (method, path, operation, requestType) => {
    const seen = call({
      host,
      method,
      path,
      ...(method === 'POST' && { body: { instances: [{ prompt: 'cat' }] } }),
      answer: { totalTokens: 3 },
    });
    expect([seen.operation, seen.request.request_type]).toEqual([operation, requestType]);
  });

  it('embeds through predict on Vertex AI', () => {
    const seen = call({
      host: 'us-central1-aiplatform.googleapis.com',
      path: '/v1/projects/p/locations/l/publishers/google/models/gemini-embedding-001:predict',
      body: { instances: [{ content: 'one' }] },
      answer: { predictions: [{ embeddings: { statistics: { token_count: 4 }, values: [] } }] },
    });
    expect(seen.request).toMatchObject({
      request_type: 'other',
      model: { id: 'gemini-embedding-001' },
      messages: [{ content: 'one' }],
    });
    expect(seen.response.usage?.prompt_tokens).toBe(4);
  });
});

describe('Gemini Interactions', () => {
  const path = '/v1beta/interactions';
  const usage = {
    total_input_tokens: 9,
    total_output_tokens: 3,
    total_thought_tokens: 4,
    total_cached_tokens: 2,
    total_tokens: 16,
  };
  const body = {
    model: 'gemini-x',
    previous_interaction_id: 'v0',
    system_instruction: 'Be brief.',
    input: [{ type: 'function_result', call_id: 'c0', name: 'look', result: { ok: true } }],
    tools: [{ type: 'function', name: 'look', parameters: {} }, { type: 'google_search' }],
    generation_config: { temperature: 0.1, max_output_tokens: 5 },
  };
  const parts = [
    { type: 'reasoning', content: 'Hm.' },
    { type: 'tool_call', id: 'g', name: 'google_search', arguments: { queries: ['q'] }, server: true },
    { type: 'text', content: 'It is so.' },
    { type: 'tool_call', id: 'c1', name: 'look', arguments: { at: 'it' } },
  ];

  it('reads steps', () => {
    const steps = [
      { type: 'thought', summary: [{ type: 'text', text: 'Hm.' }] },
      { type: 'google_search_call', id: 'g', arguments: { queries: ['q'] } },
      { type: 'model_output', content: [{ type: 'text', text: 'It is so.' }] },
      { type: 'function_call', id: 'c1', name: 'look', arguments: { at: 'it' } },
    ];
    const seen = call({
      host,
      path,
      body,
      answer: { id: 'v1', model: 'gemini-x', status: 'requires_action', steps, usage },
    });
    expect(seen.request).toMatchObject({
      previous_response_id: 'v0',
      parameters: { temperature: 0.1, max_tokens: 5 },
      tools: [{ name: 'look' }, { name: 'google_search' }],
    });
    expect(seen.results).toMatchObject([{ call_id: 'c0', result: { ok: true } }]);
    expect(seen.response).toMatchObject({
      provider_request_id: 'v1',
      finish_reason: 'tool_calls',
      usage: { prompt_tokens: 9, completion_tokens: 3, reasoning_tokens: 4, cached_tokens: 2 },
    });
    expect(seen.response.choices?.[0]?.message.parts).toEqual(parts);
  });

  it('streams steps', () => {
    const events = [
      { event_type: 'interaction.created', interaction: { id: 'v1', status: 'in_progress', model: 'gemini-x' } },
      { event_type: 'step.start', index: 0, step: { type: 'thought' } },
      {
        event_type: 'step.delta',
        index: 0,
        delta: { type: 'thought_summary', content: { type: 'text', text: 'Hm.' } },
      },
      { event_type: 'step.stop', index: 0 },
      {
        event_type: 'step.start',
        index: 1,
        step: { type: 'google_search_call', id: 'g', arguments: { queries: ['q'] } },
      },
      { event_type: 'step.stop', index: 1 },
      { event_type: 'step.start', index: 2, step: { type: 'model_output', content: [{ type: 'text', text: 'It ' }] } },
      { event_type: 'step.delta', index: 2, delta: { type: 'text', text: 'is so.' } },
      { event_type: 'step.stop', index: 2 },
      { event_type: 'step.start', index: 3, step: { type: 'function_call', id: 'c1', name: 'look', arguments: {} } },
      { event_type: 'step.delta', index: 3, delta: { type: 'arguments_delta', arguments: '{"at":' } },
      { event_type: 'step.delta', index: 3, delta: { type: 'arguments_delta', arguments: '"it"}' } },
      { event_type: 'step.stop', index: 3 },
      { event_type: 'interaction.completed', interaction: { id: 'v1', status: 'completed', usage } },
      '[DONE]',
    ];
    const seen = call({ host, path, body: { ...body, stream: true }, events });
    expect(seen.response.choices?.[0]?.message.parts).toEqual(parts);
    expect(seen.response).toMatchObject({ model: { id: 'gemini-x' }, usage: { total_tokens: 16 } });
    expect(seen.calls).toMatchObject([{ call_id: 'c1', arguments: { at: 'it' } }]);
  });

  it('reads the outputs and content events of older clients', () => {
    const outputs = [{ type: 'text', text: 'Hi' }];
    const whole = call({ host, path, body, answer: { id: 'v1', status: 'completed', outputs } });
    const streamed = call({
      host,
      path,
      body: { ...body, stream: true },
      events: [
        { event_type: 'interaction.start', interaction: { id: 'v1' } },
        { event_type: 'content.start', index: 0, content: { type: 'text' } },
        { event_type: 'content.delta', index: 0, delta: { type: 'text', text: 'Hi' } },
        { event_type: 'interaction.complete', interaction: { status: 'completed' } },
      ],
    });
    for (const seen of [whole, streamed]) expect([seen.text, seen.response.finish_reason]).toEqual(['Hi', 'stop']);
  });
});
