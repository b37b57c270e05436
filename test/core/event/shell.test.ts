import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandsOfArgv, commandsOfLine, words } from '../../../core/event/shell.ts';

test.each([
  {
    line: 'cd src && cat a.ts | grep answer | tee hits.txt',
    want: ['cd src', 'cat a.ts', 'grep answer', 'tee hits.txt'],
  },
  { line: 'env NODE_ENV=test FOO=1 node run.js', want: ['node run.js'] },
  { line: 'FOO=1 BAR=2 make -j3', want: ['make -j3'] },
  { line: 'sudo -u root touch /etc/a; timeout -k 5 20 python3 s.py', want: ['touch /etc/a', 'python3 s.py'] },
  { line: 'nohup npm run dev > dev.log 2>&1 &', want: ['npm run dev'] },
  { line: `echo "a && b" 'c | d'`, want: ['echo a && b c | d'] },
  { line: `bash -lc 'git status && ls'`, want: ['git status', 'ls'] },
  { line: 'find . -name x | xargs -n 1 rm -f', want: ['find . -name x', 'rm -f'] },
  { line: 'a # the rest is a comment\nb', want: ['a', 'b'] },
  { line: `printf '%s' "it's"`, want: ["printf %s it's"] },
  { line: '', want: [] },
])('$line runs $want', ({ line, want }) => {
  expect(commandsOfLine(line)).toEqual(want);
});

test.each([
  { argv: ['/bin/sh', '-c', 'git status'], want: ['git status'] },
  { argv: ['/usr/bin/rg', '-l', 'todo', 'src'], want: ['rg -l todo src'] },
  { argv: ['bash', 'script.sh', 'x'], want: ['bash script.sh x'] },
  {
    argv: ['/bin/bash', '-c', '-l', `source /h/s.sh && eval 'npm test' \\< /dev/null && pwd -P >| /tmp/cwd`],
    want: ['source /h/s.sh', 'npm test', 'pwd -P'],
  },
  { argv: [], want: [] },
])('an argv $argv stands for $want', ({ argv, want }) => {
  expect(commandsOfArgv(argv)).toEqual(want);
});

test('a line and the shell that runs it name the same commands', () => {
  const word = fc.stringMatching(/^[a-z0-9./_-]{1,8}$/).filter((w) => !w.startsWith('-'));
  const line = fc
    .array(fc.array(word, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 })
    .map((l) => l.map((c) => c.join(' ')).join(' && '));
  fc.assert(
    fc.property(line, (text) => {
      expect(commandsOfArgv(['/bin/sh', '-c', text])).toEqual(commandsOfLine(text, 2));
    }),
    { seed: 1, numRuns: 500 },
  );
});

test('no text makes the reader throw or run long', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 400 }), (text) => {
      expect(Array.isArray(words(text))).toBe(true);
      expect(commandsOfLine(text).length).toBeLessThanOrEqual(64);
    }),
    { seed: 1, numRuns: 5000 },
  );
  expect(commandsOfLine(`${'eval '.repeat(10_000)}x`).length).toBeLessThanOrEqual(64);
  expect(commandsOfLine(`${'sh -c "'.repeat(10_000)}x`).length).toBeLessThanOrEqual(64);
});
