import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { skipsWithoutKernel } from '../bpf/runtimes.ts';
import { build, type Ended, repo, run } from './program.ts';

describe.skipIf(skipsWithoutKernel())('a command is started under observation or not at all', () => {
  let dir: string;
  let whole: string;
  let bare: string;

  beforeAll(async () => {
    await build();
    dir = realpathSync(mkdtempSync(join(tmpdir(), 'oisp-e2e-')));
    chmodSync(dir, 0o777); // for whoever runs without privileges
    [whole, bare] = [copyInto('whole'), copyInto('bare')];
    const addon = 'native/ebpf/build/linux-x64/sensor.node';
    mkdirSync(join(whole, 'native/ebpf/build/linux-x64'), { recursive: true });
    cpSync(join(repo, addon), join(whole, addon));
  });
  beforeEach(() => rmSync(join(dir, 'started'), { force: true }));
  afterAll(() => rmSync(dir, { recursive: true }));

  /** The built program as it would be installed, without the addon. */
  function copyInto(name: string): string {
    const to = join(dir, name);
    const { dependencies } = JSON.parse(readFileSync(join(repo, 'package.json'), 'utf8')) as { dependencies: object };
    const parts = ['dist', 'configs', 'package.json', ...Object.keys(dependencies).map((one) => `node_modules/${one}`)];
    for (const part of parts) cpSync(join(repo, part), join(to, part), { recursive: true });
    return to;
  }

  const command = (place: string): string[] => [
    ...[process.execPath, join(place, 'dist/cli/main.js'), 'run', '--set', 'receivers.ebpf.known_files=false'],
    ...['--set', `receivers.ebpf.probe.include=[${dir}/**]`, '--', 'touch', join(dir, 'started')],
  ];
  const isRefused = (ended: Ended, said: RegExp): void => {
    expect(ended.stderr).toMatch(said);
    expect(ended.stderr).not.toMatch(/^\s+at /m); // no stack
    expect(ended.stderr.trimEnd().split('\n').length, ended.stderr).toBeLessThan(4);
    expect([ended.code, ended.stdout, existsSync(join(dir, 'started'))]).toEqual([1, '', false]);
  };

  it('is started where nothing is missing', async () => {
    const [file = '', ...args] = command(whole);
    expect(await run(file, args)).toMatchObject({ code: 0 });
    expect(existsSync(join(dir, 'started'))).toBe(true);
  });

  it('without the addon: says how it is built', async () => {
    const [file = '', ...args] = command(bare);
    isRefused(await run(file, args), /addon.*scripts\/build-native\.sh --install/);
  });

  it('with /sys/kernel/btf hidden: is started, the kernel knows its own types', async () => {
    // in a mount namespace of its own
    const hide = 'mount -t tmpfs none /sys/kernel/btf && exec "$@"';
    const args = ['--mount', '--propagation', 'private', 'sh', '-c', hide, 'sh', ...command(whole)];
    expect(await run('unshare', args)).toMatchObject({ code: 0 });
    expect(existsSync(join(dir, 'started'))).toBe(true);
  });

  it.each([
    ['another user', ['--reuid=65534', '--regid=65534', '--clear-groups'], /CAP_BPF and CAP_PERFMON.*sudo/],
    ['root without them', ['--bounding-set=-bpf,-perfmon,-sys_admin'], /CAP_BPF and CAP_PERFMON.*--cap-add/],
    ['root without one of them', ['--bounding-set=-perfmon,-sys_admin'], /needs CAP_PERFMON/],
  ])('without capabilities (%s): names them', async (_, drop, said) => {
    isRefused(await run('setpriv', [...drop, '--inh-caps=-all', '--', ...command(whole)]), said);
  });
});
