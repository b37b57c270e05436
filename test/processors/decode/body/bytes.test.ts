import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Bytes } from '../../../../processors/decode/body/bytes.ts';

test('bytes are what was pushed, and take no more than four times their room, whatever was expected', () => {
  const piece = fc.nat(5000).map((size) => Buffer.alloc(size, size % 251));
  const expected = fc.constantFrom(0, 1, 3000, 20_000, 1 << 30, Number.NaN, -1, 0.5);
  void fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), expected, (pieces, count) => {
      const bytes = new Bytes(count);
      for (const one of pieces) {
        bytes.push(one);
        expect(bytes.concat().buffer.byteLength).toBeLessThanOrEqual(Math.max(Buffer.poolSize, 4 * bytes.size));
      }
      expect(bytes.concat().equals(Buffer.concat(pieces))).toBe(true);
    }),
  );
});
