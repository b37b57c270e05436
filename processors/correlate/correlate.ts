import {
  type Batch,
  type Component,
  type Consumer,
  type Context,
  isPermanent,
  messageOf,
  type OispEvent,
  PermanentError,
  type Receipt,
  sizeOf,
} from '../../core/index.ts';
import { Claim } from './claim.ts';
import { HostState } from './host.ts';
import type { CorrelateOptions } from './options.ts';
import type { Output } from './output.ts';

const RETRY_MS = { first: 100, most: 5_000 } as const;
const SILENCE_MS = 500;

/** The processor: one state per host and boot, event time in, spans and placed events out. */
export class Correlate implements Component, Consumer {
  readonly #context: Context;
  readonly #options: CorrelateOptions;
  readonly #next: Consumer;
  readonly #hosts = new Map<string, HostState>();
  #cancelTimer: (() => void) | undefined;
  #lastBatchAt = 0;
  #isLive = false;
  #work: Promise<void> = Promise.resolve();
  #isDown = false;
  /** Aborts when the time of the shutdown is up. */
  readonly #stop = new AbortController();

  constructor(context: Context, next: Consumer, options: CorrelateOptions) {
    this.#context = context;
    this.#next = next;
    this.#options = options;
    const sum = (of: (state: HostState) => number): number =>
      [...this.#hosts.values()].reduce((n, host) => n + of(host), 0);
    context.meter.gauge('oisp_correlate_open_turns', { processor: context.id }, () => sum((h) => h.sizes.turns));
    context.meter.gauge('oisp_correlate_conversations', { processor: context.id }, () =>
      sum((h) => h.sizes.conversations),
    );
    context.meter.gauge('oisp_correlate_waiting_events', { processor: context.id }, () => sum((h) => h.sizes.waiting));
  }

  async start(): Promise<void> {
    this.#watch();
  }

  async consume(batch: Batch): Promise<void> {
    if (this.#isDown) throw new PermanentError(`${this.#context.id} is shut down`, { code: 'CORRELATE_DOWN' });
    if (batch.signal !== 'events') {
      await this.#next.consume(batch);
      return;
    }
    await this.#exclusive(async () => {
      this.#lastBatchAt = this.#context.clock.now();
      this.#isLive = batch.live === true;
      const claim = new Claim(batch.receipts ?? []);
      claim.hold();
      for (const event of batch.events) this.#hostOf(event).push(this.#context.matcher.stamp(event), claim);
      await this.#hand();
      claim.release();
    });
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#cancelTimer?.();
    if (deadline.aborted) this.#stop.abort(deadline.reason);
    else deadline.addEventListener('abort', () => this.#stop.abort(deadline.reason), { once: true });
    await this.#exclusive(async () => {
      for (const host of this.#hosts.values()) host.drain('shutdown');
      await this.#hand();
      this.#hosts.clear();
    });
  }

  /** One step at a time: the timer never comes between a batch and its output. */
  #exclusive(step: () => Promise<void>): Promise<void> {
    const run = this.#work.then(step);
    this.#work = run.catch(() => undefined); // whoever called sees the error
    return run;
  }

  #hostOf(event: OispEvent): HostState {
    const key = `${event.host?.device_id ?? event.host?.hostname ?? ''} ${event.host?.boot_id ?? ''}`;
    let host = this.#hosts.get(key);
    if (!host) {
      host = new HostState(
        this.#options,
        (name, n) => this.#context.meter.counter(name, { processor: this.#context.id }).add(n),
        (failed, error) => this.#onFailed(failed, error),
      );
      this.#hosts.set(key, host);
    }
    return host;
  }

  /** A defect of this processor: the event has no place in a tree, the others have. */
  #onFailed(event: OispEvent | undefined, error: unknown): void {
    const failed = this.#context.meter.counter('oisp_correlate_failed_events', { processor: this.#context.id });
    if (failed.value === 0) {
      const fields = { event_type: event?.event_type, event_id: event?.event_id, error: messageOf(error) };
      this.#context.log.error('An event could not be placed.', fields);
    }
    failed.add();
  }

  /** Hands on what was decided. Both signals belong to one step: events first, so that a log never precedes its cause. */
  async #hand(): Promise<void> {
    for (const host of this.#hosts.values()) {
      const out = host.takeOutput();
      if (out.events.length === 0 && out.spans.length === 0) {
        out.release();
        continue;
      }
      const receipts = receiptsOf(out);
      const more = receipts.length > 0 ? { receipts } : {};
      let isDone = true;
      if (out.events.length > 0) isDone = await this.#send({ signal: 'events', events: out.events, ...more });
      if (out.spans.length > 0) isDone = (await this.#send({ signal: 'spans', spans: out.spans, ...more })) && isDone;
      // what the deadline cut off stays held: a restart reads it again
      if (isDone) out.release();
    }
  }

  /**
   * This node owns what it made: a refusal from below is retried here and never thrown upstream. False when the deadline came before the
   * batch was taken or refused for good: the input may give it again.
   */
  async #send(batch: Batch): Promise<boolean> {
    const { clock, log, meter, id } = this.#context;
    for (let wait: number = RETRY_MS.first; ; wait = Math.min(wait * 2, RETRY_MS.most)) {
      try {
        await this.#next.consume(batch);
        return true;
      } catch (error) {
        if (isPermanent(error) || this.#stop.signal.aborted) {
          meter.counter('oisp_correlate_dropped', { processor: id, signal: batch.signal }).add(sizeOf(batch));
          log.error('Dropping what was refused below.', {
            items: sizeOf(batch),
            signal: batch.signal,
            error: messageOf(error),
          });
          return isPermanent(error);
        }
        log.debug('Trying again.', { wait_ms: wait, error: messageOf(error) });
        await clock.sleep(wait, this.#stop.signal).catch(() => undefined); // the deadline ends the wait, then one last try
      }
    }
  }

  /** A live source that is silent says that time goes on. */
  #watch(): void {
    this.#cancelTimer = this.#context.clock.after(SILENCE_MS, () => {
      const silent = this.#context.clock.now() - this.#lastBatchAt;
      const step =
        this.#isLive && silent >= SILENCE_MS
          ? this.#exclusive(async () => {
              for (const host of this.#hosts.values()) host.silent(silent * 1e6);
              await this.#hand();
            })
          : Promise.resolve();
      void step.finally(() => {
        if (!this.#isDown) this.#watch();
      });
    });
  }
}

function receiptsOf(out: Output): Receipt[] {
  const receipts = new Set<Receipt>();
  for (const claim of out.claims) for (const receipt of claim.receipts) receipts.add(receipt);
  return [...receipts];
}
