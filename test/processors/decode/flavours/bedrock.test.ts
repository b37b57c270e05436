import { EventStreamCodec } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AiRequestData, type AiResponseData, DEFAULT_REGISTRY } from '../../../../core/index.ts';
import { decode, Recorder, request, response, timeless } from '../capture.ts';

const HOST = 'bedrock-runtime.us-east-1.amazonaws.com';
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);
const said = (value: string) => ({ type: 'string' as const, value });

function frame(headers: Record<string, string>, body: unknown): Buffer {
  const wire = Object.fromEntries(Object.entries(headers).map(([name, value]) => [`:${name}`, said(value)]));
  return Buffer.from(codec.encode({ headers: wire, body: Buffer.from(JSON.stringify(body)) }));
}

/** A ConverseStream event. */
const event = (type: string, body: unknown): Buffer => frame({ 'message-type': 'event', 'event-type': type }, body);
/** An event of InvokeModelWithResponseStream. */
const chunk = (body: unknown): Buffer =>
  event('chunk', { bytes: Buffer.from(JSON.stringify(body)).toString('base64'), p: 'abc' });
const thrown = (type: string, message: string): Buffer =>
  frame({ 'message-type': 'exception', 'exception-type': type }, { message });

function streamed(frames: readonly Buffer[], more = ''): Buffer {
  const body = Buffer.concat(frames);
  return Buffer.concat([
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n${more}Content-Length: ${body.length}\r\n\r\n`,
    ),
    body,
  ]);
}

function exchange(path: string, body: unknown, received: string | Buffer, size?: number, host = HOST) {
  const { events } = new Recorder()
    .open('c', { sni: host })
    .data('c', 'sent', request(host, path, body), size)
    .data('c', 'received', received, size)
    .close('c');
  return decode(events);
}

function call(path: string, body: unknown, received: string | Buffer, host = HOST) {
  const { out, of } = exchange(path, body, received, undefined, host);
  const [asked] = of('ai.request');
  const [answered] = of('ai.response');
  return {
    out,
    asked: asked?.data as AiRequestData,
    answered: answered?.data as AiResponseData,
    attrs: answered?.attrs ?? {},
    confidence: answered?.confidence,
  };
}

const counted = (body: unknown, input: number, output: number): string =>
  response(body).replace(
    '\r\n\r\n',
    `\r\nX-Amzn-Bedrock-Input-Token-Count: ${input}\r\nX-Amzn-Bedrock-Output-Token-Count: ${output}\r\nx-amzn-RequestId: req-1\r\n\r\n`,
  );

describe('hosts of Bedrock', () => {
  it.each([
    HOST,
    'bedrock-runtime-fips.us-gov-west-1.amazonaws.com',
    'bedrock-runtime.cn-north-1.amazonaws.com.cn',
    'vpce-0a1b-2c3d.bedrock-runtime.eu-west-1.vpce.amazonaws.com',
    'bedrock-runtime.us-west-2.api.aws',
    'bedrock-mantle.us-west-2.api.aws',
  ])('%s is one', (host) => {
    expect(DEFAULT_REGISTRY.providerOf(host, 443)).toMatchObject({ oisp: 'aws_bedrock', otel: 'aws.bedrock' });
  });

  it.each([
    'bedrock-runtime.us-east-1.amazonaws.com.evil.example',
    'xbedrock-runtime.us-east-1.amazonaws.com',
    's3.amazonaws.com',
  ])('%s is none', (host) => expect(DEFAULT_REGISTRY.providerOf(host, 443)).toBeUndefined());
});

const CONVERSE = {
  system: [{ text: 'Be brief.' }, { cachePoint: { type: 'default' } }],
  messages: [
    {
      role: 'user',
      content: [
        { text: 'Look.' },
        { image: { format: 'png', source: { bytes: 'AAAA' } } },
        { document: { format: 'pdf', name: 'd', source: { s3Location: { uri: 's3://b/d.pdf' } } } },
        { guardContent: { text: { text: 'Guarded.' } } },
      ],
    },
    {
      role: 'assistant',
      content: [
        { reasoningContent: { reasoningText: { text: 'Hm.', signature: 's' } } },
        { toolUse: { toolUseId: 't1', name: 'f', input: { a: 1 } } },
        { toolUse: { toolUseId: 't2', name: 'g', input: {} } },
      ],
    },
    {
      role: 'user',
      content: [
        { toolResult: { toolUseId: 't1', content: [{ text: 'one' }, { text: 'two' }] } },
        { toolResult: { toolUseId: 't2', content: [{ json: { b: 2 } }], status: 'error' } },
      ],
    },
  ],
  inferenceConfig: { maxTokens: 50, temperature: 0.5, topP: 0.9, stopSequences: ['|'] },
  additionalModelRequestFields: { top_k: 7 },
  toolConfig: {
    tools: [
      { toolSpec: { name: 'f', description: 'F.', inputSchema: { json: { type: 'object' } } } },
      { cachePoint: {} },
    ],
    toolChoice: { any: {} },
  },
  guardrailConfig: { guardrailIdentifier: 'gr-1', guardrailVersion: '1' },
};

describe('Converse', () => {
  const answer = {
    output: {
      message: {
        role: 'assistant',
        content: [
          { reasoningContent: { reasoningText: { text: 'So.' } } },
          { text: 'Here.' },
          { toolUse: { toolUseId: 't3', name: 'f', input: { a: 2 } } },
        ],
      },
    },
    stopReason: 'tool_use',
    usage: { inputTokens: 10, outputTokens: 5, totalTokens: 118, cacheReadInputTokens: 100, cacheWriteInputTokens: 3 },
  };
  const arn = 'arn%3Aaws%3Abedrock%3Aus-east-1%3A012345678901%3Ainference-profile%2Fus.anthropic.claude-x-v1%3A0';

  it('is read with all its blocks', () => {
    const { asked, out } = call(`/model/${arn}/converse`, CONVERSE, response(answer));
    expect(asked).toMatchObject({
      provider: { name: 'aws_bedrock' },
      model: { id: 'arn:aws:bedrock:us-east-1:012345678901:inference-profile/us.anthropic.claude-x-v1:0' },
      request_type: 'chat',
      streaming: false,
      image_count: 1,
      tool_choice: 'required',
      parameters: { max_tokens: 50, temperature: 0.5, top_p: 0.9, top_k: 7, stop: ['|'] },
      tools: [{ name: 'f', type: 'function', description: 'F.', parameters: { type: 'object' } }],
    });
    expect(asked.messages?.map(({ role, parts }) => [role, parts?.map(({ type }) => type)])).toEqual([
      ['system', ['text']],
      ['user', ['text', 'blob', 'uri', 'text']],
      ['assistant', ['reasoning', 'tool_call', 'tool_call']],
      ['user', ['tool_call_response', 'tool_call_response']],
    ]);
    expect(out.map(({ event_type }) => event_type)).toEqual([
      'ai.request',
      'agent.tool_result',
      'agent.tool_result',
      'agent.tool_call',
      'ai.response',
    ]);
    expect(out[1]?.data).toMatchObject({ call_id: 't1', tool: { name: 'f' }, result: 'one\ntwo', success: true });
    expect(out[2]?.data).toMatchObject({ call_id: 't2', tool: { name: 'g' }, result: { b: 2 }, success: false });
    expect(out[0]?.attrs).toMatchObject({ 'aws.bedrock.guardrail.id': 'gr-1', 'gen_ai.provider.name': 'aws.bedrock' });
  });

  it('counts cached tokens as input', () => {
    const { answered } = call('/model/anthropic.claude-x/converse', CONVERSE, response(answer));
    expect(answered).toMatchObject({
      finish_reason: 'tool_calls',
      usage: {
        prompt_tokens: 113,
        completion_tokens: 5,
        total_tokens: 118,
        cached_tokens: 100,
        cache_creation_tokens: 3,
      },
      tool_calls: [{ id: 't3', name: 'f', arguments: { a: 2 } }],
      choices: [{ message: { content: 'Here.' } }],
    });
  });

  it('that failed names its error', () => {
    const failed = response({ message: 'Too many tokens.' }, 429).replace(
      '\r\n\r\n',
      '\r\nx-amzn-ErrorType: ThrottlingException:http://internal.amazon.com/coral/\r\n\r\n',
    );
    const { answered, attrs } = call('/model/m/converse', CONVERSE, failed);
    expect(answered).toMatchObject({
      success: false,
      status_code: 429,
      error: { type: 'ThrottlingException', message: 'Too many tokens.' },
    });
    expect(attrs['error.type']).toBe('ThrottlingException');
  });

  it('is known on other hosts by its shape, and nothing else there is', () => {
    expect(call('/model/m/converse', CONVERSE, response(answer), 'gateway.example').confidence?.level).toBe('medium');
    expect(call('/model/m/invoke', { rows: [] }, response({}), 'gateway.example').out).toEqual([]);
  });
});

const STREAM = [
  event('messageStart', { role: 'assistant' }),
  event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { text: 'Hm.' } } }),
  event('contentBlockDelta', { contentBlockIndex: 0, delta: { reasoningContent: { signature: 'x' } } }),
  event('contentBlockStop', { contentBlockIndex: 0 }),
  event('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'Hé' } }),
  event('contentBlockDelta', { contentBlockIndex: 1, delta: { text: 'llo' } }),
  event('contentBlockStop', { contentBlockIndex: 1 }),
  event('contentBlockStart', { contentBlockIndex: 2, start: { toolUse: { toolUseId: 't9', name: 'f' } } }),
  event('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '{"a":' } } }),
  event('contentBlockDelta', { contentBlockIndex: 2, delta: { toolUse: { input: '3}' } } }),
  event('contentBlockStop', { contentBlockIndex: 2 }),
  event('messageStop', { stopReason: 'tool_use' }),
  event('metadata', { usage: { inputTokens: 4, outputTokens: 6, totalTokens: 10 }, metrics: { latencyMs: 1 } }),
];

describe('ConverseStream', () => {
  const path = '/model/amazon.nova-micro-v1%3A0/converse-stream';

  it('is put together', () => {
    const { asked, answered, out } = call(path, CONVERSE, streamed(STREAM));
    expect([asked.streaming, asked.model?.id]).toEqual([true, 'amazon.nova-micro-v1:0']);
    expect(answered).toMatchObject({
      streaming: true,
      success: true,
      usage: { prompt_tokens: 4, completion_tokens: 6, total_tokens: 10 },
      choices: [
        { message: { content: 'Héllo', parts: [{ type: 'reasoning' }, { type: 'text' }, { type: 'tool_call' }] } },
      ],
      tool_calls: [{ id: 't9', name: 'f', arguments: { a: 3 } }],
    });
    expect(out.filter(({ event_type }) => event_type === 'agent.tool_call')).toHaveLength(1);
  });

  it('gives the same events however it is cut', () => {
    const whole = timeless(exchange(path, CONVERSE, streamed(STREAM)).out);
    for (const size of [1, 2, 13, 200])
      expect(timeless(exchange(path, CONVERSE, streamed(STREAM), size).out)).toEqual(whole);
  });

  it('fails with an exception in its middle', () => {
    const { answered } = call(
      path,
      CONVERSE,
      streamed([...STREAM.slice(0, 6), thrown('modelStreamErrorException', 'Oh')]),
    );
    expect(answered).toMatchObject({
      success: false,
      error: { type: 'modelStreamErrorException', message: 'Oh' },
      choices: [{ message: { content: 'Héllo' } }],
    });
  });

  it('is marked where a message is damaged, and goes on', () => {
    const bad = Buffer.from(STREAM[4] ?? '');
    bad[bad.length - 8] = 0;
    const frames = STREAM.map((one, i) => (i === 4 ? bad : one));
    const { answered, confidence } = call(path, CONVERSE, streamed(frames));
    expect(answered.choices?.[0]?.message.content).toBe('llo');
    expect(confidence).toMatchObject({ completeness: 'partial', missing: ['response body: damaged framing'] });
  });

  it('never throws, whatever it is changed to', () => {
    const bytes = streamed(STREAM);
    fc.assert(
      fc.property(
        fc.integer({ min: 80, max: bytes.length - 1 }),
        fc.nat(60),
        fc.uint8Array({ maxLength: 40 }),
        (at, gone, put) => {
          const changed = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]);
          expect(exchange(path, CONVERSE, changed, 500).of('ai.response')).toHaveLength(1);
        },
      ),
      { numRuns: 50 },
    );
  });
});

const USER = [{ role: 'user', content: 'Hi' }];
const METRICS = { 'amazon-bedrock-invocationMetrics': { inputTokenCount: 8, outputTokenCount: 9 } };

describe('InvokeModel', () => {
  it.each([
    [
      'Claude',
      { anthropic_version: 'x', messages: USER },
      {
        role: 'assistant',
        content: [{ type: 'text', text: 'Hey' }],
        stop_reason: 'end_turn',
        usage: { input_tokens: 8, output_tokens: 9 },
      },
    ],
    ['Claude 2', { prompt: 'Hi', max_tokens_to_sample: 9 }, { completion: 'Hey', stop_reason: 'stop_sequence' }],
    [
      'Nova',
      { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] },
      {
        output: { message: { role: 'assistant', content: [{ text: 'Hey' }] } },
        stopReason: 'end_turn',
        usage: { inputTokens: 8 },
      },
    ],
    [
      'Titan',
      { inputText: 'Hi', textGenerationConfig: { maxTokenCount: 9 } },
      { inputTextTokenCount: 8, results: [{ tokenCount: 9, outputText: 'Hey', completionReason: 'FINISH' }] },
    ],
    [
      'Llama',
      { prompt: 'Hi', max_gen_len: 9 },
      { generation: 'Hey', prompt_token_count: 8, generation_token_count: 9, stop_reason: 'stop' },
    ],
    ['Mistral', { prompt: 'Hi', max_tokens: 9 }, { outputs: [{ text: 'Hey', stop_reason: 'stop' }] }],
    [
      'Mistral Large',
      { messages: USER, max_tokens: 9 },
      { choices: [{ index: 0, message: { content: 'Hey' }, stop_reason: 'stop' }] },
    ],
    [
      'Command',
      { prompt: 'Hi', max_tokens: 9 },
      { id: 'x', generations: [{ text: 'Hey', finish_reason: 'COMPLETE' }] },
    ],
    ['Command R', { message: 'Hi', max_tokens: 9 }, { text: 'Hey', finish_reason: 'COMPLETE', generation_id: 'g' }],
    [
      'Jurassic',
      { prompt: 'Hi', maxTokens: 9 },
      { id: 1, completions: [{ data: { text: 'Hey' }, finishReason: { reason: 'endoftext' } }] },
    ],
    [
      'gpt-oss, Jamba, Qwen',
      { messages: USER, max_completion_tokens: 9 },
      {
        choices: [{ index: 0, message: { role: 'assistant', content: 'Hey' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 8, completion_tokens: 9 },
      },
    ],
    ['DeepSeek', { prompt: 'Hi', max_tokens: 9 }, { choices: [{ text: 'Hey', stop_reason: 'stop' }] }],
  ])('of %s is read by its shape', (_name, body, answer) => {
    const { asked, answered, attrs } = call('/model/any.model/invoke', body, counted(answer, 8, 9));
    expect(asked.messages?.at(-1)?.content).toBe('Hi');
    expect(answered).toMatchObject({
      model: { id: 'any.model' },
      choices: [{ message: { content: 'Hey' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 8, completion_tokens: 9 },
    });
    expect(attrs['aws.request_id']).toBe('req-1');
  });

  it.each([
    [
      'Claude',
      [
        { type: 'message_start', message: { usage: { input_tokens: 8 } } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'He' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'y' } },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 9 } },
      ],
    ],
    [
      'Claude 2',
      [
        { type: 'completion', completion: 'He' },
        { type: 'completion', completion: 'y', stop_reason: 'stop_sequence' },
      ],
    ],
    [
      'Nova',
      [
        { messageStart: {} },
        { contentBlockDelta: { delta: { text: 'He' }, contentBlockIndex: 0 } },
        { contentBlockStop: { contentBlockIndex: 0 } },
        { contentBlockDelta: { delta: { text: 'y' }, contentBlockIndex: 1 } },
        { messageStop: { stopReason: 'end_turn' } },
      ],
    ],
    [
      'Titan',
      [
        { outputText: 'He', index: 0, inputTextTokenCount: 8 },
        { outputText: 'y', index: 0, totalOutputTextTokenCount: 9, completionReason: 'FINISH' },
      ],
    ],
    [
      'Llama',
      [
        { generation: 'He', prompt_token_count: 8 },
        { generation: 'y', generation_token_count: 9, stop_reason: 'stop' },
      ],
    ],
    ['Mistral', [{ outputs: [{ text: 'He', stop_reason: null }] }, { outputs: [{ text: 'y', stop_reason: 'stop' }] }]],
    [
      'Command',
      [
        { text: 'He', is_finished: false },
        { text: 'y', is_finished: false },
        { text: '', is_finished: true, finish_reason: 'COMPLETE' },
      ],
    ],
    [
      'Command R',
      [
        { event_type: 'text-generation', text: 'He', is_finished: false },
        { event_type: 'text-generation', text: 'y', is_finished: false },
        { event_type: 'stream-end', finish_reason: 'COMPLETE', response: { text: 'Hey' } },
      ],
    ],
    [
      'the rest',
      [
        { id: 'x', choices: [{ index: 0, delta: { content: 'He' } }] },
        { id: 'x', choices: [{ index: 0, delta: { content: 'y' }, stop_reason: 'stop' }] },
      ],
    ],
  ])('WithResponseStream of %s is put together, with what Bedrock counted', (_name, events) => {
    const frames = [...events.map(chunk), chunk(METRICS)];
    const { answered, asked } = call(
      '/model/any.model/invoke-with-response-stream',
      { prompt: 'Hi' },
      streamed(frames),
    );
    expect(asked.streaming).toBe(true);
    expect(answered).toMatchObject({
      streaming: true,
      choices: [{ message: { content: 'Hey' }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 8, completion_tokens: 9 },
    });
  });

  it.each([
    ['amazon.titan-embed-text-v2:0', { inputText: 'Hi' }, { embedding: [0.1], inputTextTokenCount: 8 }],
    ['us.cohere.embed-v4:0', { texts: ['Hi'], input_type: 'search_query' }, { embeddings: { float: [[0.1]] } }],
    [
      'amazon.nova-2-multimodal-embeddings-v1:0',
      { taskType: 'SINGLE_EMBEDDING', singleEmbeddingParams: { text: { value: 'Hi' } } },
      { embeddings: [] },
    ],
  ])('of %s is an embedding', (model, body, answer) => {
    const { asked, answered, attrs } = call(`/model/${encodeURIComponent(model)}/invoke`, body, counted(answer, 8, 0));
    expect(asked).toMatchObject({ model: { id: model }, request_type: 'embedding', messages: [{ content: 'Hi' }] });
    expect(answered.usage?.prompt_tokens).toBe(8);
    expect(attrs['gen_ai.operation.name']).toBe('embeddings');
  });

  it('of an image model is no chat, and a guardrail shows', () => {
    const image = { taskType: 'TEXT_IMAGE', textToImageParams: { text: 'A cat' } };
    const { asked } = call('/model/amazon.nova-canvas-v1:0/invoke', image, response({ images: ['AAAA'] }));
    expect(asked).toMatchObject({ request_type: 'image', messages: [{ content: 'A cat' }] });
    const stopped = { generation: '', stop_reason: 'stop', 'amazon-bedrock-guardrailAction': 'INTERVENED' };
    expect(call('/model/meta.x/invoke', { prompt: 'Hi' }, response(stopped)).attrs).toMatchObject({
      'aws.bedrock.guardrail.action': 'INTERVENED',
    });
  });
});

it("Bedrock's OpenAI-compatible API is read as OpenAI's", () => {
  const answer = {
    id: 'c',
    model: 'openai.gpt-oss-120b-1:0',
    choices: [{ index: 0, message: { content: 'Hey' }, finish_reason: 'stop' }],
  };
  const { asked, answered } = call(
    '/openai/v1/chat/completions',
    { model: 'openai.gpt-oss-120b-1:0', messages: USER },
    response(answer),
  );
  expect(asked).toMatchObject({ provider: { name: 'aws_bedrock' }, model: { id: 'openai.gpt-oss-120b-1:0' } });
  expect(answered.choices?.[0]?.message.content).toBe('Hey');
});
