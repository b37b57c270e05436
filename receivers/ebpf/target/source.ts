import { fstatSync, readSync } from 'node:fs';

/** Bytes that are read at any place. `read` gives exactly `length` bytes, or throws. */
export interface Source {
  readonly size: number;
  read(offset: number, length: number): Buffer;
}

/**
 * Why a file cannot be read as a program: `not_elf` is any other file; `unsupported` is an ELF file of another class or machine; `malformed`
 * contradicts itself or points outside of itself; `too_big` is beyond a bound of ours.
 */
export type ElfReason = 'not_elf' | 'unsupported' | 'malformed' | 'too_big';

/** The one error that reading a hostile file ends in, beside errors of the file system. */
export class ElfError extends Error {
  readonly reason: ElfReason;

  constructor(reason: ElfReason, message: string) {
    super(message);
    this.name = 'ElfError';
    this.reason = reason;
  }
}

/** The most bytes that one read asks for. */
const MAX_READ = 4 << 20;

/** `length` bytes at `offset` of a source, checked against its size and `MAX_READ`; throws an ElfError. */
export function bytesAt(source: Source, offset: number, length: number): Buffer {
  if (length > MAX_READ) throw new ElfError('too_big', `${length} bytes are asked for at once`);
  const isInside =
    Number.isSafeInteger(offset) &&
    Number.isSafeInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= source.size;
  if (!isInside) throw new ElfError('malformed', `${length} bytes at ${offset} are outside of the file`);
  const bytes = source.read(offset, length);
  if (bytes.length !== length) throw new ElfError('malformed', 'the file became shorter while it was read');
  return bytes;
}

/** An unsigned 64-bit number that is a file place, a size or an address of user space; throws an ElfError above 2^53. */
export function wordAt(bytes: Buffer, at: number): number {
  const high = bytes.readUInt32LE(at + 4);
  if (high >= 1 << 21) throw new ElfError('malformed', 'a 64-bit number is out of range');
  return high * 2 ** 32 + bytes.readUInt32LE(at);
}

/** The bytes of a buffer, without a copy. */
export function bufferSource(bytes: Buffer): Source {
  return { size: bytes.length, read: (offset, length) => bytes.subarray(offset, offset + length) };
}

/** An open regular file, with the size that it has now. The caller closes it. */
export function fileSource(fd: number): Source {
  return {
    size: fstatSync(fd).size,
    read: (offset, length) => {
      const bytes = Buffer.allocUnsafe(length);
      let filled = 0;
      while (filled < length) {
        const count = readSync(fd, bytes, filled, length - filled, offset + filled);
        if (count === 0) break;
        filled += count;
      }
      return bytes.subarray(0, filled);
    },
  };
}

/** A piece of a file that is read in turn, and where it stands. */
export interface Piece {
  readonly bytes: Buffer;
  readonly offset: number;
}

/** About 1 MiB, and a multiple of the size of every kind of table entry (4, 8, 16 and 24 bytes). */
const PIECE = 65_535 * 16;

/** A stretch of a file in pieces of about 1 MiB. Each piece begins with the last `overlap` bytes of the one before, so what is shorter is in one piece whole. */
export function* pieces(source: Source, offset: number, length: number, overlap: number): Generator<Piece> {
  const end = offset + length;
  for (let at = offset; at < end; at += PIECE) {
    const from = Math.max(offset, at - overlap);
    yield { bytes: bytesAt(source, from, Math.min(end, at + PIECE) - from), offset: from };
  }
}
