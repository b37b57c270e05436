import { describe, expect, test } from 'vitest';
import { discover } from '../../../../receivers/ebpf/target/discover.ts';
import { bufferSource } from '../../../../receivers/ebpf/target/source.ts';
import type { Discovery, Role } from '../../../../receivers/ebpf/target/target.ts';
import { bytes, push, ret, SLOT, slots } from './code-builder.ts';
import { buildElf, CODE_OFFSET, type ElfSpec } from './elf-builder.ts';
import { BORING, boringProgram, OPENSSL, opensslProgram, secondWrite } from './libraries-made.ts';

const look = (file: Buffer): Discovery => discover(bufferSource(file));
const place = (slot: number): number => CODE_OFFSET + slot * SLOT;

/** Role, symbol and slot of each site. */
function sites(found: Discovery): (readonly [Role, string, number])[] {
  if (found.kind !== 'target') throw new Error(JSON.stringify(found));
  return found.target.sites.map(({ role, symbol, offset }) => [role, symbol, (offset - CODE_OFFSET) / SLOT] as const);
}

function functionsOf(names: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(names.map((name, index) => [name, index * SLOT]));
}

const ALL = ['SSL_read', 'SSL_write', 'SSL_read_ex', 'SSL_write_ex', 'SSL_do_handshake', 'SSL_set_fd', 'SSL_free'];
const exporting = (names: readonly string[], spec: ElfSpec = {}): Buffer =>
  buildElf({ exports: functionsOf(names), code: slots(spec, Array(8).fill([push, ret])), ...spec });

describe('exported functions', () => {
  test.each(['gnu', 'sysv'] as const)('are found through a %s hash table', (hash) => {
    const found = look(exporting(ALL, { hash, buildId: 'c0ffee00', imports: ['memcpy', 'SSL_shutdown'] }));
    expect(found).toMatchObject({
      kind: 'target',
      buildId: 'c0ffee00',
      target: { library: 'openssl', found: 'symbols' },
    });
    expect(sites(found)).toEqual([
      ['read', 'SSL_read', 0],
      ['write', 'SSL_write', 1],
      ['read_ex', 'SSL_read_ex', 2],
      ['write_ex', 'SSL_write_ex', 3],
      ['handshake', 'SSL_do_handshake', 4],
      ['set_fd', 'SSL_set_fd', 5],
      ['free', 'SSL_free', 6],
    ]);
  });

  test('that are only in the full table of symbols are found too', () => {
    const file = exporting(['SSL_read_ex', 'SSL_write_ex'], { locals: { SSL_read: 2 * SLOT, SSL_write: 3 * SLOT } });
    expect(sites(look(file)).map(([, symbol, slot]) => `${symbol} ${slot}`)).toEqual([
      'SSL_read 2',
      'SSL_write 3',
      'SSL_read_ex 0',
      'SSL_write_ex 1',
    ]);
  });

  test('that are imported make no target, and what is needed is said', () => {
    const file = buildElf({ imports: ALL, needed: ['libssl.so.3', 'libc.so.6'], code: Buffer.alloc(16) });
    expect(look(file)).toEqual({ kind: 'none', needed: ['libssl.so.3', 'libc.so.6'] });
  });

  test('of a library are probed behind endbr64', () => {
    const endbr = [bytes(0xf3, 0x0f, 0x1e, 0xfa), push, ret];
    const found = look(exporting(ALL, { code: slots({}, Array(8).fill(endbr)) }));
    expect(found.kind === 'target' && found.target.sites[1]?.offset).toBe(place(1) + 4);
  });

  test('are refused where no function can begin', () => {
    const found = look(exporting(ALL, { code: Buffer.alloc(8 * SLOT, 0xcc) }));
    expect(found).toMatchObject({ kind: 'unsupported_build', library: 'openssl' });
  });

  test('with _ex that call the ones without are left out', () => {
    const wrapped = slots({}, [
      [push, ret],
      [push, ret],
      [push, (vaddr, slot) => Buffer.concat([Buffer.from([0xe8]), int32(slot(0) - vaddr - 5)]), ret],
      [push, (vaddr, slot) => Buffer.concat([Buffer.from([0xe9]), int32(slot(1) - vaddr - 5)])],
    ]);
    const file = buildElf({ exports: functionsOf(ALL.slice(0, 4)), code: wrapped });
    expect(sites(look(file)).map(([role]) => role)).toEqual(['read', 'write']);
  });

  test('of BoringSSL are told by a name of its own', () => {
    const found = look(exporting(['SSL_read', 'SSL_write', 'SSL_CTX_set_grease_enabled']));
    expect(found).toMatchObject({ kind: 'target', target: { library: 'boringssl', found: 'symbols' } });
  });
});

function int32(value: number): Buffer {
  const code = Buffer.alloc(4);
  code.writeInt32LE(value);
  return code;
}

describe.each([{ fixed: false }, { fixed: true }])(
  'BoringSSL without symbols, linked for one address: $fixed',
  (spec) => {
    test('is told apart by the errors that its functions raise', () => {
      const found = look(boringProgram(spec));
      expect(found).toMatchObject({ kind: 'target', target: { library: 'boringssl', found: 'anchors' } });
      expect(sites(found)).toEqual([
        ['read', 'SSL_read', BORING.read],
        ['write', 'SSL_write', BORING.write],
        ['handshake', 'SSL_do_handshake', BORING.handshake],
      ]);
    });

    test('is refused when two functions raise the same', () => {
      const found = look(boringProgram(spec, [secondWrite(spec)]));
      expect(found).toEqual({ kind: 'unsupported_build', library: 'boringssl', reason: 'SSL_write is not told apart' });
    });

    test('is refused when nothing uses its name', () => {
      const data = Buffer.from('\0x/ssl/ssl_lib.cc\0');
      const found = look(buildElf({ ...spec, data, code: slots(spec, [[push, ret]]) }));
      expect(found).toMatchObject({ kind: 'unsupported_build', library: 'boringssl' });
    });
  },
);

describe('OpenSSL 3', () => {
  const inner = (write: Role): unknown[] => [
    ['read_ex', 'ssl_read_internal', OPENSSL.read],
    [write, 'ssl_write_internal', OPENSSL.write],
    ['handshake', 'SSL_do_handshake', OPENSSL.handshake],
  ];

  test.each([
    { fixed: true, version: 'OpenSSL 3.0.19 27 Jan 2026', hasFlags: false, want: 'write_ex' },
    { fixed: false, version: 'OpenSSL 3.1.0 14 Mar 2023', hasFlags: false, want: 'write_ex' },
    { fixed: false, version: 'OpenSSL 3.5.4 30 Sep 2025', hasFlags: true, want: 'write_ex5' },
    { fixed: false, version: '', hasFlags: true, want: 'write_ex5' },
    { fixed: true, version: '', hasFlags: false, want: 'write_ex' },
  ] as const)('without symbols is told apart by the names that it raises errors with: $version $want', (one) => {
    const found = look(opensslProgram({ fixed: one.fixed }, one));
    expect(sites(found)).toEqual(inner(one.want));
    const version = /\d[.\d]+/.exec(one.version)?.[0];
    expect(found.kind === 'target' && found.target.version).toBe(version);
  });

  test('whose version and callers contradict each other is refused', () => {
    const found = look(opensslProgram({}, { version: 'OpenSSL 3.5.4 30 Sep 2025', hasFlags: false }));
    expect(found).toMatchObject({ kind: 'unsupported_build', library: 'openssl' });
  });

  test('in a shared library is probed inside, and the rest by its symbols', () => {
    const spec = { soname: 'libssl.so.3', exports: exportsOfLibrary() };
    expect(sites(look(opensslProgram(spec)))).toEqual([
      ...inner('write_ex').slice(0, 2),
      ['handshake', 'SSL_do_handshake', 5],
    ]);
  });

  test('in a shared library is probed outside when the inside is not clear', () => {
    const spec = { soname: 'libssl.so.3', exports: { ...exportsOfLibrary(), SSL_handle_events: 0 } };
    expect(sites(look(opensslProgram(spec))).map(([role]) => role)).toEqual(['read', 'write', 'handshake']);
  });

  test('with a copy of the inner function in the exported one is probed in both', () => {
    const found = look(opensslProgram({ fixed: true }, { isInlined: true }));
    expect(sites(found).slice(0, 2)).toEqual([
      ['read_ex', 'ssl_read_internal', OPENSSL.read],
      ['read', 'SSL_read', OPENSSL.exportedRead],
    ]);
  });

  test('whose functions have unwind information is told apart without filler and alignment', () => {
    const frames = Object.fromEntries([0, 1, 2, 3, 4, 5].map((slot) => [slot * SLOT, 0x80]));
    const begin = bytes(0x48, 0x83, 0xec, 0x18);
    expect(sites(look(opensslProgram({ frames }, { begin })))).toEqual(inner('write_ex'));
  });

  test('whose unwind information says that the names are used elsewhere is refused', () => {
    const found = look(opensslProgram({ frames: { 0: 0x80, [SLOT + 2]: 0x80 } }, { begin: bytes(0x90) }));
    expect(found).toMatchObject({ kind: 'unsupported_build', library: 'openssl' });
  });
});

function exportsOfLibrary(): Readonly<Record<string, number>> {
  return { SSL_read: 3 * SLOT, SSL_write: 4 * SLOT, SSL_do_handshake: 5 * SLOT };
}

describe('what cannot be probed is named', () => {
  test.each([
    { what: 'Go', data: 'crypto/tls.(*Conn).Write\0', library: 'go' },
    { what: 'rustls', data: 'received corrupt message of type ', library: 'rustls' },
  ])('$what', ({ data, library }) => {
    const found = look(buildElf({ data: Buffer.from(data), code: Buffer.alloc(16), buildId: 'ab' }));
    expect(found).toMatchObject({ kind: 'unsupported_build', library, buildId: 'ab' });
  });

  test('a program for another machine', () => {
    expect(look(buildElf({ machine: 183 }))).toEqual({
      kind: 'unsupported_build',
      library: 'unknown',
      reason: 'for AArch64, not for x86-64',
    });
  });

  test('a script is nothing', () => {
    expect(look(Buffer.from('#!/bin/sh\n'.padEnd(100)))).toEqual({ kind: 'none', needed: [] });
    expect(look(Buffer.alloc(0))).toEqual({ kind: 'none', needed: [] });
  });

  test('a file of nothing but tables is nothing', () => {
    expect(look(buildElf({ soname: 'libx.so', needed: ['libc.so.6'] }))).toEqual({
      kind: 'none',
      needed: ['libc.so.6'],
    });
  });
});
