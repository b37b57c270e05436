import { closeSync, constants, fstatSync, openSync, readlinkSync } from 'node:fs';
import type { Log } from '../../../core/index.ts';
import type { Scanner } from './scan.ts';
import type { Discovery, Site } from './target.ts';

export interface TargetsOptions {
  readonly log: Log;
  readonly scanner: Pick<Scanner, 'scan'>;
  readonly attach: (path: string, sites: readonly Site[]) => readonly number[];
  readonly detach: (links: readonly number[]) => Promise<void>;
  /** Whether a file may be probed at all. */
  readonly mayProbe: (path: string) => boolean;
  /** How many files may be probed at once. */
  readonly maxFiles: number;
}

/** What became of a file. */
export interface TargetState {
  readonly path: string;
  readonly status: 'attached' | 'none' | 'unsupported' | 'refused' | 'left_out';
  readonly library?: string;
  readonly version?: string;
  readonly reason?: string;
  readonly buildId?: string;
}

/** Files without a TLS library that are remembered, so that they are not looked at again. */
const MAX_OTHERS = 8192;

/** TLS libraries that are known by the name of their file only. */
const OTHERS: readonly (readonly [RegExp, string])[] = [
  [/\/libgnutls\.so[.\d]*$/, 'gnutls'],
  [/\/lib(?:nspr4|ssl3)\.so[.\d]*$/, 'nss'],
];

interface Entry {
  state: TargetState;
  links: readonly number[];
}

/**
 * The files that are probed. Each is looked at once by device and inode, so a library that was replaced is another one, and every name of a
 * file is the same. What is not known for sure is not probed, and said.
 */
export class Targets {
  readonly #options: TargetsOptions;
  readonly #entries = new Map<string, Entry>();
  #attached = 0;
  #saidUnopened = false;
  readonly #open = new Map<string, Promise<TargetState | undefined>>();

  constructor(options: TargetsOptions) {
    this.#options = options;
  }

  get states(): readonly TargetState[] {
    return [...this.#entries.values()].map((entry) => entry.state);
  }

  /** Finds out what a file is and probes it. Undefined: it cannot be opened or is no regular file. */
  async add(path: string): Promise<TargetState | undefined> {
    let fd: number;
    try {
      fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    } catch (error) {
      this.#unopened(path, error);
      return undefined;
    }
    try {
      const stats = fstatSync(fd, { bigint: true });
      if (!stats.isFile()) return undefined;
      const key = `${stats.dev}:${stats.ino}:${stats.size}:${stats.ctimeNs}`;
      const known = this.#entries.get(key);
      if (known !== undefined) {
        this.#entries.delete(key); // used last, let go last
        this.#entries.set(key, known);
        return known.state;
      }
      const running = this.#open.get(key);
      if (running !== undefined) return await running;
      const work = this.#look(fd, key);
      this.#open.set(key, work);
      try {
        return await work;
      } finally {
        this.#open.delete(key);
      }
    } finally {
      closeSync(fd);
    }
  }

  /** A process that has ended is no problem; a file that may not be read is one, and is told once. */
  #unopened(path: string, error: unknown): void {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'ENOTDIR') return;
    if (!this.#saidUnopened)
      this.#options.log.warn('A file cannot be looked at, so what it does with TLS is not seen; more are not told.', {
        path,
        code,
      });
    this.#saidUnopened = true;
  }

  async close(): Promise<void> {
    const links = [...this.#entries.values()].flatMap((entry) => entry.links);
    this.#entries.clear();
    this.#attached = 0;
    await this.#options.detach(links);
  }

  /** The file stays open meanwhile: what is probed is what was looked at. */
  async #look(fd: number, key: string): Promise<TargetState> {
    const { log, scanner, attach, mayProbe } = this.#options;
    const opened = `/proc/self/fd/${fd}`;
    const path = nameOf(opened);
    if (!mayProbe(path)) return this.#keep(key, { path, status: 'left_out' }, []);
    const discovery = await scanner.scan(opened);
    const other = discovery.kind === 'none' ? OTHERS.find(([name]) => name.test(path))?.[1] : undefined;
    const about =
      other === undefined
        ? aboutOf(discovery)
        : { library: other, reason: 'this library is not read, only OpenSSL and BoringSSL are' };
    if (discovery.kind !== 'target') {
      const status = discovery.kind === 'none' && other === undefined ? 'none' : 'unsupported';
      if (status === 'unsupported') log.info('A TLS library cannot be read.', { path, ...about });
      return this.#keep(key, { path, status, ...about }, []);
    }
    try {
      const links = attach(opened, discovery.target.sites);
      log.debug('Probes attached.', { path, ...about });
      return this.#keep(key, { path, status: 'attached', ...about }, links);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      log.warn('Probes were refused.', { path, ...about, reason });
      return this.#keep(key, { path, status: 'refused', ...about, reason }, []);
    }
  }

  #keep(key: string, state: TargetState, links: readonly number[]): TargetState {
    this.#entries.set(key, { state, links });
    if (links.length > 0) this.#attached++;
    if (this.#attached > this.#options.maxFiles) this.#drop((entry) => entry.links.length > 0);
    if (this.#entries.size - this.#attached > MAX_OTHERS) this.#drop((entry) => entry.links.length === 0);
    return state;
  }

  /** Lets go of the one of a kind that was not used for longest. */
  #drop(isOne: (entry: Entry) => boolean): void {
    for (const [key, entry] of this.#entries) {
      if (!isOne(entry)) continue;
      this.#entries.delete(key);
      if (entry.links.length === 0) return;
      this.#attached--;
      this.#options.log.warn('Too many files are probed: one that was not used for long no longer is.', {
        path: entry.state.path,
      });
      void this.#options.detach(entry.links);
      return;
    }
  }
}

function nameOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return link;
  }
}

function aboutOf(discovery: Discovery): Partial<TargetState> {
  const id = discovery.buildId === undefined ? {} : { buildId: discovery.buildId };
  switch (discovery.kind) {
    case 'target': {
      const { library, version } = discovery.target;
      return { library, ...(version !== undefined && { version }), ...id };
    }
    case 'unsupported_build':
      return { library: discovery.library, reason: discovery.reason, ...id };
    default:
      return id;
  }
}
