import { expect, test, vi } from 'vitest';
import { parseArguments } from '../../cli/arguments.ts';
import { captureSettings } from '../../cli/capture-flags.ts';
import { record } from '../../cli/record.ts';
import { run } from '../../cli/run.ts';
import { loadWithFake, started } from './fake-ebpf.ts';
import { runProgram } from './io.ts';

vi.mock(import('../../cli/registry.ts'), async (original) => {
  const { loadRegistry } = await original();
  return { loadRegistry: () => loadWithFake(loadRegistry) };
});

test('what stands behind the first -- is the command, untouched', () => {
  const args = parseArguments(run, ['-o', 'x', '--', 'ls', '--', '-o', 'y', '--help', '--bogus', '']);
  expect(args.command).toEqual(['ls', '--', '-o', 'y', '--help', '--bogus', '']);
  expect(args.strings('output')).toEqual(['x']);
  expect(args.positionals).toEqual([]);
  expect(args.is('help')).toBe(false);
});

test('without -- there is no command', () => {
  expect(parseArguments(record, ['-o', 'x']).command).toEqual([]);
  expect(parseArguments(record, ['-o', 'x', '--']).command).toEqual([]);
});

test.each([
  { argv: ['run'], want: 'oisp-collector run needs -- COMMAND' },
  { argv: ['run', '--'], want: 'oisp-collector run needs -- COMMAND' },
  { argv: ['run', 'claude'], want: 'write the command behind --: oisp-collector run -- claude' },
  { argv: ['run', '--otlp', 'localhost:4318', '--', 'x'], want: 'write http://HOST:PORT' },
  { argv: ['run', '--otlp', 'http://x', '--config', 'c', '--', 'x'], want: 'name "otlp_http" in yours' },
  { argv: ['trace', '--user', 'anna'], want: '--user needs -- COMMAND' },
  { argv: ['validate', '--', 'x'], want: 'unexpected argument "x" for "oisp-collector validate"' },
])('$argv is a usage error', async ({ argv, want }) => {
  const { code, err } = await runProgram(argv);
  expect(code).toBe(2);
  expect(err).toContain(want);
});

const AT = { home: '/home/anna', cwd: '/srv/project' };

test.each([
  { argv: [], want: {} },
  { argv: ['--', 'x'], want: { scope: 'tree', children: true } },
  { argv: ['-c', 'claude', '--comm', 'codex'], want: { scope: 'tree', comms: ['claude', 'codex'] } },
  { argv: ['-p', '12', '-p13'], want: { scope: 'tree', pids: [12, 13] } },
  {
    argv: ['--binary-path', '~/bin/*', '--binary-path', 'lib/x.so', '--binary-path', '/opt/*'],
    want: { binary_path: ['/home/anna/bin/*', '/srv/project/lib/x.so', '/opt/*'] },
  },
  { argv: ['-c', 'a', '--', 'x'], want: { scope: 'tree', children: true, comms: ['a'] } },
])('settings of the receiver from $argv', ({ argv, want }) => {
  expect(captureSettings(parseArguments(record, argv), AT)).toEqual(want);
});

test('the flags reach the receiver, over what the config says', async () => {
  started.length = 0;
  const ran = await runProgram(['trace', '-c', '$HOME', '-p', '1', '--set', 'receivers.ebpf.scope=machine'], {
    cwd: '/',
  });
  expect(ran).toEqual({ code: 0, out: '', err: '' });
  await runProgram(['trace', '-c', 'claude', '--binary-path', '~/x'], { home: '/home/anna' });
  expect(started).toMatchObject([
    { comms: ['$HOME'], pids: [1] },
    { scope: 'tree', comms: ['claude'], binary_path: ['/home/anna/x'] },
  ]);
});

test('run captures what it starts alone', async () => {
  started.length = 0;
  const { code, err } = await runProgram(['run', '--', 'true'], { env: { PATH: '/bin:/usr/bin' } });
  expect([code, err]).toEqual([0, 'nothing that an agent does was seen\n']);
  expect(started).toMatchObject([{ scope: 'tree', children: true }]);
});

test('flags for the receiver need one', async () => {
  const config =
    'yaml:{receivers: {jsonl: {include: ["*.jsonl"]}}, processors: {redact: }, exporters: {debug: }, service: {pipelines: {logs: {receivers: [jsonl], processors: [redact], exporters: [debug]}}}}';
  const { code, err } = await runProgram(['trace', '-c', 'x', '--config', config]);
  expect(code).toBe(1);
  expect(err).toContain('are for the receiver "ebpf", and the config has none');
});
