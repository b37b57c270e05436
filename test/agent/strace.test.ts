import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { effectsOf } from './effects.ts';
import { pathAt, readTrace, splitArguments, unquote, unquoteList } from './strace.ts';

it('cuts arguments at outer commas only', () => {
  expect(splitArguments('3<TCP:[1.2.3.4:5->6.7.8.9:10]>, {a=[1, 2], b="x, \\"y"}, 16')).toEqual([
    '3<TCP:[1.2.3.4:5->6.7.8.9:10]>',
    '{a=[1, 2], b="x, \\"y"}',
    '16',
  ]);
});

it('reads C strings, lists of them and paths below a directory descriptor', () => {
  expect(unquote('"a\\tb\\"\\303\\244"')).toBe('a\tb"ä');
  expect(unquote('NULL')).toBeUndefined();
  expect(unquoteList('["sh", "-c", "echo \\"a, b\\""]')).toEqual(['sh', '-c', 'echo "a, b"']);
  expect(pathAt('AT_FDCWD</srv/x>', '"../y.txt"')).toBe('/srv/y.txt');
  expect(pathAt('AT_FDCWD</srv/x>', '"/etc/z"')).toBe('/etc/z');
});

it('follows a program through fork, exec, chdir, file, connection and end, and leaves threads and noise out', () => {
  const dir = mkdtempSync(join(tmpdir(), 'oisp-strace-test-'));
  try {
    const at = (n: number): string => `1790000000.${String(n).padStart(9, '0')}`;
    const root = [
      `${at(1)} execve("/usr/bin/node", ["node", "a.mjs"], 0x7ff /* 3 vars */) = 0`,
      `${at(2)} openat(AT_FDCWD</w>, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3</etc/passwd>`,
      `${at(3)} clone3({flags=CLONE_VM|CLONE_THREAD, exit_signal=0}, 88) = 12`,
      `${at(4)} clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7) = 20`,
      `${at(20)} connect(9<TCP:[77]>, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)`,
      `${at(30)} getsockopt(9<TCP:[1.1.1.1:1->127.0.0.1:8080]>, SOL_SOCKET, SO_ERROR, [ECONNREFUSED], [4]) = 0`,
      `${at(40)} +++ exited with 3 +++`,
    ];
    const thread = [`${at(5)} read(17</w/notes.md>, "x"..., 100) = 42`, `${at(6)} write(1</dev/null>, "x", 1) = 1`];
    const child = [
      `${at(7)} chdir("sub") = 0`,
      `${at(8)} execve("/usr/bin/rm", ["rm", "x"], 0x1 /* 3 vars */) = 0`,
      `${at(9)} unlinkat(AT_FDCWD</w/sub>, "x", 0) = 0`,
      `${at(10)} +++ killed by SIGTERM +++`,
    ];
    writeFileSync(join(dir, 't.10'), root.join('\n'));
    writeFileSync(join(dir, 't.12'), thread.join('\n'));
    writeFileSync(join(dir, 't.20'), child.join('\n'));
    const { effects } = effectsOf(readTrace(dir, 't'), { cwd: '/w', harness: '/h' });
    expect(effects.map((e) => [e.proc.pid, e.tid, e.type, e.data])).toEqual([
      [10, 10, 'process.exec', { exe: '/usr/bin/node', args: ['node', 'a.mjs'], cwd: '/w', is_shell: false }],
      [10, 10, 'process.fork', { child_pid: 20, is_thread: false }],
      [10, 12, 'file.read', { path: '/w/notes.md', bytes_read: 42 }],
      [20, 20, 'process.exec', { exe: '/usr/bin/rm', args: ['rm', 'x'], cwd: '/w/sub', is_shell: false }],
      [20, 20, 'file.delete', { path: '/w/sub/x' }],
      [
        20,
        20,
        'process.exit',
        { exit_code: 143, signal: 15, signal_name: 'SIGTERM', runtime_ms: 0, termination_type: 'signaled' },
      ],
      [
        10,
        10,
        'network.connect',
        { dest: { ip: '127.0.0.1', port: 8080 }, protocol: 'tcp', success: false, latency_ms: 0.00001 },
      ],
      [10, 10, 'process.exit', { exit_code: 3, runtime_ms: 0, termination_type: 'normal' }],
    ]);
    expect(effects[3]?.proc).toMatchObject({ ppid: 10, cwd: '/w/sub' });
  } finally {
    rmSync(dir, { recursive: true });
  }
});
