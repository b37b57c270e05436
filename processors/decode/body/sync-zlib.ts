import type { Transform } from 'node:stream';
import { constants } from 'node:zlib';

/** The part of Node's zlib streams that works synchronously; node-tar's minizlib and pngjs rely on it as well. */
interface Handle {
  writeSync(
    flush: number,
    input: Buffer,
    at: number,
    length: number,
    out: Buffer,
    outAt: number,
    outLength: number,
  ): void;
  onerror(message: string): void;
  close(): void;
}

/** Output is made in pieces of this size: a bomb is noticed after one of them. */
const CHUNK = 16_384;
/**
 * Input is given in pieces of this size: when zlib finds damage, it does not tell how much came out of the piece before it, so that much
 * is lost.
 */
const INPUT = 1024;
/** `Z_SYNC_FLUSH` and `BROTLI_OPERATION_FLUSH`, which is also that of zstd, `ZSTD_e_flush`: whatever can come out does. */
const ZLIB_FLUSH = constants.Z_SYNC_FLUSH;
const OTHER_FLUSH = constants.BROTLI_OPERATION_FLUSH;

/** One of Node's decompressors, made to work on a piece at once. */
export class SyncZlib {
  readonly #handle: Handle;
  readonly #state: Uint32Array;
  readonly #flush: number;
  #out = Buffer.allocUnsafe(CHUNK);
  #at = 0;
  #failed = false;

  constructor(stream: Transform, kind: 'zlib' | 'other') {
    const handle: unknown = Reflect.get(stream, '_handle');
    const state: unknown = Reflect.get(stream, '_writeState');
    if (!isHandle(handle) || !(state instanceof Uint32Array)) throw new TypeError('this Node has no synchronous zlib');
    this.#handle = handle;
    this.#state = state;
    this.#flush = kind === 'zlib' ? ZLIB_FLUSH : OTHER_FLUSH;
    handle.onerror = () => {
      this.#failed = true;
    };
  }

  /**
   * Gives what comes out of `bytes` to `onOut`, whose buffers are its own, until that returns false. Returns how many bytes were used,
   * fewer than there are when the compressed stream ended in them, or `undefined` when it is damaged.
   */
  run(bytes: Buffer, onOut: (out: Buffer) => boolean): number | undefined {
    let used = 0;
    while (used < bytes.length && !this.#failed) {
      const end = Math.min(used + INPUT, bytes.length);
      for (;;) {
        const given = end - used;
        const room = CHUNK - this.#at;
        this.#handle.writeSync(this.#flush, bytes, used, given, this.#out, this.#at, room);
        if (this.#failed) return undefined;
        const [left = 0, unread = 0] = this.#state;
        used += given - unread;
        const made = room - left;
        const out = this.#out.subarray(this.#at, this.#at + made);
        this.#at += made;
        if (left === 0) {
          this.#out = Buffer.allocUnsafe(CHUNK);
          this.#at = 0;
        }
        if (made > 0 && !onOut(out)) return used;
        if (left > 0) {
          if (unread > 0) return used; // room left and input left: the stream is over
          break;
        }
      }
    }
    return this.#failed ? undefined : used;
  }

  close(): void {
    if (!this.#failed) this.#handle.close();
    this.#failed = true;
  }
}

function isHandle(value: unknown): value is Handle {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, 'writeSync') === 'function';
}
