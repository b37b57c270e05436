import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Receipt, ReceiptBook } from '../../core/receipt.ts';

test('the checkpoint stands before the first stretch that is still held, in whatever order they are released', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 60 }), (order) => {
      const book = new ReceiptBook(0);
      const open: [number, Receipt][] = order.map((_, i) => [i + 1, book.open(i + 1)]);
      const held = new Set(open.map(([end]) => end));
      for (const pick of order) {
        const [entry] = open.splice(pick % open.length, 1);
        if (!entry) break;
        entry[1].release();
        held.delete(entry[0]);
        const lowest = Math.min(...held, order.length + 1);
        expect(book.lowWater).toBe(lowest - 1);
      }
      expect(book.held).toBe(0);
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('a stretch held twice needs two releases; what was let go cannot be held again', () => {
  const moves: number[] = [];
  const book = new ReceiptBook(0, (done) => moves.push(done));
  const receipt = book.open(10);
  receipt.hold();
  receipt.release();
  expect(moves).toEqual([]);
  receipt.release();
  expect(moves).toEqual([10]);
  expect(() => receipt.hold()).toThrow('held again');
  expect(() => receipt.release()).toThrow('more often');
});
