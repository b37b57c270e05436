import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { skipsWhere } from '../../require.ts';

// bash's ulimit bounds the size of the file
test.skipIf(skipsWhere(process.platform === 'win32', 'a file of bounded size needs bash and ulimit'))(
  'a line that fits only in part is cut off again and stays with the caller',
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'oisp-jsonl-'));
    try {
      const path = join(folder, 'out.jsonl');
      const script = join(import.meta.dirname, 'limited.ts');
      // bash counts in blocks of 1,024 bytes
      const shell = 'ulimit -f 1; exec "$0" --import tsx "$1" "$2"';
      const said = execFileSync('bash', ['-c', shell, process.execPath, script, path], { encoding: 'utf8' });
      expect(said).toBe('first\nRetryableError 1\nthird\n');
      expect(readFileSync(path, 'utf8')).toBe(`${'a'.repeat(800)}\n${'c'.repeat(100)}\n`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
