import { constants, promises as fs, type Stats } from 'node:fs';
import { createGunzip } from 'node:zlib';

/** Bytes read at once, into one buffer that stays in the processor's cache: a tenth less CPU than 1 MiB (bench/jsonl.ts), and than 64 KiB. */
export const CHUNK_BYTES = 1 << 18;

/** Why a path cannot be read. */
export type Unreadable = 'missing' | 'no_permission' | 'directory' | 'fifo' | 'socket' | 'device' | 'failed';

/** What stands in the way of reading a path, in words. */
export function inWords(why: Unreadable): string {
  switch (why) {
    case 'missing':
      return 'there is no such file';
    case 'no_permission':
      return 'this user may not read it';
    case 'directory':
      return 'it is a directory; name its files, for example with /*.jsonl';
    case 'fifo':
      return 'it is a named pipe; write its data to a file and read that';
    case 'socket':
      return 'it is a socket';
    case 'device':
      return 'it is a device';
    case 'failed':
      return 'reading it failed';
    default:
      return why satisfies never;
  }
}

/** What kind of thing `stats` is, when it is no regular file. */
export function kindOf(stats: Stats): Unreadable | undefined {
  if (stats.isFile()) return undefined;
  if (stats.isDirectory()) return 'directory';
  if (stats.isFIFO()) return 'fifo';
  return stats.isSocket() ? 'socket' : 'device';
}

/** The reason in an error of the file system. */
export function whyOf(error: unknown): Unreadable {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
  if (code === 'EACCES' || code === 'EPERM') return 'no_permission';
  if (code === 'EISDIR') return 'directory';
  return code === 'ENXIO' ? 'socket' : 'failed';
}

export type Opened = { readonly handle: fs.FileHandle; readonly stats: Stats } | { readonly why: Unreadable };

/** Opens a regular file for reading. Never waits: a pipe that took the file's place after a look is opened without blocking and closed. */
export async function openFile(path: string): Promise<Opened> {
  let handle: fs.FileHandle | undefined;
  try {
    handle = await fs.open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = await handle.stat();
    const why = kindOf(stats);
    if (why === undefined) return { handle, stats };
    await handle.close();
    return { why };
  } catch (error) {
    await handle?.close().catch(() => undefined); // the first error is the one to tell
    return { why: whyOf(error) };
  }
}

/** Bytes of one file in order. */
export interface Input {
  /** The next bytes, good until the next call; undefined at the end. */
  read(): Promise<Buffer | undefined>;
  close(): Promise<void>;
  /** True when the compressed stream ended before its end mark, or broke. */
  readonly isCut: boolean;
}

/** Reads plainly from a position on. One buffer is used again and again. */
export class PlainInput implements Input {
  readonly isCut = false;
  readonly #handle: fs.FileHandle;
  readonly #buffer: Buffer;
  #position: number;

  constructor(handle: fs.FileHandle, position: number, buffer: Buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES)) {
    this.#handle = handle;
    this.#position = position;
    this.#buffer = buffer;
  }

  async read(): Promise<Buffer | undefined> {
    const { bytesRead } = await this.#handle.read(this.#buffer, 0, this.#buffer.length, this.#position);
    this.#position += bytesRead;
    return bytesRead === 0 ? undefined : this.#buffer.subarray(0, bytesRead);
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** Packed bytes given to the unpacker at once: they make at most a thousand times as many (RFC 1951), which is what is held. */
const PACKED_BYTES = 1 << 14;

/** Unpacks gzip (RFC 1952, several members too). A stream that is cut or broken gives what could be unpacked before. */
export class GzipInput implements Input {
  readonly #handle: fs.FileHandle;
  readonly #gunzip = createGunzip({ chunkSize: 1 << 16 });
  readonly #packed = Buffer.allocUnsafeSlow(PACKED_BYTES);
  #packedAt = 0;
  #plain: Buffer[] = [];
  #skip: number;
  #ended = false;
  isCut = false;

  /** `position` counts unpacked bytes: those before it are unpacked and passed over. */
  constructor(handle: fs.FileHandle, position: number) {
    this.#handle = handle;
    this.#skip = position;
    this.#gunzip.on('data', (chunk: Buffer) => {
      if (this.#skip >= chunk.length) this.#skip -= chunk.length;
      else {
        this.#plain.push(this.#skip === 0 ? chunk : chunk.subarray(this.#skip));
        this.#skip = 0;
      }
    });
    this.#gunzip.on('error', () => {
      this.isCut = true;
      this.#ended = true;
    });
  }

  async read(): Promise<Buffer | undefined> {
    while (this.#plain.length === 0 && !this.#ended) await this.#feed();
    if (this.#plain.length === 0) return undefined;
    const all = this.#plain.length === 1 ? this.#plain[0] : Buffer.concat(this.#plain);
    this.#plain = [];
    return all;
  }

  /** Gives the unpacker one block and waits until it is through: an error then loses nothing that came out before it. */
  async #feed(): Promise<void> {
    const { bytesRead } = await this.#handle.read(this.#packed, 0, PACKED_BYTES, this.#packedAt);
    this.#packedAt += bytesRead;
    await new Promise<void>((resolve) => {
      this.#gunzip.once('close', resolve);
      const done = (): void => {
        this.#gunzip.off('close', resolve);
        resolve();
      };
      if (bytesRead > 0) this.#gunzip.write(Buffer.from(this.#packed.subarray(0, bytesRead)), done);
      else {
        this.#gunzip.once('end', () => {
          this.#ended = true;
          done();
        });
        this.#gunzip.end();
      }
    });
  }

  async close(): Promise<void> {
    this.#gunzip.destroy();
    await this.#handle.close();
  }
}

/** Whether a file is gzip: by its name, or by its first two bytes. An empty file is not. */
export async function isGzip(path: string, handle: fs.FileHandle): Promise<boolean> {
  const head = Buffer.alloc(2);
  const { bytesRead } = await handle.read(head, 0, 2, 0);
  if (bytesRead === 0) return false;
  return path.endsWith('.gz') || (bytesRead === 2 && head[0] === 0x1f && head[1] === 0x8b);
}
