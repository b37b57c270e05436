import type { Mark } from './mark.ts';

/** One `capture.data` record of one direction. */
export interface Piece {
  readonly seq: number;
  readonly offset: number;
  readonly bytes: Buffer;
  /** Bytes that the source saw but did not copy; they follow `bytes`. */
  readonly cut: number;
  readonly mark: Mark;
}

/** What comes next in order: bytes, or a place where bytes are missing before the piece. */
export interface Next {
  readonly piece: Piece;
  /** Undefined: nothing is missing. Else the number of missing bytes, `unknown` where the offsets do not tell. */
  readonly missing: number | 'unknown' | undefined;
}

/** Puts the pieces of one direction into the order of `seq`. */
export class Reorder {
  readonly #held = new Map<number, Piece>();
  #seq = 0;
  #offset = 0;
  size = 0;

  /** False when the piece was seen before. */
  add(piece: Piece): boolean {
    if (piece.seq < this.#seq || this.#held.has(piece.seq)) return false;
    this.#held.set(piece.seq, piece);
    this.size += piece.bytes.length + 64;
    return true;
  }

  get held(): number {
    return this.#held.size;
  }

  /** The next piece without taking it. With `force`, the lowest one that is there, whatever is missing before it. */
  peek(force: boolean): Next | undefined {
    if (this.#held.size === 0) return undefined;
    let piece = this.#held.get(this.#seq);
    if (piece === undefined) {
      if (!force) return undefined;
      let lowest = Number.POSITIVE_INFINITY;
      for (const seq of this.#held.keys()) if (seq < lowest) lowest = seq;
      piece = this.#held.get(lowest);
      if (piece === undefined) return undefined;
      const bytes = piece.offset - this.#offset;
      return { piece, missing: bytes > 0 ? bytes : 'unknown' };
    }
    const bytes = piece.offset - this.#offset;
    return { piece, missing: bytes === 0 ? undefined : bytes > 0 ? bytes : 'unknown' };
  }

  take(piece: Piece): void {
    this.#held.delete(piece.seq);
    this.size -= piece.bytes.length + 64;
    this.#seq = piece.seq + 1;
    this.#offset = piece.offset + piece.bytes.length + piece.cut;
  }

  /** The time of the piece to be read next, in milliseconds; infinite while one is missing that is still waited for. */
  nextMs(pastMs: number): number {
    const next = this.#held.get(this.#seq);
    if (next !== undefined) return next.mark.ms;
    const oldest = this.oldestMs();
    return oldest < pastMs ? oldest : Number.POSITIVE_INFINITY;
  }

  /** The earliest time among the pieces held, in milliseconds. */
  oldestMs(): number {
    let oldest = Number.POSITIVE_INFINITY;
    for (const piece of this.#held.values()) if (piece.mark.ms < oldest) oldest = piece.mark.ms;
    return oldest;
  }
}
