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
  /** Held numbers in descending order, made when one is missing that is not waited for any more. */
  #sorted: number[] | undefined;
  #seq = 0;
  #offset = 0;
  size = 0;

  /** False when the piece was seen before. */
  add(piece: Piece): boolean {
    if (piece.seq < this.#seq || this.#held.has(piece.seq)) return false;
    this.#held.set(piece.seq, piece);
    this.#sorted = undefined;
    this.size += piece.bytes.length + 64;
    return true;
  }

  /** Takes a piece that is the next one, with nothing missing before it, without holding it. False, and nothing done, when it is not. */
  passes(piece: Piece): boolean {
    if (piece.seq !== this.#seq || piece.offset !== this.#offset || piece.cut > 0 || this.#held.size > 0) return false;
    this.#seq = piece.seq + 1;
    this.#offset = piece.offset + piece.bytes.length;
    return true;
  }

  /** Whether this is the place of the next piece. */
  isAt(seq: number, offset: number): boolean {
    return seq === this.#seq && offset === this.#offset;
  }

  /** Goes on behind pieces that were read in a row. */
  skip(pieces: readonly Buffer[], count: number): void {
    this.#seq += count;
    for (let i = 0; i < count; i++) this.#offset += pieces[i]?.length ?? 0;
  }

  get held(): number {
    return this.#held.size;
  }

  /** The next piece without taking it. With `force`, the lowest one that is there, whatever is missing before it. */
  peek(force: boolean): Next | undefined {
    const next = this.#held.get(this.#seq);
    const piece = next ?? (force ? this.#lowest() : undefined);
    if (piece === undefined) return undefined;
    const bytes = piece.offset - this.#offset;
    if (next !== undefined && bytes === 0) return { piece, missing: undefined };
    return { piece, missing: bytes > 0 ? bytes : 'unknown' };
  }

  take(piece: Piece): void {
    this.#held.delete(piece.seq);
    this.size -= piece.bytes.length + 64;
    this.#seq = piece.seq + 1;
    this.#offset = piece.offset + piece.bytes.length + piece.cut;
  }

  /**
   * The time of the piece to be read next, in milliseconds: the next in order, or the lowest one that has waited since before `pastMs`
   * for another. Infinite when there is none.
   */
  nextMs(pastMs: number): number {
    const next = this.#held.get(this.#seq);
    if (next !== undefined) return next.mark.ms;
    if (pastMs === Number.NEGATIVE_INFINITY) return Number.POSITIVE_INFINITY;
    const ms = this.lowestMs();
    return ms < pastMs ? ms : Number.POSITIVE_INFINITY;
  }

  /** The time of the lowest piece held, in milliseconds; infinite when none is. */
  lowestMs(): number {
    return this.#lowest()?.mark.ms ?? Number.POSITIVE_INFINITY;
  }

  #lowest(): Piece | undefined {
    if (this.#held.size === 0) return undefined;
    this.#sorted ??= [...this.#held.keys()].sort((a, b) => b - a);
    for (let seq = this.#sorted.at(-1); seq !== undefined; seq = this.#sorted.at(-1)) {
      const piece = this.#held.get(seq);
      if (piece !== undefined) return piece;
      this.#sorted.pop();
    }
    return undefined;
  }
}
