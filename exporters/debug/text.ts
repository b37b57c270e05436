/** Characters that drive a terminal or hide text: C0, DEL, C1, line and paragraph separators, bidirectional and invisible marks, lone surrogates. */
const UNSAFE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
const NAMED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** The text with such characters written as `\n`, `\x1b`, `\u202e`: content cannot move the cursor or change colours. */
export function printable(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.charCodeAt(0);
    return NAMED[c] ?? (code < 0x100 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
  });
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}

const ZERO_WIDTH = /^[\p{Mn}\p{Me}]$/u;

/** Columns that printable text takes: two for East Asian wide characters and emoji (Unicode UAX #11, main blocks), none for combining marks. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const c of text) columns += columnsOfOne(c);
  return columns;
}

function columnsOfOne(c: string): number {
  const code = c.codePointAt(0) ?? 0;
  if (code < 0x300) return 1;
  if (code <= 0xfe0f && ZERO_WIDTH.test(c)) return 0;
  const isWide =
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0xa4cf && code !== 0x303f) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1faff) ||
    (code >= 0x20000 && code <= 0x3fffd);
  return isWide ? 2 : 1;
}

/** Cut to at most `max` columns, with an ellipsis where something is missing. */
export function clip(text: string, max: number): string {
  // no character is wider than two columns or longer than two units, so short text fits for sure
  if (text.length * 2 <= max || columnsOf(text) <= max) return text;
  let columns = 0;
  let kept = '';
  for (const c of text) {
    const wide = columnsOfOne(c);
    if (columns + wide > max - 1) break;
    columns += wide;
    kept += c;
  }
  return max > 0 ? `${kept}…` : '';
}

/** Filled with blanks to `columns`. */
export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - columnsOf(text)));
}

/** 15,420 */
export function withCommas(n: number): string {
  return Number.isInteger(n) ? String(n).replace(/\B(?=(\d{3})+$)/g, ',') : String(n);
}

/** Nanoseconds as a person reads them: 840 µs, 3 ms, 1.2 s, 2 m 05 s, 1 h 02 m. */
export function durationOf(nanos: bigint): string {
  const us = Number(nanos) / 1000;
  if (us < 0) return '?';
  if (us < 999.5) return `${Math.round(us)} µs`;
  const ms = us / 1000;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 59.95) return `${s.toFixed(1)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${two(whole % 60)} s`;
  const minutes = Math.round(s / 60);
  return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} m`;
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** $0.04; smaller sums keep two digits that matter. */
export function dollars(usd: number): string {
  if (usd === 0 || usd >= 0.01) return `$${usd.toFixed(2)}`;
  return `$${Number(usd.toPrecision(2))}`;
}
