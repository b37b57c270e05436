import { describe, expect, test } from 'vitest';
import type { Context, OispEvent, SpanRecord } from '../../../core/index.ts';
import { createMatcher } from '../../../core/index.ts';
import { CollectingSink, eventsBatch, makeContext, makeEvent, makeSpan } from '../../../core/testing/index.ts';
import { Engine } from '../../../processors/redact/engine/engine.ts';
import { redactProcessor } from '../../../processors/redact/index.ts';
import { RedactProcessor } from '../../../processors/redact/processor.ts';
import type { Mode } from '../../../processors/redact/redactor.ts';
import { coreRules } from '../../../processors/redact/rules/index.ts';
import { SpanRedactor } from '../../../processors/redact/spans.ts';
import { OPENAI_KEY, redactorOf, requestWith, stringsOf } from './samples.ts';

function processorOf(mode: Mode = 'safe', over: Partial<Context> = {}) {
  const { context, meter, lines } = makeContext(over);
  const sink = new CollectingSink();
  const engine = new Engine({ rules: coreRules({ pii: true }) });
  const processor = new RedactProcessor(context, sink, {
    redactor: redactorOf(mode),
    rest: redactorOf('minimal'),
    spans: new SpanRedactor(engine, mode, () => {}),
  });
  const count = (name: string) => meter.samples().find((s) => s.name === name)?.value;
  return { processor, sink, lines, count };
}

function nested(levels: number): unknown {
  let value: unknown = 'a text at the bottom';
  for (let i = 0; i < levels; i++) value = { a: value };
  return value;
}

describe('the processor', () => {
  test('hands on as many events as came in, in order, with the receipts of the batch', async () => {
    const { processor, sink } = processorOf();
    const receipt = { hold() {}, release() {}, reread: false };
    const batch = { ...eventsBatch(5), receipts: [receipt] };
    await processor.consume(batch);
    expect(sink.events.map((e) => e.event_id)).toEqual(batch.events.map((e) => e.event_id));
    expect(sink.batches[0]?.receipts).toEqual([receipt]);
  });

  test('raw capture records never pass, are counted and warned about once', async () => {
    const { processor, sink, lines, count } = processorOf('full');
    const raw = makeEvent(1, { event_type: 'capture.data', data: { conn: 'c', b64: 'c2VjcmV0' } });
    await processor.consume({ signal: 'events', events: [raw, makeEvent(2), raw] });
    expect(sink.events.map((e) => e.event_type)).toEqual(['process.exec']);
    expect(count('oisp_redact_capture_dropped')).toBe(2);
    expect(lines.filter((l) => l.level === 'warn')).toHaveLength(1);
  });

  test('capture records do not come out by plan either', () => {
    expect([...redactProcessor.flow(new Set(['capture', 'events', 'spans']))]).toEqual(['events', 'spans']);
  });

  test('of an event that cannot be redacted only metadata passes', async () => {
    const { processor, sink, count, lines } = processorOf('full');
    const event = requestWith(() => 'a text of content');
    const deep: OispEvent = { ...event, data: { ...event.data, more: nested(80) }, ext: { deep: nested(80) } };
    await processor.consume({ signal: 'events', events: [deep] });
    expect(count('oisp_redact_events_reduced')).toBe(1);
    const [out] = sink.events;
    expect(out?.data).toEqual({
      request_id: 'req-1',
      conversation_id: 'conv-1',
      streaming: true,
      request_type: 'chat',
      messages_count: 4,
      tools_count: 1,
      provider: { name: 'openai', endpoint: 'https://api.openai.com/v1/responses' },
      model: { id: 'gpt-5' },
      parameters: {},
      tool_choice: 'auto',
    });
    expect(out?.confidence).toMatchObject({ completeness: 'redacted', redaction_applied: true });
    expect(stringsOf(out).join()).not.toContain('content');
    expect(JSON.stringify(lines)).not.toContain('a text');
  });

  test('an event of which nothing can be said is dropped and counted', async () => {
    const { processor, sink, count, lines } = processorOf();
    const broken = makeEvent(1);
    Object.defineProperty(broken, 'source', {
      enumerable: true,
      get: () => {
        throw new Error('a secret in a message');
      },
    });
    await processor.consume({ signal: 'events', events: [broken, makeEvent(2)] });
    expect(sink.events).toHaveLength(1);
    expect(count('oisp_redact_events_dropped')).toBe(1);
    expect(JSON.stringify(lines)).not.toContain('secret in a message');
  });

  test('match keys are of the event before redaction, and equal in every mode', async () => {
    const matcher = createMatcher(Buffer.alloc(32, 1));
    const event = requestWith(() => `a question with a key ${OPENAI_KEY}`);
    const keys = [];
    for (const mode of ['safe', 'full', 'minimal'] as const) {
      const { processor, sink } = processorOf(mode, { matcher });
      await processor.consume({ signal: 'events', events: [event] });
      keys.push(sink.events[0]?.attrs?.['oisp.match']);
    }
    expect(keys[0]).toBeDefined();
    expect(keys).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[0]).toEqual(matcher.stamp(event).attrs?.['oisp.match']);
  });

  test('may be shut down twice and without a start', async () => {
    const { processor } = processorOf();
    await processor.shutdown();
    await processor.shutdown();
  });
});

describe('spans', () => {
  const span: SpanRecord = makeSpan(1, {
    name: `read /tmp/${OPENAI_KEY}`,
    attributes: [
      {
        key: 'gen_ai.input.messages',
        type: 'string',
        value: `[{"role":"user","parts":[{"content":"\\n${OPENAI_KEY} words"}]}]`,
      },
      { key: 'gen_ai.usage.input_tokens', type: 'int', value: 5 },
      { key: 'process.command_args', type: 'strings', value: ['x', '--password', 'abc'] },
      { key: 'file.path', type: 'string', value: '/home/al/x.md' },
    ],
    status: { code: 'error', message: `bad ${OPENAI_KEY}` },
  });

  test.each(['safe', 'full', 'minimal'] as const)('in mode %s no secret is left in a span', async (mode) => {
    const { processor, sink } = processorOf(mode);
    await processor.consume({ signal: 'spans', spans: [span, makeSpan(2)] });
    const [out, plain] = sink.spans;
    const text = JSON.stringify(out, (_, v: unknown) => (typeof v === 'bigint' ? `${v}` : v));
    expect(text).not.toContain(OPENAI_KEY);
    expect(text).not.toContain('abc');
    expect(text.includes('words')).toBe(mode === 'full');
    expect(text.includes('/home/al')).toBe(mode !== 'minimal');
    expect(out?.name).toBe('read /tmp/[API_KEY_REDACTED]');
    expect(plain).toEqual(makeSpan(2));
  });

  test('spans of one resource keep one resource', async () => {
    const { processor, sink } = processorOf('safe');
    const resource = { attributes: [{ key: 'note', type: 'string' as const, value: OPENAI_KEY }] };
    await processor.consume({ signal: 'spans', spans: [makeSpan(1, { resource }), makeSpan(2, { resource })] });
    expect(sink.spans[0]?.resource).toBe(sink.spans[1]?.resource);
    expect(sink.spans[0]?.resource).not.toBe(resource);
  });
});
