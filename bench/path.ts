/**
 * The whole path, JSONL file to OTLP protobuf over loopback HTTP, against a plain JSON.parse of the same lines: CPU per input byte of
 * whole processes, run in turn. Also peak memory over ten times the input.
 *   npm run build && npx tsx bench/path.ts [--megabytes 60] [--rounds 3]
 * With redaction the built program is measured as it is run; without, where no config would be accepted, the same chain of components.
 * Bars: 5x without redaction, 6x with redaction in full mode, peak RSS under 300 MB and flat. Ends with 1 when one is missed.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeMix } from './mix.ts';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '60' }, rounds: { type: 'string', default: '3' } },
});
const megabytes = Number(values.megabytes);

interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
}

const folder = mkdtempSync(join(tmpdir(), 'oisp-bench-'));
const sink = createServer((request, response) => {
  request.resume();
  request.on('end', () => response.end());
});
sink.listen(0, '127.0.0.1');
await once(sink, 'listening');
const endpoint = `http://127.0.0.1:${(sink.address() as AddressInfo).port}`;

async function run(kind: string, file: string): Promise<Usage> {
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'path-run.ts'), kind, file, endpoint],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += String(chunk);
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${kind} ended with ${String(code)}`);
  return JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Usage;
}

function median(list: readonly number[]): number {
  return [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)] ?? Number.NaN;
}

let missed = 0;
try {
  const small = join(folder, 'mix.jsonl');
  const made = writeMix(small, { megabytes });
  const kinds = ['parse', 'none', 'full'] as const;
  const cpu: Record<(typeof kinds)[number], number[]> = { parse: [], none: [], full: [] };
  const rss: Record<string, number> = {};
  for (let round = 0; round < Number(values.rounds); round++) {
    for (const kind of kinds) {
      const usage = await run(kind, small);
      cpu[kind].push(usage.cpuMs);
      rss[kind] = Math.max(rss[kind] ?? 0, usage.rssMb);
    }
  }
  const base = median(cpu.parse);
  const row = (name: string, bar: number, kind: 'none' | 'full'): void => {
    const ratio = median(cpu[kind].map((ms, i) => ms / (cpu.parse[i] ?? base)));
    const verdict = ratio <= bar ? 'good' : 'MISSED';
    if (ratio > bar) missed++;
    console.log(
      `${name.padEnd(34)} ${(median(cpu[kind]) / 1000).toFixed(2)} cpu-s  ${ratio.toFixed(2)}x parse  bar ${bar}x  ${verdict}`,
    );
  };
  console.log(`${(made.bytes / 1e6).toFixed(0)} MB, ${made.lines} lines; median of ${values.rounds}`);
  console.log(`${'plain JSON.parse of the lines'.padEnd(34)} ${(base / 1000).toFixed(2)} cpu-s  1.00x`);
  row('whole path, no redaction', 5, 'none');
  row('whole path, redact in full mode', 6, 'full');
  const large = join(folder, 'mix10.jsonl');
  writeMix(large, { megabytes: megabytes * 10 });
  const big = await run('full', large);
  const flat = big.rssMb <= Math.max(1.25 * (rss['full'] ?? 0), 0);
  const isGood = big.rssMb < 300 && flat;
  if (!isGood) missed++;
  console.log(
    `peak RSS ${rss['full']?.toFixed(0)} MB, over 10x the input ${big.rssMb.toFixed(0)} MB  bar 300 MB, flat  ${isGood ? 'good' : 'MISSED'}`,
  );
} finally {
  sink.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed > 0 ? 1 : 0;
