import zlib from 'node:zlib';
import { describe, expect, it, test } from 'vitest';
import type { AiResponseData, OispEvent } from '../../../../core/index.ts';
import type { Fields } from '../../../core/http2/wire.ts';
import { decode, makeDecoder, Recorder, request, response, timeless } from '../capture.ts';
import { Conversation } from '../http2/conversation.ts';
import { anthropic, openai } from '../samples.ts';
import {
  AWS_TYPE,
  awsEvent,
  CLAUDE,
  chatChunk,
  events,
  GEMINI,
  JSON_TYPE,
  json,
  SAMPLES,
  type Sample,
  SSE_TYPE,
} from './samples.ts';

const headOf = ({ type, headers = {} }: Sample): string =>
  [['Content-Type', type], ...Object.entries(headers)].map(([name, value]) => `${name}: ${value}\r\n`).join('');
const h1 = (sample: Sample): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\n${headOf(sample)}Content-Length: ${sample.body.length}\r\n\r\n`),
    sample.body,
  ]);
const opened = ({ host }: Sample): object =>
  host === 'localhost' ? { protocol: 'plain', remote: { ip: '127.0.0.1', port: 11434 } } : { sni: host };
/** `known`: whom the connection leads to is known. */
function overH1(sample: Sample, known: boolean, size?: number): readonly OispEvent[] {
  const recorder = new Recorder();
  if (known) recorder.open('c', opened(sample));
  return recorder.lose('c', 'sent', 100).data('c', 'received', h1(sample), size).close('c').events;
}
function overH2(sample: Sample, known: boolean, size?: number): readonly OispEvent[] {
  const { type, headers = {}, body } = sample;
  const c = new Conversation().request(1, sample.asked);
  const lost = c.parts.length - 2;
  c.head('received', 1, [[':status', '200'], ['content-type', type], ...Object.entries(headers)]);
  c.data('received', 1, body.subarray(0, 50)).data('received', 1, body.subarray(50), true);
  const open = known && { ...opened(sample), alpn: 'h2' };
  return c.record({ open, lost: [lost, lost + 1], ...(size !== undefined && { size }) }).events;
}

/** What an answer says, without what its request and its time add. */
function told(event: OispEvent | undefined): unknown {
  const { choices, tool_calls, finish_reason, usage, provider_request_id, success, error, streaming } = (event?.data ??
    {}) as AiResponseData;
  const { input_cost_usd: _a, output_cost_usd: _b, total_cost_usd: _c, ...tokens } = usage ?? {};
  return { choices, tool_calls, finish_reason, tokens, provider_request_id, success, error, streaming };
}

function withRequest(sample: Sample): OispEvent | undefined {
  const { host, path, asked } = sample;
  const [answered] = decode(
    new Recorder()
      .open('c', opened(sample))
      .data('c', 'sent', request(host, path, asked))
      .data('c', 'received', h1(sample))
      .close('c').events,
  ).of('ai.response');
  expect(answered?.confidence.completeness).toBe('full');
  return answered;
}

describe.each(SAMPLES)('$name', (sample) => {
  const want = withRequest(sample);

  it.each([
    ['HTTP/1.1', overH1],
    ['HTTP/2', overH2],
  ])('over %s tells without its request what it tells with it', (_name, record) => {
    for (const known of [true, false]) {
      const { out, of, count } = decode(record(sample, known));
      const [answered, ...more] = of('ai.response');
      expect(more).toEqual([]);
      expect(of('ai.request')).toEqual([]);
      expect(told(answered)).toEqual(told(want));
      const { confidence, attrs } = answered as OispEvent;
      expect(confidence).toMatchObject({
        completeness: 'partial',
        missing: ['request'],
        level: known ? 'medium' : 'low',
      });
      expect(confidence.reasons).toContain(`answer of ${sample.flavour}`);
      expect(attrs?.['oisp.response.duration_ms']).toBeGreaterThanOrEqual(0);
      const data = answered?.data as AiResponseData;
      if (!known) expect(data.provider.name).toBe(sample.provider);
      else expect(attrs?.['oisp.provider.name']).toBe(want?.attrs?.['oisp.provider.name']);
      expect(data).not.toHaveProperty('latency_ms');
      const calls = of('agent.tool_call');
      expect(calls.map((event) => (event.data as { call_id: string }).call_id)).toEqual(
        (data.tool_calls ?? []).map((made) => made.id),
      );
      for (const event of calls) expect(event.confidence.missing).toEqual(['request']);
      expect(new Set(out.map((event) => event.event_id)).size).toBe(out.length);
      expect(count('orphan_answers')).toBe(1);
      expect(count('lost_requests')).toBe(1);
    }
  });

  it('gives the same events in any pieces', () => {
    for (const record of [overH1, overH2]) {
      const whole = timeless(decode(record(sample, true)).out);
      expect(whole.length).toBeGreaterThan(0);
      for (const size of sample.body.length > 8000 ? [7, 1000] : [1, 7, 100])
        expect(durationless(timeless(decode(record(sample, true, size)).out))).toEqual(durationless(whole));
    }
  });
});

/** The time of bytes depends on the records that they came in. */
function durationless(events: readonly unknown[]): unknown {
  return JSON.parse(JSON.stringify(events).replace(/("oisp\.response\.duration_ms"):[\d.]+/g, '$1:0'));
}

const textOf = (event: OispEvent | undefined): string | undefined =>
  (event?.data as AiResponseData | undefined)?.choices?.[0]?.message.content as string | undefined;

const OPEN = { sni: 'api.openai.com' };
/** What comes of an answer that no request was seen of. */
function alone(type: string | undefined, body: Buffer, open: object | false = OPEN, status = 200) {
  const field = type === undefined ? '' : `Content-Type: ${type}\r\n`;
  const recorder = new Recorder();
  if (open !== false) recorder.open('c', open);
  const head = `HTTP/1.1 ${status} X\r\n${field}Content-Length: ${body.length}\r\n\r\n`;
  recorder.lose('c', 'sent', 100).data('c', 'received', Buffer.concat([Buffer.from(head), body]));
  return decode(recorder.close('c').events);
}

const CHAT = events(chatChunk({ role: 'assistant', content: 'Hi.' }), chatChunk({}, 'stop'));
const CHAT_JSON = {
  id: 'c',
  object: 'chat.completion',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi.' } }],
};

type Other = [name: string, type: string | undefined, body: Buffer, open?: object, status?: number];
const OTHERS: readonly Other[] = [
  ['a page', 'text/html', Buffer.from('<html>"object":"chat.completion"</html>')],
  ['a list of models', JSON_TYPE, json({ object: 'list', data: [{ id: 'm', object: 'model' }] })],
  ['a list of stored completions', JSON_TYPE, json({ object: 'list', data: [CHAT_JSON] })],
  [
    'telemetry that quotes an answer',
    JSON_TYPE,
    json({ event: 'x', output: CHAT_JSON, text: JSON.stringify(CHAT_JSON) }),
  ],
  [
    'an answer of JSON-RPC',
    JSON_TYPE,
    json({ jsonrpc: '2.0', id: 1, result: { content: [{ type: 'text', text: 'x' }] } }),
  ],
  ['events of JSON-RPC', SSE_TYPE, events({ jsonrpc: '2.0', id: 1, result: {} })],
  [
    'a message of a thread',
    JSON_TYPE,
    json({ id: 'msg_1', object: 'thread.message', role: 'assistant', content: [{ type: 'text' }] }),
  ],
  ['an item of a conversation', JSON_TYPE, json({ id: 'msg_1', type: 'message', role: 'assistant', content: [] })],
  ['a message of somebody', JSON_TYPE, json({ type: 'message', role: 'user', id: '1', model: 'm', content: [] })],
  ['counted tokens', JSON_TYPE, json({ input_tokens: 5 })],
  [
    'candidates of a map',
    JSON_TYPE,
    json({ candidates: [{ address: 'Street 1', location: { x: 1, y: 2 }, score: 9 }] }),
  ],
  ['choices of a form', JSON_TYPE, json({ choices: [{ label: 'a', value: 1 }] })],
  ['choices of a poll', JSON_TYPE, json({ id: 'p', model: 'm', choices: [{ index: 0, message: 'red' }] })],
  [
    'rows of a table',
    'application/x-ndjson',
    Buffer.from('{"model":"T","created_at":"2026-11-20T10:00:00Z"}\n{"model":"S"}\n'),
  ],
  ['vectors of a search', JSON_TYPE, json({ data: [{ id: 1, vector: [1, 2] }], usage: { total_tokens: 1 } })],
  [
    'a ticket that is complete',
    JSON_TYPE,
    json({ id: '1', message: { role: 'assistant' }, finish_reason: 'it was done' }),
  ],
  ['other events', SSE_TYPE, events({ type: 'update', message: {} }, { type: 'update' })],
  [
    'a chat behind four events of something else',
    SSE_TYPE,
    Buffer.concat([events({ a: 1 }, { a: 2 }, { a: 3 }, { a: 4 }), CHAT]),
  ],
  ['a chat behind 4 KiB of comments', SSE_TYPE, Buffer.concat([Buffer.from(`: ${'x'.repeat(4096)}\n\n`), CHAT])],
  ['a transcription by AWS', AWS_TYPE, awsEvent('TranscriptEvent', { Transcript: { Results: [] } })],
  ['a message by AWS that is none of a model', AWS_TYPE, awsEvent('messageStart', { conversation: 'a' })],
  ['bytes that are called an event stream by AWS', AWS_TYPE, Buffer.alloc(6000, 7)],
  ['bytes that are called gzip', JSON_TYPE, Buffer.from([0x1f, 0x8b, 8, 0, 1, 2, 3])],
  ['nothing', JSON_TYPE, Buffer.alloc(0)],
  ['text', JSON_TYPE, Buffer.from('"chat.completion"')],
  ['brackets that do not match', JSON_TYPE, Buffer.from('{"a":[}"choices":[{"delta":{}}]}')],
  ['a chat without a type', undefined, CHAT],
  ['a chat that is called an image', 'image/png', CHAT],
  ['a chat of a host that is known to be nobody', SSE_TYPE, CHAT, { sni: 'shop.example.com' }],
  ['an error', JSON_TYPE, json({ error: { type: 'invalid_request_error', message: 'x' } }), OPEN, 400],
  ['a chat that failed', SSE_TYPE, CHAT, OPEN, 500],
];

test.each<Other>(OTHERS)('%s gives nothing but a count', (_name, type, body, open = OPEN, status = 200) => {
  for (const [over, isOpened] of [
    [open, true],
    [false, open === OPEN],
  ] as const) {
    if (over === false && !isOpened) continue;
    const { out, count } = alone(type, body, over, status);
    expect(out).toEqual([]);
    expect(count('orphan_answers')).toBe(0);
    expect(count('lost_requests')).toBe(1);
  }
});

test('an answer that is compressed is recognised by its plain bytes', () => {
  const body = zlib.gzipSync(CHAT);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${SSE_TYPE}\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (const size of [1, 1000]) {
    const recorder = new Recorder().open('c', OPEN).lose('c', 'sent', 100);
    const { of } = decode(
      recorder.data('c', 'received', Buffer.concat([Buffer.from(head), body]), size).close('c').events,
    );
    expect(of('ai.response')).toHaveLength(1);
    expect(textOf(of('ai.response')[0])).toBe('Hi.');
  }
});

describe('an answer that lacks more than its request', () => {
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${SSE_TYPE}\r\n\r\n`;
  const parts = [
    chatChunk({ role: 'assistant', content: 'Hi ' }),
    chatChunk({ content: 'all ' }),
    chatChunk({ content: 'you.' }, 'stop'),
  ].map((part) => events(part));
  const [first = Buffer.alloc(0), second = Buffer.alloc(0), third = Buffer.alloc(0)] = parts;
  const start = (): Recorder => new Recorder().open('c', OPEN).lose('c', 'sent', 100).data('c', 'received', head);

  it('says what else is missing where bytes were lost in it', () => {
    const recorder = start()
      .data('c', 'received', first)
      .lose('c', 'received', second.length)
      .data('c', 'received', third);
    const [answered] = decode(recorder.close('c').events).of('ai.response');
    expect(answered?.confidence.missing).toEqual(['request', 'response body: lost']);
    expect(textOf(answered)).toBe('Hi you.');
  });

  it('gives nothing where its beginning was lost', () => {
    const recorder = start()
      .lose('c', 'received', first.length)
      .data('c', 'received', second)
      .data('c', 'received', third);
    expect(decode(recorder.close('c').events).out).toEqual([]);
  });

  it('is told as far as it came where it broke off, also in its first event', () => {
    for (const came of [Buffer.concat([first, second]), first.subarray(0, 100)]) {
      const [answered] = decode(start().data('c', 'received', came).close('c', 'error').events).of('ai.response');
      expect(answered?.confidence.missing).toEqual(['request', 'end of response']);
      expect(answered?.data).toMatchObject({ success: false, error: { type: 'connection_closed' } });
    }
  });
});

describe('answers beside requests that are known', () => {
  it('an answer that is older than the first request that was seen stands alone', () => {
    const received = response({ ...CHAT_JSON, id: 'old' });
    const { events: all } = new Recorder()
      .data('c', 'received', received)
      .wait(50)
      .data('c', 'sent', openai.sent)
      .data('c', 'received', openai.received)
      .close('c');
    const { of } = decode(all);
    const [old, answered, ...more] = of('ai.response') as OispEvent<AiResponseData>[];
    expect(more).toEqual([]);
    expect(old?.data.provider_request_id).toBe('old');
    expect(old?.confidence.missing).toEqual(['request']);
    expect(answered?.data.provider_request_id).toBe('chatcmpl-1');
    expect(answered?.confidence.completeness).toBe('full');
    const [asked] = of('ai.request') as OispEvent<{ request_id: string }>[];
    expect(answered?.data.request_id).toBe(asked?.data.request_id);
    expect(old?.data.request_id).not.toBe(asked?.data.request_id);
  });

  it('on HTTP/2, only the stream whose request was lost stands alone', () => {
    const c = new Conversation();
    c.request(1, ASK('a'));
    const lost = c.parts.length;
    c.request(3, ASK('b')).request(5, ASK('d'));
    for (const stream of [5, 3, 1]) c.response(stream, { ...CHAT_JSON, id: `id-${stream}` });
    const { of } = decode(c.record({ lost: [lost, lost + 1] }).events);
    const answers = of('ai.response') as OispEvent<AiResponseData>[];
    expect(answers.map(({ data, confidence }) => [data.provider_request_id, confidence.missing ?? []])).toEqual([
      ['id-5', expect.not.arrayContaining(['request'])],
      ['id-3', ['request']],
      ['id-1', []],
    ]);
    expect(of('ai.request')).toHaveLength(2);
  });

  it('on HTTP/2, the answer to a request that the client gave up gives nothing', () => {
    const c = new Conversation().request(1, ASK('a')).reset('sent', 1, 8).response(1, CHAT_JSON);
    const { of } = decode(c.record().events);
    expect(of('ai.response').map((event) => event.confidence.missing)).toEqual([['response']]);
  });
});

const ASK = (model: string): object => ({ model, messages: [{ role: 'user', content: 'Hi' }] });

describe('answers that never end', () => {
  const BOUND = 8 << 20;
  const long = `data: ${JSON.stringify(chatChunk({ role: 'assistant', content: 'x'.repeat(3000) }))}\n\n`;
  const bodies: readonly (readonly [string, string, string])[] = [
    ['of a model', SSE_TYPE, long.repeat(10)],
    ['that are not known yet', JSON_TYPE, `{"a":"${'x'.repeat(4000)}`],
    ['of something else', JSON_TYPE, `{"a":"${'x'.repeat(30_000)}`],
  ];
  it.each(bodies)('stay within the bound: 1,000 %s', (_name, type, body) => {
    const { decoder, count } = makeDecoder({ maxTotalBytes: BOUND });
    let most = 0;
    for (let n = 0; n < 1000; n++) {
      const head = `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n\r\n`;
      const { events: all } = new Recorder()
        .open(`c${n}`, OPEN)
        .lose(`c${n}`, 'sent', 9)
        .data(`c${n}`, 'received', `${head}${body}`, 2000);
      decoder.push(all);
      decoder.elapse(3000);
      most = Math.max(most, decoder.bytes);
    }
    expect(most).toBeLessThanOrEqual(BOUND);
    if (type === SSE_TYPE) expect(count('evicted')).toBeGreaterThan(0);
    else if (body.length > 5000) expect(most).toBeLessThan(2 << 20); // nothing of them is kept
    decoder.finish();
    expect(decoder.bytes).toBe(0);
  });

  it.each([
    ['too short to tell', '{"a":1}', 745],
    ['of something else', JSON.stringify({ a: 'x'.repeat(100) }), 0],
  ])('take no room from the calls of one HTTP/2 connection: 1,000 %s', (_name, body, evicted) => {
    const c = new Conversation().request(1, ASK('a'));
    const fields: Fields = [
      [':status', '200'],
      ['content-type', JSON_TYPE],
    ];
    for (let n = 0; n < 1000; n++) c.head('received', 3 + 2 * n, fields).data('received', 3 + 2 * n, body);
    c.response(1, { ...CHAT_JSON, id: 'mine' });
    const { of, count } = decode(c.record().events);
    expect(of('ai.response').map((event) => event.confidence.completeness)).toEqual(['full']);
    expect(count('evicted')).toBe(evicted);
  });
});

test.each([
  ['openai-organization', 'openai'],
  ['anthropic-organization-id', 'anthropic'],
  ['apim-request-id', 'azure_openai'],
  ['x-groq-region', 'groq'],
  ['x-nobody', 'other'],
])('an answer with %s is from %s', (header, provider) => {
  const body = json(header.startsWith('anthropic') ? CLAUDE : CHAT_JSON);
  const head = `HTTP/1.1 200 OK\r\nContent-Type: ${JSON_TYPE}\r\n${header}: v-1\r\nContent-Length: ${body.length}\r\n\r\n`;
  const [answered] = decode(
    new Recorder().data('c', 'received', Buffer.concat([Buffer.from(head), body])).close('c').events,
  ).of('ai.response');
  expect(answered?.data).toMatchObject({ provider: { name: provider } });
});

test("one of Gemini is Google's, whoever brings it", () => {
  const [answered] = alone(JSON_TYPE, json({ response: GEMINI('Hi.') }), false).of('ai.response');
  expect(answered?.data).toMatchObject({ provider: { name: 'google' }, model: { id: 'gemini-1' } });
  expect(answered?.attrs?.['gen_ai.provider.name']).toBe('gcp.gen_ai');
});

test('the host of the connection says more than the answer', () => {
  const [answered] = alone(JSON_TYPE, json(CLAUDE), { sni: anthropic.host }).of('ai.response');
  expect(answered?.data).toMatchObject({ provider: { name: 'anthropic', endpoint: anthropic.host } });
  expect(answered?.confidence).toMatchObject({
    level: 'medium',
    ai_detection_method: 'known_endpoint',
    limitations: ['the request was not seen'],
  });
});

test('an answer that is cut within a character leaves nothing for the bodies of others', () => {
  const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n40\r\n';
  const recorder = new Recorder()
    .lose('cut', 'sent', 100)
    .data('cut', 'received', Buffer.concat([Buffer.from(`${head}data: {"a":"`), Buffer.from([0xf0, 0x9f])]))
    .wait(5000)
    .open('whole', { sni: openai.host })
    .data('whole', 'sent', openai.sent)
    .data('whole', 'received', openai.received);
  const { of, count } = decode(recorder.events);
  expect(of('ai.request')[0]?.data).toHaveProperty('messages');
  expect(of('ai.response').map((event) => event.confidence.completeness)).toContain('full');
  expect(count('unreadable_bodies')).toBe(0);
});
