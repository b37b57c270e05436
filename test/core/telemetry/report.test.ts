import { expect, test } from 'vitest';
import { Meter } from '../../../core/telemetry/meter.ts';
import { formatSample, summarize } from '../../../core/telemetry/report.ts';

test('a summary adds up what went in, what went out and what was lost', () => {
  const meter = new Meter();
  meter.counter('otelcol_receiver_accepted_log_records', { receiver: 'a' }).add(7);
  meter.counter('otelcol_receiver_accepted_log_records', { receiver: 'b' }).add(3);
  meter.counter('otelcol_exporter_sent_spans', { exporter: 'e' }).add(4);
  meter.counter('otelcol_exporter_send_failed_spans', { exporter: 'e' }).add(2);
  meter.counter('oisp_exporter_lost_log_records', { exporter: 'e' }).add(1);
  meter.counter('oisp_exporter_lost_spans', { exporter: 'e' });
  const summary = summarize(meter);
  expect(summary).toMatchObject({ receivedEvents: 10, receivedSpans: 0, sentEvents: 0, sentSpans: 4, lost: 3 });
  expect(summary.losses.map(formatSample)).toEqual([
    'oisp_exporter_lost_log_records{exporter="e"} 1',
    'otelcol_exporter_send_failed_spans{exporter="e"} 2',
  ]);
});

test.each([
  { labels: {}, want: 'oisp_x 1' },
  { labels: { b: '2', a: '1' }, want: 'oisp_x{a="1",b="2"} 1' },
  { labels: { 'otel.signal': 'events' }, want: 'oisp_x{otel_signal="events"} 1' },
  { labels: { a: 'say "no"\n\\' }, want: 'oisp_x{a="say \\"no\\"\\n\\\\"} 1' },
])('a sample is written as $want', ({ labels, want }) => {
  expect(formatSample({ name: 'oisp_x', labels, value: 1, kind: 'counter' })).toBe(want);
});
