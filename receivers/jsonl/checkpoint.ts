import { createHash } from 'node:crypto';
import { promises as fs, renameSync, writeFileSync } from 'node:fs';
import type { Clock } from '../../core/index.ts';

/** Bytes at the begin of a file that tell it from another with the same inode number. */
const FINGERPRINT_BYTES = 1024;
const WRITE_EVERY_MS = 1000;

/** A place in a file: the begin of a line and how many lines stand before it. For gzip the bytes are unpacked ones. */
export interface Place {
  readonly offset: number;
  readonly line: number;
}

/** SHA-256 over the first `bytes` bytes. */
export interface Fingerprint {
  readonly bytes: number;
  readonly sha256: string;
}

/** What is remembered of one file. */
export interface FileState {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly fingerprint: Fingerprint;
  /** Everything before it is done. */
  readonly low: Place;
  /** The end of what was read. */
  readonly high: number;
  /** Nobody expects it any more: it was read to its end without a name, or its absence was told. */
  readonly gone?: boolean;
}

/** The fingerprint of a file as long as it is now. */
export async function fingerprintOf(handle: fs.FileHandle, bytes = FINGERPRINT_BYTES): Promise<Fingerprint> {
  const head = Buffer.alloc(bytes);
  const { bytesRead } = await handle.read(head, 0, bytes, 0);
  const sha256 = createHash('sha256').update(head.subarray(0, bytesRead)).digest('hex');
  return { bytes: bytesRead, sha256 };
}

/** Whether the file still begins as it did. */
export async function begins(handle: fs.FileHandle, as: Fingerprint): Promise<boolean> {
  if (as.bytes === 0) return true;
  const now = await fingerprintOf(handle, as.bytes);
  return now.bytes === as.bytes && now.sha256 === as.sha256;
}

/** Whether two fingerprints are of whole heads and equal. */
export function isSameHead(a: Fingerprint, b: Fingerprint): boolean {
  return a.bytes === FINGERPRINT_BYTES && a.bytes === b.bytes && a.sha256 === b.sha256;
}

/** Whether the file was long enough for a whole fingerprint. */
export function isWholeHead(of: Fingerprint): boolean {
  return of.bytes === FINGERPRINT_BYTES;
}

/**
 * The state file: JSON, mode 0600, replaced as a whole by a rename, so that a crash leaves the old or the new one. Written at most once a
 * second after `touch`, at `close`, and at once for whatever moves after that (what was kept downstream is let go when it shuts down).
 */
export class Checkpoint {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #read: () => readonly FileState[];
  readonly #onError: (error: unknown) => void;
  #cancel: (() => void) | undefined;
  #isClosed: boolean = false;
  #isScheduled = false;

  /** `read` gives the state of all files when it is written. */
  constructor(path: string, clock: Clock, read: () => readonly FileState[], onError: (error: unknown) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#read = read;
    this.#onError = onError;
  }

  /** Something moved. */
  touch(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (this.#isClosed) queueMicrotask(() => this.write());
    else this.#cancel = this.#clock.after(WRITE_EVERY_MS, () => this.write());
  }

  /** Writes now and waits for the disk. */
  write(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isScheduled = false;
    const temporary = `${this.#path}.${process.pid}.tmp`;
    try {
      writeFileSync(temporary, `${JSON.stringify({ version: 1, files: this.#read() })}\n`, {
        mode: 0o600,
        flush: true,
      });
      renameSync(temporary, this.#path);
    } catch (error) {
      this.#onError(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.write();
  }
}

/** Reads a state file; an empty list when there is none. Throws on one that is broken, so that nobody reads all again unawares. */
export async function loadStates(path: string): Promise<readonly FileState[]> {
  let text: string;
  try {
    text = await fs.readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('version' in value) || value.version !== 1)
    throw new Error('it is no checkpoint of this version');
  const files: unknown = 'files' in value ? value.files : undefined;
  if (!Array.isArray(files) || !files.every(isFileState))
    throw new Error('its entries are not what this program writes');
  return files;
}

function isFileState(value: unknown): value is FileState {
  if (typeof value !== 'object' || value === null) return false;
  const { path, dev, ino, fingerprint, low, high, gone } = value as Record<string, unknown>;
  return (
    typeof path === 'string' &&
    Number.isFinite(dev) &&
    Number.isFinite(ino) &&
    isWhole(high) &&
    (gone === undefined || typeof gone === 'boolean') &&
    hasWhole(low, 'offset') &&
    hasWhole(low, 'line') &&
    hasWhole(fingerprint, 'bytes') &&
    typeof (fingerprint as Record<string, unknown>)['sha256'] === 'string'
  );
}

function hasWhole(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && isWhole((value as Record<string, unknown>)[name]);
}

function isWhole(value: unknown): boolean {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
