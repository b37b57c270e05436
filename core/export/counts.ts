import type { Context } from '../component.ts';
import type { Counter } from '../telemetry/meter.ts';

/** What an exporter delivers, as the Collector's metric names end. Events go out as log records. */
export type Items = 'spans' | 'log_records';

const counting = new WeakSet<Context>();

/** Whether an exporter counts its own delivery; for others the edge of the graph does. */
export function countsDelivery(context: Context): boolean {
  return counting.has(context);
}

/** The counters of one exporter and one kind of items. Every item handed over ends in exactly one of them or is still kept. */
export class DeliveryCounts {
  /** Delivered and not refused by the receiving side. */
  readonly sent: Counter;
  /** Dropped after a permanent error or when retries were spent. */
  readonly failed: Counter;
  /** Not taken: the queue was full or closed. The caller still has them. */
  readonly enqueueFailed: Counter;
  /** Refused by the receiving side in a partial success. */
  readonly rejected: Counter;
  /** Kept in memory when the time for shutdown ran out. Their receipts stay held, so a replayed source reads them again. */
  readonly lost: Counter;

  constructor(context: Context, items: Items) {
    counting.add(context);
    const labels = { exporter: context.id };
    this.sent = context.meter.counter(`otelcol_exporter_sent_${items}`, labels);
    this.failed = context.meter.counter(`otelcol_exporter_send_failed_${items}`, labels);
    this.enqueueFailed = context.meter.counter(`otelcol_exporter_enqueue_failed_${items}`, labels);
    this.rejected = context.meter.counter(`oisp_exporter_rejected_${items}`, labels);
    this.lost = context.meter.counter(`oisp_exporter_lost_${items}`, labels);
  }
}
