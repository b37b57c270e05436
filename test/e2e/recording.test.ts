import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build, collector, repo } from './program.ts';
import { type Span, spansOfOtlp } from './tree.ts';
import { compareWithTruth, type Truth } from './truth.ts';

// written by the demo agent in this very form
const truth = JSON.parse(readFileSync(join(repo, 'configs/demo/session.truth.json'), 'utf8')) as Truth;
const recording = join(repo, 'configs/demo/session.jsonl.gz');

describe('the shipped recording through the built program', () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oisp-e2e-'));
    await build();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  let runs = 0;
  /** The text that the jsonl exporter wrote in a run with these settings. */
  const spansText = async (...settings: readonly string[]): Promise<string> => {
    const file = join(dir, `spans-${runs++}.jsonl`);
    const all = [
      `receivers.jsonl.path=${recording}`,
      `exporters.jsonl.path=${file}`,
      'processors.redact.hash_key=a key that stays for all runs',
      ...settings,
    ];
    const ended = await collector('--config', 'configs/demo.yaml', ...all.flatMap((setting) => ['--set', setting]));
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    return readFileSync(file, 'utf8');
  };
  const spansOf = (text: string): Span[] =>
    text
      .trimEnd()
      .split('\n')
      .flatMap((line) => spansOfOtlp(JSON.parse(line)));
  const edgesOf = (spans: readonly Span[]): string[] =>
    spans
      .map((s) => [s.traceId, s.spanId, s.parentId, ...s.links.map((l) => l.spanId)].join(' '))
      .sort((a, b) => a.localeCompare(b));

  it('gives the tree of the truth file with the same edges in safe and full mode, and no key in either', async () => {
    const [safe, full] = [await spansText(), await spansText('processors.redact.mode=full')];
    expect(compareWithTruth(truth, spansOf(safe))).toEqual([]);
    expect(compareWithTruth(truth, spansOf(full))).toEqual([]);
    expect(edgesOf(spansOf(safe))).toEqual(edgesOf(spansOf(full)));
    for (const text of [safe, full]) expect(text).not.toContain('DEMOKEY');
    expect(full).toContain('[API_KEY_REDACTED]');
    // content is there in full mode only
    expect(full).toContain('Find out why and fix it');
    expect(safe).not.toContain('Find out why and fix it');
  });

  it('gives the same spans again, and when it is replayed at a pace', async () => {
    const spans = (text: string): string[] =>
      spansOf(text)
        .map((span) => JSON.stringify(span, (_, value) => (typeof value === 'bigint' ? String(value) : value)))
        .sort((a, b) => a.localeCompare(b));
    const once = spans(await spansText());
    expect(once.length).toBeGreaterThan(80);
    expect(spans(await spansText())).toEqual(once);
    expect(spans(await spansText('receivers.jsonl.speed=8'))).toEqual(once);
  });
});
