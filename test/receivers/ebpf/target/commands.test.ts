import { describe, expect, test } from 'vitest';
import { findCommand, programOf, shebangOf } from '../../../../receivers/ebpf/target/commands.ts';

describe('the first line of a script', () => {
  test.each([
    { line: '#!/bin/sh\nexit', interpreter: '/bin/sh', argument: undefined, program: '/bin/sh' },
    {
      line: '#! \t/usr/bin/python3  -u x \n',
      interpreter: '/usr/bin/python3',
      argument: '-u x',
      program: '/usr/bin/python3',
    },
    { line: '#!/usr/bin/env node\n', interpreter: '/usr/bin/env', argument: 'node', program: 'node' },
    {
      line: '#!/usr/bin/env -S node --no-warnings\n',
      interpreter: '/usr/bin/env',
      argument: '-S node --no-warnings',
      program: 'node',
    },
    {
      line: '#!/usr/bin/env -S A=1 -u B "bun" run\n',
      interpreter: '/usr/bin/env',
      argument: '-S A=1 -u B "bun" run',
      program: 'bun',
    },
    { line: '#!/usr/bin/env -iS node\n', interpreter: '/usr/bin/env', argument: '-iS node', program: 'node' },
    {
      line: '#!/usr/bin/env --split-string=deno run\n',
      interpreter: '/usr/bin/env',
      argument: '--split-string=deno run',
      program: 'deno',
    },
    { line: '#!/usr/bin/env\n', interpreter: '/usr/bin/env', argument: undefined, program: '/usr/bin/env' },
    { line: '#!node\0more', interpreter: 'node', argument: undefined, program: 'node' },
  ])('$line', ({ line, interpreter, argument, program }) => {
    const shebang = shebangOf(Buffer.from(line));
    expect(shebang).toEqual({ interpreter, argument });
    expect(shebang && programOf(shebang)).toBe(program);
  });

  test.each(['', '#', '#!', '#!\n/bin/sh', '\x7fELF', ' #!/bin/sh'])('%j is of no script', (line) => {
    expect(shebangOf(Buffer.from(line))).toBeUndefined();
  });

  test('is cut where the kernel cuts it', () => {
    expect(shebangOf(Buffer.from(`#!/${'a'.repeat(300)}`))?.interpreter).toHaveLength(254);
  });
});

describe('a command', () => {
  const there = new Set(['/usr/bin/node', '/home/a/bin/node', '/home/a/run', '/usr/bin/sh']);
  const places = { workingDirectory: '/home/a', isExecutable: (file: string) => there.has(file) };

  test.each([
    { command: 'node', path: '/bin:/usr/bin:/home/a/bin', want: '/usr/bin/node' },
    { command: 'node', path: 'bin:/usr/bin', want: '/home/a/bin/node' },
    { command: 'run', path: '/bin:', want: '/home/a/run' },
    { command: './run', path: '/bin', want: '/home/a/run' },
    { command: '/usr/bin/sh', path: '', want: '/usr/bin/sh' },
    { command: 'bun', path: '/usr/bin', want: undefined },
    { command: '', path: '/usr/bin', want: undefined },
  ])('"$command" with PATH "$path" is $want', ({ command, path, want }) => {
    expect(findCommand(command, { ...places, path })).toBe(want);
  });
});
