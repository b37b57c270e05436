/**
 * `npm run score`: makes captures with the measuring tools beside the repository, runs configs/score.yaml over each and prints one table.
 *   --tools DIR   where the tools are (../shared/tools)      --keep   leave captures and outputs in the work folder
 *   --only NAME   only rows whose name contains NAME          --out DIR   the work folder
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    tools: { type: 'string', default: join(root, '../shared/tools') },
    only: { type: 'string' },
    out: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const tools = resolve(values.tools);
if (!existsSync(tools)) {
  console.log(`no measuring tools at ${tools}: nothing scored (--tools DIR names another place)`);
  process.exit(0);
}
const work = values.out ?? mkdtempSync(join(tmpdir(), 'oisp-score-'));
mkdirSync(work, { recursive: true });

interface Row {
  readonly name: string;
  readonly figures: string;
  readonly verdict: 'good' | 'below' | 'failed';
}

function run(
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): { ok: boolean; text: string } {
  const done = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 1 << 28 });
  return { ok: done.status === 0, text: `${done.stdout}${done.stderr}` };
}

function tool(name: string, ...args: string[]): { ok: boolean; text: string } {
  return run(process.execPath, [join(tools, name), ...args]);
}

/** Runs the collector over a capture; the outputs are named after `to`. */
function collect(capture: string, to: string, mode = 'full'): { ok: boolean; text: string } {
  return run(process.execPath, [join(root, 'dist/cli/main.js'), '--config', join(root, 'configs/score.yaml')], {
    OISP_IN: capture,
    OISP_EVENTS: `${to}.events.jsonl`,
    OISP_SPANS: `${to}.spans.jsonl`,
    OISP_LOGS: `${to}.logs.jsonl`,
    OISP_MODE: mode,
  });
}

const rows: Row[] = [];

function decodeRow(split: string): void {
  const name = `decode h1 ${split}`;
  if (values.only && !name.includes(values.only)) return;
  const at = join(work, `h1-${split}`);
  const made = tool(
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
  const ran = made.ok ? collect(`${at}.capture.jsonl`, at) : made;
  if (!ran.ok) {
    rows.push({ name, figures: ran.text.trim().split('\n').at(-1) ?? '', verdict: 'failed' });
    return;
  }
  tool(
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
  const result = JSON.parse(readFileSync(`${at}.score.json`, 'utf8'));
  const families = { openai: /^(openai|azure)\/openai\./, anthropic: /^anthropic\//, gemini: /^(gemini|vertex)\// };
  for (const [family, pattern] of Object.entries(families)) {
    const sum = { calls: 0, found: 0, n: 0, ok: 0 };
    for (const [api, row] of Object.entries<typeof sum>(result.by_api)) {
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

function agentsRow(name: string, args: readonly string[]): void {
  if (values.only && !name.includes(values.only)) return;
  const at = join(work, name.replaceAll(/\W+/g, '-'));
  const made = tool('simulate-agents.mjs', '--out', at, ...args);
  const first = made.ok ? collect(`${at}.capture.jsonl`, at) : made;
  const second = first.ok ? collect(`${at}.capture.jsonl`, `${at}-2`) : first;
  if (!second.ok) {
    rows.push({ name, figures: second.text.trim().split('\n').at(-1) ?? '', verdict: 'failed' });
    return;
  }
  const scored = tool(
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
  const r = JSON.parse(readFileSync(`${at}.score.json`, 'utf8'));
  const f = (x: number): string => x.toFixed(4);
  const figures = `turns ${f(r.turns.f1)} calls ${f(r.calls.f1)} side ${f(r.side.rate)} sub-agents ${f(r.sub_agents.f1)} tools ${f(r.tools.f1)} effects ${f(r.effects.f1)}`;
  rows.push({
    name,
    figures: scored.ok ? figures : `${figures}; ${r.missed.join('; ')}`,
    verdict: scored.ok ? 'good' : 'below',
  });
}

for (const split of ['random', 'mtu', 'whole']) decodeRow(split);
agentsRow('agents plain', ['--agents', '60', '--only', 'tool-loop,parallel-tools,sub-agent,side-calls,plain-chat']);
agentsRow('agents all scenarios', ['--agents', '120', '--seed', '2']);

const width = Math.max(...rows.map((row) => row.name.length));
for (const row of rows) console.log(`${row.name.padEnd(width)}  ${row.verdict.padEnd(6)}  ${row.figures}`);
if (!values.keep && values.out === undefined) rmSync(work, { recursive: true, force: true });
else console.log(`outputs in ${work}`);
if (rows.some((row) => row.verdict !== 'good' && row.name !== 'agents all scenarios')) process.exitCode = 1;
