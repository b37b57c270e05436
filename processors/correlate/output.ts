import { merged, type OispEvent, type RelatedEvent, type SpanRecord } from '../../core/index.ts';
import type { Claim } from './claim.ts';
import { finish } from './finish.ts';
import type { SpanOptions } from './spans.ts';

/** Where an event ended up. */
export interface Place {
  readonly traceId: string;
  readonly spanId: string;
  /** Its span has left already: the event is all that will be said of it. */
  readonly late?: boolean;
  readonly related?: readonly RelatedEvent[];
}

/** What one step of correlation gave: events in order with their places, and finished spans. */
export class Output {
  events: OispEvent[] = [];
  spans: SpanRecord[] = [];
  readonly claims = new Set<Claim>();
  lateEvents = 0;
  readonly #options: SpanOptions;

  constructor(options: SpanOptions) {
    this.#options = options;
  }

  /** Holds a claim until this output was handed on. */
  keep(claim: Claim): void {
    if (this.claims.has(claim)) return;
    this.claims.add(claim);
    claim.hold();
  }

  /** Lets go of the claims, once. */
  release(): void {
    for (const claim of this.claims) claim.release();
    this.claims.clear();
  }

  event(event: OispEvent, claim: Claim, place?: Place): void {
    this.keep(claim);
    if (place === undefined) {
      this.events.push(event);
      return;
    }
    if (place.late) this.lateEvents++;
    const context = { trace_context: { trace_id: place.traceId, span_id: place.spanId } };
    const placed: OispEvent = merged(event, context);
    this.events.push(
      Object.assign(
        placed,
        place.late && { attrs: merged(event.attrs ?? {}, { 'oisp.late': true }) },
        place.related && { related_events: [...(event.related_events ?? []), ...place.related] },
      ),
    );
  }

  /** Takes a finished span; what leaves of it is decided by the options. Returns about how many bytes it takes. */
  span(span: SpanRecord, claim: Claim): number {
    this.keep(claim);
    const { span: shaped, details, bytes } = finish(span, this.#options);
    this.spans.push(shaped);
    if (details) this.events.push(details);
    return bytes;
  }
}
