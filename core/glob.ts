import type { Dirent } from 'node:fs';
import { promises as fs } from 'node:fs';

const MAGIC = /[*?{[]/;

/** Whether a text is a pattern rather than a path. */
export function isGlob(text: string): boolean {
  return MAGIC.test(text);
}

/**
 * The pattern as a regular expression over a whole path with `/` between its parts. `*` any characters of one part, `?` one of them, a
 * part `**` any number of parts, `[abc]` and `[!a-z]` one character, `{a,b}` alternatives, `\` takes the next character as it is.
 * A leading dot has to be written out, as in a shell.
 */
export function globToRegExp(pattern: string): RegExp {
  const parts = splitParts(pattern);
  let source = '';
  parts.forEach((part, i) => {
    const last = i === parts.length - 1;
    if (part === '**') source += last ? '(?:[^/.][^/]*/)*(?:[^/.][^/]*)?' : '(?:[^/.][^/]*/)*';
    else source += partSource(part) + (last ? '' : '/');
  });
  return new RegExp(`^${source}$`, 'su');
}

/** Splits at `/` outside of braces and brackets. */
function splitParts(pattern: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (let i = 0; i < pattern.length; i++) {
    const c = pattern[i] ?? '';
    if (c === '\\') {
      part += c + (pattern[++i] ?? '');
      continue;
    }
    if (c === '{') depth++;
    else if (c === '}') depth = Math.max(0, depth - 1);
    if (c === '/' && depth === 0) {
      parts.push(part);
      part = '';
    } else part += c;
  }
  parts.push(part);
  return parts;
}

function partSource(part: string): string {
  const wild = part.startsWith('*') || part.startsWith('?');
  const braces = part.includes('{') && balanced(part);
  let source = wild ? '(?!\\.)' : '';
  let depth = 0;
  for (let i = 0; i < part.length; i++) {
    const c = part[i] ?? '';
    if (c === '*') source += '[^/]*';
    else if (c === '?') source += '[^/]';
    else if (c === '\\' && i + 1 < part.length) source += literal(part[++i] ?? '');
    else if (c === '{' && braces) {
      depth++;
      source += '(?:';
    } else if (c === '}' && depth > 0) {
      depth--;
      source += ')';
    } else if (c === ',' && depth > 0) source += '|';
    else if (c === '[') {
      const close = part.indexOf(']', i + 2);
      if (close === -1) source += literal(c);
      else {
        const negated = part[i + 1] === '!' || part[i + 1] === '^';
        const set = part.slice(i + (negated ? 2 : 1), close).replace(/[\\\][^/&~|]/g, '\\$&');
        source += `(?!/)[${negated ? '^' : ''}${set}]`;
        i = close;
      }
    } else source += literal(c);
  }
  return source;
}

function balanced(part: string): boolean {
  let depth = 0;
  for (const c of part) {
    if (c === '{') depth++;
    else if (c === '}' && --depth < 0) return false;
  }
  return depth === 0;
}

function literal(c: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(c) ? `\\${c}` : c;
}

/**
 * Paths that match the patterns and not the exclusions, each once, sorted by code unit. A path without magic characters stands for itself,
 * there or not. Symbolic links are listed but `**` does not walk into them. A folder that cannot be read gives nothing.
 */
export async function expand(include: readonly string[], exclude: readonly string[]): Promise<string[]> {
  const isLeftOut = matchesAny(exclude);
  const found = new Set<string>();
  for (const given of include) {
    const pattern = slashes(given);
    if (isGlob(pattern)) {
      for (const path of await walk(pattern)) found.add(path);
    } else found.add(given);
  }
  return [...found].filter((path) => !isLeftOut(path)).sort((a, b) => (a < b ? -1 : 1));
}

/** Whether a path that `expand` once gave would be given again if it were there. */
export function isGiven(include: readonly string[], exclude: readonly string[]): (path: string) => boolean {
  const isLeftOut = matchesAny(exclude);
  const isMatch = matchesAny(include.filter((given) => isGlob(slashes(given))));
  return (path) => (include.includes(path) || isMatch(path)) && !isLeftOut(path);
}

function matchesAny(patterns: readonly string[]): (path: string) => boolean {
  const expressions = patterns.map((pattern) => globToRegExp(slashes(pattern)));
  return (path) => expressions.some((expression) => expression.test(slashes(path)));
}

/** Windows writes `\` between folders; elsewhere it takes the next character as it is. */
function slashes(pattern: string): string {
  return process.platform === 'win32' ? pattern.replaceAll('\\', '/') : pattern;
}

async function walk(pattern: string): Promise<string[]> {
  const parts = splitParts(pattern);
  const fixed: string[] = [];
  while (parts.length > 1 && !isGlob(parts[0] ?? '') && !parts[0]?.includes('\\')) fixed.push(parts.shift() ?? '');
  const root = fixed.length === 0 ? '' : `${fixed.join('/')}/`;
  const wanted = globToRegExp(pattern);
  // braces may hold slashes, so only a pattern without them says how deep it looks
  const levels = parts.includes('**') || pattern.includes('{') ? Number.POSITIVE_INFINITY : parts.length;
  const found: string[] = [];
  await descend(root, levels, wanted, found);
  return found;
}

async function descend(folder: string, levels: number, wanted: RegExp, found: string[]): Promise<void> {
  let entries: Dirent[];
  try {
    entries = await fs.readdir(folder === '' ? '.' : folder, { withFileTypes: true });
  } catch {
    return; // not there, no folder, or not ours to read: nothing in it matches
  }
  for (const entry of entries) {
    const path = folder + entry.name;
    if (entry.isDirectory()) {
      if (levels > 1) await descend(`${path}/`, levels - 1, wanted, found);
    } else if (wanted.test(path)) found.push(path);
  }
}
