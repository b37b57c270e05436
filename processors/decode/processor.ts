import {
  type Batch,
  type ConfigOf,
  type Consumer,
  type Context,
  type EventsBatch,
  type Host,
  loadProviders,
  type Processor,
  type Receipt,
} from '../../core/index.ts';
import { Counters } from './counters.ts';
import { type Decoded, Decoder } from './decoder.ts';
import { type DeliveryOptions, deliver } from './delivery.ts';
import type { Flavour } from './flavour.ts';
import type { schema } from './schema.ts';

type Config = ConfigOf<typeof schema>;

/** The component around a `Decoder`: batches in order, one at a time, and time that goes on while a live source is silent. */
export class DecodeProcessor implements Processor {
  readonly #context: Context;
  readonly #next: Consumer;
  readonly #decoder: Decoder;
  readonly #windowMs: number;
  readonly #delivery: DeliveryOptions;
  readonly #stop = new AbortController();
  #turn: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #isDown = false;
  /** Whether every batch so far was live: what is held at the end is then too. */
  #isLive: boolean | undefined;

  constructor(context: Context, config: Config, next: Consumer, flavours: readonly Flavour[]) {
    this.#context = context;
    this.#next = next;
    this.#windowMs = config.reorder_window;
    const counters = new Counters(context.meter, context.log, context.id);
    this.#decoder = new Decoder({
      reorderWindowMs: config.reorder_window,
      maxConnections: config.max_connections,
      maxConnectionBytes: config.max_connection_size,
      maxTotalBytes: config.max_total_size,
      maxBodyBytes: config.max_body_size,
      flavours,
      counters,
      matcher: context.matcher,
      registry: loadProviders(config),
      cost: config.cost,
      hashKey: config.hash_key,
      streamingChunks: config.streaming_chunks,
      embeddingEvents: config.embedding_events,
    });
    let isWarned = false;
    this.#delivery = {
      clock: context.clock,
      random: context.random,
      counters,
      onDrop: (why, events) => {
        if (isWarned) return;
        isWarned = true;
        context.log.error('Decoded events could not be handed on and are lost.', { error: why, events });
      },
    };
    context.meter.gauge('oisp_decode_connections', { processor: context.id }, () => this.#decoder.connections);
    context.meter.gauge('oisp_decode_held_bytes', { processor: context.id }, () => this.#decoder.bytes);
  }

  async start(_host: Host): Promise<void> {}

  consume(batch: Batch): Promise<void> {
    if (batch.signal !== 'events') return this.#next.consume(batch);
    return this.#inTurn(() => this.#decode(batch));
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    if (deadline.aborted) this.#stop.abort(deadline.reason);
    else deadline.addEventListener('abort', () => this.#stop.abort(deadline.reason), { once: true });
    this.#cancelTimer?.();
    await this.#inTurn(async () => {
      if (this.#isDown) return;
      this.#isDown = true;
      await this.#hand(this.#decoder.finish(), [], this.#isLive);
    });
  }

  /** Batches and timers one after the other: a batch waits for the delivery of the one before. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => {}); // whoever waits for `turn` hears of it
    return turn;
  }

  async #decode(batch: EventsBatch): Promise<void> {
    this.#cancelTimer?.();
    this.#isLive = batch.live === true && this.#isLive !== false;
    const receipts = batch.receipts ?? [];
    await this.#hand(this.#decoder.push(batch.events, receipts), receipts, batch.live);
    if (batch.live === true && this.#decoder.isWaiting && !this.#isDown) this.#wait();
  }

  #wait(): void {
    this.#cancelTimer = this.#context.clock.after(this.#windowMs + 1, () => {
      this.#cancelTimer = undefined;
      void this.#inTurn(() => this.#hand(this.#decoder.elapse(this.#windowMs + 1), [], true));
    });
  }

  async #hand(decoded: Decoded, receipts: readonly Receipt[], live: boolean | undefined): Promise<void> {
    const { events, done } = decoded;
    if (events.length > 0) {
      const all = [...new Set([...decoded.receipts, ...receipts])];
      const batch: EventsBatch = {
        signal: 'events',
        events,
        ...(live !== undefined && { live }),
        ...(all.length > 0 && { receipts: all }),
      };
      if (!(await deliver(this.#next, batch, this.#stop.signal, this.#delivery))) {
        // cut off by the shutdown: held for good, so that a restart reads it again
        for (const receipt of receipts) receipt.hold();
        return;
      }
    }
    for (const receipt of done) receipt.release();
  }
}
