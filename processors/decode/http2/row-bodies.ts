import type { Mark } from '../stream/mark.ts';
import { BodyRow, type Row } from '../stream/row.ts';
import type { Http2Stream } from './stream.ts';

/** Bytes of a row that belong to one body, before they are handed on: whose, and where in which piece they stand. */
interface First {
  readonly stream: Http2Stream;
  readonly bytes: Buffer;
  readonly from: number;
  readonly to: number;
  readonly mark: Mark;
  readonly piece: number;
}

/**
 * Gathers what the DATA frames of a row bring to one stream, until a frame of another kind or stream comes or the row ends: what follows costs by
 * the piece.
 */
export class RowBodies {
  readonly #row: Row;
  /** The piece that is read. */
  piece = 0;
  /** Until there is more, it need not be copied. */
  #first: First | undefined;
  #joined: Buffer | undefined;
  #size = 0;
  /** Where the share of each piece ends in what was joined. */
  #ends: number[] = [];

  constructor(row: Row) {
    this.#row = row;
  }

  add(stream: Http2Stream, bytes: Buffer, from: number, to: number, mark: Mark): void {
    const first = this.#first;
    if (first !== undefined && first.stream !== stream) this.flush();
    if (this.#first === undefined) {
      this.#first = { stream, bytes, from, to, mark, piece: this.piece };
      return;
    }
    if (this.#joined === undefined) this.#push(this.#first.bytes, this.#first.from, this.#first.to, this.#first.piece);
    this.#push(bytes, from, to, this.piece);
  }

  #push(bytes: Buffer, from: number, to: number, piece: number): void {
    const size = this.#size + to - from;
    let joined = this.#joined ?? Buffer.allocUnsafe(Math.max(this.#row.size, size));
    if (size > joined.length) {
      // after a loss a piece also brings what was held until frames were found
      const grown = Buffer.allocUnsafe(2 * size);
      joined.copy(grown, 0, 0, this.#size);
      joined = grown;
    }
    bytes.copy(joined, this.#size, from, to);
    this.#joined = joined;
    while (this.#ends.length < piece) this.#ends.push(this.#size);
    this.#size = size;
    this.#ends[piece] = size;
  }

  /** Hands on what was gathered. */
  flush(): void {
    const first = this.#first;
    if (first === undefined) return;
    const { stream, bytes, from, to, mark } = first;
    const joined = this.#joined;
    const ends = this.#ends;
    const size = this.#size;
    this.#first = undefined;
    this.#joined = undefined;
    this.#ends = [];
    this.#size = 0;
    if (joined === undefined) stream.responseData(bytes, from, to, mark);
    else stream.exchange.responseRow(new BodyRow(joined.subarray(0, size), ends, this.#row));
  }
}
