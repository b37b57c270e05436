import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { parse } from 'yaml';
import { COMMANDS } from '../../cli/program.ts';
import { makeEvent } from '../../core/testing/index.ts';
import { type Ran, runProgram } from './io.ts';

const folder = mkdtempSync(join(tmpdir(), 'oisp-cli-'));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;

function file(text: string, name = `f-${files++}`): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A config that copies events from one file to another. */
function copying(lines: readonly string[]): { readonly config: string; readonly output: string } {
  const input = file(lines.map((line) => `${line}\n`).join(''), `in-${files++}.jsonl`);
  const output = join(folder, `out-${files++}.jsonl`);
  const config = file(
    `receivers: {jsonl: {include: ["${input}"]}}
processors: {redact: {mode: full}}
exporters: {jsonl: {path: "${output}"}}
service: {pipelines: {logs: {receivers: [jsonl], processors: [redact], exporters: [jsonl]}}}
`,
    `c-${files++}.yaml`,
  );
  return { config, output };
}

const events = (count: number): string[] => Array.from({ length: count }, (_, n) => JSON.stringify(makeEvent(n)));

test('a config runs until its input is read, and says what went in and out', async () => {
  const { config, output } = copying(events(5));
  const { code, out, err } = await runProgram(['--config', config]);
  expect([code, out]).toEqual([0, '']);
  expect(err).toContain('Everything is ready. Begin running and processing data.');
  expect(err).toMatch(
    /Shutdown complete\.\t\{"received_events":5,"received_spans":0,"sent_events":5,"sent_spans":0,"lost":0\}/,
  );
  expect(readFileSync(output, 'utf8').trim().split('\n')).toHaveLength(5);
});

test('--verbose prints every counter', async () => {
  const { config } = copying(events(2));
  const { err } = await runProgram(['--verbose', '--config', config]);
  expect(err).toContain('otelcol_receiver_accepted_log_records{receiver="jsonl"} 2');
  expect(err).toContain('otelcol_exporter_sent_log_records{exporter="jsonl"} 2');
});

test('later configs and --set are merged over earlier ones', async () => {
  const { config } = copying(events(1));
  const other = join(folder, 'elsewhere.jsonl');
  const second = file('service: {telemetry: {logs: {level: error}}}', `c-${files++}.yaml`);
  const { code, err } = await runProgram([
    '--config',
    config,
    '--config',
    second,
    '--set',
    `exporters.jsonl.path=${other}`,
  ]);
  expect([code, err]).toEqual([0, '']);
  expect(readFileSync(other, 'utf8')).toContain('process.exec');
});

test('what is lost ends in exit code 3 and a number', async () => {
  const capture = {
    ...makeEvent(1),
    event_type: 'capture.data',
    data: { conn: '1', dir: 'sent', seq: 0, offset: 0, b64: 'eA==' },
  };
  const { config } = copying([...events(1), JSON.stringify(capture)]);
  const { code, err } = await runProgram(['--config', config]);
  expect(code).toBe(3);
  expect(err).toContain('stopped with loss: 1 events and spans did not arrive');
});

test('a wrong config is told with all its problems, their places and hints, and exit code 1', async () => {
  const config = file(
    'receivers:\n  jsonl:\n    inclde: [a]\nexporters:\n  jsnl:\n    path: x\nservice:\n  pipelines:\n    logs:\n      receivers: [jsonl]\n      exporters: [jsonl]\n',
    'wrong.yaml',
  );
  const { code, err } = await runProgram(['validate', '--config', config]);
  expect(code).toBe(1);
  expect(err).toMatch(/wrong\.yaml:3:5 .*has invalid keys: inclde; did you mean "include"\?/);
  expect(err).toMatch(/wrong\.yaml:5:3 .*unknown type: "jsnl"/);
});

test('a pipeline without redact is told at its exporter, with what to write', async () => {
  const config = file(
    `receivers: {jsonl: {include: [${file('', `in-${files++}.jsonl`)}]}}
exporters: {jsonl: {path: ${folder}/x.jsonl}}
service:
  pipelines:
    logs:
      receivers: [jsonl]
      exporters: [jsonl]
`,
    'unredacted.yaml',
  );
  const { code, err } = await runProgram(['validate', '--config', config]);
  expect(code).toBe(1);
  expect(err).toContain(
    'unredacted.yaml:7:19  service::pipelines::logs: no processor that redacts precedes exporter "jsonl"',
  );
  expect(err).toContain('write "processors: [redact]"');
});

test('validate is silent when all is well', async () => {
  expect(await runProgram(['validate', '--config', copying(events(1)).config])).toEqual({ code: 0, out: '', err: '' });
});

test('print-config prints a config with its defaults, which loads again', async () => {
  const { config } = copying(events(1));
  const yaml = await runProgram(['print-config', '--config', config]);
  expect(yaml.code).toBe(0);
  expect(parse(yaml.out)).toMatchObject({
    receivers: { jsonl: { batch_size: 256 } },
    service: { shutdown_timeout: '10s' },
  });
  const again = file(yaml.out, 'printed.yaml');
  expect(await runProgram(['validate', '--config', again])).toEqual({ code: 0, out: '', err: '' });
  const json = await runProgram(['print-config', '--format', 'json', '--config', config]);
  expect(JSON.parse(json.out)).toEqual(parse(yaml.out));
});

test('components lists every type of every kind as YAML', async () => {
  const { code, out } = await runProgram(['components']);
  expect(code).toBe(0);
  const list = parse(out);
  expect(Object.keys(list)).toEqual(['buildinfo', 'receivers', 'processors', 'exporters', 'connectors', 'extensions']);
  expect(list.exporters).toContainEqual(expect.objectContaining({ name: 'jsonl', stability: expect.any(String) }));
  expect(list.connectors).toContainEqual(expect.objectContaining({ name: 'forward' }));
});

test('config init writes a config that validates, and never over a file', async () => {
  const path = join(folder, 'new', 'collector.yaml');
  const first = await runProgram(['config', 'init', path]);
  expect([first.code, first.err]).toEqual([0, '']);
  expect(await runProgram(['validate', '--config', path], { cwd: folder })).toEqual({ code: 0, out: '', err: '' });
  writeFileSync(path, 'mine');
  const again = await runProgram(['config', 'init', path]);
  expect([again.code, readFileSync(path, 'utf8')]).toEqual([1, 'mine']);
  expect(again.err).toContain('is there already');
});

test.each(['plain', 'with space', "it's $HOME `x`"])(
  'the command that config init prints works in a folder "%s"',
  async (name) => {
    const path = join(folder, name, 'collector.yaml');
    const { out } = await runProgram(['config', 'init', path]);
    const command = out.split('\n').find((line) => line.includes('validate')) ?? '';
    const bin = mkdtempSync(join(folder, 'bin-'));
    writeFileSync(join(bin, 'oisp-collector'), `#!/bin/sh\nprintf '%s\\n' "$@"\n`, { mode: 0o755 });
    const env = { ...process.env, PATH: `${bin}:${process.env['PATH']}` };
    expect(execFileSync('sh', ['-c', command], { encoding: 'utf8', env })).toBe(`validate\n--config\n${path}\n`);
  },
);

test('on Windows the command is quoted as its shells want it', async () => {
  const { out } = await runProgram(['config', 'init', join(folder, 'a b', 'windows.yaml')], { platform: 'win32' });
  expect(out).toContain(`validate --config "${join(folder, 'a b', 'windows.yaml')}"`);
});

test.each(['demo.yaml', 'jaeger.yaml', 'starter.yaml'])('configs/%s is valid from any folder', async (name) => {
  const config = join(import.meta.dirname, '../../configs', name);
  expect(await runProgram(['validate', '--config', config], { cwd: folder })).toEqual({ code: 0, out: '', err: '' });
  const other = file('', `in-${files++}.jsonl`);
  const printed = await runProgram(['print-config', '--config', config], { cwd: folder, env: { OISP_IN: other } });
  expect(printed.out).toContain(other);
  expect(printed.out).not.toContain('session.jsonl.gz');
});

test('without --config the config in the user folder is run', async () => {
  const { config, output } = copying(events(3));
  const home = mkdtempSync(join(folder, 'home-'));
  await runProgram(['config', 'init', join(home, '.config', 'oisp-collector', 'collector.yaml')]);
  writeFileSync(join(home, '.config', 'oisp-collector', 'collector.yaml'), readFileSync(config));
  expect((await runProgram([], { home })).code).toBe(0);
  expect(readFileSync(output, 'utf8').trim().split('\n')).toHaveLength(3);
});

test('without any config, the message says where one was looked for and what to do', async () => {
  const { code, err } = await runProgram([], {
    home: join(folder, 'nobody'),
    env: { XDG_CONFIG_HOME: join(folder, 'none') },
  });
  expect(code).toBe(1);
  expect(err).toContain('at least one config flag must be provided');
  expect(err).toContain(join(folder, 'none', 'oisp-collector', 'collector.yaml'));
  expect(err).toContain('oisp-collector demo');
});

test.each([
  { argv: ['--bogus'], want: 'unknown flag: --bogus' },
  { argv: ['--confg', 'x'], want: 'unknown flag: --confg\nDid you mean --config?' },
  { argv: ['-x'], want: "unknown shorthand flag: 'x' in -x" },
  { argv: ['bogus'], want: 'unknown command "bogus" for "oisp-collector"' },
  { argv: ['validat'], want: 'Did you mean this?\n\tvalidate' },
  { argv: ['--set', 'foo'], want: 'invalid argument "foo" for "--set" flag: missing equal sign' },
  { argv: ['--config'], want: 'flag needs an argument: --config' },
  { argv: ['replay'], want: 'oisp-collector replay needs FILE' },
  { argv: ['replay', 'a', 'b'], want: 'unexpected argument "b" for "oisp-collector replay"' },
  { argv: ['print-config', '--format', 'xml'], want: 'invalid argument "xml" for "--format" flag: write yaml or json' },
  { argv: ['config'], want: '"config" needs one more word: config init' },
  { argv: ['--verbose=maybe'], want: 'invalid argument "maybe" for "--verbose" flag: write true or false' },
])('$argv is a usage error', async ({ argv, want }) => {
  const { code, out, err } = await runProgram(argv);
  expect([code, out]).toEqual([2, '']);
  expect(err).toContain(`Error: `);
  expect(err).toContain(want);
  expect(err).toContain('--help" for usage');
});

test('a speed that is no number is a usage error', async () => {
  const { code, err } = await runProgram(['replay', file('', 'r.jsonl'), '--speed', 'fast']);
  expect(code).toBe(2);
  expect(err).toContain('invalid argument "fast" for "--speed" flag');
});

test('a recording that is missing is told by its name', async () => {
  const { code, err } = await runProgram(['replay', '/nowhere/x.jsonl']);
  expect(code).toBe(1);
  expect(err).toContain('open /nowhere/x.jsonl: no such file or directory');
});

test('replay of standard input is refused, with what to do', async () => {
  const { code, err } = await runProgram(['replay', '-']);
  expect(code).toBe(2);
  expect(err).toContain('replay reads a file, not standard input; write it to a file first (cat > recording.jsonl)');
});

test('replay of a device or a folder is refused, with what to do', async () => {
  const device = await runProgram(['replay', '/dev/null']);
  expect(device.code).toBe(1);
  expect(device.err).toContain('/dev/null is a pipe or a device; write it to a file first');
  const directory = await runProgram(['replay', folder]);
  expect(directory.code).toBe(1);
  expect(directory.err).toContain('is a directory; name a file in it');
});

test('an output of demo that cannot be written is told by its flag', async () => {
  const inFile = join(file('', `plain-${files++}`), 'x.jsonl');
  for (const [named, why] of [
    [inFile, 'not a directory'],
    [folder, 'is a directory'],
  ] as const) {
    const { code, err } = await runProgram(['demo', '--output', named]);
    expect(code).toBe(1);
    expect(err).toBe(`Error: --output ${named}: cannot be written: ${why}; name a file that you may write\n`);
  }
});

test.each(COMMANDS.map((command) => ({ name: command.name })))(
  '"$name --help" shows usage and every flag',
  async ({ name }) => {
    const { code, out, err } = await runProgram([...name.split(' ').filter((word) => word !== ''), '--help']);
    expect([code, err]).toEqual([0, '']);
    expect(out).toContain(`  oisp-collector${name === '' ? '' : ` ${name}`}`);
    const command = COMMANDS.find((one) => one.name === name);
    for (const flag of Object.keys(command?.flags ?? {})) expect(out).toContain(`--${flag}`);
  },
);

test.each(['-v', '--version'])('%s prints the version', async (flag) => {
  expect(await runProgram([flag])).toMatchObject({ code: 0, out: 'oisp-collector version 0.1.0\n' });
});

test('demo shows the recorded session as trees and says where it wrote the spans', async () => {
  const spans = join(folder, 'demo.jsonl');
  const printed = await captured(() => runProgram(['demo', '--output', spans], { cwd: folder }));
  const { code, out, err } = printed.ran;
  expect([code, err]).toEqual([0, '']);
  expect(printed.text).toContain('invoke_agent');
  expect(printed.text).toContain('process.exec');
  expect(out).toContain(spans);
  const lines = readFileSync(spans, 'utf8').trim().split('\n');
  const all = lines.flatMap((line) => JSON.parse(line).resourceSpans);
  expect(all.length).toBeGreaterThan(0);
});

test('replay shows the trees of any recording, and gives the same ones at any speed', async () => {
  const recording = join(import.meta.dirname, '../../configs/demo/session.jsonl.gz');
  const fast = await captured(() => runProgram(['replay', recording]));
  const paced = await captured(() => runProgram(['replay', '--speed', '1000', recording]));
  expect([fast.ran.code, fast.ran.err]).toEqual([0, '']);
  expect(fast.text).toContain('invoke_agent');
  expect(paced.text).toBe(fast.text);
});

/** What is printed on this process's standard output meanwhile: that is where the debug exporter prints. */
async function captured(run: () => Promise<Ran>): Promise<{ readonly ran: Ran; readonly text: string }> {
  let text = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk, encoding, done) => {
    text += String(chunk);
    const callback = typeof encoding === 'function' ? encoding : done;
    callback?.(null);
    return true;
  });
  try {
    return { ran: await run(), text };
  } finally {
    spy.mockRestore();
  }
}
