import { hash } from 'node:crypto';
import { parseMillis } from './time.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** SHA-256 over parts joined by NUL, so that no two lists of parts give the same text. */
export function digest(...parts: readonly (string | number)[]): Buffer {
  return hash('sha256', parts.join('\0'), 'buffer');
}

/** Every two digits, by their ten bits. */
const PAIRS = Array.from({ length: 1024 }, (_, n) => `${CROCKFORD[n >> 5]}${CROCKFORD[n & 31]}`);
const pair = (bits: number): string => PAIRS[bits] ?? '';

/** The events of a moment have the same first digits. */
let lastTime = { ts: '', digits: '' };

function timeDigits(ts: string): string {
  if (lastTime.ts === ts) return lastTime.digits;
  let ms = Math.max(0, Math.floor(parseMillis(ts) || 0));
  let digits = '';
  for (let i = 0; i < 5; i++) {
    digits = pair(ms % 1024) + digits;
    ms = Math.floor(ms / 1024);
  }
  lastTime = { ts, digits };
  return digits;
}

/** The 40 bits at `from` of a digest in Latin-1, as eight digits. */
function eightDigits(digest: string, from: number): string {
  const b0 = digest.charCodeAt(from);
  const b1 = digest.charCodeAt(from + 1);
  const b2 = digest.charCodeAt(from + 2);
  const b3 = digest.charCodeAt(from + 3);
  const b4 = digest.charCodeAt(from + 4);
  return (
    pair((b0 << 2) | (b1 >> 6)) +
    pair(((b1 & 63) << 4) | (b2 >> 4)) +
    pair(((b2 & 15) << 6) | (b3 >> 2)) +
    pair(((b3 & 3) << 8) | b4)
  );
}

/**
 * A ULID (github.com/ulid/spec) of `ts` and 80 bits of SHA-256 over `parts`: same input, same id. For a decoded event the parts are host id,
 * boot id, pid, process start, conn, first ts of the conn, dir, stream, ordinal and event type (design `decode.md`). Parts that were joined
 * by NUL before count as one.
 */
export function eventId(ts: string, ...parts: readonly (string | number)[]): string {
  let text = String(parts[0]);
  for (let i = 1; i < parts.length; i++) text += `\0${parts[i]}`; // a third of the cost of `join`
  const digest = hash('sha256', text, 'binary');
  return timeDigits(ts) + eightDigits(digest, 0) + eightDigits(digest, 5);
}

/** 32 hex digits, never all zero: `sha256("oisp.trace.v1" NUL parts)[0:16]`. */
export function traceId(...parts: readonly (string | number)[]): string {
  return nonZero('oisp.trace.v1', 32, parts);
}

/** 16 hex digits, never all zero: `sha256("oisp.span.v1" NUL parts)[0:8]`. */
export function spanId(...parts: readonly (string | number)[]): string {
  return nonZero('oisp.span.v1', 16, parts);
}

function nonZero(domain: string, length: number, parts: readonly (string | number)[]): string {
  for (let again = 0; ; again++) {
    const id = digest(domain, ...parts, ...(again === 0 ? [] : [again]))
      .toString('hex')
      .slice(0, length);
    if (!/^0+$/.test(id)) return id;
  }
}

/** UUID version 5 form (RFC 9562 5.5) over `parts`, with SHA-256 cut to 128 bits in place of SHA-1. */
export function uuidOf(...parts: readonly (string | number)[]): string {
  const bytes = digest('oisp.uuid.v1', ...parts).subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}
