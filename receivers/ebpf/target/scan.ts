import type { Worker } from 'node:worker_threads';
import { type Clock, systemClock } from '../../../core/index.ts';
import { startThread } from '../thread.ts';
import { DiscoveryCache, type Identity, openRegular } from './cache.ts';
import type { Discovery } from './target.ts';

/** What the worker says about a path. Without an identity it could not be read, and is not kept. */
export interface ScanAnswer {
  readonly discovery: Discovery;
  readonly identity?: Identity;
}

export interface ScannerOptions {
  readonly clock?: Clock;
  /** What was found before; by default 4,096 keys of its own. */
  readonly cache?: DiscoveryCache;
  /** How long one file may take. */
  readonly timeLimitMs?: number;
  /** How long the worker waits for the next file before it ends. */
  readonly idleMs?: number;
  /** Starts the thread that gets paths and answers each with a `ScanAnswer`. */
  readonly startWorker?: () => Worker;
}

interface Job {
  readonly path: string;
  readonly identity: Identity | undefined;
  readonly resolve: (discovery: Discovery) => void;
}

const MAX_WAITING = 4096;

/**
 * Finds out what files are, one at a time in a worker thread, so that reading hundreds of megabytes holds up nothing else. The worker opens
 * the path itself: `/proc/PID/exe` works, and says what the process runs after the file was replaced.
 */
export class Scanner {
  readonly #clock: Clock;
  readonly #cache: DiscoveryCache;
  readonly #timeLimitMs: number;
  readonly #idleMs: number;
  readonly #startWorker: () => Worker;
  readonly #waiting: Job[] = [];
  #current: Job | undefined;
  #worker: Worker | undefined;
  #cancelTimer: () => void = () => {};
  #isClosed = false;

  constructor(options: ScannerOptions = {}) {
    this.#clock = options.clock ?? systemClock;
    this.#cache = options.cache ?? new DiscoveryCache();
    this.#timeLimitMs = options.timeLimitMs ?? 20_000;
    this.#idleMs = options.idleMs ?? 5_000;
    this.#startWorker = options.startWorker ?? (() => startThread(import.meta.url, 'scan-worker'));
  }

  /**
   * What the file at a path is. Never rejects: a path that cannot be read, a scan beyond the time limit and a worker that dies are an
   * `unsupported_build` of an `unknown` library.
   */
  scan(path: string): Promise<Discovery> {
    if (this.#isClosed) return Promise.resolve(refusal('the scanner is closed'));
    if (this.#waiting.length >= MAX_WAITING) return Promise.resolve(refusal('too many files wait for a scan'));
    const identity = identify(path);
    const known = identity === undefined ? undefined : this.#cache.get(identity);
    if (known !== undefined) return Promise.resolve(known);
    return new Promise((resolve) => {
      this.#waiting.push({ path, identity, resolve });
      this.#next();
    });
  }

  /** Ends the worker. What waits is answered as `unsupported_build`. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const { resolve } of this.#waiting.splice(0)) resolve(refusal('the scanner is closed'));
    this.#current?.resolve(refusal('the scanner is closed'));
    this.#current = undefined;
    await this.#endWorker();
  }

  #next(): void {
    if (this.#current !== undefined || this.#isClosed) return;
    const job = this.#waiting.shift();
    if (job === undefined) {
      this.#rest();
      return;
    }
    const known = job.identity === undefined ? undefined : this.#cache.get(job.identity);
    if (known !== undefined) {
      job.resolve(known);
      this.#next();
      return;
    }
    this.#current = job;
    this.#cancelTimer();
    this.#cancelTimer = this.#clock.after(this.#timeLimitMs, () => {
      this.#fail(job, `the scan took more than ${this.#timeLimitMs} ms`);
    });
    this.#worker ??= this.#openWorker();
    this.#worker.ref();
    this.#worker.postMessage(job.path);
  }

  #openWorker(): Worker {
    const worker = this.#startWorker();
    const fail = (error: unknown): void => {
      if (this.#worker !== worker) return;
      this.#worker = undefined;
      const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
      if (this.#current !== undefined) this.#fail(this.#current, `the scan ended in a crash${code}`);
    };
    worker.on('message', ({ discovery, identity }: ScanAnswer) => {
      if (this.#worker === worker && this.#current !== undefined) this.#answer(this.#current, discovery, identity);
    });
    worker.on('error', fail);
    worker.on('exit', fail);
    return worker;
  }

  /** A file that takes too long or crashes a worker does so again: that is kept like any other answer. */
  #fail(job: Job, reason: string): void {
    if (this.#current !== job) return;
    void this.#endWorker(); // nobody waits for a thread that was given up
    this.#answer(job, refusal(reason), job.identity);
  }

  #answer(job: Job, discovery: Discovery, identity: Identity | undefined): void {
    if (identity !== undefined) this.#cache.set(identity, discovery);
    this.#current = undefined;
    job.resolve(discovery);
    this.#next();
  }

  /** Nothing is to do: the worker keeps the process no longer alive, and ends when that stays so. */
  #rest(): void {
    this.#cancelTimer();
    this.#worker?.unref();
    this.#cancelTimer = this.#clock.after(this.#idleMs, () => void this.#endWorker());
  }

  async #endWorker(): Promise<void> {
    this.#cancelTimer();
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }
}

function refusal(reason: string): Discovery {
  return { kind: 'unsupported_build', library: 'unknown', reason };
}

/** Undefined for what is no regular file or cannot be read: the worker says why. */
function identify(path: string): Identity | undefined {
  try {
    const open = openRegular(path);
    open?.close();
    return open?.identity;
  } catch {
    return undefined;
  }
}
