import type { promises as fs, Stats } from 'node:fs';
import { ReceiptBook } from '../../core/index.ts';
import { begins, type FileState, type Fingerprint, fingerprintOf, type Place } from './checkpoint.ts';

const BEGIN: Place = { offset: 0, line: 0 };

/** How far one file has been read and delivered. Lives on after the file is closed, until its receipts are back. */
export class Track {
  readonly dev: number;
  readonly ino: number;
  readonly book: ReceiptBook<Place>;
  /** Where this run began to read. */
  readonly start: Place;
  /** Up to where an earlier run had read. */
  readonly rereadTo: number;
  path: string;
  fingerprint: Fingerprint;
  /** The end of what was read, by this run or an earlier one. */
  high: number;
  /** Read to its end when it had no name any more. */
  isLeft = false;

  constructor(path: string, stats: Stats, fingerprint: Fingerprint, low: Place, high: number, onMove: () => void) {
    this.path = path;
    this.dev = stats.dev;
    this.ino = stats.ino;
    this.fingerprint = fingerprint;
    this.start = low;
    this.rereadTo = high;
    this.high = high;
    this.book = new ReceiptBook(low, onMove);
  }

  get state(): FileState {
    const { path, dev, ino, fingerprint, high } = this;
    const low = this.book.lowWater;
    const isGone = this.isLeft && low.offset >= high;
    return { path, dev, ino, fingerprint, low, high, ...(isGone && { gone: true }) };
  }
}

/** All files of a receiver, by identity. Remembers those of an earlier run until they are seen again. */
export class Tracks {
  /** Files that are remembered without being read: old ones go first. */
  static readonly maxRemembered = 4096;

  readonly #known = new Map<string, Track | FileState>();
  readonly #onMove: () => void;

  constructor(states: readonly FileState[], onMove: () => void) {
    for (const state of states) this.#known.set(identity(state), state);
    this.#onMove = onMove;
  }

  get states(): FileState[] {
    return [...this.#known.values()].map((known) => (known instanceof Track ? known.state : known));
  }

  /**
   * The track of an opened file: where an earlier run left it, or from `start`. A file that begins otherwise or is shorter than what was
   * read is another one under an old number.
   */
  async open(path: string, handle: fs.FileHandle, stats: Stats, isPacked: boolean, start = BEGIN): Promise<Track> {
    const key = identity(stats);
    const old = this.#known.get(key);
    const state = old instanceof Track ? old.state : old;
    let track: Track | undefined;
    if (state !== undefined && (isPacked || state.high <= stats.size) && (await begins(handle, state.fingerprint)))
      track = new Track(path, stats, await fingerprintOf(handle), state.low, state.high, this.#onMove);
    track ??= new Track(path, stats, await fingerprintOf(handle), start, start.offset, this.#onMove);
    this.#known.delete(key);
    this.#known.set(key, track);
    this.#onMove();
    if (this.#known.size > Tracks.maxRemembered) this.#forgetOldest();
    return track;
  }

  /** A new track for a file that was truncated: what is still held of the old content moves nothing any more. */
  async restart(path: string, handle: fs.FileHandle, stats: Stats): Promise<Track> {
    const track = new Track(path, stats, await fingerprintOf(handle), BEGIN, 0, this.#onMove);
    this.#known.set(identity(stats), track);
    this.#onMove();
    return track;
  }

  /** Whether an earlier run, or this one, has read a file with this identity. */
  has(stats: Stats): boolean {
    return this.#known.has(identity(stats));
  }

  /** A followed file without a name was read to its end: its absence is no surprise. */
  leave(track: Track): void {
    track.isLeft = true;
    this.#onMove();
  }

  /** The absence of a file was told. Its place stays, for when it comes back. */
  giveUp(state: FileState): void {
    this.#known.set(identity(state), { ...state, gone: true });
    this.#onMove();
  }

  #forgetOldest(): void {
    for (const [key, known] of this.#known) {
      if (known instanceof Track && known.book.held > 0) continue;
      this.#known.delete(key);
      return;
    }
  }
}

/** What a file is under any name, as long as it lives. */
export function identity(of: { readonly dev: number; readonly ino: number }): string {
  return `${of.dev}:${of.ino}`;
}
