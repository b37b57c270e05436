import { describe, expect, test } from 'vitest';
import {
  type Batch,
  createMatcher,
  MATCH_ATTR,
  type OispEvent,
  ReceiptBook,
  type SpanRecord,
} from '../../../core/index.ts';
import { configFor, makeContext, makeHost } from '../../../core/testing/index.ts';
import { Claim } from '../../../processors/correlate/claim.ts';
import { HostState } from '../../../processors/correlate/host.ts';
import { correlateProcessor } from '../../../processors/correlate/index.ts';
import type { CorrelateOptions } from '../../../processors/correlate/options.ts';
import { isDerivedSession } from '../../../processors/correlate/sessions.ts';
import { attribute, Story, user } from './story.ts';

/** State is looked through once in so many events. */
const SWEEP = 1024;

interface Bounded {
  readonly spans: SpanRecord[];
  readonly passed: number;
  /** The most that a gauge showed, between batches. */
  most(gauge: string): number;
  count(counter: string): number;
}

/** Runs events through a `correlate` with small limits and watches its gauges. */
async function bounded(events: readonly OispEvent[], config: object): Promise<Bounded> {
  const { context, meter } = makeContext();
  const spans: SpanRecord[] = [];
  let passed = 0;
  const next = {
    consume: async (batch: Batch) => {
      if (batch.signal === 'spans') spans.push(...batch.spans);
      else passed += batch.events.filter((event) => !isDerivedSession(event)).length;
    },
  };
  const node = correlateProcessor.create(context, configFor(correlateProcessor.schema, config) as never, next);
  await node.start(makeHost());
  const peaks = new Map<string, number>();
  const look = (): void => {
    for (const { name, value } of meter.samples()) peaks.set(name, Math.max(peaks.get(name) ?? 0, value));
  };
  for (let i = 0; i < events.length; i += 512) {
    await node.consume({ signal: 'events', events: events.slice(i, i + 512) });
    look();
  }
  await node.shutdown(AbortSignal.timeout(10_000));
  const last = new Map(meter.samples().map(({ name, value }) => [name, value]));
  return { spans, passed, most: (gauge) => peaks.get(gauge) ?? 0, count: (counter) => last.get(counter) ?? 0 };
}

/** The problem with a set of trees: orphans, repeated ids, several roots. */
function faultsOf(spans: readonly SpanRecord[]): string[] {
  const ids = new Set(spans.map((span) => `${span.traceId} ${span.spanId}`));
  const faults = ids.size === spans.length ? [] : ['repeated ids'];
  for (const { traceId, parentSpanId, name } of spans)
    if (parentSpanId !== undefined && !ids.has(`${traceId} ${parentSpanId}`)) faults.push(`orphan ${name}`);
  return faults;
}

describe('state stays within its limits', () => {
  test('conversations that ended their turns: the oldest are let go and counted', async () => {
    const story = new Story();
    for (let i = 0; i < 1500; i++) {
      story.ask(10, `r${i}`, [user(`question number ${i}`)]);
      story.answer(10, `r${i}`, `answer number ${i}`);
    }
    const { spans, passed, most, count } = await bounded(story.events, { max_conversations: 100 });
    expect(passed).toBe(story.events.length);
    expect(most('oisp_correlate_conversations')).toBeLessThanOrEqual(100 + SWEEP);
    expect(count('oisp_correlate_evicted_conversations')).toBeGreaterThan(500);
    expect(spans.filter((span) => span.name.startsWith('invoke_agent'))).toHaveLength(1500);
    expect(faultsOf(spans)).toEqual([]);
  });

  test('turns that never end: those silent longest end, and say why', async () => {
    const story = new Story();
    for (let i = 0; i < 1000; i++) {
      story.ask(10, `r${i}`, [user(`question number ${i}`)]);
      story.answer(10, `r${i}`, '', [{ id: `toolu_${i}_0123456789`, name: 'Wait', arguments: { job: i } }]);
    }
    const { spans, passed, most, count } = await bounded(story.events, { max_conversations: 100 });
    expect(passed).toBe(story.events.length);
    expect(most('oisp_correlate_open_turns')).toBeLessThanOrEqual(100 + SWEEP);
    const evicted = count('oisp_correlate_evicted_conversations');
    expect(evicted).toBeGreaterThan(500);
    const roots = spans.filter((span) => span.name.startsWith('invoke_agent'));
    expect(roots).toHaveLength(1000);
    expect(roots.filter((span) => attribute(span, 'oisp.span.end_reason') === 'evicted')).toHaveLength(evicted);
    expect(faultsOf(spans)).toEqual([]);
  });

  test('conversations whose requests were not captured count as well', async () => {
    const story = new Story();
    const lacking = { level: 'high', completeness: 'partial', missing: ['request'] } as const;
    for (let i = 0; i < 1500; i++) {
      story.wait(100);
      const data = { request_id: `r${i}`, provider: { name: 'openai' }, success: true, tool_calls_count: 1 };
      story.event('ai.response', 10, data, { confidence: lacking });
      story.event(
        'agent.tool_call',
        10,
        { tool: { name: 'Wait' }, call_id: `c${i}`, request_id: `r${i}`, index: 0, arguments: { job: i } },
        { confidence: lacking },
      );
    }
    // half an hour between them ends each turn: all are conversations of their own
    const events = story.events.map((event, i) => ({ ...event, ts_mono: i * 2e12 }));
    const { count, passed } = await bounded(events, { max_conversations: 100 });
    expect(passed).toBe(events.length);
    expect(count('oisp_correlate_evicted_conversations')).toBeGreaterThan(500);
  });

  test('agents: the ones silent longest are let go, with what they have open', async () => {
    const story = new Story();
    for (let i = 0; i < 1000; i++) {
      story.ask(1000 + i, `r${i}`, [user(`question number ${i}`)]);
      if (i % 2 === 0) story.answer(1000 + i, `r${i}`, 'done');
    }
    const { spans, passed, most, count } = await bounded(story.events, { max_conversations: 100 });
    expect(passed).toBe(story.events.length);
    expect(count('oisp_correlate_evicted_agents')).toBeGreaterThan(500);
    expect(most('oisp_correlate_conversations')).toBeLessThanOrEqual(100 + SWEEP);
    expect(spans.filter((span) => span.name.startsWith('invoke_agent'))).toHaveLength(1000);
    expect(faultsOf(spans)).toEqual([]);
  });

  test('side calls that wait for a turn stand up by themselves', async () => {
    const story = new Story();
    for (let i = 0; i < 2000; i++) {
      story.ask(10, `r${i}`, [user('quota')], { tools: false, maxTokens: 1 });
      story.answer(10, `r${i}`, '#');
    }
    const { spans, count } = await bounded(story.events, {});
    expect(spans.filter((span) => attribute(span, 'oisp.side_call') === true)).toHaveLength(2000);
    expect(spans.every((span) => span.parentSpanId === undefined)).toBe(true);
    expect(count('oisp_correlate_failed_events')).toBe(0);
  });
});

/** A host's state without the processor around it. */
function hostOf(over: Partial<CorrelateOptions> = {}, waiting = 250_000) {
  const options: CorrelateOptions = {
    windowNs: 2e9,
    idleNs: 1800e9,
    sideWaitNs: 10e9,
    maxSpans: 2000,
    maxBytes: 3e6,
    maxTurnNs: 1800e9,
    maxPerTool: 64,
    maxConversations: 1000,
    maxProcesses: 200,
    serviceNamespace: 'oisp',
    mode: 'span',
    inputMessages: 'delta',
    maxAttributeBytes: 16384,
    names: 'low_cardinality',
    preset: 'jaeger',
    semconv: '1.41',
    traceContext: 'link',
    ...over,
  };
  const counts = new Map<string, number>();
  const failed: unknown[] = [];
  const host = new HostState(
    options,
    (name, n = 1) => counts.set(name, (counts.get(name) ?? 0) + n),
    (_, error) => failed.push(error),
    { waiting },
  );
  return { host, failed, count: (name: string) => counts.get(name) ?? 0 };
}

test('processes of which no end is seen: those silent longest are let go, also when all are recent', () => {
  const { host, count, failed } = hostOf();
  const story = new Story();
  const claim = new Claim([]);
  let most = 0;
  for (let pid = 1000; pid < 6000; pid++) {
    story.exec(pid, 1, ['true']);
    host.push(story.events.at(-1) as OispEvent, claim);
    most = Math.max(most, host.sizes.processes);
  }
  expect(most).toBeLessThanOrEqual(200 + SWEEP);
  expect(count('oisp_correlate_evicted_processes')).toBeGreaterThan(2500);
  host.drain('shutdown');
  expect(host.takeOutput().events).toHaveLength(5000);
  expect(failed).toEqual([]);
});

test('events of one moment, which no window ends: the oldest are handled early and counted, none is lost', () => {
  const { host, count } = hostOf({}, 500);
  const story = new Story();
  const claim = new Claim([]);
  let most = 0;
  for (let i = 0; i < 2000; i++) {
    const event = story.event('process.exit', 100 + (i % 50), { exit_code: 0 });
    host.push({ ...event, ts_mono: 1_000_000 + i }, claim);
    most = Math.max(most, host.sizes.waiting);
  }
  expect(most).toBeLessThanOrEqual(501);
  expect(count('oisp_correlate_early_events')).toBe(1500);
  host.drain('shutdown');
  expect(host.takeOutput().events).toHaveLength(2000);
});

test('what an agent does itself waits for its reason in a bounded place, and every claim is let go', () => {
  const { host, failed } = hostOf();
  const story = new Story();
  const matcher = createMatcher(Buffer.alloc(32, 7));
  const book = new ReceiptBook(0);
  const receipt = book.open(1);
  const claim = new Claim([receipt]);
  story.ask(10, 'r1', [user('write many files')]);
  for (let i = 0; i < 5000; i++)
    story.event('file.write', 10, { path: `/srv/app/out/${i}`, bytes_written: 1 }, { attrs: { [MATCH_ATTR]: {} } });
  story.wait(100);
  story.answer(10, 'r1', 'done');
  for (const event of story.events) host.push(matcher.stamp(event), claim);
  host.drain('shutdown');
  const out = host.takeOutput();
  expect(out.events.filter((event) => !isDerivedSession(event))).toHaveLength(story.events.length);
  const [root] = out.spans.filter((span) => span.name.startsWith('invoke_agent'));
  // beyond the place where they wait they are counted at once
  expect(root && attribute(root, 'oisp.housekeeping.files')).toBeGreaterThanOrEqual(5000 - 1024);
  out.release();
  receipt.release();
  expect(book.held).toBe(0);
  expect(failed).toEqual([]);
});
