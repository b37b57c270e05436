import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

test('the linter refuses floating and misused promises with the rules of this project', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oisp-lint-'));
  try {
    const config = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8'));
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...config, $schema: undefined, files: undefined }));
    writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
    cpSync(join(root, 'tsconfig.json'), join(folder, 'tsconfig.json'));
    cpSync(join(root, 'test/lint/planted.ts'), join(folder, 'planted.ts'));
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const run = spawnSync(join(root, 'node_modules/.bin/biome'), ['lint', '--reporter=json', 'planted.ts'], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(run.status).not.toBe(0);
    expect(run.stdout).toContain('noFloatingPromises');
    expect(run.stdout).toContain('noMisusedPromises');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
