import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AGENTS, inputs, TURNS } from '../agent/crew/script.mjs';
import { agentEnv } from '../agent/stage.ts';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { collect, configInto, envOf, inPlace, spansIn } from './live.ts';
import { build, repo } from './program.ts';
import { type CrewTruth, scoreOf } from './score.ts';

describe.skipIf(skipsWithoutKernel())(
  'four agents at once, each with parallel tools and two helpers in one process',
  () => {
    let dir: string;
    beforeAll(async () => {
      dir = mkdtempSync(join(tmpdir(), 'oisp-e2e-'));
      await build();
    });
    afterAll(() => rmSync(dir, { recursive: true }));

    it('have their effects under the tools that made them', async () => {
      const file = join(dir, 'spans.jsonl');
      const truths = await inPlace(
        async (place) => {
          const { stage, port } = place;
          const node = place.copy(process.execPath);
          const crew = join(stage.root, 'crew/crew');
          cpSync(join(repo, 'test/agent/crew'), crew, { recursive: true });
          writeFileSync(join(crew, 'package.json'), '{"name":"crew","version":"1.0.0","type":"module"}');
          symlinkSync(join(repo, 'node_modules'), join(stage.root, 'crew/node_modules'));
          const all = Array.from({ length: AGENTS }, (_, a) => a);
          for (const input of all.flatMap(inputs)) {
            const path = join(stage.project, input);
            mkdirSync(dirname(path), { recursive: true });
            writeFileSync(path, 'b\na\n');
          }
          const env = envOf(place, agentEnv(stage, port, 'names.cjs'));
          const script = `for a in ${all.join(' ')}; do node ${join(crew, 'crew.mjs')} $a & done; wait`;
          const words = ['run', '--config', configInto(join(dir, 'crew.yaml'), file, 'safe')];
          const ended = await collect(place, words, [node], env, ['sh', '-c', script]);
          expect(ended, ended.stderr).toEqual({ code: 0, stdout: '', stderr: '' });
          return all.map((a) => JSON.parse(readFileSync(join(stage.harness, `truth.json.${a}`), 'utf8')) as CrewTruth);
        },
        join(repo, 'test/agent/crew/server.mjs'),
      );
      const score = scoreOf(truths, spansIn(file));
      const told = JSON.stringify(score);
      expect(score.tools, told).toBe(AGENTS * TURNS * 12);
      expect(score.effects, told).toBe(AGENTS * TURNS * (3 * 6 + 7));
      expect(score.argument, told).toBeGreaterThanOrEqual(0.98);
      expect(score.process, told).toBeGreaterThanOrEqual(0.98);
      // what an agent reads itself and no argument names is housekeeping: counted at its turn, no span
      expect(score.all, told).toBeGreaterThanOrEqual(0.9);
      expect(score.wrongAgent, told).toBe(0);
    });
  },
);
