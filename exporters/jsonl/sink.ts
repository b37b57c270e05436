import { resolve } from 'node:path';
import { type Context, messageOf, type Receipt } from '../../core/index.ts';
import { type Block, type FileOptions, LineFile } from './file.ts';

export interface SinkOptions extends FileOptions {
  readonly flushIntervalMs: number;
}

/** What waits in memory is written at once from here on, and `add` waits for it. */
const FLUSH_BYTES = 1024 * 1024;

/** What one `add` brings. `written` or `lost` is called once. */
export interface Lines {
  readonly bytes: Buffer;
  readonly receipts: readonly Receipt[] | undefined;
  readonly written: () => void;
  readonly lost: () => void;
}

/**
 * Collects lines and writes them every flush interval or 1 MiB. After a failed write nothing more is taken until what waits is written,
 * so memory stays bounded and the caller keeps the batch. Used by all exporters of one path and id.
 */
export class Sink {
  readonly #context: Context;
  readonly #file: LineFile;
  readonly #flushIntervalMs: number;
  #waiting: (Block & { readonly lost: () => void })[] = [];
  #bytes = 0;
  #failing = false;
  #cancelTimer: (() => void) | undefined;
  #isClosing = false;
  #tail: Promise<void> = Promise.resolve();

  constructor(context: Context, options: SinkOptions) {
    this.#context = context;
    this.#file = new LineFile(options);
    this.#flushIntervalMs = options.flushIntervalMs;
  }

  open(): Promise<void> {
    return this.#file.open();
  }

  /** Takes lines; throws RetryableError without taking them while the file cannot be written. */
  async add(lines: Lines): Promise<void> {
    if (this.#failing) await this.flush();
    for (const receipt of lines.receipts ?? []) receipt.hold();
    const written = (): void => {
      lines.written();
      for (const receipt of lines.receipts ?? []) receipt.release();
    };
    this.#waiting.push({ bytes: lines.bytes, written, lost: lines.lost });
    this.#bytes += lines.bytes.length;
    if (this.#bytes >= FLUSH_BYTES) {
      // The lines are taken: a failure now shows in the next call, which is refused until the file can be written again.
      await this.flush().catch(() => undefined);
    } else {
      this.#flushLater();
    }
  }

  /** Writes all that waits. Calls queue up behind one another. */
  flush(): Promise<void> {
    const run = this.#tail.then(() => this.#write());
    this.#tail = run.catch(() => undefined); // the caller of this flush has the error
    return run;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const error = await this.flush().then(
      () => undefined,
      (cause: unknown) => cause,
    );
    for (const block of this.#waiting) block.lost();
    if (this.#waiting.length > 0) {
      this.#context.log.error('Lines could not be written before shutdown and are lost.', {
        bytes: this.#bytes,
        error: messageOf(error),
      });
    }
    this.#waiting = [];
    await this.#file.close();
  }

  async #write(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    try {
      await this.#file.write(this.#waiting);
      if (this.#failing) this.#context.log.info('The file can be written again.');
      this.#failing = false;
    } catch (error) {
      this.#context.meter.counter('oisp_exporter_write_errors', { exporter: this.#context.id }).add();
      if (!this.#failing) {
        this.#context.log.warn('The file cannot be written; lines wait in memory and new batches are refused.', {
          error: messageOf(error),
        });
      }
      this.#failing = true;
      throw error;
    } finally {
      this.#bytes = this.#waiting.reduce((sum, block) => sum + block.bytes.length, 0);
      // What a failed write left, or what came during a write.
      if (this.#waiting.length > 0 && !this.#isClosing) this.#flushLater();
    }
  }

  #flushLater(): void {
    this.#cancelTimer ??= this.#context.clock.after(this.#flushIntervalMs, () => {
      void this.flush().catch(() => undefined); // counted and logged in #write; the next call is refused
    });
  }
}

const open = new Map<string, { readonly id: string; readonly sink: Sink; users: number; ready: Promise<void> }>();

/**
 * The sink of a path. An exporter that stands in a traces and in a logs pipeline is two components but one file; two ids on one path are
 * an error, because they would rotate each other's file away. `release` closes the file with its last user.
 */
export async function shareSink(
  context: Context,
  options: SinkOptions,
): Promise<{ readonly sink: Sink; readonly release: () => Promise<void> }> {
  const path = resolve(options.path);
  let entry = open.get(path);
  if (entry !== undefined && entry.id !== context.id) {
    throw new Error(`${options.path} is already written by ${entry.id}; give ${context.id} a path of its own`);
  }
  if (entry === undefined) {
    const sink = new Sink(context, options);
    entry = { id: context.id, sink, users: 0, ready: sink.open() };
    open.set(path, entry);
  }
  const shared = entry;
  shared.users++;
  const release = async (): Promise<void> => {
    shared.users--;
    if (shared.users > 0) return shared.sink.flush();
    open.delete(path);
    return shared.sink.close();
  };
  try {
    await shared.ready;
  } catch (error) {
    shared.users--;
    if (shared.users === 0) open.delete(path);
    throw error;
  }
  return { sink: shared.sink, release };
}
