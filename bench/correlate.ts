/**
 * `correlate` with 10, 1,000 and 100,000 live conversations: CPU per event beside a plain pass-through of the same events, and memory. Each
 * size in a process of its own; what making the events costs is measured there as well and taken off. Run:
 *   npm run build && npx tsx bench/correlate.ts [--sizes 10,1000,100000]
 * Linear in what is live: CPU per event and bytes per conversation at 100,000 at most FLAT times those at 1,000. Flat in history: both at most
 * HISTORY times as much after ten times the events. The rest of the growth is the memory's: what is live no longer fits into caches, and
 * is looked at by the garbage collector. Ends with 1 when a bar is missed.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Batch, Component, Consumer, Context } from '../core/index.ts';
import { Load } from './correlate-load.ts';

/** Against 100 times as many conversations. Making the events, which looks at one conversation at a time, grows by as much. */
const FLAT = 3;
const HISTORY = 1.25;
const BATCH = 256;
const PER_PROCESS = 5;
/** Events that compile the code. */
const COMPILING = 100_000;
/** Events before anything is measured: every conversation is open. */
const WARM = 200_000;
const MEASURED = 300_000;
/** For the two runs of which one has a longer history. */
const OLD = { conversations: 200, events: 100_000, measured: 50_000, times: 10 };

const { values } = parseArgs({
  options: {
    sizes: { type: 'string', default: '10,1000,100000' },
    one: { type: 'string' },
    warm: { type: 'string', default: String(WARM) },
    measured: { type: 'string', default: String(MEASURED) },
  },
});

interface Figures {
  readonly conversations: number;
  /** Microseconds of CPU for an event. */
  readonly made: number;
  readonly passed: number;
  readonly correlated: number;
  readonly heapBytes: number;
  readonly rssBytes: number;
}

// ---------------------------------------------------------------- one size, in a process of its own
async function measure(conversations: number, warm: number, measured: number): Promise<Figures> {
  const { BUILD, createMatcher, Meter } = await built<typeof import('../core/index.ts')>('core/index.js');
  const { configFor, makeHost } = await built<typeof import('../core/testing/index.ts')>('core/testing/index.js');
  const { correlateProcessor } = await built<typeof import('../processors/correlate/index.ts')>(
    'processors/correlate/index.js',
  );
  const silent = { debug() {}, info() {}, warn() {}, error() {}, with: () => silent };
  const context: Context = {
    id: 'correlate',
    log: silent,
    // no silence to watch for
    clock: { now: () => 0, after: () => () => {}, sleep: async () => {} },
    meter: new Meter(),
    random: () => 0.5,
    matcher: createMatcher(Buffer.alloc(32, 7)),
    build: BUILD,
  };
  const begin = async (): Promise<Component & Consumer> => {
    const node = correlateProcessor.create(context, configFor(correlateProcessor.schema), sink);
    await node.start(makeHost());
    return node;
  };
  const sink = new Sink();
  const make = async (events: number, next: Consumer | undefined, load: Load): Promise<number> => {
    const before = process.cpuUsage();
    let made = 0;
    while (made < events) {
      const batch = load.next(BATCH);
      made += batch.length;
      await next?.consume({ signal: 'events', events: batch });
    }
    const { user, system } = process.cpuUsage(before);
    return (user + system) / made;
  };
  const collect = collector();
  // what is taken off, and what it is compared with, twice: the first time compiles
  let made = 0;
  let passed = 0;
  for (let i = 0; i < 2; i++) {
    made = await make(measured, undefined, new Load(conversations, PER_PROCESS));
    passed = await passing(new PassThrough(sink), new Load(conversations, PER_PROCESS));
  }
  const compiling = await begin();
  await make(COMPILING, compiling, new Load(100, PER_PROCESS));
  await compiling.shutdown(AbortSignal.timeout(60_000));
  const load = new Load(conversations, PER_PROCESS);
  collect();
  const before = process.memoryUsage().heapUsed;
  const node = await begin();
  await make(warm, node, load);
  const whole = await make(measured, node, load);
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  await node.shutdown(AbortSignal.timeout(600_000));
  return { conversations, made, passed, correlated: whole - made, heapBytes: heapUsed - before, rssBytes: rss };
}

/** The same few events again and again: making them would cost more than passing them on. */
async function passing(node: Consumer, load: Load): Promise<number> {
  const batches = Array.from({ length: 40 }, () => load.next(BATCH));
  const before = process.cpuUsage();
  let passed = 0;
  while (passed < 10 * MEASURED) {
    for (const events of batches) {
      await node.consume({ signal: 'events', events });
      passed += events.length;
    }
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / passed;
}

/** Hands on a copy of each event: what any processor does at least. */
class PassThrough implements Consumer {
  readonly #next: Consumer;
  constructor(next: Consumer) {
    this.#next = next;
  }
  async consume(batch: Batch): Promise<void> {
    if (batch.signal === 'events') await this.#next.consume({ ...batch, events: batch.events.map((e) => ({ ...e })) });
  }
}

class Sink implements Consumer {
  taken = 0;
  async consume(batch: Batch): Promise<void> {
    this.taken += batch.signal === 'spans' ? batch.spans.length : batch.events.length;
  }
}

function collector(): () => void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  return () => {
    gc();
    gc();
  };
}

/** As it is built: a loader that compiles on the fly leaves marks in the code that cost time. */
async function built<T>(path: string): Promise<T> {
  return (await import(new URL(`../dist/${path}`, import.meta.url).href)) as T;
}

// ---------------------------------------------------------------- all of them
function figuresOf(conversations: number, warm: number, measured: number): Figures {
  const node = ['--max-old-space-size=8192', '--import', 'tsx', import.meta.filename];
  const args = ['--one', String(conversations), '--warm', String(warm), '--measured', String(measured)];
  const out = execFileSync(process.execPath, [...node, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(out.trim().split('\n').at(-1) ?? '{}') as Figures;
}

function report(sizes: readonly number[]): void {
  console.log('microseconds of CPU for an event: making it, passing it on, correlating it');
  const head = ['live', 'events before', 'making', 'passing', 'correlating', 'events/CPU-s', 'ratio'];
  print([...head, 'heap MB', 'KB each', 'RSS MB']);
  let missed = 0;
  const of = (size: number, warm: number, measured: number): Figures => {
    const f = figuresOf(size, warm, measured);
    const us = [f.made, f.passed, f.correlated].map((x) => x.toFixed(2));
    const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
    const cpu = [...us, Math.round(1e6 / f.correlated), (f.correlated / f.passed).toFixed(0)];
    print([size, warm, ...cpu, mb(f.heapBytes), (f.heapBytes / size / 1000).toFixed(1), mb(f.rssBytes)]);
    return f;
  };
  const bar = (text: string, ratio: number, most: number): void => {
    if (!(ratio <= most)) missed++;
    console.log(`${text}: ${ratio.toFixed(2)} (bar ${most})${ratio <= most ? '' : '  MISSED'}`);
  };
  // every conversation is open after one round of at most 12 events a call
  const figures = sizes.map((size) => of(size, Math.max(WARM, size * 12), MEASURED));
  const { conversations, events, measured, times } = OLD;
  const young = of(conversations, events - measured, measured);
  const old = of(conversations, times * events - measured, measured);
  const [small, large] = figures.slice(-2);
  if (small && large) {
    const sizesOf = `${large.conversations} to ${small.conversations} conversations`;
    bar(`CPU of an event, ${sizesOf}`, large.correlated / small.correlated, FLAT);
    const each = (f: Figures): number => f.heapBytes / f.conversations;
    bar(`memory of each, ${sizesOf}`, each(large) / each(small), FLAT);
  }
  bar(`CPU of an event, after ${times} times the events`, old.correlated / young.correlated, HISTORY);
  bar(`memory, after ${times} times the events`, old.heapBytes / young.heapBytes, HISTORY);
  process.exitCode = missed === 0 ? 0 : 1;
}

function print(cells: readonly (string | number)[]): void {
  console.log(cells.map((cell, i) => String(cell).padStart(i === 0 ? 8 : 14)).join(''));
}

if (values.one === undefined) report(values.sizes.split(',').map(Number));
else console.log(JSON.stringify(await measure(Number(values.one), Number(values.warm), Number(values.measured))));
