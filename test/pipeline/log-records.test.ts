import { beforeAll, describe, expect, test } from 'vitest';
import {
  BUILD,
  DETAILS_EVENT,
  EventRecords,
  isChosen,
  JsonEncoder,
  type OispEvent,
  ProtobufEncoder,
  type SpanRecord,
} from '../../core/index.ts';
import { decodeJson, decodeLogs, type Plain, recordsOf } from '../core/otel/decode.ts';
import { correlate, Story, user } from '../processors/correlate/story.ts';
import { type Mode, type Ran, recording, through } from './lab.ts';

/** What a backend reads of these events, by both encodings. */
function logged(events: readonly OispEvent[]): Plain[] {
  const records = new EventRecords();
  const made = events.map((event) => records.record(event));
  const decoded = recordsOf(decodeLogs(new ProtobufEncoder(BUILD).logs(made)));
  expect(recordsOf(decodeJson(new JsonEncoder(BUILD).logs(made)))).toEqual(decoded);
  return decoded;
}

const attributeOf = (record: Plain, key: string): unknown =>
  (record['attributes'] as { key: string; value: object }[]).find((a) => a.key === key)?.value;

const idsOf = (spans: readonly SpanRecord[]): Set<string> => new Set(spans.map((s) => `${s.traceId} ${s.spanId}`));
const TIMES = {
  timeUnixNano: expect.stringMatching(/^\d{19}$/),
  observedTimeUnixNano: expect.stringMatching(/^\d{19}$/),
};

describe.each<Mode>(['full', 'safe', 'minimal'])('the events of the recording in mode %s', (mode) => {
  let ran: Ran;
  beforeAll(async () => {
    ran = await through(recording, { mode });
  });

  test('are log records with the ids of their spans, named and timed by their events', () => {
    const records = logged(ran.events);
    expect(records).toHaveLength(ran.events.length);
    const ids = idsOf(ran.spans);
    let placed = 0;
    for (const record of records) {
      expect(record).toMatchObject(TIMES);
      expect(record['observedTimeUnixNano']).toBe(record['timeUnixNano']);
      expect(record['eventName']).toMatch(/^(?:oisp\.agent\.session|ai\.|agent\.|process\.|file\.|network\.)/);
      if (record['traceId'] === undefined) continue;
      placed++;
      expect(ids).toContain(`${String(record['traceId'])} ${String(record['spanId'])}`);
    }
    expect(placed).toBeGreaterThan(records.length / 3);
    const failed = ran.events.filter((e) => (e.data as { success?: boolean }).success === false);
    expect(records.filter((r) => r['severityText'] === 'WARN')).toHaveLength(failed.length);
  });

  test('hold no content and no match keys, whatever the mode', () => {
    const text = JSON.stringify(logged(ran.events));
    expect(text).not.toContain('oisp.match');
    const requests = ran.events.filter((e) => e.event_type === 'ai.request');
    expect(requests.length).toBeGreaterThan(5);
    for (const { data } of requests) {
      const { messages = [] } = data as { messages?: { content?: unknown }[] };
      for (const { content } of messages)
        if (typeof content === 'string' && content.length > 40) expect(text).not.toContain(content.slice(0, 40));
    }
  });

  test('tell the sessions', () => {
    const records = logged(ran.events).filter(
      (r) => r['eventName'] === 'oisp.agent.session' && attributeOf(r, 'gen_ai.conversation.id') !== undefined,
    );
    const actions = records.map((r) => attributeOf(r, 'oisp.session.action'));
    expect(actions.filter((a) => JSON.stringify(a).includes('start')).length).toBeGreaterThan(0);
    expect(actions.filter((a) => JSON.stringify(a).includes('end')).length).toBe(actions.length / 2);
    for (const record of records) expect(attributeOf(record, 'session.id')).toBeDefined();
  });
});

test('an exit after its trace was exported is a log record with the ids of its span', async () => {
  const s = new Story();
  const one = [user('please start the development server now')];
  s.ask(10, 'r1', one);
  const asked = s.answer(10, 'r1', '', [{ id: 't1', name: 'Bash', arguments: { command: 'serve --port 80' } }]);
  s.exec(20, 10, ['serve', '--port', '80']);
  const result = { type: 'tool_call_response' as const, id: 't1', response: 'started' };
  s.ask(10, 'r2', [...one, asked, { role: 'user', parts: [result] }]);
  s.answer(10, 'r2', 'It runs.');
  s.wait(600_000);
  const write = s.effect('file.write', 20, 10, { path: '/var/log/serve', bytes_written: 3 });
  s.exit(20, 10, 143);
  const { spans, events } = await correlate(s.events);
  const span = spans.find((x) => x.name === 'process.exec serve');
  expect(span?.attributes.find((a) => a.key === 'oisp.span.end_reason')?.value).toBe('detached');
  const late = events.filter((event) => isChosen(event, 'late'));
  const records = logged(late);
  expect(records.map((r) => r['eventName'])).toEqual(['file.write', 'process.exit']);
  for (const record of records) {
    expect(record).toMatchObject({ traceId: span?.traceId, spanId: span?.spanId });
    expect(attributeOf(record, 'oisp.late')).toEqual({ boolValue: true });
  }
  expect(attributeOf(records[1] as Plain, 'process.exit.code')).toEqual({ intValue: '143' });
  expect(attributeOf(records[0] as Plain, 'oisp.event.id')).toEqual({ stringValue: write.event_id });
  // one span per id, ever
  expect(spans.filter((x) => x.spanId === span?.spanId)).toHaveLength(1);
});

test('the content of model calls is a structure on a log record with the ids of its span', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('hello there, how is the weather')]);
  s.answer(10, 'r1', 'Fine.');
  const { spans, events } = await correlate(s.events, { content: { mode: 'event' } });
  const [record, ...more] = logged(events.filter((event) => isChosen(event, 'late')));
  expect(more).toEqual([]);
  const call = spans.find((x) => x.name === 'chat big-model');
  expect(record).toMatchObject({
    eventName: DETAILS_EVENT,
    traceId: call?.traceId,
    spanId: call?.spanId,
    severityText: 'INFO',
  });
  const part = {
    kvlistValue: {
      values: [
        { key: 'type', value: { stringValue: 'text' } },
        { key: 'content', value: { stringValue: 'hello there, how is the weather' } },
      ],
    },
  };
  const message = {
    kvlistValue: {
      values: [
        { key: 'role', value: { stringValue: 'user' } },
        { key: 'parts', value: { arrayValue: { values: [part] } } },
      ],
    },
  };
  expect(attributeOf(record as Plain, 'gen_ai.input.messages')).toEqual({ arrayValue: { values: [message] } });
  // the resource is that of the span
  const service = ((record as Plain)['resource'] as { attributes: unknown[] }).attributes[0];
  expect(service).toEqual({ key: 'service.name', value: { stringValue: 'coder' } });
  expect(call?.resource.attributes[0]?.value).toBe('coder');
});
