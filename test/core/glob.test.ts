import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { expand, globToRegExp, isGlob } from '../../core/glob.ts';
import { folder } from '../receivers/jsonl/kit.ts';

describe('glob', () => {
  test.each([
    ['*.jsonl', ['a.jsonl', '-.jsonl'], ['.a.jsonl', 'x/a.jsonl', 'a.jsonl.gz', 'ajsonl']],
    ['/x/?.log', ['/x/a.log'], ['/x/ab.log', '/x/.log', '/x//.log']],
    ['/x/**/*.log', ['/x/a.log', '/x/y/a.log', '/x/y/z/a.log'], ['/x/.y/a.log', '/y/a.log']],
    ['/x/**', ['/x/a', '/x/y/a'], ['/x/.a', '/xa']],
    ['a.{jsonl,log}{,.gz}', ['a.jsonl', 'a.log', 'a.log.gz'], ['a.', 'a.gz', 'a.{jsonl,log}']],
    ['a[0-9].x', ['a1.x'], ['aa.x', 'a/.x']],
    ['a[!0-9].x', ['aa.x'], ['a1.x', 'a/.x']],
    ['a\\*b', ['a*b'], ['axb']],
    ['a{b', ['a{b'], ['ab']],
    ['a+(b).c', ['a+(b).c'], ['aab.c', 'a+(b)xc']],
  ])('%s matches %j and not %j', (pattern, yes, no) => {
    const wanted = globToRegExp(pattern);
    for (const path of yes) expect([path, wanted.test(path)]).toEqual([path, true]);
    for (const path of no) expect([path, wanted.test(path)]).toEqual([path, false]);
  });

  test('any pattern makes an expression, and a plain name matches itself alone', async () => {
    await fc.assert(
      fc.property(fc.string(), fc.string(), (pattern, path) => {
        const wanted = globToRegExp(pattern);
        if (!isGlob(pattern) && !pattern.includes('\\')) expect(wanted.test(path)).toBe(pattern === path);
        else wanted.test(path);
      }),
      { seed: 3, numRuns: 5000 },
    );
  });

  test('what is found is sorted, once, and links to folders are not walked into', async () => {
    const dir = folder();
    mkdirSync(join(dir, 'b/c'), { recursive: true });
    for (const name of ['b/c/2.log', 'b/1.log', '3.log']) writeFileSync(join(dir, name), '');
    symlinkSync(dir, join(dir, 'b/loop'));
    const all = ['3.log', 'b/1.log', 'b/c/2.log'].map((n) => join(dir, n));
    expect(await expand([`${dir}/**/*.log`, `${dir}/*.log`], [])).toEqual(all);
    expect(await expand([`${dir}/{b/*,*}.log`], [`${dir}/3*`])).toEqual([join(dir, 'b/1.log')]);
    expect(await expand([`${dir}/nothing/*.log`], [])).toEqual([]);
    expect(await expand([`${dir}/plain`], [])).toEqual([join(dir, 'plain')]);
  });
});
