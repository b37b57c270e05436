import { constants } from 'node:fs';
import { access, type FileHandle, mkdir, open, rename } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { messageOf, RetryableError } from '../../core/index.ts';
import { backupName, isDue, prune, type Rotation } from './rotation.ts';

export interface FileOptions {
  readonly path: string;
  readonly append: boolean;
  readonly createDirectory: boolean;
  readonly rotation: Rotation;
  readonly now: () => number;
}

/** Whole lines on their way to the file, and whom to tell when they are there. */
export interface Block {
  readonly bytes: Buffer;
  readonly written: () => void;
}

/** A file that only ever holds whole lines: what a failed write left half-written is cut off again. One `write` at a time. */
export class LineFile {
  readonly #options: FileOptions;
  #handle: FileHandle | undefined;
  #size = 0;
  #writtenAt = 0;
  /** Regular files are synced, rotated and cut; pipes and terminals cannot be. */
  #isRegular = true;

  constructor(options: FileOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    const { path, append, createDirectory } = this.#options;
    if (createDirectory) await mkdir(dirname(resolve(path)), { recursive: true, mode: 0o700 });
    await this.#use(append);
  }

  /** Writes blocks in order and syncs. Each `written` is called when its block is on the disk. Throws RetryableError; the rest stays with the caller. */
  async write(blocks: Block[]): Promise<void> {
    try {
      while (blocks.length > 0) {
        const run = await this.#next(blocks);
        await this.#append(Buffer.concat(run.map((block) => block.bytes)));
        await this.sync();
        blocks.splice(0, run.length);
        for (const block of run) block.written();
      }
    } catch (cause) {
      throw new RetryableError(`cannot write ${this.#options.path}: ${messageOf(cause)}`, {
        code: 'JSONL_WRITE',
        cause,
      });
    }
  }

  async sync(): Promise<void> {
    if (this.#isRegular) await this.#handle?.datasync();
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }

  /** The blocks that go into the file as it is now, at least one. */
  async #next(blocks: readonly Block[]): Promise<readonly Block[]> {
    const { rotation, now } = this.#options;
    const [first] = blocks;
    if (this.#isRegular && first !== undefined) {
      const file = { size: this.#size, writtenAt: this.#writtenAt };
      if (isDue(file, first.bytes.length, now(), rotation)) await this.#rotate();
    }
    let bytes = this.#size;
    let count = 0;
    for (const block of blocks) {
      bytes += block.bytes.length;
      if (count > 0 && rotation.maxBytes > 0 && bytes > rotation.maxBytes) break;
      count++;
    }
    return blocks.slice(0, count);
  }

  async #append(bytes: Buffer): Promise<void> {
    const handle = this.#handle ?? (await this.#use(true));
    let done = 0;
    try {
      while (done < bytes.length) done += (await handle.write(bytes, done)).bytesWritten;
    } catch (error) {
      // Half a line must not stay: a full disk lets us cut, and a cut that fails too is healed by the line feed at the next open.
      if (done > 0 && this.#isRegular) await handle.truncate(this.#size).catch(() => this.close());
      throw error;
    }
    this.#size += bytes.length;
    this.#writtenAt = this.#options.now();
  }

  async #rotate(): Promise<void> {
    const { path, rotation, now } = this.#options;
    await this.close();
    let ms = now();
    while (await exists(backupName(path, ms, rotation.localTime))) ms++;
    await rename(path, backupName(path, ms, rotation.localTime));
    await this.#use(true);
    await prune(path, now(), rotation);
  }

  async #use(append: boolean): Promise<FileHandle> {
    const handle = await open(this.#options.path, append ? 'a' : 'w', 0o600);
    this.#handle = handle;
    const stat = await handle.stat();
    this.#isRegular = stat.isFile();
    this.#size = this.#isRegular ? stat.size : 0;
    this.#writtenAt = stat.mtimeMs;
    if (this.#size > 0 && !(await this.#endsWithLine())) {
      await handle.write('\n');
      this.#size++;
    }
    return handle;
  }

  /** Whether the file ends with a line feed: a crash may have left half a line, which must not swallow the next one. */
  async #endsWithLine(): Promise<boolean> {
    const reader = await open(this.#options.path, 'r');
    try {
      const last = Buffer.alloc(1);
      await reader.read(last, 0, 1, this.#size - 1);
      return last[0] === 0x0a;
    } finally {
      await reader.close();
    }
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  );
}
