import type { RetryConfig } from './config.ts';

/** Bounds of what a server may ask us to wait. */
export const RETRY_AFTER_MIN_MS = 100;
export const RETRY_AFTER_MAX_MS = 300_000;

/**
 * Milliseconds to wait after try `attempt` (from 1) failed: `initial_interval * multiplier^(attempt-1)`, at most `max_interval`, spread by the
 * randomization factor as in the Collector. What the server asked for wins, within 100 ms and 5 minutes.
 */
export function backoffMs(
  attempt: number,
  retry: RetryConfig,
  random: () => number,
  retryAfterMs: number | undefined,
): number {
  if (retryAfterMs !== undefined) return Math.min(RETRY_AFTER_MAX_MS, Math.max(RETRY_AFTER_MIN_MS, retryAfterMs));
  const interval = Math.min(retry.max_interval, retry.initial_interval * retry.multiplier ** (attempt - 1));
  return interval * (1 + retry.randomization_factor * (2 * random() - 1));
}

/** Milliseconds that a `Retry-After` header asks for (RFC 9110 10.2.3: seconds or an HTTP date); undefined when it cannot be read. */
export function parseRetryAfter(value: string | undefined, nowMs: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000;
  const at = /[A-Za-z]/.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, at - nowMs);
}
