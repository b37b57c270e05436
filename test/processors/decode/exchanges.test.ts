import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { skipsWithoutData } from '../../require.ts';

const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const shared = join(root, '../shared');
const tools = join(shared, 'tools');
const exchanges = join(shared, 'data/exchanges');
const isThere = existsSync(exchanges);
if (!isThere) console.log('skipped: no recorded exchanges beside this repository');

/** Families that have to be found whole: all for which there are expected values (docs/accuracy.md). */
const FAMILIES =
  'anthropic azure bedrock cerebras cohere deepseek gemini groq heroku local mistral ollama openai openrouter together vertex voyage writer'.split(
    ' ',
  );
const ROW = new RegExp(`^(${FAMILIES.join('|')})/`);

/**
 * How the bytes were sent and cut. With several streams at once the scorer takes four calls to watsonx, of which no values are expected, for
 * the requests beside them.
 */
const CASES = [
  { name: 'HTTP/1.1, cut as mtu', args: ['--split', 'mtu'], spurious: 0 },
  { name: 'HTTP/1.1, cut at random', args: ['--split', 'random'], spurious: 0 },
  {
    name: 'HTTP/2, 4 streams at once, cut as mtu',
    args: ['--proto', 'h2', '--streams', '4', '--split', 'mtu'],
    spurious: 4,
  },
];

describe.skipIf(skipsWithoutData('../shared/data/exchanges', isThere))('recorded exchanges of real clients', () => {
  it.each(CASES)('are found with their fields right: $name', ({ args, spurious }) => {
    const dir = mkdtempSync(join(tmpdir(), 'decode-'));
    try {
      const prefix = join(dir, 'exchanges');
      const node = process.execPath;
      const quiet = { stdio: 'pipe' } as const;
      execFileSync(node, [join(tools, 'exchanges-to-capture.mjs'), '--in', exchanges, '--out', prefix, ...args], quiet);
      const events = join(dir, 'events.jsonl');
      const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
      execFileSync(node, [tsx, join(root, 'test/processors/decode/run.ts'), `${prefix}.capture.jsonl`, events], quiet);
      const score = [join(tools, 'score-decode.mjs'), '--truth', `${prefix}.truth.jsonl`, '--events', events];
      const out = execFileSync(
        node,
        [...score, '--misses', '0', '--min-exact', '0.999', '--max-spurious', String(spurious)],
        quiet,
      ).toString();
      const rows = out.split('\n').filter((line) => ROW.test(line));
      expect(new Set(rows.map((row) => ROW.exec(row)?.[1]))).toEqual(new Set(FAMILIES));
      expect(rows.length).toBeGreaterThan(50);
      for (const row of rows) {
        const [, calls, found] = /\s(\d+)\s+(\d+)\s+\d+\s/.exec(row) ?? [];
        expect([row, found]).toEqual([row, calls]);
      }
      expect(readFileSync(events, 'utf8')).not.toContain('capture.');
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
