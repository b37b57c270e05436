import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { type Account, accountEnv } from './account.ts';
import { CommandError, type Io } from './io.ts';

/** A program to start. */
export interface Launch {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Io['env'];
  readonly cwd: string;
}

/** What shells answer for a command that is not there, and for one that cannot be run. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
/** Where util-linux puts it. */
const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv', '/run/current-system/sw/bin/setpriv'];

/**
 * How a command is started as an account, with its groups; undefined: as this process. Throws CommandError with the code of a shell when the
 * command cannot be run.
 */
export function launchOf(
  command: readonly string[],
  account: Account | undefined,
  io: Io,
  setprivs: readonly string[] = SETPRIV,
): Launch {
  const [name = '', ...args] = command;
  const env = account === undefined ? io.env : accountEnv(io.env, account);
  const found = findProgram(name, env['PATH'], io.cwd);
  if (found === 'missing') throw new CommandError(`${name}: command not found${sudoHint(name, io)}`, NOT_FOUND);
  if (found === 'not executable') throw new CommandError(`${name}: cannot be executed`, NOT_EXECUTABLE);
  if (account === undefined || account.uid === io.euid) return { file: name, args, env, cwd: io.cwd };
  // it runs with our privileges: never one that a PATH of somebody else names
  const setpriv = setprivs.find((path) => stateOf(path) === 'there');
  if (setpriv === undefined) {
    throw new CommandError(
      `setpriv is missing, which starts ${name} as ${account.name ?? account.uid}; install util-linux, or write --user root`,
    );
  }
  const groups = account.name === undefined ? '--clear-groups' : '--init-groups';
  const words = [`--reuid=${account.uid}`, `--regid=${account.gid}`, groups, '--', ...command];
  return { file: setpriv, args: words, env, cwd: io.cwd };
}

/** What execvp(3) would find. */
function findProgram(name: string, path: string | undefined, cwd: string): 'there' | 'missing' | 'not executable' {
  if (name === '') return 'missing';
  // execvp(3) without PATH
  const folders = (path ?? '/bin:/usr/bin').split(delimiter).map((folder) => resolve(cwd, folder));
  const places = name.includes('/') ? [resolve(cwd, name)] : folders.map((folder) => join(folder, name));
  const states = places.map(stateOf);
  return states.find((state) => state === 'there') ?? states.find((state) => state !== 'missing') ?? 'missing';
}

function stateOf(path: string): 'there' | 'missing' | 'not executable' {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return 'missing';
    if (!stat.isFile()) return 'not executable';
    accessSync(path, constants.X_OK);
    return 'there';
  } catch (error) {
    // a folder that may not be looked into holds nothing for us; the file itself may be there and not ours to run
    return error instanceof Error && 'syscall' in error && error.syscall === 'access' ? 'not executable' : 'missing';
  }
}

function sudoHint(name: string, io: Io): string {
  if (io.env['SUDO_UID'] === undefined || name.includes('/')) return '';
  return `\nsudo has a PATH of its own; keep yours with: sudo env "PATH=$PATH" oisp-collector …`;
}
