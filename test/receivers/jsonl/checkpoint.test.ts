import { spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Consumer, Receipt } from '../../../core/index.ts';
import type { Config } from '../../../receivers/jsonl/config.ts';
import { JsonlReceiver } from '../../../receivers/jsonl/receiver.ts';
import { configOf, folder, hostOf, idsOf, kit, line, linesOf, Sink } from './kit.ts';

const never = new AbortController().signal;

async function replay(config: Partial<Config>, next: Consumer): Promise<void> {
  const receiver = new JsonlReceiver(kit().context, configOf(config), next);
  const host = hostOf();
  await receiver.start(host);
  await host.done;
  await receiver.shutdown(never);
}

/** Keeps the receipts that `keeps` says, as a stage with state would. */
class Keeper extends Sink {
  readonly kept: Receipt[] = [];
  readonly #keeps: (id: string) => boolean;

  constructor(keeps: (id: string) => boolean) {
    super();
    this.#keeps = keeps;
  }

  override async consume(batch: Parameters<Sink['consume']>[0]): Promise<void> {
    await super.consume(batch);
    if (batch.signal !== 'events' || !batch.events.some((e) => this.#keeps(e.event_id))) return;
    for (const receipt of batch.receipts ?? []) {
      receipt.hold();
      this.kept.push(receipt);
    }
  }
}

function rereadOf(sink: Sink): boolean[] {
  return sink.batches.map((b) => b.receipts?.[0]?.reread === true);
}

describe('checkpoint', () => {
  test('what was delivered is not read again, what is new is', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const checkpoint = join(dir, 'state');
    writeFileSync(path, linesOf(0, 1000));
    await replay({ path, checkpoint }, new Sink());
    expect(statSync(checkpoint).mode & 0o777).toBe(0o600);
    expect(readdirSync(dir).sort()).toEqual(['a.jsonl', 'state']);
    writeFileSync(path, linesOf(1000, 1100), { flag: 'a' });
    const again = new Sink();
    await replay({ path, checkpoint }, again);
    expect(again.ids).toEqual(idsOf(1000, 1100));
    expect(rereadOf(again)).toEqual([false]);
  });

  test('reading goes on at the lowest held stretch; what lies up to the highest one read is marked as read before', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const checkpoint = join(dir, 'state');
    writeFileSync(path, linesOf(0, 1000));
    await replay({ path, checkpoint, batch_size: 100 }, new Keeper((id) => id === 'e250'));
    writeFileSync(path, linesOf(1000, 1200), { flag: 'a' });
    const again = new Sink();
    await replay({ path, checkpoint, batch_size: 300 }, again);
    expect(again.ids).toEqual(idsOf(200, 1200));
    expect(again.batches.map((b) => b.events.length)).toEqual([300, 300, 200, 200]);
    expect(rereadOf(again)).toEqual([true, true, true, false]);
  });

  test('receipts that come back after the shutdown still move the checkpoint', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const checkpoint = join(dir, 'state');
    writeFileSync(path, linesOf(0, 100));
    const keeper = new Keeper(() => true);
    await replay({ path, checkpoint, batch_size: 10 }, keeper);
    for (const receipt of keeper.kept) receipt.release();
    await Promise.resolve();
    const again = new Sink();
    await replay({ path, checkpoint }, again);
    expect(again.ids).toEqual([]);
  });

  test('another file under the same inode number is read whole', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const checkpoint = join(dir, 'state');
    writeFileSync(path, linesOf(0, 10));
    await replay({ path, checkpoint }, new Sink());
    writeFileSync(path, linesOf(50, 70));
    const again = new Sink();
    await replay({ path, checkpoint }, again);
    expect(again.ids).toEqual(idsOf(50, 70));
  });

  test('following goes on where it was, through a rename while nobody looked', async () => {
    const { renameSync } = await import('node:fs');
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const config = configOf({
      mode: 'follow',
      include: [`${path}*`],
      checkpoint: join(dir, 'state'),
      start_at: 'beginning',
    });
    writeFileSync(path, linesOf(0, 10));
    const first = new Sink();
    const one = new JsonlReceiver(kit().context, config, first);
    await one.start(hostOf());
    await first.until(10);
    await one.shutdown(never);
    writeFileSync(path, linesOf(10, 20), { flag: 'a' });
    renameSync(path, `${path}.1`);
    writeFileSync(path, linesOf(20, 30));
    const second = new Sink();
    const two = new JsonlReceiver(kit().context, config, second);
    await two.start(hostOf());
    await second.until(20);
    await two.shutdown(never);
    expect(new Set(second.ids)).toEqual(new Set(idsOf(10, 30)));
    expect(second.ids).toHaveLength(20);
  });

  test('a broken checkpoint is an error at the start, not a second reading', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const checkpoint = join(dir, 'state');
    writeFileSync(path, line(0));
    for (const text of ['{', '[]', '{"version":2}', '{"version":1,"files":[{}]}']) {
      writeFileSync(checkpoint, text);
      await expect(replay({ path, checkpoint }, new Sink())).rejects.toThrow('JSONL_CHECKPOINT');
    }
  });

  test('a checkpoint that cannot be written is counted and said once, and reading goes on', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    writeFileSync(path, linesOf(0, 10));
    mkdirSync(join(dir, 'gone'));
    const on = kit();
    const sink = new Sink();
    const receiver = new JsonlReceiver(on.context, configOf({ path, checkpoint: join(dir, 'gone/state') }), sink);
    const host = hostOf();
    await receiver.start(host);
    await host.done;
    rmSync(join(dir, 'gone'), { recursive: true });
    await receiver.shutdown(never);
    await receiver.shutdown(never);
    expect(sink.ids).toEqual(idsOf(0, 10));
    expect(on.count('oisp_jsonl_file_errors', 'checkpoint')).toBe(2);
    expect(on.lines.filter((l) => l.includes('checkpoint cannot'))).toHaveLength(1);
  });

  test('SIGKILL in the middle loses nothing, and what is read twice is marked', async () => {
    const dir = folder();
    const path = join(dir, 'a.jsonl');
    const checkpoint = join(dir, 'state');
    const total = 3000;
    writeFileSync(path, linesOf(0, total));
    const seen = new Map<string, number>();
    for (let round = 0, reads = 0; round < 20; round++) {
      const { printed, isDone } = await killed(path, checkpoint, round < 3 ? 40 : Number.POSITIVE_INFINITY);
      const state = round === 0 ? 0 : reads;
      for (const { ids, reread } of printed) {
        for (const id of ids) {
          const n = Number(id.slice(1));
          // marked lines were read before; the state file may be older than the crash, so others may have been read too
          if (reread) expect(n).toBeLessThan(state);
          seen.set(id, (seen.get(id) ?? 0) + 1);
          reads = Math.max(reads, n + 1);
        }
      }
      if (isDone) break;
      const text = readFileSync(checkpoint, 'utf8');
      expect(JSON.parse(text)).toMatchObject({ version: 1 });
    }
    expect(seen.size).toBe(total);
  });
});

interface Printed {
  readonly ids: readonly string[];
  readonly reread: boolean;
}

/** Runs a receiver in a process of its own and kills it after so many batches. */
async function killed(
  path: string,
  checkpoint: string,
  after: number,
): Promise<{ printed: Printed[]; isDone: boolean }> {
  const script = fileURLToPath(new URL('./reader.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', 'tsx', script, path, checkpoint], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const printed: Printed[] = [];
  let isDone = false;
  for await (const text of createInterface({ input: child.stdout })) {
    if (text === 'done') isDone = true;
    else printed.push(JSON.parse(text) as Printed);
    if (printed.length >= after) child.kill('SIGKILL');
  }
  return { printed, isDone };
}
