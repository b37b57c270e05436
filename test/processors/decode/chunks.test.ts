import { expect, test } from 'vitest';
import type { AiResponseData } from '../../../core/index.ts';
import { Chunks } from '../../../processors/decode/chunks.ts';
import { hasSpec, specValidator } from '../../pipeline/schema.ts';
import { decode, Recorder, request, sse, timeless } from './capture.ts';
import { ANTHROPIC_EVENTS, anthropic } from './samples.ts';

const check = hasSpec ? specValidator() : undefined;

const call = (more: object) => ({ type: 'function', ...more });

test.each<{ name: string; events: object[]; want: object[] }>([
  {
    name: 'OpenAI Chat Completions',
    events: [
      { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] },
      {
        choices: [
          { index: 0, delta: { content: 'Hel' } },
          { index: 1, delta: { content: 'Ho' } },
        ],
      },
      { choices: [{ index: 0, delta: { reasoning_content: 'hm' } }] },
      {
        choices: [{ index: 0, delta: { tool_calls: [{ index: 0, id: 'c', function: { name: 'f', arguments: '' } }] } }],
      },
      { choices: [{ index: 0, delta: { tool_calls: [{ index: 0, function: { arguments: '{"a":1}' } }] } }] },
      { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
      { choices: [], usage: { total_tokens: 3 } },
    ],
    want: [
      { delta: { role: 'assistant', content: 'Hel' } },
      { delta: { content: 'Ho', choice: 1 } },
      { delta: { reasoning: 'hm' } },
      { delta: { tool_calls: [call({ id: 'c', name: 'f' })] } },
      { delta: { tool_calls: [call({ arguments: '{"a":1}' })] } },
      { delta: {}, finish_reason: 'tool_calls' },
    ],
  },
  { name: 'Completions', events: [{ choices: [{ index: 0, text: 'Hi' }] }], want: [{ delta: { content: 'Hi' } }] },
  {
    name: 'Anthropic Messages',
    events: ANTHROPIC_EVENTS,
    want: [
      { delta: { role: 'assistant', content: 'I look \u2014 ' } },
      { delta: { content: 'at it \u2713.' } },
      { delta: { tool_calls: [call({ id: 'toolu_1', name: 'Read' })] } },
      { delta: { tool_calls: [call({ arguments: '{"path":' })] } },
      { delta: { tool_calls: [call({ arguments: '"/tmp/\u00e4"}' })] } },
      { delta: {}, finish_reason: 'tool_calls' },
    ],
  },
  {
    name: 'OpenAI Responses',
    events: [
      { type: 'response.created', response: { status: 'in_progress' } },
      { type: 'response.output_item.added', item: { type: 'message', role: 'assistant' } },
      { type: 'response.output_text.delta', delta: 'Hi' },
      { type: 'response.output_text.done', text: 'Hi' },
      { type: 'response.output_item.added', item: { type: 'function_call', call_id: 'c', name: 'f' } },
      { type: 'response.function_call_arguments.delta', delta: '{}' },
      { type: 'response.completed', response: { status: 'completed', output: [] } },
    ],
    want: [
      { delta: { role: 'assistant', content: 'Hi' } },
      { delta: { tool_calls: [call({ id: 'c', name: 'f' })] } },
      { delta: { tool_calls: [call({ arguments: '{}' })] } },
      { delta: {}, finish_reason: 'stop' },
    ],
  },
  {
    name: 'Gemini',
    events: [
      { candidates: [{ content: { role: 'model', parts: [{ text: 'hm', thought: true }, { text: 'Hi' }] } }] },
      { response: { candidates: [{ content: { parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] } }] } },
      { candidates: [{ finishReason: 'STOP' }], usageMetadata: {} },
    ],
    want: [
      { delta: { role: 'assistant', content: 'Hi', reasoning: 'hm' } },
      { delta: { tool_calls: [call({ name: 'f', arguments: '{"a":1}' })] } },
      { delta: {}, finish_reason: 'stop' },
    ],
  },
  {
    name: 'Ollama',
    events: [
      { message: { role: 'assistant', content: 'Hi' }, done: false },
      { message: { role: 'assistant', content: '' }, done: true, done_reason: 'stop' },
    ],
    want: [{ delta: { role: 'assistant', content: 'Hi' } }, { delta: {}, finish_reason: 'stop' }],
  },
  {
    name: 'Cohere',
    events: [{ type: 'content-delta', index: 0, delta: { message: { content: { text: 'Hi' } } } }],
    want: [{ delta: { content: 'Hi' } }],
  },
  {
    name: 'Bedrock Converse',
    events: [{ contentBlockDelta: { delta: { text: 'Hi' } } }, { messageStop: { stopReason: 'end_turn' } }],
    want: [{ delta: { content: 'Hi' } }, { delta: {}, finish_reason: 'stop' }],
  },
  { name: 'what is none of them', events: [{ type: 'ping' }, { error: { message: 'x' } }, {}], want: [] },
])('$name', ({ events, want }) => {
  const chunks = new Chunks('r');
  const found = events.flatMap((event) => chunks.push(event as Record<string, unknown>, undefined));
  expect(found).toEqual(want.map((chunk, i) => ({ request_id: 'r', chunk_index: i, ...chunk })));
});

const record = (size?: number) =>
  new Recorder()
    .open('c', { sni: anthropic.host })
    .data('c', 'sent', anthropic.sent, size)
    .data('c', 'received', anthropic.received, size)
    .close('c').events;

test('there are none unless the config asks for them', () => {
  expect(decode(record()).of('ai.streaming_chunk')).toEqual([]);
});

test('the chunks together are the answer, in the order of the bytes, with ids of their own', () => {
  const { out, of } = decode(record(50), { streamingChunks: true });
  const chunks = of('ai.streaming_chunk');
  const [answer] = of('ai.response');
  const words = chunks.map((event) => (event.data as { delta: { content?: string } }).delta.content ?? '').join('');
  expect(words).toBe((answer?.data as AiResponseData | undefined)?.choices?.[0]?.message.content);
  expect(new Set(out.map((event) => event.event_id)).size).toBe(out.length);
  expect(chunks.map((event) => event.ts)).toEqual(chunks.map((event) => event.ts).sort((a, b) => (a < b ? -1 : 1)));
  expect((chunks[0]?.ts ?? '') < (answer?.ts ?? '')).toBe(true);
  if (check !== undefined) for (const event of chunks) expect(check(JSON.parse(JSON.stringify(event)))).toEqual([]);
});

test('chunks are the same however the bytes were cut', () => {
  const whole = timeless(decode(record(), { streamingChunks: true }).out);
  for (const size of [1, 7, 1000]) expect(timeless(decode(record(size), { streamingChunks: true }).out)).toEqual(whole);
});

test('an answer that is one text has no chunks', () => {
  const sent = request('api.openai.com', '/v1/chat/completions', { model: 'gpt-x', messages: [], stream: true });
  const received = sse([{ id: 'x', choices: [{ index: 0, delta: { content: 'Hi' } }] }]);
  const events = (bytes: Buffer) =>
    new Recorder().open('c').data('c', 'sent', sent).data('c', 'received', bytes).close('c').events;
  expect(decode(events(received), { streamingChunks: true }).of('ai.streaming_chunk')).toHaveLength(1);
  const whole = Buffer.from('HTTP/1.1 200 X\r\nContent-Length: 14\r\n\r\n{"choices":[]}');
  expect(decode(events(whole), { streamingChunks: true }).of('ai.streaming_chunk')).toEqual([]);
});
