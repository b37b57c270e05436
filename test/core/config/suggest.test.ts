import { expect, test } from 'vitest';
import { edits, nearest } from '../../../core/config/suggest.ts';

test.each([
  ['compresion', 'compression'],
  ['endpiont', 'endpoint'],
  ['Endpoint', 'endpoint'],
  ['xyz', undefined],
  ['ab', undefined],
])('%s suggests %s', (written, want) => {
  expect(nearest(written, ['compression', 'endpoint', 'timeout', 'cd'])).toBe(want);
});

test('the nearest wins', () => {
  expect(nearest('jsnl', ['json', 'jsonl'])).toBe('jsonl');
});

test.each([
  ['', 'abc', 3],
  ['abc', 'abc', 0],
  ['abcd', 'abdc', 1],
  ['kitten', 'sitting', 3],
])('%s to %s takes %d edits', (a, b, want) => {
  expect(edits(a, b)).toBe(want);
});
