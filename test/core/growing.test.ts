import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { eachOnce, goesOn, ListMemo } from '../../core/growing.ts';

test('a list that goes on gives what it would give alone, and each element is read once', () => {
  const steps = fc.array(fc.tuple(fc.nat(8), fc.array(fc.nat(20), { maxLength: 5 })), { minLength: 1, maxLength: 12 });
  void fc.assert(
    fc.property(steps, fc.nat(20), (changes, left) => {
      let reads = 0;
      const read = eachOnce((n: { value: number }) => {
        reads++;
        return n.value === left ? undefined : { double: n.value * 2 };
      });
      const again = eachOnce((twice: { double: number }) => twice.double + 1);
      let list: { value: number }[] = [];
      let fresh = 0;
      for (const [cut, more] of changes) {
        const kept = Math.max(0, list.length - cut);
        const next = [...list.slice(0, kept), ...more.map((value) => ({ value }))];
        goesOn(next, list, kept);
        fresh += next.length - kept;
        const values = next.filter(({ value }) => value !== left).map(({ value }) => value * 2);
        expect(read(next).map(({ double }) => double)).toEqual(values);
        expect(again(read(next))).toEqual(values.map((value) => value + 1));
        list = next;
      }
      if (!changes.some(([, more]) => more.includes(left))) expect(reads).toBe(fresh);
    }),
  );
});

test('a list that goes on from one that was never read is read whole', () => {
  const read = eachOnce((n: number) => n + 1);
  const first = [1, 2];
  const second = [1, 2, 3];
  goesOn(second, first, 2);
  expect(read(second)).toEqual([2, 3, 4]);
});

test('nothing is kept of an empty list, which many may share, and a second value replaces none', () => {
  const memo = new ListMemo<object>();
  const empty: readonly unknown[] = Object.freeze([]);
  memo.set(empty, {});
  expect(memo.get(empty)).toBeUndefined();
  const list = [1];
  const first = {};
  memo.set(list, first);
  memo.set(list, {});
  expect(memo.get(list)).toBe(first);
  expect(new ListMemo().get(list)).toBeUndefined();
});
