import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadRegistry } from '../cli/registry.ts';
import { build } from '../core/graph/build.ts';
import { plan } from '../core/graph/plan.ts';
import { formatProblem, loadService } from '../core/index.ts';
import { makeContext } from '../core/testing/index.ts';

const repo = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'oisp-configs-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the configs read from the environment. */
const env = {
  OISP_IN: join(folder, 'in.jsonl'),
  OISP_DEMO_RECORDING: join(repo, 'configs/demo/session.jsonl.gz'),
  OISP_OUT: folder,
  OISP_EVENTS: join(folder, 'events.jsonl'),
  OISP_SPANS: join(folder, 'spans.jsonl'),
  OISP_LOGS: join(folder, 'logs.jsonl'),
};
writeFileSync(env.OISP_IN, '');

const files = readdirSync(join(repo, 'configs')).filter((name) => name.endsWith('.yaml'));

async function load(file: string) {
  return loadService({
    sources: [join('configs', file)],
    sets: [],
    registry: await loadRegistry(),
    env,
    cwd: repo,
    readFile: (path) => readFile(path, 'utf8'),
  });
}

test('the names that scripts and documents rely on are there', () => {
  expect(files).toEqual(
    expect.arrayContaining(['demo.yaml', 'file.yaml', 'jaeger.yaml', 'replay.yaml', 'score.yaml', 'starter.yaml']),
  );
});

describe.each(files)('configs/%s', (file) => {
  test('has neither errors nor warnings', async () => {
    const { config, problems } = await load(file);
    expect(problems.map(formatProblem)).toEqual([]);
    expect(config).toBeDefined();
  });

  test('can be built', async () => {
    const { config } = await load(file);
    if (!config) throw new Error('not loaded');
    const planned = plan(config).plan;
    if (!planned) throw new Error('no plan');
    const { context } = makeContext();
    const nodes = build(planned, { ...context, stop: new AbortController().signal });
    expect(nodes).toHaveLength(planned.nodes.length);
  });
});

test('the config of the scorers has its fixed names', async () => {
  const text = await readFile(join(repo, 'configs/score.yaml'), 'utf8');
  for (const name of ['OISP_IN}', 'OISP_EVENTS}', 'OISP_SPANS}', 'OISP_LOGS}', 'OISP_MODE:-full}']) {
    expect(text).toContain(`\${env:${name}`);
  }
});
