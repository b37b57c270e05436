import { describe, expect, it } from 'vitest';
import { call } from './call.ts';

describe('Hugging Face', () => {
  const host = 'router.huggingface.co';
  const inputs = { inputs: 'Say hi', parameters: { max_new_tokens: 5, temperature: 0.5 } };

  it('reads generated text and what it counts', () => {
    const details = { finish_reason: 'eos_token', generated_tokens: 2, input_length: 3 };
    const seen = call({
      host,
      path: '/hf-inference/models/org/name',
      body: inputs,
      answer: [{ generated_text: 'hi', details }],
    });
    expect(seen.request).toMatchObject({
      provider: { name: 'huggingface' },
      model: { id: 'org/name' },
      parameters: { max_tokens: 5 },
    });
    expect([seen.text, seen.response.finish_reason, seen.response.usage?.completion_tokens]).toEqual(['hi', 'stop', 2]);
  });

  it('streams tokens, special ones left out', () => {
    const token = (text: string, special = false) => ({
      index: 1,
      token: { id: 1, text, special },
      generated_text: null,
      details: null,
    });
    const seen = call({
      host: 'tgi.example.com:8080',
      path: '/generate_stream',
      body: inputs,
      events: [
        token('h'),
        token('i'),
        { ...token('</s>', true), details: { finish_reason: 'length', generated_tokens: 3 } },
      ],
    });
    expect(seen.request).toMatchObject({ streaming: true, request_type: 'completion' });
    expect([seen.text, seen.response.finish_reason, seen.response.usage?.completion_tokens]).toEqual([
      'hi',
      'length',
      3,
    ]);
  });

  it('embeds, classifies images and makes them by their pipeline', () => {
    const of = (task: string) =>
      call({ host, path: `/hf-inference/models/o/n/pipeline/${task}`, body: inputs, answer: [[0.1]] });
    const embedded = of('feature-extraction');
    expect([embedded.operation, embedded.request.request_type, embedded.request.messages?.[0]?.content]).toEqual([
      'embeddings',
      'embedding',
      'Say hi',
    ]);
    expect(of('text-to-image').request.request_type).toBe('image');
    expect(of('text-classification').operation).toBe('text_classification');
  });

  it('fails with a text and its kind', () => {
    const seen = call({
      host,
      path: '/models/o/n',
      body: inputs,
      status: 422,
      answer: { error: 'too long', error_type: 'validation' },
    });
    expect(seen.response.error).toEqual({ type: 'validation', message: 'too long' });
  });
});

describe('Replicate', () => {
  const host = 'api.replicate.com';
  const prediction = {
    id: 'p1',
    model: 'meta/llama',
    status: 'succeeded',
    output: ['It', ' is', ' so.'],
    metrics: { input_token_count: 5, output_token_count: 3, predict_time: 0.5 },
  };

  it('waits for a prediction, or looks at it later', () => {
    const body = { input: { prompt: 'Why?', system_prompt: 'Be brief.', max_new_tokens: 7 } };
    const made = call({
      host,
      path: '/v1/models/meta/llama/predictions',
      body,
      headers: { Prefer: 'wait' },
      status: 201,
      answer: prediction,
    });
    expect(made.request).toMatchObject({
      provider: { name: 'replicate' },
      model: { id: 'meta/llama' },
      request_type: 'other',
      messages_count: 2,
      parameters: { max_tokens: 7 },
    });
    const fetched = call({ host, path: '/v1/predictions/p1', answer: prediction });
    expect([made.operation, fetched.operation]).toEqual(['prediction', 'fetch_response']);
    for (const seen of [made, fetched]) {
      expect([seen.text, seen.response.finish_reason, seen.response.provider_request_id]).toEqual([
        'It is so.',
        'stop',
        'p1',
      ]);
      expect(seen.response.usage).toMatchObject({ prompt_tokens: 5, completion_tokens: 3 });
    }
  });

  it('has files by their address, and nothing before it is over', () => {
    const files = call({ host, path: '/v1/predictions/p1', answer: { ...prediction, output: ['https://x/a.png'] } });
    expect(files.response.choices?.[0]?.message.parts).toEqual([
      { type: 'uri', modality: 'image', uri: 'https://x/a.png' },
    ]);
    const begun = call({
      host,
      path: '/v1/predictions',
      body: { version: 'v9', input: { prompt: 'x' } },
      status: 201,
      answer: { id: 'p', status: 'starting', output: null, error: null },
    });
    expect([begun.request.model?.id, begun.response.choices, begun.response.success]).toEqual(['v9', undefined, true]);
  });

  it('fails', () => {
    const seen = call({ host, path: '/v1/predictions/p1', answer: { id: 'p1', status: 'failed', error: 'CUDA' } });
    expect(seen.response).toMatchObject({ success: false, error: { type: 'failed', message: 'CUDA' } });
  });
});
