import { type OispEvent, parseMillis } from '../../../core/index.ts';

/** Who wrote bytes and when: a capture record without its bytes, which must not be held for as long as its connection. */
export type Origin = {
  readonly [K in 'ts_mono' | 'host' | 'actor' | 'process' | 'app' | 'web_context']?: OispEvent[K] | undefined;
} & Pick<OispEvent, 'ts' | 'source' | 'confidence'>;

function originOf(event: OispEvent): Origin {
  const { ts, ts_mono, source, confidence, host, actor, process, app, web_context } = event;
  return { ts, ts_mono, source, confidence, host, actor, process, app, web_context };
}

/**
 * Where bytes came from: the capture record that brought them. `ms` orders records of one clock: its `ts_mono` in milliseconds, or its
 * `ts` where it has none. A wall clock may be set back while a connection is open.
 */
export interface Mark {
  readonly event: Origin;
  readonly ms: number;
}

/** The time of a record in milliseconds; NaN where it has none. */
export function msOf(event: OispEvent): number {
  return event.ts_mono === undefined ? parseMillis(event.ts) : event.ts_mono / 1e6;
}

export function markOf(event: OispEvent, ms = msOf(event)): Mark {
  return { event: originOf(event), ms };
}

export type Direction = 'sent' | 'received';

/** Milliseconds from one mark to another, by the monotonic clock where both have it. Never negative, a whole number (oisp-spec v0.1). */
export function elapsedMs(from: Mark, to: Mark): number {
  const a = from.event.ts_mono;
  const b = to.event.ts_mono;
  const ms = a !== undefined && b !== undefined ? (b - a) / 1e6 : to.ms - from.ms;
  return Math.max(0, Math.round(ms));
}
