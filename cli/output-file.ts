import { chownSync, closeSync, existsSync, fchownSync, lstatSync, mkdirSync, openSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Account } from './account.ts';
import { CommandError, reasonOf } from './io.ts';

type Owner = Pick<Account, 'uid' | 'gid'>;

/**
 * The path of an output. The file is made (mode 0600), its folders too (mode 0700), and belongs to `owner`, so that who calls by sudo can read
 * it; what is there keeps its owner and mode. Throws CommandError by the name of the flag.
 */
export function claimFile(named: string, cwd: string, owner: Owner | undefined): string {
  const path = resolve(cwd, named);
  try {
    makeFolder(dirname(path), owner);
    const isNew = !existsSync(path);
    const file = openSync(path, isNew ? 'ax' : 'a', 0o600);
    if (isNew && owner !== undefined) fchownSync(file, owner.uid, owner.gid);
    closeSync(file);
  } catch (error) {
    throw new CommandError(`--output ${named}: cannot be written: ${reasonOf(error)}; name a file that you may write`);
  }
  return path;
}

function makeFolder(path: string, owner: Owner | undefined): void {
  const first = existsSync(path) ? undefined : mkdirSync(path, { recursive: true, mode: 0o700 });
  if (first === undefined || owner === undefined) return;
  for (let folder = path; folder.startsWith(first); folder = dirname(folder)) chownSync(folder, owner.uid, owner.gid);
}

/**
 * Throws CommandError when other users may read a file, by its mode, because it is theirs, or because it is a link to another place. One that is
 * not there is made for its owner alone. `owners` are the users whose file it may be.
 */
export function refuseReadable(named: string, cwd: string, owners: readonly number[]): void {
  const stat = lstatSync(resolve(cwd, named), { throwIfNoEntry: false });
  if (stat === undefined || stat.isDirectory()) return;
  if (stat.isFile() && stat.nlink === 1 && (stat.mode & 0o077) === 0 && owners.includes(stat.uid)) return;
  throw new CommandError(
    `--output ${named}: others may use it, and a raw recording holds secrets; chmod 600 ${named}, or name a new file`,
  );
}
