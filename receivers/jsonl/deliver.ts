import {
  type Consumer,
  type Context,
  type EventsBatch,
  isPermanent,
  isRetryable,
  messageOf,
} from '../../core/index.ts';
import type { Counts } from './counts.ts';
import type { Filled } from './line-reader.ts';
import type { Track } from './track.ts';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5000;

/**
 * Hands batches on, one at a time and each until it is taken: what may work later is tried again after a pause, what would fail again is
 * counted and left. Resolves with false when `stop` came first; the batch's receipt is then still open, so a later run reads it again.
 */
export class Delivery {
  readonly #context: Context;
  readonly #next: Consumer;
  readonly #counts: Counts;
  readonly #isLive: boolean;
  readonly #onRead: () => void;

  constructor(context: Context, next: Consumer, counts: Counts, isLive: boolean, onRead: () => void) {
    this.#context = context;
    this.#next = next;
    this.#counts = counts;
    this.#isLive = isLive;
    this.#onRead = onRead;
  }

  async deliver(track: Track, filled: Filled, stop: AbortSignal): Promise<boolean> {
    const waitMs = filled.dueMs - this.#context.clock.now();
    if (filled.dueMs > 0 && waitMs >= 1 && !(await this.#pause(waitMs, stop))) return false;
    if (stop.aborted) return false;
    const receipt = track.book.open(filled.end, filled.reread);
    if (filled.end.offset > track.high) track.high = filled.end.offset;
    this.#onRead();
    const { events } = filled;
    if (events.length === 0) {
      receipt.release();
      return true;
    }
    const batch: EventsBatch = { signal: 'events', events, receipts: [receipt], ...(this.#isLive && { live: true }) };
    if (!(await this.#hand(batch, stop))) return false;
    receipt.release();
    return true;
  }

  async #hand(batch: EventsBatch, stop: AbortSignal): Promise<boolean> {
    const { log, random } = this.#context;
    for (let attempt = 0; ; attempt++) {
      try {
        await this.#next.consume(batch);
        this.#counts.events.add(batch.events.length);
        return true;
      } catch (error) {
        if (isPermanent(error)) {
          if (this.#counts.refused.value === 0)
            log.error('Events were refused and are lost; more are only counted.', {
              error: messageOf(error),
              code: error.code,
            });
          this.#counts.refused.add(batch.events.length);
          return true;
        }
        if (this.#counts.retries.value === 0)
          log.warn('Events are not taken now; the same batch is tried again.', { error: messageOf(error) });
        this.#counts.retries.add();
        const asked = isRetryable(error) ? error.retryAfterMs : undefined;
        const longest = Math.min(FIRST_PAUSE_MS * 2 ** Math.min(attempt, 16), LONGEST_PAUSE_MS);
        if (await this.#pause(asked ?? longest * (0.5 + random() / 2), stop)) continue;
        this.#counts.undelivered.add(batch.events.length);
        return false;
      }
    }
  }

  async #pause(ms: number, stop: AbortSignal): Promise<boolean> {
    try {
      await this.#context.clock.sleep(ms, stop);
      return true;
    } catch (error) {
      if (stop.aborted) return false;
      throw error;
    }
  }
}
