import { expect, test } from 'vitest';
import { type CaptureFacts, captureFacts, explain, has, isAtLeast } from '../../../../receivers/ebpf/doctor/checks.ts';
import { machineChecks, type Trial } from '../../../../receivers/ebpf/doctor/machine.ts';
import { tryOut } from '../../../../receivers/ebpf/doctor/trial.ts';
import { type Native, NativeMissing } from '../../../../receivers/ebpf/kernel/native.ts';
import { SensorError } from '../../../../receivers/ebpf/kernel/sensor.ts';
import type { ProcReader } from '../../../../receivers/ebpf/observe/proc.ts';

const BPF = 1n << 39n;
const PERFMON = 1n << 38n;
const PTRACE = 1n << 19n;
const ADMIN = 1n << 21n;

/** A machine on which capture works, for a service. */
const WELL: CaptureFacts = {
  platform: 'linux',
  arch: 'x64',
  kernel: '6.18.44',
  euid: 996,
  capabilities: BPF | PERFMON | PTRACE,
  hasBtf: true,
  hasPerfUprobes: true,
  isFirstUserNamespace: true,
  isFirstPidNamespace: true,
  lockdown: undefined,
  hasSeccomp: false,
  unprivilegedBpf: '2',
  lockedMemory: undefined,
};

/** A failure as the addon throws it. */
function failure(message: string, errno: number): Error {
  return Object.assign(new Error(message), { errno, step: message.split(':')[0] });
}

// what the kernel said on 6.18: with no capability or CAP_PERFMON alone, with CAP_BPF alone, to a probe by perf events without CAP_SYS_ADMIN
const NO_MAP = failure('load: Operation not permitted (failed to create loader map)', -1);
const NO_LOADER = failure('load: Invalid argument (failed to load loader prog: 0: R1=ctx()\n1: (bf) r1 = r10)', -22);
const NO_PERF = failure('attach: Permission denied', -13);

test.each([
  {
    about: 'nothing',
    lacks: { capabilities: 0n },
    error: NO_MAP,
    want: 'needs CAP_BPF and CAP_PERFMON: run it with sudo',
  },
  {
    about: 'CAP_BPF alone',
    lacks: { capabilities: BPF },
    error: NO_LOADER,
    want: 'needs CAP_PERFMON: run it with sudo',
  },
  { about: 'CAP_PERFMON alone', lacks: { capabilities: PERFMON }, error: NO_MAP, want: 'needs CAP_BPF: run it with' },
  {
    about: 'root of a container',
    lacks: { capabilities: PTRACE, euid: 0 },
    error: NO_MAP,
    want: 'docker run --cap-add BPF --cap-add PERFMON',
  },
  { about: 'a user namespace', lacks: { isFirstUserNamespace: false }, error: NO_MAP, want: 'root of the machine' },
  { about: 'no BTF', lacks: { hasBtf: false }, error: NO_LOADER, want: 'CONFIG_DEBUG_INFO_BTF=y' },
  {
    about: 'an old kernel',
    lacks: { kernel: '5.10.0-28' },
    error: NO_LOADER,
    want: 'kernel 5.10.0-28 is too old: 5.17',
  },
  { about: 'lockdown', lacks: { lockdown: 'confidentiality' }, error: NO_LOADER, want: 'lockdown=integrity' },
  {
    about: 'perf probes',
    lacks: { kernel: '6.1.0' },
    error: NO_PERF,
    want: 'before kernel 6.6 probes need CAP_SYS_ADMIN',
  },
  { about: 'seccomp', lacks: { hasSeccomp: true }, error: NO_MAP, want: 'SystemCallFilter=bpf' },
  { about: 'a security module', lacks: {}, error: NO_MAP, want: 'SELinux or AppArmor' },
  { about: 'memory', lacks: {}, error: failure('load: Cannot allocate memory', -12), want: 'lower ring_size' },
])('an error is explained by what is missing: $about', ({ lacks, error, want }) => {
  const facts = { ...WELL, ...lacks };
  const wrapped = new SensorError(`the kernel refused the sensor: ${error.message}`, NAMES.get(error) ?? 'ENOMEM');
  for (const one of error === NO_PERF ? [error] : [error, wrapped]) {
    const text = explain(one, facts);
    expect(text).toContain(want);
    expect(text).not.toContain('\n');
    expect(text).not.toContain('R1=ctx');
  }
});

const NAMES = new Map([
  [NO_MAP, 'EPERM'],
  [NO_LOADER, 'EINVAL'],
]);

test('what cannot be explained is told in one line, with its end', () => {
  const long = failure(`load: Invalid argument (${'x\n'.repeat(900)}the end)`, -22);
  const text = explain(long, WELL);
  expect(text).toMatch(/^load: Invalid argument .* … .*the end\)$/);
  expect(text.length).toBeLessThan(420);
  expect(explain(new Error('pid 7 does not run'), WELL)).toBe('pid 7 does not run');
  expect(explain(new NativeMissing('the addon is missing: build it'), WELL)).toBe('the addon is missing: build it');
});

test('versions of the kernel are compared as numbers', () => {
  expect(isAtLeast('6.18.44-fc', '6.6')).toBe(true);
  expect(isAtLeast('6.1.0-18-amd64', '6.6')).toBe(false);
  expect(isAtLeast('5.17.0', '5.17')).toBe(true);
  expect(isAtLeast('10.0', '6.6')).toBe(true);
  expect(isAtLeast(undefined, '6.6')).toBe(true);
});

test('facts come from /proc and /sys', () => {
  const texts: Readonly<Record<string, string>> = {
    '/proc/self/status': 'Name:\tnode\nCapEff:\t000000c000080000\nSeccomp:\t2\n',
    '/proc/self/limits': 'Max locked memory         8388608              8388608              bytes\n',
    '/proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
    '/sys/kernel/security/lockdown': 'none [integrity] confidentiality\n',
    '/proc/sys/kernel/unprivileged_bpf_disabled': '2\n',
  };
  const proc: ProcReader = {
    text: (path) => texts[path],
    link: (path) => (path === '/proc/self/ns/pid' ? 'pid:[4026532181]' : 'user:[4026531837]'),
    list: (path) => (path === '/sys/kernel/btf' ? ['vmlinux'] : []),
  };
  expect(captureFacts(proc, { platform: 'linux', arch: 'x64', euid: 996 })).toEqual({
    ...WELL,
    kernel: '6.1.0-18-amd64',
    hasPerfUprobes: false,
    isFirstPidNamespace: false,
    lockdown: 'integrity',
    hasSeccomp: true,
    lockedMemory: 8_388_608,
  });
  const nothing: ProcReader = { text: () => undefined, link: () => undefined, list: () => [] };
  expect(captureFacts(nothing).capabilities).toBe(0n);
});

test('CAP_SYS_ADMIN stands for CAP_BPF and CAP_PERFMON', () => {
  expect(['CAP_BPF', 'CAP_PERFMON'].every((name) => has({ capabilities: ADMIN }, name as 'CAP_BPF'))).toBe(true);
  expect(has({ capabilities: ADMIN }, 'CAP_SYS_PTRACE')).toBe(false);
});

const failed = (facts: Partial<CaptureFacts>, trial: Trial): string[] =>
  machineChecks({ ...WELL, ...facts }, trial).flatMap(({ id, status }) => (status === 'fail' ? [id] : []));

test.each<{ about: string; facts: Partial<CaptureFacts>; trial: Trial; want: string[] }>([
  { about: 'all is there', facts: {}, trial: { mode: 'multi' }, want: [] },
  { about: 'CAP_SYS_PTRACE is not', facts: { capabilities: BPF | PERFMON }, trial: { mode: 'multi' }, want: [] },
  {
    about: 'CAP_PERFMON is not',
    facts: { capabilities: BPF },
    trial: { refused: NO_LOADER },
    want: ['CAP_PERFMON', 'sensor'],
  },
  {
    about: 'probes are perf events, without CAP_SYS_ADMIN',
    facts: { kernel: '6.1.0' },
    trial: { mode: 'perf', refused: NO_PERF },
    want: ['CAP_SYS_ADMIN', 'probes'],
  },
  { about: 'and with it', facts: { kernel: '6.1.0', capabilities: ADMIN | PTRACE }, trial: { mode: 'perf' }, want: [] },
  {
    about: 'a container has its own pids',
    facts: { isFirstPidNamespace: false },
    trial: { mode: 'multi' },
    want: ['pid namespace'],
  },
  {
    about: 'the addon is missing',
    facts: {},
    trial: { missing: new NativeMissing('gone: build it') },
    want: ['addon'],
  },
  { about: 'another system', facts: { platform: 'darwin', arch: 'arm64' }, trial: {}, want: ['platform'] },
])('checks of the machine fail for what keeps capture from working: $about', ({ facts, trial, want }) => {
  expect(failed(facts, trial)).toEqual(want);
});

test('whatever fails has a remedy', () => {
  const worst: CaptureFacts = {
    ...{ ...WELL, capabilities: 0n, hasBtf: false, kernel: '5.4.0', isFirstPidNamespace: false },
    ...{ lockdown: 'confidentiality', lockedMemory: 65_536 },
  };
  const checks = machineChecks(worst, { missing: new NativeMissing('gone: build it') });
  const bad = checks.filter(({ status }) => status === 'fail' || status === 'warn');
  expect(bad.map(({ id }) => id)).toContain('locked memory');
  expect(bad.filter(({ remedy }) => remedy === undefined)).toEqual([]);
});

test('the trial takes back what it loads, and goes from uprobe_multi to perf events', async () => {
  const done: string[] = [];
  const native = {
    open: (mode: number) => {
      done.push(`open ${mode}`);
      if (mode === 0) throw failure('load: Invalid argument', -22);
      return 3;
    },
    attach: () => {
      throw NO_PERF;
    },
    detach: async () => {},
    close: (handle: number) => done.push(`close ${handle}`),
  } as unknown as Native;
  expect(await tryOut(() => native)).toEqual({ mode: 'perf', refused: NO_PERF });
  expect(done).toEqual(['open 0', 'open 1', 'close 3']);
  const missing = new NativeMissing('gone');
  expect(
    await tryOut(() => {
      throw missing;
    }),
  ).toEqual({ missing });
});
