import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineCutter } from '../../../receivers/jsonl/lines.ts';

interface Line {
  readonly kind: string;
  readonly text: string;
  readonly end: number;
  readonly number: number;
}

function cut(pieces: readonly Buffer[], maxLine: number, offset = 0): Line[] {
  const cutter = new LineCutter(maxLine, offset);
  const lines: Line[] = [];
  // one buffer for all pieces, as the receiver has it: what is kept too long shows
  const shared = Buffer.alloc(Math.max(1, ...pieces.map((p) => p.length)));
  for (const piece of pieces) {
    shared.fill(0x7a);
    piece.copy(shared);
    cutter.push(shared.subarray(0, piece.length));
    for (let kind = cutter.next(); kind !== undefined; kind = cutter.next())
      lines.push({ kind, text: cutter.text, end: cutter.end, number: cutter.number });
  }
  const kind = cutter.finish();
  if (kind !== undefined) lines.push({ kind, text: cutter.text, end: cutter.end, number: cutter.number });
  return lines;
}

function inPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...cuts.map((c) => c % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
  return at.slice(1).map((to, i) => bytes.subarray(at[i], to));
}

const text = fc
  .array(fc.constantFrom('{"a":1}', 'é', '😀', '\r', '\n', '\n\n', '#', ' ', '\ufeff', 'x'.repeat(40), '\u0000'), {
    maxLength: 40,
  })
  .map((parts) => Buffer.from(parts.join('')));
const bytes = fc.oneof(
  text,
  fc.uint8Array({ maxLength: 200 }).map((a) => Buffer.from(a)),
);

describe('LineCutter', () => {
  test('lines come out the same however the bytes were cut', async () => {
    await fc.assert(
      fc.property(bytes, fc.array(fc.nat(), { maxLength: 20 }), fc.integer({ min: 1, max: 100 }), (all, cuts, max) => {
        expect(cut(inPieces(all, cuts), max)).toEqual(cut([all], max));
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  test('lines are what splitting the text at line feeds gives', async () => {
    await fc.assert(
      fc.property(text, fc.array(fc.nat(), { maxLength: 5 }), (all, cuts) => {
        const want = all.toString().split('\n');
        if (want.at(-1) === '') want.pop();
        const lines = cut(inPieces(all, cuts), 1 << 20);
        expect(lines.map((l) => l.number)).toEqual(want.map((_, i) => i + 1));
        for (const [i, line] of lines.entries()) {
          const plain = (want[i] ?? '').replace(/\r$/, '').replace(i === 0 ? /^\ufeff/ : /^$/, '');
          if (line.kind === 'line') expect(line.text).toBe(plain);
          else expect(plain.trimStart() === '' || plain.trimStart().startsWith('#')).toBe(true);
        }
      }),
      { seed: 3, numRuns: 2000 },
    );
  });

  test('offsets are those of the file when reading begins in its middle', () => {
    const all = Buffer.from('one\ntwo\nthree');
    expect(cut([all.subarray(4)], 100, 4).map((l) => [l.text, l.end])).toEqual([
      ['two', 8],
      ['three', 13],
    ]);
  });

  test('a line over the limit is passed over and the next one is read', () => {
    const all = Buffer.from(`${'x'.repeat(11)}\n${'y'.repeat(10)}\n`);
    for (const pieces of [[all], inPieces(all, [3, 6, 9, 11])])
      expect(cut(pieces, 10).map((l) => l.kind)).toEqual(['too_long', 'line']);
  });

  test('an endless line is not held', () => {
    const cutter = new LineCutter(1000);
    const chunk = Buffer.alloc(600, 0x78);
    for (let i = 0; i < 10; i++) {
      cutter.push(chunk);
      expect(cutter.next()).toBeUndefined();
      expect(cutter.heldBytes).toBeLessThanOrEqual(1000);
    }
    cutter.push(Buffer.from('\nnext\n'));
    expect(cutter.next()).toBe('too_long');
    expect(cutter.end).toBe(6001);
    expect(cutter.next()).toBe('line');
    expect(cutter.text).toBe('next');
  });

  test('bytes that are no UTF-8 are told from a written U+FFFD', () => {
    expect(cut([Buffer.from([0x22, 0xff, 0x22, 0x0a])], 100)[0]?.kind).toBe('invalid_utf8');
    expect(cut([Buffer.from('"\ufffd"\n')], 100)[0]?.kind).toBe('line');
  });
});
