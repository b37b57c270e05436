import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test } from 'vitest';
import { skipsWhere } from '../require.ts';
import { recordedLines, repo, workFolder } from './lab.ts';
import { type Ended, start } from './program.ts';

const folder = workFolder();
afterAll(() => folder.remove());

const recorded = `${recordedLines().join('\n')}\n`;
/** A user without rights. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;

/** Whether every user may reach a folder. */
function isOpenToAll(path: string): boolean {
  const isOpen = (statSync(path).mode & 0o005) === 0o005;
  return isOpen && (dirname(path) === path || isOpenToAll(dirname(path)));
}

let files = 0;

function fileWith(text: string): string {
  const path = join(folder.path, `in-${files++}.jsonl`);
  writeFileSync(path, text);
  return path;
}

interface Output extends Ended {
  readonly spans: number;
}

interface How {
  readonly receiver?: object;
  readonly uid?: number;
  /** Called when the program has opened the file. */
  readonly during?: () => void;
}

/** Until a process has a file open; where /proc does not say, a second. */
async function untilOpen(pid: number | undefined, path: string, isOver: () => boolean): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  if (!existsSync(folder)) return sleep(1000);
  const isOpen = (): boolean => {
    try {
      return readdirSync(folder).some((fd) => readlinkSync(join(folder, fd)) === path);
    } catch {
      return false; // a descriptor was closed in between, or the process has ended
    }
  };
  while (!isOver() && !isOpen()) await sleep(2);
}

/** Runs the program over a path, with all counters printed at its end. */
async function collect(path: string, { receiver = {}, uid, during }: How = {}): Promise<Output> {
  const out = join(folder.path, `out-${files++}.jsonl`);
  const config = {
    receivers: { jsonl: { path, ...receiver } },
    processors: { decode: {}, redact: {}, correlate: {} },
    exporters: { jsonl: { path: out, format: 'otlp_json' } },
    service: {
      pipelines: {
        traces: { receivers: ['jsonl'], processors: ['decode', 'redact', 'correlate'], exporters: ['jsonl'] },
      },
    },
  };
  const { child, ended } = start(['--config', `yaml:${JSON.stringify(config)}`, '--verbose'], uid);
  let isOver = false;
  let opened: Promise<void> | undefined;
  child.stderr?.on('data', (chunk: Buffer) => {
    // what looks at the file before the start has closed it by now
    if (during && chunk.includes('Everything is ready')) opened = untilOpen(child.pid, path, () => isOver).then(during);
  });
  const end = await ended;
  isOver = true;
  await opened;
  const spans = existsSync(out) ? (readFileSync(out, 'utf8').match(/"spanId"/g) ?? []).length : 0;
  return { ...end, spans };
}

/** Value of a printed counter with this label. */
function counted({ stderr }: Ended, name: string, reason: string): number {
  const line = stderr.split('\n').find((l) => l.includes(name) && l.includes(reason) && !l.startsWith('{'));
  return Number(/(\d+)\s*$/.exec(line ?? '')?.[1] ?? Number.NaN);
}

describe.concurrent('bad input through the program', () => {
  test('a line of 1 GB is left out and counted; the session behind it gives its tree', async () => {
    const path = fileWith('');
    const file = openSync(path, 'r+');
    ftruncateSync(file, 1_000_000_000); // without blocks on the disk
    writeSync(file, `\n${recorded}`, 1_000_000_000);
    closeSync(file);
    const ended = await collect(path);
    expect(ended.code, ended.stderr).toBe(0);
    expect(counted(ended, 'oisp_jsonl_bad_lines', 'too_long')).toBe(1);
    expect(ended.spans).toBeGreaterThan(80);
  });

  test('JSON 20,000 levels deep is left out and counted', async () => {
    const deep = `{"event_id":"x","event_type":"a.b","ts":"2026-11-20T10:00:00Z","data":${'{"a":['.repeat(10_000)}1${']}'.repeat(10_000)}}\n`;
    const ended = await collect(fileWith(deep + recorded));
    expect(ended.code, ended.stderr).toBe(0);
    expect(counted(ended, 'oisp_jsonl_bad_lines', 'too_deep')).toBe(1);
    expect(ended.spans).toBeGreaterThan(80);
  });

  test('a directory and a named pipe end the start with their cause, at once', async () => {
    const directory = join(folder.path, 'a-directory');
    mkdirSync(directory);
    const pipe = join(folder.path, 'a-pipe');
    execFileSync('mkfifo', [pipe]);
    for (const [path, why] of [
      [directory, 'it is a directory'],
      [pipe, 'it is a named pipe'],
      [join(folder.path, 'missing'), 'there is no such file'],
    ] as const) {
      const ended = await collect(path);
      expect(ended.code).toBe(1);
      expect(ended.stderr).toContain('receivers::jsonl::path: cannot be read');
      expect(ended.stderr).toContain(why);
    }
  });

  // root may read everything, so another user runs it, who must get at the program
  test.skipIf(skipsWhere(isRoot && !isOpenToAll(resolve(repo)), 'no other user may read the folder of this clone'))(
    'a file that may not be read ends the start with its cause',
    async () => {
      const path = fileWith(recorded);
      chmodSync(path, 0);
      const ended = await collect(path, isRoot ? { uid: NOBODY } : {});
      expect(ended.code, ended.stderr).toBe(1);
      expect(ended.stderr).toContain('this user may not read it');
    },
  );

  test('a file that vanishes while it is read is read to its end', async () => {
    const path = fileWith(recorded);
    const ended = await collect(path, { receiver: { speed: 3, batch_size: 8 }, during: () => unlinkSync(path) });
    expect(existsSync(path)).toBe(false);
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.spans).toBeGreaterThan(80);
  });

  test('a file that is cut while it is read gives what came before', async () => {
    const path = fileWith(recorded);
    appendFileSync(path, recorded.slice(0, 1)); // a torn last line
    const ended = await collect(path, { receiver: { speed: 3, batch_size: 8 }, during: () => writeFileSync(path, '') });
    expect(ended.code, ended.stderr).toBe(0);
  });
});
