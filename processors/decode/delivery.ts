import {
  type Batch,
  type Clock,
  type Consumer,
  isPermanent,
  isRetryable,
  messageOf,
  sizeOf,
} from '../../core/index.ts';
import type { Counters } from './counters.ts';

export interface DeliveryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly counters: Counters;
  readonly onDrop: (why: string, events: number) => void;
}

/** Tries of an error that is neither permanent nor retryable. */
const UNKNOWN_TRIES = 5;

/**
 * Hands a batch on and owns it: the bytes that it was made from cannot be taken back. Tries again after a wait for as long as the error
 * says that later may work and `stop` has not aborted; drops and counts the batch otherwise. Never throws. False when `stop` cut it off: then
 * nobody has refused the batch for good.
 */
export async function deliver(
  next: Consumer,
  batch: Batch,
  stop: AbortSignal,
  options: DeliveryOptions,
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      await next.consume(batch);
      return true;
    } catch (error) {
      const isLast = stop.aborted || isPermanent(error) || (!isRetryable(error) && tries >= UNKNOWN_TRIES);
      if (!isLast) {
        const asked = isRetryable(error) ? (error.retryAfterMs ?? 0) : 0;
        const backoff = Math.min(5_000, 100 * 2 ** Math.min(tries - 1, 10)) * (0.5 + options.random());
        options.counters.count('retries');
        const isStopped = await options.clock.sleep(Math.max(asked, backoff), stop).then(
          () => false,
          () => true,
        );
        if (!isStopped) continue;
      }
      options.counters.count('dropped_events', 'reason', isPermanent(error) ? 'permanent' : 'gave_up', sizeOf(batch));
      options.onDrop(messageOf(error), sizeOf(batch));
      return isPermanent(error) || !stop.aborted;
    }
  }
}
