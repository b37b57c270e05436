import { describe, expect, it } from 'vitest';
import { call } from './call.ts';

const host = 'localhost:11434';
const CHAT = {
  model: 'qwen3',
  messages: [
    { role: 'user', content: 'Weather in Rome?', images: ['aGVsbG8='] },
    {
      role: 'assistant',
      content: '',
      tool_calls: [{ function: { name: 'weather', arguments: { city: 'Rome' } } }],
    },
    { role: 'tool', tool_name: 'weather', content: '20 degrees' },
  ],
  tools: [{ type: 'function', function: { name: 'weather', description: 'Says it.', parameters: { type: 'object' } } }],
  options: { temperature: 0.2, num_predict: 50 },
};

describe('Ollama chat', () => {
  it('streams lines unless it is told not to', () => {
    for (const size of [undefined, 1]) {
      const seen = call({
        host,
        path: '/api/chat',
        body: CHAT,
        ...(size !== undefined && { size }),
        lines: [
          { model: 'qwen3', message: { role: 'assistant', content: '', thinking: 'Let me ' }, done: false },
          { model: 'qwen3', message: { role: 'assistant', content: '', thinking: 'see.' }, done: false },
          { model: 'qwen3', message: { role: 'assistant', content: 'It is ' }, done: false },
          { model: 'qwen3', message: { role: 'assistant', content: '20.' }, done: false },
          {
            model: 'qwen3',
            message: { role: 'assistant', content: '', tool_calls: [{ function: { name: 'f', arguments: { a: 1 } } }] },
            done: false,
          },
          {
            model: 'qwen3',
            done: true,
            done_reason: 'stop',
            prompt_eval_count: 26,
            prompt_eval_cached_count: 4,
            eval_count: 9,
          },
        ],
      });
      expect(seen.request).toMatchObject({
        provider: { name: 'ollama' },
        model: { id: 'qwen3' },
        streaming: true,
        has_images: true,
        parameters: { temperature: 0.2, max_tokens: 50 },
        tools: [{ name: 'weather', type: 'function' }],
      });
      expect(seen.text).toBe('It is 20.');
      expect(seen.response).toMatchObject({
        model: { id: 'qwen3' },
        streaming: true,
        finish_reason: 'stop',
        usage: { prompt_tokens: 26, completion_tokens: 9, total_tokens: 35, cached_tokens: 4 },
        tool_calls: [{ name: 'f', arguments: { a: 1 } }],
      });
      expect(seen.response.choices?.[0]?.message.parts?.[0]).toEqual({ type: 'reasoning', content: 'Let me see.' });
      expect(seen.calls).toMatchObject([{ tool: { name: 'f' }, arguments: { a: 1 } }]);
      expect(seen.results).toMatchObject([{ tool: { name: 'weather' }, result: '20 degrees', index: 0 }]);
    }
  });

  it('answers whole where stream is false, also on a port that nobody knows', () => {
    const answer = {
      model: 'qwen3',
      message: { role: 'assistant', content: 'Hi' },
      done: true,
      done_reason: 'length',
      eval_count: 1,
    };
    const seen = call({ host: 'gpu.example.com:8080', path: '/api/chat', body: { ...CHAT, stream: false }, answer });
    expect(seen.requestEvent?.confidence.level).toBe('medium');
    expect(seen.response).toMatchObject({ streaming: false, finish_reason: 'length', usage: { completion_tokens: 1 } });
    expect(seen.text).toBe('Hi');
  });

  it('is no model call where a web page posts its own form of messages', () => {
    const seen = call({
      host: 'shop.example.com',
      path: '/api/chat',
      body: { messages: [{ text: 'hi' }] },
      answer: {},
    });
    expect([seen.out, seen.ignored]).toEqual([[], 1]);
  });

  it('fails with a text', () => {
    const seen = call({
      host,
      path: '/api/chat',
      body: CHAT,
      status: 404,
      answer: { error: "model 'qwen3' not found" },
    });
    expect(seen.response).toMatchObject({
      success: false,
      error: { type: '404', message: "model 'qwen3' not found" },
    });
  });

  it('fails within a stream', () => {
    const lines = [{ model: 'qwen3', message: { content: 'It' }, done: false }, { error: 'out of memory' }];
    const seen = call({ host, path: '/api/chat', body: CHAT, lines });
    expect(seen.response).toMatchObject({ success: false, error: { message: 'out of memory' } });
    expect(seen.text).toBe('It');
  });
});

describe('Ollama generate and embed', () => {
  it('reads a prompt and its streamed answer', () => {
    const seen = call({
      host,
      path: '/api/generate',
      body: { model: 'llama3', system: 'Be brief.', prompt: 'Why?' },
      lines: [
        { model: 'llama3', response: 'Be', done: false },
        { model: 'llama3', response: 'cause.', done: true, done_reason: 'stop', prompt_eval_count: 5, eval_count: 2 },
      ],
    });
    expect(seen.request).toMatchObject({ request_type: 'completion', streaming: true, has_system_prompt: true });
    expect(seen.operation).toBe('text_completion');
    expect(seen.text).toBe('Because.');
  });

  it.each(['/api/embed', '/api/embeddings'])('reads %s', (path) => {
    const seen = call({
      host,
      path,
      body: { model: 'nomic', [path === '/api/embed' ? 'input' : 'prompt']: 'one' },
      answer: { model: 'nomic', embeddings: [[0.1]], prompt_eval_count: 3 },
    });
    expect(seen.request).toMatchObject({ request_type: 'embedding', streaming: false, messages_count: 1 });
    expect(seen.response.usage).toMatchObject({ prompt_tokens: 3 });
  });

  it.each([
    ['GET', '/api/tags'],
    ['POST', '/api/show'],
  ])('calls %s %s by another name', (method, path) => {
    const seen = call({
      host,
      path,
      method,
      ...(method === 'POST' && { body: { model: 'x' } }),
      answer: { models: [] },
    });
    expect([seen.operation, seen.request.request_type, seen.response.success]).toEqual(['models', 'other', true]);
  });
});
