import {
  type Batch,
  type Consumer,
  type Context,
  type Counter,
  type EventsBatch,
  messageOf,
  type OispEvent,
  type Processor,
  type SpanRecord,
  type SpansBatch,
} from '../../core/index.ts';
import { BudgetError, type Redactor } from './redactor.ts';
import { remainsOf } from './remains.ts';
import type { SpanRedactor } from './spans.ts';

export interface Redactors {
  readonly redactor: Redactor;
  /** In the mode `minimal`, for what is left of an event that the other could not redact. */
  readonly rest: Redactor;
  readonly spans: SpanRedactor;
}

type Loss = 'capture' | 'reduced' | 'dropped' | 'spans';

/** Hands on redacted events. What cannot be redacted does not pass: its metadata does, or nothing. */
export class RedactProcessor implements Processor {
  readonly #context: Context;
  readonly #next: Consumer;
  readonly #redactors: Redactors;
  readonly #counters: Readonly<Record<Loss, Counter>>;

  constructor(context: Context, next: Consumer, redactors: Redactors) {
    this.#context = context;
    this.#next = next;
    this.#redactors = redactors;
    const counter = (name: string): Counter => context.meter.counter(name, { processor: context.id });
    this.#counters = {
      capture: counter('oisp_redact_capture_dropped'),
      reduced: counter('oisp_redact_events_reduced'),
      dropped: counter('oisp_redact_events_dropped'),
      spans: counter('oisp_redact_spans_dropped'),
    };
  }

  async start(): Promise<void> {}

  async shutdown(): Promise<void> {}

  consume(batch: Batch): Promise<void> {
    return this.#next.consume(batch.signal === 'events' ? this.#events(batch) : this.#spans(batch));
  }

  #events(batch: EventsBatch): EventsBatch {
    const events: OispEvent[] = [];
    for (const event of batch.events) {
      const out = this.#event(event);
      if (out !== undefined) events.push(out);
    }
    return { ...batch, events };
  }

  #spans(batch: SpansBatch): SpansBatch {
    const spans: SpanRecord[] = [];
    for (const span of batch.spans) {
      try {
        spans.push(this.#redactors.spans.redact(span));
      } catch (error) {
        this.#count('spans', 'A span could not be redacted, dropping it.', reasonOf(error));
      }
    }
    return { ...batch, spans };
  }

  #event(event: OispEvent): OispEvent | undefined {
    try {
      if (event.event_type.startsWith('capture.')) {
        this.#count('capture', 'Raw capture records do not pass redaction, dropping them.', 'put decode before redact');
        return undefined;
      }
      return this.#redactors.redactor.redact(this.#context.matcher.stamp(event));
    } catch (error) {
      return this.#rest(event, error);
    }
  }

  #rest(event: OispEvent, cause: unknown): OispEvent | undefined {
    try {
      const rest = this.#redactors.rest.redact(remainsOf(event));
      this.#count('reduced', 'An event could not be redacted, passing on its metadata only.', reasonOf(cause));
      return rest;
    } catch (error) {
      this.#count('dropped', 'An event could not be redacted nor reduced, dropping it.', reasonOf(error));
      return undefined;
    }
  }

  #count(loss: Loss, message: string, reason: string): void {
    if (this.#counters[loss].value === 0) this.#context.log.warn(message, { reason });
    this.#counters[loss].add();
  }
}

/** Words of ours only: the message of a foreign error may quote content. */
function reasonOf(error: unknown): string {
  if (error instanceof BudgetError) return messageOf(error);
  return error instanceof Error ? error.name : 'unknown';
}
