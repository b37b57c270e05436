import { spawnSync } from 'node:child_process';
import { closeSync, ftruncateSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Counts } from '../../../receivers/jsonl/counts.ts';
import type { Input } from '../../../receivers/jsonl/input.ts';
import { LineReader } from '../../../receivers/jsonl/line-reader.ts';
import { folder, kit, line } from './kit.ts';

const RUNS = Number(process.env['OISP_FUZZ'] ?? 20_000);
const LIMITS = { maxLineBytes: 4096, batchEvents: 256, batchBytes: 1 << 20, isChecked: true };

/** Bytes as an input. */
function inputOf(chunks: Buffer[]): Input {
  return { isCut: false, read: async () => chunks.shift(), close: async () => {} };
}

describe('bad input', () => {
  test('mutated lines end in events or counted refusals, one for each line', async () => {
    const seeds = [
      line(0, { event_type: 'capture.data', data: { conn: '1', dir: 'sent', seq: 0, offset: 0, b64: 'AAAA' } }),
      line(1, { event_type: 'ai.request', data: { request_id: 'r', messages: [{ role: 'user', content: 'é😀' }] } }),
      line(2, { process: { pid: 1, start_time: '2026-11-20T10:00:00Z' }, ts_mono: 5 }),
    ].map((l) => Buffer.from(l.trimEnd()));
    const mutation = fc.record({
      seed: fc.nat(seeds.length - 1),
      edits: fc.array(fc.tuple(fc.nat(), fc.constantFrom('set', 'drop', 'double'), fc.nat(255)), { maxLength: 4 }),
    });
    const perRun = 20;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(mutation, { minLength: perRun, maxLength: perRun }), async (all) => {
        const lines = all.map(({ seed, edits }) => mutate(seeds[seed] ?? Buffer.alloc(0), edits));
        const on = kit();
        const bytes = Buffer.concat(lines.map((l) => Buffer.concat([l, Buffer.from('\n')])));
        const reader = new LineReader(
          inputOf([bytes]),
          { offset: 0, line: 0 },
          0,
          LIMITS,
          new Counts(on.context),
          on.context.log,
        );
        let events = 0;
        const chunks = { left: 10, isEnd: false };
        for (;;) {
          const filled = await reader.fill(chunks, new AbortController().signal);
          if (filled === undefined) break;
          events += filled.events.length;
        }
        const empty = lines.filter((l) => /^[ \t\r]*(#|$)/.test(l.toString('latin1'))).length;
        expect(events + on.count('oisp_jsonl_bad_lines') + empty).toBe(perRun);
        refused += on.count('oisp_jsonl_bad_lines');
      }),
      { seed: 3, numRuns: Math.ceil(RUNS / perRun) },
    );
    expect(refused).toBeGreaterThan(RUNS / 10);
  });

  test('deep JSON is a counted refusal', async () => {
    const deep = `{"event_id":"x","event_type":"a","ts":"2026-11-20T10:00:00Z","data":${'{"a":['.repeat(10_000)}1${']}'.repeat(10_000)}}\n`;
    const on = kit();
    const limits = { ...LIMITS, maxLineBytes: 1 << 20 };
    const input = inputOf([Buffer.from(deep + line(1))]);
    const reader = new LineReader(input, { offset: 0, line: 0 }, 0, limits, new Counts(on.context), on.context.log);
    const filled = await reader.fill({ left: 10, isEnd: false }, new AbortController().signal);
    expect(filled?.events.map((e) => e.event_id)).toEqual(['e1']);
    expect(on.count('oisp_jsonl_bad_lines', 'too_deep')).toBe(1);
  });

  test('a line of 1 GB is left out in bounded memory and the next one is read', () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, line(0));
    const file = openSync(path, 'r+');
    const size = 1_000_000_000;
    ftruncateSync(file, size);
    writeSync(file, `\n${line(1)}`, size);
    closeSync(file);
    const script = fileURLToPath(new URL('./memory.ts', import.meta.url));
    const run = spawnSync(process.execPath, ['--import', 'tsx', script, path], { encoding: 'utf8' });
    expect(run.stderr).not.toContain('Error');
    const { ids, tooLong, rssMb, baseMb } = JSON.parse(run.stdout);
    expect(ids).toEqual(['e0', 'e1']);
    expect(tooLong).toBe(1);
    expect(rssMb - baseMb).toBeLessThan(100);
  });
});

function mutate(bytes: Buffer, edits: readonly (readonly [number, string, number])[]): Buffer {
  let now = Buffer.from(bytes);
  for (const [place, what, value] of edits) {
    const at = place % Math.max(1, now.length);
    if (what === 'set') now[at] = value === 10 ? 11 : value;
    else if (what === 'drop') now = Buffer.concat([now.subarray(0, at), now.subarray(at + 1 + (value & 15))]);
    else now = Buffer.concat([now.subarray(0, at), now.subarray(Math.max(0, at - value)), now.subarray(at)]);
  }
  return now;
}
