import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const KINDS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'];
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|(?:^|\n)\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]\s*\)/g;

function sources(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** Files of ours that a file imports, from the root of the project. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(IMPORT)]
    .map((match) => match[1] ?? match[2] ?? match[3] ?? '')
    .filter((name) => name.startsWith('.'))
    .map((name) => relative(root, join(root, dirname(file), name)));
}

/** Why a file may not import another; undefined when it may. */
function fault(file: string, imported: string): string | undefined {
  const [top, part] = file.split('/') as [string, string | undefined];
  const [itsTop, itsPart] = imported.split('/') as [string, string | undefined];
  if (top === 'core') return itsTop === 'core' ? undefined : 'core imports nothing outside core';
  if (KINDS.includes(top)) {
    if (imported === 'core/index.ts') return undefined;
    if (itsTop === 'core') return 'components see core through core/index.ts';
    if (itsTop !== top) return 'components import no other kind';
    if (file === `${top}/index.ts`) return undefined;
    return part === itsPart ? undefined : 'components import no other component';
  }
  if (top === 'cli')
    return itsTop === 'cli' || itsTop === 'core' || KINDS.includes(itsTop)
      ? undefined
      : 'cli imports components and core';
  return undefined;
}

test('imports point down: cli, components, core', () => {
  const faults: string[] = [];
  for (const folder of ['core', 'cli', ...KINDS]) {
    for (const file of sources(folder)) {
      for (const imported of importsOf(file)) {
        const why = fault(file, imported);
        if (why !== undefined) faults.push(`${file} -> ${imported}: ${why}`);
      }
    }
  }
  expect(faults).toEqual([]);
});

test('the walk finds what it looks for', () => {
  expect(importsOf('core/index.ts')).toContain('core/batch.ts');
  expect(fault('receivers/jsonl/a.ts', 'core/batch.ts')).toBeDefined();
  expect(fault('receivers/jsonl/a.ts', 'receivers/kafka/b.ts')).toBeDefined();
  expect(fault('core/a.ts', 'receivers/jsonl/b.ts')).toBeDefined();
  expect(fault('exporters/jsonl/a.ts', 'exporters/jsonl/b.ts')).toBeUndefined();
});
