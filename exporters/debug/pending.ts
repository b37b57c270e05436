import type { SpanRecord } from '../../core/index.ts';
import { slim } from './slim.ts';

/** Spans of one trace that wait for their root. */
export interface Trace {
  readonly id: string;
  readonly spans: SpanRecord[];
  /** Spans that were let go because too many waited. */
  dropped: number;
  root: SpanRecord | undefined;
}

/** Printed roots that are remembered, so that what comes later is shown with them. */
const REMEMBERED_ROOTS = 1000;

/** Gathers spans by trace: they arrive when they end, so the root comes last. Holds at most `maxSpans`; the oldest trace gives way. */
export class Pending {
  readonly #maxSpans: number;
  readonly #traces = new Map<string, Trace>();
  readonly #roots = new Map<string, SpanRecord>();
  #held = 0;

  constructor(maxSpans: number) {
    this.#maxSpans = maxSpans;
  }

  /** Spans that wait. */
  get held(): number {
    return this.#held;
  }

  /** Takes spans. Returns how many were let go. */
  add(spans: readonly SpanRecord[]): number {
    let evicted = 0;
    for (const whole of spans) {
      const span = slim(whole);
      let trace = this.#traces.get(span.traceId);
      if (trace === undefined) {
        trace = { id: span.traceId, spans: [], dropped: 0, root: undefined };
        this.#traces.set(span.traceId, trace);
      }
      if (span.parentSpanId === undefined) trace.root ??= span;
      trace.spans.push(span);
      this.#held++;
      while (this.#held > this.#maxSpans) evicted += this.#evict();
      if (this.#traces.size > this.#maxSpans) this.#forget();
    }
    return evicted;
  }

  /** Traces whose root is there, and spans that came after the root of their trace was taken. */
  takeReady(): { readonly trace: Trace; readonly printed?: SpanRecord }[] {
    const ready: { readonly trace: Trace; readonly printed?: SpanRecord }[] = [];
    for (const trace of this.#traces.values()) {
      const printed = this.#roots.get(trace.id);
      if (trace.root === undefined && printed === undefined) continue;
      this.#take(trace);
      if (trace.root !== undefined) this.#remember(trace.root);
      ready.push(printed === undefined ? { trace } : { trace, printed });
    }
    return ready;
  }

  /** Everything else, in the order of its first spans. */
  takeAll(): Trace[] {
    const all = [...this.#traces.values()];
    for (const trace of all) this.#take(trace);
    return all;
  }

  #take(trace: Trace): void {
    this.#traces.delete(trace.id);
    this.#held -= trace.spans.length;
  }

  #evict(): number {
    for (const trace of this.#traces.values()) {
      const count = trace.spans.length;
      if (count === 0) continue;
      trace.spans.length = 0;
      trace.dropped += count;
      this.#held -= count;
      // a root that was among them still ends its trace
      return count;
    }
    return 0;
  }

  /** Lets go of the oldest trace of which only a number is left. */
  #forget(): void {
    for (const trace of this.#traces.values()) {
      if (trace.spans.length > 0) continue;
      this.#traces.delete(trace.id);
      return;
    }
  }

  #remember(root: SpanRecord): void {
    this.#roots.set(root.traceId, root);
    if (this.#roots.size <= REMEMBERED_ROOTS) return;
    for (const oldest of this.#roots.keys()) {
      this.#roots.delete(oldest);
      return;
    }
  }
}
