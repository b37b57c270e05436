/** Every recorded exchange beside the repository in every framing and cut, and damaged, through `decode`. */
import { join } from 'node:path';
import { type Bench, each, must, readResult, share, tableOf } from './measuring.ts';

/** What score-decode.mjs writes with --json, as far as it is read here. */
interface Score {
  readonly calls_in_truth: number;
  readonly found: number;
  readonly spurious: number;
  readonly by_api: Readonly<Record<string, Tally>>;
  /** By kind of damage; `marked`: an event says that something is missing. */
  readonly damaged: Readonly<
    Record<string, { readonly calls: number; readonly found: number; readonly marked: number }>
  >;
}
interface Tally {
  readonly calls: number;
  readonly found: number;
  readonly n: number;
  readonly ok: number;
}
interface Case {
  readonly name: string;
  readonly args: readonly string[];
}
interface Measured {
  readonly name: string;
  readonly score: Score;
}

const whole: readonly Case[] = ['h1', 'h2', 'mix'].flatMap((proto) => [
  ...['whole', 'random', 'mtu', 'record'].map((split) => ({
    name: `${proto} ${split}`,
    args: ['--proto', proto, '--split', split],
  })),
  { name: `${proto} byte`, args: ['--proto', proto, '--split', 'byte', '--max', '100'] },
]);
const streams: readonly Case[] = ['whole', 'random', 'mtu'].map((split) => ({
  name: `h2 ${split}, 4 streams at once`,
  args: ['--proto', 'h2', '--streams', '4', '--split', split],
}));
const hostile: readonly Case[] = [
  { name: 'h1 torn', args: ['--tear', '0.1'] },
  { name: 'h2 torn', args: ['--proto', 'h2', '--streams', '4', '--tear', '0.1'] },
  { name: 'h1 late', args: ['--late', '0.2'] },
  { name: 'h2 late', args: ['--proto', 'h2', '--streams', '4', '--late', '0.2'] },
  { name: 'h1 lost', args: ['--lose', '0.01'] },
  { name: 'h2 lost', args: ['--proto', 'h2', '--streams', '4', '--lose', '0.01'] },
  {
    name: 'mix torn, late, lost, cut',
    args: [
      ...['--proto', 'mix', '--streams', '4', '--overlap', '32'],
      ...['--tear', '0.1', '--late', '0.1', '--lose', '0.01', '--cut', '0.01'],
    ],
  },
];

/** The tables `decode-cuts`, `decode-providers` and `decode-damaged`. */
export async function decodeTables(
  bench: Bench,
  isWanted: (name: string) => boolean,
): Promise<Readonly<Record<string, string>>> {
  const measure = async ({ name, args }: Case): Promise<Measured> => {
    const at = bench.at(`decode ${name}`);
    const recordings = ['--in', join(bench.tools, '../data/exchanges'), '--out', at];
    await must(bench.tool('exchanges-to-capture.mjs', ...recordings, ...args));
    await must(bench.collect(`${at}.capture.jsonl`, at, { config: 'score-decode.yaml' }));
    const files = ['--truth', `${at}.truth.jsonl`, '--events', `${at}.events.jsonl`, '--json', `${at}.score.json`];
    await must(bench.tool('score-decode.mjs', ...files, '--content', '--misses', '0'));
    bench.drop(at, 'capture.jsonl', 'events.jsonl');
    const score = readResult<Score>(`${at}.score.json`);
    console.log(`decode ${name}: ${share(score.found, score.calls_in_truth)} found`);
    return { name, score };
  };
  const undamaged = await each(
    [...whole, ...streams].filter(({ name }) => isWanted(`decode ${name}`)),
    measure,
  );
  const damaged = await each(
    hostile.filter(({ name }) => isWanted(`decode ${name}`)),
    measure,
  );
  const head = ['calls', 'found', 'fields right', 'spurious'];
  return {
    'decode-cuts': tableOf(['framing and cut', ...head], undamaged.map(rowOf)),
    'decode-providers': providersOf(undamaged.filter(({ name }) => /random|4 streams/.test(name))),
    'decode-damaged': tableOf(
      ['damage', 'whole calls', ...head.slice(1), 'damaged calls found'],
      damaged.map((one) => [...rowOf(one), damageOf(one)]),
    ),
  };
}

function rowOf({ name, score }: Measured): (string | number)[] {
  const tallies = Object.values(score.by_api);
  const sum = (key: 'n' | 'ok'): number => tallies.reduce((n, tally) => n + tally[key], 0);
  const { calls_in_truth, found, spurious } = score;
  return [name, calls_in_truth, share(found, calls_in_truth), share(sum('ok'), sum('n')), spurious];
}

function damageOf({ score }: Measured): string {
  const kinds = Object.entries(score.damaged);
  return kinds.map(([kind, { calls, found, marked }]) => `${kind}: ${found} of ${calls}, ${marked} marked`).join('; ');
}

/** Found and right fields by provider, the first part of an API's name. */
function providersOf(shown: readonly Measured[]): string {
  const families = new Map<string, Map<string, Tally>>();
  for (const { name, score } of shown) {
    for (const [api, tally] of Object.entries(score.by_api)) {
      const family = api.split('/')[0] ?? api;
      const sums = families.get(family) ?? new Map<string, Tally>();
      families.set(family, sums);
      sums.set(name, added(sums.get(name), tally));
    }
  }
  const rows = [...families]
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([family, sums]) => {
      const cells = shown.map(({ name }) => {
        const tally = sums.get(name);
        return tally === undefined ? '-' : `${share(tally.found, tally.calls)} / ${share(tally.ok, tally.n)}`;
      });
      return [family, sums.get(shown[0]?.name ?? '')?.calls ?? 0, ...cells];
    });
  return tableOf(['provider', 'calls', ...shown.map(({ name }) => name)], rows);
}

function added(a: Tally | undefined, b: Tally): Tally {
  if (!a) return b;
  return { calls: a.calls + b.calls, found: a.found + b.found, n: a.n + b.n, ok: a.ok + b.ok };
}
