import zlib from 'node:zlib';

/** Undoes a content coding (RFC 9110 8.4.1) piece by piece. Never throws: what cannot be undone sets `failed`. */
export interface Inflater {
  push(bytes: Buffer): Buffer;
  /** The coding is damaged or the output passed its bound: nothing more comes out. */
  readonly failed: 'damaged' | 'too_large' | undefined;
}

/** The part of Node's zlib streams that makes a chunk synchronously; node-tar's minizlib has relied on it since Node 4. */
interface SyncZlib {
  _handle: { close(): void } | null;
  close(): void;
  _processChunk(bytes: Buffer, flush: number): Buffer | undefined;
  removeAllListeners(event: string): void;
  on(event: string, run: () => void): void;
}

const NOTHING = Buffer.alloc(0);

/** An inflater for a coding, `undefined` for one that is not known: zstd is known where Node has it (22.15 and later). At most `maxBytes` come out. */
export function createInflater(coding: string, maxBytes: number): Inflater | undefined {
  const maker = makerOf(coding);
  return maker && new SyncInflater(maker, maxBytes);
}

type Maker = (first: number) => { readonly stream: SyncZlib; readonly flush: number };

function makerOf(coding: string): Maker | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return () => ({ stream: sync(zlib.createGunzip()), flush: zlib.constants.Z_SYNC_FLUSH });
    case 'deflate':
      // servers send zlib streams (RFC 1950) and raw ones (RFC 1951): the low four bits of a zlib header are 8
      return (first) => ({
        stream: sync((first & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw()),
        flush: zlib.constants.Z_SYNC_FLUSH,
      });
    case 'br':
      return () => ({ stream: sync(zlib.createBrotliDecompress()), flush: zlib.constants.BROTLI_OPERATION_FLUSH });
    case 'zstd': {
      const make: unknown = Reflect.get(zlib, 'createZstdDecompress');
      if (typeof make !== 'function') return undefined;
      return () => ({ stream: sync(Reflect.apply(make, zlib, [])), flush: 1 }); // ZSTD_e_flush
    }
    default:
      return undefined;
  }
}

function sync(stream: unknown): SyncZlib {
  const found = stream as SyncZlib;
  if (typeof found._processChunk !== 'function') throw new TypeError('this Node has no synchronous zlib chunks');
  found.on('error', () => {}); // errors are thrown by _processChunk as well
  return found;
}

class SyncInflater implements Inflater {
  readonly #maker: Maker;
  #stream: SyncZlib | undefined;
  #flush = 0;
  #left: number;
  failed: 'damaged' | 'too_large' | undefined;

  constructor(maker: Maker, maxBytes: number) {
    this.#maker = maker;
    this.#left = maxBytes;
  }

  push(bytes: Buffer): Buffer {
    const first = bytes[0];
    if (this.failed !== undefined || first === undefined) return NOTHING;
    // the bound is checked per 64 KiB of input, which deflate can blow up by a factor of 1032 at most
    if (bytes.length > 65_536) {
      const parts: Buffer[] = [];
      for (let at = 0; at < bytes.length; at += 65_536) parts.push(this.push(bytes.subarray(at, at + 65_536)));
      return Buffer.concat(parts);
    }
    try {
      if (this.#stream === undefined) {
        const { stream, flush } = this.#maker(first);
        this.#stream = stream;
        this.#flush = flush;
      }
      const out = keepOpen(this.#stream, bytes, this.#flush);
      this.#left -= out.length;
      if (this.#left < 0) {
        this.failed = 'too_large';
        return out.subarray(0, Math.max(0, out.length + this.#left));
      }
      return out;
    } catch {
      this.failed = 'damaged'; // the message of zlib adds nothing to what the caller counts
      return NOTHING;
    }
  }
}

/** `_processChunk` closes the stream when it is done: its `close` functions rest for as long as it runs. */
function keepOpen(stream: SyncZlib, bytes: Buffer, flush: number): Buffer {
  const handle = stream._handle;
  if (handle === null) return NOTHING;
  const closeHandle = handle.close;
  const closeStream = stream.close;
  handle.close = () => {};
  stream.close = () => {};
  try {
    const out = stream._processChunk(bytes, flush);
    // the next call writes into the same memory again
    return out === undefined || out.length === 0 ? NOTHING : Buffer.from(out);
  } finally {
    stream._handle = handle;
    handle.close = closeHandle;
    stream.close = closeStream;
    stream.removeAllListeners('error');
    stream.on('error', () => {});
  }
}
