import { DEFAULT_MAX_FRAME, FRAME_HEAD, isClearFrameHead, type Peer, uint24 } from './frame-head.ts';

/** Heads that may be in question at a time; more than a few are made to be. */
const MAX_AWAITED = 256;
/** Larger frames are not found, whatever SETTINGS_MAX_FRAME_SIZE says: their bytes would have to be held. */
const MAX_FRAME = 1024 * 1024;

/**
 * Looks for the place where frames begin in bytes that begin anywhere: two heads in a row, the second where the first one says. The first
 * pair that is whole wins, so the place found does not hang on how the bytes were cut. Never throws.
 */
export class FrameScanner {
  readonly #peer: Peer;
  #maxFrame = DEFAULT_MAX_FRAME;
  /** The last bytes seen; `#base` is the place of the first of them. */
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #base = 0;
  /** Where a second head has to end, and where its first head begins. */
  readonly #awaited = new Map<number, number>();

  constructor(peer: Peer) {
    this.#peer = peer;
  }

  get size(): number {
    return this.#bytes.length + this.#awaited.size * 64;
  }

  /** Frames may be that large from here on. */
  set maxFrame(bytes: number) {
    this.#maxFrame = Math.max(this.#maxFrame, Math.min(bytes, MAX_FRAME));
  }

  /** What was seen does not go on. */
  reset(): void {
    this.#bytes = Buffer.alloc(0);
    this.#length = 0;
    this.#base = 0;
    this.#awaited.clear();
  }

  /**
   * Takes `bytes` from `from` on. Once frames were found: where they begin, all bytes up to the end of the second head, and where in `bytes`
   * that is; the scanner is as new then.
   */
  push(bytes: Buffer, from: number): { readonly frames: Buffer; readonly next: number } | undefined {
    const old = this.#base + this.#length;
    this.#append(bytes, from);
    const all = this.#bytes;
    const end = this.#base + this.#length;
    const high = this.#maxFrame >> 16;
    for (let at = old + 1; at <= end; at++) {
      const begin = at - FRAME_HEAD - this.#base;
      if (begin < 0) continue;
      // hardly a byte of text is that small
      const isHead = (all[begin] as number) <= high && isClearFrameHead(this.#peer, all, begin, this.#maxFrame);
      const first = this.#awaited.size > 0 ? this.#awaited.get(at) : undefined;
      if (first !== undefined) {
        this.#awaited.delete(at);
        if (isHead) {
          const frames = Buffer.from(all.subarray(first - this.#base, at - this.#base));
          this.reset();
          return { frames, next: from + at - old };
        }
      }
      if (!isHead) continue;
      // of two that say the same, the earlier one holds
      const due = at + uint24(all, begin) + FRAME_HEAD;
      if (this.#awaited.size < MAX_AWAITED && !this.#awaited.has(due)) this.#awaited.set(due, at - FRAME_HEAD);
    }
    this.#forget(end);
    return undefined;
  }

  #append(bytes: Buffer, from: number): void {
    const more = bytes.length - from;
    if (this.#length + more > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(256, (this.#length + more) * 2));
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.#length, from);
    this.#length += more;
  }

  /** Lets go of the bytes before the first head that is still in question. */
  #forget(end: number): void {
    let keep = end - FRAME_HEAD + 1;
    for (const first of this.#awaited.values()) {
      keep = first; // they are in the order of their places
      break;
    }
    const drop = keep - this.#base;
    // moving what is kept for every few bytes would cost more than it saves
    if (drop < this.#length / 2 && this.#length < 4096) return;
    if (drop <= 0) return;
    this.#bytes.copy(this.#bytes, 0, drop, this.#length);
    this.#length -= drop;
    this.#base += drop;
  }
}
