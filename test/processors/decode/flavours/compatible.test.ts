import { describe, expect, it } from 'vitest';
import { sseText } from '../capture.ts';
import { call } from './call.ts';

const body = { model: 'm', stream: true, messages: [{ role: 'user', content: 'hi' }] };
const path = '/v1/chat/completions';
const delta = (of: object, more: object = {}) => ({ id: 'x', model: 'm', choices: [{ index: 0, delta: of, ...more }] });
const raw = (text: string) => `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n${text}`;

describe('chat completions of others', () => {
  it('Groq counts in x_groq and names its errors there', () => {
    const used = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 };
    const good = call({
      host: 'api.groq.com',
      path: `/openai${path}`,
      body,
      events: [delta({ content: 'a' }), { ...delta({}, { finish_reason: 'stop' }), x_groq: { id: 'r', usage: used } }],
    });
    expect(good.response.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 4 });
    const bad = call({
      host: 'api.groq.com',
      path: `/openai${path}`,
      body,
      events: [delta({ content: 'a' }), { ...delta({}), x_groq: { error: 'over_capacity' } }],
    });
    expect(bad.response).toMatchObject({ success: false, error: { type: 'over_capacity' } });
  });

  it.each([
    ['DeepSeek and vLLM', 'api.deepseek.com', { reasoning_content: 'Hm' }],
    [
      'Groq and OpenRouter',
      'openrouter.ai',
      { reasoning: 'Hm', reasoning_details: [{ type: 'reasoning.text', text: 'Hm' }] },
    ],
    [
      'OpenRouter with details alone',
      'openrouter.ai',
      { reasoning_details: [{ type: 'reasoning.summary', summary: 'Hm' }] },
    ],
    ['Mistral', 'api.mistral.ai', { content: [{ type: 'thinking', thinking: [{ type: 'text', text: 'Hm' }] }] }],
  ])('thoughts are told by %s', (_name, host, thought) => {
    const events = [delta(thought), delta({ content: 'So.' }), delta({}, { finish_reason: 'stop' })];
    const seen = call({ host, path, body, events });
    expect(seen.response.choices?.[0]?.message.parts).toEqual([
      { type: 'reasoning', content: 'Hm' },
      { type: 'text', content: 'So.' },
    ]);
  });

  it('DeepSeek counts hits of its cache', () => {
    const usage = { prompt_tokens: 9, completion_tokens: 1, prompt_cache_hit_tokens: 8, prompt_cache_miss_tokens: 1 };
    const seen = call({
      host: 'api.deepseek.com',
      path: '/chat/completions',
      body: { ...body, stream: false },
      answer: { choices: [], usage },
    });
    expect(seen.response.usage).toMatchObject({ prompt_tokens: 9, cached_tokens: 8 });
  });

  it('OpenRouter sends comments while it waits, and says who answered and what it costs', () => {
    const last = {
      ...delta({}, { finish_reason: 'stop' }),
      provider: 'DeepInfra',
      usage: { prompt_tokens: 1, completion_tokens: 1, cost: 0.5 },
    };
    const text = `: OPENROUTER PROCESSING\n\n${sseText(delta({ content: 'a' }))}: OPENROUTER PROCESSING\n\n${sseText(last)}data: [DONE]\n\n`;
    const seen = call({ host: 'openrouter.ai', path: `/api${path}`, body, raw: raw(text) });
    expect([seen.text, seen.response.success]).toEqual(['a', true]);
    expect(seen.responseEvent?.attrs?.['oisp.upstream.provider']).toBe('DeepInfra');
    expect(seen.response.usage?.provider).toMatchObject({ cost: 0.5 });
  });

  it('OpenRouter fails within a stream', () => {
    const events = [
      delta({ content: 'a' }),
      { ...delta({ content: '' }, { finish_reason: 'error' }), error: { code: 502, message: 'gone' } },
    ];
    const seen = call({ host: 'openrouter.ai', path: `/api${path}`, body, events });
    expect(seen.response).toMatchObject({
      success: false,
      error: { type: '502', message: 'gone' },
      finish_reason: 'error',
    });
  });

  it('Perplexity counts its sources', () => {
    const seen = call({
      host: 'api.perplexity.ai',
      path: '/chat/completions',
      body,
      events: [{ ...delta({ content: 'a' }), citations: ['https://a'], search_results: [{ url: 'a' }, { url: 'b' }] }],
    });
    expect(seen.responseEvent?.attrs?.['oisp.response.citations']).toBe(2);
  });

  it('Azure names the deployment in its path and begins with a chunk without choices', () => {
    const filter = { prompt_filter_results: [{ prompt_index: 0, content_filter_results: {} }] };
    const seen = call({
      host: 'mine.openai.azure.com',
      path: '/openai/deployments/gpt-prod/chat/completions?api-version=2024-10-21',
      body: { stream: true, messages: body.messages },
      headers: { 'api-key': 'k'.repeat(32) },
      events: [
        { id: '', model: '', choices: [], ...filter },
        delta({ content: 'a' }, { content_filter_results: {} }),
        delta({}, { finish_reason: 'content_filter' }),
      ],
    });
    expect(seen.request).toMatchObject({ provider: { name: 'azure_openai' }, model: { id: 'gpt-prod' } });
    expect(seen.response).toMatchObject({
      provider_request_id: 'x',
      model: { id: 'm' },
      finish_reason: 'content_filter',
    });
  });

  it.each([
    ['mine.services.ai.azure.com', '/models/chat/completions'],
    ['mine.openai.azure.com', '/openai/v1/chat/completions'],
    ['generativelanguage.googleapis.com', '/v1beta/openai/chat/completions'],
    ['us-east1-aiplatform.googleapis.com', '/v1/projects/p/locations/l/endpoints/openapi/chat/completions'],
    ['models.github.ai', '/inference/chat/completions'],
    ['api.githubcopilot.com', '/chat/completions'],
    ['api.fireworks.ai', '/inference/v1/chat/completions'],
    ['router.huggingface.co', '/fireworks-ai/v1/chat/completions'],
    ['localhost:1234', '/api/v0/chat/completions'],
    ['api.writer.com', '/v1/chat'],
    ['api.mistral.ai', '/v1/agents/completions'],
    ['us-south.ml.cloud.ibm.com', '/ml/v1/text/chat_stream?version=2025'],
    ['vllm.example.com', '/v1/chat/completions'],
  ])('%s%s is a chat', (host, where) => {
    const seen = call({
      host,
      path: where,
      body,
      events: [delta({ content: 'a' }), delta({}, { finish_reason: 'stop' })],
    });
    expect([seen.operation, seen.text, seen.response.finish_reason]).toEqual(['chat', 'a', 'stop']);
  });
});

describe('Mistral', () => {
  const host = 'api.mistral.ai';
  it('completes code', () => {
    const seen = call({
      host,
      path: '/v1/fim/completions',
      body: { model: 'codestral', prompt: 'def f(', suffix: 'return 1' },
      answer: {
        id: 'f',
        model: 'codestral',
        choices: [{ index: 0, message: { content: '):' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 4, completion_tokens: 1 },
      },
    });
    expect([seen.operation, seen.text, seen.request.messages?.[0]?.content]).toEqual([
      'text_completion',
      '):',
      'def f(\nreturn 1',
    ]);
  });

  it('keeps conversations', () => {
    const outputs = [
      { type: 'tool.execution', id: 't', name: 'web_search', arguments: '{"q":1}', info: { n: 1 } },
      {
        type: 'message.output',
        id: 'o',
        model: 'mistral-x',
        role: 'assistant',
        content: [{ type: 'text', text: 'So.' }],
      },
      { type: 'function.call', id: 'e', tool_call_id: 'c', name: 'f', arguments: '{"a":1}' },
    ];
    const whole = call({
      host,
      path: '/v1/conversations/conv_1',
      body: { inputs: [{ type: 'function.result', tool_call_id: 'z', result: 'ok' }] },
      answer: { conversation_id: 'conv_1', outputs, usage: { prompt_tokens: 2, completion_tokens: 3 } },
    });
    const streamed = call({
      host,
      path: '/v1/conversations',
      body: { agent_id: 'ag', stream: true, inputs: 'hi' },
      events: [
        { type: 'conversation.response.started', conversation_id: 'conv_1' },
        { type: 'tool.execution.started', output_index: 0, id: 't', name: 'web_search', arguments: '{"q":1}' },
        { type: 'tool.execution.done', output_index: 0, id: 't', name: 'web_search', info: { n: 1 } },
        { type: 'message.output.delta', output_index: 1, id: 'o', model: 'mistral-x', content: 'S' },
        { type: 'message.output.delta', output_index: 1, id: 'o', content: { type: 'text', text: 'o.' } },
        { type: 'function.call.delta', output_index: 2, id: 'e', tool_call_id: 'c', name: 'f', arguments: '{"a"' },
        { type: 'function.call.delta', output_index: 2, id: 'e', tool_call_id: 'c', name: 'f', arguments: ':1}' },
        { type: 'conversation.response.done', usage: { prompt_tokens: 2, completion_tokens: 3 } },
      ],
    });
    expect(whole.results).toMatchObject([{ call_id: 'z', result: 'ok' }]);
    expect(streamed.requestEvent?.attrs?.['gen_ai.agent.id']).toBe('ag');
    for (const seen of [whole, streamed]) {
      expect(seen.text).toBe('So.');
      expect(seen.response).toMatchObject({
        conversation_id: 'conv_1',
        model: { id: 'mistral-x' },
        usage: { prompt_tokens: 2 },
        tool_calls: [{ id: 'c', arguments: { a: 1 } }],
      });
      expect(seen.response.choices?.[0]?.message.parts?.[0]).toMatchObject({
        type: 'tool_call',
        name: 'web_search',
        server: true,
      });
      expect(seen.calls).toHaveLength(1);
    }
  });
});

describe('watsonx', () => {
  it('adds up its pieces', () => {
    const result = (
      generated_text: string,
      generated_token_count: number,
      stop_reason: string,
      input_token_count = 0,
    ) => ({ model_id: 'flan', results: [{ generated_text, generated_token_count, input_token_count, stop_reason }] });
    const seen = call({
      host: 'us-south.ml.cloud.ibm.com',
      path: '/ml/v1/text/generation_stream?version=2024',
      body: { model_id: 'flan', input: 'hi', parameters: { max_new_tokens: 9 } },
      events: [result('', 0, 'not_finished', 8), result('a', 1, 'not_finished'), result('b', 2, 'max_tokens')],
    });
    expect([seen.text, seen.response.finish_reason, seen.request.parameters?.max_tokens]).toEqual(['ab', 'length', 9]);
    expect(seen.response.usage).toMatchObject({ prompt_tokens: 8, completion_tokens: 2 });
  });
});
