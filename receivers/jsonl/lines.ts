import { isUtf8 } from 'node:buffer';

const LF = 0x0a;
const CR = 0x0d;

/** What `LineCutter.next` found. `empty`: blank, or a comment that begins with `#`. */
export type LineKind = 'line' | 'empty' | 'too_long' | 'invalid_utf8';

/**
 * Cuts bytes into lines at 0x0A, whatever the chunks are. Used as a cursor: `push` a chunk, then `next` until it says undefined. Holds at
 * most one chunk and `maxLine` bytes of an unfinished line; a longer line is passed over without being kept.
 *
 *     ……………}LF{………………}LF{…………        offset: begin of the unfinished line
 *              ^start    ^end           end:    byte after the LF of the line that `next` gave
 */
export class LineCutter {
  readonly #maxLine: number;
  #chunk: Buffer = Buffer.alloc(0);
  /** Where `#chunk[0]` stands in the file. */
  #base: number;
  #at = 0;
  #pieces: Buffer[] = [];
  #pieceBytes = 0;
  #skipping: boolean = false;
  #isStart: boolean;

  /** The line, without LF and CR; empty unless `next` said `line` or `invalid_utf8`. */
  text = '';
  /** Position after the line that `next` gave. */
  end: number;
  /** Lines before `end`: the number, from 1, of the line that `next` gave. */
  number: number;
  /** Bytes of the line that `next` gave, with its LF. */
  size = 0;

  /** `offset` is where the first chunk stands in the file: the begin of a line, with `number` lines before it. */
  constructor(maxLine: number, offset = 0, number = 0) {
    this.#maxLine = maxLine;
    this.#base = offset;
    this.#isStart = offset === 0;
    this.end = offset;
    this.number = number;
  }

  /** Bytes of an unfinished line that are held. */
  get heldBytes(): number {
    return this.#pieceBytes;
  }

  /** Whether there is an unfinished line. */
  get hasRest(): boolean {
    return this.#pieceBytes > 0 || this.#skipping;
  }

  /** Where the next byte to push stands in the file. */
  get position(): number {
    return this.#base + this.#chunk.length;
  }

  /** Hands over bytes. They are read until the next `push`; what is kept longer is copied. All of the last chunk must have been taken. */
  push(chunk: Buffer): void {
    this.#base += this.#chunk.length;
    this.#chunk = chunk;
    this.#at = 0;
  }

  /** The next whole line; undefined when the chunk is used up. */
  next(): LineKind | undefined {
    const start = this.#at;
    const chunk = this.#chunk;
    const lf = chunk.indexOf(LF, start);
    if (lf === -1) {
      if (start < chunk.length) this.#keep(chunk.subarray(start));
      this.#at = chunk.length;
      return undefined;
    }
    this.#at = lf + 1;
    return this.#line(chunk, start, lf, this.#base + lf + 1);
  }

  /** The last line where no LF ends it; undefined when nothing is left. */
  finish(): LineKind | undefined {
    return this.hasRest ? this.#line(this.#chunk, this.#chunk.length, this.#chunk.length, this.position) : undefined;
  }

  #keep(rest: Buffer): void {
    if (this.#skipping) return;
    if (this.#pieceBytes + rest.length > this.#maxLine) {
      this.#skipping = true;
      this.#pieces = [];
      this.#pieceBytes = 0;
      return;
    }
    this.#pieces.push(Buffer.from(rest));
    this.#pieceBytes += rest.length;
  }

  #line(chunk: Buffer, start: number, stop: number, end: number): LineKind {
    this.size = end - this.end;
    this.end = end;
    this.number++;
    this.text = '';
    let bytes = chunk;
    let from = start;
    let to = stop;
    if (this.#skipping || this.#pieceBytes + (stop - start) > this.#maxLine) {
      this.#skipping = false;
      this.#pieces = [];
      this.#pieceBytes = 0;
      this.#isStart = false;
      return 'too_long';
    }
    if (this.#pieceBytes > 0) {
      this.#pieces.push(chunk.subarray(start, stop));
      bytes = Buffer.concat(this.#pieces);
      this.#pieces = [];
      this.#pieceBytes = 0;
      from = 0;
      to = bytes.length;
    }
    if (to > from && bytes[to - 1] === CR) to--;
    if (this.#isStart) {
      this.#isStart = false;
      if (to - from >= 3 && bytes[from] === 0xef && bytes[from + 1] === 0xbb && bytes[from + 2] === 0xbf) from += 3;
    }
    let first = from;
    while (first < to && (bytes[first] === 0x20 || bytes[first] === 0x09 || bytes[first] === CR)) first++;
    if (first === to || bytes[first] === 0x23) return 'empty';
    this.text = bytes.toString('utf8', from, to);
    // U+FFFD may stand in the file as itself; only then are the bytes looked at
    if (this.text.includes('\ufffd') && !isUtf8(bytes.subarray(from, to))) return 'invalid_utf8';
    return 'line';
  }
}
