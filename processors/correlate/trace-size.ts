import type { Attribute, SpanRecord } from '../../core/index.ts';
import type { Turn } from './state.ts';

/** Ids, times and kind of a span, and its part in the resource that a request repeats for it. */
const SPAN_BYTES = 300;
/** Key and framing. */
const ATTRIBUTE_BYTES = 40;
/** An effect that waits for the end of its turn. */
const WAITING_BYTES = 1500;

function bytesOf(attributes: readonly Attribute[]): number {
  let bytes = attributes.length * ATTRIBUTE_BYTES;
  for (const { type, value } of attributes) {
    if (type === 'string') bytes += Buffer.byteLength(value);
    else if (type === 'strings') for (const text of value) bytes += Buffer.byteLength(text) + 8;
  }
  return bytes;
}

/** About how many bytes of OTLP/protobuf a span takes. */
export function sizeOf(span: SpanRecord): number {
  let bytes = SPAN_BYTES + span.name.length + bytesOf(span.attributes);
  for (const event of span.events ?? []) bytes += 50 + bytesOf(event.attributes);
  for (const link of span.links ?? []) bytes += 50 + bytesOf(link.attributes);
  return bytes;
}

/** How much a trace has grown: all turns of it together, those of sub-agents included. */
export class TraceSize {
  /** Turns that are open in the trace. */
  readonly turns = new Set<Turn>();
  #spans = 0;
  #bytes = 0;

  /** A span of so many bytes has left. */
  add(bytes: number): void {
    this.#spans++;
    this.#bytes += bytes;
  }

  /** Whether what was sent, and what waits for the end of a turn to be sent, reaches one of the caps. */
  reaches(maxSpans: number, maxBytes: number): boolean {
    let waiting = this.#waiting();
    for (const { strays } of this.turns)
      for (const stray of strays) waiting += stray.server ? 1 : stray.execs.length + stray.held.length;
    return this.#exceed(waiting, maxSpans, maxBytes);
  }

  /** Whether it is a quarter beyond its caps. Turns are divided at model calls only: until then further effects are folded. */
  overflows(maxSpans: number, maxBytes: number): boolean {
    return this.#exceed(this.#waiting(), maxSpans * 1.25, maxBytes * 1.25);
  }

  #waiting(): number {
    let waiting = this.turns.size;
    for (const { running, groups } of this.turns) waiting += running.size + groups.size;
    return waiting;
  }

  #exceed(waiting: number, maxSpans: number, maxBytes: number): boolean {
    return this.#spans + waiting >= maxSpans || this.#bytes + waiting * WAITING_BYTES >= maxBytes;
  }
}
