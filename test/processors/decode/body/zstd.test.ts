import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInflater } from '../../../../processors/decode/body/inflate.ts';
import { Unzstd } from '../../../../processors/decode/body/zstd.ts';

const EVENTS = Array.from(
  { length: 40 },
  (_, i) =>
    `data: {"index":${i},"delta":{"text":"Some words ${(i * 7919) % 101} that come in pieces, some of them again."}}\n\n`,
);
/** `EVENTS` as libzstd 1.5 writes them at level 3, a block each, with a checksum. */
const FLUSHED = Buffer.from(
  'KLUv/QRYjAIAwkUTGKA3HeickF++3MstfZuIzypCIBaWqJI4AgSxLAYgYwPrOZIVYH8wtUg/bgpFpj94NA3JGk1nwEN/MOByJk8rZUvCz4VRTn7IWGlZ2gUAdAAAGDE0MQMAg8FEuPnrghVsAAAgZDI4MgMQAJt4M1kIXAAAGGQzMgNQAQBEtxxsAAAgZDQ2MwMQAJt4M1kIXAAAEGQ1AxAARHCfzAZ8AAAgZDY0NAMATy8Twc1kIARcAAAYZDc1A1ABAJuiHFwAABhkODUDUAEAm6IcXAAAGGQ5NgNQAQCbohxsAAAYZDE2A0ABA5O0EGUQbAAAEGQ3AwADU0qLBjpwBWwAABhkMTgDQAED07RoZBBsAAAYZDE4A0ABA/O0aGQQbAAAGGQxOQNAAQMTtWhkEGwAABhkMTkDQAEDM7UQZRB8AAAgZDE1MAMAAxNVC5HJQAh8AAAgZDE5MQMAAxNXC5HJQAh8AAAgZDEzMQMAAxNZC5HJQAh8AAAgZDE3MgMAAxNbC5HJQAhsAAAYZDIxA0ABhCECogwCbAAAIGQxNTMDEACbeLNOCGwAACBkMjk0AxAAm3izTghcAAAYZDMzA1ABAER3F2wAACBkNDc1AxAAm3izTghcAAAYZDUxA1ABAER3F2wAACBkNjU2AxAAm3izTghsAAAgZDc5NwMQAJt4s04IXAAAGGQ4MwNQAQBEdxdsAAAgZDk3OAMQAJt4s04IbAAAIGQzMDEDEABE4kaZDWwAACBkMTU5AxAAm3izTgh8AAAgZDIxMAMAkJcjBDfrgBB0AAAoZDMzNDADEACb+EaZDWwAACBkMzQ4AxAAROJGmQ10AAAoZDM1MjEDEACb+EaZDWwAACBkMzY2AxAAROJGmQ10AAAYZDM3AwAEmSMAbpQBG2wAACBkMzg0AxAAROJGmQ1sAAAgZDM5OAMQAETiRpkNAQAAzYRcrw==',
  'base64',
);
/** The same at level 19 in one piece, its size in the head. */
const WHOLE = Buffer.from(
  'KLUv/WCiDSUHAHJLIhiAbQNEbFKPwenyDojBgZREmZn8MLpxVDr9kPvfOreu382t6UJXbfwP8j/4nDt1f83ccNlV2+6D/Apfc+fQ9fL/vtalzsF9/9ftnF0v76+2AkBVMaFRIhIXIw8nWkEkC6k8q1GKNWMyV1uRATnSkoxDsIHNSU5GDSzORRosaAObpNEojFpDnNEIUqgxoFt9hr0DoJek1TIgBD+D4J9e8A6hH4MPhSe7o7YLssAmop18OjxLOyR2NnuW7OQYG9xgoNyZzcfC1GSRjnhFpYr8XW0neQhczd8nPwEB5DTmrzK1Kg==',
  'base64',
);
/** The places behind the first blocks of `FLUSHED`. */
const BLOCK_ENDS = [90, 107, 123];
const WORDS = EVENTS.join('');

function unzstd(bytes: Buffer, size: number, reader = new Unzstd()): { text: string; isWhole: boolean } {
  const out: Buffer[] = [];
  let isWhole = true;
  for (let at = 0; at < bytes.length && isWhole; at += size)
    isWhole = reader.run(bytes.subarray(at, at + size), (piece) => out.push(piece) > 0);
  return { text: Buffer.concat(out).toString(), isWhole };
}

/** A frame of raw and run-length blocks (RFC 8878 3.1.1.2). */
function frameOf(blocks: readonly { readonly byte?: number; readonly size: number; readonly raw?: Buffer }[]): Buffer {
  const parts: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])]; // window 2 MiB
  blocks.forEach(({ byte, size, raw }, i) => {
    const head = Buffer.alloc(3);
    head.writeUIntLE((i === blocks.length - 1 ? 1 : 0) | ((raw === undefined ? 1 : 0) << 1) | (size << 3), 0, 3);
    parts.push(head, raw ?? Buffer.from([byte ?? 0]));
  });
  return Buffer.concat(parts);
}

describe.each([
  ['what Node has, else fzstd', true],
  ['fzstd', false],
])('zstd by %s', (_name, useCore) => {
  const read = (bytes: Buffer, size: number) => unzstd(bytes, size, new Unzstd(useCore));

  it.each([1, 5, 100, 10_000])('comes out the same in pieces of %i bytes', (size) => {
    for (const bytes of [FLUSHED, WHOLE]) expect(read(bytes, size)).toEqual({ text: WORDS, isWhole: true });
  });

  it('gives each block when it is whole', () => {
    for (const [i, end] of BLOCK_ENDS.entries())
      expect(read(FLUSHED.subarray(0, end), 7).text).toBe(EVENTS.slice(0, i + 1).join(''));
  });

  it('goes on through frames and frames to skip, and leaves alone what follows', () => {
    const skipped = Buffer.concat([Buffer.from([0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0]), Buffer.from('abc')]);
    const all = Buffer.concat([FLUSHED, skipped, WHOLE, Buffer.from('something foreign')]);
    for (const size of [1, 9, 10_000]) expect(read(all, size)).toEqual({ text: WORDS + WORDS, isWhole: true });
  });

  it('reads blocks of any size and kind', () => {
    const block = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((raw) => ({ size: raw.length, raw: Buffer.from(raw) })),
      fc.record({ byte: fc.nat(255), size: fc.integer({ min: 1, max: 5000 }) }),
    );
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (blocks, size) => {
        const want = Buffer.concat(
          blocks.map((one) => ('raw' in one ? one.raw : Buffer.alloc(one.size, one.byte))),
        ).toString();
        expect(read(frameOf(blocks), size)).toEqual({ text: want, isWhole: true });
      }),
      { numRuns: 60 },
    );
  });

  it('refuses windows and blocks that are too large', () => {
    const wide = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x88, 1, 0, 0]); // 128 MiB
    expect(read(wide, 100).isWhole).toBe(false);
    expect(read(frameOf([{ byte: 1, size: 200_000 }]), 100).isWhole).toBe(false);
  });

  it('never throws on damaged bytes', () => {
    fc.assert(
      fc.property(fc.nat(FLUSHED.length - 1), fc.nat(255), fc.integer({ min: 1, max: 900 }), (at, byte, size) => {
        const damaged = Buffer.from(FLUSHED);
        damaged[at] = byte;
        expect(read(damaged, size).text.length).toBeLessThan(1 << 20);
      }),
      { numRuns: 100 },
    );
  });
});

it('is bounded however much a few bytes say', () => {
  const bomb = frameOf(Array.from({ length: 2000 }, () => ({ byte: 97, size: 128 << 10 })));
  const inflater = createInflater('zstd', 1_000_000);
  expect(inflater?.push(bomb)).toHaveLength(1_000_000);
  expect(inflater?.failed).toBe('too_large');
});
