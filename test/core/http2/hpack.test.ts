import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HpackDecoder } from '../../../core/index.ts';
import { hpack } from './wire.ts';

const RUNS = Number(process.env['OISP_FUZZ'] ?? 800);
const SLICE = { interruptAfterTimeLimit: 20_000 };

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
const list = (decoder: HpackDecoder, block: Buffer): string[] => {
  const { fields, unresolved, fault } = decoder.decode(block);
  expect([unresolved, fault]).toEqual([0, undefined]);
  return fields.map(({ name, value }) => `${name}: ${value}`);
};

const GET = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const REQUESTS = [
  GET,
  [...GET, 'cache-control: no-cache'],
  [':method: GET', ':scheme: https', ':path: /index.html', GET[3], 'custom-key: custom-value'],
];
const DATES = ['date: Mon, 21 Oct 2013 20:13:21 GMT', 'date: Mon, 21 Oct 2013 20:13:22 GMT'];
const AT = 'location: https://www.example.com';
const RESPONSES = [
  [':status: 302', 'cache-control: private', DATES[0], AT],
  [':status: 307', 'cache-control: private', DATES[0], AT],
  [
    ':status: 200',
    'cache-control: private',
    DATES[1],
    AT,
    'content-encoding: gzip',
    'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
  ],
];

describe('the examples of RFC 7541 appendix C', () => {
  test.each([
    ['C.2.1', '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572', 'custom-key: custom-header'],
    ['C.2.2', '040c 2f73 616d 706c 652f 7061 7468', ':path: /sample/path'],
    ['C.2.3', '1008 7061 7373 776f 7264 0673 6563 7265 74', 'password: secret'],
    ['C.2.4', '82', ':method: GET'],
  ])('%s', (_name, block, field) => {
    expect(list(new HpackDecoder(), hex(block))).toEqual([field]);
  });

  test.each([
    [
      'C.3, requests without Huffman',
      [
        '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '8286 84be 5808 6e6f 2d63 6163 6865',
        '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
      ],
      REQUESTS,
      undefined,
    ],
    [
      'C.4, requests with Huffman',
      [
        '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
        '8286 84be 5886 a8eb 1064 9cbf',
        '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
      ],
      REQUESTS,
      undefined,
    ],
    [
      'C.5, responses without Huffman in a table of 256 bytes',
      [
        '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
        '4803 3330 37c1 c0bf',
        '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
      ],
      RESPONSES,
      256,
    ],
    [
      'C.6, responses with Huffman in a table of 256 bytes',
      [
        '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
        '4883 640e ffc1 c0bf',
        '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
      ],
      RESPONSES,
      256,
    ],
  ])('%s', (_name, blocks, expected, table) => {
    const decoder = new HpackDecoder();
    if (table !== undefined) decoder.decode(hpack.resize(table));
    expect(blocks.map((block) => list(decoder, hex(block)))).toEqual(expected);
    if (table !== undefined) expect(decoder.size).toBeLessThanOrEqual(table);
  });
});

describe('after blocks were missed', () => {
  test('an index is known exactly when as many entries were inserted since', () => {
    const decoder = new HpackDecoder();
    decoder.decode(Buffer.concat([hpack.insert('a', '1'), hpack.insert('b', '2')]));
    decoder.forget();
    expect(decoder.decode(Buffer.concat([hpack.indexed(62), hpack.indexed(3)]))).toEqual({
      fields: [{ name: ':method', value: 'POST' }],
      unresolved: 1,
      fault: undefined,
    });
    decoder.decode(hpack.insert('c', '3'));
    expect(decoder.decode(Buffer.concat([hpack.indexed(62), hpack.indexed(63), hpack.indexed(62)]))).toEqual({
      fields: [
        { name: 'c', value: '3' },
        { name: 'c', value: '3' },
      ],
      unresolved: 1,
      fault: undefined,
    });
  });

  test('a field that is inserted under a name that is not known stays unresolved where it is used', () => {
    const decoder = new HpackDecoder();
    decoder.forget();
    expect(decoder.decode(hpack.insert(70, 'value')).unresolved).toBe(1);
    expect(decoder.decode(Buffer.concat([hpack.indexed(62), hpack.insert('c', '3'), hpack.indexed(63)]))).toEqual({
      fields: [{ name: 'c', value: '3' }],
      unresolved: 2,
      fault: undefined,
    });
  });

  test('entries stay known in a table that is larger than the default, until its size is told', () => {
    const decoder = new HpackDecoder();
    decoder.forget();
    const inserts = Array.from({ length: 100 }, (_, i) => hpack.insert(`name-${i}`, 'x'.repeat(100)));
    decoder.decode(Buffer.concat(inserts));
    expect(decoder.decode(hpack.indexed(62 + 99)).fields[0]?.name).toBe('name-0');
    expect(decoder.decode(Buffer.concat([hpack.resize(4096), hpack.indexed(62 + 99)])).unresolved).toBe(1);
    expect(decoder.size).toBeLessThanOrEqual(4096);
    expect(decoder.decode(hpack.indexed(62)).fields[0]?.name).toBe('name-99');
  });
});

describe('bounds', () => {
  test('a list that grows out of references to one large entry is cut off, the table stays right', () => {
    const decoder = new HpackDecoder();
    decoder.decode(hpack.insert('bomb', 'x'.repeat(4000)));
    const bomb = Buffer.concat([Buffer.alloc(200_000, hpack.indexed(62)), hpack.insert('last', '1')]);
    const { fields, fault } = decoder.decode(bomb);
    expect(fault).toBe('truncated');
    expect(fields.length).toBeLessThan(70);
    expect(list(decoder, hpack.indexed(62))).toEqual(['last: 1']);
  });

  test('a table is no larger than what is kept at most, whatever size is told', () => {
    const decoder = new HpackDecoder();
    decoder.decode(hpack.resize(2 ** 27));
    for (let i = 0; i < 300; i++) decoder.decode(hpack.insert('n', 'x'.repeat(60_000)));
    expect(decoder.size).toBeLessThanOrEqual(256 * 1024);
    expect(list(decoder, hpack.indexed(62))[0]).toHaveLength(60_003);
  });

  test.each([
    ['an index of zero', '80'],
    ['an integer without an end', 'ff ff ff ff ff ff ff ff 7f'],
    ['an integer that is cut off', 'ff 80'],
    ['a string that is longer than the block', '00 05 61'],
    ['a string without its value', '00 01 61'],
    ['a Huffman string with padding that is not all ones', '00 01 61 81 00'],
    ['a Huffman string with padding of eight bits', '00 01 61 82 1f ff'],
    ['a Huffman string with an end in it', '00 01 61 84 ff ff ff ff'],
  ])('%s is damage, and the table is forgotten', (_name, block) => {
    const decoder = new HpackDecoder();
    decoder.decode(hpack.insert('a', '1'));
    const { fields, fault } = decoder.decode(Buffer.concat([hpack.indexed(3), hex(block)]));
    expect(fields).toEqual([{ name: ':method', value: 'POST' }]);
    expect(fault).toBe('damaged');
    expect(decoder.decode(hpack.indexed(62)).unresolved).toBe(1);
  });

  test('any bytes are decoded or refused, and what is held stays in bounds', () => {
    const part = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc.nat(200).map((index) => hpack.indexed(index)),
      fc.nat(10_000).map((size) => hpack.resize(size)),
      fc.tuple(fc.nat(90), fc.string({ unit: 'binary', maxLength: 300 })).map(([n, v]) => hpack.insert(n, v)),
    );
    fc.assert(
      fc.property(fc.array(fc.array(part, { maxLength: 12 }), { maxLength: 8 }), fc.boolean(), (blocks, late) => {
        const decoder = new HpackDecoder();
        if (late) decoder.forget();
        for (const parts of blocks) {
          const { fields, unresolved } = decoder.decode(Buffer.concat(parts));
          expect(fields.every(({ name, value }) => typeof name === 'string' && typeof value === 'string')).toBe(true);
          expect(unresolved).toBeGreaterThanOrEqual(0);
          expect(decoder.size).toBeLessThanOrEqual(256 * 1024);
        }
      }),
      { numRuns: RUNS, ...SLICE },
    );
  });
});
