import { EventStreamCodec } from '@smithy/eventstream-codec';
import { sseText } from '../capture.ts';
import { ANTHROPIC_EVENTS, anthropic } from '../samples.ts';

export const JSON_TYPE = 'application/json';
export const SSE_TYPE = 'text/event-stream';
export const AWS_TYPE = 'application/vnd.amazon.eventstream';
const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

export function awsEvent(type: string, body: unknown): Buffer {
  const said = (value: string) => ({ type: 'string' as const, value });
  const headers = { ':message-type': said('event'), ':event-type': said(type) };
  return Buffer.from(codec.encode({ headers, body: Buffer.from(JSON.stringify(body)) }));
}

const chunk = (body: unknown): Buffer =>
  awsEvent('chunk', { bytes: Buffer.from(JSON.stringify(body)).toString('base64') });
export const events = (...of: readonly unknown[]): Buffer => Buffer.from(of.map(sseText).join(''));
export const json = (body: unknown): Buffer => Buffer.from(JSON.stringify(body));
const lines = (...of: readonly unknown[]): Buffer =>
  Buffer.from(of.map((line) => `${JSON.stringify(line)}\n`).join(''));

/** An answer, and the request that it would be joined to if that was seen. */
export interface Sample {
  readonly name: string;
  readonly flavour: string;
  readonly host: string;
  readonly path: string;
  readonly asked: object;
  readonly type: string;
  readonly body: Buffer;
  /** Who it is from, where nothing but the answer is seen. */
  readonly provider?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const ASKED = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
const STREAMED = { ...ASKED, stream: true };
const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
export const chatChunk = (delta: object, finish: string | null = null): object => ({
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  model: 'm-1',
  choices: [{ index: 0, delta, finish_reason: finish }],
});
const call = { index: 0, id: 'call_1', type: 'function', function: { name: 'read', arguments: '{"path":"/a"}' } };
export const CLAUDE = {
  id: 'msg_1',
  type: 'message',
  role: 'assistant',
  model: 'claude-1',
  content: [{ type: 'text', text: 'Hi.' }],
  stop_reason: 'end_turn',
  usage: { input_tokens: 3, output_tokens: 2 },
};
const RESPONSE = {
  id: 'resp_1',
  object: 'response',
  status: 'completed',
  model: 'm-1',
  instructions: 'long '.repeat(4000),
  output: [
    {
      type: 'message',
      id: 'msg_1',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'Hi.', annotations: [] }],
    },
    { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'read', arguments: '{"path":"/a"}' },
  ],
  usage: { input_tokens: 3, output_tokens: 2, total_tokens: 5 },
};
export const GEMINI = (text: string, more: object = {}): object => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...more }],
  usageMetadata: { promptTokenCount: 3, candidatesTokenCount: 2, totalTokenCount: 5 },
  modelVersion: 'gemini-1',
});
const OPENAI = { host: 'api.openai.com', path: '/v1/chat/completions', asked: ASKED, provider: 'other' };
const GOOGLE = {
  host: 'generativelanguage.googleapis.com',
  asked: { contents: [{ parts: [{ text: 'Hi' }] }] },
  provider: 'google',
};
const BEDROCK = { host: 'bedrock-runtime.us-east-1.amazonaws.com', provider: 'aws_bedrock' };
const COHERE = { host: 'api.cohere.com', provider: 'cohere' };
const OLLAMA = { host: 'localhost', provider: 'ollama' };
const CONVERSE = { messages: [{ role: 'user', content: [{ text: 'Hi' }] }] };

export const SAMPLES: readonly Sample[] = [
  {
    ...OPENAI,
    name: 'Chat Completions',
    flavour: 'openai.chat',
    type: JSON_TYPE,
    headers: { 'openai-organization': 'org-1' },
    provider: 'openai',
    body: json({
      id: 'chatcmpl-1',
      object: 'chat.completion',
      model: 'm-1',
      choices: [
        {
          index: 0,
          finish_reason: 'tool_calls',
          message: { role: 'assistant', content: 'x'.repeat(9000), tool_calls: [call] },
        },
      ],
      usage: USAGE,
    }),
  },
  {
    ...OPENAI,
    name: 'Chat Completions, streamed',
    flavour: 'openai.chat',
    asked: STREAMED,
    type: SSE_TYPE,
    body: events(
      chatChunk({ role: 'assistant', content: '' }),
      chatChunk({ content: 'Hi ✓.' }),
      chatChunk({ tool_calls: [call] }),
      chatChunk({}, 'tool_calls'),
      { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'm-1', choices: [], usage: USAGE },
      '[DONE]',
    ),
  },
  {
    ...OPENAI,
    name: 'Chat Completions of Azure, streamed: first what its filter says',
    flavour: 'openai.chat',
    asked: STREAMED,
    type: SSE_TYPE,
    headers: { 'apim-request-id': '1-2' },
    provider: 'azure_openai',
    body: events(
      { choices: [], created: 0, id: '', model: '', object: '', prompt_filter_results: [{ prompt_index: 0 }] },
      chatChunk({ role: 'assistant', content: 'Hi.' }),
      chatChunk({}, 'stop'),
    ),
  },
  {
    ...OPENAI,
    name: 'a chat behind comments and an event of a gateway',
    flavour: 'openai.chat',
    asked: STREAMED,
    type: SSE_TYPE,
    body: Buffer.concat([
      Buffer.from(': OPENROUTER PROCESSING\r\n\r\n: again\r\n\r\ndata: {"queue":1}\r\n\r\n'),
      events(chatChunk({ role: 'assistant', content: 'Hi.' }), chatChunk({}, 'stop')),
    ]),
  },
  {
    ...OPENAI,
    name: 'Completions',
    flavour: 'openai.completions',
    path: '/v1/completions',
    asked: { model: 'm', prompt: 'Hi' },
    type: JSON_TYPE,
    body: json({
      id: 'cmpl-1',
      object: 'text_completion',
      model: 'm-1',
      choices: [{ index: 0, text: 'Hi.', finish_reason: 'stop' }],
      usage: USAGE,
    }),
  },
  {
    ...OPENAI,
    name: 'Responses',
    flavour: 'openai.responses',
    path: '/v1/responses',
    asked: { model: 'm', input: 'Hi' },
    type: JSON_TYPE,
    body: json(RESPONSE),
  },
  {
    ...OPENAI,
    name: 'Responses, streamed: the first event is longer than what is looked at',
    flavour: 'openai.responses',
    path: '/v1/responses',
    asked: { model: 'm', input: 'Hi', stream: true },
    type: SSE_TYPE,
    body: events(
      { type: 'response.created', response: { ...RESPONSE, status: 'in_progress', output: [] } },
      { type: 'response.output_item.done', output_index: 0, item: RESPONSE.output[0] },
      { type: 'response.output_item.done', output_index: 1, item: RESPONSE.output[1] },
      { type: 'response.completed', response: RESPONSE },
    ),
  },
  {
    ...OPENAI,
    name: 'Embeddings',
    flavour: 'openai.embeddings',
    path: '/v1/embeddings',
    asked: { model: 'm', input: 'Hi' },
    type: JSON_TYPE,
    body: json({
      object: 'list',
      data: [{ object: 'embedding', index: 0, embedding: Array(3000).fill(0.25) }],
      model: 'm-1',
      usage: { prompt_tokens: 1, total_tokens: 1 },
    }),
  },
  {
    name: 'Messages',
    flavour: 'anthropic.messages',
    host: anthropic.host,
    path: '/v1/messages',
    asked: ASKED,
    type: JSON_TYPE,
    headers: { 'anthropic-organization-id': 'org' },
    provider: 'anthropic',
    body: json(CLAUDE),
  },
  {
    name: 'Messages, streamed',
    flavour: 'anthropic.messages',
    host: anthropic.host,
    path: '/v1/messages',
    asked: STREAMED,
    type: SSE_TYPE,
    provider: 'other',
    body: events(...ANTHROPIC_EVENTS),
  },
  {
    ...GOOGLE,
    name: 'generateContent',
    flavour: 'google.generate',
    path: '/v1beta/models/g:generateContent',
    type: JSON_TYPE,
    body: json(GEMINI('Hi. '.repeat(3000), { finishReason: 'STOP' })),
  },
  {
    ...GOOGLE,
    name: 'streamGenerateContent as events',
    flavour: 'google.generate',
    path: '/v1beta/models/g:streamGenerateContent',
    type: SSE_TYPE,
    body: events(GEMINI('Hi'), GEMINI(' you.', { finishReason: 'STOP' })),
  },
  {
    ...GOOGLE,
    name: 'streamGenerateContent as an array',
    flavour: 'google.generate',
    path: '/v1beta/models/g:streamGenerateContent',
    type: JSON_TYPE,
    body: json([GEMINI('Hi'), GEMINI(' you.', { finishReason: 'STOP' })]),
  },
  {
    ...BEDROCK,
    name: 'Converse',
    flavour: 'bedrock.converse',
    path: '/model/m/converse',
    asked: CONVERSE,
    type: JSON_TYPE,
    body: json({
      metrics: { latencyMs: 1 },
      output: {
        message: {
          role: 'assistant',
          content: [{ text: 'Hi.' }, { toolUse: { toolUseId: 'tooluse_1', name: 'read', input: { a: 1 } } }],
        },
      },
      stopReason: 'tool_use',
      usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
    }),
  },
  {
    ...BEDROCK,
    name: 'ConverseStream',
    flavour: 'bedrock.converse',
    path: '/model/m/converse-stream',
    asked: CONVERSE,
    type: AWS_TYPE,
    body: Buffer.concat([
      awsEvent('messageStart', { role: 'assistant' }),
      awsEvent('contentBlockDelta', { contentBlockIndex: 0, delta: { text: 'Hi.' } }),
      awsEvent('contentBlockStop', { contentBlockIndex: 0 }),
      awsEvent('messageStop', { stopReason: 'end_turn' }),
      awsEvent('metadata', { usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 } }),
    ]),
  },
  {
    ...BEDROCK,
    name: 'InvokeModel',
    flavour: 'bedrock.invoke',
    path: '/model/m/invoke',
    asked: { prompt: 'Hi' },
    type: JSON_TYPE,
    headers: { 'x-amzn-bedrock-input-token-count': '3', 'x-amzn-bedrock-output-token-count': '2' },
    body: json({ generation: 'Hi.', stop_reason: 'stop' }),
  },
  {
    ...BEDROCK,
    name: 'InvokeModelWithResponseStream',
    flavour: 'bedrock.invoke',
    path: '/model/m/invoke-with-response-stream',
    asked: { ...ASKED, anthropic_version: 'bedrock-2023-05-31' },
    type: AWS_TYPE,
    body: Buffer.concat(
      [
        ...ANTHROPIC_EVENTS.slice(0, -1),
        { type: 'message_stop', 'amazon-bedrock-invocationMetrics': { inputTokenCount: 3, outputTokenCount: 2 } },
      ].map(chunk),
    ),
  },
  {
    ...COHERE,
    name: 'Cohere Chat v2',
    flavour: 'cohere.v2.chat',
    path: '/v2/chat',
    asked: ASKED,
    type: JSON_TYPE,
    body: json({
      id: 'c-1',
      finish_reason: 'COMPLETE',
      message: { role: 'assistant', content: [{ type: 'text', text: 'Hi.' }] },
      usage: { billed_units: { input_tokens: 1, output_tokens: 2 }, tokens: { input_tokens: 3, output_tokens: 2 } },
    }),
  },
  {
    ...COHERE,
    name: 'Cohere Chat v2, streamed',
    flavour: 'cohere.v2.chat',
    path: '/v2/chat',
    asked: STREAMED,
    type: SSE_TYPE,
    body: events(
      { type: 'message-start', id: 'c-1', delta: { message: { role: 'assistant', content: [] } } },
      { type: 'content-start', index: 0, delta: { message: { content: { type: 'text', text: '' } } } },
      { type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hi.' } } } },
      {
        type: 'message-end',
        delta: { finish_reason: 'COMPLETE', usage: { tokens: { input_tokens: 3, output_tokens: 2 } } },
      },
    ),
  },
  {
    ...COHERE,
    name: 'Cohere Chat v1, lines',
    flavour: 'cohere.v1.chat',
    path: '/v1/chat',
    asked: { message: 'Hi', stream: true },
    type: 'application/stream+json',
    body: lines(
      { is_finished: false, event_type: 'stream-start', generation_id: 'g-1' },
      { is_finished: false, event_type: 'text-generation', text: 'Hi.' },
      {
        is_finished: true,
        event_type: 'stream-end',
        finish_reason: 'COMPLETE',
        response: { response_id: 'r-1', text: 'Hi.' },
      },
    ),
  },
  {
    ...OLLAMA,
    name: 'Ollama chat, lines',
    flavour: 'ollama.chat',
    path: '/api/chat',
    asked: STREAMED,
    type: 'application/x-ndjson',
    body: lines(
      {
        model: 'llama',
        created_at: '2026-11-20T10:00:00Z',
        message: { role: 'assistant', content: 'Hi' },
        done: false,
      },
      {
        model: 'llama',
        created_at: '2026-11-20T10:00:01Z',
        message: { role: 'assistant', content: '.' },
        done: true,
        done_reason: 'stop',
        prompt_eval_count: 3,
        eval_count: 2,
      },
    ),
  },
  {
    ...OLLAMA,
    name: 'Ollama generate',
    flavour: 'ollama.generate',
    path: '/api/generate',
    asked: { model: 'llama', prompt: 'Hi', stream: false },
    type: JSON_TYPE,
    body: json({
      model: 'llama',
      created_at: '2026-11-20T10:00:00Z',
      response: 'Hi.',
      done: true,
      done_reason: 'stop',
      prompt_eval_count: 3,
      eval_count: 2,
    }),
  },
  {
    name: 'Text Generation Inference, streamed',
    flavour: 'huggingface.generate',
    host: 'api-inference.huggingface.co',
    path: '/models/o/m',
    asked: { inputs: 'Hi', stream: true },
    type: SSE_TYPE,
    provider: 'other',
    body: events(
      { index: 1, token: { id: 5, text: 'Hi', logprob: -0.1, special: false }, generated_text: null, details: null },
      {
        index: 2,
        token: { id: 6, text: '.', logprob: -0.1, special: false },
        generated_text: 'Hi.',
        details: { finish_reason: 'length', generated_tokens: 2 },
      },
    ),
  },
  {
    name: 'watsonx text generation',
    flavour: 'watsonx.generate',
    host: 'us-south.ml.cloud.ibm.com',
    path: '/ml/v1/text/generation',
    asked: { model_id: 'm', input: 'Hi' },
    type: JSON_TYPE,
    provider: 'other',
    body: json({
      model_id: 'm-1',
      results: [{ generated_text: 'Hi.', generated_token_count: 2, input_token_count: 3, stop_reason: 'eos_token' }],
    }),
  },
  {
    name: 'Mistral conversations',
    flavour: 'mistral.conversations',
    host: 'api.mistral.ai',
    path: '/v1/conversations',
    asked: { model: 'm', inputs: 'Hi' },
    type: JSON_TYPE,
    provider: 'mistral',
    body: json({
      object: 'conversation.response',
      conversation_id: 'conv_1',
      outputs: [{ type: 'message.output', content: 'Hi.', role: 'assistant' }],
      usage: USAGE,
    }),
  },
];
