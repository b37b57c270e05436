/**
 * The whole path, JSONL file to OTLP protobuf over loopback HTTP, against a plain JSON.parse of the same lines: CPU per input byte of
 * whole processes, run in turn. Also peak memory over ten times the input.
 *   npm run build && npx tsx bench/path.ts [--megabytes 100] [--rounds 3]
 * The mix is half a recording of OISP events, half one of captured bytes. The second half alone costs more against JSON.parse than the first:
 * a line of base64 is parsed without being looked at, and all the work is in what it holds. Both halves are shown by themselves.
 * With redaction the built program is measured as it is run; without, where no config would be accepted, the same chain of components.
 * Bars: 5x without redaction, 6x with redaction in full mode, peak RSS under 300 MB and flat. Ends with 1 when one is missed.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, createReadStream, createWriteStream, mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { writeMix } from './mix.ts';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '100' }, rounds: { type: 'string', default: '3' } },
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

/** Recordings of one host each: captured bytes, OISP events, and both one after the other. */
async function recordings(name: string, size: number): Promise<{ captured: string; events: string; both: string }> {
  const at = (kind: string): string => join(folder, `${name}-${kind}.jsonl`);
  const paths = { captured: at('captured'), events: at('events'), both: at('both') };
  writeMix(paths.captured, { megabytes: size / 2, seed: 1 });
  writeMix(paths.both, { megabytes: size / 2, seed: 2 });
  const program = [
    join(import.meta.dirname, '../dist/cli/main.js'),
    '--config',
    join(import.meta.dirname, 'events.yaml'),
  ];
  execFileSync(process.execPath, program, { env: { ...process.env, OISP_IN: paths.both, OISP_OUT: paths.events } });
  copyFileSync(paths.captured, paths.both);
  // in a stream: the peak memory of a process starts with what its parent holds
  await pipeline(createReadStream(paths.events), createWriteStream(paths.both, { flags: 'a' }));
  return paths;
}

let missed = 0;
try {
  const small = await recordings('small', megabytes);
  const kinds = ['parse', 'none', 'full'] as const;
  const rss: number[] = [];
  const measure = async (
    name: string,
    file: string,
    rounds: number,
    bars?: readonly [number, number],
  ): Promise<void> => {
    const ratios = { none: [] as number[], full: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      const cpu = { parse: 0, none: 0, full: 0 };
      for (const kind of kinds) {
        const usage = await run(kind, file);
        cpu[kind] = usage.cpuMs;
        if (kind === 'full') rss.push(usage.rssMb);
      }
      ratios.none.push(cpu.none / cpu.parse);
      ratios.full.push(cpu.full / cpu.parse);
    }
    const verdict = (ratio: number, bar: number | undefined): string => {
      if (bar === undefined) return '';
      if (ratio > bar) missed++;
      return `  bar ${bar}x ${ratio > bar ? 'MISSED' : 'good'}`;
    };
    const [none, full] = [median(ratios.none), median(ratios.full)];
    console.log(
      `${name.padEnd(26)} ${`${(statSync(file).size / 1e6).toFixed(0)} MB`.padStart(7)}  no redaction ${none.toFixed(2)}x${verdict(none, bars?.[0])}  full ${full.toFixed(2)}x${verdict(full, bars?.[1])}`,
    );
  };
  console.log(`CPU against a plain JSON.parse of the same lines, median of ${values.rounds}`);
  await measure('mix', small.both, Number(values.rounds), [5, 6]);
  await measure('  captured bytes alone', small.captured, 1);
  await measure('  OISP events alone', small.events, 1);
  const large = await recordings('large', megabytes * 10);
  const big = await run('full', large.both);
  const flat = big.rssMb <= 1.25 * Math.max(...rss);
  const isGood = big.rssMb < 300 && flat;
  if (!isGood) missed++;
  console.log(
    `peak RSS ${Math.max(...rss).toFixed(0)} MB, over 10x the input ${big.rssMb.toFixed(0)} MB  bar 300 MB, flat ${isGood ? 'good' : 'MISSED'}`,
  );
} finally {
  sink.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = missed > 0 ? 1 : 0;
