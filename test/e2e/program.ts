import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The checkout. */
export const repo = fileURLToPath(new URL('../..', import.meta.url));

export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end in the checkout. */
export function run(file: string, args: readonly string[], timeoutMs = 60_000): Promise<Ended> {
  return new Promise((done, failed) => {
    const options = { cwd: repo, timeout: timeoutMs, maxBuffer: 64 * 1024 * 1024 };
    const child = execFile(file, args, options, (error, stdout, stderr) => {
      const code = child.exitCode ?? (error ? -1 : 0);
      if (error && child.pid === undefined) failed(error);
      else done({ code, stdout, stderr: error?.killed === true ? `${stderr}\nkilled after ${timeoutMs} ms` : stderr });
    });
  });
}

/** Compiles the program, so that what is tested is what the sources say. */
export async function build(): Promise<void> {
  const { code, stdout, stderr } = await run('npm', ['run', 'build', '--silent']);
  if (code !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/** Runs the built command line program. */
export function collector(...args: readonly string[]): Promise<Ended> {
  return run(process.execPath, ['dist/cli/main.js', ...args]);
}
