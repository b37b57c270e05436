/**
 * `npm run accuracy`: measures what `decode` and `correlate` make of captures with known truth, and writes the tables into docs/accuracy.md.
 * The text around the tables is written by hand and stays.
 *   --part NAME   only decode, or only correlate              --only NAME   only rows whose name contains NAME, printed and not written
 *   --seeds N     seeds per simulated capture (5)              --agents N    agents in each (200)
 *   --tools DIR   where the tools are (../shared/tools)        --out DIR     keeps captures, outputs and scores there
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { correlateTables } from './accuracy-correlate.ts';
import { decodeTables } from './accuracy-decode.ts';
import { Bench, root, SHARED_OPTIONS } from './measuring.ts';

const { values } = parseArgs({
  options: {
    ...SHARED_OPTIONS,
    part: { type: 'string' },
    seeds: { type: 'string', default: '5' },
    agents: { type: 'string', default: '200' },
  },
});
const PARTS = ['decode', 'correlate'];
if (values.part !== undefined && !PARTS.includes(values.part)) {
  console.error(`--part ${values.part}: ${PARTS.join(' or ')}`);
  process.exit(2);
}
const bench = Bench.open(values);
const has = (part: string): boolean => values.part === undefined || values.part === part;
const isWanted = (name: string): boolean => values.only === undefined || name.includes(values.only);
const tables = {
  ...(has('decode') && (await decodeTables(bench, isWanted))),
  ...(has('correlate') &&
    (await correlateTables(bench, isWanted, { seeds: Number(values.seeds), agents: values.agents }))),
};
if (values.only === undefined) {
  const page = join(root, 'docs/accuracy.md');
  let text = readFileSync(page, 'utf8');
  for (const [name, table] of Object.entries(tables)) text = replaced(text, name, table);
  writeFileSync(page, text);
} else for (const [name, table] of Object.entries(tables)) console.log(`\n${name}\n${table}`);
bench.close();

/** The page with a table in its place: between `<!-- table NAME -->` and `<!-- end -->`. */
function replaced(text: string, name: string, table: string): string {
  const begin = `<!-- table ${name} -->\n`;
  const from = text.indexOf(begin) + begin.length;
  const to = text.indexOf('<!-- end -->', from);
  if (from < begin.length || to < 0) throw new Error(`docs/accuracy.md has no place for the table ${name}`);
  return `${text.slice(0, from)}${table}\n${text.slice(to)}`;
}
