import { spawn } from 'node:child_process';
import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../../../core/index.ts';
import { type FileState, loadStates } from '../../../receivers/jsonl/checkpoint.ts';
import type { Config } from '../../../receivers/jsonl/config.ts';
import { searchMoved } from '../../../receivers/jsonl/moved.ts';
import { JsonlReceiver } from '../../../receivers/jsonl/receiver.ts';
import { configOf, folder, hostOf, idsOf, type Kit, kit, line, linesOf, Sink } from './kit.ts';

const never = new AbortController().signal;

interface Place {
  readonly dir: string;
  readonly path: string;
  readonly checkpoint: string;
  readonly config: Config;
}

function place(more: Partial<Config> = {}): Place {
  const root = folder();
  const dir = join(root, 'rot');
  mkdirSync(dir);
  const checkpoint = join(root, 'state');
  const config = configOf({ mode: 'follow', include: [`${dir}/*.jsonl`], checkpoint, ...more });
  return { dir, path: join(dir, 'a.jsonl'), checkpoint, config };
}

/** One run of a follower: it ends when `n` events were read. */
async function run(config: Config, n: number): Promise<{ sink: Sink; on: Kit }> {
  const on = kit();
  const sink = new Sink();
  const receiver = new JsonlReceiver(on.context, config, sink);
  await receiver.start(hostOf());
  await sink.until(n);
  await receiver.shutdown(never);
  return { sink, on };
}

/** A first run that has read ten lines of `a.jsonl`. */
async function readTen({ path, config }: Place): Promise<void> {
  writeFileSync(path, linesOf(0, 10));
  await run({ ...config, start_at: 'beginning' }, 10);
}

const missing = (on: Kit): number[] => [count(on, 'files'), count(on, 'bytes')];
const count = (on: Kit, what: string): number => on.count(`oisp_jsonl_missing_${what}`);
const told = (on: Kit): string[] => on.lines.filter((text) => text.includes('while nobody looked; what'));

describe('a file that was renamed out of the patterns while the collector was down', () => {
  test('is read from the stored place on, before the new file under its name, which is read whole', async () => {
    const at = place({ batch_size: 1 });
    await readTen(at);
    appendFileSync(at.path, linesOf(10, 13));
    renameSync(at.path, `${at.path}.1`);
    writeFileSync(at.path, linesOf(13, 20));
    const { sink, on } = await run(at.config, 10);
    expect(sink.ids).toEqual(idsOf(10, 20));
    expect(missing(on)).toEqual([0, 0]);
    expect(on.lines.some((text) => text.includes('renamed while nobody looked'))).toBe(true);
    expect((await run(at.config, 0)).sink.ids).toEqual([]);
  });

  test('is read before all others even when it is longer than one turn', async () => {
    const at = place();
    await readTen(at);
    const pad = 'x'.repeat(1 << 20);
    for (let i = 10; i < 18; i++) appendFileSync(at.path, line(i, { data: { exit_code: 0, pad } }));
    renameSync(at.path, `${at.path}.1`);
    writeFileSync(at.path, linesOf(18, 20));
    expect((await run(at.config, 10)).sink.ids).toEqual(idsOf(10, 20));
  });

  test('goes on where it was after a second stop in the middle of it', async () => {
    const at = place({ batch_size: 1 });
    await readTen(at);
    appendFileSync(at.path, linesOf(10, 200));
    renameSync(at.path, `${at.path}.1`);
    const first = (await run(at.config, 5)).sink.ids;
    expect(first.length).toBeLessThan(190);
    const second = (await run(at.config, 190 - first.length)).sink.ids;
    expect([...first, ...second]).toEqual(idsOf(10, 200));
  });

  test('is found behind a symbolic link', async () => {
    const at = place();
    const pod = join(at.dir, 'pod');
    mkdirSync(pod);
    symlinkSync(join(pod, '0.log'), at.path);
    await readTen(at);
    appendFileSync(at.path, linesOf(10, 13));
    renameSync(join(pod, '0.log'), join(pod, '0.log.1'));
    writeFileSync(join(pod, '0.log'), linesOf(13, 15));
    expect((await run(at.config, 5)).sink.ids).toEqual(idsOf(10, 15));
  });

  test('is read on after SIGKILL, too', async () => {
    const at = place();
    writeFileSync(at.path, linesOf(0, 1000));
    const before = await killedFollower(at, 300);
    appendFileSync(at.path, linesOf(1000, 1003));
    renameSync(at.path, `${at.path}.1`);
    writeFileSync(at.path, linesOf(1003, 1010));
    const state = (await loadStates(at.checkpoint))[0] as FileState;
    const { sink } = await run(at.config, 1010 - state.low.line);
    expect(sink.ids).toEqual(idsOf(state.low.line, 1010));
    expect(state.low.line).toBeGreaterThan(0);
    expect(new Set([...before, ...sink.ids]).size).toBe(1010);
  });
});

function replace({ path }: Place): void {
  rmSync(path);
  writeFileSync(path, linesOf(50, 51));
}

function truncate({ path }: Place): void {
  copyFileSync(path, `${path}.1`);
  truncateSync(path);
}

describe('a file of the checkpoint that is not found', () => {
  test.each<[string, (at: Place) => void]>([
    ['removed', ({ path }) => rmSync(path)],
    ['removed, with another one under its name', replace],
    ['moved to another folder', ({ path, dir }) => renameSync(path, join(dir, '..', 'a.jsonl'))],
    ['truncated', truncate],
    ['overwritten', ({ path }) => writeFileSync(path, linesOf(50, 90))],
  ])('(%s) is told and counted once', async (_, lose) => {
    const at = place();
    await readTen(at);
    lose(at);
    const { on } = await run(at.config, 0);
    expect([missing(on), told(on).length]).toEqual([[1, 0], 1]);
    expect(JSON.parse(told(on)[0] ?? '')).toMatchObject({ path: at.path, missing_bytes: 'not known' });
    const { on: again } = await run(at.config, 0);
    expect([missing(again), told(again)]).toEqual([[0, 0], []]);
  });

  test('counts the bytes that were read and not delivered', async () => {
    const at = place();
    await readTen(at);
    const state = JSON.parse(readFileSync(at.checkpoint, 'utf8')) as { files: { low: object; high: number }[] };
    for (const file of state.files) file.low = { offset: file.high - 100, line: 9 };
    writeFileSync(at.checkpoint, JSON.stringify(state));
    rmSync(at.path);
    const { on } = await run(at.config, 0);
    expect(missing(on)).toEqual([1, 100]);
    expect(told(on)[0]).toContain('100 or more');
  });

  test('goes on at its place when it comes back', async () => {
    const at = place();
    await readTen(at);
    const away = join(at.dir, '..', 'away');
    renameSync(at.path, away);
    await run(at.config, 0);
    appendFileSync(away, linesOf(10, 12));
    renameSync(away, at.path);
    expect((await run(at.config, 2)).sink.ids).toEqual(idsOf(10, 12));
  });

  test('is not missed when it was read to its end after it lost its name, or is not asked for any more', async () => {
    const at = place();
    const isLeft = (): boolean =>
      existsSync(at.checkpoint) && readFileSync(at.checkpoint, 'utf8').includes('"gone":true');
    writeFileSync(at.path, linesOf(0, 10));
    const config = { ...at.config, start_at: 'beginning' as const };
    const { context } = kit({ ...systemClock, after: (_, write) => systemClock.after(1, write) });
    const sink = new Sink();
    const receiver = new JsonlReceiver(context, config, sink);
    await receiver.start(hostOf());
    await sink.until(10);
    rmSync(at.path);
    while (!isLeft()) await new Promise<void>((resolve) => setImmediate(resolve));
    await receiver.shutdown(never);
    expect(missing((await run(config, 0)).on)).toEqual([0, 0]);

    const other = place();
    await readTen(other);
    rmSync(other.path);
    expect(missing((await run({ ...other.config, include: [`${other.dir}/b*`] }, 0)).on)).toEqual([0, 0]);
    expect(missing((await run({ ...other.config, exclude: [other.path] }, 0)).on)).toEqual([0, 0]);
  });
});

test('the search looks at so many files of a folder and says when there are more', async () => {
  const at = place();
  await readTen(at);
  renameSync(at.path, `${at.path}.1`);
  for (let i = 0; i < 3; i++) writeFileSync(join(at.dir, `${i}`), '');
  const states = await loadStates(at.checkpoint);
  expect(await searchMoved(states)).toMatchObject({ found: [{ path: `${at.path}.1` }], missing: [] });
  expect(await searchMoved(states, 0)).toMatchObject({
    found: [],
    missing: [{ why: 'its folder has more than 0 files; no more are looked at' }],
  });
  rmSync(at.dir, { recursive: true });
  expect(await searchMoved(states)).toMatchObject({ found: [], missing: [{ why: 'its folder cannot be read' }] });
});

/** Follows in a process of its own and kills it after so many events and a first state file; gives the ids that were read. */
async function killedFollower({ path, checkpoint }: Place, events: number): Promise<string[]> {
  const script = fileURLToPath(new URL('./reader.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, path, checkpoint, 'follow'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ids: string[] = [];
  for await (const text of createInterface({ input: child.stdout })) {
    ids.push(...(JSON.parse(text) as { ids: string[] }).ids);
    if (ids.length >= events) child.kill('SIGKILL');
  }
  return ids;
}
