import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { CommandError } from './io.ts';
import type { Launch } from './launch.ts';

/** A running command: it has our terminal, process group, input and output. */
export interface Child {
  /** Resolves at its end with its exit code, or 128 and the number of the signal that killed it. Rejects with CommandError when it cannot be started. */
  readonly ended: Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts a command. */
export function startChild({ file, args, env, cwd }: Launch): Child {
  const child = spawn(file, args, { stdio: 'inherit', env: { ...env }, cwd });
  const ended = new Promise<number>((resolve, reject) => {
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return; // a signal could not be sent
      reject(new CommandError(`${file}: cannot be started: ${error.message}`, error.code === 'ENOENT' ? 127 : 126));
    });
  });
  return { ended, kill: (signal) => void child.kill(signal) };
}
