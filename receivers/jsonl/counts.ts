import type { Context, Counter } from '../../core/index.ts';

/** The numbers of this receiver; README.md says what each means. */
export class Counts {
  readonly #context: Context;
  readonly #bad = new Map<string, Counter>();
  readonly events: Counter;
  readonly bytes: Counter;
  readonly refused: Counter;
  readonly retries: Counter;
  readonly undelivered: Counter;
  readonly rounded: Counter;
  readonly replaced: Counter;
  readonly truncations: Counter;
  readonly missingFiles: Counter;
  readonly missingBytes: Counter;

  constructor(context: Context) {
    this.#context = context;
    const counter = (name: string): Counter => context.meter.counter(name, { receiver: context.id });
    this.events = counter('oisp_jsonl_events');
    this.bytes = counter('oisp_jsonl_read_bytes');
    this.refused = counter('oisp_jsonl_refused_events');
    this.retries = counter('oisp_jsonl_consume_retries');
    this.undelivered = counter('oisp_jsonl_undelivered_events');
    this.rounded = counter('oisp_jsonl_rounded_ts_mono');
    this.replaced = counter('oisp_jsonl_replaced_utf8_lines');
    this.truncations = counter('oisp_jsonl_truncations');
    this.missingFiles = counter('oisp_jsonl_missing_files');
    this.missingBytes = counter('oisp_jsonl_missing_bytes');
  }

  /** One line that is no event. `reason` is one of a fixed set of words. */
  bad(reason: string): void {
    let counter = this.#bad.get(reason);
    if (counter === undefined) {
      counter = this.#context.meter.counter('oisp_jsonl_bad_lines', { receiver: this.#context.id, reason });
      this.#bad.set(reason, counter);
    }
    counter.add();
  }

  /** One file, or the rest of it, that could not be read. */
  fileError(reason: string): void {
    this.#context.meter.counter('oisp_jsonl_file_errors', { receiver: this.#context.id, reason }).add();
  }
}
