import { promises as fs, type Stats } from 'node:fs';
import { type Context, expand, isGiven, isGlob, messageOf } from '../../core/index.ts';
import { begins, type FileState, fingerprintOf, isSameHead, isWholeHead, type Place } from './checkpoint.ts';
import type { Config } from './config.ts';
import type { Counts } from './counts.ts';
import type { Delivery } from './deliver.ts';
import { inWords, isGzip, openFile, PlainInput } from './input.ts';
import { type Limits, LineReader } from './line-reader.ts';
import { searchMoved } from './moved.ts';
import { identity, type Track, type Tracks } from './track.ts';

/** Chunks of one file before the next one has its turn. */
const TURN_CHUNKS = 16;
const LF = 0x0a;

interface Tools {
  readonly counts: Counts;
  readonly delivery: Delivery;
  readonly limits: Limits;
  readonly tracks: Tracks;
  /** Shared by all files: a turn leaves nothing in it. */
  readonly buffer: Buffer;
  readonly stop: AbortSignal;
}

/** One file that is read as it grows. */
interface Tail {
  readonly handle: fs.FileHandle;
  track: Track;
  reader: LineReader;
  /** Size at the last look. */
  size: number;
  /** Looks in a row that found no name and nothing new: a writer may still hold a renamed file. */
  goneLooks: number;
}

/** Follows files by identity: through renames, new files under old names, and truncation. */
export class Follower {
  readonly #context: Context;
  readonly #config: Config;
  readonly #include: readonly string[];
  readonly #tools: Tools;
  readonly #tails = new Map<string, Tail>();
  /** Paths that were told about: not again until they can be read. */
  readonly #told = new Map<string, string>();
  /** Files of the checkpoint that have another name now: read to their end before all others. */
  readonly #moved = new Set<string>();

  constructor(context: Context, config: Config, include: readonly string[], tools: Tools) {
    this.#context = context;
    this.#config = config;
    this.#include = include;
    this.#tools = tools;
  }

  /** Opens what is there. @throws {Error} where a named path is no file */
  async begin(): Promise<void> {
    for (const path of this.#include) {
      if (isGlob(path)) continue;
      const opened = await openFile(path);
      if ('handle' in opened) await opened.handle.close();
      else if (opened.why !== 'missing' && opened.why !== 'no_permission' && opened.why !== 'failed')
        throw new Error(`JSONL_INPUT: cannot read ${path}: ${inWords(opened.why)}`);
    }
    const isWanted = isGiven(this.#include, this.#config.exclude);
    const states = this.#tools.tracks.states.filter(({ path }) => isWanted(path));
    await this.#findMoved(states);
    await this.#look(this.#config.start_at ?? 'end', new Set(states.map(({ path }) => path)));
    if (this.#tails.size === 0)
      this.#context.log.info('No file is there yet; waiting for one.', { include: this.#include });
  }

  /** Reads until stopped. */
  async run(): Promise<void> {
    const { stop } = this.#tools;
    let lookedAt = this.#context.clock.now();
    try {
      while (!stop.aborted) {
        let isMore = false;
        for (const [key, tail] of this.#tails) {
          if (stop.aborted) return;
          const isUnfinished = await this.#turn(key, tail);
          isMore ||= isUnfinished;
          // Those that were renamed stand first: the others wait until they are read.
          if (isUnfinished && this.#moved.has(key)) break;
          this.#moved.delete(key);
        }
        const { clock } = this.#context;
        if (!isMore) await clock.sleep(this.#config.poll_interval, stop);
        else if (clock.now() - lookedAt < this.#config.poll_interval) continue;
        await this.#look('beginning');
        lookedAt = clock.now();
      }
    } catch (error) {
      if (!stop.aborted) throw error;
    } finally {
      for (const tail of this.#tails.values()) await tail.handle.close();
      this.#tails.clear();
    }
  }

  /** Reads one file on. Says whether there may be more at once. */
  async #turn(key: string, tail: Tail): Promise<boolean> {
    const { stop, delivery } = this.#tools;
    const chunks = { left: TURN_CHUNKS, isEnd: false };
    try {
      for (;;) {
        const filled = await tail.reader.fill(chunks, stop);
        if (filled === undefined) break;
        if (stop.aborted || !(await delivery.deliver(tail.track, filled, stop))) return false;
      }
    } catch (error) {
      if (stop.aborted) throw error;
      this.#tools.counts.fileError('failed');
      this.#context.log.error('Reading failed; the file is let go.', {
        path: tail.track.path,
        error: messageOf(error),
      });
      await this.#close(key, tail);
      return false;
    }
    return !chunks.isEnd && !stop.aborted;
  }

  /** Opens the files that were renamed since the earlier run, in its order; those that are not there are counted and told. */
  async #findMoved(states: readonly FileState[]): Promise<void> {
    const { tracks, counts } = this.#tools;
    const { found, missing } = await searchMoved(states);
    for (const { state, path } of found) {
      if (!(await this.#open(path, 'beginning', state.path))) continue;
      this.#moved.add(identity(state));
      this.#context.log.info('A followed file was renamed while nobody looked; its rest is read first.', {
        path: state.path,
        renamed_to: path,
      });
    }
    for (const { state, why } of missing) {
      const bytes = Math.max(0, state.high - state.low.offset);
      counts.missingFiles.add();
      counts.missingBytes.add(bytes);
      tracks.giveUp(state);
      this.#context.log.warn(
        'A followed file was removed, moved away, packed or truncated while nobody looked; what was not read of it is missing.',
        {
          path: state.path,
          why,
          read_to: state.low.offset,
          missing_bytes: bytes > 0 ? `${bytes} or more` : 'not known',
        },
      );
    }
  }

  /** Looks which files are there now, opens new ones, lets go of those that are gone. Whole from the start: files under a path of `known`. */
  async #look(startAt: 'beginning' | 'end', known?: ReadonlySet<string>): Promise<void> {
    const seen = new Set<string>();
    for (const path of await expand(this.#include, this.#config.exclude)) {
      if (this.#tools.stop.aborted) return;
      const stats = await fs.stat(path).catch(() => undefined);
      const key = stats === undefined ? undefined : identity(stats);
      const tail = key === undefined ? undefined : this.#tails.get(key);
      if (key !== undefined) seen.add(key);
      if (tail === undefined) {
        await this.#open(path, known?.has(path) === true ? 'beginning' : startAt);
        continue;
      }
      tail.track.path = path;
      tail.goneLooks = 0;
    }
    for (const [key, tail] of this.#tails) {
      await this.#checkSize(tail);
      if (seen.has(key)) continue;
      if (tail.reader.position < tail.size) tail.goneLooks = 0;
      else if (++tail.goneLooks >= 4) await this.#leave(key, tail);
    }
  }

  /** Says whether the file is followed now. `knownAs` is the path to remember it by. */
  async #open(path: string, startAt: 'beginning' | 'end', knownAs = path): Promise<boolean> {
    const opened = await openFile(path);
    if ('why' in opened) {
      if (opened.why !== 'missing') this.#passOver(path, opened.why, inWords(opened.why));
      return false;
    }
    const { handle, stats } = opened;
    if (await isGzip(path, handle)) {
      await handle.close();
      this.#passOver(path, 'gzip', 'gzip files are read by mode: replay only');
      return false;
    }
    if (await this.#isCopy(handle, stats)) {
      await handle.close();
      this.#passOver(path, 'copy', 'it begins as a followed file does: a copy made when that one was truncated');
      return false;
    }
    this.#told.delete(path);
    const start =
      startAt === 'end' && !this.#tools.tracks.has(stats) ? await lastLineStart(handle, stats.size) : undefined;
    const track = await this.#tools.tracks.open(knownAs, handle, stats, false, start);
    this.#tails.set(identity(stats), {
      handle,
      track,
      reader: this.#readerOf(handle, track),
      size: stats.size,
      goneLooks: 0,
    });
    return true;
  }

  #readerOf(handle: fs.FileHandle, track: Track): LineReader {
    const { counts, limits, buffer } = this.#tools;
    const input = new PlainInput(handle, track.start.offset, buffer);
    const log = this.#context.log.with({ path: track.path });
    return new LineReader(input, track.start, track.rereadTo, limits, counts, log);
  }

  /** Whether a new file is what copytruncate left beside a followed one. */
  async #isCopy(handle: fs.FileHandle, stats: Stats): Promise<boolean> {
    const head = await fingerprintOf(handle);
    if (!isWholeHead(head)) return false;
    for (const tail of this.#tails.values())
      if (tail.track.ino !== stats.ino && isSameHead(tail.track.fingerprint, head) && stats.size <= tail.size)
        return true;
    return false;
  }

  /** Notices truncation: by size, or, where the file has grown again since, by its first bytes. */
  async #checkSize(tail: Tail): Promise<void> {
    const stats = await tail.handle.stat();
    const { track } = tail;
    if (stats.size === tail.size) return;
    tail.size = stats.size;
    if (stats.size >= tail.reader.position && (await begins(tail.handle, track.fingerprint))) {
      if (!isWholeHead(track.fingerprint)) track.fingerprint = await fingerprintOf(tail.handle);
      return;
    }
    if (this.#tools.counts.truncations.value === 0)
      this.#context.log.warn(
        'A followed file was truncated and is read from its begin; what was not read yet is gone.',
        {
          path: track.path,
          read: tail.reader.position,
        },
      );
    this.#tools.counts.truncations.add();
    tail.track = await this.#tools.tracks.restart(track.path, tail.handle, stats);
    tail.reader = this.#readerOf(tail.handle, tail.track);
  }

  /** Lets go of a file without a name, with what stands behind its last LF. */
  async #leave(key: string, tail: Tail): Promise<void> {
    const last = tail.reader.finish();
    if (last !== undefined && !(await this.#tools.delivery.deliver(tail.track, last, this.#tools.stop))) return;
    this.#tools.tracks.leave(tail.track);
    await this.#close(key, tail);
  }

  async #close(key: string, tail: Tail): Promise<void> {
    this.#tails.delete(key);
    if (tail.reader.badLines > 1)
      this.#context.log.warn('Lines of this file were left out.', {
        path: tail.track.path,
        lines: tail.reader.badLines,
      });
    await tail.handle.close();
  }

  #passOver(path: string, reason: string, why: string): void {
    if (this.#told.get(path) === reason) return;
    this.#told.set(path, reason);
    this.#tools.counts.fileError(reason);
    this.#context.log.warn('A path is passed over.', { path, why });
  }
}

/** The begin of the line that is being written at the end of a file; the number of lines before it is not known and taken as 0. */
export async function lastLineStart(handle: fs.FileHandle, size: number): Promise<Place> {
  const block = Buffer.alloc(1 << 16);
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - block.length);
    const { bytesRead } = await handle.read(block, 0, end - from, from);
    const at = block.subarray(0, bytesRead).lastIndexOf(LF);
    if (at !== -1) return { offset: from + at + 1, line: 0 };
    end = from;
  }
  return { offset: 0, line: 0 };
}
