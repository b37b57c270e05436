import { randomBytes } from 'node:crypto';
import type { Batch } from '../batch.ts';
import type { Clock } from '../clock.ts';
import type { Context, Host } from '../component.ts';
import { eventId, spanId, traceId } from '../event/ids.ts';
import { createMatcher } from '../event/matcher.ts';
import type { OispEvent } from '../event/types.ts';
import { createLog, type Log } from '../log.ts';
import type { SpanRecord } from '../otel/span.ts';
import { Meter } from '../telemetry/meter.ts';
import { BUILD } from '../version.ts';
import { FakeClock } from './fake-clock.ts';

const TS = '2026-11-20T10:00:00.000000000Z';

/** A small valid event. `n` makes its id. */
export function makeEvent(n: number, over: Partial<OispEvent> = {}): OispEvent {
  return {
    oisp_version: '0.1',
    event_id: eventId(TS, 'test', n),
    event_type: 'process.exec',
    ts: TS,
    source: { collector: 'oisp-collector', capture_method: 'test' },
    confidence: { level: 'high', completeness: 'full' },
    process: { pid: 100 + n, exe: '/usr/bin/true' },
    data: { exe: '/usr/bin/true', args: ['true'] },
    ...over,
  };
}

/** A small valid span. `n` makes its id. */
export function makeSpan(n: number, over: Partial<SpanRecord> = {}): SpanRecord {
  return {
    traceId: traceId('test', n),
    spanId: spanId('test', n),
    name: `span ${n}`,
    kind: 1,
    start: 1_700_000_000_000_000_000n,
    end: 1_700_000_000_001_000_000n,
    attributes: [],
    resource: { attributes: [{ key: 'service.name', type: 'string', value: 'test' }] },
    ...over,
  };
}

export function eventsBatch(count: number): Batch & { signal: 'events' } {
  return { signal: 'events', events: Array.from({ length: count }, (_, n) => makeEvent(n)) };
}

export function spansBatch(count: number): Batch & { signal: 'spans' } {
  return { signal: 'spans', spans: Array.from({ length: count }, (_, n) => makeSpan(n)) };
}

/** A log that keeps its lines. */
export function collectingLog(): {
  readonly log: Log;
  readonly lines: { level: string; msg: string; [field: string]: unknown }[];
} {
  const lines: { level: string; msg: string; [field: string]: unknown }[] = [];
  const write = (line: string): void => {
    lines.push(JSON.parse(line));
  };
  return { log: createLog({ level: 'debug', encoding: 'json', write, now: () => 0 }), lines };
}

/** A context for one component: a fake clock, a log that keeps its lines, a new meter. */
export function makeContext(over: Partial<Context> & { clock?: Clock } = {}) {
  const { log, lines } = collectingLog();
  const clock = new FakeClock();
  const meter = new Meter();
  const matcher = createMatcher(randomBytes(32));
  const context: Context = { id: 'test', log, clock, meter, random: () => 0.5, matcher, build: BUILD, ...over };
  return { context, clock, meter, lines };
}

/** A host that keeps what it is told. */
export function makeHost(): Host & { readonly fatals: unknown[]; readonly ends: number } {
  const fatals: unknown[] = [];
  let ends = 0;
  return {
    fatals,
    get ends() {
      return ends;
    },
    fatal: (error) => {
      fatals.push(error);
    },
    finished: () => {
      ends++;
    },
  };
}
