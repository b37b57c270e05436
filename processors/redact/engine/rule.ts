/** What a rule looks for, which names the text left in its place and the finding's type. */
export interface Rule {
  /** Type in findings and metrics, lower case: `api_key`, `jwt`, `email`. */
  readonly type: string;
  /** What replaces the secret. */
  readonly label: string;
  /**
   * Literals at which `pattern` is tried, where the literal begins. Compared without case in ASCII; `0` stands for any digit (the pattern
   * decides). A literal that many texts hold costs time.
   */
  readonly anchors: readonly string[];
  /**
   * Sticky. A first group is kept text before the secret; without groups the whole match is the secret. The secret reaches to the end of the
   * match. An unbounded repeat may only stand at the end, or before a character that its own class excludes while `left` refuses the middle
   * of a run: then no text makes the scan more than linear.
   */
  readonly pattern: RegExp;
  /** Sticky, tried where a verified match of 256 characters or more ends: the rest of a long secret. */
  readonly tail?: RegExp;
  /** Characters that must not stand before the anchor. */
  readonly left?: Left;
  /** A last look at the secret. `text`, `start` and `end` say where it stands. */
  readonly verify?: (secret: string, text: string, start: number, end: number) => boolean;
  /** Where the match begins when that is before the anchor (`email`): at most 64 characters back, never before `floor`; -1 for no match. */
  readonly begin?: (text: string, anchor: number, floor: number) => number;
  /** Personal data, not a credential. */
  readonly pii?: boolean;
}

/** `word`: letters, digits, `_`; `dash`: those and `-`. */
export type Left = 'word' | 'dash';

/** One place to replace: `start` to `end` in UTF-16 units. */
export interface Finding {
  readonly start: number;
  readonly end: number;
  readonly rule: { readonly type: string; readonly label: string };
}

const WORD = 1;
const DASH = 2;
const KIND = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const char = String.fromCharCode(c);
  if (/[A-Za-z0-9_]/.test(char)) KIND[c] = WORD | DASH;
  else if (char === '-') KIND[c] = DASH;
}
const MASK: Record<Left, number> = { word: WORD, dash: DASH };
const BACKSLASH = 92;
const PERCENT = 37;

/**
 * Whether a token may begin at `at`. An escape before it (`\n`, `\t`, `\u0022`, `%3D`) is no part of a token, so that secrets inside JSON
 * text and URLs are seen.
 */
export function isBoundary(text: string, at: number, left: Left): boolean {
  if (at === 0) return true;
  const before = text.charCodeAt(at - 1);
  if (before > 127 || ((KIND[before] ?? 0) & MASK[left]) === 0) return true;
  // b f n r t after a backslash
  if (at >= 2 && text.charCodeAt(at - 2) === BACKSLASH) {
    return before === 110 || before === 116 || before === 114 || before === 98 || before === 102;
  }
  if (at >= 3 && text.charCodeAt(at - 3) === PERCENT) return /^[0-9A-Fa-f]{2}$/.test(text.slice(at - 2, at));
  if (at >= 6 && text.charCodeAt(at - 6) === BACKSLASH) return /^u00[0-9A-Fa-f]{2}$/.test(text.slice(at - 5, at));
  return false;
}
