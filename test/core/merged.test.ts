import { expect, test } from 'vitest';
import { merged } from '../../core/merged.ts';

test('a copy has the fields of both, the second ones over the first, in their order', () => {
  const a = { x: 1, y: 2 };
  const both = merged(a, { y: 3, z: 4 });
  expect(JSON.stringify(both)).toBe(JSON.stringify({ ...a, ...{ y: 3, z: 4 } }));
  expect(a).toEqual({ x: 1, y: 2 });
});
