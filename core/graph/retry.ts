import type { Clock } from '../clock.ts';
import { isPermanent, isRetryable } from '../errors.ts';

/** How long to wait before the next try: doubles from 100 ms to 5 s, each spread over 50 to 150 %. */
function backoffMs(attempt: number, random: () => number): number {
  return Math.min(5_000, 100 * 2 ** attempt) * (0.5 + random());
}

/** What `retry` needs from outside. */
export interface RetryOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborts when time is up: the last error is thrown at once. */
  readonly stop: AbortSignal;
  readonly onRetry?: () => void;
}

/**
 * Calls `attempt` again after a wait for as long as it fails with an error that is not permanent. Throws the error that ends it: a permanent
 * one, or that of the try that follows when `stop` aborts. `failed` is the error of a try already made.
 */
export async function retry(attempt: () => Promise<void>, failed: unknown, options: RetryOptions): Promise<void> {
  let error = failed;
  for (let tries = 1; ; tries++) {
    if (options.stop.aborted || isPermanent(error)) throw error;
    const asked = isRetryable(error) ? (error.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(asked, backoffMs(tries - 1, options.random));
    // the stop ends the wait, and then there is one last try
    await options.clock.sleep(waitMs, options.stop).catch(() => {});
    options.onRetry?.();
    try {
      return await attempt();
    } catch (again) {
      error = again;
    }
  }
}
