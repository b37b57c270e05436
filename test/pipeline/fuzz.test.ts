import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { loadRegistry } from '../../cli/registry.ts';
import { loadService } from '../../core/index.ts';
import { edgesOf, onHost, type Ran, recordedLines, repo, throughLines } from './lab.ts';
import { Dice, mutatedBytes, mutatedLine, mutatedOrder, mutatedValue } from './mutate.ts';

/** Mutations in all; shared out below. */
const TOTAL = Number(process.env['OISP_FUZZ'] ?? 20_000);
/** Stands in every line that is mutated, so that a log line with a part of one is seen. */
const MARK = 'zebraquartz';
const TIMEOUT_MS = 30_000 + TOTAL / 2;

/** What a record holds as far as the mutations go. */
interface Record_ {
  readonly event_type: string;
  readonly process: { readonly pid: number };
  readonly data: { readonly [key: string]: unknown };
}

interface Bytes {
  readonly conn: string;
  readonly dir: string;
  readonly seq: number;
  readonly offset: number;
  readonly b64: string;
}

const lines = recordedLines();
const marked = lines.map((line) => Buffer.from(line.replace('"data":{', `"attrs":{"note":"${MARK}"},"data":{`)));
const records = lines.map((line) => JSON.parse(line) as Record_);
const markedRecords = marked.map((line) => JSON.parse(line.toString('utf8')) as unknown);
/** The same session on another host: nothing that was mutated is about it. */
const good = onHost(lines, 1);
let goodEdges: string[] = [];
beforeAll(async () => {
  goodEdges = edgesOf((await throughLines(good)).spans);
  expect(goodEdges.length).toBeGreaterThan(80);
});

/** Runs garbage with the good session behind it, and says what is wrong with how that ended. */
async function faultsBehind(garbage: readonly (string | Buffer)[]): Promise<string[]> {
  const ran = await throughLines([...garbage, ...good]);
  const faults = ran.fatals.map((error) => `fatal: ${String(error)}`);
  for (const name of [
    'oisp_decode_retries',
    'oisp_decode_dropped_events',
    'oisp_correlate_dropped',
    'oisp_jsonl_refused_events',
    'oisp_jsonl_consume_retries',
  ])
    if (ran.count(name) > 0) faults.push(`${name} ${ran.count(name)}`);
  const empty = garbage.filter((line) => /^[ \t\r]*(#|$)/.test(line.toString('latin1'))).length;
  const known = ran.count('oisp_jsonl_events') + ran.count('oisp_jsonl_bad_lines') + empty;
  if (known !== garbage.length + good.length) faults.push(`${known} of ${garbage.length + good.length} lines known`);
  faults.push(...leaks(ran));
  const edges = new Set(edgesOf(ran.spans));
  const missing = goodEdges.filter((edge) => !edges.has(edge));
  if (missing.length > 0)
    faults.push(`${missing.length} of ${goodEdges.length} edges of the good session are missing: ${missing[0]}`);
  return faults;
}

function leaks({ log }: Ran): string[] {
  const found = log.find((line) => line.includes(MARK) || line.includes('DEMOKEY') || line.length > 1000);
  return found === undefined ? [] : [`content in the log: ${found.slice(0, 200)}`];
}

/** Runs `once` with dice of fixed seeds until it has made so many mutations. */
async function mutating(seed: number, mutations: number, once: (dice: Dice) => Promise<number>): Promise<void> {
  let made = 0;
  const draws = fc.sample(fc.integer(), { seed, numRuns: 100_000 });
  for (const draw of draws) {
    if (made >= mutations) return;
    made += await once(new Dice(draw));
  }
  throw new Error('the draws are used up');
}

describe('mutated input', () => {
  test(
    'lines: bits, cuts, repetitions, wrong types, depth',
    async () => {
      await mutating(1, TOTAL * 0.4, async (dice) => {
        const garbage = Array.from({ length: 800 }, () => {
          if (dice.below(2) === 0) return mutatedLine(dice.pick(marked), dice);
          return JSON.stringify(mutatedValue(dice.pick(markedRecords), dice)) ?? '';
        });
        expect(await faultsBehind(garbage)).toEqual([]);
        return garbage.length;
      });
    },
    TIMEOUT_MS,
  );

  test(
    'bytes of connections: heads, chunks, event streams, gzip, bodies',
    async () => {
      await mutating(2, TOTAL * 0.3, async (dice) => {
        let made = 0;
        const share = dice.pick([1, 2, 4, 16, 64]);
        const keepsOffsets = dice.below(4) === 0;
        const moved = new Map<string, number>();
        const session = (): string[] =>
          records.map((record, at) => {
            if (record.event_type !== 'capture.data') return lines[at] ?? '';
            const data = record.data as unknown as Bytes;
            const key = `${record.process.pid} ${data.conn} ${data.dir}`;
            const bytes = Buffer.from(data.b64, 'base64');
            const edits = dice.below(share) === 0 ? 1 + dice.below(3) : 0;
            const now = mutatedBytes(bytes, dice, edits);
            made += edits;
            const shift = moved.get(key) ?? 0;
            moved.set(key, shift + now.length - bytes.length);
            const offset = keepsOffsets ? data.offset : data.offset + shift;
            return JSON.stringify({ ...record, data: { ...data, offset, b64: now.toString('base64') } });
          });
        // one good session behind several bad ones
        const garbage = [2, 3, 4, 5].flatMap((host) => {
          moved.clear();
          return onHost(session(), host);
        });
        expect(await faultsBehind(garbage)).toEqual([]);
        return Math.max(made, 1);
      });
    },
    TIMEOUT_MS,
  );

  test(
    'records: lost, doubled, out of order',
    async () => {
      await mutating(3, TOTAL * 0.1, async (dice) => {
        let garbage = lines;
        const times = 1 + dice.below(300);
        for (let i = 0; i < times; i++) garbage = mutatedOrder(garbage, dice);
        expect(await faultsBehind(garbage)).toEqual([]);
        return times;
      });
    },
    TIMEOUT_MS,
  );

  test(
    'configs: every text gives a config or problems with their places',
    async () => {
      const registry = await loadRegistry();
      const folder = join(repo, 'configs');
      const texts = readdirSync(folder)
        .filter((name) => name.endsWith('.yaml'))
        .map((name) => readFileSync(join(folder, name)));
      let [good, bad] = [0, 0];
      await mutating(4, TOTAL * 0.2, async (dice) => {
        const edits = 1 + dice.below(8);
        const bytes = mutatedBytes(dice.pick(texts), dice, edits);
        const { config, problems } = await loadService({
          sources: ['a.yaml'],
          sets: [],
          registry,
          env: {},
          cwd: folder,
          readFile: async () => bytes.toString('utf8'),
        });
        if (config === undefined) {
          bad++;
          expect(problems.length).toBeGreaterThan(0);
          for (const { message } of problems) expect(message.length).toBeGreaterThan(0);
        } else good++;
        return edits;
      });
      expect(good).toBeGreaterThan(0);
      expect(bad).toBeGreaterThan(0);
    },
    TIMEOUT_MS,
  );

  test('memory stays bounded', () => {
    // all of the above ran in this process
    expect(process.memoryUsage().rss / 2 ** 20).toBeLessThan(1200);
  });
});
