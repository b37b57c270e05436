import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { skipsWithout } from '../require.ts';
import { type Jaeger, jaegerIsBuilt, startJaeger } from '../servers/jaeger.ts';
import { configInto, observeAgent, spansIn } from './live.ts';
import { build, collector } from './program.ts';
import { readTrace, traceIdsBetween } from './query.ts';
import type { Span } from './tree.ts';
import { compareWithTruth } from './truth.ts';

describe.skipIf(skipsWithoutKernel())('the demo agent, live', () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'oisp-e2e-'));
    await build();
  });
  afterAll(() => rmSync(dir, { recursive: true }));

  describe.skipIf(skipsWithout('jaeger', jaegerIsBuilt(), 'test/servers/build.sh jaeger builds it'))(
    'in Jaeger',
    () => {
      let jaeger: Jaeger;
      beforeAll(async () => {
        if (!jaegerIsBuilt())
          throw new Error('OISP_REQUIRE asks for Jaeger: build it with test/servers/build.sh jaeger');
        jaeger = await startJaeger();
      });
      afterAll(() => jaeger?.stop());

      it('stands there as it tells its session itself, every call, tool, program, file and connection in its place', async () => {
        const { ended, truth, began } = await observeAgent('run', '--otlp', jaeger.otlp);
        expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
        const ids = await traceIdsBetween(jaeger.query, began - 60_000, Date.now() + 60_000);
        const spans = (await Promise.all(ids.map((id) => readTrace(jaeger.query, id)))).flat();
        expect(spans.length).toBeGreaterThan(80);
        expect(compareWithTruth(truth, spans)).toEqual([]);
      });
    },
  );

  it.each(['safe', 'full'])('gives the tree of its own account in mode %s, in a file', async (mode) => {
    const file = join(dir, `${mode}.jsonl`);
    const { ended, truth } = await observeAgent('run', '--config', configInto(join(dir, `${mode}.yaml`), file, mode));
    expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(compareWithTruth(truth, spansIn(file))).toEqual([]);
  });

  it('gives the same edges in safe and full mode for the same capture', async () => {
    const raw = join(dir, 'raw.jsonl');
    const { ended, truth } = await observeAgent('record', '--raw', '-o', raw);
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    const replay = async (mode: string): Promise<Span[]> => {
      const file = join(dir, `replayed-${mode}.jsonl`);
      const settings = [
        `receivers.jsonl.path=${raw}`,
        `exporters.jsonl.path=${file}`,
        `processors.redact.mode=${mode}`,
        'processors.redact.hash_key=a key that stays for all runs',
      ];
      const all = settings.flatMap((setting) => ['--set', setting]);
      const run = await collector('--config', 'configs/demo.yaml', ...all);
      expect(run, run.stderr).toMatchObject({ code: 0 });
      return spansIn(file);
    };
    const [safe, full] = [await replay('safe'), await replay('full')];
    expect(compareWithTruth(truth, safe)).toEqual([]);
    expect(compareWithTruth(truth, full)).toEqual([]);
    expect(edgesOf(safe)).toEqual(edgesOf(full));
  });
});

function edgesOf(spans: readonly Span[]): string[] {
  return spans
    .map((s) => [s.traceId, s.spanId, s.parentId, ...s.links.map((l) => l.spanId)].join(' '))
    .sort((a, b) => a.localeCompare(b));
}
