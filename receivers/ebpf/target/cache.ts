import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { buildIdOf, readElf } from './elf.ts';
import { ElfError, fileSource, type Source } from './source.ts';
import type { Discovery } from './target.ts';

/** What says that a file is the same as one seen before. */
export interface Identity {
  /** The file at this place, with this content as far as its times say. */
  readonly file: string;
  /** Any copy of it that the same user owns; undefined without a build id. */
  readonly build: string | undefined;
}

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
      const source = fileSource(fd);
      const file = `${stat.dev}:${stat.ino}:${stat.size}:${stat.mtimeNs}`;
      const buildId = readBuildId(source);
      // A build id is only what the file says of itself: the owner keeps one user's forgery away from the programs of another.
      const build = buildId === undefined ? undefined : `${buildId}:${stat.size}:${stat.uid}`;
      return { source, close, identity: { file, build } };
    }
  } catch (error) {
    close();
    throw error;
  }
  close();
  return undefined;
}

function readBuildId(source: Source): string | undefined {
  try {
    return buildIdOf(readElf(source));
  } catch (error) {
    if (error instanceof ElfError) return undefined;
    throw error;
  }
}

/** What files were found to be, the latest of them, in memory. A file and a copy of it with the same build id are one. */
export class DiscoveryCache {
  readonly #limit: number;
  readonly #known = new Map<string, Discovery>();

  /** `limit` is the number of keys; a file takes one or two. */
  constructor(limit = 4096) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#known.size;
  }

  get({ file, build }: Identity): Discovery | undefined {
    return this.#touch(file) ?? (build === undefined ? undefined : this.#touch(build));
  }

  set({ file, build }: Identity, discovery: Discovery): void {
    this.#put(file, discovery);
    if (build !== undefined) this.#put(build, discovery);
  }

  #touch(key: string): Discovery | undefined {
    const discovery = this.#known.get(key);
    if (discovery !== undefined) this.#put(key, discovery);
    return discovery;
  }

  /** A map keeps the order of insertion: the first key is the one that was not used for longest. */
  #put(key: string, discovery: Discovery): void {
    this.#known.delete(key);
    this.#known.set(key, discovery);
    for (const oldest of this.#known.keys()) {
      if (this.#known.size <= this.#limit) break;
      this.#known.delete(oldest);
    }
  }
}
