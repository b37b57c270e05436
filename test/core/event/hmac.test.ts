import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Hmac } from '../../../core/event/hmac.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 300 }),
  fc.tuple(fc.constantFrom('a', 'é', '€', '😀', '\ud800'), fc.nat(6000)).map(([unit, times]) => unit.repeat(times)),
);

test('digests are those of node:crypto, whatever was digested before', () => {
  const key = fc.uint8Array({ minLength: 1, maxLength: 64 });
  void fc.assert(
    fc.property(key, fc.array(text, { minLength: 1, maxLength: 6 }), (bytes, texts) => {
      const hmac = new Hmac(bytes);
      for (const one of texts) {
        const digest = createHmac('sha256', bytes).update(one).digest();
        expect(hmac.short(one)).toBe(digest.toString('base64url', 0, 8));
        expect(hmac.hex(one)).toBe(digest.toString('hex'));
      }
    }),
  );
});

test('a key longer than a block is refused', () => {
  expect(() => new Hmac(new Uint8Array(65))).toThrow(RangeError);
});
