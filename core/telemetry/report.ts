import type { Labels, Meter, Sample } from './meter.ts';
import { METRICS } from './metrics.ts';

const LOSS = new Set(METRICS.filter((metric) => metric.loss).map((metric) => metric.name));

/** What a run amounts to. */
export interface Summary {
  readonly receivedEvents: number;
  readonly receivedSpans: number;
  readonly sentEvents: number;
  readonly sentSpans: number;
  /** Items that were taken in and did not come out. */
  readonly lost: number;
  /** Where they were lost. */
  readonly losses: readonly Sample[];
}

export function summarize(meter: Meter): Summary {
  const samples = meter.samples();
  const sum = (name: string): number =>
    samples.reduce((total, sample) => (sample.name === name ? total + sample.value : total), 0);
  const losses = samples.filter((sample) => LOSS.has(sample.name) && sample.value > 0);
  return {
    receivedEvents: sum('otelcol_receiver_accepted_log_records'),
    receivedSpans: sum('otelcol_receiver_accepted_spans'),
    sentEvents: sum('otelcol_exporter_sent_log_records'),
    sentSpans: sum('otelcol_exporter_sent_spans'),
    lost: losses.reduce((total, sample) => total + sample.value, 0),
    losses,
  };
}

/** One line a number, as Prometheus writes them (text exposition format 0.0.4). */
export function formatSample(sample: Sample): string {
  return `${sample.name}${formatLabels(sample.labels)} ${sample.value}`;
}

function formatLabels(labels: Labels): string {
  const keys = Object.keys(labels).sort((a, b) => (a < b ? -1 : 1));
  if (keys.length === 0) return '';
  const quoted = (value: string): string =>
    value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
  return `{${keys.map((key) => `${key.replaceAll('.', '_')}="${quoted(labels[key] ?? '')}"`).join(',')}}`;
}
