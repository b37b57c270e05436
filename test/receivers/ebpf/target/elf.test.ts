import { describe, expect, test } from 'vitest';
import { buildIdOf, codeSegments, fileOffset, interpreterOf, readElf } from '../../../../receivers/ebpf/target/elf.ts';
import { readFrames } from '../../../../receivers/ebpf/target/frames.ts';
import { bufferSource, bytesAt, ElfError, pieces } from '../../../../receivers/ebpf/target/source.ts';
import { functionsNamed, readDynamic, symbolSections } from '../../../../receivers/ebpf/target/symbols.ts';
import { buildElf, CODE_OFFSET, codeAddress, type ElfSpec } from './elf-builder.ts';

const read = (spec: ElfSpec) => readElf(bufferSource(buildElf(spec)));

function reasonOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ElfError) return error.reason;
    throw error;
  }
  return 'none';
}

describe('header and segments', () => {
  test('an address is where its segment has it in the file', () => {
    const elf = read({ fixed: true, code: Buffer.alloc(64) });
    expect(elf.isFixed).toBe(true);
    expect(fileOffset(elf, codeAddress({ fixed: true }) + 5)).toBe(CODE_OFFSET + 5);
    expect(codeSegments(elf)).toHaveLength(1);
    expect(reasonOf(() => fileOffset(elf, codeAddress({ fixed: true }) + 64))).toBe('malformed');
  });

  test('interpreter, build id, soname and needed libraries are read', () => {
    const elf = read({
      interpreter: '/lib64/ld.so',
      buildId: '00ff10',
      soname: 'liba.so.1',
      needed: ['libb.so', 'libc.so'],
    });
    expect(interpreterOf(elf)).toBe('/lib64/ld.so');
    expect(buildIdOf(elf)).toBe('00ff10');
    expect(readDynamic(elf)).toMatchObject({ soname: 'liba.so.1', needed: ['libb.so', 'libc.so'] });
  });

  test.each([
    { what: 'a short file', edit: (file: Buffer) => file.subarray(0, 63), reason: 'not_elf' },
    { what: 'text', edit: () => Buffer.alloc(100, 0x20), reason: 'not_elf' },
    { what: 'a 32-bit program', edit: (file: Buffer) => file.fill(1, 4, 5), reason: 'unsupported' },
    { what: 'a big-endian program', edit: (file: Buffer) => file.fill(2, 5, 6), reason: 'unsupported' },
    { what: 'a program for AArch64', edit: (file: Buffer) => file.fill(183, 18, 19), reason: 'unsupported' },
    { what: 'an object file', edit: (file: Buffer) => file.fill(1, 16, 17), reason: 'unsupported' },
    { what: 'headers of another size', edit: (file: Buffer) => file.fill(1, 54, 55), reason: 'malformed' },
    { what: 'headers outside of the file', edit: (file: Buffer) => file.fill(0x7f, 33, 37), reason: 'malformed' },
    { what: 'more headers than a program has', edit: (file: Buffer) => file.fill(0xff, 56, 58), reason: 'too_big' },
  ])('$what is refused as $reason', ({ edit, reason }) => {
    expect(reasonOf(() => readElf(bufferSource(edit(buildElf({})))))).toBe(reason);
  });

  test('a broken table of sections is none', () => {
    const file = buildElf({ locals: { a: 0 } });
    expect(readElf(bufferSource(file)).sections).toHaveLength(3);
    file.fill(0xff, 40, 47);
    expect(readElf(bufferSource(file)).sections).toEqual([]);
  });
});

describe('symbols', () => {
  const names = new Set(['SSL_a', 'SSL_b', 'SSL_c']);

  test('functions are found by their exact name, not by a name that only ends or begins like it', () => {
    const exports = { SSL_a: 16, SSL_ab: 32, XSSL_b: 48, SSL_c: 64 };
    const elf = read({ exports, code: Buffer.alloc(128) });
    const table = readDynamic(elf)?.symbols;
    const found = table === undefined ? undefined : functionsNamed(elf, table, 'SSL_', names);
    expect([...(found ?? [])]).toEqual([
      ['SSL_a', new Set([codeAddress({}) + 16])],
      ['SSL_c', new Set([codeAddress({}) + 64])],
    ]);
  });

  test('the full table is found through the sections', () => {
    const elf = read({ locals: { SSL_b: 8 }, code: Buffer.alloc(16) });
    const [table] = symbolSections(elf);
    expect(table && [...functionsNamed(elf, table, 'SSL_', names).keys()]).toEqual(['SSL_b']);
  });
});

test('unwind information says where functions begin and end', () => {
  const at = codeAddress({});
  const begin = readFrames(read({ frames: { 0: 32, 64: 10, 128: 1 }, code: Buffer.alloc(256) }));
  expect([0, 31, 32, 64, 73, 74, 128, 129].map((place) => begin?.(at + place))).toEqual([
    at,
    at,
    undefined,
    at + 64,
    at + 64,
    undefined,
    at + 128,
    undefined,
  ]);
});

describe('reading', () => {
  test.each([
    [-1, 1],
    [0, 101],
    [100, 1],
    [0.5, 1],
    [Number.NaN, 1],
    [0, -1],
    [2 ** 60, 2 ** 60],
  ])('%d, %d is outside of 100 bytes', (offset, length) => {
    expect(reasonOf(() => bytesAt(bufferSource(Buffer.alloc(100)), offset, length))).not.toBe('none');
  });

  test('pieces overlap, and give every byte', () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 251));
    const all = [...pieces(bufferSource(bytes), 7, bytes.length - 7, 5)];
    expect(all.length).toBe(3);
    for (const piece of all) {
      expect(piece.bytes.equals(bytes.subarray(piece.offset, piece.offset + piece.bytes.length))).toBe(true);
    }
    expect(all.map(({ offset, bytes: { length } }) => offset + length).at(-1)).toBe(bytes.length);
    expect(all[1]?.offset).toBe((all[0]?.bytes.length ?? 0) + 7 - 5);
  });
});
