import type { Worker } from 'node:worker_threads';
import { startThread } from '../thread.ts';

export interface DrainOptions {
  readonly nativePath: string;
  readonly handle: number;
  readonly everyMs: number;
  /** Bytes that may be on their way before the ring has to hold the rest. */
  readonly maxAhead: number;
}

/** Brings what the sensor wrote, in order, one piece at a time: the next comes when `onBytes` has resolved. */
export class Drain {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  #work: Promise<void> = Promise.resolve();

  constructor(options: DrainOptions, onBytes: (bytes: Buffer) => Promise<void>, onError: (error: unknown) => void) {
    this.#worker = startThread(import.meta.url, 'drain-worker', { ...options, shared: this.#shared });
    this.#worker.on('message', (bytes: Uint8Array) => {
      this.#work = this.#work
        .then(() => onBytes(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)))
        .catch(onError)
        .finally(() => Atomics.sub(this.#shared, 0, bytes.byteLength));
    });
    this.#worker.on('error', onError);
    this.#ended = new Promise((done) => this.#worker.once('exit', () => done()));
  }

  /** Bytes that were brought and are not yet worked off. */
  get ahead(): number {
    return Atomics.load(this.#shared, 0);
  }

  /** Brings the rest and ends; gives up the rest when `deadline` aborts. */
  async close(deadline: AbortSignal): Promise<void> {
    Atomics.store(this.#shared, 1, 1);
    Atomics.notify(this.#shared, 1);
    const isOver = new Promise<void>((done) => deadline.addEventListener('abort', () => done(), { once: true }));
    await Promise.race([this.#ended, isOver]);
    await Promise.race([this.#work, isOver]);
    await this.#worker.terminate();
  }
}
