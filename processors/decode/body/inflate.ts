import zlib from 'node:zlib';
import { AwsChunked } from './aws-chunked.ts';
import { Gunzip } from './gzip.ts';
import { SyncZlib } from './sync-zlib.ts';
import { Unzstd } from './zstd.ts';

/** Undoes a content coding (RFC 9110 8.4.1) piece by piece. Never throws: what cannot be undone sets `failed`. */
export interface Inflater {
  push(bytes: Buffer): Buffer;
  /** Nothing more comes: what was held back to see what it is. */
  end(): Buffer;
  /** The coding is damaged or the output passed its bound: nothing more comes out. */
  readonly failed: 'damaged' | 'too_large' | undefined;
  /** The bytes are not in the coding that they should be in; they are read as what they are. */
  readonly isOther: boolean;
  /** The bytes after a gap mean nothing any more. */
  readonly isCoded: boolean;
  /** Bytes held, roughly. */
  readonly size: number;
}

/** Reads one coding. `onOut` gets what comes out and returns whether more is wanted. False: the coding is damaged. */
export interface Coder {
  run(bytes: Buffer, onOut: (out: Buffer) => boolean): boolean;
  /** Bytes held, where they are many. */
  readonly size?: number;
}

type Maker = (first: Buffer) => Coder;

const NOTHING = Buffer.alloc(0);
/** So many bytes tell what a body is. */
const MAGIC_BYTES = 8;

const gunzip: Maker = () => new Gunzip();
const unzstd: Maker = () => new Unzstd();

const MAKERS: ReadonlyMap<string, Maker> = new Map([
  ['gzip', gunzip],
  ['x-gzip', gunzip],
  // servers send zlib streams (RFC 1950) and raw ones (RFC 1951): the low four bits of a zlib header are 8
  ['deflate', (first) => core(((first[0] ?? 0) & 0x0f) === 8 ? zlib.createInflate() : zlib.createInflateRaw(), 'zlib')],
  ['br', () => core(zlib.createBrotliDecompress(), 'other')],
  ['zstd', unzstd],
  ['aws-chunked', () => new AwsChunked()],
]);

function core(stream: zlib.BrotliDecompress | zlib.Inflate | zlib.InflateRaw, kind: 'zlib' | 'other'): Coder {
  const sync = new SyncZlib(stream, kind);
  return { run: (bytes, onOut) => sync.run(bytes, onOut) !== undefined };
}

/**
 * An inflater for a coding, `undefined` for one that is not known. `identity` is one too: bytes that are gzip or zstd all the same come
 * out as what is inside. At most `maxBytes` come out.
 */
export function createInflater(coding: string, maxBytes: number): Inflater | undefined {
  return coding === 'identity' || MAKERS.has(coding) ? new SniffingInflater(coding, maxBytes) : undefined;
}

class SniffingInflater implements Inflater {
  readonly #coding: string;
  #coder: Coder | undefined;
  /** What comes in goes out. */
  #isPlain = false;
  #first = NOTHING;
  #left: number;
  failed: 'damaged' | 'too_large' | undefined;
  isOther = false;
  isCoded: boolean;

  constructor(coding: string, maxBytes: number) {
    this.#coding = coding;
    this.#left = maxBytes;
    this.isCoded = coding !== 'identity';
  }

  get size(): number {
    return this.#coder?.size ?? 0;
  }

  push(bytes: Buffer): Buffer {
    if (this.failed !== undefined || bytes.length === 0) return NOTHING;
    if (this.#isPlain) return this.#pass(bytes);
    if (this.#coder !== undefined) return this.#run(this.#coder, bytes);
    const first = this.#first.length === 0 ? bytes : Buffer.concat([this.#first, bytes]);
    if (first.length >= MAGIC_BYTES) return this.#begin(first);
    this.#first = Buffer.from(first);
    return NOTHING;
  }

  end(): Buffer {
    return this.#first.length > 0 ? this.#begin(this.#first) : NOTHING;
  }

  #begin(first: Buffer): Buffer {
    this.#first = NOTHING;
    const found = actualCoding(first, this.#coding);
    this.isOther = found !== this.#coding;
    this.isCoded = found !== 'identity';
    const maker = MAKERS.get(found);
    if (!this.isCoded || maker === undefined) {
      this.#isPlain = true;
      return this.#pass(first);
    }
    this.#coder = maker(first);
    return this.#run(this.#coder, first);
  }

  /** What of `out` is within the bound. */
  #pass(out: Buffer): Buffer {
    const kept = out.length > this.#left ? out.subarray(0, this.#left) : out;
    if (out.length > this.#left) this.failed = 'too_large';
    this.#left -= kept.length;
    return kept;
  }

  #run(coder: Coder, bytes: Buffer): Buffer {
    const parts: Buffer[] = [];
    const isWhole = coder.run(bytes, (out) => {
      const kept = this.#pass(out);
      if (kept.length > 0) parts.push(kept);
      return this.failed === undefined;
    });
    if (!isWhole) this.failed ??= 'damaged';
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts);
  }
}

/** How JSON, server-sent events and aws-chunked text begin. No raw deflate or brotli stream of a text does. */
const TEXT = /^(?:\xef\xbb\xbf)?\s*(?:\{\s*["}]|\[\s*[{\]]\s*"?|data:|event:|id:|retry:|: |<[!?a-z])/i;

/** The coding that the first bytes show; gzip and zstd have a magic, the others only what they are not. */
function actualCoding(first: Buffer, said: string): string {
  if (said === 'aws-chunked') return said;
  const isGzip = first[0] === 0x1f && first[1] === 0x8b && (first[2] ?? 8) === 8;
  const isZstd =
    first.length >= 4 && (first.readUInt32LE(0) === 0xfd2fb528 || first.readUInt32LE(0) >>> 4 === 0x184d2a5);
  if (said === 'gzip' || said === 'x-gzip' || said === 'zstd' || said === 'identity') {
    if (isGzip) return said === 'x-gzip' ? said : 'gzip';
    if (isZstd) return 'zstd';
    return said === 'identity' || TEXT.test(first.toString('latin1')) ? 'identity' : said;
  }
  return TEXT.test(first.toString('latin1')) ? 'identity' : said;
}
