import type { Counter, Log, Meter } from '../../core/index.ts';

/** What decode counts. The first of each kind that means a loss is logged. */
export class Counters {
  readonly #meter: Meter;
  readonly #log: Log;
  readonly #id: string;
  readonly #known = new Map<string, Counter>();
  readonly #warned = new Set<string>();

  constructor(meter: Meter, log: Log, id: string) {
    this.#meter = meter;
    this.#log = log;
    this.#id = id;
  }

  /** Adds to `oisp_decode_<name>`. */
  count(name: string, label?: string, value?: string, n = 1): void {
    const key = value === undefined ? name : `${name}\0${value}`;
    let counter = this.#known.get(key);
    if (counter === undefined) {
      const labels = { processor: this.#id, ...(label !== undefined && value !== undefined && { [label]: value }) };
      counter = this.#meter.counter(`oisp_decode_${name}`, labels);
      this.#known.set(key, counter);
    }
    counter.add(n);
  }

  /** Counts and logs the first one. */
  warn(message: string, name: string, label?: string, value?: string, n = 1): void {
    this.count(name, label, value, n);
    const key = `${name}\0${value ?? ''}`;
    if (this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#log.warn(message, { metric: `oisp_decode_${name}`, ...(label !== undefined && { [label]: value }) });
  }
}
