import { expect, test } from 'vitest';
import type { Account } from '../../cli/account.ts';
import type { Io } from '../../cli/io.ts';
import { load } from '../../cli/load.ts';
import { type AfterStart, Privileges } from '../../cli/privileges.ts';
import { claimable, type Files, firstRefused, needsOf } from '../../cli/privileges-paths.ts';
import { loadRegistry } from '../../cli/registry.ts';
import { createLog, type ServiceConfig } from '../../core/index.ts';
import type { CaptureFacts } from '../../receivers/ebpf/doctor/checks.ts';
import { RECORDING } from './spawned.ts';

const ANNA: Account = { uid: 1000, gid: 1000, name: 'anna' };
const SERVICE: Account = { uid: 990, gid: 990, name: 'oisp-collector' };
const NOBODY: Account = { uid: 65534, gid: 65534, name: 'nobody' };
const ROOT: Account = { uid: 0, gid: 0, name: 'root' };
const ALL = (1n << 41n) - 1n;
const BPF_PERFMON_PTRACE_READ = (1n << 39n) | (1n << 38n) | (1n << 19n) | (1n << 2n);

const ioOf = (env: Io['env'], euid = 0): Io =>
  // what is not asked for is not there
  ({ env, euid, cwd: '/srv', platform: 'linux' }) as Partial<Io> as Io;
const SUDO = ioOf({ SUDO_UID: '1000', SUDO_GID: '1000' });

async function configOf(
  exporter = 'otlp_http: { endpoint: "http://127.0.0.1:1" }',
  receiver = 'ebpf',
): Promise<ServiceConfig> {
  const [name] = exporter.split(':');
  const text = `
receivers: { ${receiver}: { ${receiver === 'jsonl' ? `path: ${RECORDING}` : ''} } }
processors: { decode: , redact: , correlate: }
exporters: { ${exporter} }
service: { pipelines: { traces: { receivers: [${receiver}], processors: [decode, redact, correlate], exporters: [${name}] } } }`;
  const { config, problems } = await load({ sources: [`yaml:${text}`], sets: [] }, await loadRegistry(), ioOf({}, 1));
  if (config === undefined) throw new Error(JSON.stringify(problems));
  return config;
}

/** A file system where only `owned` belong to somebody else than root. */
function filesOf(owned: Readonly<Record<string, { uid: number; mode: number }>> = {}): Files {
  return {
    stat: (path) => {
      const own = owned[path];
      if (own !== undefined) return { gid: own.uid, ...own };
      return /\.\w+$/.test(path) ? undefined : { uid: 0, gid: 0, mode: 0o40755 };
    },
    groups: () => 'adm:x:4:anna,bert\n',
  };
}

interface Machine {
  readonly accounts?: readonly Account[];
  readonly files?: Files;
  readonly facts?: Partial<CaptureFacts>;
  readonly refuse?: boolean;
}

async function giveUp(
  io: Io,
  machine: Machine = {},
  run: Partial<AfterStart> = {},
  exporter?: string,
  receiver?: string,
) {
  const config = await configOf(exporter, receiver);
  const { accounts = [ANNA, NOBODY, ROOT], facts = {}, refuse = false } = machine;
  const become: unknown[][] = [];
  const own = new URL('../../cli/privileges-paths.ts', import.meta.url).pathname;
  const files = machine.files ?? filesOf();
  const privileges = new Privileges(config, io, {
    lookUp: (key) => accounts.find(({ name, uid }) => name === key || String(uid) === key),
    facts: () => ({ capabilities: ALL, kernel: '6.18.0', ...facts }) as Partial<CaptureFacts> as CaptureFacts,
    files: { ...files, stat: (path) => (own.startsWith(path) ? dirOrFile(path === own) : files.stat(path)) },
    native: () => ({
      dropPrivileges: (...args) => {
        if (refuse) throw new Error('set user: Operation not permitted');
        become.push(args);
      },
    }),
  });
  let text = '';
  const log = createLog({ level: 'info', encoding: 'console', write: (line) => (text += line), now: () => 0 });
  const isOk = privileges.plan({ config, configFiles: [], hasCommand: false, ...run }, log)();
  return { become, text, isOk };
}

const dirOrFile = (isFile: boolean) => ({ uid: 0, gid: 0, mode: isFile ? 0o100644 : 0o40755 });

test.each([
  { about: 'by sudo, who called', io: SUDO, accounts: [ANNA, SERVICE, NOBODY], want: [1000, 1000, 'anna'] },
  {
    about: 'the account of the service',
    io: ioOf({}),
    accounts: [NOBODY, SERVICE],
    want: [990, 990, 'oisp-collector'],
  },
  {
    about: 'by sudo of root, the same as without',
    io: ioOf({ SUDO_UID: '0', SUDO_GID: '0' }),
    accounts: [ROOT, NOBODY],
    want: [65534, 65534, 'nobody'],
  },
  { about: 'nobody', io: ioOf({}), accounts: [NOBODY], want: [65534, 65534, 'nobody'] },
  { about: 'who is named', io: ioOf({ OISP_RUN_AS: 'anna' }), accounts: [ANNA, SERVICE], want: [1000, 1000, 'anna'] },
])('root becomes somebody else: $about', async ({ io, accounts, want }) => {
  const { become, text, isOk } = await giveUp(io, { accounts });
  expect(become).toEqual([[...want, BPF_PERFMON_PTRACE_READ]]);
  expect([isOk, text.split('\n').length]).toEqual([true, 2]);
  expect(text).toContain(`Root was given up.\t{"user":"${want[2]}","kept":["CAP_BPF","CAP_PERFMON","CAP_SYS_PTRACE",`);
});

test.each([
  { about: 'not root', io: ioOf({ SUDO_UID: '1000', SUDO_GID: '1000' }, 1000) },
  { about: 'no such accounts', io: ioOf({}), accounts: [] },
  { about: 'no live capture', io: SUDO, receiver: 'jsonl' },
])('nothing happens, and nothing is said: $about', async ({ io, accounts = [ANNA], receiver }) => {
  const { become, text } = await giveUp(io, { accounts }, {}, undefined, receiver);
  expect([become, text]).toEqual([[], '']);
});

test('a command needs CAP_KILL, an old kernel CAP_SYS_ADMIN, and what is not there is not kept', async () => {
  const [[, , , withCommand] = []] = (await giveUp(SUDO, {}, { hasCommand: true })).become;
  expect(withCommand).toBe(BPF_PERFMON_PTRACE_READ | (1n << 5n));
  const [[, , , old] = []] = (await giveUp(SUDO, { facts: { kernel: '6.1.0' } })).become;
  expect(old).toBe(BPF_PERFMON_PTRACE_READ | (1n << 21n));
  const [[, , , less] = []] = (await giveUp(SUDO, { facts: { capabilities: ALL ^ (1n << 19n) } })).become;
  expect(less).toBe(BPF_PERFMON_PTRACE_READ ^ (1n << 19n));
});

const JSONL = 'jsonl: { path: /var/spans.jsonl, format: otlp_json }';

test.each([
  { about: 'a file of root is written', exporter: JSONL, want: 'anna may not write /var/spans.jsonl' },
  {
    about: 'a config of root is read again',
    run: { configFiles: ['/etc/c.yaml'] },
    want: 'anna may not read /etc/c.yaml',
  },
  {
    about: 'root may not change users',
    facts: { capabilities: ALL ^ (1n << 7n) },
    want: 'CAP_SETUID and CAP_SETGID are',
  },
])(
  'root stays, with a warning under sudo, where something would break: $about',
  async ({ exporter, run, facts, want }) => {
    const { become, text } = await giveUp(SUDO, facts === undefined ? {} : { facts }, run, exporter);
    expect(become).toEqual([]);
    expect(text).toContain(want);
    expect(text).toMatch(/\twarn\tThe collector stays root\..*OISP_RUN_AS=root/);
    const named = ioOf({ ...SUDO.env, OISP_RUN_AS: 'anna' });
    await expect(giveUp(named, facts === undefined ? {} : { facts }, run, exporter)).rejects.toThrow(
      `OISP_RUN_AS: ${want}`,
    );
  },
);

test('OISP_RUN_AS=root keeps root, and an unknown account is an error before the start', async () => {
  const kept = await giveUp(ioOf({ ...SUDO.env, OISP_RUN_AS: 'root' }), {}, {}, JSONL);
  expect(kept.become).toEqual([]);
  expect(kept.text).toContain('\tinfo\tThe collector stays root.\t{"why":"OISP_RUN_AS says so"}');
  await expect(giveUp(ioOf({ OISP_RUN_AS: 'bert' }))).rejects.toThrow('OISP_RUN_AS=bert: there is no such user');
});

test('when it fails nothing goes on', async () => {
  const { isOk, text } = await giveUp(SUDO, { refuse: true });
  expect(isOk).toBe(false);
  expect(text).toContain('\terror\tRoot could not be given up, stopping.');
});

const dir = (uid: number, mode: number) => ({ uid, mode: 0o40000 | mode });
const file = (uid: number, mode: number) => ({ uid, mode: 0o100000 | mode });

test.each([
  { about: 'own file in an own folder', tree: { '/out': dir(1000, 0o700), '/out/a.log': file(1000, 0o600) }, ok: true },
  { about: 'a new file in an own folder', tree: { '/out': dir(1000, 0o700) }, ok: true },
  {
    about: 'a file of root in an own folder',
    tree: { '/out': dir(1000, 0o700), '/out/a.log': file(0, 0o600) },
    ok: false,
  },
  {
    about: 'own file in a folder of root',
    tree: { '/out': dir(0, 0o755), '/out/a.log': file(1000, 0o600) },
    ok: false,
  },
  { about: 'by group', tree: { '/out': dir(4, 0o770), '/out/a.log': file(4, 0o660) }, ok: true },
  { about: 'the owner is no group', tree: { '/out': dir(1000, 0o077) }, ok: false },
  { about: 'behind a closed folder', tree: { '/': dir(0, 0o700), '/out': dir(1000, 0o700) }, ok: false },
  { about: 'a pipe', tree: { '/out': dir(0, 0o700), '/out/a.log': { uid: 0, mode: 0o10600 } }, ok: true },
])('what an account may write goes by owner, group and mode: $about', ({ tree, ok }) => {
  const need = { path: '/out/a.log', access: 'write' } as const;
  expect(firstRefused([need], ANNA, filesOf(tree))).toEqual(ok ? undefined : need);
});

test('needed are outputs, certificates, configs and the program, but no patterns and nothing that is not used', async () => {
  const config = await configOf(`otlp_http: { endpoint: "https://a", tls: { ca_file: ${RECORDING} } }`);
  const needs = needsOf(config, ['c.yaml'], '/srv');
  expect(needs).toMatchObject([
    { path: '/srv/c.yaml', access: 'read' },
    { path: expect.stringMatching(/privileges-paths.ts$/), access: 'read' },
    { path: RECORDING, access: 'read' },
  ]);
});

test('outputs are made for the account where it may make them, and nowhere else', () => {
  const needs = [
    { path: '/out/new/a.log', access: 'write' },
    { path: '/out/there.log', access: 'write' },
    { path: '/etc/b.log', access: 'write' },
    { path: '/out/state.json', access: 'replace' },
    { path: '/tmp/c.log', access: 'write' },
  ] as const;
  const tree = {
    '/out': dir(1000, 0o755),
    '/out/there.log': file(1000, 0o600),
    '/etc': dir(0, 0o755),
    '/tmp': dir(0, 0o1777),
  };
  const files = { ...filesOf(), stat: (path: string) => at(tree, path) };
  expect(claimable(needs, ANNA, files)).toEqual(['/out/new/a.log']);
});

function at(tree: Readonly<Record<string, { uid: number; mode: number }>>, path: string) {
  const found = path === '/' ? dir(0, 0o755) : tree[path];
  return found && { ...found, gid: found.uid };
}
