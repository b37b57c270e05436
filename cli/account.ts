import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { CommandError, type Io } from './io.ts';

/** Whom a process runs as. Name, home and shell are unknown where the system has no entry for the number. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
  readonly name?: string;
  readonly home?: string;
  readonly shell?: string;
}

/** Finds an account by its name or number. */
export type LookUp = (key: string) => Account | undefined;

/** An account as a line of passwd(5). */
export function parseAccount(line: string): Account | undefined {
  const [name = '', , uid = '', gid = '', , home = '', shell = ''] = line.trim().split(':');
  if (name === '' || !/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  return {
    uid: Number(uid),
    gid: Number(gid),
    name,
    ...(home === '' ? {} : { home }),
    ...(shell === '' ? {} : { shell }),
  };
}

/** Accounts of this machine: those of /etc/passwd, else those that getent(1) knows, such as of a directory service. */
export const lookUpAccount: LookUp = (key) => {
  if (!/^[\w.@][\w.@\\$-]*$/.test(key)) return undefined;
  const entries = passwdLines().map(parseAccount);
  const found = entries.find((entry) => entry?.name === key) ?? entries.find((entry) => String(entry?.uid) === key);
  if (found !== undefined) return found;
  const { status, stdout } = spawnSync('getent', ['passwd', key], { encoding: 'utf8', timeout: 5000 });
  return status === 0 ? parseAccount(stdout) : undefined;
};

function passwdLines(): string[] {
  try {
    return readFileSync('/etc/passwd', 'utf8').split('\n');
  } catch {
    return []; // a machine without that file: getent(1) is asked
  }
}

/**
 * Whom a command of the user runs as: the account asked for, else under sudo the one that called it. Undefined: as this process does.
 * Throws CommandError for an account that is unknown or that only root may take.
 */
export function commandAccount(
  asked: string | undefined,
  io: Pick<Io, 'env' | 'euid'>,
  lookUp: LookUp,
): Account | undefined {
  if (asked !== undefined) {
    const account = lookUp(asked);
    if (account === undefined) throw new CommandError(`--user ${asked}: there is no such user`);
    if (io.euid !== 0 && io.euid !== account.uid) throw new CommandError(`--user ${asked}: only root may do that`);
    return account;
  }
  return io.euid === 0 ? sudoAccount(io.env, lookUp) : undefined;
}

/** The user who called, under sudo too; undefined: whom this process runs as. */
export function callerOf(io: Pick<Io, 'env' | 'euid'>): Account | undefined {
  return commandAccount(undefined, io, lookUpAccount);
}

/** The account that called sudo(8). */
function sudoAccount(env: Io['env'], lookUp: LookUp): Account | undefined {
  const { SUDO_UID: uid = '', SUDO_GID: gid = '' } = env;
  if (!/^\d+$/.test(uid) || !/^\d+$/.test(gid)) return undefined;
  const known = lookUp(uid);
  return { ...(known?.uid === Number(uid) ? known : {}), uid: Number(uid), gid: Number(gid) };
}

/** The environment as the account had it before sudo: its own home, name and shell, and nothing of sudo's. */
export function accountEnv(env: Io['env'], account: Account): Io['env'] {
  const own = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('SUDO_')));
  const { name, home, shell } = account;
  return {
    ...own,
    ...(home === undefined ? {} : { HOME: home }),
    ...(name === undefined ? {} : { USER: name, LOGNAME: name }),
    ...(shell === undefined ? {} : { SHELL: shell }),
  };
}
