import { describe, expect, it } from 'vitest';
import { type Batch, type EventsBatch, PermanentError, ReceiptBook, RetryableError } from '../../../core/index.ts';
import { makeContext, makeEvent, makeHost, RULES } from '../../../core/testing/index.ts';
import { decodeProcessor } from '../../../processors/decode/index.ts';
import { Recorder } from './capture.ts';
import { anthropic, openai } from './samples.ts';

const config = {
  reorder_window: 2000,
  max_body_size: 1 << 24,
  max_connection_size: 1 << 26,
  max_total_size: 1 << 28,
  max_connections: 100,
};
const never = new AbortController().signal;

function make(consume: (batch: EventsBatch) => Promise<void> = async () => {}) {
  const made = makeContext();
  const batches: EventsBatch[] = [];
  const next = {
    consume: async (batch: Batch): Promise<void> => {
      if (batch.signal !== 'events') return;
      await consume(batch);
      batches.push(batch);
    },
  };
  if (decodeProcessor.kind !== 'processor') throw new Error('not a processor');
  const processor = decodeProcessor.create(made.context, config, next);
  const count = (name: string): number =>
    made.meter
      .samples()
      .filter((sample) => sample.name === `oisp_decode_${name}`)
      .reduce((sum, sample) => sum + sample.value, 0);
  return { ...made, processor, batches, count, types: () => batches.flatMap((b) => b.events.map((e) => e.event_type)) };
}

function recorded(): Recorder {
  return new Recorder()
    .open('c', { sni: openai.host })
    .data('c', 'sent', openai.sent)
    .data('c', 'received', openai.received);
}

describe('decode', () => {
  for (const rule of RULES)
    it(`keeps the rule: ${rule.name}`, async () => {
      await rule.run({ definition: decodeProcessor, config: () => config });
    });

  it('passes what is no capture record, in order, and lets no capture record go on', async () => {
    const { processor, batches, types } = make();
    const [a, b] = [makeEvent(1), makeEvent(2)];
    await processor.consume({ signal: 'events', events: [a, ...recorded().events, b], live: true });
    expect(types()).toEqual([
      'process.exec',
      'ai.request',
      'agent.tool_call',
      'agent.tool_call',
      'ai.response',
      'process.exec',
    ]);
    expect(batches[0]?.live).toBe(true);
    expect(batches[0]?.events[0]).toMatchObject({ event_id: a.event_id, attrs: { 'oisp.match': {} } });
    expect(decodeProcessor.kind === 'processor' && [...decodeProcessor.flow(new Set(['capture']))]).toEqual(['events']);
  });

  for (const { lives, want } of [
    { lives: [true, true], want: true },
    { lives: [false, true], want: false },
    { lives: [true, undefined], want: false },
  ])
    it(`calls what it held to the end ${want ? 'live' : 'not live'} after batches with live ${lives.join(', ')}`, async () => {
      const { processor, batches, types } = make();
      const halves = [recorded().events.slice(0, 1), recorded().events.slice(1, 2)];
      for (const [i, live] of lives.entries())
        await processor.consume({ signal: 'events', events: halves[i] ?? [], ...(live !== undefined && { live }) });
      const before = batches.length;
      await processor.shutdown(never);
      expect(types()).toContain('ai.response');
      expect(batches.slice(before).map((batch) => batch.live)).toEqual([want]);
    });

  it('holds the input of an open connection until it is closed and its events are delivered', async () => {
    const book = new ReceiptBook<number>(0);
    const { processor, batches } = make();
    const r = recorded();
    const send = async (events: EventsBatch['events'], end: number): Promise<void> => {
      const receipt = book.open(end);
      await processor.consume({ signal: 'events', events, receipts: [receipt] });
      receipt.release();
    };
    await send(r.events.slice(0, 2), 1);
    await send(r.events.slice(2), 2);
    expect(book.lowWater).toBe(0);
    expect(batches.at(-1)?.receipts).toHaveLength(2);
    await send([r.close('c').events.at(-1) ?? makeEvent(1)], 3);
    await send([r.wait(3000).record('process.exit', { exit_code: 0 })], 4);
    expect(book.lowWater).toBe(4);
  });

  it('skips a connection that was read by an earlier run, until it closes', async () => {
    const { processor, count, types } = make();
    const book = new ReceiptBook<number>(0);
    const r = recorded();
    const events = r.data('c', 'sent', openai.sent).data('c', 'received', openai.received).close('c').events.slice(2);
    await processor.consume({ signal: 'events', events, receipts: [book.open(1, true)] });
    await processor.shutdown(never);
    expect(types()).toEqual([]);
    expect(count('reread_skipped')).toBe(1);
  });

  it('tries again for as long as later may work', async () => {
    let tries = 0;
    const { processor, clock, types, count } = make(async () => {
      if (++tries < 8) throw new RetryableError('busy');
    });
    await clock.run(processor.consume({ signal: 'events', events: recorded().events }));
    expect(types()).toContain('ai.response');
    expect(count('retries')).toBe(7);
    expect(count('dropped_events')).toBe(0);
  });

  it('drops and counts what nobody will ever take, and goes on', async () => {
    let refuse = true;
    const { processor, count, lines, types } = make(async () => {
      if (refuse) throw new PermanentError('never');
    });
    await processor.consume({ signal: 'events', events: recorded().events });
    expect(count('dropped_events')).toBe(4);
    expect(lines.filter((line) => line.level === 'error')).toHaveLength(1);
    refuse = false;
    await processor.consume({ signal: 'events', events: [makeEvent(1)] });
    expect(types()).toEqual(['process.exec']);
  });

  it('emits what is open when the input ends, once', async () => {
    const { processor, types, batches } = make();
    const events = new Recorder()
      .open('c', { sni: anthropic.host })
      .data('c', 'sent', anthropic.sent)
      .data('c', 'received', anthropic.received.subarray(0, 700)).events;
    await processor.start(makeHost());
    await processor.consume({ signal: 'events', events });
    await processor.shutdown(never);
    await processor.shutdown(never);
    expect(types().filter((type) => type === 'ai.response')).toHaveLength(1);
    expect(batches.at(-1)?.events.at(-1)?.confidence.completeness).toBe('partial');
  });

  it('lets time go on while a live source is silent', async () => {
    const { processor, clock, types } = make();
    const events = new Recorder().data('late', 'sent', openai.sent).data('late', 'received', openai.received).events;
    await processor.consume({ signal: 'events', events, live: true });
    expect(types()).toEqual([]);
    await clock.advance(3000);
    expect(types()).toContain('ai.response');
  });
});
