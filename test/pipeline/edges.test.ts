import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { captureBy, edgesOf, type Mode, recording, sharedTools, through, wholeOf, workFolder } from './lab.ts';

const folder = workFolder();
const captures: string[] = [recording];
beforeAll(async () => {
  const made = await captureBy(
    'simulate-agents.mjs',
    join(folder.path, 'agents'),
    '--agents',
    '60',
    '--gzip',
    '--one-process',
    '0.3',
  );
  if (made !== undefined) captures.push(made);
});
afterAll(() => folder.remove());

async function edgesIn(mode: Mode): Promise<string[]> {
  const all: string[] = [];
  for (const path of captures) all.push(...edgesOf((await through(path, { mode })).spans));
  return all;
}

describe('edges: ids, parents, names, tool call ids, links', () => {
  test('are the same in full and safe mode', async () => {
    expect(captures).toHaveLength(sharedTools ? 2 : 1);
    const full = await edgesIn('full');
    expect(full.length).toBeGreaterThan(80);
    expect(await edgesIn('safe')).toEqual(full);
  });

  test('are the same in minimal mode but for what it has no words for: file names and scripts', async () => {
    // without paths the files of one process are one span, and an agent is named by its executable, not by its script
    const withoutWords = (edges: readonly string[]): string[] =>
      edges.filter((e) => !/ file\.\w+ /.test(e)).map((e) => e.replace(/ invoke_agent \S+ /, ' invoke_agent '));
    expect(withoutWords(await edgesIn('minimal'))).toEqual(withoutWords(await edgesIn('full')));
  });

  test('whole spans are the same on a second run, in batches of 1, 7 and 1000, and at a pace', async () => {
    for (const [i, path] of captures.entries()) {
      const once = wholeOf((await through(path)).spans);
      for (const batch_size of [1, 7, 1000]) {
        const { events, spans, count } = await through(path, { receiver: { batch_size } });
        expect(wholeOf(spans)).toEqual(once);
        // each event goes on once, and nobody below threw
        expect(new Set(events.map((e) => e.event_id)).size).toBe(events.length);
        expect(count('oisp_decode_retries')).toBe(0);
      }
      // gaps of the simulated capture are hours: the longest wait is set so that it is short
      const pace = i === 0 ? { speed: 200 } : { speed: 1_000_000, max_gap: '1ms' };
      expect(wholeOf((await through(path, { receiver: pace })).spans)).toEqual(once);
    }
  });
});
