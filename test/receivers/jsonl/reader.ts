/** A process that reads a file with a checkpoint and prints what it was handed, slowly enough to be killed in between. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Context, createLog, createMatcher, Meter, systemClock } from '../../../core/index.ts';
import { jsonlReceiver } from '../../../receivers/jsonl/index.ts';

const [path = '', checkpoint = '', mode = 'replay'] = process.argv.slice(2);
const context: Context = {
  id: 'jsonl',
  log: createLog({ level: 'info', encoding: 'json', write: (l) => void process.stderr.write(l), now: Date.now }),
  // the checkpoint is due at every batch
  clock: { ...systemClock, after: (_, run) => systemClock.after(1, run) },
  meter: new Meter(),
  random: Math.random,
  matcher: createMatcher(new Uint8Array(32)),
  build: { name: 'test', version: '0' },
};
const config = {
  ...{
    path,
    include: [],
    exclude: [],
    mode,
    start_at: 'beginning',
    speed: 0,
    max_gap: 0,
    poll_interval: 250,
    checkpoint,
  },
  ...{ max_line_size: 1 << 20, batch_size: 10, batch_bytes: 1 << 20, validate: 'border' },
};
const receiver = jsonlReceiver.create(context, config as never, {
  consume: async (batch) => {
    if (batch.signal !== 'events') return;
    const reread = batch.receipts?.[0]?.reread === true;
    await new Promise((resolve) => {
      process.stdout.write(`${JSON.stringify({ ids: batch.events.map((e) => e.event_id), reread })}\n`, resolve);
    });
    await sleep(2);
  },
});
await new Promise<void>((finished, fatal) => {
  receiver.start({ finished, fatal }).catch(fatal);
});
await receiver.shutdown(new AbortController().signal);
process.stdout.write('done\n');
