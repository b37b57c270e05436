import { existsSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { discover } from '../../../../receivers/ebpf/target/discover.ts';
import { interpreterOf, readElf } from '../../../../receivers/ebpf/target/elf.ts';
import { linkerCache } from '../../../../receivers/ebpf/target/libraries.ts';
import { ElfError, type Source } from '../../../../receivers/ebpf/target/source.ts';
import { readDynamic, symbolSections } from '../../../../receivers/ebpf/target/symbols.ts';
import { skipsWithout } from '../../../require.ts';
import { push, ret, SLOT, slots } from './code-builder.ts';
import { buildElf, CODE_OFFSET } from './elf-builder.ts';
import { boringProgram, opensslProgram } from './libraries-made.ts';

const RUNS = Number(process.env['OISP_FUZZ'] ?? 4000);
/** However many runs are asked for, a property ends after this time. */
const SLICE = { interruptAfterTimeLimit: 20_000 };
const MAX_READ = 4 << 20;

/** A source that fails a test when it is read outside of its bounds, and counts what is read. */
class Guarded implements Source {
  readonly size: number;
  readonly #bytes: Buffer;
  total = 0;
  reads = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.size = bytes.length;
  }

  read(offset: number, length: number): Buffer {
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size && length <= MAX_READ)) {
      throw new Error(`read ${length} bytes at ${offset} of ${this.size}`);
    }
    this.total += length;
    this.reads++;
    return this.#bytes.subarray(offset, offset + length);
  }
}

/** Runs everything that reads a file; only an ElfError may come out, and `discover` lets none out. */
function readAll(bytes: Buffer): Guarded {
  const source = new Guarded(bytes);
  const found = discover(source);
  if (found.kind === 'target') {
    for (const { offset } of found.target.sites) expect(offset).toBeLessThan(bytes.length);
  }
  try {
    const elf = readElf(source);
    interpreterOf(elf);
    symbolSections(elf);
    readDynamic(elf);
  } catch (error) {
    if (!(error instanceof ElfError)) throw error;
  }
  return source;
}

const exports = { SSL_read: 0, SSL_write: SLOT, SSL_free: 2 * SLOT };
const MADE = [
  buildElf({
    exports,
    imports: ['memcpy'],
    locals: exports,
    needed: ['libc.so.6'],
    soname: 'libssl.so.3',
    interpreter: '/lib64/ld.so',
    buildId: 'c0ffee',
    code: slots({}, Array(4).fill([push, ret])),
  }),
  buildElf({ exports, hash: 'sysv', code: slots({}, Array(4).fill([push, ret])) }),
  boringProgram({}),
  boringProgram({ fixed: true }),
  opensslProgram({ frames: Object.fromEntries([0, 1, 2, 3, 4, 5].map((slot) => [slot * SLOT, 0x80])) }),
  opensslProgram({ fixed: true, locals: { SSL_handle_events: 0 } }, { version: 'OpenSSL 3.0.1 1 Jan 2020' }),
];

/** Numbers at which sums and products go wrong. */
const edge = fc.constantFrom(
  0n,
  1n,
  23n,
  0x7fn,
  0xffn,
  0xffffn,
  0x7fffffffn,
  0xffffffffn,
  0x100000000n,
  (1n << 53n) - 1n,
  1n << 53n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
);
const edit = fc.tuple(
  fc.nat(),
  fc.constantFrom(1, 2, 4, 8),
  fc.oneof(edge, fc.bigInt({ min: 0n, max: (1n << 64n) - 1n })),
);
const edits = fc.array(edit, { minLength: 1, maxLength: 6 });

/** Writes numbers into a copy, aligned to their size, and cuts it. */
function mutate(
  bytes: Buffer,
  all: readonly (readonly [number, number, bigint])[],
  within: number,
  cut: number,
): Buffer {
  const copy = Buffer.from(bytes);
  for (const [place, size, value] of all) {
    const at = Math.floor((place % (within - 8)) / size) * size;
    const word = Buffer.alloc(8);
    word.writeBigUInt64LE(value);
    word.copy(copy, at, 0, size);
  }
  return cut % 4 === 0 ? copy.subarray(0, cut % copy.length) : copy;
}

describe('a hostile file', () => {
  test('that was a made program ends in an answer', () => {
    const property = fc.property(fc.nat(MADE.length - 1), edits, fc.nat(), (index, all, cut) => {
      const file = MADE[index] ?? Buffer.alloc(0);
      // Tables are in the first 2 KiB; what is behind them is found through these.
      const within = cut % 3 === 0 ? file.length : 0x800;
      const { total } = readAll(mutate(file, all, within, cut));
      expect(total).toBeLessThan(1000 * CODE_OFFSET);
    });
    void fc.assert(property, { numRuns: RUNS, ...SLICE });
  });

  const cache = '/etc/ld.so.cache';
  const [libssl] = existsSync(cache) ? (linkerCache(readFileSync(cache)).get('libssl.so.3') ?? []) : [];
  const skip = skipsWithout('openssl', libssl !== undefined, 'install libssl3');
  test('that was a real library ends in an answer', { skip }, () => {
    const real = readFileSync(libssl ?? '');
    const headers = real.readUInt16LE(56) * 56 + 64;
    const property = fc.property(edits, fc.nat(), (all, cut) => {
      const within = [headers, 0x2000, real.length][cut % 3] ?? headers;
      const { total } = readAll(mutate(real, all, within, cut));
      expect(total).toBeLessThan(100 * real.length);
    });
    void fc.assert(property, { numRuns: Math.ceil(RUNS / 20), ...SLICE });
  });

  test('of any bytes ends in an answer', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 2000 }), (bytes) => {
      const file = Buffer.from(bytes);
      file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1].slice(0, file.length));
      if (file.length > 64) file.set([2, 0, 62, 0], 16);
      readAll(file);
    });
    void fc.assert(property, { numRuns: RUNS, ...SLICE });
  });
});

describe('a file made to keep a scan busy', () => {
  test.each(['SSL_', 'SSL_read\0'])('with a string table of nothing but %j', (text) => {
    const size = 8 << 20;
    const file = buildElf({ locals: { SSL_read: 0 }, code: Buffer.alloc(size, text) });
    const strings = Number(file.readBigUInt64LE(40)) + 2 * 64;
    file.writeBigUInt64LE(BigInt(CODE_OFFSET), strings + 24);
    file.writeBigUInt64LE(BigInt(size), strings + 32);
    expect(readAll(file).total).toBeLessThan(4 * size);
  });

  test('with code of nothing but calls and addresses of the anchor', () => {
    const size = 4 << 20;
    const file = Buffer.concat([boringProgram({ fixed: true }), Buffer.alloc(size, 'b901404000e8', 'hex')]);
    const segment = 64 + 56;
    for (const at of [segment + 32, segment + 40]) file.writeBigUInt64LE(BigInt(file.length - CODE_OFFSET), at);
    expect(discover(new Guarded(file))).toMatchObject({ reason: 'more than 1024 references' });
  });

  test('whose segments all are the whole file', () => {
    const file = buildElf({ code: Buffer.alloc(16 << 20) });
    const count = 128;
    file.writeUInt16LE(count, 56);
    for (let index = 0; index < count; index++) {
      const at = 64 + index * 56;
      file.writeUInt32LE(1, at);
      file.writeUInt32LE(5, at + 4);
      [0, 0x400000, 0x400000, file.length, file.length, 16].forEach((value, word) => {
        file.writeBigUInt64LE(BigInt(value), at + 8 + word * 8);
      });
    }
    expect(discover(new Guarded(file))).toMatchObject({ kind: 'unsupported_build', reason: 'loads more than 1 GiB' });
  });

  test('that became shorter while it was read', () => {
    const bytes = boringProgram({});
    const source: Source = {
      size: bytes.length,
      read: (offset, length) => bytes.subarray(offset, offset + length - 1),
    };
    expect(discover(source)).toMatchObject({ kind: 'unsupported_build', library: 'unknown' });
  });
});
