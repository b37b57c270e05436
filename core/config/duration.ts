const UNIT_NS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3, // U+00B5
  μs: 1e3, // U+03BC
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
};
const MAX_NS = 2 ** 63;

export type DurationResult = { readonly ms: number } | { readonly error: string };

/**
 * Milliseconds of a duration as Go's `time.ParseDuration` reads it: `1.5s`, `.5s`, `1h30m`, `-1s`, `0`. The error texts are Go's,
 * without the value. https://pkg.go.dev/time#ParseDuration
 */
export function readDuration(text: string): DurationResult {
  const unsigned = /^[-+]/.test(text) ? text.slice(1) : text;
  if (unsigned === '0') return { ms: 0 };
  if (unsigned === '') return { error: 'time: invalid duration' };
  const part = /(\d*)(\.\d*)?([^\d.]*)/y;
  let ns = 0;
  while (part.lastIndex < unsigned.length) {
    const match = part.exec(unsigned);
    const [, whole = '', fraction = '', unit = ''] = match ?? [];
    if (whole === '' && (fraction === '' || fraction === '.')) return { error: 'time: invalid duration' };
    if (unit === '') return { error: 'time: missing unit in duration' };
    const size = Object.hasOwn(UNIT_NS, unit) ? UNIT_NS[unit] : undefined;
    if (size === undefined) return { error: 'time: unknown unit' };
    const digits = fraction.slice(1, 19);
    ns += Number(whole) * size + Math.trunc(Number(digits) * (size / 10 ** digits.length));
    if (ns >= MAX_NS) return { error: 'time: invalid duration' };
  }
  return { ms: (text.startsWith('-') ? -ns : ns) / 1e6 };
}

/** Milliseconds of a duration as Go writes it. Throws a RangeError with Go's text when it is none. */
export function parseDuration(text: string): number {
  const result = readDuration(text);
  if ('error' in result) throw new RangeError(`${result.error} ${JSON.stringify(text)}`);
  return result.ms;
}

/** A duration as Go prints it: `200ms`, `1.5s`, `5m0s`, `0s`. */
export function formatDuration(ms: number): string {
  const ns = Math.round(Math.abs(ms) * 1e6);
  const sign = ms < 0 && ns > 0 ? '-' : '';
  if (ns === 0) return '0s';
  if (ns < 1e3) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${decimal(ns, 1e3)}µs`;
  if (ns < 1e9) return `${sign}${decimal(ns, 1e6)}ms`;
  const hours = Math.floor(ns / 3600e9);
  const minutes = Math.floor((ns % 3600e9) / 60e9);
  const seconds = `${decimal(ns % 60e9, 1e9)}s`;
  if (hours > 0) return `${sign}${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${sign}${minutes}m${seconds}` : `${sign}${seconds}`;
}

/** `units` of `size` nanoseconds, in decimals without trailing zeros and without rounding. */
function decimal(ns: number, size: number): string {
  const rest = String(ns % size)
    .padStart(String(size).length - 1, '0')
    .replace(/0+$/, '');
  return `${Math.floor(ns / size)}${rest === '' ? '' : `.${rest}`}`;
}

const WORDS: Readonly<Record<string, string>> = {
  sec: 's',
  secs: 's',
  second: 's',
  seconds: 's',
  min: 'm',
  mins: 'm',
  minute: 'm',
  minutes: 'm',
  hour: 'h',
  hours: 'h',
  hr: 'h',
  hrs: 'h',
  msec: 'ms',
  millis: 'ms',
  milliseconds: 'ms',
  millisecond: 'ms',
};

/** What somebody who wrote `5 sec`, `5S`, `1d` or `5` may have meant. */
export function suggestDuration(text: string): string {
  const match = text.length > 40 ? null : /^\s*([-+]?\d*\.?\d+)\s*([a-zA-Zµμ]*)\s*$/.exec(text);
  if (match === null) return '5s, 1m30s or 200ms';
  const [, amount = '', unit = ''] = match;
  const lower = unit.toLowerCase();
  if (lower === '') return `${amount}s`;
  if (lower === 'd' || lower === 'day' || lower === 'days') return `${Number(amount) * 24}h`;
  if (Object.hasOwn(UNIT_NS, lower)) return `${amount}${lower}`;
  const short = Object.hasOwn(WORDS, lower) ? WORDS[lower] : undefined;
  return short === undefined ? '5s, 1m30s or 200ms' : `${amount}${short}`;
}
