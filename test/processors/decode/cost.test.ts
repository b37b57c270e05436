import { describe, expect, test } from 'vitest';
import { type AiResponseData, ProviderRegistry } from '../../../core/index.ts';
import type { DecoderOptions } from '../../../processors/decode/decoder.ts';
import { decode, Recorder, request, response, sse } from './capture.ts';

const registry = new ProviderRegistry(
  {
    openai: {
      oisp: 'openai',
      hosts: ['api.openai.com'],
      source: 'list',
      date: '2026-11-01',
      models: {
        'gpt-x': { prices: [{ input: 1 }, { since: '2026-11-20', input: 2, output: 10, cache_read: 0.5 }] },
        'embed-x': { prices: [{ input: 0.1 }] },
      },
    },
    anthropic: {
      oisp: 'anthropic',
      hosts: ['api.anthropic.com'],
      models: {
        'claude-x': { prices: [{ input: 3, output: 15, cache_read: 0.3, cache_write: 3.75, cache_write_1h: 6 }] },
      },
    },
    google: {
      oisp: 'google',
      hosts: ['generativelanguage.googleapis.com'],
      models: { 'gemini-x': { prices: [{ input: 1, output: 10 }] } },
    },
    openrouter: { hosts: ['openrouter.ai'], prices_of: ['openai'] },
    xai: { hosts: ['api.x.ai'] },
    perplexity: { hosts: ['api.perplexity.ai'] },
    vllm: { oisp: 'vllm', weak_ports: [8000] },
  },
  { 'gateway.corp.local': 'openai' },
);

const CHAT = { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] };
const answer = (usage: object, model = 'gpt-x', more: object = {}) => ({
  id: 'chatcmpl-1',
  object: 'chat.completion',
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: 'Ho' }, finish_reason: 'stop' }],
  usage,
  ...more,
});
const USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 100,
  total_tokens: 1100,
  prompt_tokens_details: { cached_tokens: 600 },
};

function call(
  host: string,
  path: string,
  sent: unknown,
  received: Buffer | string,
  over: Partial<DecoderOptions> = {},
) {
  const { events } = new Recorder()
    .open('c', { sni: host })
    .data('c', 'sent', request(host, path, sent))
    .data('c', 'received', received)
    .close('c');
  const { of, count, out } = decode(events, { registry, ...over });
  const [event] = of('ai.response');
  const usage = (event?.data as AiResponseData | undefined)?.usage;
  const cost = { input: usage?.input_cost_usd, output: usage?.output_cost_usd, total: usage?.total_cost_usd };
  return { cost, source: event?.attrs?.['oisp.cost.source'], count, out };
}

const chat = (host: string, received: object, over: Partial<DecoderOptions> = {}) =>
  call(host, '/v1/chat/completions', CHAT, response(received), over);

describe('an answer carries what it cost', () => {
  test('by the price of that day, with what was cached at its rate', () => {
    const { cost, source } = chat('api.openai.com', answer(USAGE));
    expect(cost).toEqual({ input: 0.0011, output: 0.001, total: 0.0021 });
    expect(source).toBe('list (2026-11-01)');
  });

  test('by the model that answered, whose id may carry a date', () => {
    expect(chat('api.openai.com', answer(USAGE, 'gpt-x-2026-08-01')).cost.total).toBe(0.0021);
  });

  test('by the model that was asked for, where the one that answered is not known', () => {
    expect(chat('api.openai.com', answer(USAGE, 'no-such-model')).cost.total).toBe(0.0021);
  });

  test('behind a host of the settings', () => {
    expect(chat('gateway.corp.local', answer(USAGE)).cost.total).toBe(0.0021);
  });

  test('by the price of the vendor, behind a gateway', () => {
    expect(chat('openrouter.ai', answer(USAGE, 'openai/gpt-x')).cost.total).toBe(0.0021);
  });

  test.each([
    ['openrouter.ai', { ...USAGE, cost: 0.5 }, { input: undefined, output: undefined, total: 0.5 }],
    ['api.openai.com', { ...USAGE, cost: 0 }, { input: undefined, output: undefined, total: 0 }],
    ['api.x.ai', { ...USAGE, cost_in_usd_ticks: 25_000_000 }, { input: undefined, output: undefined, total: 0.0025 }],
    [
      'api.perplexity.ai',
      { ...USAGE, cost: { input_tokens_cost: 0.1, output_tokens_cost: 0.2, request_cost: 0.3, total_cost: 0.6 } },
      { input: 0.1, output: 0.2, total: 0.6 },
    ],
  ])('as %s itself reports it', (host, usage, want) => {
    const { cost, source } = chat(host, answer(usage));
    expect(cost).toEqual(want);
    expect(source).toBe('provider');
  });

  test('of Anthropic, whose cache writes for an hour cost more, streamed', () => {
    const usage = {
      input_tokens: 100,
      cache_read_input_tokens: 1000,
      cache_creation_input_tokens: 500,
      cache_creation: { ephemeral_5m_input_tokens: 200, ephemeral_1h_input_tokens: 300 },
      output_tokens: 1,
    };
    const { cost } = call(
      'api.anthropic.com',
      '/v1/messages',
      { model: 'claude-x', max_tokens: 10, stream: true, messages: [{ role: 'user', content: 'Hi' }] },
      sse([
        {
          type: 'message_start',
          message: { id: 'm', type: 'message', role: 'assistant', model: 'claude-x', content: [], usage },
        },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Ho' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 100 } },
        { type: 'message_stop' },
      ]),
    );
    // 100 * 3 + 1000 * 0.3 + 200 * 3.75 + 300 * 6 and 100 * 15 per million
    expect(cost).toEqual({ input: 0.00315, output: 0.0015, total: 0.00465 });
  });

  test('of Gemini, whose thoughts stand beside the answer', () => {
    const { cost } = call(
      'generativelanguage.googleapis.com',
      '/v1beta/models/gemini-x:generateContent',
      { contents: [{ role: 'user', parts: [{ text: 'Hi' }] }] },
      response({
        candidates: [{ content: { role: 'model', parts: [{ text: 'Ho' }] }, finishReason: 'STOP' }],
        usageMetadata: {
          promptTokenCount: 100,
          candidatesTokenCount: 10,
          thoughtsTokenCount: 90,
          totalTokenCount: 200,
        },
        modelVersion: 'gemini-x',
      }),
    );
    expect(cost).toEqual({ input: 0.0001, output: 0.001, total: 0.0011 });
  });

  test('of embeddings', () => {
    const { cost } = call(
      'api.openai.com',
      '/v1/embeddings',
      { model: 'embed-x', input: 'Hi' },
      response({
        object: 'list',
        data: [{ object: 'embedding', index: 0, embedding: [0.1] }],
        model: 'embed-x',
        usage: { prompt_tokens: 1000, total_tokens: 1000 },
      }),
    );
    expect(cost.total).toBe(0.0001);
  });
});

describe('an answer carries no cost', () => {
  test.each([
    ['of a model without a price', 'api.x.ai', answer(USAGE), 1],
    ['without usage', 'api.openai.com', { ...answer(USAGE), usage: undefined }, 0],
    [
      'where an error came instead',
      'api.openai.com',
      { error: { type: 'server_error', message: 'no' }, usage: USAGE },
      0,
    ],
    ['of sounds', 'api.openai.com', answer({ ...USAGE, completion_tokens_details: { audio_tokens: 50 } }), 1],
    ['at the rates of another service tier', 'api.openai.com', answer({ ...USAGE, service_tier: 'batch' }), 1],
    [
      'with numbers that are none',
      'api.openai.com',
      answer({ prompt_tokens: 'x', completion_tokens: -1, cost: -5 }),
      1,
    ],
    ['of a host that nobody knows', 'ai.example.com', answer(USAGE), 0],
  ])('%s', (_what, host, received, unpriced) => {
    const { cost, source, count } = chat(host, received);
    expect(cost.total).toBeUndefined();
    expect(source).toBeUndefined();
    expect(count('unpriced_answers')).toBe(unpriced);
  });

  test('when nobody wants it', () => {
    const { cost, count } = chat('api.openai.com', answer({ ...USAGE, cost: 1 }), { cost: false });
    expect(cost.total).toBeUndefined();
    expect(count('unpriced_answers')).toBe(0);
  });

  test('when the stream broke off before its last usage', () => {
    const head = sse([
      {
        type: 'message_start',
        message: {
          id: 'm',
          type: 'message',
          role: 'assistant',
          model: 'claude-x',
          content: [],
          usage: { input_tokens: 10, output_tokens: 1 },
        },
      },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
    ]);
    const sent = { model: 'claude-x', max_tokens: 10, stream: true, messages: [{ role: 'user', content: 'Hi' }] };
    expect(call('api.anthropic.com', '/v1/messages', sent, head.subarray(0, -5)).cost.total).toBeUndefined();
  });
});

test('a port that hints at a server names it where the body has the shape of a call', () => {
  const { events } = new Recorder()
    .open('c', { protocol: 'plain', remote: { ip: '127.0.0.1', port: 8000 } })
    .data('c', 'sent', request('localhost:8000', '/v1/chat/completions', CHAT))
    .data('c', 'received', response(answer(USAGE)))
    .data('c', 'sent', request('localhost:8000', '/v1/chat/completions', { query: 'no call' }))
    .data('c', 'received', response({}))
    .close('c');
  const { of } = decode(events, { registry });
  const [event, ...more] = of('ai.request');
  expect(more).toEqual([]);
  expect(event?.data).toMatchObject({ provider: { name: 'vllm' } });
  expect(event?.attrs).toMatchObject({ 'gen_ai.provider.name': 'vllm', 'oisp.provider.name': 'vllm' });
  expect(event?.confidence).toMatchObject({ level: 'medium', ai_detection_method: 'payload_inspection' });
  expect(event?.confidence.reasons).toContain('port of vllm');
});
