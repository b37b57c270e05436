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

/** Families that have to be found whole. */
const READ = /^(?:openai|azure|anthropic|gemini|vertex|groq|mistral|together|deepseek|openrouter)\//;

describe.skipIf(skipsWithoutData('../shared/data/exchanges', isThere))('recorded exchanges of real clients', () => {
  it.each(['mtu', 'random', 'record'])('are found with their fields right, cut as %s', (split) => {
    const dir = mkdtempSync(join(tmpdir(), 'decode-'));
    try {
      const prefix = join(dir, 'h1');
      const node = process.execPath;
      const quiet = { stdio: 'pipe' } as const;
      execFileSync(
        node,
        [join(tools, 'exchanges-to-capture.mjs'), '--in', exchanges, '--out', prefix, '--split', split],
        quiet,
      );
      const events = join(dir, 'events.jsonl');
      const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
      execFileSync(node, [tsx, join(root, 'test/processors/decode/run.ts'), `${prefix}.capture.jsonl`, events], quiet);
      const score = [join(tools, 'score-decode.mjs'), '--truth', `${prefix}.truth.jsonl`, '--events', events];
      const out = execFileSync(
        node,
        [...score, '--misses', '0', '--min-exact', '0.995', '--max-spurious', '0'],
        quiet,
      ).toString();
      const rows = out.split('\n').filter((line) => READ.test(line));
      expect(rows.length).toBeGreaterThan(15);
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
