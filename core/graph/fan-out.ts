import type { Batch } from '../batch.ts';
import type { Consumer } from '../component.ts';
import { isPermanent, messageOf, PermanentError, RetryableError } from '../errors.ts';
import { type RetryOptions, retry } from './retry.ts';

/**
 * Hands each batch to several consumers, one after the other; all share the same read-only object. A branch that fails does not keep the
 * batch from the others. Branches that may take it later are tried again in here, once all others have it, so that a branch never gets a
 * batch twice; `consume` waits for them. What a branch refused for good is thrown as one `PermanentError`: a caller that would try again
 * would bring the batch twice to the branches that took it. When the service stops first, a `RetryableError` says that it did not arrive
 * everywhere.
 */
export class FanOut implements Consumer {
  readonly #branches: readonly Consumer[];
  readonly #options: RetryOptions;

  constructor(branches: readonly Consumer[], options: RetryOptions) {
    this.#branches = branches;
    this.#options = options;
  }

  async consume(batch: Batch): Promise<void> {
    const errors: unknown[] = [];
    const later: { branch: Consumer; error: unknown }[] = [];
    for (const branch of this.#branches) {
      try {
        await branch.consume(batch);
      } catch (error) {
        if (isPermanent(error)) errors.push(error);
        else later.push({ branch, error });
      }
    }
    if (later.length > 0) await this.#retry(batch, later, errors);
    if (errors.length > 0) throw joined(errors, this.#options.stop.aborted);
  }

  /** All at the same time: one branch that waits long does not keep the batch from another that is ready. */
  async #retry(batch: Batch, later: { branch: Consumer; error: unknown }[], errors: unknown[]): Promise<void> {
    const ends = await Promise.allSettled(
      later.map(({ branch, error }) => retry(() => branch.consume(batch), error, this.#options)),
    );
    for (const end of ends) if (end.status === 'rejected') errors.push(end.reason);
  }
}

function joined(errors: readonly unknown[], stopped: boolean): Error {
  const message = errors.map(messageOf).join('; ');
  const cause = new AggregateError(errors, message);
  const interrupted = stopped && errors.some((error) => !isPermanent(error));
  if (interrupted) return new RetryableError('interrupted due to shutdown', { code: 'PIPE_SHUTDOWN', cause });
  return new PermanentError(`${errors.length} of the consumers failed`, { code: 'PIPE_BRANCH_FAILED', cause });
}
