import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { lookUpAccount } from '../../cli/account.ts';
import { type Diagnosis, doctorJson, doctorText } from '../../cli/doctor-text.ts';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { skipsWhere, skipsWithout } from '../require.ts';
import { runProgram } from './io.ts';
import { PROGRAM } from './spawned.ts';

const FOUND: Diagnosis = {
  isWell: false,
  isChosen: true,
  checks: [
    { id: 'kernel', status: 'ok', text: '6.18.44' },
    { id: 'CAP_BPF', status: 'fail', text: 'missing', remedy: 'run it with sudo' },
  ],
  reports: [
    {
      ...{ pid: 7, name: 'claude', app: 'Claude Code', exe: '/opt/claude', status: 'ok' },
      seen: [{ file: '/opt/claude', library: 'boringssl' }],
      unseen: [],
    },
    {
      ...{ pid: 812, name: '\x1b[2Jx', status: 'warn' },
      seen: [{ file: '/usr/lib/libssl.so.3', library: 'openssl', version: '3.0.19' }],
      unseen: [{ what: 'x', why: 'go: no', remedy: 'none' }],
    },
  ],
  gone: [9],
};

test('a line for each check and process, remedies below, and nothing that drives a terminal', () => {
  expect(doctorText(FOUND)).toBe(`Machine
  ok    kernel   6.18.44
  fail  CAP_BPF  missing
        -> run it with sudo

Processes
  ok    7    claude    Claude Code  plaintext: boringssl in claude
  warn  812  \\x1b[2Jx  -            plaintext: openssl 3.0.19 in libssl.so.3; not seen: x (go: no)
        -> x: none
  fail  9  does not run

Not everything can be captured: 2 failed.
`);
  const none = doctorText({ ...FOUND, isWell: true, isChosen: false, reports: [], gone: [] });
  expect(none).toContain('Processes of known AI applications (others: -p PID, -c NAME)\n  none\n\nCapture works.\n');
});

test('--json is one object', () => {
  expect(JSON.parse(doctorJson(FOUND))).toMatchObject({
    ok: false,
    checks: [{ id: 'kernel', status: 'ok' }, { remedy: 'run it with sudo' }],
    processes: [{ pid: 7, app: 'Claude Code', seen: [{ library: 'boringssl' }] }, { pid: 812 }],
    not_running: [9],
  });
});

test.each([
  { argv: ['-p', 'x'], want: 'write the number of a process' },
  { argv: ['--pid-namespace', '0x5'], want: 'stat -Lc %i /proc/PID/ns/pid' },
  { argv: ['more'], want: 'unexpected argument' },
])('doctor $argv is a usage error', async ({ argv, want }) => {
  const { code, err } = await runProgram(['doctor', ...argv]);
  expect([code, err]).toEqual([2, expect.stringContaining(want)]);
});

/** What is used of the object. */
interface Answer {
  readonly ok: boolean;
  readonly checks: readonly { readonly id: string; readonly status: string; readonly remedy?: string }[];
}

/** Runs it on processes of this test alone. */
function doctor(words: readonly string[], setpriv: readonly string[] = []) {
  const command = [...(setpriv.length > 0 ? ['setpriv', ...setpriv] : []), ...PROGRAM, 'doctor', '--json', ...words];
  const [file = '', ...args] = command;
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (!stdout.startsWith('{')) throw new Error(stderr);
  const answer = JSON.parse(stdout) as Answer; // what --json prints
  return { status, answer, failed: answer.checks.filter((check) => check.status === 'fail') };
}

const nobody = lookUpAccount('nobody');
const AS_NOBODY = [`--reuid=${nobody?.uid}`, `--regid=${nobody?.gid}`, '--clear-groups'];
const mayRead = (): boolean =>
  nobody !== undefined &&
  spawnSync('test', ['-r', PROGRAM.at(-1) ?? ''], { uid: nobody.uid, gid: nobody.gid }).status === 0;

describe.skipIf(
  skipsWithoutKernel() ||
    skipsWithout('setpriv', spawnSync('setpriv', ['--version']).status === 0, 'install util-linux') ||
    skipsWhere(!mayRead(), 'the clone lies where other users may not read it'),
)('doctor on this machine', () => {
  let own: ChildProcess;
  beforeAll(() => {
    own = spawn('setpriv', [...AS_NOBODY, 'sleep', '600']);
  });
  afterAll(() => own.kill('SIGKILL'));

  test('the code is 0 where capture works, and 1 where a named process does not run', () => {
    const well = doctor(['-p', String(own.pid)]);
    expect([well.status, well.answer.ok, well.failed]).toEqual([0, true, []]);
    const gone = doctor(['-p', '4194305']);
    expect([gone.status, gone.answer.ok]).toEqual([1, false]);
  });

  test.each([
    {
      caps: '',
      failed: ['CAP_BPF', 'CAP_PERFMON', 'sensor'],
      remedy: 'needs CAP_BPF and CAP_PERFMON: run it with sudo',
    },
    { caps: '+bpf', failed: ['CAP_PERFMON', 'sensor'], remedy: 'needs CAP_PERFMON: run it with sudo' },
    { caps: '+perfmon', failed: ['CAP_BPF', 'sensor'], remedy: 'needs CAP_BPF: run it with sudo' },
  ])('as nobody with capabilities "$caps" it says what is missing and what helps', ({ caps, failed, remedy }) => {
    const set = caps === '' ? '-all' : `-all,${caps}`;
    const found = doctor(['-p', String(own.pid)], [...AS_NOBODY, `--inh-caps=${set}`, `--ambient-caps=${set}`]);
    expect([found.status, found.failed.map(({ id }) => id)]).toEqual([1, failed]);
    expect(found.failed.find(({ id }) => id === 'sensor')?.remedy).toContain(remedy);
  });

  test('as nobody with CAP_BPF and CAP_PERFMON capture works for own processes', () => {
    const set = '-all,+bpf,+perfmon';
    const found = doctor(['-p', String(own.pid)], [...AS_NOBODY, `--inh-caps=${set}`, `--ambient-caps=${set}`]);
    expect([found.status, found.failed]).toEqual([0, []]);
    expect(found.answer.checks.filter(({ status }) => status === 'warn').map(({ id }) => id)).toEqual([
      'CAP_SYS_PTRACE',
    ]);
  });

  test('root that has given its capabilities away is told how a container gets them', () => {
    const found = doctor(['-p', String(own.pid)], ['--bounding-set=-bpf,-perfmon,-sys_admin']);
    expect(found.failed.find(({ id }) => id === 'CAP_BPF')?.remedy).toContain('docker run --cap-add BPF');
    expect(found.status).toBe(1);
  });
});
