import { hash } from 'node:crypto';
import { parseMillis } from './time.ts';

const CROCKFORD = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** SHA-256 over parts joined by NUL, so that no two lists of parts give the same text. */
export function digest(...parts: readonly (string | number)[]): Buffer {
  return hash('sha256', parts.join('\0'), 'buffer');
}

/**
 * A ULID (github.com/ulid/spec) of `ts` and 80 bits of SHA-256 over `parts`: same input, same id. For a decoded event the parts are host id,
 * boot id, pid, process start, conn, first ts of the conn, dir, stream, ordinal and event type (design `decode.md`).
 */
export function eventId(ts: string, ...parts: readonly (string | number)[]): string {
  let ms = Math.max(0, Math.floor(parseMillis(ts) || 0));
  let time = '';
  for (let i = 0; i < 10; i++) {
    time = CROCKFORD[ms % 32] + time;
    ms = Math.floor(ms / 32);
  }
  const hash = digest(...parts);
  let rest = '';
  // 80 bits are 16 digits of 5 bits: two groups of five bytes, eight digits each
  for (const from of [0, 5]) {
    let value = hash.readUIntBE(from, 5);
    let group = '';
    for (let i = 0; i < 8; i++) {
      group = CROCKFORD[value % 32] + group;
      value = Math.floor(value / 32);
    }
    rest += group;
  }
  return time + rest;
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
