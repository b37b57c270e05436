import { expect, test } from 'vitest';
import { RecentIds } from '../../../processors/correlate/recent-ids.ts';

test('an id that came lately is known, one of long ago is not, and memory is bounded', () => {
  const ids = new RecentIds();
  expect(ids.add('first')).toBe(true);
  expect(ids.add('first')).toBe(false);
  for (let i = 0; i < 16_383; i++) expect(ids.add(`a${i}`)).toBe(true);
  expect(ids.add('b')).toBe(true);
  expect(ids.add('first')).toBe(false);
  for (let i = 0; i < 32_768; i++) ids.add(`c${i}`);
  expect(ids.add('first')).toBe(true);
});
