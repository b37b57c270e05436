import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { lookUpAccount } from '../../cli/account.ts';
import { skipsWhere, skipsWithout } from '../require.ts';
import { PROGRAM, RECORDED, RECORDING, Spawned } from './spawned.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp-run-'));
const running = new Set<Spawned>();
afterEach(() => {
  for (const one of running) one.child.kill('SIGKILL');
  running.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

/** `oisp-collector run` with trees in a file, so that only the command prints. */
function run(command: readonly string[], options: ConstructorParameters<typeof Spawned>[1] = {}): Spawned {
  const trees = join(mkdtempSync(join(folder, 'run-')), 'trees.txt');
  const program = new Spawned(['run', '--config', RECORDED, '-o', trees, '--', ...command], options);
  running.add(program);
  return program;
}

describe.skipIf(skipsWhere(process.platform === 'win32', 'the commands are those of a POSIX shell'))('run', () => {
  test.each([
    { about: 'its exit code', script: 'exit 7', code: 7 },
    { about: 'success', script: 'exit 0', code: 0 },
    { about: '128 and the number of the signal that killed it', script: 'kill -KILL $$', code: 137 },
    { about: 'the same for a signal that asks', script: 'kill -TERM $$', code: 143 },
  ])('the exit code is that of the command: $about', async ({ script, code }) => {
    const program = run(['sh', '-c', script]);
    expect(await program.ended, program.err).toBe(code);
    expect([program.out.toString(), program.err]).toEqual(['', '']);
  });

  test('a command that is not there is 127 and one line, and nothing is started', async () => {
    const program = run(['no-such-command-here']);
    expect(await program.ended).toBe(127);
    expect(program.err).toBe('Error: no-such-command-here: command not found\n');
  });

  test('what is no program is 126', async () => {
    const file = join(folder, 'text');
    writeFileSync(file, 'text');
    for (const name of [file, folder]) {
      const program = run([name]);
      expect(await program.ended).toBe(126);
      expect(program.err).toBe(`Error: ${name}: cannot be executed\n`);
    }
  });

  test('a program whose interpreter is missing is told as well', async () => {
    const file = join(folder, 'script');
    writeFileSync(file, '#!/nowhere/interpreter\n');
    chmodSync(file, 0o755);
    const program = run([file]);
    expect(await program.ended).toBe(127);
    expect(program.err).toContain(`Error: ${file}: cannot be started:`);
  });

  test('every byte of input and output passes, however much and however slowly it is read', async () => {
    const program = run(['sh', '-c', 'head -c 3000000; printf end >&2']);
    const bytes = Buffer.alloc(
      3_000_000,
      Uint8Array.from({ length: 251 }, (_, n) => n),
    );
    program.child.stdin?.end(bytes);
    expect(await program.ended).toBe(0);
    expect(program.err).toBe('end');
    expect(program.out.length).toBe(bytes.length);
    expect(sha256(program.out)).toBe(sha256(bytes));
  });

  test('words behind -- are the command, whatever they look like', async () => {
    const program = run(['printf', '%s|', '--config', '-o', '--', '--help', '', 'a b', '$HOME']);
    expect(await program.ended).toBe(0);
    expect(program.out.toString()).toBe('--config|-o|--|--help||a b|$HOME|');
  });

  test('SIGTERM and SIGHUP are passed on', async () => {
    for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
      const program = run([
        'sh',
        '-c',
        `trap 'echo got; exit 5' ${signal.slice(3)}; echo up; while :; do sleep 0.05; done`,
      ]);
      await program.prints('up');
      program.child.kill(signal);
      expect(await program.ended, program.err).toBe(5);
      expect(program.out.toString()).toBe('up\ngot\n');
    }
  });

  test('SIGINT and SIGQUIT, which a terminal sends to the command too, are left to it', async () => {
    const program = run(['sh', '-c', 'echo up; read line; exit 4']);
    await program.prints('up');
    program.child.kill('SIGINT');
    program.child.kill('SIGQUIT');
    program.child.stdin?.end('go\n');
    expect(await program.ended, program.err).toBe(4);
  });

  test('a second SIGTERM ends the collector', async () => {
    const program = run(['sh', '-c', `trap 'echo $$ no' TERM; echo up; while :; do sleep 0.05; done`]);
    await program.prints('up');
    program.child.kill('SIGTERM');
    await program.prints('no');
    program.child.kill('SIGTERM');
    await new Promise((resolve) => program.child.on('exit', resolve));
    expect(program.child.exitCode).toBe(130);
    process.kill(Number(/(\d+) no/.exec(program.out.toString())?.[1]), 'SIGKILL');
    await program.ended;
  });

  test('a background process that the command leaves does not hold the collector', async () => {
    const program = run(['sh', '-c', 'sleep 600 >/dev/null 2>&1 </dev/null & echo $!']);
    expect(await program.ended).toBe(0);
    process.kill(Number(program.out.toString()), 'SIGKILL');
  });

  test('when the input of the collector ends first, the command goes on', async () => {
    const trees = join(folder, 'early.txt');
    const program = new Spawned(['run', '--config', RECORDED, '-o', trees, '--', 'sh', '-c', 'read line; exit 6']);
    running.add(program);
    await expect.poll(() => readOrEmpty(trees), { timeout: 20_000 }).toContain('invoke_agent');
    program.child.kill('SIGINT');
    program.child.stdin?.end('go\n');
    expect(await program.ended, program.err).toBe(6);
    expect(statSync(trees).mode & 0o777).toBe(0o600);
  });

  test('without a terminal trees come beside the output of the command', async () => {
    const program = new Spawned(['run', '--config', RECORDED, '--', 'echo', 'hello']);
    expect(await program.ended, program.err).toBe(0);
    expect(program.out.toString()).toContain('hello');
    expect(program.out.toString()).toContain('invoke_agent harbor-agent');
  });

  test('where capture cannot start, nothing is started', async () => {
    const marker = join(folder, 'marker');
    const config = RECORDED.replace(RECORDING, '/dev/nowhere.jsonl');
    const program = new Spawned(['run', '--config', config, '--', 'touch', marker]);
    expect(await program.ended).toBe(1);
    expect(program.err).toMatch(/^Error: /m);
    expect(statSync(marker, { throwIfNoEntry: false })).toBeUndefined();
  });
});

const nobody = lookUpAccount('nobody');
const hasSetpriv = spawnSync('setpriv', ['--version']).status === 0;

describe.skipIf(
  skipsWhere(process.getuid?.() !== 0 || nobody === undefined, 'only root may start a command as another user') ||
    skipsWithout('setpriv', hasSetpriv, 'install util-linux'),
)('run as root', () => {
  const sudo = {
    ...process.env,
    SUDO_UID: String(nobody?.uid),
    SUDO_GID: String(nobody?.gid),
    SUDO_USER: 'nobody',
    SUDO_COMMAND: '/usr/bin/env',
    HOME: '/root',
    MINE: 'kept',
  };

  test('under sudo the command has the user, the groups and the environment of who called', async () => {
    const program = run(['sh', '-c', 'id -u; id -g; id -G; echo $HOME $USER $LOGNAME $MINE; env | grep -c ^SUDO_'], {
      env: sudo,
      cwd: '/',
    });
    await program.ended;
    const groups = spawnSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).stdout.trim();
    expect(program.out.toString(), program.err).toBe(
      `${nobody?.uid}\n${nobody?.gid}\n${groups}\n${nobody?.home} nobody nobody kept\n0\n`,
    );
  });

  test('what is written by --output belongs to who called, with the folders that are made for it', async () => {
    const outer = join(mkdtempSync(join(folder, 'owner-')), 'a');
    const trees = join(outer, 'b', 'trees.txt');
    const program = new Spawned(['run', '--config', RECORDED, '-o', trees, '--', 'true'], { env: sudo });
    expect(await program.ended, program.err).toBe(0);
    for (const path of [outer, join(outer, 'b'), trees]) {
      expect(statSync(path)).toMatchObject({ uid: nobody?.uid, gid: nobody?.gid });
    }
  });

  test('--user names another user, and an unknown one is told', async () => {
    const asUser = (name: string) => {
      const trees = join(mkdtempSync(join(folder, 'user-')), 'trees.txt');
      return ['run', '--config', RECORDED, '-o', trees, '--user', name, '--'];
    };
    const named = new Spawned([...asUser('nobody'), 'id', '-un']);
    expect(await named.ended, named.err).toBe(0);
    expect(named.out.toString()).toBe('nobody\n');
    const root = new Spawned([...asUser('root'), 'id', '-un'], { env: sudo });
    expect(await root.ended, root.err).toBe(0);
    expect(root.out.toString()).toBe('root\n');
    const unknown = new Spawned([...asUser('no-such-user'), 'id']);
    expect(await unknown.ended).toBe(1);
    expect(unknown.err).toBe('Error: --user no-such-user: there is no such user\n');
  });

  test('SIGTERM reaches a command of another user', async () => {
    const program = run(['sh', '-c', `trap 'exit 5' TERM; echo up; while :; do sleep 0.05; done`], {
      env: sudo,
    });
    await program.prints('up');
    program.child.kill('SIGTERM');
    expect(await program.ended, program.err).toBe(5);
  });

  test('a setpriv that only the PATH of the user has is not run', async () => {
    const bin = mkdtempSync(join(folder, 'bin-'));
    writeFileSync(join(bin, 'setpriv'), '#!/bin/sh\necho stranger; id -u\n', { mode: 0o755 });
    const program = run(['id', '-u'], { env: { ...sudo, PATH: `${bin}:${process.env['PATH'] ?? ''}` } });
    expect(await program.ended, program.err).toBe(0);
    expect(program.out).not.toContain('stranger');
  });

  test('a command that only the PATH of the user has is told with what to write', async () => {
    const program = run(['no-such-command-here'], { env: sudo });
    expect(await program.ended).toBe(127);
    expect(program.err).toContain('sudo env "PATH=$PATH" oisp-collector');
  });
});

const hasPython = spawnSync('python3', ['-c', 'import pty']).status === 0;

test.skipIf(skipsWithout('python3', hasPython, 'install python3'))(
  'on a terminal Ctrl-C is for the command alone, and the trees come when it has ended',
  () => {
    const command = [...PROGRAM, 'run', '--config', RECORDED, '--']
      .concat(
        'sh',
        '-c',
        `trap 'echo interrupted; sleep 0.2; echo over; exit 9' INT; echo up; while :; do sleep 0.05; done`,
      )
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(' ');
    const driver = join(folder, 'on-terminal.py');
    writeFileSync(driver, PTY);
    const { stdout, status } = spawnSync('python3', [driver, command], { encoding: 'utf8', timeout: 50_000 });
    const text = stdout.replaceAll('\r', '');
    expect(status, text).toBe(9);
    expect(text).toMatch(/^up\n(\^C)?interrupted\nover\n.*invoke_agent harbor-agent/s);
    expect(text.indexOf('invoke_agent')).toBeGreaterThan(text.indexOf('over'));
  },
);

/** Runs a command on a terminal of its own, presses Ctrl-C when it has printed `up`, and prints what the terminal showed. */
const PTY = `
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp('sh', ['sh', '-c', 'exec ' + sys.argv[1]])
shown, pressed = b'', False
while True:
    try:
        chunk = os.read(fd, 65536)
    except OSError:
        break
    if not chunk:
        break
    shown += chunk
    if not pressed and b'up' in shown:
        pressed = True
        os.write(fd, b'\\x03')
sys.stdout.buffer.write(shown)
sys.stdout.flush()
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // it is made with the first tree
  }
}
