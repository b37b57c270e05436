/**
 * `npm run score`: makes captures with the measuring tools beside the repository, runs configs/score.yaml over each and prints one table.
 *   --tools DIR   where the tools are (../shared/tools)      --out DIR   keeps captures and outputs there
 *   --only NAME   only rows whose name contains NAME
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Bench, readResult, SHARED_OPTIONS } from './measuring.ts';

const { values } = parseArgs({ options: SHARED_OPTIONS });
const bench = Bench.open(values);
const { tools } = bench;

interface Row {
  readonly name: string;
  readonly figures: string;
  readonly verdict: 'good' | 'below' | 'failed';
}

/** What the tools write with --json, as far as it is read here. */
interface Decoded {
  readonly by_api: Readonly<Record<string, Readonly<Record<'calls' | 'found' | 'n' | 'ok', number>>>>;
  readonly recall: number;
  readonly exact: number;
  readonly spurious: number;
}
type Rated = Readonly<Record<'turns' | 'calls' | 'sub_agents' | 'tools' | 'effects', { readonly f1: number }>> & {
  readonly side: { readonly rate: number };
  readonly missed: readonly string[];
};

const rows: Row[] = [];

async function decodeRow(split: string): Promise<void> {
  const name = `decode h1 ${split}`;
  if (values.only && !name.includes(values.only)) return;
  const at = bench.at(`h1-${split}`);
  const made = await bench.tool(
    'exchanges-to-capture.mjs',
    '--in',
    join(tools, '../data/exchanges'),
    '--out',
    at,
    '--proto',
    'h1',
    '--split',
    split,
  );
  const ran = made.ok ? await bench.collect(`${at}.capture.jsonl`, at) : made;
  if (!ran.ok) {
    rows.push({ name, figures: ran.text.trim().split('\n').at(-1) ?? '', verdict: 'failed' });
    return;
  }
  await bench.tool(
    'score-decode.mjs',
    '--truth',
    `${at}.truth.jsonl`,
    '--events',
    `${at}.events.jsonl`,
    '--json',
    `${at}.score.json`,
    '--misses',
    '0',
  );
  const result = readResult<Decoded>(`${at}.score.json`);
  const families = { openai: /^(openai|azure)\/openai\./, anthropic: /^anthropic\//, gemini: /^(gemini|vertex)\// };
  for (const [family, pattern] of Object.entries(families)) {
    const sum = { calls: 0, found: 0, n: 0, ok: 0 };
    for (const [api, row] of Object.entries(result.by_api)) {
      if (!pattern.test(api)) continue;
      for (const key of ['calls', 'found', 'n', 'ok'] as const) sum[key] += row[key];
    }
    const recall = sum.found / sum.calls;
    const exact = sum.ok / sum.n;
    rows.push({
      name: `${name} ${family}`,
      figures: `recall ${recall.toFixed(4)} fields ${exact.toFixed(4)} (${sum.calls} calls)`,
      verdict: recall === 1 && exact >= 0.99 ? 'good' : 'below',
    });
  }
  rows.push({
    name: `${name} all providers`,
    figures: `recall ${result.recall.toFixed(4)} fields ${result.exact.toFixed(4)} spurious ${result.spurious}`,
    verdict: result.spurious === 0 ? 'good' : 'below',
  });
}

async function agentsRow(name: string, args: readonly string[]): Promise<void> {
  if (values.only && !name.includes(values.only)) return;
  const at = bench.at(name);
  const made = await bench.tool('simulate-agents.mjs', '--out', at, ...args);
  const first = made.ok ? await bench.collect(`${at}.capture.jsonl`, at) : made;
  const second = first.ok ? await bench.collect(`${at}.capture.jsonl`, `${at}-2`) : first;
  if (!second.ok) {
    rows.push({ name, figures: second.text.trim().split('\n').at(-1) ?? '', verdict: 'failed' });
    return;
  }
  const scored = await bench.tool(
    'score-agents.mjs',
    ...[
      '--truth',
      `${at}.truth.jsonl`,
      '--spans',
      `${at}.spans.jsonl`,
      '--logs',
      `${at}.logs.jsonl`,
      '--again',
      `${at}-2.spans.jsonl`,
    ],
    ...['--bars', join(tools, 'bars-default.json'), '--json', `${at}.score.json`],
  );
  const r = readResult<Rated>(`${at}.score.json`);
  const f = (x: number): string => x.toFixed(4);
  const figures = `turns ${f(r.turns.f1)} calls ${f(r.calls.f1)} side ${f(r.side.rate)} sub-agents ${f(r.sub_agents.f1)} tools ${f(r.tools.f1)} effects ${f(r.effects.f1)}`;
  rows.push({
    name,
    figures: scored.ok ? figures : `${figures}; ${r.missed.join('; ')}`,
    verdict: scored.ok ? 'good' : 'below',
  });
}

for (const split of ['random', 'mtu', 'whole']) await decodeRow(split);
await agentsRow('agents plain', [
  '--agents',
  '60',
  '--only',
  'tool-loop,parallel-tools,sub-agent,side-calls,plain-chat',
]);
await agentsRow('agents all scenarios', ['--agents', '120', '--seed', '2']);

const width = Math.max(...rows.map((row) => row.name.length));
for (const row of rows) console.log(`${row.name.padEnd(width)}  ${row.verdict.padEnd(6)}  ${row.figures}`);
bench.close();
if (rows.some((row) => row.verdict !== 'good' && row.name !== 'agents all scenarios')) process.exitCode = 1;
