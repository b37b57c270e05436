import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { fileSource, type Source } from './source.ts';
import type { Discovery } from './target.ts';

/**
 * What says that a file is the same as one seen before: where it lies and when it was changed last. Never its build id: a file says of itself
 * what it likes, and places found in one file would be probed in another.
 */
export type Identity = string;

/** An open file and what says which one it is. */
export interface OpenFile {
  readonly source: Source;
  readonly close: () => void;
  readonly identity: Identity;
}

/**
 * Opens a regular file for reading; undefined for anything else. Does not wait for the writer of a FIFO. The caller closes it. Throws what
 * opening and reading throw. `/proc/self/fd/N` is the descriptor itself, which stays open: a thread that gave up its privileges may read on in a
 * file that another one has opened.
 */
export function openRegular(path: string): OpenFile | undefined {
  const given = /^\/proc\/self\/fd\/(\d+)$/.exec(path)?.[1];
  const fd =
    given === undefined
      ? openSync(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY)
      : Number(given);
  const close = (): void => {
    if (given === undefined) closeSync(fd);
  };
  try {
    const stat = fstatSync(fd, { bigint: true });
    if (stat.isFile()) {
      // the time of the last change of the inode cannot be set back by its owner, that of its content can
      const identity = `${stat.dev}:${stat.ino}:${stat.size}:${stat.ctimeNs}`;
      return { source: fileSource(fd), close, identity };
    }
  } catch (error) {
    close();
    throw error;
  }
  close();
  return undefined;
}

/** What files were found to be, the latest of them, in memory. */
export class DiscoveryCache {
  readonly #limit: number;
  readonly #known = new Map<string, Discovery>();

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#known.size;
  }

  get(key: Identity): Discovery | undefined {
    const discovery = this.#known.get(key);
    if (discovery !== undefined) this.set(key, discovery);
    return discovery;
  }

  /** A map keeps the order of insertion: the first key is the one that was not used for longest. */
  set(key: Identity, discovery: Discovery): void {
    this.#known.delete(key);
    this.#known.set(key, discovery);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#limit) break;
      this.#known.delete(oldest);
    }
  }
}
