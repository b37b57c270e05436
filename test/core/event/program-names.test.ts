import { expect, test } from 'vitest';
import { isRuntime, packageOf, productOf, scriptIn, scriptName } from '../../../core/index.ts';

test.each([
  ['claude-cli/2.1.197 (external, cli)', 'claude-cli'],
  ['  coder', 'coder'],
  ['OpenAI/JS 6.49.0', undefined],
  ['node', undefined],
  ['', undefined],
  [7, undefined],
])('the product of the user agent %j is %j', (userAgent, want) => {
  expect(productOf(userAgent)).toBe(want);
});

test.each([
  [['node', '--require', 'tap.cjs', 'x.mjs', '--flag'], { path: 'x.mjs' }],
  [['python3', '-m', 'aider.main', '--yes'], { module: 'aider' }],
  [['python3', '-c', 'print(1)'], undefined],
  [['node'], undefined],
  [[], undefined],
])('%j runs %j', (argv, want) => {
  expect(scriptIn(argv)).toEqual(want);
});

test.each([
  ['/x/node_modules/@google/gemini-cli/dist/index.js', '@google/gemini-cli'],
  ['/x/node_modules/a/node_modules/b/cli.js', 'b'],
  ['/x/node_modules/.bin/tool', undefined],
  ['/x/node_modules', undefined],
  ['/usr/bin/tool', undefined],
])('%s lies in the package %j', (path, want) => {
  expect(packageOf(path)).toBe(want);
});

test('a script without a telling name is called by its folder, at last by the working folder', () => {
  expect(scriptName(['node', '/opt/tool/dist/index.js'], undefined)).toBe('tool');
  expect(scriptName(['node', 'index.js'], '/srv/harbor')).toBe('harbor');
  expect(scriptName(['node', '/srv/agent.mjs'], undefined)).toBe('agent');
});

test('interpreters are runtimes, other programs are not', () => {
  expect(['node', 'python3.11', 'bash'].every(isRuntime)).toBe(true);
  expect(['claude', 'nodemon', ''].some(isRuntime)).toBe(false);
});
