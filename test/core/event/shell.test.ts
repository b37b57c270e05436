import fc from 'fast-check';
import { expect, test } from 'vitest';
import { commandsOfArgv, commandsOfLine, readsCommands, words } from '../../../core/event/shell.ts';

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
  { line: "python3 - <<'EOF'\nimport os\nos.listdir('a && b')\nEOF\nmake", want: ['python3 -', 'make'] },
  { line: 'cat <<-END > out.txt\n\ta | b\n\tEND\nls', want: ['cat', 'ls'] },
  { line: 'grep x <<< "a b" | wc -l', want: ['grep x', 'wc -l'] },
  { line: 'if test -f a; then make a; else ! make b; fi', want: ['test -f a', 'make a', 'make b'] },
  { line: 'for f in *.ts; do wc -l "$f"; done', want: ['wc -l $f'] },
  {
    line: 'uv run --with x pytest -q; npx -y eslint a.ts; uvx ruff check',
    want: ['pytest -q', 'eslint a.ts', 'ruff check'],
  },
  { line: 'npm run build', want: ['npm run build'] },
  { line: 'docker exec -w /w -e A=1 box pytest -q', want: ['pytest -q'] },
  { line: 'poetry add x && poetry run x', want: ['poetry add x', 'x'] },
  { line: 'python3 tools/x.py a', want: ['x.py a'] },
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
  { argv: ['/usr/bin/python3', '/usr/bin/pytest', '-q'], want: ['pytest -q'] },
  { argv: ['sandbox-exec', '-p', '(allow default)', 'bash', '-c', 'make a'], want: ['make a'] },
  { argv: ['bwrap', '--ro-bind', '/', '/', '--', 'make', 'a'], want: ['make a'] },
  { argv: ['some-launcher', '--policy', '{}', '--', '/bin/bash', '-lc', 'make a'], want: ['make a'] },
  {
    argv: ['C:\\W\\powershell.exe', '-NoProfile', '-Command', 'git add src\\a.cs; make'],
    want: ['git add src\\a.cs', 'make'],
  },
  {
    argv: ['pwsh', '-EncodedCommand', Buffer.from('npm test', 'utf16le').toString('base64')],
    want: ['npm test'],
  },
  { argv: ['cmd.exe', '/d', '/s', '/c', '"dir a && make"'], want: ['dir a', 'make'] },
  { argv: ['bash', '-o', 'pipefail', '-c', 'a | b'], want: ['a', 'b'] },
  { argv: ['env', '-S', 'node --test x'], want: ['node --test x'] },
])('an argv $argv stands for $want', ({ argv, want }) => {
  expect(commandsOfArgv(argv)).toEqual(want);
});

test.each([
  ['bash'],
  ['/bin/bash', '--norc', '-i'],
  ['bash', '--rcfile', '/h/rc', '-i'],
  ['zsh', '-f'],
  ['script', '-q', '/dev/null', 'bash'],
  ['docker', 'exec', '-i', 'box', 'sh'],
  ['python3', '-iu'],
  ['python', '-m', 'ipykernel_launcher', '-f', 'x.json'],
  ['tmux', 'new-session', '-d'],
  ['pwsh', '-NoExit', '-Command', '-'],
])('%s %s %s %s %s reads what it is to run', (...argv) => {
  expect(readsCommands(argv.filter((word) => word !== undefined))).toBe(true);
});

test.each([
  ['bash', '-c', 'ls'],
  ['bash', 'script.sh'],
  ['python3', 'x.py'],
  ['python3', '-c', 'print(1)'],
  ['node', 'server.js'],
  ['git', 'commit', '-m', 'bash'],
  ['sandbox', '--', 'bash', '-lc', 'ls'],
  ['make'],
])('%s %s %s %s has its own to do', (...argv) => {
  expect(readsCommands(argv.filter((word) => word !== undefined))).toBe(false);
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
  expect(commandsOfLine(`${'x bash -c '.repeat(10_000)}x`).length).toBeLessThanOrEqual(64);
  expect(commandsOfLine(`${'<<a '.repeat(10_000)}${'\n'.repeat(10_000)}`).length).toBeLessThanOrEqual(64);
  expect(commandsOfLine(`${'sh -c "'.repeat(10_000)}x`).length).toBeLessThanOrEqual(64);
});
