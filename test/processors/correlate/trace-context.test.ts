import { describe, expect, test } from 'vitest';
import { makeEvent } from '../../../core/testing/index.ts';
import { AppTraces, traceParentOf } from '../../../processors/correlate/trace-context.ts';
import { throughLines } from '../../pipeline/lab.ts';
import { attribute, correlate, drawn, result, Story, type Told, user } from './story.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const header = (span: string, flags = '01', trace = TRACE): string => `00-${trace}-${span}-${flags}`;
const H1 = 'b7ad6b7169203331';
const H2 = 'b7ad6b7169203332';
const H3 = 'b7ad6b7169203333';

function parsed(traceparent: unknown): unknown {
  return traceParentOf({ ...makeEvent(1), attrs: { traceparent } });
}

describe('a traceparent is', () => {
  test.each([
    [header(H1), { traceId: TRACE, spanId: H1, isSampled: true }],
    [header(H1, '00'), { traceId: TRACE, spanId: H1, isSampled: false }],
    [header(H1, '03'), { traceId: TRACE, spanId: H1, isSampled: true }],
    [`cc-${TRACE}-${H1}-01`, { traceId: TRACE, spanId: H1, isSampled: true }],
    [`cc-${TRACE}-${H1}-01-what-comes-then`, { traceId: TRACE, spanId: H1, isSampled: true }],
  ])('read: %s', (value, want) => {
    expect(parsed(value)).toEqual(want);
  });

  test.each([
    ['version ff', `ff-${TRACE}-${H1}-01`],
    ['version 00 with more behind it', `${header(H1)}-00`],
    ['more without a dash', `cc-${TRACE}-${H1}-01x`],
    ['a trace id of zeros', header(H1, '01', '0'.repeat(32))],
    ['a parent id of zeros', header('0'.repeat(16))],
    ['upper case', header(H1).toUpperCase()],
    ['a short id', header(H1.slice(1))],
    ['space around it', ` ${header(H1)}`],
    ['no text', 7],
    ['nothing', undefined],
  ])('refused: %s', (_, value) => {
    expect(parsed(value)).toBeUndefined();
  });
});

/** A turn of two calls with a tool between them, each call below a span of the application. */
function turn(parents: readonly (string | undefined)[]): Story {
  const s = new Story();
  const one = [user('please list the files of this project')];
  s.ask(10, 'r1', one);
  const asked = s.answer(10, 'r1', '', [{ id: 't1', name: 'Bash', arguments: { command: 'ls' } }]);
  const two = [...one, asked, result('t1', 'a b c')];
  s.ask(10, 'r2', two);
  const done = s.answer(10, 'r2', 'Three files.');
  s.wait(50);
  s.ask(10, 'r3', [...two, done, user('and what is in the first one of them')]);
  s.answer(10, 'r3', 'Nothing.');
  let n = 0;
  for (const [i, event] of s.events.entries()) {
    if (event.event_type !== 'ai.request') continue;
    const traceparent = parents[n++];
    if (traceparent !== undefined) {
      s.events[i] = { ...event, attrs: { ...event.attrs, traceparent, tracestate: 'a=b', baggage: 'user=secret' } };
    }
  }
  return s;
}

function linksOf(told: Told, name: string): string[][] {
  return told.spans
    .filter((span) => span.name.startsWith(name))
    .sort((a, b) => (a.start < b.start ? -1 : 1))
    .map((span) => (span.links ?? []).map((l) => `${String(l.attributes[0]?.value)} ${l.spanId}`));
}

const roots = (told: Told) =>
  told.spans.filter((s) => s.name.startsWith('invoke_agent')).sort((a, b) => (a.start < b.start ? -1 : 1));

const HEADERS = [header(H1), header(H2), header(H3)];

test('link: each model call links to the span of the application around it, and the tree stays where it is', async () => {
  const { events } = turn(HEADERS);
  const told = await correlate(events);
  expect(linksOf(told, 'chat')).toEqual([[`app_trace ${H1}`], [`app_trace ${H2}`], [`app_trace ${H3}`]]);
  expect(told.spans.map((s) => s.traceId)).not.toContain(TRACE);
  expect(JSON.stringify(told.spans, (_, v) => (typeof v === 'bigint' ? '' : v))).not.toMatch(/secret|a=b/);
  const without = await correlate(turn([]).events);
  expect(told.spans.map((s) => s.spanId)).toEqual(without.spans.map((s) => s.spanId));
});

test('ignore: nothing of it is on any span', async () => {
  const told = await correlate(turn(HEADERS).events, { trace_context: 'ignore' });
  expect(linksOf(told, 'chat')).toEqual([[], [], []]);
});

test('parent: a turn moves as a whole below the span of the application that its first request names', async () => {
  const told = await correlate(turn(HEADERS).events, { trace_context: 'parent' });
  expect(new Set(told.spans.map((s) => s.traceId))).toEqual(new Set([TRACE]));
  expect(roots(told).map((s) => s.parentSpanId)).toEqual([H1, H3]);
  expect(roots(told).map((s) => attribute(s, 'oisp.correlation.rule'))).toEqual(['traceparent', 'traceparent']);
  // one tree that adds up: the second call stays below its turn and links to the span around it
  const [first] = roots(told);
  const inFirst = told.spans.filter((s) => s.parentSpanId === first?.spanId);
  expect(new Set(inFirst.map((s) => s.name))).toEqual(new Set(['chat big-model', 'execute_tool Bash']));
  expect(inFirst).toHaveLength(3);
  expect(linksOf(told, 'chat')).toEqual([[], [`app_trace ${H2}`], []]);
  // no orphan but for the two spans of the application, no span that links to its own parent
  const ids = new Set(told.spans.map((s) => s.spanId));
  const above = told.spans.flatMap((s) => (s.parentSpanId && !ids.has(s.parentSpanId) ? [s.parentSpanId] : []));
  expect(above).toEqual([H1, H3]);
  for (const span of told.spans) for (const l of span.links ?? []) expect(l.spanId).not.toBe(span.parentSpanId);
  // the events say the same trace, and the ids of spans do not depend on the mode
  expect(new Set(told.events.flatMap((e) => (e.trace_context ? [e.trace_context.trace_id] : [])))).toEqual(
    new Set([TRACE]),
  );
  const linked = await correlate(turn(HEADERS).events);
  expect(told.spans.map((s) => s.spanId)).toEqual(linked.spans.map((s) => s.spanId));
});

test('parent: a trace that the application does not record takes nothing, else the root would be an orphan', async () => {
  const told = await correlate(turn([header(H1, '00')]).events, { trace_context: 'parent' });
  expect(roots(told).map((s) => s.parentSpanId)).toEqual([undefined, undefined]);
  expect(linksOf(told, 'chat')[0]).toEqual([`app_trace ${H1}`]);
});

test('parent: a call that names another trace than its turn links there', async () => {
  const other = 'f'.repeat(32);
  const told = await correlate(turn([header(H1), header(H2, '01', other)]).events, { trace_context: 'parent' });
  const call = told.spans.find((s) => s.links?.some((l) => l.traceId === other));
  expect(call?.traceId).toBe(TRACE);
});

test('parent: a trace of the application that is full takes no further turn', async () => {
  const s = new Story();
  const messages = [user('a first question that is long enough')];
  for (let i = 0; i < 8; i++) {
    s.ask(10, `r${i}`, messages);
    messages.push(s.answer(10, `r${i}`, `Answer number ${i}.`), user(`question number ${i} of several`));
  }
  const events = s.events.map((e) =>
    e.event_type === 'ai.request' ? { ...e, attrs: { ...e.attrs, traceparent: header(H1) } } : e,
  );
  const told = await correlate(events, { trace_context: 'parent', max_spans_per_trace: 10 });
  const inside = told.spans.filter((x) => x.traceId === TRACE);
  expect(inside).toHaveLength(10);
  expect(drawn(told.spans.filter((x) => x.traceId !== TRACE))).toHaveLength(6);
});

test('traces that nothing moved into are not counted', () => {
  const traces = new AppTraces({ spans: 1, bytes: 1000 });
  const opener = { ...makeEvent(1), attrs: { traceparent: header(H1) } };
  traces.add(TRACE, 10);
  expect(traces.adopts(opener)).toBeDefined();
  traces.add(TRACE, 10);
  expect(traces.adopts(opener)).toBeUndefined();
});

test('the header of captured bytes gets there', async () => {
  const body = JSON.stringify({ model: 'gpt-4o', messages: [{ role: 'user', content: 'hello there, how are you?' }] });
  const answer = JSON.stringify({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-4o',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Fine.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 5, completion_tokens: 2, total_tokens: 7 },
  });
  const sent = [
    'POST /v1/chat/completions HTTP/1.1',
    'host: api.openai.com',
    'content-type: application/json',
    `traceparent: ${header(H1)}`,
    'tracestate: vendor=opaque',
    'baggage: user=secret',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  const received = [
    'HTTP/1.1 200 OK',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(answer)}`,
  ];
  const at = (ms: number) => ({
    oisp_version: '0.1',
    ts: `2026-11-20T10:00:00.${String(ms).padStart(3, '0')}Z`,
    ts_mono: ms * 1e6,
    source: { collector: 'test', clock: 'boottime' },
    confidence: { level: 'high', completeness: 'full' },
    host: { device_id: 'h', boot_id: 'b' },
    process: { pid: 10, exe: '/usr/bin/app', start_time: '2026-11-20T09:00:00Z' },
  });
  const data = (n: number, dir: string, text: string) => ({
    ...at(n),
    event_id: `01JD000000000000000000000${n}`,
    event_type: 'capture.data',
    data: { conn: 'c', dir, seq: 0, offset: 0, b64: Buffer.from(text).toString('base64') },
  });
  const lines = [
    {
      ...at(0),
      event_id: '01JD0000000000000000000000',
      event_type: 'capture.open',
      data: { conn: 'c', protocol: 'tls' },
    },
    data(1, 'sent', `${sent.join('\r\n')}\r\n\r\n${body}`),
    data(2, 'received', `${received.join('\r\n')}\r\n\r\n${answer}`),
    {
      ...at(3),
      event_id: '01JD0000000000000000000003',
      event_type: 'capture.close',
      data: { conn: 'c', reason: 'eof' },
    },
  ].map((line) => JSON.stringify(line));
  for (const mode of ['full', 'safe', 'minimal'] as const) {
    const { spans } = await throughLines(lines, { mode });
    const chat = spans.find((span) => span.name === 'chat gpt-4o');
    expect(chat?.links).toEqual([
      { traceId: TRACE, spanId: H1, attributes: [{ key: 'oisp.link.type', type: 'string', value: 'app_trace' }] },
    ]);
    expect(chat && attribute(chat, 'openai.api.type')).toBe(mode === 'minimal' ? undefined : 'chat_completions');
    expect(JSON.stringify(spans, (_, v) => (typeof v === 'bigint' ? '' : v))).not.toMatch(/user=secret|vendor=opaque/);
  }
});
