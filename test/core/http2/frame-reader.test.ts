import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FLAG, FRAME, PREFACE } from '../../../core/index.ts';
import { frame, hpack, inPieces, listener, settings } from './wire.ts';

const RUNS = Number(process.env['OISP_FUZZ'] ?? 1500);
const SLICE = { interruptAfterTimeLimit: 20_000 };

const END = FLAG.END_STREAM;
const WHOLE = FLAG.END_HEADERS;
const block = hpack.block([[':status', '200']]);
const data = (stream: number, text: string, flags = 0): Buffer => frame(FRAME.DATA, flags, stream, text);
const padded = (text: string, n: number): Buffer =>
  Buffer.concat([Buffer.from([n]), Buffer.from(text), Buffer.alloc(n)]);

/** A server's side of a connection with frames of every type, and what is to be heard of it. */
const WIRE: readonly (readonly [bytes: Buffer, said: readonly string[]])[] = [
  [settings([1, 4096], [3, 100]), ['setting 1 4096', 'setting 3 100']],
  [frame(FRAME.SETTINGS, FLAG.ACK, 0), []],
  [frame(FRAME.WINDOW_UPDATE, 0, 0, Buffer.from([0, 1, 0, 0])), []],
  [frame(FRAME.HEADERS, WHOLE, 1, block), ['headers 1 :status=200']],
  [data(1, 'one'), ['data 1 one']],
  [frame(FRAME.DATA, FLAG.PADDED, 1, padded(' two', 7)), []],
  [frame(FRAME.DATA, FLAG.PADDED, 1, padded('', 3)), []],
  [frame(FRAME.PRIORITY, 0, 3, Buffer.alloc(5)), []],
  [data(1, ''), []],
  [data(1, '!', END), ['end 1']],
  [
    frame(
      FRAME.HEADERS,
      END | FLAG.PADDED | FLAG.PRIORITY,
      3,
      Buffer.concat([Buffer.from([2, 0, 0, 0, 0, 9]), block.subarray(0, 4), Buffer.alloc(2)]),
    ),
    [],
  ],
  [frame(FRAME.CONTINUATION, 0, 3, ''), []],
  [frame(FRAME.CONTINUATION, WHOLE, 3, block.subarray(4)), ['headers 3 :status=200', 'end 3']],
  [
    frame(FRAME.PUSH_PROMISE, WHOLE, 1, Buffer.concat([Buffer.from([0, 0, 0, 2]), hpack.insert('x', 'y')])),
    ['promise 1 2 x=y'],
  ],
  [frame(0xbe, 0xff, 77, 'of an extension'), []],
  [frame(FRAME.PING, 0, 0, Buffer.alloc(8)), []],
  [frame(FRAME.HEADERS, WHOLE, 5, hpack.indexed(62)), ['headers 5 x=y']],
  [frame(FRAME.RST_STREAM, 0, 5, Buffer.from([0, 0, 0, 8])), ['reset 5 8']],
  [frame(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, 7, 0, 0, 0, 0, 98, 121, 101])), ['goaway 7 0']],
];
const BYTES = Buffer.concat(WIRE.map(([bytes]) => bytes));
const SAID = [
  'setting 1 4096',
  'setting 3 100',
  'headers 1 :status=200',
  'data 1 one two!',
  ...WIRE.slice(9).flatMap(([, said]) => said),
];

describe('frames', () => {
  test('of every type are heard the same however the bytes are cut', () => {
    const cut = fc.oneof(fc.array(fc.nat(BYTES.length)), fc.constant(Array.from(BYTES, (_, i) => i)));
    fc.assert(
      fc.property(cut, (cuts) => {
        const heard = listener('server');
        heard.feed(inPieces(BYTES, cuts));
        expect(heard.said()).toEqual(SAID);
      }),
      { numRuns: 300, ...SLICE },
    );
  });

  test('of a client come after its preface', () => {
    const heard = listener('client');
    heard.feed(inPieces(Buffer.concat([PREFACE, settings(), data(1, 'a')]), [3, 20, 25]));
    expect(heard.said()).toEqual(['data 1 a']);
  });

  test('bodies are handed on as they came, without a copy', () => {
    const bytes = Buffer.concat([settings(), data(1, 'x'.repeat(100))]);
    const heard = listener('server');
    heard.feed(bytes);
    expect(heard.pieces).toEqual([bytes]);
    expect(heard.pieces[0]).toBe(bytes);
    expect(heard.reader.size).toBe(0);
  });

  test('a header block that another frame breaks into is lost, that frame is read', () => {
    const heard = listener('server');
    heard.feed([settings(), frame(FRAME.HEADERS, 0, 1, block), data(3, 'a'), frame(FRAME.CONTINUATION, WHOLE, 1, 'x')]);
    expect(heard.said()).toEqual(['refused bad_block', 'block lost 1', 'data 3 a', 'block lost 0']);
  });

  test('padding that is longer than its frame loses a block, and ends a body', () => {
    const heard = listener('server');
    heard.feed([
      settings(),
      frame(FRAME.HEADERS, WHOLE | FLAG.PADDED, 1, padded('', 0).fill(9)),
      frame(FRAME.DATA, FLAG.PADDED | END, 1, Buffer.from([9, 1, 2])),
    ]);
    expect(heard.said()).toEqual(['block lost 1', 'end 1']);
  });
});

describe('a gap', () => {
  const body = 'x'.repeat(1000);
  const frames = [
    settings(),
    frame(FRAME.HEADERS, WHOLE, 1, block),
    data(1, body, END),
    frame(FRAME.HEADERS, WHOLE, 3, block),
    data(3, 'next', END),
  ];
  const bytes = Buffer.concat(frames);
  const start = (frames[0]?.length ?? 0) + (frames[1]?.length ?? 0) + 9;

  test('of known size inside of a body leaves the framing intact', () => {
    fc.assert(
      fc.property(fc.nat(999), fc.nat(1000), fc.array(fc.nat(bytes.length)), (from, size, cuts) => {
        const lost = Math.min(size + 1, 1000 - from);
        const heard = listener('server');
        heard.feed(inPieces(bytes.subarray(0, start + from), cuts));
        heard.reader.gap(lost, 0);
        heard.feed(inPieces(bytes.subarray(start + from + lost), cuts));
        const rest = 1000 - from - lost;
        expect(heard.said()).toEqual([
          'headers 1 :status=200',
          ...(from > 0 ? [`data 1 ${'x'.repeat(from)}`] : []),
          `missing 1 ${lost}`,
          ...(rest > 0 ? [`data 1 ${'x'.repeat(rest)}`] : []),
          'end 1',
          'headers 3 :status=200',
          'data 3 next',
          'end 3',
        ]);
      }),
      { numRuns: 200 },
    );
  });

  test('of known size may reach into the padding', () => {
    const bytes = frame(FRAME.DATA, FLAG.PADDED | END, 1, padded('body', 9));
    for (const [from, size, said] of [
      [9 + 2, 7, ['data 1 b', 'missing 1 3', 'end 1', 'data 3 next']],
      [9 + 5, 4, ['data 1 body', 'end 1', 'data 3 next']],
      [9 + 2, 12, ['data 1 b', 'missing 1 3', 'end 1', 'data 3 next']],
      [9, 3, ['missing 1 3', 'end 1', 'data 3 next']],
    ] as const) {
      const heard = listener('server');
      heard.feed([settings(), bytes.subarray(0, from)]);
      heard.reader.gap(size, 0);
      heard.feed([bytes.subarray(from + size), data(3, 'next')]);
      expect(heard.said()).toEqual(said);
    }
  });

  test('inside of a header block loses that block alone', () => {
    const heard = listener('server');
    heard.feed(bytes.subarray(0, 9 + 9 + 2));
    heard.reader.gap(3, 0);
    heard.feed(bytes.subarray(9 + 9 + 2 + 3));
    expect(heard.said().slice(0, 2)).toEqual(['block lost 1', `data 1 ${body}`]);
  });

  test('of any size anywhere else is followed by the next two frames that fit', () => {
    fc.assert(
      fc.property(fc.nat(start + 999), fc.boolean(), fc.array(fc.nat(bytes.length)), (from, known, cuts) => {
        const heard = listener('server');
        heard.feed(bytes.subarray(0, from));
        const to = start + 500; // in the middle of the long body, or before
        if (from > to) return;
        heard.reader.gap(known && from < start ? to - from : undefined, 0);
        heard.feed(inPieces(bytes.subarray(to), cuts));
        expect(heard.said().slice(-3)).toEqual(['headers 3 :status=200', 'data 3 next', 'end 3']);
        expect(heard.said().filter((line) => line === 'lost')).toHaveLength(1);
      }),
      { numRuns: 200 },
    );
  });

  test('in a text that looks like nothing holds no more than a little', () => {
    const heard = listener('server', true);
    for (let i = 0; i < 1000; i++) heard.feed(Buffer.from(`data: {"text":"word ${i}"}\n\n`.repeat(20)));
    expect(heard.reader.size).toBeLessThan(64 * 1024);
    heard.feed([data(1, 'a'), data(1, 'b', END)]);
    expect(heard.said()).toEqual(['data 1 ab', 'end 1']);
  });

  test('is passed at the same place however the bytes are cut', () => {
    const noise = Buffer.from(Array.from({ length: 600 }, (_, i) => (i * i) % 7));
    const all = Buffer.concat([noise, bytes]);
    const expected = listener('server', true);
    expected.feed(all);
    fc.assert(
      fc.property(fc.array(fc.nat(all.length)), (cuts) => {
        const heard = listener('server', true);
        heard.feed(inPieces(all, cuts));
        expect(heard.said()).toEqual(expected.said());
      }),
      { numRuns: 200 },
    );
  });
});

describe('bounds', () => {
  test('a header block without an end holds no more than its bound (CVE-2024-27316)', () => {
    const heard = listener('server');
    heard.feed([settings(), frame(FRAME.HEADERS, 0, 1, block)]);
    const more = frame(FRAME.CONTINUATION, 0, 1, Buffer.alloc(16_000, 0x82));
    let most = 0;
    for (let i = 0; i < 200; i++) {
      heard.feed(more);
      most = Math.max(most, heard.reader.size);
    }
    heard.feed([frame(FRAME.CONTINUATION, WHOLE, 1), data(3, 'goes on')]);
    expect(most).toBeLessThan(1024 * 1024);
    expect(heard.said()).toEqual(['refused block_too_large', 'block lost 1', 'data 3 goes on']);
    expect(heard.reader.size).toBeLessThan(8 * 1024);
  });

  test('a frame that says to be large is not made room for', () => {
    const heard = listener('server');
    const head = frame(FRAME.HEADERS, WHOLE, 1, '');
    head.writeUIntBE(200_000, 0, 3);
    heard.feed([settings(), head, Buffer.alloc(10)]);
    expect(heard.reader.size).toBeLessThan(1024);
  });

  test('of heads that may all be the first of two only some are looked at', () => {
    const heard = listener('client', true);
    // every ninth byte begins a head whose frame reaches far beyond what follows
    const head = Buffer.from([0, 0x3f, 0xff, 0, 0, 0, 0, 0, 1]);
    for (let i = 0; i < 20_000; i++) heard.feed(head);
    expect(heard.said()).toEqual([]);
    expect(heard.reader.size).toBeLessThan(100 * 1024);
  });

  test('any bytes with any gaps are read without a throw, what is held stays in bounds', () => {
    const part = fc.oneof(
      fc.constantFrom(...WIRE.map(([bytes]) => bytes), PREFACE),
      fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
      fc
        .tuple(fc.nat(12), fc.nat(255), fc.nat(9), fc.uint8Array({ maxLength: 40 }))
        .map(([type, flags, stream, bytes]) => frame(type, flags, stream, Buffer.from(bytes))),
      fc.option(fc.nat(30), { nil: undefined }).map((gap) => ({ gap })),
    );
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 30 }),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 10 }),
        fc.constantFrom('client' as const, 'server' as const),
        fc.boolean(),
        (parts, changes, peer, late) => {
          const heard = listener(peer, late);
          for (const one of parts) {
            if ('gap' in one) heard.reader.gap(one.gap, 0);
            else {
              const bytes = Buffer.from(one);
              for (const [at, byte] of changes) if (at % 3 === 0 && bytes.length > 0) bytes[at % bytes.length] = byte;
              heard.reader.highestOf(bytes);
              heard.feed(bytes);
            }
            expect(heard.reader.size).toBeLessThan(64 * 1024);
          }
        },
      ),
      { numRuns: RUNS, ...SLICE },
    );
  });
});

test('the highest stream that headers begin in the next bytes is told before they are read', () => {
  fc.assert(
    fc.property(fc.nat(BYTES.length), fc.nat(BYTES.length), (a, b) => {
      const from = Math.min(a, b);
      const to = Math.max(a, b);
      const heard = listener('server');
      heard.feed(BYTES.subarray(0, from));
      let highest = 0;
      let at = 0;
      for (const [bytes] of WIRE) {
        const isNew = at + 9 > from && at + 9 <= to;
        if (isNew && bytes[3] === FRAME.HEADERS) highest = Math.max(highest, bytes.readUInt32BE(5));
        at += bytes.length;
      }
      expect(heard.reader.highestOf(BYTES.subarray(from, to))).toBe(highest);
    }),
    { numRuns: 500 },
  );
});
