import { readFileSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AnySchema, ServiceConfig } from '../core/index.ts';
import type { Account } from './account.ts';

/** A file that is used again after the start: read, written, or put in the place of the one before. */
export interface Need {
  readonly path: string;
  readonly access: 'read' | 'write' | 'replace';
}

/** What of the file system says who may do what; passed in for tests. */
export interface Files {
  stat(path: string): Pick<Stats, 'uid' | 'gid' | 'mode'> | undefined;
  /** The text of group(5). */
  groups(): string;
}

export const systemFiles: Files = {
  stat: (path) => {
    try {
      return statSync(path, { throwIfNoEntry: false });
    } catch {
      return undefined; // a folder on the way is a file
    }
  },
  groups: () => {
    try {
      return readFileSync('/etc/group', 'latin1');
    } catch {
      return '';
    }
  },
};

/** Files that the config names and that are opened again: outputs when they are rotated, the rest at a reload; and the program's own, for threads. */
export function needsOf(config: ServiceConfig, configFiles: readonly string[], cwd: string): readonly Need[] {
  const needs: Need[] = [...configFiles, fileURLToPath(import.meta.url)].map((path) => ({ path, access: 'read' }));
  const used = new Set(config.pipelines.flatMap(({ receivers, exporters }) => [...receivers, ...exporters]));
  for (const components of [config.receivers, config.exporters])
    for (const [id, { definition, config: own }] of components) {
      // where the ebpf receiver puts probes it looks by the capabilities that are kept
      if (!used.has(id) || definition.type === 'ebpf') continue;
      for (const [key, path] of pathsOf(definition.schema, own)) {
        const isOutput = components === config.exporters && !key.endsWith('_file');
        needs.push({ path, access: key === 'checkpoint' ? 'replace' : isOutput ? 'write' : 'read' });
      }
    }
  return needs.filter(({ path }) => !/[*?{]/.test(path)).map((need) => ({ ...need, path: resolve(cwd, need.path) }));
}

/** Values of `format: path`, with the key that they stand under. */
function pathsOf(schema: AnySchema, value: unknown, key = ''): [string, string][] {
  if ('format' in schema && schema.format === 'path') return typeof value === 'string' ? [[key, value]] : [];
  if ('items' in schema) return Array.isArray(value) ? value.flatMap((one) => pathsOf(schema.items, one, key)) : [];
  if (!('properties' in schema) || typeof value !== 'object' || value === null) return [];
  const fields = new Map<string, unknown>(Object.entries(value));
  return Object.entries(schema.properties).flatMap(([name, field]) => pathsOf(field, fields.get(name), name));
}

/** The first need that an account cannot have, by owner, group and mode; access lists are not looked at. */
export function firstRefused(needs: readonly Need[], account: Account, files: Files = systemFiles): Need | undefined {
  const may = permissionsOf(account, files);
  return needs.find(({ path, access }) => {
    const stat = files.stat(path);
    // a pipe, a terminal or a device is open already
    if (stat !== undefined && (stat.mode & TYPE) !== REGULAR) return false;
    if (!foldersOf(path).every((folder) => may(folder, X))) return true;
    if (access === 'read') return !may(path, R);
    return (stat !== undefined && !may(path, access === 'write' ? R | W : R)) || !may(dirname(path), W);
  });
}

/** Outputs that are not there, in folders that an account may write: made by root before the start they have to belong to it. */
export function claimable(needs: readonly Need[], account: Account, files: Files = systemFiles): readonly string[] {
  const may = permissionsOf(account, files);
  return needs.flatMap(({ path, access }) => {
    if (access !== 'write' || files.stat(path) !== undefined) return [];
    const there = foldersOf(path).filter((folder) => files.stat(folder) !== undefined);
    const last = there.at(-1) ?? '/';
    // where everybody may write (/tmp), root may not open files of others for writing: fs.protected_regular
    const isShared = ((files.stat(last)?.mode ?? 0) & STICKY) !== 0;
    return !isShared && there.every((folder) => may(folder, X)) && may(last, W) ? [path] : [];
  });
}

function permissionsOf(account: Account, files: Files): (path: string, bits: number) => boolean {
  const groups = groupsOf(account, files.groups());
  return (path, bits) => {
    const stat = files.stat(path);
    if (stat === undefined) return false;
    const shift = stat.uid === account.uid ? 6 : groups.has(stat.gid) ? 3 : 0;
    return ((stat.mode >> shift) & bits) === bits;
  };
}

const STICKY = 0o1000;
const TYPE = 0o170000;
const REGULAR = 0o100000;
const R = 4;
const W = 2;
const X = 1;

function foldersOf(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersOf(folder), folder];
}

function groupsOf({ gid, name }: Account, text: string): ReadonlySet<number> {
  const lines = text.split('\n').map((line) => line.split(':'));
  const own = lines.filter(([, , , members]) => name !== undefined && members?.trim().split(',').includes(name));
  return new Set([gid, ...own.map(([, , number]) => Number(number))]);
}
