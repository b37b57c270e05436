import type { Clock } from '../clock.ts';

interface Timer {
  readonly at: number;
  readonly run: () => void;
}

/** Time that moves only when a test says so. */
export class FakeClock implements Clock {
  #now: number;
  readonly #timers = new Set<Timer>();

  constructor(startMs = 1_700_000_000_000) {
    this.#now = startMs;
  }

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      });
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Timers that have not run yet. */
  get pending(): number {
    return this.#timers.size;
  }

  /** Moves on by `ms`, runs what is due in order, and lets everything that waits for it go on in between. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run();
    }
    this.#now = end;
    await settle();
  }

  /** Moves on from timer to timer until `done` settles. */
  async run<T>(done: Promise<T>, maxMs = 86_400_000): Promise<T> {
    let over = false;
    const mark = (): void => {
      over = true;
    };
    done.then(mark, mark);
    const end = this.#now + maxMs;
    while (!over) {
      await settle();
      if (over) break;
      const first = [...this.#timers].sort((a, b) => a.at - b.at)[0];
      if (!first) {
        await new Promise((resolve) => setImmediate(resolve)); // real input and output is under way
        continue;
      }
      if (first.at > end) throw new Error(`not done after ${maxMs} ms`);
      await this.advance(first.at - this.#now);
    }
    return done;
  }
}

/** Lets promises that are ready go on: some turns of the event loop. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
