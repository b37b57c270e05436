import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AiRequestData, AiResponseData, OispEvent, ToolCallData } from '../../../core/index.ts';
import { EventStreamReader } from '../../../processors/decode/body/event-stream.ts';
import { Histories } from '../../../processors/decode/body/history.ts';
import { defineFlavour } from '../../../processors/decode/flavour.ts';
import { flavours } from '../../../processors/decode/flavours/index.ts';
import { EventStream } from '../../../processors/decode/mcp/event-stream.ts';
import { decode, Recorder, request, response, sse } from './capture.ts';

const GOOD = { model: 'gpt-4o', messages: [{ role: 'user', content: 'hi' }] };
const ANSWER = { id: 'good', model: 'gpt-4o', choices: [{ index: 0, message: { role: 'assistant', content: 'yes' } }] };
/** The data of an event that has to be there. */
function data<T>(event: OispEvent | undefined): T {
  if (event === undefined) throw new Error('no event');
  return event.data as T;
}

const good = (recorder: Recorder, conn: string): Recorder =>
  recorder
    .open(conn)
    .data(conn, 'sent', request('api.openai.com', '/v1/chat/completions', GOOD))
    .data(conn, 'received', response(ANSWER));

describe('bodies that are larger or deeper than anybody expects', () => {
  const wide = Array.from({ length: 200_000 }, () => ({}));
  const deep = `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`;
  it.each([
    ['a wide input', '/v1/responses', { model: 'm', input: wide }, ANSWER],
    ['wide tool calls', '/v1/chat/completions', GOOD, { choices: [{ index: 0, message: { tool_calls: wide } }] }],
    ['a wide output', '/v1/responses', { model: 'm', input: 'x' }, { output: [{ type: 'message', content: wide }] }],
  ])('%s takes nothing from the calls beside it', (_name, path, asked, answered) => {
    const recorder = good(new Recorder(), 'before');
    recorder.open('wide').data('wide', 'sent', request('api.openai.com', path, asked));
    recorder.data('wide', 'received', response(answered));
    const { of } = decode(good(recorder, 'after').events);
    const ids = of('ai.response').map(({ data }) => (data as AiResponseData).provider_request_id);
    expect(ids.filter((id) => id === 'good').length).toBeGreaterThanOrEqual(2);
  });

  it('arguments nested beyond the stack take nothing from the calls beside them', () => {
    const recorder = good(new Recorder(), 'before');
    recorder.open('deep').data('deep', 'sent', request('api.openai.com', '/v1/chat/completions', GOOD));
    const delta = `{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":${deep}}}]}}]}`;
    recorder.data('deep', 'received', sse([delta]));
    const { of } = decode(good(recorder, 'after').events);
    expect(
      of('ai.response').filter(({ data }) => (data as AiResponseData).provider_request_id === 'good'),
    ).toHaveLength(2);
  });
});

describe('a stream that breaks off in the middle of a tool call', () => {
  it.each([
    [
      'Anthropic',
      '/v1/messages',
      [
        { type: 'message_start', message: { id: 'm', model: 'claude', role: 'assistant', usage: { input_tokens: 1 } } },
        {
          type: 'content_block_start',
          index: 0,
          content_block: { type: 'tool_use', id: 't', name: 'Bash', input: {} },
        },
        {
          type: 'content_block_delta',
          index: 0,
          delta: { type: 'input_json_delta', partial_json: '{"command":"rm -rf /ho' },
        },
      ],
    ],
    [
      'Chat Completions',
      '/v1/chat/completions',
      [
        {
          choices: [
            {
              index: 0,
              delta: {
                tool_calls: [{ index: 0, id: 't', function: { name: 'Bash', arguments: '{"command":"rm -rf /ho' } }],
              },
            },
          ],
        },
      ],
    ],
  ])('makes none of it: %s', (_name, path, events) => {
    const whole = sse(events);
    const recorder = new Recorder().open('c', { sni: 'gateway' });
    recorder.data('c', 'sent', request('api.anthropic.com', path, { ...GOOD, stream: true }));
    recorder.data('c', 'received', whole.subarray(0, whole.length - 5)).close('c', 'error');
    const { of } = decode(recorder.events);
    expect(of('agent.tool_call')).toEqual([]);
    expect(of('ai.response')).toHaveLength(1);
  });
});

it('calls whose pieces come in turns are whole', () => {
  const piece = (index: number, more: object): object => ({
    choices: [{ index: 0, delta: { tool_calls: [{ index, ...more }] } }],
  });
  const events = [
    piece(0, { id: 'a', function: { name: 'f', arguments: '{"p":' } }),
    piece(1, { id: 'b', function: { name: 'g', arguments: '{"q":' } }),
    piece(0, { function: { arguments: '1}' } }),
    piece(1, { function: { arguments: '2}' } }),
    { choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] },
  ];
  const recorder = new Recorder()
    .open('c')
    .data('c', 'sent', request('api.openai.com', '/v1/chat/completions', { ...GOOD, stream: true }));
  const calls = decode(recorder.data('c', 'received', sse(events)).events).of('agent.tool_call');
  expect(calls.map(({ data }) => (data as ToolCallData).arguments)).toEqual([{ p: 1 }, { q: 2 }]);
});

it('what an error says is in its message alone', () => {
  const said = 'Client used key sk-proj-AbCdEf for patient John Smith';
  const recorder = new Recorder().open('c').data('c', 'sent', request('api.x.ai', '/v1/chat/completions', GOOD));
  recorder.data('c', 'received', response({ code: said, error: 'no' }, 403));
  const { error } = data<AiResponseData>(decode(recorder.events).of('ai.response')[0]);
  expect(error).toEqual({ type: '403', message: 'no' });
});

it('words of an answer that objects inherit are words', () => {
  const recorder = good(new Recorder(), 'x');
  recorder
    .open('c')
    .data(
      'c',
      'sent',
      request('api.openai.com', '/v1/chat/completions', { ...GOOD, tool_choice: { type: 'toString' } }),
    );
  recorder.data(
    'c',
    'received',
    response({ choices: [{ index: 0, message: { role: 'assistant', content: '' }, finish_reason: 'constructor' }] }),
  );
  const { of } = decode(recorder.events);
  expect(data<AiResponseData>(of('ai.response')[1]).finish_reason).toBe('other');
  expect(data<AiRequestData>(of('ai.request')[1]).tool_choice).toBe('toString');
});

it.each([
  ['/messages', { model: 'newsletter', messages: [{ to: 'a@b.c' }] }],
  ['/devices/1/messages', { model: 'X100', messages: [] }],
  ['/forms/1/responses', { model: 'survey', input: { q1: 'yes' } }],
  ['/api/chat', { model: 'm', messages: [{ from: 'me', body: 'hi' }] }],
])('a form that only looks like a call is none: %s', (path, body) => {
  const recorder = new Recorder().open('c', { sni: 'forms.example.com' });
  recorder.data('c', 'sent', request('forms.example.com', path, body)).data('c', 'received', response({ ok: true }));
  expect(decode(recorder.events).out).toEqual([]);
});

it('a key in the path of a gateway is not told', () => {
  const key = 'zq81Kd93mXw02LpQv77RtY5b';
  const recorder = new Recorder().open('c', { sni: 'gateway' });
  recorder
    .data('c', 'sent', request('gateway', `/k/${key}/v1/chat/completions`, GOOD))
    .data('c', 'received', response(ANSWER));
  const { out } = decode(recorder.events);
  expect(out[0]?.attrs?.['url.path']).toBe('/k/*/v1/chat/completions');
  expect(JSON.stringify(out)).not.toContain(key);
});

it('an event stream of preludes that all claim the rest is read once', () => {
  const claims = Buffer.alloc(12 * 40_000);
  for (let at = 0; at < claims.length; at += 12) {
    claims.writeUInt32BE(claims.length / 2, at);
    claims.writeUInt32BE(0, at + 4);
    claims.writeUInt32BE(crc32(claims.subarray(at, at + 8)), at + 8);
  }
  let messages = 0;
  const reader = new EventStreamReader(() => messages++);
  reader.push(claims);
  reader.end();
  expect(messages).toBe(0);
  expect(reader.damaged).toBeGreaterThan(0);
  expect(reader.damaged).toBeLessThan(10); // one look at each half, not one at each claim
});

it('an MCP event that comments cut into never ends is let go', () => {
  let lost = 0;
  const stream = new EventStream(
    1 << 20,
    () => {},
    () => lost++,
  );
  for (let i = 0; i < 100; i++) {
    stream.push(Buffer.from(`data: ${'x'.repeat(60_000)}\n:\n`));
    expect(stream.size).toBeLessThanOrEqual(1 << 20);
  }
  expect(lost).toBeGreaterThan(0);
});

it('bodies of many small elements weigh what they hold', () => {
  const histories = new Histories(1 << 20);
  const body = (id: number): Buffer =>
    Buffer.from(JSON.stringify({ messages: Array.from({ length: 3000 }, () => ({ id })) }));
  for (let id = 0; id < 20; id++) histories.parse(body(id), `p${id}`, (bytes) => bytes.toString());
  expect(histories.size).toBeLessThanOrEqual(1 << 20);
});

it('a connection whose reading fails is let go and counted, the others are read', () => {
  const broken = defineFlavour({
    name: 'broken',
    match: (head) => (head.path === '/broken' ? { operation: 'chat', requestType: 'chat' } : undefined),
    request: () => {
      throw new Error('a defect');
    },
    response: () => ({}),
    stream: () => ({ push: () => false, end: () => ({}) }),
  });
  const recorder = good(new Recorder(), 'before').open('broken');
  recorder
    .data('broken', 'sent', request('api.openai.com', '/broken', GOOD))
    .data('broken', 'received', response(ANSWER));
  recorder.close('broken');
  const { of, count, lines } = decode(good(recorder, 'after').events, { flavours: [broken, ...flavours] });
  // what comes after is read as from the middle of a connection
  expect(of('ai.response').map(({ confidence }) => confidence.missing)).toEqual([undefined, undefined, ['request']]);
  expect(count('failed_connections')).toBeGreaterThan(0);
  expect(JSON.stringify(lines)).not.toContain('a defect');
});
