import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BodyDecoder } from '../../../../processors/decode/body/coding.ts';
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
        out.push(inflater?.end() ?? Buffer.alloc(0));
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

it('knows no other codings', () => {
  expect(createInflater('zstd', 1)).toBeDefined();
  expect(createInflater('compress', 1)).toBeUndefined();
});

function inflated(coding: string, bytes: Buffer, size: number) {
  const inflater = createInflater(coding, 1 << 24);
  const out: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size)
    out.push(inflater?.push(bytes.subarray(at, at + size)) ?? Buffer.alloc(0));
  out.push(inflater?.end() ?? Buffer.alloc(0));
  return { text: Buffer.concat(out).toString(), failed: inflater?.failed, isOther: inflater?.isOther };
}

describe('what recorders, proxies and servers do', () => {
  const json = `{"text":"${'some words '.repeat(50)}"}`;
  const whole = { text: json, failed: undefined, isOther: false };

  it.each([1, 3, 10_000])('several members of gzip are one body, in pieces of %i', (size) => {
    const members = [json.slice(0, 100), json.slice(100, 101), json.slice(101)].map((part) => zlib.gzipSync(part));
    expect(inflated('gzip', Buffer.concat(members), size)).toEqual(whole);
  });

  it.each([1, 3, 10_000])('what follows a compressed body is no part of it, in pieces of %i', (size) => {
    for (const [coding, pack] of Object.entries(PACK)) {
      const bytes = Buffer.concat([pack(Buffer.from(json)), Buffer.from('\0\0trailing garbage')]);
      expect([coding, inflated(coding, bytes, size)]).toEqual([coding, whole]);
    }
  });

  it('a gzip with name, comment, extra field and checksum of its head is read', () => {
    const packed = zlib.gzipSync(json);
    const extra = Buffer.from([4, 0, 1, 2, 3, 4]);
    const head = Buffer.concat([packed.subarray(0, 10), extra, Buffer.from('name\0comment\0'), Buffer.from([9, 9])]);
    head[3] = 0x1e;
    for (const size of [1, 6, 1000])
      expect(inflated('gzip', Buffer.concat([head, packed.subarray(10)]), size)).toEqual(whole);
  });

  it('a wrong checksum is damage', () => {
    const packed = zlib.gzipSync(json);
    packed.writeUInt32LE(1, packed.length - 8);
    expect(inflated('gzip', packed, 50)).toMatchObject({ text: json, failed: 'damaged' });
  });

  it('a body that was cut yields what arrived', () => {
    const text = Array.from({ length: 3000 }, (_, i) => `${i * 7919} `).join('');
    for (const [coding, pack] of Object.entries(PACK)) {
      const packed = pack(Buffer.from(text));
      const { text: found, failed } = inflated(coding, packed.subarray(0, packed.length >> 1), 700);
      expect([coding, failed, text.startsWith(found), found.length > 1000]).toEqual([coding, undefined, true, true]);
    }
  });

  it.each(['gzip', 'deflate', 'br', 'zstd'])('plain text said to be %s is read as it is', (coding) => {
    for (const text of [json, 'data: {}\n\n', 'event: ping\ndata: {}\n\n', '{}', '[{"a":1}]', ': hello\n\n'])
      for (const size of [1, 4, 1000])
        expect(inflated(coding, Buffer.from(text), size)).toEqual({ text, failed: undefined, isOther: true });
  });

  it('a coding that the head does not name, or names wrongly, is undone', () => {
    expect(inflated('identity', zlib.gzipSync(json), 5)).toMatchObject({ text: json, isOther: true });
    expect(inflated('zstd', zlib.gzipSync(json), 5)).toMatchObject({ text: json, isOther: true });
    expect(inflated('identity', Buffer.from(json), 5)).toEqual(whole);
  });

  it('raw deflate is read under the name deflate', () => {
    expect(inflated('deflate', zlib.deflateRawSync(json), 5)).toEqual(whole);
  });

  it.each([1, 10, 10_000])('aws-chunked bodies are joined, in pieces of %i', (size) => {
    const chunks = `a;chunk-signature=ff\r\n${json.slice(0, 10)}\r\n${(json.length - 10).toString(16)}\r\n${json.slice(10)}\r\n0;chunk-signature=ee\r\nx-amz-checksum: a\r\n\r\n`;
    expect(inflated('aws-chunked', Buffer.from(chunks), size)).toEqual(whole);
    expect(inflated('aws-chunked', Buffer.from(`zz\r\n${json}`), size).failed).toBe('damaged');
  });
});

describe('chains of codings', () => {
  const text = JSON.stringify({ words: 'again '.repeat(100) });
  it.each([1, 7, 10_000])('are undone from the last to the first, in pieces of %i', (size) => {
    const bytes = zlib.brotliCompressSync(zlib.gzipSync(text));
    const decoder = new BodyDecoder('gzip, br', 1 << 20);
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size)
      out.push(decoder.push(bytes.subarray(at, at + size)) ?? Buffer.alloc(0));
    out.push(decoder.end() ?? Buffer.alloc(0));
    expect(Buffer.concat(out).toString()).toBe(text);
    expect([decoder.damage, decoder.isMislabelled]).toEqual([undefined, false]);
  });

  it('hold the bound at every step', () => {
    const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(10_000_000)));
    const decoder = new BodyDecoder('gzip, gzip', 10_000);
    expect((decoder.push(bomb)?.length ?? 0) <= 10_000).toBe(true);
    expect(decoder.damage).toBe('too_large');
  });

  it('give nothing after a gap, but plain bodies do', () => {
    const coded = new BodyDecoder('gzip', 1000);
    coded.push(zlib.gzipSync(text).subarray(0, 20));
    coded.gap();
    expect([coded.push(Buffer.from('abc')), coded.damage]).toEqual([undefined, 'lost']);
    const plain = new BodyDecoder(undefined, 1000);
    plain.push(Buffer.from('{"a":12345'));
    plain.gap();
    expect(plain.push(Buffer.from('abc'))?.toString()).toBe('abc');
  });
});
