/** Options of the two errors that the pipe knows. `code` is stable (`AREA_WHAT`) and has an entry in docs/errors.md. */
export interface PipeErrorOptions {
  readonly code?: string;
  readonly cause?: unknown;
  /** What the server asked us to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}

const PERMANENT = Symbol.for('oisp.PermanentError');
const RETRYABLE = Symbol.for('oisp.RetryableError');

/** The same batch would fail again: count it and drop it. Recognised by brand, because two copies of core may be loaded. */
export class PermanentError extends Error {
  readonly [PERMANENT] = true;
  readonly code: string;

  constructor(message: string, options: PipeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PermanentError';
    this.code = options.code ?? 'PIPE_PERMANENT';
  }
}

/** Later may work: whoever owns the batch keeps it and tries again. */
export class RetryableError extends Error {
  readonly [RETRYABLE] = true;
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: PipeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'RetryableError';
    this.code = options.code ?? 'PIPE_RETRYABLE';
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether an error says that the same batch would fail again. */
export function isPermanent(error: unknown): error is PermanentError {
  return typeof error === 'object' && error !== null && PERMANENT in error;
}

/** Whether an error says that a later try may work. Errors of neither kind count as retryable, as in the Collector. */
export function isRetryable(error: unknown): error is RetryableError {
  return typeof error === 'object' && error !== null && RETRYABLE in error;
}

/** The text of anything thrown, with its causes, for a log field. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`;
}
