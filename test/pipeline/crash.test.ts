import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { skipsWithoutData } from '../require.ts';
import { captureBy, recording, sharedTools, workFolder } from './lab.ts';
import { type Ended, start } from './program.ts';

const folder = workFolder();
afterAll(() => folder.remove());

/** Numbers from 0 to 1 that are the same in every run (a linear congruence). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

interface Case {
  readonly name: string;
  readonly input: string;
  /** A pace at which the input takes some seconds. */
  readonly pace: object;
}

function configOf({ input, pace }: Case, out: string, more: object): string {
  const config = {
    receivers: { jsonl: { path: input, batch_size: 64, ...more } },
    // short windows, so that the first checkpoints stand in the middle
    processors: {
      decode: { reorder_window: '200ms' },
      redact: { mode: 'full' },
      correlate: { reorder_window: '500ms' },
    },
    exporters: {
      'jsonl/events': { path: `${out}.events`, format: 'oisp', flush_interval: '20ms' },
      'jsonl/spans': { path: `${out}.spans`, format: 'otlp_json', flush_interval: '20ms' },
    },
    service: {
      pipelines: {
        traces: {
          receivers: ['jsonl'],
          processors: ['decode', 'redact', 'correlate'],
          exporters: ['jsonl/events', 'jsonl/spans'],
        },
      },
    },
  };
  const path = `${out}.yaml`;
  writeFileSync(path, JSON.stringify('checkpoint' in more ? { ...config, receivers: withPace(config, pace) } : config));
  return path;
}

function withPace(config: { readonly receivers: { readonly jsonl: object } }, pace: object): object {
  return { jsonl: { ...config.receivers.jsonl, ...pace } };
}

/** Runs to the end, or to a SIGKILL so many milliseconds after the program said that it is ready: later than its first checkpoint. */
async function run(config: string, killAfterMs?: number): Promise<Ended> {
  const { child, ended } = start(['--config', config]);
  if (killAfterMs !== undefined) {
    child.stderr?.on('data', (chunk: Buffer) => {
      if (chunk.includes('Everything is ready')) setTimeout(() => child.kill('SIGKILL'), killAfterMs);
    });
  }
  return ended;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

function linesOf(path: string): string[] {
  return existsSync(path)
    ? readFileSync(path, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
    : [];
}

/** Every span as its ids, its parent and its name. */
function spansIn(out: string): Set<string> {
  const spans = new Set<string>();
  for (const line of linesOf(`${out}.spans`)) {
    const { resourceSpans } = JSON.parse(line) as {
      readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[] }[];
    };
    for (const { scopeSpans } of resourceSpans)
      for (const scope of scopeSpans)
        for (const s of scope.spans) spans.add(`${s.traceId} ${s.spanId} < ${s.parentSpanId ?? 'root'} ${s.name}`);
  }
  return spans;
}

function eventsIn(out: string): Set<string> {
  return new Set(linesOf(`${out}.events`).map((line) => (JSON.parse(line) as { event_id: string }).event_id));
}

function minus(a: ReadonlySet<string>, b: ReadonlySet<string>): string[] {
  return [...a].filter((item) => !b.has(item));
}

const cases: Case[] = [{ name: 'the shipped recording', input: recording, pace: { speed: 2 } }];
for (const [name, speed, ...args] of [
  [
    'agents that come and go',
    18,
    '--agents',
    '40',
    '--duration',
    '60',
    '--only',
    'tool-loop,parallel-tools,plain-chat',
  ],
  ['eight agents, seen from their middle on', 30, '--agents', '8', '--duration', '20', '--late', '0.7'],
] as const) {
  const input = await captureBy('simulate-agents.mjs', join(folder.path, name), '--seed', '7', ...args);
  if (input !== undefined) cases.push({ name, input, pace: { speed, max_gap: '500ms' } });
}

describe('SIGKILL in the middle, with a checkpoint', () => {
  test.skipIf(skipsWithoutData('../shared/tools', sharedTools))('the simulated captures are there', () =>
    expect(cases).toHaveLength(3),
  );

  test.concurrent.each(cases)('$name: the spans of all runs together are those of one run', async (of) => {
    const whole = join(folder.path, `${of.name}-whole`);
    expect(await run(configOf(of, whole, {}))).toMatchObject({ code: 0 });
    const out = join(folder.path, `${of.name}-killed`);
    const config = configOf(of, out, { checkpoint: `${out}.state` });
    const random = numbers(5);
    let kills = 0;
    for (let round = 0; round < 2; round++) {
      const { code, stderr } = await run(config, 1050 + Math.floor(random() * 950));
      if (code === undefined) kills++;
      else expect(code, stderr).toBe(0);
      if (code === 0) break;
    }
    const last = await run(config);
    expect(last.code, last.stderr).toBe(0);
    expect(kills).toBe(2);
    expect(minus(spansIn(whole), spansIn(out))).toEqual([]);
    expect(minus(spansIn(out), spansIn(whole))).toEqual([]);
    expect(minus(eventsIn(whole), eventsIn(out))).toEqual([]);
  });
});
