import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '../..');
const program = `'${process.execPath}' --import tsx '${join(root, 'cli/main.ts')}'`;

function shell(command: string, env: Readonly<Record<string, string>> = {}): { code: number | null; err: string } {
  const done = spawnSync('sh', ['-c', command], { cwd: root, encoding: 'utf8', env: { ...process.env, ...env } });
  return { code: done.status, err: done.stderr };
}

test.runIf(process.platform === 'linux')('output that cannot be written is one line and an exit code', () => {
  const { code, err } = shell(`${program} components >/dev/full`);
  expect(code).toBe(1);
  expect(err).toMatch(/^Error: cannot write to standard output: ENOSPC/m);
  expect(err).not.toContain('    at ');
});

test('a reader that goes away and a log that cannot be written stop no delivery', () => {
  const folder = mkdtempSync(join(tmpdir(), 'oisp-cli-'));
  try {
    const spans = join(folder, 'spans.jsonl');
    const log = process.platform === 'linux' ? '/dev/full' : '/dev/null';
    shell(`${program} --config configs/demo.yaml 2>${log} | head -n 1`, { OISP_SPANS: spans });
    const lines = readFileSync(spans, 'utf8').trim().split('\n');
    const names = lines.flatMap((line) => line.match(/"name":"invoke_agent harbor-agent"/g) ?? []);
    expect(names.length).toBeGreaterThanOrEqual(5);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
