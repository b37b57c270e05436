/** Simulated agents and recorded exchanges, many at a time, through `decode`, `redact` and `correlate`. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Bench, each, must, readResult, rounded, share, tableOf } from './measuring.ts';

interface Case {
  readonly name: string;
  readonly args: readonly string[];
}
interface Run extends Case {
  readonly capture: string;
  readonly seed: number;
}

/** The five captures of the measuring tools, and one that is shuffled almost as far as the window reaches. */
const captures: readonly Case[] = [
  { name: 'plain', args: [] },
  { name: 'one process, mixed protocols, gzip', args: ['--one-process', '0.6', '--proto', 'mix', '--gzip'] },
  { name: 'without ids', args: ['--strip-ids', '--one-process', '0.4'] },
  { name: 'late', args: ['--late', '0.5'] },
  { name: 'shuffled 800 ms', args: ['--safe-ids', '--shuffle', '800'] },
  { name: 'shuffled 1500 ms', args: ['--shuffle', '1500'] },
];

const exchanges: readonly Case[] = ['h1', 'h2'].flatMap((proto) =>
  ['8', '64'].flatMap((overlap) =>
    [false, true].map((isOne) => ({
      name: `${proto}, ${overlap} at once${isOne ? ', one process' : ''}`,
      args: ['--proto', proto, '--overlap', overlap, ...(isOne ? ['--one-process'] : [])],
    })),
  ),
);

/** What score-agents.mjs and score-tree.mjs write with --json: read by path. */
type Result = Readonly<Record<string, unknown>>;

interface Scored {
  readonly run: Run;
  readonly result: Result;
  /** Spans whose trace, span and parent ids are not those of `full`, in `safe`. */
  readonly otherInSafe: number;
}

type Shown = (values: readonly number[]) => string;
const worst: Shown = (values) => rounded(Math.min(...values));
const sum: Shown = (values) => String(values.reduce((a, b) => a + b, 0));
const most: Shown = (values) => Math.max(...values).toFixed(1);

/** Rows of the table: what it is, where the result has it, how the seeds are put together. */
const MEASURES: readonly (readonly [string, string, Shown])[] = [
  ['turns, F1', 'turns.f1', worst],
  ['turns merged', 'turns.merged', sum],
  ['model calls in their turn, F1', 'calls.f1', worst],
  ['values on model calls', 'calls.values_rate', worst],
  ['side calls', 'side.rate', worst],
  ['side calls as roots', 'side.as_root', sum],
  ['sub-agents, F1', 'sub_agents.f1', worst],
  ['conversation ids, F1', 'conversations.f1', worst],
  ['links to the turn before', 'links.rate', worst],
  ['tools, F1', 'tools.f1', worst],
  ['end of tools, median ms off', 'tool_end.median_ms', most],
  ['effects under their tool, F1', 'effects.f1', worst],
  ['effects, precision', 'effects.precision', worst],
  ['- named by an argument', 'effects.by_hint.argument.rate', worst],
  ['- in a process tree', 'effects.by_hint.process_tree.rate', worst],
  ['- of an MCP server', 'effects.by_hint.mcp.rate', worst],
  ['- of the only open call', 'effects.by_hint.only_open.rate', worst],
  ['effects under a wrong agent', 'effects.wrong_agent', sum],
  ['effects of no tool', 'stray.rate', worst],
  ['housekeeping', 'housekeeping.rate', worst],
  ['spans in the trace of their turn', 'purity.share', worst],
  ['token sums of roots', 'sums.rate', worst],
  ['faults of structure', 'structure.faults', sum],
  ['same ids again', 'again.rate', worst],
];

/** The tables `correlate-agents`, `correlate-missed` and `correlate-exchanges`. */
export async function correlateTables(
  bench: Bench,
  isWanted: (name: string) => boolean,
  { seeds, agents }: { readonly seeds: number; readonly agents: string },
): Promise<Readonly<Record<string, string>>> {
  const shown = captures.filter(({ name }) => isWanted(`correlate ${name}`));
  const runs = Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) =>
    shown.map(({ name, args }) => ({
      capture: name,
      seed,
      name: `correlate ${name} ${seed}`,
      args: ['--agents', agents, '--seed', String(seed), ...args],
    })),
  );
  const scored = await each(runs, (run) => scoreAgents(bench, run));
  const trees = await each(
    exchanges.filter(({ name }) => isWanted(`correlate ${name}`)),
    (one) => scoreExchanges(bench, one),
  );
  const head = ['', 'bar', ...shown.map(({ name }) => name)];
  const bars = readResult<Readonly<Record<'min' | 'max', Readonly<Record<string, number>>>>>(
    join(bench.tools, 'bars-default.json'),
  );
  const barOf = (path: string): string => String(bars.min[path] ?? bars.max[path] ?? '');
  const of = (name: string): Scored[] => scored.filter(({ run }) => run.capture === name);
  const rows = MEASURES.map(([text, path, put]) => [
    text,
    barOf(path),
    ...shown.map(({ name }) => shownBy(put, of(name), path)),
  ]);
  rows.push(
    ['spans with other edges in `safe`', '0', ...shown.map(({ name }) => sum(of(name).map((s) => s.otherInSafe)))],
    ['captures that miss a bar', '0', ...shown.map(({ name }) => `${of(name).filter(isBelow).length} of ${seeds}`)],
  );
  return {
    'correlate-agents': tableOf(head, rows),
    'correlate-missed': missedOf(scored),
    'correlate-exchanges': tableOf(
      [
        'exchanges',
        'calls',
        'found',
        'tool edges, F1',
        'purity',
        'user turns merged',
        'turns split',
        'faults',
        'same ids again',
      ],
      trees,
    ),
  };
}

function shownBy(put: Shown, scored: readonly Scored[], path: string): string {
  const values = scored.map(({ result }) => numberAt(result, path)).filter((x) => x !== undefined);
  return values.length === 0 ? '-' : put(values);
}

function isBelow({ result }: Scored): boolean {
  return missedIn(result).length > 0;
}

function missedIn(result: Result): readonly string[] {
  return Array.isArray(result['missed']) ? (result['missed'] as string[]) : [];
}

/** The bars that were missed, as a list. */
function missedOf(scored: readonly Scored[]): string {
  const lines = scored.filter(isBelow).map(({ run, result }) => {
    const bars = missedIn(result).map((bar) => bar.replaceAll(/\d+\.\d+/g, (x) => rounded(Number(x))));
    return `- ${run.capture}, seed ${run.seed}: ${bars.join('; ')}`;
  });
  return lines.length === 0 ? `None, in ${scored.length} captures.` : lines.join('\n');
}

/** A capture is read twice as it is; a shuffled one once more without being shuffled, and each once in `safe`. */
async function scoreAgents(bench: Bench, run: Run): Promise<Scored> {
  const at = bench.at(run.name);
  const again = `${at}-again`;
  const make = (to: string, args: readonly string[]): Promise<void> =>
    must(bench.tool('simulate-agents.mjs', '--out', to, ...args));
  await make(at, run.args);
  await must(bench.collect(`${at}.capture.jsonl`, at));
  await must(bench.collect(`${at}.capture.jsonl`, `${at}-safe`, { mode: 'safe' }));
  const shuffle = run.args.indexOf('--shuffle');
  if (shuffle >= 0) {
    bench.drop(at, 'capture.jsonl');
    await make(again, run.args.toSpliced(shuffle, 2));
    await must(bench.collect(`${again}.capture.jsonl`, again));
  } else await must(bench.collect(`${at}.capture.jsonl`, again));
  const otherInSafe = difference(await edgesOf(`${at}.spans.jsonl`), await edgesOf(`${at}-safe.spans.jsonl`));
  await bench.tool(
    'score-agents.mjs',
    ...['--truth', `${at}.truth.jsonl`, '--spans', `${at}.spans.jsonl`, '--logs', `${at}.logs.jsonl`],
    ...['--again', `${again}.spans.jsonl`, '--bars', join(bench.tools, 'bars-default.json')],
    ...['--json', `${at}.score.json`, '--problems', '0'],
  );
  for (const one of [at, again, `${at}-safe`])
    bench.drop(one, 'capture.jsonl', 'truth.jsonl', 'events.jsonl', 'spans.jsonl', 'logs.jsonl');
  const result = readResult<Result>(`${at}.score.json`);
  console.log(`${run.name}: ${missedIn(result).join('; ') || 'no bar missed'}, other edges in safe: ${otherInSafe}`);
  return { run, result, otherInSafe };
}

async function scoreExchanges(bench: Bench, { name, args }: Case): Promise<(string | number)[]> {
  const at = bench.at(`tree ${name}`);
  const recordings = ['--in', join(bench.tools, '../data/exchanges'), '--out', at];
  await must(bench.tool('exchanges-to-capture.mjs', ...recordings, ...args));
  await must(bench.collect(`${at}.capture.jsonl`, at));
  await must(bench.collect(`${at}.capture.jsonl`, `${at}-again`));
  await bench.tool(
    'score-tree.mjs',
    ...['--truth', `${at}.truth.jsonl`, '--spans', `${at}.spans.jsonl`, '--again', `${at}-again.spans.jsonl`],
    ...['--json', `${at}.score.json`, '--problems', '0'],
  );
  for (const one of [at, `${at}-again`]) bench.drop(one, 'capture.jsonl', 'events.jsonl', 'spans.jsonl', 'logs.jsonl');
  const result = readResult<Result>(`${at}.score.json`);
  const of = (path: string): number => numberAt(result, path) ?? Number.NaN;
  const f1 = rounded(of('edges.f1'));
  console.log(`correlate ${name}: tool edges ${f1}`);
  const faults = FAULTS.reduce((n, key) => n + of(`structure.${key}`), 0);
  const spans = of('structure.spans');
  return [
    name,
    of('calls.truth'),
    share(of('calls.found'), of('calls.truth')),
    f1,
    rounded(of('purity.share')),
    of('turns.user_merged'),
    of('turns.split'),
    faults,
    share(spans - of('again.missing'), spans + of('again.extra')),
  ];
}

const FAULTS = [
  ...['no_root', 'many_roots', 'orphans', 'repeated_identical', 'repeated_different'],
  ...['negative_time', 'outside_root', 'token_sums_wrong', 'span_ids_in_two_traces'],
];

/** The number at a path of names. */
function numberAt(result: Result, path: string): number | undefined {
  let at: unknown = result;
  for (const name of path.split('.')) at = (at as Readonly<Record<string, unknown>> | null | undefined)?.[name];
  return typeof at === 'number' ? at : undefined;
}

/** Trace, span and parent ids of all spans in a file of OTLP/JSON requests. */
async function edgesOf(path: string): Promise<Set<string>> {
  interface Spans {
    readonly resourceSpans: readonly {
      readonly scopeSpans: readonly {
        readonly spans: readonly {
          readonly traceId: string;
          readonly spanId: string;
          readonly parentSpanId?: string;
        }[];
      }[];
    }[];
  }
  const edges = new Set<string>();
  for await (const line of createInterface({ input: createReadStream(path) })) {
    const { resourceSpans } = JSON.parse(line) as Spans;
    for (const { scopeSpans } of resourceSpans)
      for (const { spans } of scopeSpans)
        for (const { traceId, spanId, parentSpanId = '' } of spans) edges.add(`${traceId} ${spanId} ${parentSpanId}`);
  }
  return edges;
}

function difference(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let n = 0;
  for (const edge of a) if (!b.has(edge)) n++;
  for (const edge of b) if (!a.has(edge)) n++;
  return n;
}
