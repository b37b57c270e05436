import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import type { OispEvent } from '../../../../core/index.ts';
import { Http1Protocol } from '../../../../processors/decode/http1/protocol.ts';
import { Recorder, request, sse, sseText } from '../capture.ts';
import {
  call,
  chat,
  chatBody,
  claudeBody,
  expectRowsToMatch,
  fate,
  run,
  type Step,
  say,
  write,
} from './row-capture.ts';

const ASK = { stream: true, messages: [{ role: 'user', content: 'hi' }] };
const CHAT = request('api.openai.com', '/v1/chat/completions', { model: 'gpt-4o', ...ASK });
const CLAUDE = request('api.anthropic.com', '/v1/messages', { model: 'claude-sonnet-4-5', max_tokens: 9, ...ASK });

interface Shape {
  readonly coding: 'gzip' | undefined;
  /** How the size of a chunk is written, chunk by chunk. */
  readonly sizes: readonly ('plain' | 'upper' | 'extension')[];
  /** Where chunks are cut; none: one an event. */
  readonly cuts: readonly number[];
  readonly ends: boolean;
}
const shape: fc.Arbitrary<Shape> = fc.record({
  coding: fc.option(fc.constant('gzip' as const), { nil: undefined, freq: 4 }),
  sizes: fc.array(
    fc.oneof(
      { weight: 9, arbitrary: fc.constant('plain' as const) },
      { weight: 1, arbitrary: fc.constantFrom('upper' as const, 'extension' as const) },
    ),
    { minLength: 1, maxLength: 30 },
  ),
  cuts: fc.oneof(fc.constant([]), fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 9 })),
  ends: fc.boolean(),
});

function answer(events: readonly string[], { coding, sizes, cuts, ends }: Shape): Buffer {
  const all = Buffer.from(events.join(''));
  const body = coding === undefined ? all : gzipSync(all);
  const lengths = cuts.length > 0 || coding !== undefined ? cuts : events.map((event) => Buffer.byteLength(event));
  const parts = [
    `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n${coding === undefined ? '' : 'Content-Encoding: gzip\r\n'}Transfer-Encoding: chunked\r\n\r\n`,
  ].map((head) => Buffer.from(head));
  for (let at = 0, i = 0; at < body.length; i++) {
    const chunk = body.subarray(at, at + (lengths[i % lengths.length] ?? 300));
    const hex = chunk.length.toString(16);
    const size = { plain: hex, upper: `0${hex.toUpperCase()}`, extension: `${hex};a=b` }[
      sizes[i % sizes.length] ?? 'plain'
    ];
    parts.push(Buffer.from(`${size}\r\n`), chunk, Buffer.from('\r\n'));
    at += chunk.length;
  }
  return Buffer.concat(ends ? [...parts, Buffer.from('0\r\n\r\n')] : parts);
}

const exchange = fc
  .tuple(fc.boolean(), chatBody, claudeBody, shape)
  .map(([isChat, a, b, of]) => [isChat ? CHAT : CLAUDE, answer(isChat ? a : b, of)] as const);

const connection = fc.record({
  exchanges: fc.array(exchange, { minLength: 1, maxLength: 2 }),
  sizes: fc.array(fc.constantFrom(3, 40, 100, 250, 250, 250, 1000), { minLength: 1, maxLength: 6 }),
  fates: fc.array(fate, { minLength: 1, maxLength: 80 }),
  alpn: fc.constantFrom('http/1.1', undefined),
  closes: fc.boolean(),
});

function stepsOf(
  conn: string,
  { exchanges, sizes, fates }: typeof connection extends fc.Arbitrary<infer T> ? T : never,
) {
  const steps: Step[] = [];
  for (const [asked, answered] of exchanges) {
    steps.push({ conn, dir: 'sent', bytes: Buffer.from(asked), fate: 'kept' });
    for (let at = 0; at < answered.length; ) {
      const bytes = answered.subarray(at, at + (sizes[steps.length % sizes.length] ?? 250));
      steps.push({ conn, dir: 'received', bytes, fate: fates[steps.length % fates.length] ?? 'kept' });
      at += bytes.length;
    }
  }
  return steps;
}

const conversation = fc
  .tuple(fc.array(connection, { minLength: 1, maxLength: 3 }), fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }))
  .map(([connections, turns]) => {
    const recorder = new Recorder();
    const late: OispEvent[] = [];
    const queues = connections.map((one, i) => stepsOf(`${i}`, one));
    for (const [i, { alpn }] of connections.entries()) recorder.open(`${i}`, alpn === undefined ? {} : { alpn });
    // some records of one connection, then some of the next one
    for (let turn = 0; queues.some((queue) => queue.length > 0); turn++)
      for (const step of queues[turn % queues.length]?.splice(0, 1 + (turns[turn % turns.length] ?? 0)) ?? [])
        write(recorder, step, late);
    recorder.events.push(...late);
    for (const [i, { closes }] of connections.entries()) if (closes) recorder.close(`${i}`);
    return recorder.events;
  });

test('records that are read in rows bring the same events, with the same times, as records one by one', () => {
  expectRowsToMatch(conversation, Http1Protocol.prototype, 150);
});

const WORDS = Array.from({ length: 30 }, (_, n) => say(`word ${n} `));
const streamed = answer(WORDS, { coding: undefined, sizes: ['plain'], cuts: [], ends: false });

test.each<[string, (recorder: Recorder) => unknown]>([
  [
    'the input ends in a line between two chunks',
    (recorder) => recorder.data('c', 'received', streamed.subarray(0, -2), 40).data('c', 'received', '\r'),
  ],
  [
    'a request waits that is never answered',
    (recorder) => recorder.data('c', 'sent', CHAT).data('c', 'received', streamed, 40),
  ],
  [
    'the last record is not copied whole',
    (recorder) => {
      recorder.data('c', 'received', streamed, 40);
      const bytes = Buffer.from('10\r\n');
      const data = { conn: 'c', dir: 'received', ...recorder.place('c', 'received', 20), bytes, cut: 16 };
      recorder.record('capture.data', data);
    },
  ],
  [
    'time decides on another connection meanwhile',
    (recorder) => {
      recorder.open('other').data('other', 'sent', CHAT).lose('other', 'received', 9);
      recorder
        .data('other', 'received', streamed, 400)
        .close('other')
        .data('c', 'received', streamed.subarray(0, 400), 40);
      for (let at = 400; at < streamed.length; at += 40)
        recorder.wait(200).data('c', 'received', streamed.subarray(at, at + 40));
    },
  ],
])('rows and single records bring the same where %s', (_name, go) => {
  const recorder = new Recorder().open('c').data('c', 'sent', CHAT);
  go(recorder);
  const over = { streamingChunks: true };
  expect(run(recorder.events, [recorder.events.length], over)).toEqual(run(recorder.events, [1], over));
});

test('most records of a stream are read in rows', () => {
  const row = vi.spyOn(Http1Protocol.prototype, 'row');
  const words = Array.from({ length: 200 }, (_, n) => chat({ content: `word ${n} ` }));
  const recorder = new Recorder().open('c').data('c', 'sent', CHAT);
  const before = recorder.events.length;
  recorder.data(
    'c',
    'received',
    sse([...words, '[DONE]'].map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))),
    200,
  );
  const records = recorder.events.length - before;
  run(recorder.close('c').events, [1000], {});
  const read = row.mock.results.reduce((sum, { value }) => sum + Number(value), 0);
  expect(read).toBeGreaterThan(records * 0.95);
  expect(row.mock.calls.length).toBeLessThan(records / 10);
  row.mockRestore();
});

test('the first token and a tool call have the time of the record that they end in', () => {
  const recorder = new Recorder().open('c').data('c', 'sent', CHAT);
  const events = [
    sseText(JSON.stringify(chat({ role: 'assistant' }))),
    ...['a', 'b', 'c', 'd'].map(say),
    call(0, 'call_1', '{"path":"a.ts"}'),
    sseText(JSON.stringify(chat({}, 'tool_calls'))),
    'data: [DONE]\n\n',
  ];
  const answered = answer(events, { coding: undefined, sizes: ['plain'], cuts: [], ends: true });
  recorder.data('c', 'received', answered, 10).close('c');
  const whole = run(recorder.events, [recorder.events.length], {}) as { readonly out: readonly OispEvent[] };
  // the records are one millisecond apart: the request is the second, the answer begins with the third
  const recordOf = (until: string): number => 3 + Math.floor((answered.indexOf(until) + until.length - 1) / 10);
  const response = whole.out.find(({ event_type }) => event_type === 'ai.response');
  expect(response?.data).toMatchObject({ time_to_first_token_ms: recordOf(say('a')) - 2 });
  const tool = whole.out.find(({ event_type }) => event_type === 'agent.tool_call');
  expect((tool?.ts_mono ?? 0) / 1e6).toBe(recordOf(sseText(JSON.stringify(chat({}, 'tool_calls')))));
});
