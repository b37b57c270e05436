import { posix } from 'node:path';

/** Names of files as texts and systems give them, brought to one form so that equal places compare equal. */

const MAX_PATHS = 64;

/**
 * The one form of an absolute path: `/` between components, no `.`, `..` and end slash, drive letters as first component, `/private` of macOS
 * left out, and lower case where the system takes no notice of it (Windows, the usual roots of macOS). Undefined for a relative path.
 */
export function absolute(path: string): string | undefined {
  let whole = path;
  if (/^(?:[A-Za-z]:[\\/]|\\\\)/.test(whole)) {
    const plain = whole.replace(/^\\\\\?\\/, '').replaceAll('\\', '/');
    return trimmed(posix.normalize(plain.startsWith('/') ? plain : `/${plain}`)).toLowerCase();
  }
  if (!whole.startsWith('/')) return undefined;
  // MSYS and Git Bash: /c/Users is C:\Users
  if (/^\/[A-Za-z]\/(?:users|windows|program)/i.test(whole)) return absolute(`${whole[1]}:${whole.slice(2)}`);
  whole = trimmed(posix.normalize(whole));
  if (/^\/private\/(?:tmp|var|etc)(?:\/|$)/.test(whole)) whole = whole.slice(8);
  if (/^\/(?:Users|Volumes|Applications|Library)\//.test(whole)) whole = whole.toLowerCase();
  return composed(whole);
}

/** A path as seen from a folder: absolute as far as the two say so. */
export function resolved(path: string, folder: string | undefined): string | undefined {
  const own = absolute(path);
  if (own !== undefined) return own;
  const base = folder === undefined ? undefined : absolute(folder);
  return base === undefined ? undefined : absolute(`${base}/${path.replaceAll('\\', '/')}`);
}

function trimmed(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/** macOS keeps names decomposed, texts have them composed. */
function composed(path: string): string {
  return /[^\0-\x7f]/.test(path) ? path.normalize('NFC') : path;
}

/** Components of a relative path without `.` and leading `..`; those of a path below the home folder without it. */
export function components(path: string): string[] {
  const plain = (path.includes('\\') && !path.includes('/') ? path.replaceAll('\\', '/') : path).replace(HOME, '');
  return composed(posix.normalize(plain))
    .split('/')
    .filter((part) => part !== '' && part !== '.' && part !== '..');
}

const HOME = /^(?:~|\$HOME|\$\{HOME\}|%USERPROFILE%|\$env:USERPROFILE)(?=[\\/])/i;

/** Whether a path is counted from the user's home folder. */
export function isBelowHome(path: string): boolean {
  return HOME.test(path);
}

const SUFFIX =
  /^(.+?)(?:~|\.(?:tmp|temp|bak|orig|old|new|swp|swo|swx|part|partial|backup|crswap|sedtmp|lock|___jb_\w{1,8}___)(?:[.-][\w.-]{1,64})?|\.\d{1,20}(?:\.[\w-]{1,32}){1,3}|\.\d{1,20}|\.[\da-f]{6,64}|(?<=\.\w{1,8})\.[A-Za-z0-9_-]{6,32})$/;

/** One suffix alone, for names that have dots of their own. */
const LAST = /^(.+)(?:~|\.(?:tmp|temp|bak|orig|old|new|swp|part|backup))$/;

/**
 * The files that a temporary or backup file may be made for, by how editors and libraries name such files (`a.ts.tmp.81.f3`, `.a.ts.swp`,
 * `a.ts~`, `#a.ts#`, `.a.ts.Xy12Zq`); none for other names. `path` is absolute.
 */
export function madeFor(path: string): string[] {
  const at = path.lastIndexOf('/') + 1;
  const name = path.slice(at);
  if (name.length > 255) return [];
  const hash = /^\.?#(.{1,200}?)#?$/.exec(name)?.[1];
  const hidden = /^\.(.{1,200}\.\w{1,8})\.[A-Za-z0-9_-]{6,32}$/.exec(name)?.[1];
  const ended = SUFFIX.exec(name)?.[1];
  const targets = new Set([hash, hidden, ended, LAST.exec(name)?.[1]].filter((target) => target !== undefined));
  // `.a.ts.swp` is of a.ts, `.env.tmp` of .env
  if (ended?.startsWith('.') && ended.length > 1) targets.add(ended.slice(1));
  return [...targets].map((target) => path.slice(0, at) + target);
}

/** The folder that a pattern of file names begins with; undefined for what is no pattern. */
export function folderOfPattern(text: string): string | undefined {
  const at = text.search(/[*?[{]/);
  if (at < 0 || text.length > 512 || /[\s|&;<>"'`()^$\\+]/.test(text)) return undefined;
  const slash = text.lastIndexOf('/', at);
  return slash < 0 ? '.' : text.slice(0, slash) || '/';
}

/** Whether a string argument may name a file: one line without the characters of programs. */
function isPathLike(text: string): boolean {
  return (
    text.length >= 2 &&
    text.length <= 1024 &&
    !/[\n\r\t]/.test(text) &&
    !text.includes('://') &&
    /^[^|&;<>"`]+$/.test(text)
  );
}

/** A path inside a text: with a separator in it, or named as a file by a patch. */
const INNER_PATH =
  /(?:^|[\s"'`(<>=@,])(?:file:\/\/|[ab]\/)?((?:~|\$HOME|\.{1,2})?\/?[\w.@+-]{1,128}(?:\/[\w.@+-]{1,128}){1,30}|\/[\w.@+-]{1,128})(?=$|[\s"'`)<>,;:])/g;
const INNER_DRIVE = /(?:^|[\s"'`(=])([A-Za-z]:\\[^\s"'`<>|:*?]{1,512})/g;
const PATCHED =
  /^\*\*\* (?:Update|Add|Delete) File: (.{1,512})$|^\*\*\* Move to: (.{1,512})$|^(?:\+\+\+|---) (?:[ab]\/)?([^\t\n]{1,512})|^rename (?:from|to) (.{1,512})$/gm;

/** The paths that a text names: the text itself, or paths inside it (commands, patches, URLs of files, places with line numbers). */
export function pathsIn(text: string): string[] {
  const found = new Set<string>();
  if (isPathLike(text)) found.add(text);
  if (text.startsWith('file://')) {
    const path = pathOfUrl(text);
    if (path !== undefined) found.add(path);
  }
  if (text.includes('/')) {
    for (const match of text.matchAll(INNER_PATH)) {
      if (found.size >= MAX_PATHS) break;
      found.add((match[1] as string).replace(/^@/, ''));
    }
  }
  if (text.includes(':\\')) {
    for (const match of text.matchAll(INNER_DRIVE)) if (found.size < MAX_PATHS) found.add(match[1] as string);
  }
  if (text.includes('*** ') || text.includes('+++ ')) {
    for (const match of text.matchAll(PATCHED)) {
      if (found.size >= MAX_PATHS) break;
      const path = (match[1] ?? match[2] ?? match[3] ?? match[4] ?? '').trim();
      if (path !== '' && path !== '/dev/null') found.add(path);
    }
  }
  const place = /^([^\s:]{1,512}):\d{1,7}(?:[-:]\d{1,7})?$/.exec(text);
  if (place?.[1]) found.add(place[1]);
  return [...found];
}

function pathOfUrl(text: string): string | undefined {
  try {
    const { pathname } = new URL(text);
    const path = decodeURIComponent(pathname);
    return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
  } catch {
    return undefined; // no URL: the text may still name paths in other ways
  }
}
