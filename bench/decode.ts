/**
 * CPU of `decode` beside `JSON.parse` of the same bodies, turn by turn in one process: requests of 23 KB, answers streamed as server-sent
 * events in reads of 250 bytes, the same over HTTP/2 and in gzip (inflation is timed apart and taken off). Each load has a process of its own:
 * else the collector of garbage would go through the records of the others too. A ratio is the median of those of the rounds, in which both come
 * first once: a busy machine slows both, and who comes second collects the garbage of the other. What `decode` does beyond parsing, from framing
 * to match keys and events, is on its side; `JSON.parse` gets its texts whole. Requests of which nothing was sent before are shown without the
 * bar: agents send one such a conversation, and each of its messages is digested. Prints one table; ends with 1 when one of the others costs more
 * than 1.5 times its bodies. Run: `npm run build && npx tsx bench/decode.ts`.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import type { OispEvent } from '../core/index.ts';
import { type Load, loads } from './decode-loads.ts';

/** As it is built: a loader that compiles on the fly leaves marks in the code that cost time. */
async function built<T>(path: string): Promise<T> {
  return await import(new URL(`../dist/${path}`, import.meta.url).href);
}
const { createMatcher, Meter } = await built<typeof import('../core/index.ts')>('core/index.js');
const { Counters } = await built<typeof import('../processors/decode/counters.ts')>('processors/decode/counters.js');
const { Decoder } = await built<typeof import('../processors/decode/decoder.ts')>('processors/decode/decoder.js');
const { flavours } = await built<typeof import('../processors/decode/flavours/index.ts')>(
  'processors/decode/flavours/index.js',
);

const BAR = 1.5;
const ROUNDS = 21;
/** Rounds before any is measured: a collector runs for long, and CPU counts the compiler's threads too. */
const WARM_ROUNDS = 60;
const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };

/** Microseconds of CPU. */
function cpu(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

function decode(events: readonly OispEvent[]): number {
  const decoder = new Decoder({
    reorderWindowMs: 2000,
    maxConnections: 10_000,
    maxConnectionBytes: 64 << 20,
    maxTotalBytes: 256 << 20,
    maxBodyBytes: 16 << 20,
    flavours,
    counters: new Counters(new Meter(), silent, 'decode'),
    matcher: createMatcher(Buffer.alloc(32, 7)),
  });
  let made = 0;
  for (let at = 0; at < events.length; at += 256) made += decoder.push(events.slice(at, at + 256)).events.length;
  return made + decoder.finish().events.length;
}

const median = (of: number[]): number => of.sort((a, b) => a - b)[of.length >> 1] ?? 0;

/** Whether it is within the bar. */
function measure(load: Load): boolean {
  const made = decode(load.events);
  if (made < load.expected) console.log(`${load.name}: ${made} events of ${load.expected}`);
  const ours: number[] = [];
  const parse: number[] = [];
  const inflate: number[] = [];
  const decodeAll = (): number => cpu(() => decode(load.events));
  const parseAll = (): number =>
    cpu(() => {
      for (const body of load.bodies) JSON.parse(body.toString());
    });
  for (let round = 0; round < ROUNDS; round++) {
    // who comes second finds the other's garbage: both do
    const first = [decodeAll(), parseAll()] as const;
    const second = [parseAll(), decodeAll()] as const;
    ours.push((first[0] + second[1]) / 2);
    parse.push((first[1] + second[0]) / 2);
    inflate.push(cpu(load.inflate));
  }
  const ratio = median(ours.map((a, i) => (a - (inflate[i] ?? 0)) / (parse[i] ?? 1)));
  const [a, b, c] = [median(ours), median(parse), median(inflate)];
  const bytes = load.bodies.reduce((sum, body) => sum + body.length, 0);
  const per = (us: number): string => ((us * 1000) / bytes).toFixed(2).padStart(9);
  console.log(
    `${load.name.padEnd(34)} ${(bytes / 1e6).toFixed(1).padStart(6)} ${per(a)} ${per(b)} ${per(c)} ${ratio.toFixed(2).padStart(8)}`,
  );
  return load.hasNoBar === true || ratio <= BAR;
}

const all = await loads();
const { values } = parseArgs({ options: { one: { type: 'string' } } });
if (values.one === undefined) {
  console.log(
    `${'CPU, ns a byte of JSON'.padEnd(34)}     MB    decode     parse   inflate    ratio   bar ${BAR} (decode - inflate : parse)`,
  );
  const inOwnProcess = (at: number): boolean => {
    const args = ['--import', 'tsx', import.meta.filename, '--one', String(at)];
    const [line = '', isWithin = ''] = execFileSync(process.execPath, args, { encoding: 'utf8' }).split('\n');
    console.log(line);
    return isWithin === 'true';
  };
  process.exitCode = all.map((_, at) => inOwnProcess(at)).every(Boolean) ? 0 : 1;
} else {
  const load = all.splice(Number(values.one), 1)[0] as Load;
  all.length = 0;
  for (let round = 0; round < WARM_ROUNDS; round++) decode(load.events);
  console.log(measure(load));
}
