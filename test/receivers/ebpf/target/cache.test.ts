import { closeSync, copyFileSync, mkdtempSync, openSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DiscoveryCache, type Identity, openRegular } from '../../../../receivers/ebpf/target/cache.ts';
import { buildElf } from './elf-builder.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp-target-'));
afterAll(() => rmSync(folder, { recursive: true }));

const found = { kind: 'none', needed: [] } as const;

function identify(path: string): Identity {
  const open = openRegular(path);
  if (open === undefined) throw new Error('no regular file');
  open.close();
  return open.identity;
}

test('a file is known by its place and its last change, never by what it says of itself', () => {
  const cache = new DiscoveryCache();
  const path = join(folder, 'one');
  writeFileSync(path, buildElf({ buildId: 'abcd' }));
  cache.set(identify(path), found);
  expect(cache.get(identify(path))).toBe(found);
  copyFileSync(path, `${path}.copy`);
  expect(cache.get(identify(`${path}.copy`))).toBeUndefined();
});

test('a file that changed is another one', () => {
  const path = join(folder, 'changed');
  writeFileSync(path, buildElf({}));
  const before = identify(path);
  utimesSync(path, 1, 1);
  expect(identify(path)).not.toBe(before);
});

test('what is no regular file is not opened', () => {
  expect(openRegular(folder)).toBeUndefined();
});

test('the limit is held, and what was asked for last stays', () => {
  const cache = new DiscoveryCache(4);
  const id = (name: string): Identity => name;
  for (const name of ['a', 'b', 'c', 'd']) cache.set(id(name), found);
  cache.get(id('a'));
  cache.set(id('e'), found);
  expect(cache.size).toBe(4);
  expect(['a', 'b', 'c', 'd', 'e'].filter((name) => cache.get(id(name)) !== undefined)).toEqual(['a', 'c', 'd', 'e']);
});

test('a descriptor of this process is read where its path may no longer be, and stays open', () => {
  const path = join(folder, 'closed');
  writeFileSync(path, buildElf({}));
  const fd = openSync(path, 'r');
  rmSync(path);
  const open = openRegular(`/proc/self/fd/${fd}`);
  open?.close();
  expect(openRegular(`/proc/self/fd/${fd}`)?.identity).toEqual(open?.identity);
  closeSync(fd);
});
