import { existsSync, readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { linkerCache, mappedFiles } from '../../../../receivers/ebpf/target/libraries.ts';
import { skipsWhere } from '../../../require.ts';

describe('mapped files', () => {
  const maps = [
    '00400000-00b6f000 r--p 00000000 fe:00 247580                             /usr/bin/node',
    '00b6f000-02600000 r-xp 0076f000 fe:00 247580                             /usr/bin/node',
    '7f0000000000-7f0000001000 rwxp 00000000 00:00 0 ',
    '7f0000001000-7f0000002000 r-xp 00001000 fe:01 42                         /opt/my lib/a\\012b.so (deleted)',
    '7f0000002000-7f0000003000 rw-s 00001000 fe:01 43                         /tmp/data',
    '7fff00000000-7fff00002000 r-xp 00000000 00:00 0                          [vdso]',
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]',
    'nonsense',
  ].join('\n');

  test('are those that code runs from, each once', () => {
    expect(mappedFiles(`${maps}\n${maps}\n`)).toMatchObject([
      { path: '/usr/bin/node', device: 'fe:00', inode: '247580', isDeleted: false },
      { path: '/opt/my lib/a\nb.so', device: 'fe:01', inode: '42', isDeleted: true },
    ]);
  });

  const where = { skip: skipsWhere(process.platform !== 'linux', 'there is no /proc here') };
  test('of this process have its own program', where, () => {
    expect(mappedFiles(readFileSync('/proc/self/maps', 'utf8')).map(({ path }) => path)).toContain(process.execPath);
  });

  test('any text is read', () => {
    void fc.assert(fc.property(fc.string(), (text) => mappedFiles(text).length >= 0));
  });
});

/** A cache of libraries as ldconfig writes it. */
function cacheOf(entries: readonly (readonly [flags: number, name: string, path: string])[], isOld = false): Buffer {
  const head = Buffer.alloc(48 + entries.length * 24);
  head.write('glibc-ld.so.cache1.1', 'latin1');
  head.writeUInt32LE(entries.length, 20);
  let strings = '';
  entries.forEach(([flags, name, path], index) => {
    const at = 48 + index * 24;
    head.writeUInt32LE(flags, at);
    head.writeUInt32LE(head.length + strings.length, at + 4);
    strings += `${name}\0`;
    head.writeUInt32LE(head.length + strings.length, at + 8);
    strings += `${path}\0`;
  });
  const old = Buffer.alloc(isOld ? 40 : 0);
  if (isOld) {
    old.write('ld.so-1.7.0\0', 'latin1');
    old.writeUInt32LE(2, 12);
  }
  return Buffer.concat([old, head, Buffer.from(strings)]);
}

describe('cache of the dynamic linker', () => {
  const made = [
    [0x0303, 'libssl.so.3', '/lib/x86_64-linux-gnu/libssl.so.3'],
    [0x0303, 'libssl.so.3', '/opt/lib/libssl.so.3'],
    [0x0003, 'libssl.so.3', '/lib/i386-linux-gnu/libssl.so.3'],
    [0x0303, 'libc.so.6', '/lib/x86_64-linux-gnu/libc.so.6'],
  ] as const;

  test.each([false, true])('has the paths of a name for this machine; behind an old table: %s', (isOld) => {
    const cache = linkerCache(cacheOf(made, isOld));
    expect(cache.get('libssl.so.3')).toEqual(['/lib/x86_64-linux-gnu/libssl.so.3', '/opt/lib/libssl.so.3']);
    expect(cache.get('libc.so.6')).toEqual(['/lib/x86_64-linux-gnu/libc.so.6']);
  });

  const real = '/etc/ld.so.cache';
  test('of this machine has the C library', { skip: skipsWhere(!existsSync(real), `there is no ${real}`) }, () => {
    const paths = linkerCache(readFileSync(real)).get('libc.so.6') ?? [];
    expect(paths.filter((path) => existsSync(path))).not.toEqual([]);
  });

  test('another format and broken bytes have nothing or what is whole', () => {
    expect(linkerCache(Buffer.from('ld.so-1.6')).size).toBe(0);
    const whole = cacheOf(made, true);
    const edits = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 });
    void fc.assert(
      fc.property(edits, fc.nat(whole.length), (all, length) => {
        const bytes = Buffer.from(whole);
        for (const [at, value] of all) bytes[at] = value;
        linkerCache(bytes.subarray(0, length));
      }),
    );
  });

  test('that names one library a hundred thousand times keeps a few paths of it', () => {
    const many = Array.from({ length: 100_000 }, (_, index) => [0x0303, 'a', `/${index}`] as const);
    expect(linkerCache(cacheOf(many)).get('a')).toHaveLength(16);
  });
});
