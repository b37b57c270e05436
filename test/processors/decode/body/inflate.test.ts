import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createInflater } from '../../../../processors/decode/body/inflate.ts';

const PACK: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
};

describe.each(Object.keys(PACK))('%s', (coding) => {
  const pack = (bytes: Buffer): Buffer => PACK[coding]?.(bytes) ?? bytes;

  it('gives the same bytes however the input is cut', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 5000 }), fc.integer({ min: 1, max: 700 }), (bytes, size) => {
        const packed = pack(Buffer.from(bytes));
        const inflater = createInflater(coding, 1 << 20);
        const out: Buffer[] = [];
        for (let at = 0; at < packed.length; at += size)
          out.push(inflater?.push(packed.subarray(at, at + size)) ?? Buffer.alloc(0));
        expect(Buffer.concat(out).equals(Buffer.from(bytes))).toBe(true);
        expect(inflater?.failed).toBeUndefined();
      }),
      { numRuns: 50 },
    );
  });

  it('keeps to its bound', () => {
    const inflater = createInflater(coding, 1000);
    const out = inflater?.push(pack(Buffer.alloc(5_000_000)));
    expect(out).toHaveLength(1000);
    expect(inflater?.failed).toBe('too_large');
    expect(inflater?.push(Buffer.from('x'))).toHaveLength(0);
  });

  it('never throws on damaged bytes', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 5 }), (pieces) => {
        const inflater = createInflater(coding, 10_000);
        const packed = pack(Buffer.from('hello hello hello'));
        inflater?.push(packed.subarray(0, 9));
        for (const bytes of pieces) inflater?.push(Buffer.from(bytes));
        expect(inflater?.failed === undefined || inflater.failed === 'damaged').toBe(true);
      }),
    );
  });
});

it('knows zstd where Node does, and no other codings', () => {
  expect(createInflater('zstd', 1) !== undefined).toBe('createZstdDecompress' in zlib);
  expect(createInflater('compress', 1)).toBeUndefined();
});
