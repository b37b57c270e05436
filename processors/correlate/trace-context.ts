import { LRUCache } from 'lru-cache';
import type { OispEvent } from '../../core/index.ts';

/** What is done with a `traceparent` that captured traffic carries. */
export type TraceContextMode = 'link' | 'parent' | 'ignore';

/** The application's own span around a request. */
export interface TraceParent {
  readonly traceId: string;
  readonly spanId: string;
  /** The application records this trace. */
  readonly isSampled: boolean;
}

/** Traces of applications whose size is remembered. */
const MAX_TRACES = 10_000;

/**
 * The `traceparent` of a captured request (W3C Trace Context level 2, 3.2.2): lower-case hex, version 00 with nothing behind the flags, a later
 * version with anything behind a further dash. Version ff and ids of zeros are refused. `tracestate` and `baggage` are not looked at.
 */
export function traceParentOf(event: OispEvent): TraceParent | undefined {
  const value = event.attrs?.['traceparent'];
  if (typeof value !== 'string') return undefined;
  const found = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/.exec(value);
  if (found === null) return undefined;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = found;
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/**
 * The traces of applications that turns moved into (`trace_context: parent`). A turn moves as a whole, its root below the span that the first
 * request names, and only into a trace that its application records: else its root would be an orphan. A trace that has taken what one trace may
 * hold takes no further turn; that one stands in a trace of its own and links.
 */
export class AppTraces {
  readonly #most: { readonly spans: number; readonly bytes: number };
  readonly #taken = new LRUCache<string, { spans: number; bytes: number }>({ max: MAX_TRACES });

  constructor(most: { readonly spans: number; readonly bytes: number }) {
    this.#most = most;
  }

  /** The application's span that a turn opened by this request moves below. */
  adopts(opener: OispEvent): TraceParent | undefined {
    const parent = traceParentOf(opener);
    if (!parent?.isSampled) return undefined;
    const taken = this.#taken.get(parent.traceId);
    if (taken && (taken.spans >= this.#most.spans || taken.bytes >= this.#most.bytes)) return undefined;
    if (!taken) this.#taken.set(parent.traceId, { spans: 0, bytes: 0 });
    return parent;
  }

  /** A span of ours left in a trace; traces that nothing moved into are not counted. */
  add(traceId: string, bytes: number): void {
    const taken = this.#taken.get(traceId);
    if (!taken) return;
    taken.spans++;
    taken.bytes += bytes;
  }
}
