import { resolve as resolvePath } from 'node:path';
import { coverUrl } from './cover.ts';
import type { LoadOptions } from './types.ts';

/** A place that config text comes from: `scheme:opaque`. */
export interface Location {
  readonly scheme: string;
  readonly opaque: string;
}

const URI = /^([A-Za-z][A-Za-z0-9+.-]+):([\s\S]*)$/;
const ENV_NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

/** The parts of `scheme:opaque`; a scheme has two characters at least, so that `C:\x` is a path. */
export function parseUri(text: string): Location | undefined {
  const match = URI.exec(text);
  return match === null ? undefined : { scheme: match[1] ?? '', opaque: match[2] ?? '' };
}

export type Retrieved =
  | {
      readonly text: string;
      readonly unset?: string /** What brought the text in; none for what the config says itself. */;
      readonly via?: string;
    }
  | { readonly error: string; readonly hint?: string };

/** The text at a location. Errors are the Collector's. */
export async function retrieve({ scheme, opaque }: Location, options: LoadOptions): Promise<Retrieved> {
  switch (scheme) {
    case 'env':
      return retrieveEnv(opaque, options.env);
    case 'file':
      return retrieveFile(opaque, options);
    case 'yaml':
      return { text: opaque };
    default:
      return {
        error: `scheme ${JSON.stringify(scheme)} is not supported for uri ${JSON.stringify(withoutUser(`${scheme}:${opaque}`))}`,
      };
  }
}

/** An address without what may be a password in it. */
export function withoutUser(uri: string): string {
  return coverUrl(uri).replace(/\?.*$/s, '?[REDACTED]');
}

function retrieveEnv(opaque: string, env: LoadOptions['env']): Retrieved {
  const split = opaque.indexOf(':-');
  const name = split < 0 ? opaque : opaque.slice(0, split);
  if (!ENV_NAME.test(name)) {
    return {
      error: `environment variable ${JSON.stringify(name)} has invalid name: must match regex ${ENV_NAME.source}`,
    };
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (value !== undefined) return { text: value, via: `environment variable ${name}` };
  return split < 0 ? { text: '', unset: name } : { text: opaque.slice(split + 2) };
}

async function retrieveFile(path: string, options: LoadOptions): Promise<Retrieved> {
  const absolute = resolvePath(options.cwd, path);
  const prefix = `unable to read the file file:${path}`;
  try {
    const loose = await writableByOthers(absolute, options);
    if (loose !== undefined) {
      return {
        error: `${prefix}: others may write it (mode ${loose})`,
        hint: `as root only files that nobody else may write are read: chmod go-w ${path}`,
      };
    }
    return { text: await options.readFile(absolute), via: `file ${path}` };
  } catch (error) {
    return { error: `${prefix}: ${ioText(error, path)}` };
  }
}

async function writableByOthers(path: string, { euid, stat }: LoadOptions): Promise<string | undefined> {
  if (euid !== 0 || stat === undefined) return undefined;
  const { mode } = await stat(path);
  return (mode & 0o022) === 0 ? undefined : `0${(mode & 0o777).toString(8)}`;
}

/** A failed read as Go words it. */
function ioText(error: unknown, path: string): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'ENOENT':
      return `open ${path}: no such file or directory`;
    case 'EACCES':
    case 'EPERM':
      return `open ${path}: permission denied`;
    case 'EISDIR':
      return `read ${path}: is a directory`;
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
