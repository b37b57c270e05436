import { request, response, sse } from './capture.ts';

const HOST = 'api.anthropic.com';

export const ANTHROPIC_EVENTS = [
  {
    type: 'message_start',
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-x-1',
      content: [],
      usage: { input_tokens: 10, cache_read_input_tokens: 100, cache_creation_input_tokens: 5, output_tokens: 1 },
    },
  },
  { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'I look — ' } },
  { type: 'ping' },
  { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'at it ✓.' } },
  { type: 'content_block_stop', index: 0 },
  {
    type: 'content_block_start',
    index: 1,
    content_block: { type: 'tool_use', id: 'toolu_1', name: 'Read', input: {} },
  },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '{"path":' } },
  { type: 'content_block_delta', index: 1, delta: { type: 'input_json_delta', partial_json: '"/tmp/ä"}' } },
  { type: 'content_block_stop', index: 1 },
  { type: 'message_delta', delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 42 } },
  { type: 'message_stop' },
];

export const ANTHROPIC_REQUEST = {
  model: 'claude-x',
  max_tokens: 1000,
  stream: true,
  system: [{ type: 'text', text: 'You are brief.' }],
  tools: [{ name: 'Read', description: 'Reads.', input_schema: { type: 'object' } }],
  messages: [
    { role: 'user', content: 'What is in /tmp/ä?' },
    { role: 'assistant', content: [{ type: 'tool_use', id: 'toolu_0', name: 'List', input: { path: '/tmp' } }] },
    {
      role: 'user',
      content: [
        { type: 'tool_result', tool_use_id: 'toolu_0', content: [{ type: 'text', text: 'ä' }], is_error: true },
        { type: 'text', text: 'Go on.' },
      ],
    },
  ],
  metadata: { user_id: 'user_a_account_b_session_12345678-1234-1234-1234-123456789012' },
};

export const anthropic = {
  host: HOST,
  sent: request(HOST, '/v1/messages?beta=true', ANTHROPIC_REQUEST, {
    'X-Api-Key': 'sk-ant-api03-secretsecret',
    'User-Agent': 'claude-cli/2.0 (external)',
  }),
  received: sse(ANTHROPIC_EVENTS),
};

export const openai = {
  host: 'api.openai.com',
  sent: request(
    'api.openai.com',
    '/v1/chat/completions',
    {
      model: 'gpt-x',
      temperature: 0.5,
      messages: [
        { role: 'developer', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
      ],
    },
    { Authorization: 'Bearer sk-proj-secretsecretsecret' },
  ),
  received: response({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-x-2026',
    choices: [
      {
        index: 0,
        finish_reason: 'tool_calls',
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'call_a', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
            { id: 'call_b', type: 'function', function: { name: 'g', arguments: 'not json' } },
          ],
        },
      },
    ],
    usage: {
      prompt_tokens: 20,
      completion_tokens: 7,
      total_tokens: 27,
      prompt_tokens_details: { cached_tokens: 3 },
      completion_tokens_details: { reasoning_tokens: 2 },
    },
  }),
};
