/**
 * What the jsonl receiver costs beside a plain JSON.parse of the same lines, in CPU per input byte.
 *
 *     npx tsx bench/jsonl.ts [MB] [ROUNDS]
 *
 * Rounds alternate between the two in fresh processes; the figure is the ratio of the least CPU of each. `small` are exits of processes,
 * `mix` adds model calls with histories and capture records of up to 16 KiB.
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Context, createLog, createMatcher, Meter, systemClock } from '../core/index.ts';
import { jsonlReceiver } from '../receivers/jsonl/index.ts';

interface Figures {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly events: number;
}

const [first = '', second = ''] = process.argv.slice(2);
if (first === 'parse') print(parse(second));
else if (first === 'receive') print(await receive(second));
else compare(Number(first || 100), Number(second || 5));

function print(figures: Figures): void {
  process.stdout.write(JSON.stringify(figures));
}

/** The yardstick: 1 MiB chunks, one string per line, JSON.parse. */
function parse(path: string): Figures {
  const file = openSync(path, 'r');
  const chunk = Buffer.alloc(1 << 20);
  let rest = Buffer.alloc(0);
  let events = 0;
  const from = process.cpuUsage();
  for (let n = readSync(file, chunk); n > 0; n = readSync(file, chunk)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, chunk.subarray(0, n)]) : chunk.subarray(0, n);
    let at = 0;
    for (let lf = bytes.indexOf(10); lf !== -1; lf = bytes.indexOf(10, at)) {
      const value: unknown = JSON.parse(bytes.toString('utf8', at, lf));
      if (value !== null) events++;
      at = lf + 1;
    }
    rest = Buffer.from(bytes.subarray(at));
  }
  closeSync(file);
  return figuresSince(from, events);
}

async function receive(path: string): Promise<Figures> {
  const log = createLog({
    level: 'error',
    encoding: 'json',
    write: (l) => void process.stderr.write(l),
    now: Date.now,
  });
  const matcher = createMatcher(new Uint8Array(32));
  const build = { name: 'bench', version: '0' };
  const context: Context = {
    id: 'jsonl',
    log,
    clock: systemClock,
    meter: new Meter(),
    random: Math.random,
    matcher,
    build,
  };
  let events = 0;
  const config = {
    ...{ include: [path], exclude: [], mode: 'replay', speed: 0, max_gap: 10_000, poll_interval: 250 },
    ...{ max_line_size: 16 << 20, batch_size: 256, batch_bytes: 1 << 20, validate: 'border' },
  };
  const receiver = jsonlReceiver.create(context, config as never, {
    consume: async (batch) => {
      if (batch.signal === 'events') events += batch.events.length;
    },
  });
  const from = process.cpuUsage();
  await new Promise<void>((finished, fatal) => {
    receiver.start({ finished, fatal }).catch(fatal);
  });
  const figures = figuresSince(from, events);
  await receiver.shutdown(new AbortController().signal);
  return figures;
}

function figuresSince(from: NodeJS.CpuUsage, events: number): Figures {
  const { user, system } = process.cpuUsage(from);
  return { cpuMs: (user + system) / 1000, rssMb: Math.round(process.resourceUsage().maxRSS / 1024), events };
}

function compare(mb: number, rounds: number): void {
  const folder = mkdtempSync(join(tmpdir(), 'oisp-bench-'));
  try {
    for (const kind of ['small', 'mix'] as const) {
      const path = join(folder, kind);
      generate(path, kind, mb << 20);
      const size = statSync(path).size / 1e6;
      const best = { parse: Number.POSITIVE_INFINITY, receive: Number.POSITIVE_INFINITY };
      let rssMb = 0;
      for (let round = 0; round < rounds; round++)
        for (const what of ['parse', 'receive'] as const) {
          const figures = inProcess(what, path);
          best[what] = Math.min(best[what], figures.cpuMs);
          if (what === 'receive') rssMb = Math.max(rssMb, figures.rssMb);
        }
      const rate = (ms: number): string => `${(size / (ms / 1000)).toFixed(0)} MB/s`;
      const ratio = (best.receive / best.parse).toFixed(2);
      process.stdout.write(
        `${kind}: ${size.toFixed(0)} MB, JSON.parse ${rate(best.parse)}, receiver ${rate(best.receive)} of CPU, ratio ${ratio}, RSS ${rssMb} MB\n`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function inProcess(what: string, path: string): Figures {
  const run = spawnSync(process.execPath, ['--import', 'tsx', fileURLToPath(import.meta.url), what, path], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (run.status !== 0) throw new Error(`${what} ended with ${run.status}`);
  return JSON.parse(run.stdout) as Figures;
}

function generate(path: string, kind: 'small' | 'mix', bytes: number): void {
  const file = openSync(path, 'w');
  const words = 'the quick brown fox jumps over a lazy dog and reads the file again "quoted" with\nline feeds '.repeat(
    8,
  );
  for (let written = 0, i = 0; written < bytes; i++) {
    const envelope = {
      oisp_version: '0.1',
      event_id: `01K${String(i).padStart(23, '0')}`,
      ts: `2026-11-20T10:00:00.${String(i % 1_000_000_000).padStart(9, '0')}Z`,
      ts_mono: i * 1000,
      process: { pid: 41, exe: '/usr/bin/node', name: 'node', start_time: '2026-11-20T09:00:00Z' },
      source: { collector: 'oisp-collector', capture_method: 'ebpf_uprobe' },
      confidence: { level: 'high', completeness: 'full' },
    };
    written += writeSync(
      file,
      `${JSON.stringify({ ...envelope, ...body(kind === 'small' ? 0 : i % 10, i, words) })}\n`,
    );
  }
  closeSync(file);
}

function body(which: number, i: number, words: string): object {
  if (which < 6) return { event_type: 'process.exit', data: { exit_code: 0, runtime_ms: i % 1000 } };
  if (which < 9) {
    const b64 = Buffer.alloc(1024 << (which - 5), i).toString('base64');
    return { event_type: 'capture.data', data: { conn: '41-1', dir: 'sent', seq: i, offset: i * 100, b64 } };
  }
  const messages = Array.from({ length: 12 }, (_, n) => ({
    role: n % 2 === 0 ? 'user' : 'assistant',
    content: words,
    parts: [{ type: 'text', content: words }],
  }));
  const data = { request_id: `r${i}`, provider: { name: 'openai' }, model: { id: 'gpt-4o' }, request_type: 'chat' };
  return { event_type: 'ai.request', data: { ...data, streaming: true, messages } };
}
