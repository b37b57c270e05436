import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { type Consumer, PermanentError, RetryableError } from '../../../core/index.ts';
import type { Config } from '../../../receivers/jsonl/config.ts';
import { JsonlReceiver } from '../../../receivers/jsonl/receiver.ts';
import { configOf, folder, hostOf, idsOf, type Kit, kit, line, linesOf, Sink } from './kit.ts';

async function replay(config: Partial<Config>, next: Consumer, on: Kit = kit()): Promise<Kit> {
  const receiver = new JsonlReceiver(on.context, configOf(config), next);
  const host = hostOf();
  await receiver.start(host);
  await host.done;
  await receiver.shutdown(new AbortController().signal);
  return on;
}

describe('replay', () => {
  test('one file comes out whole, in order and in batches', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 1000));
    const sink = new Sink();
    const { count } = await replay({ path }, sink);
    expect(sink.ids).toEqual(idsOf(0, 1000));
    expect(sink.batches.map((b) => b.events.length)).toEqual([256, 256, 256, 232]);
    expect(sink.batches.every((b) => b.live === undefined && b.receipts?.length === 1)).toBe(true);
    expect(count('oisp_jsonl_events')).toBe(1000);
  });

  test('a batch ends by bytes too', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 10));
    const sink = new Sink();
    await replay({ path, batch_bytes: line(0).length * 2 }, sink);
    expect(sink.batches.map((b) => b.events.length)).toEqual([2, 2, 2, 2, 2]);
  });

  test('blank lines, comments, a byte order mark, CRLF and a last line without its end are read as they are meant', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, `\ufeff${line(0).replace('\n', '\r\n')}\n  \r\n# a comment\n${line(1)}${line(2).trimEnd()}`);
    const sink = new Sink();
    const { count } = await replay({ path }, sink);
    expect(sink.ids).toEqual(idsOf(0, 3));
    expect(count('oisp_jsonl_bad_lines')).toBe(0);
  });

  test('bad lines are counted by reason, and the first of a file is shown without its content', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, `${line(0)}SECRET\n{"event_id":1}\n[]\n"SECRET"\n${line(1)}`);
    const sink = new Sink();
    const on = await replay({ path }, sink);
    expect(sink.ids).toEqual(idsOf(0, 2));
    expect(on.count('oisp_jsonl_bad_lines', 'not_json')).toBe(1);
    expect(on.count('oisp_jsonl_bad_lines', 'event_id')).toBe(1);
    expect(on.count('oisp_jsonl_bad_lines', 'not_object')).toBe(2);
    const shown = on.lines.filter((l) => l.includes('"line"'));
    expect(shown).toHaveLength(1);
    expect(JSON.parse(shown[0] ?? '')).toMatchObject({ path, line: 2, reason: 'not_json' });
    expect(on.lines.join('')).not.toContain('SECRET');
  });

  test('files of a pattern are read in sorted order, without the excluded', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'x/y'), { recursive: true });
    writeFileSync(join(dir, 'b.jsonl'), line(2));
    writeFileSync(join(dir, 'a.jsonl'), line(1));
    writeFileSync(join(dir, 'x/y/c.jsonl'), line(3));
    writeFileSync(join(dir, 'not.jsonl'), line(4));
    const sink = new Sink();
    await replay({ include: [`${dir}/**/*.jsonl`], exclude: [`${dir}/n*`] }, sink);
    expect(sink.ids).toEqual(['e1', 'e2', 'e3']);
  });

  test('gzip is known by its name or its first bytes', async () => {
    const dir = folder();
    writeFileSync(join(dir, 'a.jsonl.gz'), gzipSync(linesOf(0, 500)));
    writeFileSync(join(dir, 'b.jsonl'), Buffer.concat([gzipSync(linesOf(500, 600)), gzipSync(linesOf(600, 700))]));
    const sink = new Sink();
    await replay({ include: [`${dir}/*`] }, sink);
    expect(sink.ids).toEqual(idsOf(0, 700));
  });

  test('a gzip file that was cut gives what arrived, and is counted', async () => {
    const path = join(folder(), 'a.jsonl.gz');
    const packed = gzipSync(linesOf(0, 20_000));
    writeFileSync(path, packed.subarray(0, packed.length >> 1));
    const sink = new Sink();
    const { count } = await replay({ path }, sink);
    expect(count('oisp_jsonl_file_errors', 'cut_gzip')).toBe(1);
    expect(sink.ids.length).toBeGreaterThan(5000);
    expect(sink.ids).toEqual(idsOf(0, sink.ids.length));
  });

  test.each(['directory', 'fifo', 'missing'] as const)('a %s is a clear error at the start', async (kind) => {
    const path = join(folder(), 'x');
    if (kind === 'directory') mkdirSync(path);
    if (kind === 'fifo') execFileSync('mkfifo', [path]);
    const receiver = new JsonlReceiver(kit().context, configOf({ path }), new Sink());
    await expect(receiver.start(hostOf())).rejects.toThrow(/JSONL_INPUT: cannot read .*\/x: /);
    await receiver.shutdown(new AbortController().signal);
  });

  test('a file without permission is a clear error at the start', async () => {
    const dir = folder();
    const path = join(dir, 'x');
    writeFileSync(path, line(0));
    chmodSync(dir, 0o755);
    chmodSync(path, 0);
    const receiver = new JsonlReceiver(kit().context, configOf({ path }), new Sink());
    const isRoot = process.geteuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534); // root may read everything
    try {
      await expect(receiver.start(hostOf())).rejects.toThrow('may not');
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  });

  test('what a pattern finds and cannot read is passed over and counted', async () => {
    const dir = folder();
    execFileSync('mkfifo', [join(dir, 'a.jsonl')]);
    writeFileSync(join(dir, 'b.jsonl'), line(0));
    const sink = new Sink();
    const { count } = await replay({ include: [`${dir}/*.jsonl`] }, sink);
    expect(sink.ids).toEqual(['e0']);
    expect(count('oisp_jsonl_file_errors', 'fifo')).toBe(1);
  });

  test('a batch that is not taken now is tried again until it is, and none is passed over', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 600));
    const sink = new Sink();
    const waits: number[] = [];
    let failures = 0;
    const on = kit({
      now: () => 0,
      after: () => () => {},
      sleep: async (ms) => {
        waits.push(ms);
      },
    });
    const consume: Consumer['consume'] = async (batch) => {
      if (failures++ % 3 === 0) throw new RetryableError('busy', { retryAfterMs: 7000 });
      if (failures % 3 === 2) throw new Error('foreign');
      await sink.consume(batch);
    };
    await replay({ path }, { consume }, on);
    expect(sink.ids).toEqual(idsOf(0, 600));
    expect(waits).toEqual([7000, 150, 7000, 150, 7000, 150]);
    expect(on.count('oisp_jsonl_consume_retries')).toBe(6);
  });

  test('a batch that is refused for good is counted and the next one is read', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 20));
    const sink = new Sink();
    let first = true;
    const consume: Consumer['consume'] = async (batch) => {
      if (first) {
        first = false;
        throw new PermanentError('no');
      }
      await sink.consume(batch);
    };
    const { count } = await replay({ path, batch_size: 10 }, { consume });
    expect(sink.ids).toEqual(idsOf(10, 20));
    expect(count('oisp_jsonl_refused_events')).toBe(10);
  });

  test('speed spreads events by their recorded times and caps the gaps', async () => {
    const path = join(folder(), 'a.jsonl');
    const at = (s: number): object => ({ ts: `2026-11-20T10:00:${String(s).padStart(2, '0')}.000Z` });
    writeFileSync(path, line(0, at(0)) + line(1, at(0)) + line(2, at(4)) + line(3, at(2)) + line(4, at(50)));
    let now = 1000;
    const seen: [number, string[]][] = [];
    const on = kit({
      now: () => now,
      after: () => () => {},
      sleep: async (ms) => {
        now += ms;
      },
    });
    const consume: Consumer['consume'] = async (batch) => {
      if (batch.signal === 'events') seen.push([now, batch.events.map((e) => e.event_id)]);
    };
    await replay({ path, speed: 2 }, { consume }, on);
    expect(seen).toEqual([
      [1000, ['e0', 'e1']],
      [3000, ['e2', 'e3']],
      [13_000, ['e4']],
    ]);
  });

  test('shutdown ends a wait of speed at once', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, line(0) + line(1, { ts: '2026-11-20T11:00:00Z' }));
    const sink = new Sink();
    const receiver = new JsonlReceiver(kit().context, configOf({ path, speed: 0.001, max_gap: 3_600_000 }), sink);
    await receiver.start(hostOf());
    await sink.until(1);
    await receiver.shutdown(new AbortController().signal);
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual(['e0']);
  });

  test('shutdown does not wait longer than its deadline for a consumer that hangs', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, line(0));
    let called = (): void => {};
    const isCalled = new Promise<void>((resolve) => {
      called = resolve;
    });
    const consume = (): Promise<void> => {
      called();
      return new Promise(() => {});
    };
    const receiver = new JsonlReceiver(kit().context, configOf({ path }), { consume });
    await receiver.start(hostOf());
    await isCalled;
    await receiver.shutdown(AbortSignal.abort());
  });
});

describe('follow', () => {
  async function follow(config: Partial<Config>, next: Consumer, on: Kit = kit()): Promise<JsonlReceiver> {
    const receiver = new JsonlReceiver(on.context, configOf({ mode: 'follow', ...config }), next);
    const host = hostOf();
    host.done.catch(() => {});
    await receiver.start(host);
    return receiver;
  }

  test('new lines come as they are written, an unfinished one when it is whole', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 3));
    const sink = new Sink();
    const receiver = await follow({ path }, sink);
    appendFileSync(path, line(3) + line(4).slice(0, 10));
    await sink.until(1);
    appendFileSync(path, line(4).slice(10));
    await sink.until(2);
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual(['e3', 'e4']);
    expect(sink.batches.every((b) => b.live === true)).toBe(true);
  });

  test('a line that is half written at the start is read whole', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 3) + line(3).slice(0, 10));
    const sink = new Sink();
    const receiver = await follow({ path }, sink);
    appendFileSync(path, line(3).slice(10));
    await sink.until(1);
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual(['e3']);
  });

  test('start_at beginning reads what is there', async () => {
    const path = join(folder(), 'a.jsonl');
    writeFileSync(path, linesOf(0, 3));
    const sink = new Sink();
    const receiver = await follow({ path, start_at: 'beginning' }, sink);
    await sink.until(3);
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual(idsOf(0, 3));
  });

  test('a rename with a new file under the old name loses nothing and repeats nothing', async () => {
    const { renameSync } = await import('node:fs');
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const sink = new Sink();
    const receiver = await follow({ include: [`${dir}/a.jsonl*`] }, sink);
    for (let round = 0; round < 3; round++) {
      writeFileSync(path, linesOf(round * 100, round * 100 + 50));
      await sink.until(round * 100 + 50);
      appendFileSync(path, linesOf(round * 100 + 50, round * 100 + 90));
      renameSync(path, `${path}.${round}`);
      appendFileSync(`${path}.${round}`, linesOf(round * 100 + 90, round * 100 + 100));
      await sink.until(round * 100 + 100);
    }
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual(idsOf(0, 300));
  });

  test('a file that is removed after its last lines is read to its end', async () => {
    const { rmSync } = await import('node:fs');
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    writeFileSync(path, line(0));
    const sink = new Sink();
    const receiver = await follow({ path, start_at: 'beginning' }, sink);
    await sink.until(1);
    appendFileSync(path, line(1) + line(2).trimEnd());
    rmSync(path);
    await sink.until(3);
    writeFileSync(path, line(3));
    await sink.until(4);
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual(idsOf(0, 4));
  });

  test('copytruncate is read from the begin again and counted, by size or by first bytes', async () => {
    const { copyFileSync, truncateSync } = await import('node:fs');
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const sink = new Sink();
    const on = kit();
    const receiver = await follow({ include: [`${dir}/a.jsonl*`] }, sink, on);
    writeFileSync(path, linesOf(0, 50));
    await sink.until(50);
    copyFileSync(path, `${path}.1`);
    truncateSync(path);
    appendFileSync(path, linesOf(50, 60));
    await sink.until(60);
    // as long as before, at once
    writeFileSync(path, linesOf(100, 200));
    await sink.until(160);
    await receiver.shutdown(new AbortController().signal);
    expect(sink.ids).toEqual([...idsOf(0, 60), ...idsOf(100, 200)]);
    expect(on.count('oisp_jsonl_truncations')).toBe(2);
  });

  test('a missing file is waited for; a directory is an error; a pipe under a pattern is counted', async () => {
    const dir = folder();
    const on = kit();
    execFileSync('mkfifo', [join(dir, 'p.jsonl')]);
    const sink = new Sink();
    const receiver = await follow({ include: [`${dir}/later`, `${dir}/*.jsonl`] }, sink, on);
    writeFileSync(join(dir, 'later'), line(0));
    await sink.until(1);
    await receiver.shutdown(new AbortController().signal);
    expect(on.count('oisp_jsonl_file_errors', 'fifo')).toBe(1);
    await expect(follow({ path: dir }, sink)).rejects.toThrow('directory');
  });
});
