import type { Clock, Context, DeliveryConfig, Log, LogFields } from '../../../core/index.ts';
import { Meter, ReceiptBook } from '../../../core/index.ts';

/** A clock that moves only when told to. Waiting work runs in the order of its time. */
export class FakeClock implements Clock {
  #now = 1_700_000_000_000;
  #timers: { readonly at: number; readonly run: () => void }[] = [];

  now(): number {
    return this.#now;
  }
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason);
      });
    });
  }
  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  /** Milliseconds until each timer, soonest first. */
  get pending(): number[] {
    return this.#timers.map((timer) => timer.at - this.#now).sort((a, b) => a - b);
  }
  /** Moves on and lets everything that becomes due run, and what follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const [next] = this.#timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
      await settle();
    }
    this.#now = end;
  }
}

/** Lets all promises that can go on do so. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

export function logTo(lines: Line[]): Log {
  const at =
    (level: string) =>
    (message: string, fields?: LogFields): void => {
      lines.push({ level, message, fields });
    };
  const log: Log = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), with: () => log };
  return log;
}

export interface Rig {
  readonly context: Context;
  readonly clock: FakeClock;
  readonly lines: Line[];
  /** The value of a counter or gauge, summed over its labels. */
  count(name: string): number;
}

export function rigOf(more: Partial<Context> = {}): Rig {
  const lines: Line[] = [];
  const clock = new FakeClock();
  const meter = new Meter();
  const context: Context = {
    id: 'test',
    log: logTo(lines),
    clock,
    meter,
    random: () => 0.5,
    matcher: { stamp: (event) => event, hashOf: () => '' },
    build: { name: 'oisp-collector', version: '0.1.0' },
    ...more,
  };
  return {
    context,
    clock,
    lines,
    count: (name) =>
      context.meter
        .samples()
        .filter((sample) => sample.name === name)
        .reduce((sum, sample) => sum + sample.value, 0),
  };
}

export const RETRY = {
  enabled: true,
  initial_interval: 5000,
  randomization_factor: 0.5,
  multiplier: 1.5,
  max_interval: 30_000,
  max_elapsed_time: 300_000,
};

/** The defaults of the schema, with changes. */
export function configOf(
  queue: Partial<DeliveryConfig['sending_queue']> = {},
  retry: Partial<DeliveryConfig['retry_on_failure']> = {},
): DeliveryConfig {
  return {
    timeout: 5000,
    retry_on_failure: { ...RETRY, ...retry },
    sending_queue: {
      enabled: true,
      num_consumers: 10,
      queue_size: 64 * 1024 * 1024,
      sizer: 'bytes',
      block_on_overflow: true,
      wait_for_result: false,
      storage: 'none',
      batch: { enabled: true, min_size: 1024 * 1024, max_size: 1024 * 1024, flush_timeout: 200 },
      ...queue,
    },
  };
}

export const HOST = {
  fatal: (error: unknown) => {
    throw error;
  },
  finished: () => undefined,
};

/** A source with receipts: `open()` makes one that the caller holds, `lowWater` counts those done. */
export function receipts(): ReceiptBook<number> {
  return new ReceiptBook<number>(0);
}
