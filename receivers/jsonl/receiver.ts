import { type Component, type Consumer, type Context, expand, type Host, isGlob, messageOf } from '../../core/index.ts';
import { Checkpoint, type FileState, loadStates, type Place } from './checkpoint.ts';
import type { Config } from './config.ts';
import { Counts } from './counts.ts';
import { Delivery } from './deliver.ts';
import { Follower } from './follow.ts';
import { CHUNK_BYTES, GzipInput, inWords, isGzip, openFile, PlainInput } from './input.ts';
import { type Limits, LineReader } from './line-reader.ts';
import { Pace } from './pace.ts';
import { Tracks } from './track.ts';

const FROM_BEGIN: Place = { offset: 0, line: 0 };

/** Reads files of events: to their end (`replay`), or as they grow (`follow`). */
export class JsonlReceiver implements Component {
  readonly #context: Context;
  readonly #config: Config;
  readonly #counts: Counts;
  readonly #delivery: Delivery;
  readonly #limits: Limits;
  readonly #pace: Pace | undefined;
  readonly #stop = new AbortController();
  readonly #buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
  #tracks = new Tracks([], () => this.#checkpoint?.touch());
  #checkpoint: Checkpoint | undefined;
  #isCheckpointShown = false;
  #running: Promise<void> | undefined;

  constructor(context: Context, config: Config, next: Consumer) {
    this.#context = context;
    this.#config = config;
    this.#counts = new Counts(context);
    const isLive = config.mode === 'follow';
    this.#delivery = new Delivery(context, next, this.#counts, isLive, () => this.#checkpoint?.touch());
    this.#limits = {
      maxLineBytes: config.max_line_size,
      batchEvents: config.batch_size,
      batchBytes: config.batch_bytes,
      isChecked: config.validate === 'border',
    };
    if (!isLive && config.speed > 0) this.#pace = new Pace(context.clock, config.speed, config.max_gap);
  }

  /** @throws {Error} where a named path cannot be read or is no file, or the checkpoint is broken; JSONL_INPUT, JSONL_CHECKPOINT */
  async start(host: Host): Promise<void> {
    const { checkpoint } = this.#config;
    if (checkpoint !== undefined) {
      this.#tracks = new Tracks(await this.#loadStates(checkpoint), () => this.#checkpoint?.touch());
      const read = (): readonly FileState[] => this.#tracks.states;
      this.#checkpoint = new Checkpoint(checkpoint, this.#context.clock, read, (error) =>
        this.#checkpointFailed(error),
      );
    }
    const include = includeOf(this.#config);
    if (this.#config.mode === 'follow') {
      const follower = new Follower(this.#context, this.#config, include, {
        counts: this.#counts,
        delivery: this.#delivery,
        limits: this.#limits,
        tracks: this.#tracks,
        buffer: this.#buffer,
        stop: this.#stop.signal,
      });
      await follower.begin();
      this.#run(host, () => follower.run());
      return;
    }
    const paths = await this.#paths(include);
    this.#run(host, async () => {
      for (const path of paths) await this.#replay(path);
      if (!this.#stop.signal.aborted) host.finished();
    });
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    this.#stop.abort(new Error('the receiver is shut down'));
    if (this.#running !== undefined) await untilAborted(this.#running, deadline);
    this.#running = undefined;
    if (this.#counts.undelivered.value > 0 && this.#checkpoint === undefined)
      this.#context.log.error('Events that were read could not be handed on before the end.', {
        events: this.#counts.undelivered.value,
        hint: 'set `checkpoint`, then the next start reads them again',
      });
    this.#checkpoint?.close();
  }

  #run(host: Host, work: () => Promise<void>): void {
    this.#running = work().catch((error: unknown) => host.fatal(error));
  }

  async #loadStates(path: string): Promise<readonly FileState[]> {
    try {
      return await loadStates(path);
    } catch (error) {
      const cause = messageOf(error);
      throw new Error(
        `JSONL_CHECKPOINT: cannot read the checkpoint ${path}: ${cause}; repair it, or remove it to read all input from its begin`,
        { cause: error },
      );
    }
  }

  #checkpointFailed(error: unknown): void {
    this.#counts.fileError('checkpoint');
    if (this.#isCheckpointShown) return;
    this.#isCheckpointShown = true;
    this.#context.log.error('The checkpoint cannot be written; after a crash more input is read again.', {
      path: this.#config.checkpoint,
      error: messageOf(error),
    });
  }

  /** The files to replay, each looked at once, so that a wrong name ends the start and not the run. */
  async #paths(include: readonly string[]): Promise<string[]> {
    const paths = await expand(include, this.#config.exclude);
    const readable: string[] = [];
    for (const path of paths) {
      const opened = await openFile(path);
      if ('handle' in opened) {
        await opened.handle.close();
        readable.push(path);
      } else if (include.includes(path) && !isGlob(path)) {
        throw new Error(`JSONL_INPUT: cannot read ${path}: ${inWords(opened.why)}`);
      } else this.#passOver(path, inWords(opened.why), opened.why);
    }
    if (readable.length === 0)
      throw new Error(`JSONL_INPUT: no file to read matches ${include.join(', ')}; check include and exclude`);
    return readable;
  }

  #passOver(path: string, why: string, reason: string): void {
    this.#counts.fileError(reason);
    this.#context.log.warn('A path is passed over.', { path, why });
  }

  async #replay(path: string): Promise<void> {
    const stop = this.#stop.signal;
    if (stop.aborted) return;
    const opened = await openFile(path);
    if ('why' in opened) {
      this.#counts.fileError(opened.why);
      this.#context.log.error('A file went away before it was read.', { path, why: inWords(opened.why) });
      return;
    }
    const { handle, stats } = opened;
    const log = this.#context.log.with({ path });
    const isPacked = await isGzip(path, handle);
    const track = await this.#tracks.open(path, handle, stats, isPacked, FROM_BEGIN);
    const from = track.start;
    const input = isPacked ? new GzipInput(handle, from.offset) : new PlainInput(handle, from.offset, this.#buffer);
    const reader = new LineReader(input, from, track.rereadTo, this.#limits, this.#counts, log, this.#pace);
    const chunks = { left: Number.POSITIVE_INFINITY, isEnd: false };
    try {
      for (;;) {
        const filled = await reader.fill(chunks, stop);
        if (stop.aborted) return;
        if (filled === undefined) break;
        if (!(await this.#delivery.deliver(track, filled, stop))) return;
      }
      const last = reader.finish();
      if (last !== undefined) await this.#delivery.deliver(track, last, stop);
    } catch (error) {
      this.#counts.fileError('failed');
      log.error('Reading failed; the rest of the file is not read.', {
        error: messageOf(error),
        after: reader.position,
      });
    } finally {
      if (reader.badLines > 1) log.warn('Lines of this file were left out.', { lines: reader.badLines });
      await input.close();
    }
  }
}

/** `path` and `include` together. */
export function includeOf(config: Pick<Config, 'path' | 'include'>): readonly string[] {
  return config.path === undefined ? config.include : [config.path, ...config.include];
}

/** Resolves when the work is done or the signal aborts, whichever comes first. */
async function untilAborted(work: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  let onAbort = (): void => {};
  const aborted = new Promise<void>((resolve) => {
    onAbort = resolve;
    signal.addEventListener('abort', onAbort, { once: true });
  });
  await Promise.race([work, aborted]);
  signal.removeEventListener('abort', onAbort);
}
