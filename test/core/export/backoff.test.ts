import fc from 'fast-check';
import { expect, test } from 'vitest';
import { backoffMs, parseRetryAfter } from '../../../core/index.ts';
import { RETRY } from './rig.ts';

test.each([
  { attempt: 1, random: 0.5, want: 5000 },
  { attempt: 2, random: 0.5, want: 7500 },
  { attempt: 1, random: 0, want: 2500 },
  { attempt: 1, random: 1, want: 7500 },
  { attempt: 99, random: 0.5, want: 30_000 },
])('try $attempt with $random waits $want ms', ({ attempt, random, want }) => {
  expect(backoffMs(attempt, RETRY, () => random, undefined)).toBe(want);
});

test.each([
  { asked: 2000, want: 2000 },
  { asked: 0, want: 100 },
  { asked: 3_600_000, want: 300_000 },
])('a server that asks for $asked ms gets $want ms', ({ asked, want }) => {
  expect(backoffMs(7, RETRY, () => 0.9, asked)).toBe(want);
});

test('a wait is never negative and never beyond the bound and its spread', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (attempt, random) => {
      const wait = backoffMs(attempt, RETRY, () => random, undefined);
      expect(wait).toBeGreaterThanOrEqual(2500);
      expect(wait).toBeLessThanOrEqual(45_000);
    }),
  );
});

test.each([
  { value: '2', want: 2000 },
  { value: ' 0 ', want: 0 },
  { value: 'Thu, 01 Jan 1970 00:00:10 GMT', want: 9000 },
  { value: 'Thu, 01 Jan 1970 00:00:00 GMT', want: 0 },
  { value: '-1', want: undefined },
  { value: 'soon', want: undefined },
  { value: '1.5', want: undefined },
  { value: undefined, want: undefined },
])('Retry-After $value is $want ms', ({ value, want }) => {
  expect(parseRetryAfter(value, 1000)).toBe(want);
});
