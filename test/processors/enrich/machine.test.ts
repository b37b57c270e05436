import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hostOf, type Machine, thisMachine, usersOf } from '../../../processors/enrich/machine.ts';
import { machineOf, PASSWD } from './machine.ts';

test('a host is told in the words of the schema, with a hash in place of the machine id', async () => {
  const host = await hostOf(machineOf());
  expect(host).toEqual({
    hostname: 'quay',
    // printf 'oisp.device.v1\0000123456789abcdef0123456789abcdef' | sha256sum | cut -c1-32
    device_id: '66f0da24aff928b04beda4983271e5fa',
    os: 'linux',
    os_version: 'Debian GNU/Linux 12 (bookworm)',
    arch: 'x86_64',
    kernel_version: '6.1.0-28-amd64',
    boot_id: '0b9d1c52-6a3e-4f7b-8c1d-2e5f6a7b8c9d',
  });
  expect(JSON.stringify(host)).not.toContain('0123456789abcdef');
});

test.each([
  { platform: 'win32', arch: 'arm64', os: 'windows', cpu: 'aarch64' },
  { platform: 'darwin', arch: 'x64', os: 'darwin', cpu: 'x86_64' },
  { platform: 'freebsd', arch: 'ia32', os: 'freebsd', cpu: 'i686' },
  { platform: 'sunos', arch: 'riscv64', os: 'other', cpu: 'other' },
])('$platform on $arch is $os on $cpu', async ({ platform, arch, os, cpu }) => {
  expect(await hostOf({ ...machineOf(), platform, arch })).toMatchObject({ os, arch: cpu });
});

test.each([
  ["PRETTY_NAME='Alpine Linux v3.20'\n", 'Alpine Linux v3.20'],
  ['NAME=Fedora\nVERSION_ID=41\n', 'Fedora 41'],
  ['PRETTY_NAME="a \\"b\\" \\$c"', 'a "b" $c'],
  ['PRETTY_NAME=""\nID=x', undefined],
  ['\0\xff nothing', undefined],
])('os-release %j names the version %j', async (text, want) => {
  expect((await hostOf(machineOf({ '/etc/os-release': text }))).os_version).toBe(want);
});

test('the os-release of the vendor is read where the system has none', async () => {
  const files = { '/etc/os-release': undefined, '/usr/lib/os-release': 'PRETTY_NAME=Vendor\n' };
  expect((await hostOf(machineOf(files))).os_version).toBe('Vendor');
});

test('what cannot be read is left out, and what is no id is none', async () => {
  const bare: Machine = { ...machineOf(), hostname: '', release: '', readText: async () => undefined };
  expect(await hostOf(bare)).toEqual({ os: 'linux', arch: 'x86_64' });
  const odd = machineOf({ '/etc/machine-id': 'uninitialized\n', '/proc/sys/kernel/random/boot_id': 'none' });
  expect(Object.keys(await hostOf(odd))).not.toEqual(expect.arrayContaining(['device_id']));
  expect((await hostOf(odd)).boot_id).toBeUndefined();
});

test('users are told by uid, the first entry counts, other lines are passed over', () => {
  expect([...usersOf(PASSWD)]).toEqual([
    [0, 'root'],
    [1000, 'ada'],
  ]);
  expect(usersOf('').size).toBe(0);
});

test.runIf(process.platform === 'linux')('this machine is told as its files say', async () => {
  const host = await hostOf(thisMachine());
  expect(host.boot_id).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  expect(host).toMatchObject({ os: 'linux', kernel_version: expect.stringMatching(/^\d+\.\d+/) });
  expect(await thisMachine().readText('/nowhere/at/all')).toBeUndefined();
});
