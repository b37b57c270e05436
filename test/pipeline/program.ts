import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { repo } from './lab.ts';

export interface Ended {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stderr: string;
}

/** Starts the command line program from its sources. */
export function start(
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', 'tsx', join(repo, 'cli/main.ts'), ...args], {
    cwd: repo,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString('utf8');
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? undefined, stderr }));
  });
  return { child, ended };
}
