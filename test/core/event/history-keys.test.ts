import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HistorySums, type MessageKeys } from '../../../core/event/history-keys.ts';
import type { Message } from '../../../core/event/types.ts';
import { goesOn } from '../../../core/growing.ts';

let made = 0;
const message = fc.tuple(fc.constantFrom('system', 'user', 'assistant', 'tool'), fc.nat(2)).map(([role, n]) => {
  const isSystem = role === 'system';
  return {
    message: { role, content: `${role} ${made++}` } as Message,
    keys: isSystem ? undefined : Array.from({ length: n }, () => `k${made++}`),
    said: role === 'assistant' ? n * 10 : undefined,
    places: role === 'assistant' || n === 0 ? undefined : [`p${n}`],
  } satisfies MessageKeys;
});

test('a history that goes on has the sum that it has alone, also where it branches or begins its answer', () => {
  const steps = fc.array(fc.tuple(fc.nat(3), fc.array(message, { maxLength: 4 })), { minLength: 1, maxLength: 10 });
  void fc.assert(
    fc.property(steps, (changes) => {
      const sums = new HistorySums();
      let list: readonly MessageKeys[] = [];
      sums.of(list);
      for (const [cut, more] of changes) {
        const kept = Math.max(0, list.length - cut);
        const next = [...list.slice(0, kept), ...more];
        goesOn(next, list, kept);
        const before = JSON.stringify(sums.of(list));
        expect(sums.of(next)).toEqual(new HistorySums().of([...next]));
        expect(JSON.stringify(sums.of(list))).toBe(before);
        list = next;
      }
    }),
  );
});

test('the last answer is what assistants said last in a row, and a begun answer is none', () => {
  const said = (role: Message['role'], key: string): MessageKeys => ({
    message: { role },
    keys: [key],
    said: role === 'assistant' ? 5 : undefined,
    places: undefined,
  });
  const list = [said('user', 'q'), said('assistant', 'a1'), said('assistant', 'a2'), said('user', 'r')];
  const sum = new HistorySums().of(list);
  expect(sum).toMatchObject({ keys: ['q', 'a1', 'a2', 'r'], answer: [1, 3], weight: 10 });
  expect(sum.opening).toEqual([{ role: 'user' }]);
  expect(sum.latest).toEqual([{ role: 'user' }]);
  const begun = new HistorySums().of([...list, said('assistant', 'a3')]);
  expect(begun).toMatchObject({ keys: ['q', 'a1', 'a2', 'r', 'a3'], answer: [1, 3], weight: 10 });
});

test('folders count that are named before the first answer', () => {
  const of = (role: Message['role'], place: string): MessageKeys => ({
    message: { role },
    keys: role === 'system' ? undefined : [place],
    said: role === 'assistant' ? 1 : undefined,
    places: role === 'assistant' ? undefined : [place],
  });
  const list = [of('system', 's'), of('user', 'u'), of('assistant', 'a'), of('user', 'later'), of('system', 'late')];
  expect(new HistorySums().of(list).places).toEqual(['s', 'u']);
});
