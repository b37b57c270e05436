import { setMaxListeners } from 'node:events';
import type { Context } from '../component.ts';
import { isPermanent, isRetryable, messageOf, PermanentError, RetryableError } from '../errors.ts';
import { backoffMs } from './backoff.ts';
import type { RetryConfig } from './config.ts';
import type { DeliveryCounts } from './counts.ts';
import type { Payload } from './store.ts';

/** The code of a PermanentError that a smaller request may not get (HTTP 413): the payload is split and sent in halves. */
export const TOO_LARGE = 'EXPORT_TOO_LARGE';

/** What the receiving side said when it took a request. `reason` is its own text: bounded, logged once. */
export interface PushResult {
  readonly rejected: number;
  readonly reason?: string;
  /** Why the answer does not say what was taken, although it is a success: bounded, logged once. */
  readonly doubt?: string;
}

/**
 * One try to deliver. Throws RetryableError or PermanentError (others count as retryable). Gets the same object in every try, and should stop
 * when the signal aborts.
 */
export type Push = (payload: Payload, signal: AbortSignal) => Promise<PushResult>;

/** Two payloads that together hold what one holds; undefined for a single item. */
export type Split = (bytes: Buffer) => readonly [Payload, Payload] | undefined;

/** `dropped` is counted and done with; `lost` was given up because time for shutdown ran out. */
export type Delivery =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'dropped'; readonly error: unknown }
  | { readonly kind: 'lost'; readonly error: unknown };

export interface SenderOptions {
  readonly context: Context;
  readonly counts: DeliveryCounts;
  readonly timeoutMs: number;
  readonly retry: RetryConfig;
  readonly push: Push;
  readonly split: Split;
  /** The payloads are in a store that outlives the process: what shutdown cuts off is sent by the next run. */
  readonly durable: boolean;
}

const MAX_REASONS = 32;
/** Between tries while the program shuts down. */
const LAST_WAIT_MS = 100;
const MAX_LAST_WAIT_MS = 1000;

/** Tries to deliver payloads until the receiving side has them or they are counted. Never throws. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #stopping = new AbortController();
  readonly #over = new AbortController();
  readonly #tries = new Set<AbortController>();
  readonly #reasons = new Set<string>();
  #isOver = false;
  #isDown = false;
  #dropped = 0;
  #lost = 0;
  /** Why the latest try failed, until one works. */
  #failure: unknown;
  #lossCause: unknown;

  constructor(options: SenderOptions) {
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal, this.#over.signal); // every consumer may wait on them
  }

  /** From here on waits are short, unless the server asked for longer ones: payloads are tried until time is up. */
  stop(): void {
    this.#stopping.abort(new Error('stopping'));
  }

  /** Time is up: running tries end, what follows is lost without a try. */
  abort(): void {
    this.#isOver = true;
    this.#over.abort(new Error('over'));
    this.stop();
    for (const attempt of this.#tries) {
      attempt.abort(new RetryableError('no answer before the time for shutdown was up', { code: 'EXPORT_SHUTDOWN' }));
    }
  }

  /** Whether time is up. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Items dropped so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Items given up at shutdown so far. */
  get lost(): number {
    return this.#lost;
  }

  /** Why the latest payload was given up at shutdown: what the receiving side said last, where it said anything. */
  get lossCause(): unknown {
    return this.#lossCause;
  }

  async send(payload: Payload): Promise<Delivery> {
    const { retry, context } = this.#options;
    const startedMs = context.clock.now();
    let failure: unknown;
    for (let attempt = 1; ; attempt++) {
      if (this.#isOver) return this.#lose(payload, failure);
      try {
        this.#took(payload, await this.#try(payload));
        return { kind: 'delivered' };
      } catch (error) {
        if (isPermanent(error)) {
          return error.code === TOO_LARGE ? this.#halves(payload, error) : this.#drop(payload, error);
        }
        if (!retry.enabled) return this.#drop(payload, error);
        if (this.#isOver) return this.#lose(payload, failure ?? error);
        failure = error;
        this.#failure = error;
        const isStopping = this.#stopping.signal.aborted;
        const after = isRetryable(error) ? error.retryAfterMs : undefined;
        const waitMs =
          isStopping && after === undefined
            ? Math.min(attempt * LAST_WAIT_MS, MAX_LAST_WAIT_MS)
            : backoffMs(attempt, retry, context.random, after);
        const elapsedMs = context.clock.now() - startedMs;
        if (!isStopping && retry.max_elapsed_time > 0 && elapsedMs + waitMs > retry.max_elapsed_time)
          return this.#drop(payload, error);
        this.#down(error, waitMs);
        // Stopping ends a wait of our own, and the loop goes on with short ones; one that the server asked for ends when time is up.
        const end = isStopping || after !== undefined ? this.#over : this.#stopping;
        await context.clock.sleep(waitMs, end.signal).catch(() => undefined);
      }
    }
  }

  #try(payload: Payload): Promise<PushResult> {
    const { context, push, timeoutMs } = this.#options;
    const attempt = new AbortController();
    this.#tries.add(attempt);
    const cancel =
      timeoutMs > 0
        ? context.clock.after(timeoutMs, () =>
            attempt.abort(new RetryableError(`no answer within ${timeoutMs} ms`, { code: 'EXPORT_TIMEOUT' })),
          )
        : undefined;
    // A push that does not heed the signal must not hold its consumer for ever.
    const aborted = new Promise<never>((_, reject) => {
      attempt.signal.addEventListener('abort', () => reject(attempt.signal.reason), { once: true });
    });
    return Promise.race([push(payload, attempt.signal), aborted]).finally(() => {
      cancel?.();
      this.#tries.delete(attempt);
    });
  }

  #took(payload: Payload, result: PushResult): void {
    const { counts, context } = this.#options;
    const rejected = Math.min(payload.items, Math.max(0, result.rejected));
    counts.sent.add(payload.items - rejected);
    this.#failure = undefined;
    if (this.#isDown) {
      this.#isDown = false;
      context.log.info('Exporting works again.');
    }
    const { doubt } = result;
    if (doubt !== undefined && this.#isNew(doubt))
      context.log.warn('The data counts as sent, but the answer does not say what was taken.', { reason: doubt });
    const reason = result.reason ?? '';
    if (rejected === 0 && reason === '') return;
    counts.rejected.add(rejected);
    if (!this.#isNew(reason)) return;
    const message =
      rejected === 0 ? 'The server took all and warns.' : 'The server refused a part; it is not sent again.';
    context.log[rejected === 0 ? 'warn' : 'error'](message, { rejected, reason });
  }

  #isNew(reason: string): boolean {
    if (this.#reasons.has(reason) || this.#reasons.size >= MAX_REASONS) return false;
    this.#reasons.add(reason);
    return true;
  }

  /** Halves until each part is taken, or a single item is too large and dropped. */
  async #halves(payload: Payload, error: unknown): Promise<Delivery> {
    const halves = payload.items < 2 ? undefined : this.#split(payload);
    if (halves === undefined) return this.#drop(payload, error);
    const [first, second] = halves;
    const before = await this.send(first);
    const after = await this.send(second);
    return [before, after].find(({ kind }) => kind === 'lost') ?? (before.kind === 'dropped' ? before : after);
  }

  #split(payload: Payload): readonly [Payload, Payload] | undefined {
    try {
      return this.#options.split(payload.bytes);
    } catch {
      return undefined; // bytes that cannot be read cannot be split: dropped and counted as too large
    }
  }

  #drop(payload: Payload, error: unknown): Delivery {
    const { counts, context } = this.#options;
    counts.failed.add(payload.items);
    if (this.#dropped === 0) {
      const items = payload.items;
      context.log.error('Exporting failed, data is dropped.', {
        items,
        bytes: payload.bytes.length,
        error: messageOf(error),
        code: codeOf(error),
      });
    }
    this.#dropped += payload.items;
    return { kind: 'dropped', error: error instanceof Error ? error : new PermanentError(String(error)) };
  }

  /** `failure` is why this payload's own tries failed, where there were any. */
  #lose(payload: Payload, failure: unknown): Delivery {
    const error = failure ?? this.#failure ?? new RetryableError('no time left', { code: 'EXPORT_SHUTDOWN' });
    // That time was up says less than what was said before.
    if (this.#lossCause === undefined || codeOf(error) !== 'EXPORT_SHUTDOWN') this.#lossCause = error;
    if (!this.#options.durable) {
      this.#options.counts.lost.add(payload.items);
      this.#lost += payload.items;
    }
    return { kind: 'lost', error };
  }

  #down(error: unknown, waitMs: number): void {
    if (this.#isDown) return;
    this.#isDown = true;
    this.#options.context.log.warn('Exporting failed, trying again.', {
      error: messageOf(error),
      code: codeOf(error),
      next_try_ms: Math.round(waitMs),
    });
  }
}

/** The code of an error that may be of any kind, for a log field. */
export function codeOf(error: unknown): string {
  return isPermanent(error) || isRetryable(error) ? error.code : 'EXPORT_FAILED';
}
