import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatNanos, parseMillis, parseNanos } from '../../../core/event/time.ts';

test('what was formatted is read back to the nanosecond', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 253_402_300_799_999_999_999n }), (nanos) => {
      expect(parseNanos(formatNanos(nanos))).toBe(nanos);
    }),
    { seed: 1, numRuns: 2000 },
  );
});

test('times agree with Date for every day and offset', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(0), max: new Date('2199-12-31'), noInvalidDate: true }),
      fc.integer({ min: -23, max: 23 }),
      (date, hours) => {
        const zone = `${hours < 0 ? '-' : '+'}${String(Math.abs(hours)).padStart(2, '0')}:30`;
        const text = `${date.toISOString().slice(0, 19)}${zone}`;
        expect(parseMillis(text)).toBe(Date.parse(text));
      },
    ),
    { seed: 1, numRuns: 2000 },
  );
});

test.each([
  '',
  'now',
  '2026-13-01T00:00:00Z',
  '2026-01-01T00:61:00Z',
  '2026-01-01 00:00:00',
  '2026-01-01T00:00:00.Z',
  '2026-01-01T00:00:00+1:00',
])('%j is no time', (text) => {
  expect(parseNanos(text)).toBeUndefined();
  expect(parseMillis(text)).toBeNaN();
});
