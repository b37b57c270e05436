import { expect, test } from 'vitest';
import { lookAtProcesses, type Wanted } from '../../../../receivers/ebpf/doctor/processes.ts';
import type { ProcReader } from '../../../../receivers/ebpf/observe/proc.ts';
import type { Discovery } from '../../../../receivers/ebpf/target/target.ts';

interface Fake {
  readonly comm: string;
  readonly exe?: string;
  readonly args?: readonly string[];
  readonly maps?: string;
  readonly namespace?: number;
  readonly fds?: Readonly<Record<string, string>>;
}

const MAP = (path: string): string => `7f0000000000-7f0000001000 r-xp 00000000 fe:01 396 ${path}\n`;
const OPENSSL: Discovery = {
  kind: 'target',
  target: { library: 'openssl', version: '3.0.19', found: 'symbols', sites: [] },
};
const NONE: Discovery = { kind: 'none', needed: [] };
const unsupported = (library: string, reason: string): Discovery => ({ kind: 'unsupported_build', library, reason });

const PROCESSES: Readonly<Record<number, Fake>> = {
  10: { comm: 'claude', exe: '/opt/claude' },
  11: { comm: 'codex', exe: '/opt/codex' },
  12: { comm: 'node', exe: '/usr/bin/node', args: ['node', '/x/node_modules/@google/gemini-cli/dist/index.js'] },
  13: { comm: 'node', exe: '/usr/bin/node', args: ['node', '/srv/shop.js'] },
  14: { comm: 'python3', exe: '/usr/bin/python3', maps: MAP('/usr/lib/libssl.so.3') },
  15: { comm: 'python3', exe: '/usr/bin/python3', maps: MAP('/usr/lib/libssl.so.3 (deleted)') },
  16: {
    comm: 'wget',
    exe: '/usr/bin/wget',
    maps: MAP('/usr/lib/libgnutls.so.30'),
    fds: { 7: 'anon_inode:[io_uring]' },
  },
  17: { comm: 'claude' },
  18: { comm: 'postgres', exe: '/usr/bin/postgres' },
  19: { comm: 'claude', exe: '/opt/claude', namespace: 5 },
  20: { comm: 'conda', exe: '/usr/bin/python3', maps: MAP('/home/a/libssl.so.3') },
};

const FILES: Readonly<Record<string, Discovery>> = {
  '/proc/10/exe': OPENSSL,
  '/proc/11/exe': unsupported('rustls', 'rustls has no functions that stay the same'),
  '/proc/12/exe': OPENSSL,
  '/proc/13/exe': OPENSSL,
  '/proc/14/root/usr/lib/libssl.so.3': OPENSSL,
  '/proc/20/root/home/a/libssl.so.3': unsupported('unknown', 'the file cannot be read: EACCES'),
};

/** A /proc of those processes, and what was read of it. */
function look(wanted: Partial<Wanted>, mayLook = true) {
  const read = new Set<string>();
  const at = (path: string): [Fake | undefined, string] => {
    read.add(path);
    const [, pid = '', rest = ''] = /^\/proc\/(\d+)\/(.*)$/.exec(path) ?? [];
    return [PROCESSES[Number(pid)], rest];
  };
  const proc: ProcReader = {
    text: (path) => {
      const [fake, rest] = at(path);
      const texts: Readonly<Record<string, string | undefined>> = {
        comm: `${fake?.comm}\n`,
        stat: `1 (x) S 1 ${'0 '.repeat(17)}100 0`,
        status: 'Uid:\t1000\nGid:\t1000\n',
        cmdline: fake?.args?.join('\0') ?? '',
        maps: fake?.maps,
      };
      return fake === undefined ? undefined : texts[rest];
    },
    link: (path) => {
      const [fake, rest] = at(path);
      if (rest === 'exe') return fake?.exe;
      if (rest === 'ns/pid') return `pid:[${fake?.namespace ?? 1}]`;
      return fake?.fds?.[rest.replace('fd/', '')];
    },
    list: (path) => {
      if (path === '/proc') return ['self', 'sys', ...Object.keys(PROCESSES)];
      return Object.keys(at(path)[0]?.fds ?? {});
    },
  };
  const scanner = { scan: async (path: string) => FILES[path] ?? NONE };
  const all = { pids: [], comms: [], pidNamespace: 0, ...wanted };
  return lookAtProcesses(all, { proc, scanner, self: 1, mayLook }).then((found) => ({ ...found, read }));
}

test('without a name known AI applications are listed, and of others only name and program are read', async () => {
  const { reports, read } = await look({ pidNamespace: 1 });
  expect(reports.map(({ pid, app, status }) => [pid, app, status])).toEqual([
    [10, 'Claude Code', 'ok'],
    [11, 'Codex', 'fail'],
    [12, 'Gemini CLI', 'ok'],
    [17, undefined, 'fail'],
  ]);
  expect(reports[0]).toMatchObject({ seen: [{ file: '/opt/claude', library: 'openssl', version: '3.0.19' }] });
  const ofPostgres = [...read].filter((path) => path.startsWith('/proc/18/'));
  expect(new Set(ofPostgres)).toEqual(new Set(['/proc/18/comm', '/proc/18/exe', '/proc/18/ns/pid']));
  expect([...read].some((path) => path.endsWith('/environ') || path.endsWith('/mem'))).toBe(false);
});

test.each([
  { pid: 11, why: 'rustls: rustls has no functions that stay the same', status: 'fail' },
  { pid: 15, why: 'the library was replaced after it was loaded', remedy: 'start the process again', status: 'fail' },
  { pid: 16, why: 'a TLS library that is neither OpenSSL nor BoringSSL', status: 'fail' },
  { pid: 18, why: 'no TLS library is loaded; one that is opened later is probed then', status: 'ok' },
  { pid: 20, why: 'it may not be opened', remedy: 'needs CAP_DAC_READ_SEARCH', status: 'fail' },
])('what is not seen is told with its reason: $why', async ({ pid, why, status, remedy }) => {
  const { reports } = await look({ pids: [pid] });
  expect(reports.map((report) => report.pid)).toEqual([pid]);
  expect(reports[0]?.status).toBe(status);
  expect(reports[0]?.unseen[0]).toMatchObject({ why, ...(remedy !== undefined && { remedy }) });
});

test('io_uring is told', async () => {
  const { reports } = await look({ pids: [16] });
  expect(reports[0]?.unseen.map(({ what }) => what)).toEqual(['libgnutls.so.30', 'io_uring']);
});

test('a program that nobody may look at is one of another user where CAP_SYS_PTRACE is missing', async () => {
  const { reports } = await look({ pids: [17] }, false);
  expect(reports[0]?.unseen[0]).toMatchObject({
    why: expect.stringContaining('another user'),
    remedy: 'needs CAP_SYS_PTRACE',
  });
});

test('names and pids are looked at alone', async () => {
  const byName = await look({ comms: ['python3'] });
  expect(byName.reports.map(({ pid }) => pid)).toEqual([14, 15, 20]);
  const both = await look({ comms: ['wget'], pids: [13, 99] });
  expect(both.reports.map(({ pid }) => pid)).toEqual([13, 16]);
  expect(both.gone).toEqual([99]);
});
