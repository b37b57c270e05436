/** A process that reads a file and says how much memory that took. */
import { type Context, createLog, createMatcher, Meter, systemClock } from '../../../core/index.ts';
import { jsonlReceiver } from '../../../receivers/jsonl/index.ts';

const meter = new Meter();
const context: Context = {
  id: 'jsonl',
  log: createLog({ level: 'info', encoding: 'json', write: (l) => void process.stderr.write(l), now: Date.now }),
  clock: systemClock,
  meter,
  random: Math.random,
  matcher: createMatcher(new Uint8Array(32)),
  build: { name: 'test', version: '0' },
};
const config = {
  ...{ path: process.argv[2], include: [], exclude: [], mode: 'replay', speed: 0, max_gap: 0, poll_interval: 250 },
  ...{ max_line_size: 16 << 20, batch_size: 256, batch_bytes: 1 << 20, validate: 'border' },
};
const ids: string[] = [];
const receiver = jsonlReceiver.create(context, config as never, {
  consume: async (batch) => {
    if (batch.signal === 'events') ids.push(...batch.events.map((e) => e.event_id));
  },
});
const baseMb = process.resourceUsage().maxRSS / 1024;
await new Promise<void>((finished, fatal) => {
  receiver.start({ finished, fatal }).catch(fatal);
});
await receiver.shutdown(new AbortController().signal);
const tooLong = meter.samples().find((s) => s.labels['reason'] === 'too_long')?.value;
process.stdout.write(JSON.stringify({ ids, tooLong, rssMb: process.resourceUsage().maxRSS / 1024, baseMb }));
