import { promises as fs } from 'node:fs';
import { dirname, join } from 'node:path';
import { begins, type FileState } from './checkpoint.ts';
import { openFile } from './input.ts';
import { identity } from './track.ts';

/** Files that are looked at in one folder. */
const MAX_LOOKED = 10_000;

/** What became of files that are not where an earlier run left them. */
export interface Search {
  /** Files that are there under another name. */
  readonly found: readonly { readonly state: FileState; readonly path: string }[];
  /** Files that are not in their folder, or do not begin as they did, or are shorter than what was read; `why` in words. */
  readonly missing: readonly { readonly state: FileState; readonly why: string }[];
}

/**
 * Looks for the files that are no longer at their path in the folder of that path, and, where it is a symbolic link, in the folder it leads
 * to: by device, inode and first bytes. Looks at 10 000 files of a folder at most. One that nobody expects is found only when it has grown.
 */
export async function searchMoved(states: readonly FileState[], maxLooked = MAX_LOOKED): Promise<Search> {
  const lost: FileState[] = [];
  for (const state of states) if (!(await isAt(state.path, state))) lost.push(state);
  const folders = new Map<string, Map<string, FileState>>();
  for (const state of lost) {
    for (const folder of await foldersOf(state.path)) {
      const wanted = folders.get(folder) ?? new Map<string, FileState>();
      folders.set(folder, wanted.set(identity(state), state));
    }
  }
  const paths = new Map<string, string>();
  const whys = new Map<string, string>();
  for (const [folder, wanted] of folders) {
    const why = await searchFolder(folder, wanted, paths, maxLooked);
    for (const key of wanted.keys()) whys.set(key, why);
  }
  const found: { state: FileState; path: string }[] = [];
  const missing: { state: FileState; why: string }[] = [];
  for (const state of lost) {
    const path = paths.get(identity(state));
    if (path === undefined) {
      if (state.gone !== true) missing.push({ state, why: whys.get(identity(state)) ?? '' });
    } else if (state.gone !== true || (await sizeOf(path)) > state.low.offset) found.push({ state, path });
  }
  return { found, missing };
}

/** Whether a path is the file of `state`, at least as long as what was read of it. One that cannot be opened is taken for it. */
async function isAt(path: string, state: FileState): Promise<boolean> {
  const stats = await fs.stat(path).catch(() => undefined);
  if (stats === undefined || identity(stats) !== identity(state) || stats.size < state.high) return false;
  const opened = await openFile(path);
  if ('why' in opened) return opened.why !== 'missing';
  try {
    return identity(opened.stats) === identity(state) && (await begins(opened.handle, state.fingerprint));
  } finally {
    await opened.handle.close();
  }
}

async function foldersOf(path: string): Promise<Set<string>> {
  const folders = new Set([dirname(path)]);
  const real = await fs.realpath(path).catch(() => undefined);
  const link = await fs.lstat(path).catch(() => undefined);
  if (real !== undefined && link?.isSymbolicLink() === true) folders.add(dirname(real));
  return folders;
}

/** Adds what it finds to `paths`; returns why something may not be found. */
async function searchFolder(
  folder: string,
  wanted: ReadonlyMap<string, FileState>,
  paths: Map<string, string>,
  maxLooked: number,
): Promise<string> {
  let looked = 0;
  try {
    for await (const entry of await fs.opendir(folder)) {
      if (!entry.isFile()) continue;
      if (++looked > maxLooked) return `its folder has more than ${maxLooked} files; no more are looked at`;
      const path = join(folder, entry.name);
      const stats = await fs.lstat(path).catch(() => undefined);
      const state = stats === undefined ? undefined : wanted.get(identity(stats));
      if (state !== undefined && (await isAt(path, state))) paths.set(identity(state), path);
    }
  } catch {
    return 'its folder cannot be read';
  }
  return 'no file of its folder has its inode number and goes on from what was read';
}

async function sizeOf(path: string): Promise<number> {
  return (await fs.stat(path).catch(() => undefined))?.size ?? 0;
}
