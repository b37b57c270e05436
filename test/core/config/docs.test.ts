import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { connectors } from '../../../connectors/index.ts';
import { exporters } from '../../../exporters/index.ts';
import { processors } from '../../../processors/index.ts';
import { receivers } from '../../../receivers/index.ts';
import { load } from './setup.ts';

const text = await readFile('docs/config.md', 'utf8');
const blocks = [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1] ?? '');
const registry = { receivers, processors, exporters, connectors, extensions: [] };

describe('every block of docs/config.md loads, alone or laid over the first', () => {
  test.each(blocks.map((block, index) => [index, block] as const))('block %d', async (index, block) => {
    const sources = index === 0 ? [block] : [blocks[0] ?? '', block];
    expect((await load(sources, { registry, env: { OTLP_TOKEN: 't' } })).text).toBe('');
  });
});

test('the values of the table of sources load', async () => {
  const sets = ['service.pipelines.logs.exporters=[debug/all]'];
  const { config, text: problems } = await load([blocks[0] ?? ''], { registry, env: { OTLP_TOKEN: 't' }, sets });
  expect(problems).toBe('');
  expect(config?.pipelines[0]?.exporters).toEqual(['debug/all']);
});
