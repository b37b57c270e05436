import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDuration, formatSize, parseDuration, parseSize } from '../../../core/config/index.ts';

test.each([
  ['1.5s', 1500],
  ['.5s', 500],
  ['1h1h', 7_200_000],
  ['-1s', -1000],
  ['+1s', 1000],
  ['200ms', 200],
  ['1us', 0.001],
  ['1µs', 0.001],
  ['1ns', 0.000001],
  ['0', 0],
  ['0.58s', 580],
  ['1h30m', 5_400_000],
])('%s is %d ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each([
  ['1d', 'time: unknown unit "1d"'],
  ['5S', 'time: unknown unit "5S"'],
  ['1 s', 'time: unknown unit "1 s"'],
  ['12', 'time: missing unit in duration "12"'],
  ['', 'time: invalid duration ""'],
  ['s', 'time: invalid duration "s"'],
  ['.s', 'time: invalid duration ".s"'],
  ['-', 'time: invalid duration "-"'],
  ['9999999999h', 'time: invalid duration "9999999999h"'],
  ['1constructor', 'time: unknown unit "1constructor"'],
])('%s is no duration', (text, message) => {
  expect(() => parseDuration(text)).toThrow(new RangeError(message));
});

test.each([
  [5000, '5s'],
  [300_000, '5m0s'],
  [3_661_500, '1h1m1.5s'],
  [200, '200ms'],
  [1.5, '1.5ms'],
  [0.001, '1µs'],
  [0, '0s'],
  [-90_000, '-1m30s'],
])('%d ms is written %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});

test('a duration that is written reads as itself', () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e15, max: 1e15 }), (ns) => {
      expect(parseDuration(formatDuration(ns / 1e6))).toBe(ns / 1e6);
    }),
    { seed: 1 },
  );
});

test.each([
  ['64MiB', 67_108_864],
  ['20MB', 20_000_000],
  ['1.5KiB', 1536],
  ['12', 12],
  ['7B', 7],
])('%s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each(['', 'MiB', '64 MiB', '-1', '0.5', '1XB', '99999999TiB'])('%s is no size', (text) => {
  expect(() => parseSize(text)).toThrow(RangeError);
});

test('a size that is written reads as itself', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (bytes) => {
      expect(parseSize(formatSize(bytes))).toBe(bytes);
    }),
    { seed: 1 },
  );
});
