import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import {
  type Clock,
  type Consumer,
  type Context,
  createLog,
  createMatcher,
  type EventsBatch,
  type Host,
  type Log,
  Meter,
  systemClock,
} from '../../../core/index.ts';
import type { Config } from '../../../receivers/jsonl/config.ts';

const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A folder that is removed after the test. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'oisp-jsonl-'));
  folders.push(path);
  return path;
}

export interface Kit {
  readonly context: Context;
  readonly meter: Meter;
  readonly lines: string[];
  /** Value of a counter, whatever its other labels. */
  count(name: string, reason?: string): number;
}

export function kit(clock: Clock = systemClock): Kit {
  const meter = new Meter();
  const lines: string[] = [];
  const log: Log = createLog({ level: 'debug', encoding: 'json', write: (l) => lines.push(l), now: () => 0 });
  const context: Context = {
    id: 'jsonl',
    log,
    clock,
    meter,
    random: () => 0.5,
    matcher: createMatcher(new Uint8Array(32)),
    build: { name: 'test', version: '0' },
  };
  return {
    context,
    meter,
    lines,
    count: (name, reason) =>
      meter
        .samples()
        .filter((s) => s.name === name && (reason === undefined || s.labels['reason'] === reason))
        .reduce((sum, s) => sum + s.value, 0),
  };
}

/** A whole config with the defaults of the schema. */
export function configOf(given: Partial<Config>): Config {
  return {
    include: [],
    exclude: [],
    mode: 'replay',
    speed: 0,
    max_gap: 10_000,
    poll_interval: 10,
    max_line_size: 16 << 20,
    batch_size: 256,
    batch_bytes: 1 << 20,
    validate: 'border',
    ...given,
  };
}

/** A host that says when the receiver is done. */
export function hostOf(): Host & { readonly done: Promise<void> } {
  let finished = (): void => {};
  let fatal = (_: unknown): void => {};
  const done = new Promise<void>((resolve, reject) => {
    finished = resolve;
    fatal = reject;
  });
  return { done, finished, fatal };
}

/** Takes all, releasing nothing of its own. `until(n)` resolves when n events are there. */
export class Sink implements Consumer {
  readonly batches: EventsBatch[] = [];
  #waiting: (() => void)[] = [];

  async consume(batch: Parameters<Consumer['consume']>[0]): Promise<void> {
    if (batch.signal !== 'events') throw new Error('only events come from here');
    this.batches.push(batch);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  get ids(): string[] {
    return this.batches.flatMap((b) => b.events.map((e) => e.event_id));
  }

  async until(n: number): Promise<void> {
    while (this.ids.length < n) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

export function line(id: string | number, more: object = {}): string {
  return `${JSON.stringify({
    oisp_version: '0.1',
    event_id: `e${id}`,
    event_type: 'process.exit',
    ts: '2026-11-20T10:00:00.000000001Z',
    source: { collector: 'test' },
    confidence: { level: 'high', completeness: 'full' },
    data: { exit_code: 0 },
    ...more,
  })}\n`;
}

export function linesOf(from: number, to: number): string {
  let text = '';
  for (let i = from; i < to; i++) text += line(i);
  return text;
}

export function idsOf(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, i) => `e${from + i}`);
}
