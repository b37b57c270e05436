import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Piece, Reorder } from '../../../../processors/decode/stream/reorder.ts';
import { Recorder } from '../capture.ts';

const event = new Recorder().record('capture.data', {});
const piece = (seq: number, offset: number, size: number, cut = 0): Piece => ({
  seq,
  offset,
  bytes: Buffer.alloc(size),
  cut,
  mark: { event, ms: seq * 10 },
});

function drain(order: Reorder, force: boolean): [number, unknown][] {
  const out: [number, unknown][] = [];
  for (let next = order.peek(force); next !== undefined; next = order.peek(force)) {
    order.take(next.piece);
    out.push([next.piece.seq, next.missing]);
  }
  return out;
}

it('gives pieces in the order of their numbers, each once', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray([...Array(12).keys()], { minLength: 12 }), (order) => {
      const reorder = new Reorder();
      const out: [number, unknown][] = [];
      for (const seq of order) {
        expect(reorder.add(piece(seq, seq * 3, 3))).toBe(true);
        expect(reorder.add(piece(seq, seq * 3, 3))).toBe(false);
        out.push(...drain(reorder, false));
      }
      expect(out).toEqual([...Array(12).keys()].map((seq) => [seq, undefined]));
      expect([reorder.size, reorder.held]).toEqual([0, 0]);
    }),
  );
});

it('says how much is missing where it knows, and goes on only when it has to', () => {
  const reorder = new Reorder();
  reorder.add(piece(2, 30, 5));
  reorder.add(piece(4, 35, 5, 7));
  reorder.add(piece(5, 47, 1));
  expect(drain(reorder, false)).toEqual([]);
  expect(reorder.nextMs(Number.NEGATIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
  expect(reorder.nextMs(20)).toBe(Number.POSITIVE_INFINITY);
  expect(reorder.nextMs(21)).toBe(20);
  expect(drain(reorder, true)).toEqual([
    [2, 30],
    [4, 'unknown'],
    [5, undefined],
  ]);
});

it('takes a step of the offset for a loss even where no number is missing', () => {
  const reorder = new Reorder();
  reorder.add(piece(0, 0, 4));
  reorder.add(piece(1, 10, 4));
  reorder.add(piece(2, 3, 4));
  expect(drain(reorder, false)).toEqual([
    [0, undefined],
    [1, 6],
    [2, 'unknown'],
  ]);
});
