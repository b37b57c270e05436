import zlib from 'node:zlib';
import { ByteQueue } from './bytes.ts';
import type { Coder } from './inflate.ts';
import { SyncZlib } from './sync-zlib.ts';

/** Bytes of file name, comment and extra field of one member. */
const MAX_HEAD = 4096;
const FTEXT_TO_FCOMMENT = 0x1f;

/**
 * Members of gzip one after the other (RFC 1952 2.2). Own, because the zlib of Node refuses all of a piece in which something else follows
 * the last member; here that is left alone.
 */
export class Gunzip implements Coder {
  #state: 'head' | 'body' | 'tail' | 'over' = 'head';
  readonly #held = new ByteQueue();
  #raw: SyncZlib | undefined;
  #crc = 0;
  #size = 0;
  #members = 0;

  run(bytes: Buffer, onOut: (out: Buffer) => boolean): boolean {
    let rest = bytes;
    let wanted = true;
    while (rest.length > 0 && this.#state !== 'over' && wanted) {
      if (this.#state === 'body') {
        this.#raw ??= new SyncZlib(zlib.createInflateRaw(), 'zlib');
        const used = this.#raw.run(rest, (out) => {
          this.#crc = zlib.crc32(out, this.#crc);
          this.#size = (this.#size + out.length) >>> 0;
          wanted = onOut(out);
          return wanted;
        });
        if (used === undefined) return false;
        rest = rest.subarray(used);
        if (rest.length > 0 && wanted) {
          this.#raw.close();
          this.#raw = undefined;
          this.#state = 'tail';
        }
        continue;
      }
      const before = this.#held.size;
      this.#held.push(rest);
      const used = this.#state === 'head' ? headOf(this.#held.view) : this.#tail(this.#held.view);
      if (used === 'more') return true;
      if (used === 'bad') {
        // what follows a whole member and is none is no part of it: padding, or something foreign
        this.#state = 'over';
        return this.#members > 0;
      }
      if (used === 'damaged') return false;
      rest = rest.subarray(used - before);
      this.#held.clear();
      this.#state = this.#state === 'head' ? 'body' : 'head';
    }
    return true;
  }

  #tail(held: Buffer): number | 'more' | 'damaged' {
    if (held.length < 8) return 'more';
    const isWhole = held.readUInt32LE(0) === this.#crc && held.readUInt32LE(4) === this.#size;
    this.#crc = 0;
    this.#size = 0;
    this.#members++;
    return isWhole ? 8 : 'damaged';
  }
}

/** The length of a member's header; `bad` when it is none. */
function headOf(bytes: Buffer): number | 'more' | 'bad' {
  const [a, b, method, flags = 0] = bytes;
  if (a !== 0x1f || (b !== undefined && b !== 0x8b) || (method !== undefined && method !== 8)) return 'bad';
  if (flags & ~FTEXT_TO_FCOMMENT) return 'bad';
  if (bytes.length < 10) return 'more';
  let at = 10;
  if (flags & 4) {
    if (bytes.length < at + 2) return 'more';
    at += 2 + bytes.readUInt16LE(at);
    if (at > MAX_HEAD) return 'bad';
  }
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    const end = at > bytes.length ? -1 : bytes.indexOf(0, at);
    if (end < 0) return bytes.length > MAX_HEAD ? 'bad' : 'more';
    at = end + 1;
  }
  if (flags & 2) at += 2;
  return at <= bytes.length ? at : 'more';
}
