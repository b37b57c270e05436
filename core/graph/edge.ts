import { type Batch, type Signal, sizeOf } from '../batch.ts';
import type { Consumer, Context } from '../component.ts';
import { isPermanent, isRetryable, PermanentError } from '../errors.ts';
import { countsDelivery } from '../export/counts.ts';
import type { Counter, Meter } from '../telemetry/meter.ts';
import { nameOf, type PlanNode } from './plan.ts';

/** Suffix of the Collector's metric names: events are its log records. */
const SUFFIX: Readonly<Record<Signal, string>> = { events: 'log_records', spans: 'spans' };

/** Errors whose items are counted further down, or will be if nobody brings them again. */
const known = new WeakSet<object>();

/** Whether what an error speaks of is known further down; looks at its causes too, since components wrap what they pass on. */
function isKnown(error: unknown): boolean {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    if (known.has(at)) return true;
    if (at instanceof AggregateError && at.errors.length > 0 && at.errors.every(isKnown)) return true;
  }
  return false;
}

function bySignal(make: (signal: Signal) => Counter): Readonly<Record<Signal, Counter>> {
  return { events: make('events'), spans: make('spans') };
}

/** How often one batch may fail with an error that is neither permanent nor retryable: likely a bug, which waiting does not mend. */
const UNKNOWN_TRIES = 5;

/** Turns errors of unknown kind into permanent ones at the last try of a batch, so that a bug cannot hold a pipeline up for ever. */
class Patience {
  readonly #name: string;
  readonly #tries = new WeakMap<Batch, number>();

  constructor(name: string) {
    this.#name = name;
  }

  sorted(error: unknown, batch: Batch): unknown {
    if (isPermanent(error) || isRetryable(error)) return error;
    const tries = (this.#tries.get(batch) ?? 0) + 1;
    this.#tries.set(batch, tries);
    if (tries < UNKNOWN_TRIES) return error;
    const message = `${this.#name} failed ${tries} times on the same batch`;
    return new PermanentError(message, { code: 'PIPE_COMPONENT_BROKEN', cause: error });
  }
}

/** A consumer whose numbers are complete after `settle`, which is called when everything has stopped. */
export interface Edge extends Consumer {
  settle(): void;
}

/** Counts batches that were refused for now and not taken before the end: whoever had them gave them up. */
class Interruptions {
  readonly #stop: AbortSignal;
  readonly #items: Readonly<Record<Signal, Counter>>;
  readonly #seen = new WeakSet<Batch>();
  /** Refused last. Callers wait for their turn, so that it is the one that waits to be brought again. */
  #waiting: Batch | undefined;

  constructor(node: PlanNode, meter: Meter, stop: AbortSignal) {
    this.#stop = stop;
    this.#items = bySignal((signal) =>
      meter.counter('oisp_interrupted_items', { [node.kind]: node.id, 'otel.signal': signal }),
    );
  }

  /** The caller need not bring the batch again. */
  resolved(): void {
    this.#waiting = undefined;
  }

  refused(error: unknown, batch: Batch): void {
    if (isKnown(error)) return;
    if (error instanceof Error) known.add(error);
    this.#waiting = batch;
    if (this.#stop.aborted) this.settle(); // there is no time left to bring it again
  }

  settle(): void {
    const batch = this.#waiting;
    if (batch === undefined || this.#seen.has(batch)) return;
    this.#seen.add(batch);
    this.#items[batch.signal].add(sizeOf(batch));
  }
}

/** Counts what a processor or connector takes, and what it gives up because of an error of its own. */
export function meterIn(node: PlanNode, target: Consumer, meter: Meter, stop: AbortSignal): Edge {
  const labels = { [node.kind]: node.id };
  const name = node.kind === 'processor' ? 'otelcol_processor_incoming_items' : 'otelcol_connector_consumed_items';
  const taken = bySignal((signal) => meter.counter(name, { ...labels, 'otel.signal': signal }));
  const failed = bySignal((signal) =>
    meter.counter('oisp_processor_failed_items', { ...labels, 'otel.signal': signal }),
  );
  const patience = new Patience(nameOf(node));
  const interruptions = new Interruptions(node, meter, stop);
  return {
    settle: () => interruptions.settle(),
    consume: async (batch) => {
      taken[batch.signal].add(sizeOf(batch));
      try {
        await target.consume(batch);
        interruptions.resolved();
      } catch (thrown) {
        const error = patience.sorted(thrown, batch);
        if (!isPermanent(error)) {
          interruptions.refused(error, batch);
          throw error;
        }
        interruptions.resolved();
        if (!isKnown(error)) {
          failed[batch.signal].add(sizeOf(batch));
          known.add(error);
        }
        throw error;
      }
    },
  };
}

/** Counts what an exporter delivers, unless it does so itself (`DeliveryCounts`), as one that keeps data back has to. */
export function meterExporter(node: PlanNode, target: Consumer, context: Context, stop: AbortSignal): Edge {
  const { meter } = context;
  const labels = { exporter: node.id };
  const count = (what: string) =>
    bySignal((signal) => meter.counter(`otelcol_exporter_${what}_${SUFFIX[signal]}`, labels));
  const sent = count('sent');
  const failed = count('send_failed');
  const refused = count('enqueue_failed');
  const patience = new Patience(nameOf(node));
  const interruptions = new Interruptions(node, meter, stop);
  return {
    settle: () => interruptions.settle(),
    consume: async (batch) => {
      try {
        await target.consume(batch);
        interruptions.resolved();
        if (!countsDelivery(context)) sent[batch.signal].add(sizeOf(batch));
      } catch (thrown) {
        const error = patience.sorted(thrown, batch);
        const isBroken = error !== thrown;
        if (isPermanent(error)) {
          if (isBroken || !countsDelivery(context)) failed[batch.signal].add(sizeOf(batch));
          known.add(error);
          interruptions.resolved();
        } else {
          if (!countsDelivery(context)) refused[batch.signal].add(sizeOf(batch));
          interruptions.refused(error, batch);
        }
        throw error;
      }
    },
  };
}

/** Counts what a node hands on, around the `consume` of what is below it. */
export function meterOut(node: PlanNode, next: Consumer, meter: Meter): Consumer {
  switch (node.kind) {
    case 'exporter':
      return next; // nothing is below it
    case 'receiver': {
      const labels = { receiver: node.id };
      const accepted = bySignal((signal) => meter.counter(`otelcol_receiver_accepted_${SUFFIX[signal]}`, labels));
      const refused = bySignal((signal) => meter.counter(`otelcol_receiver_refused_${SUFFIX[signal]}`, labels));
      return {
        consume: async (batch) => {
          try {
            await next.consume(batch);
            accepted[batch.signal].add(sizeOf(batch));
          } catch (error) {
            refused[batch.signal].add(sizeOf(batch));
            throw error;
          }
        },
      };
    }
    case 'processor':
    case 'connector': {
      const name = node.kind === 'processor' ? 'otelcol_processor_outgoing_items' : 'otelcol_connector_produced_items';
      const out = bySignal((signal) => meter.counter(name, { [node.kind]: node.id, 'otel.signal': signal }));
      return {
        consume: async (batch) => {
          await next.consume(batch);
          out[batch.signal].add(sizeOf(batch));
        },
      };
    }
    default:
      return node satisfies never;
  }
}

/** Hands on only batches of the signals that an exporter asked for. */
export function onlySignals(signals: readonly Signal[], next: Consumer): Consumer {
  const wanted = new Set<Signal>(signals);
  return { consume: (batch) => (wanted.has(batch.signal) ? next.consume(batch) : Promise.resolve()) };
}
