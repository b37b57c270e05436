import type { Context, Host } from '../component.ts';
import { messageOf, RetryableError } from '../errors.ts';
import type { Receipt } from '../receipt.ts';
import type { DeliveryConfig } from './config.ts';
import { DeliveryCounts, type Items } from './counts.ts';
import { codeOf, type Push, Sender, type Split } from './sender.ts';
import { MemoryStore, type Payload, type QueueEntry, type QueueStore, type Ticket } from './store.ts';

export interface QueuedOptions {
  readonly context: Context;
  readonly config: DeliveryConfig;
  /** What the payloads hold: chooses the names of the counters. One queue holds one kind. */
  readonly items: Items;
  readonly push: Push;
  /** The bytes of one request that holds several. */
  readonly join: (requests: readonly Buffer[]) => Buffer;
  readonly split: Split;
  /** Memory by default. */
  readonly store?: QueueStore;
}

/** Room that somebody waits for. */
interface Waiter {
  readonly size: number;
  readonly admit: () => void;
  readonly refuse: (error: Error) => void;
}

/**
 * Queue, batcher, retry and timeout around one push function. Data is encoded when it comes and stays as it is: what is tried again is byte
 * for byte the same. Receipts are held while their data is queued and released when it is delivered, or dropped and counted; never for
 * what shutdown cuts off.
 */
export class Queued {
  readonly #options: QueuedOptions;
  readonly #counts: DeliveryCounts;
  readonly #store: QueueStore;
  readonly #sender: Sender;
  readonly #waiters: Waiter[] = [];
  readonly #consumers: Promise<void>[] = [];
  #used = 0;
  /** Calls that have room and are on their way into the store. */
  #entering = 0;
  #isClosed = false;
  #isFull = false;
  #wake: (() => void) | undefined;
  #forming: Promise<unknown> = Promise.resolve();

  constructor(options: QueuedOptions) {
    const { context, config, items } = options;
    this.#options = options;
    this.#counts = new DeliveryCounts(context, items);
    this.#store = options.store ?? new MemoryStore();
    this.#sender = new Sender({
      context,
      counts: this.#counts,
      timeoutMs: config.timeout,
      retry: config.retry_on_failure,
      push: options.push,
      split: options.split,
      durable: this.#store.durable,
    });
    const labels = { exporter: context.id, data_type: items === 'spans' ? 'traces' : 'logs' };
    context.meter.gauge('otelcol_exporter_queue_size', labels, () => this.#used);
    context.meter.gauge('otelcol_exporter_queue_capacity', labels, () => config.sending_queue.queue_size);
  }

  /** What is queued and in flight, in units of `sizer`. */
  get size(): number {
    return this.#used;
  }

  async start(host: Host): Promise<void> {
    const { enabled, num_consumers, sizer } = this.#options.config.sending_queue;
    if (!enabled) return;
    this.#used += (await this.#store.open())[sizer];
    for (let i = 0; i < num_consumers; i++) {
      this.#consumers.push(this.#consume().catch((error: unknown) => host.fatal(error)));
    }
  }

  /**
   * Takes encoded data: all of it or nothing. Resolves when it is queued (with `wait_for_result` or without a queue: when it is delivered).
   * Throws RetryableError when the queue is full and does not block, or is closed; the caller then still has the data.
   */
  async enqueue(payloads: readonly Payload[], receipts: readonly Receipt[] = []): Promise<void> {
    if (payloads.length === 0) return;
    const { config } = this.#options;
    if (!config.sending_queue.enabled) return this.#direct(payloads);
    await this.#admit(payloads);
    for (const receipt of receipts) receipt.hold();
    let settled: ((error?: unknown) => void) | undefined;
    const result = config.sending_queue.wait_for_result
      ? new Promise<void>((resolve, reject) => {
          settled = (error) => (error === undefined ? resolve() : reject(error));
        })
      : undefined;
    const ticket = ticketFor(payloads.length, receipts, settled);
    try {
      await this.#put(payloads, ticket);
    } finally {
      this.#entering--;
      this.#wake?.();
    }
    await result;
  }

  /** A store that refuses (a full disk) leaves the rest with the caller, who sends all of it again: at least once. */
  async #put(payloads: readonly Payload[], ticket: Ticket): Promise<void> {
    for (let i = 0; i < payloads.length; i++) {
      const payload = payloads[i] as Payload;
      try {
        await this.#store.put(payload, ticket);
      } catch (cause) {
        const rest = payloads.slice(i);
        for (const _ of rest) ticket.settle();
        this.#free(rest.reduce((sum, one) => sum + this.#sizeOf(one), 0));
        throw this.#refused(rest, new RetryableError('the queue cannot store data', { code: 'EXPORT_STORE', cause }));
      }
    }
  }

  /** Takes nothing more and tries to send everything queued until `deadline`. May be called twice. */
  async shutdown(deadline: AbortSignal): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(closedError());
    this.#sender.stop();
    const onDeadline = (): void => this.#sender.abort();
    if (deadline.aborted) onDeadline();
    else deadline.addEventListener('abort', onDeadline, { once: true });
    this.#wake?.();
    await Promise.all(this.#consumers);
    deadline.removeEventListener('abort', onDeadline);
    await this.#store.close();
    const { dropped, lost, lossCause } = this.#sender;
    const { items, context } = this.#options;
    if (lost > 0) {
      context.log.error('Queued data could not be sent before shutdown and is lost.', {
        [items]: lost,
        error: messageOf(lossCause),
        code: codeOf(lossCause),
      });
    }
    if (dropped > 0) context.log.error('Data was dropped since the start.', { [items]: dropped });
  }

  /** Waits for room in the order of the calls. A batch larger than the queue is let in when nothing else is there. */
  async #admit(payloads: readonly Payload[]): Promise<void> {
    const size = payloads.reduce((sum, payload) => sum + this.#sizeOf(payload), 0);
    if (this.#isClosed) throw this.#refused(payloads, closedError());
    if (this.#waiters.length === 0 && this.#fits(size)) {
      this.#used += size;
      this.#entering++;
      return;
    }
    const { queue_size, sizer, block_on_overflow } = this.#options.config.sending_queue;
    if (!this.#isFull) {
      this.#isFull = true;
      this.#options.context.log.warn(
        block_on_overflow ? 'Queue is full, the pipeline waits.' : 'Queue is full, batches are refused.',
        { queue_size, sizer, hint: 'raise sending_queue.queue_size' },
      );
    }
    if (!block_on_overflow) {
      throw this.#refused(payloads, new RetryableError('sending queue is full', { code: 'EXPORT_QUEUE_FULL' }));
    }
    await new Promise<void>((admit, refuse) => {
      this.#waiters.push({ size, admit, refuse: (error) => refuse(this.#refused(payloads, error)) });
    });
  }

  #refused(payloads: readonly Payload[], error: Error): Error {
    this.#counts.enqueueFailed.add(itemsOf(payloads));
    return error;
  }

  #fits(size: number): boolean {
    return this.#used === 0 || this.#used + size <= this.#options.config.sending_queue.queue_size;
  }

  #free(size: number): void {
    this.#used -= size;
    for (let next = this.#waiters[0]; next !== undefined && this.#fits(next.size); next = this.#waiters[0]) {
      this.#used += next.size;
      this.#entering++;
      this.#waiters.shift();
      next.admit();
    }
    if (this.#waiters.length === 0 && this.#used * 2 < this.#options.config.sending_queue.queue_size)
      this.#isFull = false;
  }

  #sizeOf(payload: Payload): number {
    switch (this.#options.config.sending_queue.sizer) {
      case 'bytes':
        return payload.bytes.length;
      case 'items':
        return payload.items;
      default:
        return 1;
    }
  }

  async #direct(payloads: readonly Payload[]): Promise<void> {
    for (const payload of payloads) {
      const outcome = await this.#sender.send(payload);
      if (outcome.kind !== 'delivered') throw outcome.error;
    }
  }

  async #consume(): Promise<void> {
    for (;;) {
      // One consumer forms a batch at a time; the others wait their turn.
      const turn = this.#forming.then(() => this.#form());
      this.#forming = turn.catch(() => undefined); // whoever awaits the turn has the error
      const entries = await turn;
      if (entries.length === 0) return;
      await this.#deliver(entries);
    }
  }

  /** The next batch; empty when the queue is closed and empty. */
  async #form(): Promise<QueueEntry[]> {
    const { enabled, min_size, max_size, flush_timeout } = this.#options.config.sending_queue.batch;
    const most = max_size > 0 ? max_size : Number.POSITIVE_INFINITY;
    const entries: QueueEntry[] = [];
    let bytes = 0;
    let isLate = false;
    let cancel: (() => void) | undefined;
    for (;;) {
      if (this.#sender.isOver && this.#store.durable) break; // what is left is for the next run
      const entry = await this.#store.take(entries.length === 0 ? Number.POSITIVE_INFINITY : most - bytes);
      if (entry !== undefined) {
        entries.push(entry);
        bytes += entry.payload.bytes.length;
        if (enabled) continue;
        break;
      }
      if (entries.length === 0 && this.#store.waiting > 0) continue; // came while `take` looked
      if (
        (this.#isClosed && this.#entering === 0) ||
        (entries.length > 0 && (this.#store.waiting > 0 || bytes >= min_size || isLate))
      )
        break;
      if (entries.length > 0) {
        cancel ??= this.#options.context.clock.after(flush_timeout, () => {
          isLate = true;
          this.#wake?.();
        });
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    cancel?.();
    return entries;
  }

  async #deliver(entries: readonly QueueEntry[]): Promise<void> {
    const [first] = entries;
    const payloads = entries.map((entry) => entry.payload);
    const payload =
      entries.length === 1 && first !== undefined
        ? first.payload
        : { bytes: this.#options.join(payloads.map(({ bytes }) => bytes)), items: itemsOf(payloads) };
    const outcome = await this.#sender.send(payload);
    if (outcome.kind !== 'lost') {
      await this.#store.ack(entries);
      const error = outcome.kind === 'dropped' ? outcome.error : undefined;
      for (const entry of entries) entry.ticket?.settle(error);
    } else {
      for (const entry of entries) entry.ticket?.lose(outcome.error);
    }
    this.#free(payloads.reduce((sum, one) => sum + this.#sizeOf(one), 0));
  }
}

function itemsOf(payloads: readonly Payload[]): number {
  return payloads.reduce((sum, payload) => sum + payload.items, 0);
}

function closedError(): RetryableError {
  return new RetryableError('the exporter is shutting down', { code: 'EXPORT_SHUTDOWN' });
}

/** Counts the entries of one `enqueue` down and releases its receipts with the last. */
function ticketFor(
  entries: number,
  receipts: readonly Receipt[],
  settled: ((error?: unknown) => void) | undefined,
): Ticket {
  let left = entries;
  let failure: unknown;
  return {
    settle: (error) => {
      failure ??= error;
      left--;
      if (left > 0) return;
      for (const receipt of receipts) receipt.release();
      settled?.(failure);
    },
    lose: (error) => settled?.(error),
  };
}

/** Queue, batcher, retry and timeout around one push function. */
export function queued(options: QueuedOptions): Queued {
  return new Queued(options);
}
