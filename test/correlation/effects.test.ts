import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { BUILD, JsonEncoder, type SpanRecord } from '../../core/index.ts';
import { captureBy, edgesOf, repo, shared, sharedTools, through, workFolder } from '../pipeline/lab.ts';
import { skipsWithoutData } from '../require.ts';

interface Score {
  readonly missed: readonly string[];
  readonly effects: {
    readonly f1: number;
    readonly wrong_agent: number;
    readonly by_hint: Readonly<Record<string, { readonly rate: number }>>;
  };
  readonly housekeeping: { readonly under_tool: number };
  readonly stray: { readonly rate: number };
}

describe.skipIf(skipsWithoutData('../shared/tools', sharedTools))('shells, files and networks of real agents', () => {
  const folder = workFolder();
  afterAll(() => folder.remove());

  function score(name: string, spans: readonly SpanRecord[]): Score {
    const at = (kind: string): string => join(folder.path, `${name}.${kind}`);
    const encoder = new JsonEncoder(BUILD, () => {});
    const lines: string[] = [];
    for (let i = 0; i < spans.length; i += 256) lines.push(encoder.spans(spans.slice(i, i + 256)).toString());
    writeFileSync(at('spans.jsonl'), `${lines.join('\n')}\n`);
    const files = ['--truth', at('truth.jsonl'), '--spans', at('spans.jsonl'), '--json', at('json'), '--problems', '0'];
    execFileSync(process.execPath, [join(shared, 'tools/score-agents.mjs'), ...files], { stdio: 'pipe' });
    return JSON.parse(readFileSync(at('json'), 'utf8')) as Score;
  }

  test.each([
    { name: 'plain', more: [] },
    { name: 'in-one-process', more: ['--one-process', '0.6', '--proto', 'mix', '--gzip'] },
    { name: 'late', more: ['--shuffle', '1500', '--safe-ids'] },
  ])(
    'lie under the calls that caused them: $name',
    async ({ name, more }) => {
      const scenarios = join(repo, 'test/correlation/scenarios');
      const only = [
        'runners',
        'save',
        'patch',
        'below',
        'hosts',
        'names',
        'daemon',
        'one-process',
        'same-file',
        'exec-chain',
      ];
      const shells = [
        'shell-fed',
        'shell-first-tool',
        'shell-terminal',
        'sandboxes',
        'eager-alike',
        'editor',
        'windows',
      ];
      const rest = ['sub-agents', 'own-programs', 'storm'];
      const stories = [...only, ...shells, ...rest].map((story) => `effects-${story}`).join(',');
      const made = ['--scenarios', scenarios, '--only', stories, '--agents', '44', '--seed', '4', ...more];
      const path = await captureBy('simulate-agents.mjs', join(folder.path, name), ...made);
      const full = await through(path ?? '');
      const { effects, housekeeping, stray } = score(name, full.spans);
      expect(effects.wrong_agent).toBe(0);
      expect(housekeeping.under_tool).toBe(0);
      expect(stray.rate).toBe(1);
      expect(effects.f1).toBeGreaterThanOrEqual(0.99);
      for (const hint of Object.values(effects.by_hint)) expect(hint.rate).toBeGreaterThanOrEqual(0.99);
      if (name === 'plain')
        expect(edgesOf((await through(path ?? '', { mode: 'safe' })).spans)).toEqual(edgesOf(full.spans));
    },
    120_000,
  );
});
