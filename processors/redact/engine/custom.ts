import { setFlagsFromString } from 'node:v8';

/** A pattern of the config. */
export interface CustomPattern {
  readonly name: string;
  readonly regex: string;
  /** The pattern is only tried on texts that hold this literal, in any case. */
  readonly keyword?: string;
}

const LABEL = '[CUSTOM_REDACTED]';
/** A text is searched in windows, so that the cost of a pattern that matches often stays bounded; longer secrets may be cut at a window's end. */
const WINDOW = 1 << 20;
const OVERLAP = 1 << 12;

/** A user's pattern on V8's linear engine (regular expression flag `l`): no text makes it run away. */
export class CustomRule {
  readonly type: string;
  readonly label = LABEL;
  readonly #regex: RegExp;
  readonly #keyword: RegExp | undefined;

  /** Throws a SyntaxError when the pattern is none, or needs backtracking. */
  constructor(pattern: CustomPattern) {
    this.type = `custom:${pattern.name}`;
    this.#regex = compileLinear(pattern.regex);
    if (pattern.keyword) this.#keyword = new RegExp(pattern.keyword.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), 'i');
  }

  find(text: string): { start: number; end: number }[] {
    if (this.#keyword !== undefined && !this.#keyword.test(text)) return [];
    const found: { start: number; end: number }[] = [];
    for (let from = 0; ; from += WINDOW - OVERLAP) {
      const window = text.length <= WINDOW ? text : text.slice(from, from + WINDOW);
      for (const match of window.matchAll(this.#regex)) {
        if (match[0].length > 0) found.push({ start: from + match.index, end: from + match.index + match[0].length });
      }
      if (from + WINDOW >= text.length) return found;
    }
  }
}

let enabled = false;

/** Compiles for the linear engine. The flag only lets the letter `l` be used; other regular expressions run as before. */
export function compileLinear(source: string): RegExp {
  // a plain syntax error is told in V8's own words, before the engine adds its limits
  const plain = new RegExp(source, 'g');
  if (plain.test('')) throw new SyntaxError('it matches the empty text');
  if (!enabled) {
    setFlagsFromString('--enable-experimental-regexp-engine');
    enabled = true;
  }
  return new RegExp(source, 'gl');
}
