const CR = 13;
const LF = 10;
const MAX_DIGITS = 8;

/** Where a reader is inside of a chunked body (RFC 9112 7.1). */
export interface ChunkPlace {
  /** In a chunk, before the end of its line, or before the line of the next one's size. */
  readonly state: 'chunk' | 'crlf' | 'size';
  /** Bytes of the chunk to come. */
  readonly left: number;
  /** What was read of the line. Latin-1. */
  readonly text: string;
}

/** Chunks that were joined. */
export interface Joined {
  readonly bytes: Buffer;
  /** Of each piece that was read, where its share ends in `bytes`. */
  readonly ends: readonly number[];
  /** Up to where the last of these pieces was read. */
  readonly at: number;
  readonly next: ChunkPlace;
}

/**
 * Joins the chunks in pieces that follow one another, from a place in the first one on, as far as only plain lines stand between them: digits
 * alone. It stops before the last chunk and before any other line.
 */
export function joinChunks(pieces: readonly Buffer[], from: number, place: ChunkPlace): Joined {
  let room = place.text.length;
  for (const piece of pieces) room += piece.length;
  const bytes = Buffer.allocUnsafe(room);
  const ends: number[] = [];
  let { left } = place;
  let isOver = place.state === 'crlf';
  let isPlain = true;
  let size = 0;
  let start = place.text === '' ? 0 : bytes.write(place.text, 'latin1');
  let end = start;
  let at = from;
  for (const piece of pieces) {
    // behind the chunks that were joined, or behind the line that it goes on with; its own chunks are moved over the lines before them
    bytes.set(piece, end);
    start = end;
    end += piece.length;
    while (isPlain) {
      if (left > 0) {
        const some = Math.min(left, end - at);
        if (at > size) bytes.copyWithin(size, at, at + some);
        at += some;
        size += some;
        left -= some;
        if (left > 0) break;
        isOver = true;
      }
      if (isOver) {
        isPlain = isLineEnd(bytes, at, end);
        if (!isPlain || at + 2 > end) break;
        isOver = false;
        at += 2;
      }
      let line = at;
      let length = 0;
      for (; line < end && line < at + MAX_DIGITS; line++) {
        const digit = hexDigit(bytes[line] as number);
        if (digit < 0) break;
        length = length * 16 + digit;
      }
      const isWhole = line + 2 <= end;
      isPlain = isLineEnd(bytes, line, end) && (!isWhole || length > 0);
      if (!isPlain || !isWhole) break;
      at = line + 2;
      left = length;
    }
    ends.push(size);
    if (!isPlain) break;
    if (at < end) continue;
    at = size;
    end = size;
  }
  const begun = isPlain ? end : start;
  const text = at < begun ? bytes.toString('latin1', at, begun) : '';
  return {
    bytes: bytes.subarray(0, size),
    ends,
    at: isPlain ? (pieces.at(-1)?.length ?? 0) : Math.max(0, at - start),
    next: { state: left > 0 ? 'chunk' : isOver ? 'crlf' : 'size', left, text },
  };
}

/** Whether what there is at this place may be the end of a line. */
function isLineEnd(bytes: Buffer, at: number, end: number): boolean {
  return (at >= end || bytes[at] === CR) && (at + 1 >= end || bytes[at + 1] === LF);
}

/** The value of a hexadecimal digit, or -1. */
function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48;
  const letter = byte | 32;
  return letter >= 97 && letter <= 102 ? letter - 87 : -1;
}
