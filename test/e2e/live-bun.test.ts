import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { agentEnv } from '../agent/stage.ts';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { bunPath, fetchBun } from '../bun.ts';
import { skipsWithout } from '../require.ts';
import { collect, configInto, envOf, inPlace, spansIn, truthOf } from './live.ts';
import { build } from './program.ts';
import { compareWithTruth } from './truth.ts';

const NO_KERNEL = skipsWithoutKernel();

describe.skipIf(NO_KERNEL || skipsWithout('bun', fetchBun(), 'it comes from the registry of npm'))(
  'the demo agent under Bun, live',
  () => {
    let dir: string;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'oisp-e2e-'));
      await build();
    });
    afterAll(() => rmSync(dir, { recursive: true }));

    it('gives the tree of its own account', async () => {
      const file = join(dir, 'spans.jsonl');
      await inPlace(async (place) => {
        const { stage, port } = place;
        const copy = place.copy(bunPath);
        const env = {
          ...envOf(place, agentEnv(stage, port, 'names.cjs')),
          // Bun's fetch knows no preload that would send a name elsewhere
          OPENAI_BASE_URL: `https://localhost:${port}/v1`,
          ANTHROPIC_BASE_URL: `https://localhost:${port}`,
        };
        const words = ['run', '--config', configInto(join(dir, 'bun.yaml'), file, 'safe')];
        const ended = await collect(place, words, [copy], env, [copy, stage.agent]);
        expect(ended, ended.stderr).toMatchObject({ code: 0, stderr: '' });
        expect(compareWithTruth(truthOf(place), spansIn(file))).toEqual([]);
      });
    });
  },
);
