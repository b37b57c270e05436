import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { recording, repo, through } from '../../pipeline/lab.ts';

const folder = join(repo, 'processors/correlate');
const readme = readFileSync(join(folder, 'README.md'), 'utf8');
const told = new Set([...readme.matchAll(/`([a-z][\w]*(?:\.[\w]+)+)`/g)].map((m) => m[1] ?? ''));

test('every attribute that the sources name is in the table of the README', () => {
  const sources = [folder, join(folder, 'spans'), join(repo, 'core/otel')].flatMap((dir) =>
    readdirSync(dir)
      .filter((name) => name.endsWith('.ts') && name !== 'event-facts.ts' && name !== 'event-attributes.ts')
      .map((name) => readFileSync(join(dir, name), 'utf8')),
  );
  const named = sources.flatMap((text) =>
    [...text.matchAll(/\.(?:text|int|double|flag|texts|any|string|strings|bool)\(\s*'([\w.]+\.[\w.]+)'/g)].map(
      (m) => m[1] ?? '',
    ),
  );
  expect(named.length).toBeGreaterThan(150);
  expect([...new Set(named)].filter((name) => !told.has(name))).toEqual([]);
});

test('every attribute on the spans of the recording is there', async () => {
  const { spans } = await through(recording);
  const names = spans.flatMap((span) => [...span.attributes, ...span.resource.attributes].map((a) => a.key));
  expect([...new Set(names)].filter((name) => !told.has(name))).toEqual([]);
});
