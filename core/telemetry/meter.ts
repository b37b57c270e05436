export type Labels = Readonly<Record<string, string>>;

/** A number that only grows. */
export interface Counter {
  add(n?: number): void;
  readonly value: number;
}

/** A number that is read when somebody asks. */
export type Gauge = () => number;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
  readonly kind: 'counter' | 'gauge';
}

/**
 * The collector's own numbers, in memory. Names are those of the Go Collector where it has one (`otelcol_exporter_sent_spans`), else
 * `oisp_…`; all are listed in core/telemetry/metrics.ts.
 */
export class Meter {
  readonly #counters = new Map<string, { name: string; labels: Labels; value: number }>();
  readonly #gauges = new Map<string, { name: string; labels: Labels; read: Gauge }>();

  /** The counter of this name and these labels; the same object each time. */
  counter(name: string, labels: Labels = {}): Counter {
    const key = keyOf(name, labels);
    let entry = this.#counters.get(key);
    if (!entry) {
      entry = { name, labels, value: 0 };
      this.#counters.set(key, entry);
    }
    const of = entry;
    return {
      add: (n = 1) => {
        of.value += n;
      },
      get value() {
        return of.value;
      },
    };
  }

  /** Registers what to read for a gauge; a later call with the same name and labels replaces it. */
  gauge(name: string, labels: Labels, read: Gauge): void {
    this.#gauges.set(keyOf(name, labels), { name, labels, read });
  }

  samples(): Sample[] {
    const all: Sample[] = [];
    for (const { name, labels, value } of this.#counters.values()) all.push({ name, labels, value, kind: 'counter' });
    for (const { name, labels, read } of this.#gauges.values())
      all.push({ name, labels, value: read(), kind: 'gauge' });
    return all.sort((a, b) => (keyOf(a.name, a.labels) < keyOf(b.name, b.labels) ? -1 : 1));
  }
}

function keyOf(name: string, labels: Labels): string {
  const parts = Object.keys(labels)
    .sort((a, b) => (a < b ? -1 : 1))
    .map((k) => `${k}=${labels[k]}`);
  return `${name}{${parts.join(',')}}`;
}
