import { posix } from 'node:path';
import type { AnySchema } from './schema.ts';

const HIDDEN = '[REDACTED]';
/** Shorter values are in any text. */
const LEAST = 4;
/** Who tells a longer value may have cut it: its first part is covered too when it is as long as this and a word of the text ends there. */
const PART = 9;
const GOES_ON = /^(?!\.\.)[\w/.-]/;

/**
 * What references brought into a config, and texts without it. A value that equals one of `known`, the names that any config has, tells
 * nothing and stays.
 */
export class Brought {
  readonly #known: () => ReadonlySet<string>;
  readonly #seen = new Set<string>();
  /** By their first characters, so that a text is searched once for all of them. */
  readonly #values = new Map<string, string[]>();

  constructor(known: () => ReadonlySet<string>) {
    this.#known = known;
  }

  /** Takes one value, in the forms in which a message may show it. References in it are no part of it. */
  add(value: string): void {
    for (const part of value.split(/\$\{[^${}]*\}/)) {
      const text = part.trim();
      const plain = text.replaceAll('$$', () => '$');
      const path = plain.includes('/') ? posix.normalize(plain).replace(/^(?:\.\.\/)+/, '') : plain;
      for (const form of [path, text, plain, JSON.stringify(plain).slice(1, -1), plain.replaceAll('/', '\\/')])
        this.#put(form);
    }
  }

  /** A text with `[REDACTED]` in place of every value. */
  cover(text: string): string {
    if (this.#values.size === 0) return text;
    let shown = '';
    let from = 0;
    let start = 0;
    let end = 0;
    for (let i = 0; i + LEAST <= text.length; i += 1) {
      const length = this.#longest(text, i);
      if (length === 0) continue;
      if (i > end || end === 0) {
        if (end > from) {
          shown += text.slice(from, start) + HIDDEN;
          from = end;
        }
        start = i;
      }
      end = Math.max(end, i + length);
    }
    return end > from ? shown + text.slice(from, start) + HIDDEN + text.slice(end) : text;
  }

  #put(text: string): void {
    if (text.length < LEAST || this.#seen.has(text) || this.#known().has(text)) return;
    this.#seen.add(text);
    const key = text.slice(0, LEAST);
    const values = this.#values.get(key);
    if (values === undefined) this.#values.set(key, [text]);
    else values.push(text);
  }

  /** Characters from `at` on that are a value, or the first part of a long one. */
  #longest(text: string, at: number): number {
    let longest = 0;
    for (const value of this.#values.get(text.slice(at, at + LEAST)) ?? []) {
      let same = LEAST;
      while (same < value.length && value.charCodeAt(same) === text.charCodeAt(at + same)) same += 1;
      if (same <= longest) continue;
      if (same === value.length || (same >= PART && !GOES_ON.test(text.slice(at + same, at + same + 2))))
        longest = same;
    }
    return longest;
  }
}

/** An address as people may see it: without user and password, values of its query, and fragment. */
export function coverUrl(url: string): string {
  return url
    .replace(/^([^/?#]*:\/\/)[^/?#\\]*@/, `$1${HIDDEN}@`)
    .replace(/#.+$/s, `#${HIDDEN}`)
    .replace(/\?([^#]+)/s, (_whole, query: string) => `?${coverQuery(query)}`);
}

/** A text in which no address shows its user and password. */
export function coverUsers(text: string): string {
  if (!text.includes('://') || !text.includes('@')) return text;
  return text.replace(/\b([a-z][a-z0-9+.-]{0,40}:\/\/)([^\s/?#\\"']*)@/gi, `$1${HIDDEN}@`);
}

function coverQuery(query: string): string {
  return query
    .split('&')
    .map((pair) => (pair === '' ? '' : pair.includes('=') ? `${pair.slice(0, pair.indexOf('='))}=${HIDDEN}` : HIDDEN))
    .join('&');
}

/** Text as people may see it: credentials stand in addresses too. */
export function publicText(text: string, schema: AnySchema): string {
  return schema.type === 'string' && schema.format === 'url' ? coverUrl(text) : coverUsers(text);
}
