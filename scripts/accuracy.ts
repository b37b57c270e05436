/**
 * `npm run accuracy`: decodes every recorded exchange beside the repository in every framing and cut, scores it with the measuring tools and
 * writes docs/accuracy.md.
 *   --tools DIR   where the tools are (../shared/tools)      --only NAME   only rows whose name contains NAME, printed and not written
 *   --out DIR     keeps captures, events and scores there
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({
  options: {
    tools: { type: 'string', default: join(root, '../shared/tools') },
    only: { type: 'string' },
    out: { type: 'string' },
  },
});
const tools = resolve(values.tools);
if (!existsSync(tools)) {
  console.log(`no measuring tools at ${tools}: nothing measured (--tools DIR names another place)`);
  process.exit(0);
}
const work = values.out ?? mkdtempSync(join(tmpdir(), 'oisp-accuracy-'));
mkdirSync(work, { recursive: true });

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

function node(...args: string[]): void {
  const done = spawnSync(process.execPath, args, { encoding: 'utf8', maxBuffer: 1 << 28, env: process.env });
  if (done.status !== 0) throw new Error(`${args[0]} failed: ${done.stderr}${done.stdout.slice(-2000)}`);
}

function measure({ name, args }: Case): Score {
  const at = join(work, name.replaceAll(/\W+/g, '-'));
  node(join(tools, 'exchanges-to-capture.mjs'), '--in', join(tools, '../data/exchanges'), '--out', at, ...args);
  process.env['OISP_IN'] = `${at}.capture.jsonl`;
  process.env['OISP_EVENTS'] = `${at}.events.jsonl`;
  node(join(root, 'dist/cli/main.js'), '--config', join(root, 'configs/score-decode.yaml'));
  const score = ['--truth', `${at}.truth.jsonl`, '--events', `${at}.events.jsonl`, '--json', `${at}.score.json`];
  node(join(tools, 'score-decode.mjs'), ...score, '--content', '--misses', '0');
  const found: Score = JSON.parse(readFileSync(`${at}.score.json`, 'utf8'));
  if (values.out === undefined) for (const end of ['capture', 'events']) rmSync(`${at}.${end}.jsonl`);
  return found;
}

/** Share as text; 1 only when nothing is missing. */
const share = (ok: number, all: number): string =>
  all === 0 ? '-' : ok === all ? '1' : (Math.floor((ok / all) * 10_000) / 10_000).toFixed(4);

const families = new Map<string, Record<string, Tally>>();
const lines: string[] = [];
function row(one: Case, isHostile = false): void {
  if (values.only && !one.name.includes(values.only)) return;
  const score = measure(one);
  let n = 0;
  let ok = 0;
  for (const [api, tally] of Object.entries(score.by_api)) {
    n += tally.n;
    ok += tally.ok;
    const family = api.split('/')[0] ?? api;
    const sums = families.get(family) ?? {};
    families.set(family, sums);
    const sum = sums[one.name] ?? { calls: 0, found: 0, n: 0, ok: 0 };
    sums[one.name] = {
      calls: sum.calls + tally.calls,
      found: sum.found + tally.found,
      n: sum.n + tally.n,
      ok: sum.ok + tally.ok,
    };
  }
  const calls = score.calls_in_truth;
  const parts = Object.entries(score.damaged).map(
    ([kind, { calls: of, found, marked }]) => `${kind}: ${found} of ${of}, ${marked} marked`,
  );
  const line = `| ${one.name} | ${calls} | ${share(score.found, calls)} | ${share(ok, n)} | ${score.spurious} |${isHostile ? ` ${parts.join('; ')} |` : ''}`;
  console.log(line);
  lines.push(line);
}

const head = ['| framing and cut | calls | found | fields right | spurious |', '|---|---|---|---|---|'];
for (const one of [...whole, ...streams]) row(one);
const undamaged = lines.splice(0);
for (const one of hostile) row(one, true);
const damaged = lines.splice(0);

const shown = [...whole, ...streams].filter(({ name }) => /random|4 streams/.test(name)).map(({ name }) => name);
const providers = [...families]
  .sort(([a], [b]) => a.localeCompare(b))
  .map(([family, sums]) => {
    const cells = shown.map((name) => {
      const tally = sums[name];
      return tally === undefined ? '-' : `${share(tally.found, tally.calls)} / ${share(tally.ok, tally.n)}`;
    });
    return `| ${family} | ${sums[shown[0] ?? '']?.calls ?? 0} | ${cells.join(' | ')} |`;
  });

const text = `# Accuracy of \`decode\`

Recorded exchanges of real clients (1,521 model calls, 474 others), replayed as captured bytes and compared with what the providers' own bytes
say. \`npm run accuracy\` measures and writes this page; it needs the measuring tools and the recordings beside the repository.

*Found*: share of undamaged model calls that came out. *Fields right*: share of right values among model, id, tokens, finish reasons, tool
calls with ids and arguments, status, error, times and the answer's text. *Spurious*: calls reported that are none; the four
where several streams run at once are texts that watsonx generated, of which nobody wrote down what to expect, and which the scorer takes for the request beside them. The one wrong
field is a text of Mistral's in a list of blocks, which the expected values count as empty. A cut is how the bytes of a connection were split
into records: whole writes, 1 byte to 8 KiB at random, 1,400 bytes, 16 KiB, single bytes (100 recordings).

## Every framing and cut

${[...head, ...undamaged].join('\n')}

## Providers: found / fields right

| provider | calls | ${shown.join(' | ')} |
|---|---|${shown.map(() => '---').join('|')}|
${providers.join('\n')}

## Damaged captures

The first columns are of the calls that are whole, the last of those that lost bytes (*after*: whole, but behind such a place on its connection);
*marked*: an event says that something is missing. Torn: the last answer of a connection is cut off. Late: seen from the middle of its
first request on. Lost: 1 % of the records are missing. Cut: of 1 % of the records only a part was copied.

| damage | whole calls | found | fields right | spurious | damaged calls found |
|---|---|---|---|---|---|
${damaged.join('\n')}
`;
if (values.only === undefined) writeFileSync(join(root, 'docs/accuracy.md'), text);
if (values.out === undefined) rmSync(work, { recursive: true, force: true });
