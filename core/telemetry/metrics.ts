/** What is known about one of the collector's own numbers. */
export interface Metric {
  readonly name: string;
  readonly kind: 'counter' | 'gauge';
  /** UCUM, as in OpenTelemetry: `{spans}`, `By`. */
  readonly unit: string;
  readonly meaning: string;
  /** Each counted item was taken in and did not come out: the number that exit code 3 speaks of. */
  readonly loss?: true;
}

const SUFFIXES = [
  { suffix: 'spans', unit: '{spans}', what: 'spans' },
  { suffix: 'log_records', unit: '{records}', what: 'events' },
] as const;

function perSignal(prefix: string, meaning: (what: string) => string, loss?: true): Metric[] {
  return SUFFIXES.map(({ suffix, unit, what }) => ({
    name: `${prefix}_${suffix}`,
    kind: 'counter' as const,
    unit,
    meaning: meaning(what),
    ...(loss ? { loss } : {}),
  }));
}

/** Every number that this program can report. Names that begin with `otelcol_` are the Go Collector's. */
export const METRICS: readonly Metric[] = [
  ...perSignal('otelcol_receiver_accepted', (what) => `Number of ${what} that a receiver handed on.`),
  ...perSignal('otelcol_receiver_refused', (what) => `Number of ${what} that a component below a receiver refused.`),
  ...perSignal('otelcol_exporter_sent', (what) => `Number of ${what} that an exporter delivered.`),
  ...perSignal('otelcol_exporter_send_failed', (what) => `Number of ${what} that an exporter could not deliver.`, true),
  ...perSignal(
    'otelcol_exporter_enqueue_failed',
    (what) => `Number of ${what} that an exporter did not take; whoever handed them over may try again.`,
  ),
  {
    name: 'otelcol_processor_incoming_items',
    kind: 'counter',
    unit: '{items}',
    meaning: 'Number of spans or events that a processor took.',
  },
  {
    name: 'otelcol_processor_outgoing_items',
    kind: 'counter',
    unit: '{items}',
    meaning: 'Number of spans or events that a processor handed on.',
  },
  {
    name: 'oisp_processor_failed_items',
    kind: 'counter',
    unit: '{items}',
    meaning: 'Number of spans or events that a processor or connector gave up because of an error of its own.',
    loss: true,
  },
  {
    name: 'otelcol_connector_consumed_items',
    kind: 'counter',
    unit: '{items}',
    meaning: 'Number of spans or events that a connector took.',
  },
  {
    name: 'otelcol_connector_produced_items',
    kind: 'counter',
    unit: '{items}',
    meaning: 'Number of spans or events that a connector handed on.',
  },
  {
    name: 'oisp_fanout_retries',
    kind: 'counter',
    unit: '{attempts}',
    meaning: 'Number of times that a batch was handed again to the one of several branches that had not taken it.',
  },
];
