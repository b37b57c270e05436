import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import { ByteQueue } from './bytes.ts';
import type { Coder } from './inflate.ts';
import { SyncZlib } from './sync-zlib.ts';

/** The largest window that a body may ask for (RFC 9659 3). */
const MAX_WINDOW = 8 << 20;
/** The largest block (RFC 8878 3.1.1.2.4). */
const MAX_BLOCK = 128 << 10;
/** A window begins so small and grows with what came out: `fzstd` moves all of it for every block. */
const FIRST_WINDOW = 256 << 10;
/** 2^18 as a window descriptor (RFC 8878 3.1.1.1.2). */
const FIRST_WINDOW_BYTE = 8 << 3;
/** Bytes of windows that may be moved for one body: blocks that hold next to nothing would else keep the machine busy. */
const MAX_MOVED = 8 * 2 ** 30;
/** `fzstd` looks at a frame when it has so many bytes, or is told that it ends. */
const MIN_PUSH = 18;
const MAGIC = 0xfd2fb528;
const DICTIONARY_BYTES = [0, 1, 2, 4];

type OnOut = (out: Buffer) => boolean;

/** Undoes the blocks of one frame. False, or an error: a block is damaged. */
interface FrameReader {
  /** Bytes of its window. */
  readonly window: number;
  push(block: Buffer, isLast: boolean, onOut: OnOut): boolean;
  /** The four bytes after the last block; false when they do not fit. */
  checksum(bytes: Buffer): boolean;
}

/**
 * Frames of Zstandard one after the other (RFC 8878 3.1), block by block. The frames are cut here, so that every block comes out when it
 * is whole and no frame asks for more memory than a body may. What a block holds is read by core zlib where Node has zstd (22.15 and later),
 * else by `fzstd`, which looks at no checksum.
 */
export class Unzstd implements Coder {
  readonly #held = new ByteQueue();
  /** Bytes that have to be there before it goes on. */
  #need = 0;
  #skip = 0;
  #state: 'frame' | 'block' | 'checksum' = 'frame';
  #isOver = false;
  #frames = 0;
  #hasChecksum = false;
  #frame: FrameReader | undefined;
  #moved = 0;
  readonly #createCore: (() => Transform) | undefined;

  /** `useCore`: false for `fzstd` also where Node could do it. */
  constructor(useCore = true) {
    this.#createCore = useCore ? coreZstd() : undefined;
  }

  /** Bytes of the window that is in use. */
  get size(): number {
    return this.#held.size + (this.#frame?.window ?? 0);
  }

  run(bytes: Buffer, onOut: OnOut): boolean {
    if (this.#isOver) return true;
    this.#held.push(bytes);
    try {
      while (!this.#isOver && this.#held.size >= this.#need && this.#held.size > 0) {
        this.#need = 0;
        const used = this.#step(this.#held.view, onOut);
        if (used === undefined) return false;
        this.#held.take(used);
      }
    } catch (error) {
      if (error !== ENOUGH) return false; // fzstd throws where a block is damaged
      this.#isOver = true;
    }
    if (this.#isOver) this.#held.clear();
    return true;
  }

  /** Bytes that were used; none where `#need` says what is missing. Undefined: damaged. */
  #step(held: Buffer, onOut: OnOut): number | undefined {
    if (this.#skip > 0) {
      const used = Math.min(this.#skip, held.length);
      this.#skip -= used;
      return used;
    }
    if (this.#state === 'block') return this.#block(held, onOut);
    if (this.#state === 'frame') return this.#head(held);
    return this.#checksum(held);
  }

  #wait(need: number): 0 {
    this.#need = need;
    return 0;
  }

  #checksum(held: Buffer): number | undefined {
    if (held.length < 4) return this.#wait(4);
    const fits = this.#frame?.checksum(Buffer.from(held.subarray(0, 4)));
    this.#frame = undefined;
    this.#state = 'frame';
    return fits === false ? undefined : 4;
  }

  #head(held: Buffer): number | undefined {
    if (held.length < 8) return this.#wait(8); // no frame is shorter
    const magic = held.readUInt32LE(0);
    if (magic >>> 4 === 0x184d2a5) {
      this.#skip = held.readUInt32LE(4); // a skippable frame (RFC 8878 3.1.2)
      return 8;
    }
    if (magic !== MAGIC) {
      // what follows a whole frame and is none is no part of it
      this.#isOver = true;
      return this.#frames > 0 ? 0 : undefined;
    }
    const flags = held[4] ?? 0;
    const isSingle = (flags & 0x20) !== 0;
    const dictionary = DICTIONARY_BYTES[flags & 3] ?? 0;
    const sizeBytes = flags >> 6 === 0 ? (isSingle ? 1 : 0) : 1 << (flags >> 6);
    const length = 5 + (isSingle ? 0 : 1) + dictionary + sizeBytes;
    if (held.length < length) return this.#wait(length);
    const window = isSingle ? sizeOf(held, length - sizeBytes, sizeBytes) : windowOf(held[5] ?? 0);
    if ((flags & 8) !== 0 || window > MAX_WINDOW) return undefined;
    if (held.readUIntLE(length - sizeBytes - dictionary, Math.max(dictionary, 1)) !== 0 && dictionary > 0)
      return undefined;
    this.#hasChecksum = (flags & 4) !== 0;
    this.#frames++;
    this.#state = 'block';
    const head = Buffer.from(held.subarray(0, length));
    this.#frame =
      this.#createCore === undefined
        ? new FzstdFrame(head, window, this.#hasChecksum)
        : new CoreFrame(head, window, this.#createCore());
    return length;
  }

  #block(held: Buffer, onOut: OnOut): number | undefined {
    if (held.length < 3) return this.#wait(3);
    const head = held.readUIntLE(0, 3);
    const isLast = (head & 1) !== 0;
    const type = (head >> 1) & 3;
    const size = head >>> 3;
    if (type === 3 || size > MAX_BLOCK) return undefined;
    const length = 3 + (type === 1 ? 1 : size);
    if (held.length < length) return this.#wait(length);
    this.#moved += this.#createCore === undefined ? (this.#frame?.window ?? 0) : 0;
    if (this.#moved > MAX_MOVED) return undefined;
    if (this.#frame?.push(Buffer.from(held.subarray(0, length)), isLast, onOut) === false) return undefined;
    if (isLast) this.#state = this.#hasChecksum ? 'checksum' : 'frame';
    if (isLast && !this.#hasChecksum) this.#frame = undefined;
    return length;
  }
}

/** What makes Node's own reader of zstd. */
function coreZstd(): (() => Transform) | undefined {
  const make: unknown = Reflect.get(zlib, 'createZstdDecompress');
  if (typeof make !== 'function') return undefined;
  const name: unknown = Reflect.get(zlib.constants, 'ZSTD_d_windowLogMax');
  const options = typeof name === 'number' ? { params: { [name]: 23 } } : {};
  return () => Reflect.apply(make, zlib, [options]) as Transform;
}

/** Gives one frame to Node's zstd. */
class CoreFrame implements FrameReader {
  readonly window: number;
  readonly #zlib: SyncZlib;
  #head: Buffer | undefined;

  constructor(head: Buffer, window: number, stream: Transform) {
    this.#head = head;
    this.window = window;
    this.#zlib = new SyncZlib(stream, 'other');
  }

  push(block: Buffer, _isLast: boolean, onOut: OnOut): boolean {
    const head = this.#head;
    this.#head = undefined;
    return this.#zlib.run(head === undefined ? block : Buffer.concat([head, block]), onOut) !== undefined;
  }

  checksum(bytes: Buffer): boolean {
    return this.#zlib.run(bytes, () => true) !== undefined;
  }
}

/** Gives the blocks of one frame to `fzstd`. */
class FzstdFrame implements FrameReader {
  readonly #decompress: Decompress;
  readonly #window: number;
  readonly #hasChecksum: boolean;
  /** The header and the first blocks, which `fzstd` takes together. */
  #first: Buffer | undefined;
  #out = 0;
  #onOut: OnOut = () => true;

  constructor(head: Buffer, window: number, hasChecksum: boolean) {
    this.#window = window;
    this.#hasChecksum = hasChecksum;
    const small = Buffer.from([...head.subarray(0, 4), hasChecksum ? 4 : 0, FIRST_WINDOW_BYTE]);
    this.#first = window > FIRST_WINDOW ? small : Buffer.from(head);
    this.#decompress = new Decompress((out) => {
      this.#out += out.length;
      if (out.length > 0 && !this.#onOut(Buffer.from(out.buffer, out.byteOffset, out.byteLength))) throw ENOUGH;
    });
  }

  get window(): number {
    return this.#windowNow()?.length ?? Math.min(this.#window, FIRST_WINDOW);
  }

  push(block: Buffer, isLast: boolean, onOut: OnOut): boolean {
    this.#onOut = onOut;
    let bytes = block;
    if (this.#first !== undefined) {
      bytes = Buffer.concat([this.#first, block]);
      this.#first = undefined;
      if (bytes.length < MIN_PUSH && !isLast) {
        this.#first = bytes;
        return true;
      }
    }
    this.#grow();
    // the end is told with the checksum that fzstd waits for, whatever it is
    this.#decompress.push(isLast && this.#hasChecksum ? Buffer.concat([bytes, Buffer.alloc(4)]) : bytes, isLast);
    return true;
  }

  checksum(): boolean {
    return true;
  }

  /** A block refers to any byte of the window that came out before it. */
  #grow(): void {
    const old = this.#windowNow();
    const wanted = Math.min(this.#window, this.#out + MAX_BLOCK);
    if (old === undefined || old.length >= wanted) return;
    const next = new Uint8Array(Math.min(this.#window, Math.max(wanted, 2 * old.length)));
    next.set(old, next.length - old.length);
    const state: unknown = Reflect.get(this.#decompress, 's');
    if (typeof state !== 'object' || state === null) return;
    Reflect.set(state, 'w', next);
    Reflect.set(state, 'e', next.length);
  }

  /** The window that `fzstd` works with (0.1.1): its state is `s`, the window in it `w`, the place where it ends `e`. */
  #windowNow(): Uint8Array | undefined {
    const state: unknown = Reflect.get(this.#decompress, 's');
    if (typeof state !== 'object' || state === null) return undefined;
    const window: unknown = Reflect.get(state, 'w');
    return window instanceof Uint8Array ? window : undefined;
  }
}

const ENOUGH = new Error('enough came out');

function windowOf(byte: number): number {
  const base = 2 ** (10 + (byte >> 3));
  return base + (base / 8) * (byte & 7);
}

/** RFC 8878 3.1.1.1.4; sizes of two bytes begin at 256. */
function sizeOf(bytes: Buffer, at: number, length: number): number {
  if (length === 8) return Number(bytes.readBigUInt64LE(at));
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}
