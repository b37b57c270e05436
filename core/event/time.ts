/** Digits at fixed places of `2026-11-20T10:00:00`. */
function digits(text: string, from: number, to: number): number {
  let n = 0;
  for (let i = from; i < to; i++) {
    const d = text.charCodeAt(i) - 48;
    if (d < 0 || d > 9) return Number.NaN;
    n = n * 10 + d;
  }
  return n;
}

/** Days since 1970-01-01 of a civil date (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil). */
function daysFromCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yoe = y - era * 400;
  const doy = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy;
  return era * 146_097 + doe - 719_468;
}

/** Seconds and nanoseconds since 1970 of an RFC 3339 time; undefined when it is none. Decimals beyond nine are cut. */
export function parseTime(ts: string): { readonly seconds: number; readonly nanos: number } | undefined {
  if (
    ts.length < 20 ||
    ts.charCodeAt(4) !== 45 ||
    ts.charCodeAt(7) !== 45 ||
    ts.charCodeAt(13) !== 58 ||
    ts.charCodeAt(16) !== 58
  ) {
    return undefined;
  }
  const t = ts.charCodeAt(10);
  if (t !== 84 && t !== 116 && t !== 32) return undefined;
  const month = digits(ts, 5, 7);
  const day = digits(ts, 8, 10);
  const hour = digits(ts, 11, 13);
  const minute = digits(ts, 14, 16);
  const second = digits(ts, 17, 19);
  let seconds = daysFromCivil(digits(ts, 0, 4), month, day) * 86_400 + hour * 3600 + minute * 60 + second;
  if (!(month >= 1 && month <= 12 && day >= 1 && day <= 31 && hour <= 24 && minute <= 59 && second <= 60))
    return undefined;
  if (Number.isNaN(seconds)) return undefined;
  let at = 19;
  let nanos = 0;
  if (ts.charCodeAt(at) === 46) {
    let scale = 100_000_000;
    let d = ts.charCodeAt(++at) - 48;
    if (!(d >= 0 && d <= 9)) return undefined;
    for (; d >= 0 && d <= 9; d = ts.charCodeAt(++at) - 48) {
      nanos += d * scale;
      scale = scale >= 10 ? scale / 10 : 0;
    }
  }
  const zone = ts.charCodeAt(at);
  if (zone === 90 || zone === 122) return at + 1 === ts.length ? { seconds, nanos } : undefined;
  if ((zone !== 43 && zone !== 45) || ts.length !== at + 6 || ts.charCodeAt(at + 3) !== 58) return undefined;
  const offset = digits(ts, at + 1, at + 3) * 3600 + digits(ts, at + 4, at + 6) * 60;
  if (Number.isNaN(offset)) return undefined;
  seconds += zone === 43 ? -offset : offset;
  return { seconds, nanos };
}

/** Nanoseconds since 1970; undefined when the text is no RFC 3339 time. */
export function parseNanos(ts: string): bigint | undefined {
  const time = parseTime(ts);
  return time && BigInt(time.seconds) * 1_000_000_000n + BigInt(time.nanos);
}

/** Milliseconds since 1970 with decimals; NaN when the text is no RFC 3339 time. */
export function parseMillis(ts: string): number {
  const time = parseTime(ts);
  return time ? time.seconds * 1000 + time.nanos / 1e6 : Number.NaN;
}

/** RFC 3339 in UTC with nine decimals. */
export function formatNanos(nanos: bigint): string {
  const ns = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = Number((nanos - ns) / 1_000_000_000n);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${String(ns).padStart(9, '0')}Z`;
}
