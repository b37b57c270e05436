import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { eventId, spanId, traceId, uuidOf } from '../../../core/event/ids.ts';

test('an event id is a ULID of the time and 80 bits of SHA-256', () => {
  const id = eventId('2026-11-20T10:00:00.123Z', 'host', 41, 'x');
  expect(id).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
  const number = (text: string): bigint => [...text].reduce((n, c) => n * 32n + BigInt(digits.indexOf(c)), 0n);
  expect(Number(number(id.slice(0, 10)))).toBe(Date.parse('2026-11-20T10:00:00.123Z'));
  const hash = createHash('sha256').update('host\x0041\0x').digest('hex').slice(0, 20);
  expect(number(id.slice(10))).toBe(BigInt(`0x${hash}`));
});

test('ids follow from their parts alone, and parts do not run together', () => {
  expect(traceId('a', 'b')).toBe(traceId('a', 'b'));
  expect(traceId('a', 'b')).not.toBe(traceId('ab'));
  expect(traceId('a')).toMatch(/^[0-9a-f]{32}$/);
  expect(spanId('a')).toMatch(/^[0-9a-f]{16}$/);
  expect(uuidOf('a')).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
