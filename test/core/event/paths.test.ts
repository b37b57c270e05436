import fc from 'fast-check';
import { expect, test } from 'vitest';
import { absolute, components, folderOfPattern, madeFor, pathsIn, resolved } from '../../../core/event/paths.ts';

test.each([
  ['/srv//app/./src/../a.ts/', '/srv/app/a.ts'],
  ['/private/tmp/x', '/tmp/x'],
  ['/private/secret/x', '/private/secret/x'],
  ['/Users/Ann/Code/ReadMe.md', '/users/ann/code/readme.md'],
  ['/home/Ann/ReadMe.md', '/home/Ann/ReadMe.md'],
  ['C:\\Users\\Ann\\src\\Main.cs', '/c:/users/ann/src/main.cs'],
  ['c:/users/ann/SRC/main.cs', '/c:/users/ann/src/main.cs'],
  ['/c/Users/Ann/src/Main.cs', '/c:/users/ann/src/main.cs'],
  ['\\\\?\\C:\\a\\b', '/c:/a/b'],
  ['\\\\server\\share\\x', '/server/share/x'],
  ['/data/cafe\u0301', '/data/caf\u00e9'],
  ['/', '/'],
  ['src/a.ts', undefined],
  ['', undefined],
])('the one form of %s is %s', (path, want) => {
  expect(absolute(path)).toBe(want);
});

test.each([
  ['src/a.ts', '/srv/app', '/srv/app/src/a.ts'],
  ['../b/a.ts', '/srv/app', '/srv/b/a.ts'],
  ['/etc/hosts', '/srv/app', '/etc/hosts'],
  ['src\\a.cs', 'C:\\work', '/c:/work/src/a.cs'],
  ['a.ts', undefined, undefined],
])('%s seen from %s is %s', (path, folder, want) => {
  expect(resolved(path, folder)).toBe(want);
});

test.each([
  ['./src/a.ts', ['src', 'a.ts']],
  ['../up/a.ts', ['up', 'a.ts']],
  ['~/notes/a.md', ['notes', 'a.md']],
  ['$HOME/a.md', ['a.md']],
  ['src\\lib\\a.cs', ['src', 'lib', 'a.cs']],
  ['.', []],
])('%s has the components %j', (path, want) => {
  expect(components(path)).toEqual(want);
});

test.each([
  ['/s/a.ts.tmp.812.f3a9', '/s/a.ts'],
  ['/s/a.ts.812.4f1e2a9c0b7d.tmp', '/s/a.ts'],
  ['/s/.a.ts.swp', '/s/a.ts'],
  ['/s/.a.ts.Xy12Zq', '/s/a.ts'],
  ['/s/a.ts~', '/s/a.ts'],
  ['/s/#a.ts#', '/s/a.ts'],
  ['/s/a.ts.___jb_tmp___', '/s/a.ts'],
  ['/s/.env.tmp', '/s/.env'],
  ['/s/.env.1aba.bak', '/s/.env.1aba'],
  ['/s/a.ts.5f3e9a1b', '/s/a.ts'],
])('%s is made for %s', (path, want) => {
  expect(madeFor(path)).toContain(want);
});

test.each(['/s/a.ts', '/s/README.md', '/s/archive.tar.gz', '/s/v1.2', '/s/'])(
  '%s is made for no other file',
  (path) => {
    for (const target of madeFor(path)) expect(target).not.toMatch(/^\/s\/(?:a|README|archive)$/);
  },
);

test.each([
  ['src/**/*.ts', 'src'],
  ['**/*.ts', '.'],
  ['/srv/app/{a,b}.ts', '/srv/app'],
  ['src/a.ts', undefined],
  ['what is this?', undefined],
  ['a.*b(c|d)', undefined],
])('the pattern %s begins in %s', (text, want) => {
  expect(folderOfPattern(text)).toBe(want);
});

test.each([
  ['*** Begin Patch\n*** Update File: a b/c d.ts\n*** Move to: e f.ts\n*** End Patch', ['a b/c d.ts', 'e f.ts']],
  ['--- a/lib/f.py\n+++ b/lib/f.py\n@@ -1 +1 @@', ['lib/f.py']],
  ['diff --git a/x.md b/y.md\n+++ b/y.md\nrename from x.md\nrename to y.md', ['x.md', 'y.md']],
  ['type C:\\work\\notes.txt', ['C:\\work\\notes.txt']],
  ['file:///srv/with%20space/a.ts', ['/srv/with space/a.ts']],
  ['My notes (old).txt', ['My notes (old).txt']],
])('%j names %j', (text, want) => {
  expect(pathsIn(text)).toEqual(expect.arrayContaining(want));
});

test('the one form of a path is its own form, and no text makes the reader throw or run long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), fc.boolean(), (text, isPath) => {
      const path = isPath ? `/${text}` : text;
      const once = absolute(path);
      if (once !== undefined) expect(absolute(once) ?? once).toBe(once);
      expect(components(path).every((part) => part !== '' && part !== '.' && part !== '..')).toBe(true);
      expect(pathsIn(path).length).toBeLessThanOrEqual(70);
      madeFor(path);
      folderOfPattern(path);
    }),
    { seed: 1, numRuns: 500 },
  );
  for (const long of ['.tmp'.repeat(20_000), '.'.repeat(50_000), `${'a.'.repeat(120)}tmp`, '../'.repeat(30_000)])
    madeFor(`/${long}`);
});
