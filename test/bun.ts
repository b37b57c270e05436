/** The Bun of the tests, fetched once from the registry of npm. Run as a program it fetches it: npx tsx test/bun.ts */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '1.4.5';
const cache = fileURLToPath(new URL(`../node_modules/.cache/bun/${VERSION}`, import.meta.url));

/** Where it lies once it is there. */
export const bunPath = join(cache, 'node_modules/@oven/bun-linux-x64/bin/bun');

export function hasBun(): boolean {
  return existsSync(bunPath);
}

/** Whether it is there afterwards. */
export function fetchBun(): boolean {
  if (hasBun()) return true;
  try {
    mkdirSync(cache, { recursive: true });
    const args = ['install', '--prefix', cache, '--no-fund', '--no-audit', '--silent'];
    execFileSync('npm', [...args, `@oven/bun-linux-x64@${VERSION}`], { stdio: 'pipe', timeout: 120_000 });
  } catch {
    return false; // no registry: the caller says what is skipped
  }
  return hasBun();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exitCode = fetchBun() ? 0 : 1;
