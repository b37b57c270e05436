import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { repo } from './lab.ts';

export interface Ended {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined;
  readonly stderr: string;
}

/** Starts the command line program from its sources, as another user where `uid` says so. */
export function start(args: readonly string[], uid?: number): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, ['--import', 'tsx', join(repo, 'cli/main.ts'), ...args], {
    cwd: repo,
    ...(uid !== undefined && { uid, gid: uid }),
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
