/**
 * Makes the shipped recording anew: runs the demo agent under strace with the tap preloaded, against the local model server, and writes
 * configs/demo/session.jsonl.gz and configs/demo/session.truth.json. Usage: npx tsx test/agent/record.ts [OUTPUT_DIR]
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { readTap, records } from './compose.ts';
import { effectsOf } from './effects.ts';
import { prepare, repo, root, runSession } from './stage.ts';
import { readTrace } from './strace.ts';

const out = resolve(process.argv[2] ?? join(repo, 'configs/demo'));
const stage = prepare();
const { harness, project } = stage;
const traceDir = mkdtempSync(join(tmpdir(), 'oisp-trace-'));
try {
  // one offset for the whole recording: the wall clock is not stepped within it
  const offset =
    BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n - process.hrtime.bigint();
  await runSession(stage, traceDir);
  const lines = records(effectsOf(readTrace(traceDir, 't'), { cwd: project, harness }), readTap(harness), offset);
  const text = `${lines.join('\n')}\n`;
  const leak = [repo, traceDir].find((path) => text.includes(path));
  if (leak) throw new Error(`the recording holds a path of this machine: ${leak}`);
  mkdirSync(out, { recursive: true });
  const packed = gzipSync(text, { level: 9 });
  writeFileSync(join(out, 'session.jsonl.gz'), packed);
  const truth = readFileSync(join(harness, 'truth.json'), 'utf8');
  const biome = join(repo, 'node_modules/.bin/biome');
  // in the form that `biome check` asks of every file of the repo
  writeFileSync(
    join(out, 'session.truth.json'),
    execFileSync(biome, ['format', '--stdin-file-path=configs/demo/session.truth.json'], { cwd: repo, input: truth }),
  );
  console.log(`${lines.length} records, ${text.length} bytes, ${packed.length} packed -> ${out}`);
} finally {
  rmSync(traceDir, { recursive: true, force: true });
  rmSync(root, { recursive: true, force: true });
}
