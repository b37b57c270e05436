import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import type { PerMessageDeflateOptions, WebSocket } from 'ws';
import { extensionsOf } from '../../../../processors/decode/websocket/extensions.ts';
import { findFrame, looksLikeFrames } from '../../../../processors/decode/websocket/frame.ts';
import { MessageReader, type ReaderOptions } from '../../../../processors/decode/websocket/reader.ts';
import { Recorder } from '../capture.ts';
import { frame } from './frames.ts';
import { type Chunk, tap } from './tap.ts';

const MARK = { event: new Recorder().record('capture.data', {}), ms: 0 };
const PLAIN: ReaderOptions = { isMasked: false, deflates: false, resets: false, maxBytes: 1 << 20 };

function makeReader(over: Partial<ReaderOptions> = {}) {
  const messages: { text: string; isText: boolean }[] = [];
  const lost: string[] = [];
  const refused: string[] = [];
  const closed: [number, string][] = [];
  const reader = new MessageReader(
    { ...PLAIN, ...over },
    {
      message: (payload, isText) => messages.push({ text: payload.toString('latin1'), isText }),
      close: (code, reason) => closed.push([code, reason]),
      lost: (reason) => lost.push(reason),
      refused: (reason) => refused.push(reason),
    },
  );
  return { reader, messages, lost, refused, closed, texts: () => messages.map((message) => message.text) };
}

function inPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [...places, bytes.length].map((end, i) => bytes.subarray(i === 0 ? 0 : places[i - 1], end));
}

/** Text that compresses and refers to earlier messages. */
function words(seed: number, length: number): string {
  let text = '';
  for (let n = seed + 1; text.length < length; n = (n * 48_271) % 2_147_483_647)
    text += ` ${['delta', 'grün', 'response', '✓', String(n)][n % 5]}`;
  return text.slice(0, length);
}

const LENGTHS = [0, 1, 125, 126, 127, 1000, 65_535, 65_536];

/** Sends messages of all kinds, some in fragments with a ping in between; returns what was sent. */
async function talk(from: WebSocket, to: WebSocket): Promise<{ text: string; isText: boolean }[]> {
  const sent: { text: string; isText: boolean }[] = [];
  const all = new Promise<void>((resolve) => {
    let n = 0;
    to.on('message', () => {
      if (++n === LENGTHS.length * 3) resolve();
    });
  });
  for (const [i, length] of LENGTHS.entries()) {
    const text = words(i, length);
    const bytes = Buffer.from(words(i + 50, length));
    const long = Buffer.from(words(i + 7, length + 10));
    from.send(text);
    from.send(bytes, { compress: i % 3 !== 0 });
    from.send(long.subarray(0, 4), { fin: false, binary: true });
    from.ping('now');
    from.send(long.subarray(4, 9), { fin: false, binary: true });
    from.send(long.subarray(9), { fin: true, binary: true });
    sent.push({ text: Buffer.from(text).toString('latin1'), isText: true });
    for (const binary of [bytes, long]) sent.push({ text: binary.toString('latin1'), isText: false });
  }
  await all;
  return sent;
}

function streamOf(chunks: readonly Chunk[], dir: Chunk['dir']): { head: string; frames: Buffer } {
  const all = Buffer.concat(chunks.filter((chunk) => chunk.dir === dir).map((chunk) => chunk.bytes));
  const end = all.indexOf('\r\n\r\n') + 4;
  return { head: all.toString('latin1', 0, end), frames: all.subarray(end) };
}

const ALWAYS = { threshold: 0 };
const VARIANTS: readonly [string, false | PerMessageDeflateOptions, false | PerMessageDeflateOptions][] = [
  ['without compression', false, false],
  ['with compression', ALWAYS, ALWAYS],
  ['when the server resets', { ...ALWAYS, serverNoContextTakeover: true }, ALWAYS],
  ['when the client resets', { ...ALWAYS, clientNoContextTakeover: true }, ALWAYS],
  ['when both reset', { ...ALWAYS, clientNoContextTakeover: true, serverNoContextTakeover: true }, ALWAYS],
  [
    'with small windows',
    { ...ALWAYS, serverMaxWindowBits: 9, clientMaxWindowBits: 10 },
    { ...ALWAYS, clientMaxWindowBits: 10 },
  ],
];

describe.each(VARIANTS)('messages of ws %s', (_name, server, client) => {
  it('come out as they were sent, however the bytes are cut', async () => {
    let sent: { text: string; isText: boolean }[] = [];
    let received: typeof sent = [];
    const chunks = await tap({ deflate: server, client: { perMessageDeflate: client } }, async (one, other) => {
      [sent, received] = await Promise.all([talk(one, other), talk(other, one)]);
    });
    const { head, frames } = streamOf(chunks, 'received');
    const { deflate } = extensionsOf(/sec-websocket-extensions: (.*)\r\n/i.exec(head)?.[1]);
    expect(deflate !== undefined).toBe(server !== false);
    const sides = [
      { bytes: streamOf(chunks, 'sent').frames, want: sent, isMasked: true, resets: deflate?.clientResets === true },
      { bytes: frames, want: received, isMasked: false, resets: deflate?.serverResets === true },
    ];
    for (const { bytes, want, isMasked, resets } of sides) {
      const before = Buffer.from(bytes);
      const run = (pieces: readonly Buffer[]) => {
        const made = makeReader({ isMasked, deflates: deflate !== undefined, resets });
        for (const piece of pieces) made.reader.feed(piece, MARK);
        expect([made.lost, made.refused]).toEqual([[], []]);
        return made.messages;
      };
      expect(run([bytes])).toEqual(want);
      const all = Array.from({ length: Math.min(bytes.length, 40_000) }, (_, i) => bytes.subarray(i, i + 1));
      expect(run([...all, bytes.subarray(all.length)])).toEqual(want);
      fc.assert(
        fc.property(fc.array(fc.nat(), { maxLength: 40 }), (cuts) => {
          expect(run(inPieces(bytes, cuts))).toEqual(want);
        }),
        { numRuns: 5 },
      );
      expect(bytes.equals(before)).toBe(true); // captured bytes are shared
    }
  });
});

describe('the frames of one direction', () => {
  const json = (n: number): string => JSON.stringify({ type: 'event', n, text: words(n, 30) });

  it('tell the close and its reason, also between fragments', () => {
    const { reader, closed, texts } = makeReader();
    const close = Buffer.concat([Buffer.from([0x03, 0xf3]), Buffer.from('Übervoll')]);
    reader.feed(frame('a', { fin: false }), MARK);
    reader.feed(frame(close, { opcode: 8 }), MARK);
    reader.feed(frame('b', { opcode: 0 }), MARK);
    reader.feed(frame('', { opcode: 8 }), MARK);
    expect(closed).toEqual([
      [1011, 'Übervoll'],
      [1005, ''],
    ]);
    expect(texts()).toEqual(['ab']);
  });

  it('lose one message to a gap inside of its payload', () => {
    for (const key of [undefined, 0x1234_5678])
      for (const size of [1, 20, 60]) {
        const { reader, texts, lost } = makeReader({ isMasked: key !== undefined });
        const mask = key === undefined ? {} : { key };
        const second = frame(`{${'x'.repeat(78)}}`, mask);
        const from = second.length - 70;
        reader.feed(Buffer.concat([frame('one', mask), second.subarray(0, from)]), MARK);
        reader.gap(size, MARK);
        reader.feed(Buffer.concat([second.subarray(from + size), frame('three', mask)]), MARK);
        expect(texts()).toEqual(['one', 'three']);
        expect(lost).toEqual(['gap']);
      }
  });

  it('go on at the next JSON message after a gap of unknown extent', () => {
    for (const key of [undefined, 0x9a1b_2c3d]) {
      const { reader, texts, lost } = makeReader({ isMasked: key !== undefined });
      const all = Array.from({ length: 12 }, (_, n) => frame(json(n), key === undefined ? {} : { key: key + n }));
      reader.feed(Buffer.concat(all.slice(0, 3)), MARK);
      reader.gap(undefined, MARK);
      for (const byte of Buffer.concat(all.slice(4)).subarray(17)) reader.feed(Buffer.from([byte]), MARK);
      reader.end(MARK);
      const want = Array.from({ length: 12 }, (_, n) => Buffer.from(json(n)).toString('latin1'));
      expect(texts()).toEqual([...want.slice(0, 3), ...want.slice(5)]);
      expect(lost).toEqual(['gap']);
    }
  });

  it('never refer to what a loss took out of the window', () => {
    const deflate = (text: string, dictionary?: Buffer): Buffer =>
      zlib
        .deflateRawSync(text, { finishFlush: zlib.constants.Z_SYNC_FLUSH, ...(dictionary && { dictionary }) })
        .subarray(0, -4);
    const one = json(1);
    const bytes = [
      deflate(one),
      deflate(one, Buffer.from(one)), // it only points into the window
      deflate('something else'),
    ].map((payload) => frame(payload, { reserved: 0x40 }));
    const whole = makeReader({ deflates: true });
    whole.reader.feed(Buffer.concat(bytes), MARK);
    expect(whole.texts().map((text) => Buffer.from(text, 'latin1').toString())).toEqual([one, one, 'something else']);
    const torn = makeReader({ deflates: true });
    torn.reader.feed((bytes[0] as Buffer).subarray(0, 20), MARK);
    torn.reader.gap((bytes[0] as Buffer).length - 20, MARK);
    torn.reader.feed(Buffer.concat(bytes.slice(1)), MARK);
    expect(torn.texts()).toEqual(['something else']);
    expect(torn.lost).toEqual(['gap', 'damaged_coding']);
  });

  it('read on after a final block of deflate', () => {
    const { reader, texts } = makeReader({ deflates: true });
    for (const text of ['one', 'two']) {
      reader.feed(frame(Buffer.concat([zlib.deflateRawSync(text), Buffer.from([0])]), { reserved: 0x40 }), MARK);
    }
    expect(texts()).toEqual(['one', 'two']);
  });

  it('bound what a message may become', () => {
    const { reader, texts, lost } = makeReader({ deflates: true, maxBytes: 100_000 });
    const bomb = zlib.deflateRawSync(Buffer.alloc(60 << 20), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
    const start = process.memoryUsage().arrayBuffers;
    reader.feed(frame(bomb, { reserved: 0x40 }), MARK);
    expect(process.memoryUsage().arrayBuffers - start).toBeLessThan(20 << 20);
    for (let n = 0; n < 50; n++) reader.feed(frame('x'.repeat(10_000), { fin: false, opcode: n === 0 ? 1 : 0 }), MARK);
    for (let n = 0; n < 50_000; n++) reader.feed(frame('', { fin: false, opcode: 0 }), MARK);
    expect(reader.size).toBeLessThan(200_000);
    reader.feed(frame('end', { opcode: 0 }), MARK);
    reader.feed(frame('after'), MARK);
    expect(texts()).toEqual(['after']);
    expect(lost).toEqual(['too_large', 'too_large']);
  });

  test.each([
    ['a reserved opcode', frame('', { opcode: 3 }), 'opcode'],
    ['a mask in the wrong direction', frame('', { key: 1 }), 'mask'],
    ['compression that was not agreed on', frame('', { reserved: 0x40 }), 'reserved_bits'],
    ['a control frame in fragments', frame('', { opcode: 9, fin: false }), 'control'],
    ['a long control frame', frame('x'.repeat(126), { opcode: 9 }), 'control'],
    ['a length that is none', Buffer.from([0x81, 127, 255, 255, 255, 255, 255, 255, 255, 255]), 'length'],
  ])('refuse %s and go on behind it', (_name, bytes, reason) => {
    const { reader, refused, texts } = makeReader();
    reader.feed(Buffer.concat([frame('before'), bytes, frame(json(1)), frame('after')]), MARK);
    reader.end(MARK);
    expect(refused).toEqual([reason]);
    expect(texts().slice(1)).toEqual([Buffer.from(json(1)).toString('latin1'), 'after']);
  });

  it('lose a message that another one breaks into, and a continuation of nothing', () => {
    const { reader, texts, lost } = makeReader();
    reader.feed(frame('a', { fin: false }), MARK);
    reader.feed(frame('b'), MARK);
    reader.feed(frame('c', { opcode: 0, fin: false }), MARK);
    reader.feed(frame('d', { opcode: 0 }), MARK);
    reader.feed(frame('e'), MARK);
    expect(texts()).toEqual(['b', 'e']);
    expect(lost).toEqual(['framing', 'framing']);
  });

  it('give up after megabytes of something else', () => {
    const { reader, refused } = makeReader();
    reader.feed(Buffer.from([0x83]), MARK);
    const zeros = Buffer.alloc(1 << 20);
    for (let n = 0; n < 20; n++) reader.feed(zeros, MARK);
    expect(refused).toEqual(['opcode', 'lost_framing']);
    expect(reader.isOff).toBe(true);
    expect(reader.size).toBe(0);
  });

  it('never throw and stay bounded, whatever comes', () => {
    const base = Array.from({ length: 6 }, (_, n) => json(n));
    const good = Buffer.concat([
      ...base.map((text) => frame(text)),
      frame('p', { opcode: 9 }),
      frame(zlib.deflateRawSync(base.join(), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).subarray(0, -4), {
        reserved: 0x40,
      }),
      frame('x', { fin: false }),
      frame('y', { opcode: 0 }),
    ]);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('bytes' as const), bytes: fc.uint8Array({ maxLength: 40 }) }),
      fc.record({ kind: fc.constant('good' as const), from: fc.nat(good.length), size: fc.nat(good.length) }),
      fc.record({ kind: fc.constant('gap' as const), size: fc.option(fc.nat(500), { nil: undefined }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.boolean(), fc.boolean(), (steps, isMasked, resets) => {
        const { reader, texts } = makeReader({ isMasked, deflates: true, resets, maxBytes: 500 });
        for (const one of steps) {
          if (one.kind === 'gap') reader.gap(one.size, MARK);
          else
            reader.feed(
              one.kind === 'bytes' ? Buffer.from(one.bytes) : good.subarray(one.from, one.from + one.size),
              MARK,
            );
          expect(reader.size).toBeLessThan(500 + 65_536 + 30 * good.length);
        }
        reader.end(MARK);
        expect(texts().every((text) => text.length <= 500)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('cost no more than their bytes when they are hostile', () => {
    const { reader, refused } = makeReader();
    const one = Buffer.concat([frame('{}'), Buffer.from([0x83, 0x00])]);
    reader.feed(Buffer.concat(Array.from({ length: 50_000 }, () => one)), MARK);
    expect(refused.length).toBe(50_000);
  });
});

test('a frame is found by its JSON or by those that follow it', () => {
  const rules = { isMasked: false, deflates: false };
  const noise = Buffer.from('0123456789');
  const chain = [frame('aaa'), frame('bb', { opcode: 9 }), frame('cc'), frame('d')];
  expect(findFrame(Buffer.concat([noise, frame('{"a":1}')]), 0, rules)).toBe(10);
  expect(findFrame(Buffer.concat([noise, ...chain]), 0, rules)).toBe(10);
  expect(findFrame(Buffer.concat([noise, ...chain.slice(1)]), 0, rules)).toBe(-1);
});

test('frames look like none of HTTP', () => {
  expect(looksLikeFrames(Buffer.concat([frame('{"a":1}'), frame('b')]), false)).toBe(true);
  expect(looksLikeFrames(frame('{"a":1}', { key: 7 }), true)).toBe(true);
  for (const text of ['GET / HTTP/1.1\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n', '{"jsonrpc":"2.0"}']) {
    expect(looksLikeFrames(Buffer.from(text), true)).toBe(false);
    expect(looksLikeFrames(Buffer.from(text), false)).toBe(false);
  }
});

test.each([
  ['', undefined, true],
  ['permessage-deflate', { clientResets: false, serverResets: false }, true],
  [
    'permessage-deflate; client_no_context_takeover; server_max_window_bits=10',
    { clientResets: true, serverResets: false },
    true,
  ],
  ['Permessage-Deflate;server_no_context_takeover', { clientResets: false, serverResets: true }, true],
  ['x-webkit-deflate-frame', undefined, false],
])('the extensions %j', (field, deflate, isKnown) => {
  expect(extensionsOf(field)).toEqual({ deflate, isKnown });
});
