import { type Batch, type Signal, sizeOf } from '../batch.ts';
import type { Consumer } from '../component.ts';
import { isPermanent } from '../errors.ts';
import type { Counter, Meter } from '../telemetry/meter.ts';
import type { PlanNode } from './plan.ts';

/** Suffix of the Collector's metric names: events are its log records. */
export const SUFFIX: Readonly<Record<Signal, string>> = { events: 'log_records', spans: 'spans' };

/** Errors whose items are counted already, further down. */
const counted = new WeakSet<object>();

/** Whether the loss that an error speaks of is counted; looks at its causes too, since components wrap what they pass on. */
function isCounted(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (counted.has(at)) return true;
    if (at instanceof AggregateError && at.errors.length > 0 && at.errors.every(isCounted)) return true;
  }
  return false;
}

type Perform = (next: Consumer, batch: Batch) => Promise<void>;

function bySignal(make: (signal: Signal) => Counter): Readonly<Record<Signal, Counter>> {
  return { events: make('events'), spans: make('spans') };
}

/** Counts what a node takes, around its `consume`. */
export function meterIn(node: PlanNode, target: Consumer, meter: Meter): Consumer {
  const perform = performIn(node, meter);
  return { consume: (batch) => perform(target, batch) };
}

/** Counts what a node hands on, around the `consume` of what is below it. */
export function meterOut(node: PlanNode, next: Consumer, meter: Meter): Consumer {
  const perform = performOut(node, meter);
  return { consume: (batch) => perform(next, batch) };
}

function performIn(node: PlanNode, meter: Meter): Perform {
  switch (node.kind) {
    case 'exporter':
      return exporterIn(node.id, meter);
    case 'processor':
    case 'connector': {
      const labels = { [node.kind]: node.id };
      const name = node.kind === 'processor' ? 'otelcol_processor_incoming_items' : 'otelcol_connector_consumed_items';
      const taken = bySignal((signal) => meter.counter(name, { ...labels, 'otel.signal': signal }));
      const failed = bySignal((signal) =>
        meter.counter('oisp_processor_failed_items', { ...labels, 'otel.signal': signal }),
      );
      return async (target, batch) => {
        taken[batch.signal].add(sizeOf(batch));
        try {
          await target.consume(batch);
        } catch (error) {
          countOnce(error, failed[batch.signal], batch);
          throw error;
        }
      };
    }
    default:
      return (target, batch) => target.consume(batch);
  }
}

function exporterIn(exporter: string, meter: Meter): Perform {
  const count = (what: string) =>
    bySignal((signal) => meter.counter(`otelcol_exporter_${what}_${SUFFIX[signal]}`, { exporter }));
  const sent = count('sent');
  const failed = count('send_failed');
  const refused = count('enqueue_failed');
  return async (target, batch) => {
    try {
      await target.consume(batch);
      sent[batch.signal].add(sizeOf(batch));
    } catch (error) {
      if (isPermanent(error)) {
        failed[batch.signal].add(sizeOf(batch));
        counted.add(error);
      } else {
        refused[batch.signal].add(sizeOf(batch));
      }
      throw error;
    }
  };
}

/** A permanent error that nobody counted further down: its items end here. */
function countOnce(error: unknown, counter: Counter, batch: Batch): void {
  if (!isPermanent(error) || isCounted(error)) return;
  counter.add(sizeOf(batch));
  counted.add(error);
}

function performOut(node: PlanNode, meter: Meter): Perform {
  if (node.kind === 'exporter') return (next, batch) => next.consume(batch);
  if (node.kind === 'receiver') {
    const labels = { receiver: node.id };
    const accepted = bySignal((signal) => meter.counter(`otelcol_receiver_accepted_${SUFFIX[signal]}`, labels));
    const refused = bySignal((signal) => meter.counter(`otelcol_receiver_refused_${SUFFIX[signal]}`, labels));
    return async (next, batch) => {
      try {
        await next.consume(batch);
        accepted[batch.signal].add(sizeOf(batch));
      } catch (error) {
        refused[batch.signal].add(sizeOf(batch));
        throw error;
      }
    };
  }
  const name = node.kind === 'processor' ? 'otelcol_processor_outgoing_items' : 'otelcol_connector_produced_items';
  const out = bySignal((signal) => meter.counter(name, { [node.kind]: node.id, 'otel.signal': signal }));
  return async (next, batch) => {
    await next.consume(batch);
    out[batch.signal].add(sizeOf(batch));
  };
}

/** Hands on only batches of the signals that an exporter asked for. */
export function onlySignals(signals: readonly Signal[], next: Consumer): Consumer {
  const wanted = new Set<Signal>(signals);
  return { consume: (batch) => (wanted.has(batch.signal) ? next.consume(batch) : Promise.resolve()) };
}
