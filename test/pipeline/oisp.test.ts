import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lineOf } from '../../exporters/jsonl/lines.ts';
import { skipsWithoutData } from '../require.ts';
import { captureBy, type Mode, recording, shared, sharedTools, through, workFolder } from './lab.ts';
import { hasSpec, specValidator } from './schema.ts';

const MODES: readonly Mode[] = ['full', 'safe', 'minimal'];
const isRequired = /\b(all|shared)\b/.test(process.env['OISP_REQUIRE'] ?? '');

test('the schemas are there where they are required', () => {
  expect(hasSpec || !isRequired || !existsSync(shared)).toBe(true);
});

describe.skipIf(skipsWithoutData('../shared/data/oisp-spec', hasSpec))('OISP output by the schemas of the spec', () => {
  const folder = workFolder();
  const captures: string[] = [recording];
  beforeAll(async () => {
    const made = [
      await captureBy('simulate-agents.mjs', join(folder.path, 'agents'), '--agents', '40'),
      await captureBy(
        'exchanges-to-capture.mjs',
        join(folder.path, 'h1'),
        ...['--in', join(shared, 'data/exchanges'), '--proto', 'h1', '--split', 'random', '--max', '60'],
      ),
    ];
    for (const path of made) if (path !== undefined) captures.push(path);
  });
  afterAll(() => folder.remove());

  for (const mode of MODES) {
    test(`every line is valid in mode ${mode}`, async () => {
      const check = specValidator();
      const faults = new Map<string, number>();
      const types = new Set<string>();
      expect(captures).toHaveLength(sharedTools ? 3 : 1);
      for (const path of captures) {
        const { events } = await through(path, { mode });
        expect(events.length).toBeGreaterThan(100);
        for (const event of events) {
          types.add(event.event_type);
          // as the exporter writes it and a reader gets it
          for (const fault of check(JSON.parse(lineOf(event)))) faults.set(fault, (faults.get(fault) ?? 0) + 1);
        }
      }
      expect(Object.fromEntries(faults)).toEqual({});
      expect([...types]).toEqual(expect.arrayContaining(['ai.request', 'ai.response', 'agent.tool_call', 'file.open']));
      expect([...types].filter((type) => type.startsWith('capture.'))).toEqual([]);
    });
  }

  test('the validator finds what is wrong', () => {
    const check = specValidator();
    expect(check({ event_type: 'process.exit', data: { exit_code: 'no number' } })).not.toEqual([]);
    expect(check({ event_type: 'process.nothing', data: {} })).toContain('process.nothing: the spec has no such type');
  });
});
