/**
 * The AI SDKs of the tests and the runtimes they run on, fetched once for each state of the lock files. Run as a program it fetches them:
 * npx tsx test/clients/install.ts
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchBun } from '../bun.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const cache = fileURLToPath(new URL('../../node_modules/.cache/clients', import.meta.url));
const run = promisify(execFile);

/** A folder of the cache that goes with the text of `lock`. */
function place(name: string, lock: string): string {
  const hash = createHash('sha256')
    .update(readFileSync(join(here, lock)))
    .digest('hex');
  return join(cache, `${name}-${hash.slice(0, 12)}`);
}

/** The SDKs as Node 20 gets them, the same for later versions with those versions beside them, and those for Python. */
export const installed = {
  npm20: place('npm-20', 'npm-20/package-lock.json'),
  npm22: place('npm-22', 'npm-22/package-lock.json'),
  python: place('python', 'requirements.txt'),
};

const WHOLE = 'whole';

export function hasClients(): boolean {
  return Object.values(installed).every((dir) => existsSync(join(dir, WHOLE)));
}

async function once(dir: string, fill: () => Promise<void>): Promise<void> {
  if (existsSync(join(dir, WHOLE))) return;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  await fill();
  writeFileSync(join(dir, WHOLE), '');
}

async function npm(name: string, dir: string): Promise<void> {
  await once(dir, async () => {
    for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(here, name, file), join(dir, file));
    // --force: the engines of the later SDKs are those of the runtimes beside them
    await run('npm', ['ci', '--ignore-scripts', '--force', '--no-fund', '--no-audit', '--silent'], { cwd: dir });
  });
}

/** Fetches what is not there, all at once. */
export async function fetchClients(): Promise<void> {
  await Promise.all([
    npm('npm-20', installed.npm20),
    npm('npm-22', installed.npm22),
    once(installed.python, async () => {
      await run('python3', ['-m', 'venv', installed.python]);
      const args = ['install', '--quiet', '--no-deps', '--disable-pip-version-check'];
      await run(join(installed.python, 'bin/pip'), [...args, '-r', join(here, 'requirements.txt')]);
    }),
  ]);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!fetchBun()) throw new Error('Bun cannot be fetched');
  await fetchClients();
}
