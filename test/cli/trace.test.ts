import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { traceLine } from '../../cli/trace-line.ts';
import { checkEvent, type OispEvent } from '../../core/index.ts';
import { makeEvent } from '../../core/testing/index.ts';
import { loadWithFake } from './fake-ebpf.ts';
import { runProgram } from './io.ts';
import { RECORDING, Spawned } from './spawned.ts';

vi.mock(import('../../cli/registry.ts'), async (original) => {
  const { loadRegistry } = await original();
  return { loadRegistry: () => loadWithFake(loadRegistry) };
});

const SOURCE = ['--set', `receivers.jsonl.path=${RECORDING}`, '--set', 'service.pipelines.logs.receivers=[jsonl]'];

function event(event_type: string, data: object, name = 'node'): OispEvent {
  return makeEvent(1, { event_type, data, ts: '2026-11-21T10:00:00.250Z', process: { pid: 7, name } });
}

/** A line without the time, which is that of this place. */
function factsOf(of: OispEvent, columns?: number): string {
  return traceLine(of, false, columns).replace(/^\d\d:\d\d:\d\d\.250 {2}/, '');
}

test.each([
  {
    type: 'ai.request',
    data: { model: { id: 'm-1' }, provider: { name: 'p', endpoint: 'api.p' }, messages_count: 3, tools_count: 12 },
    want: 'm-1  3 messages  12 tools  api.p',
  },
  {
    type: 'ai.response',
    data: {
      model: { id: 'm-1' },
      success: true,
      usage: { prompt_tokens: 1874, completion_tokens: 168 },
      finish_reason: 'stop',
      latency_ms: 101,
    },
    want: 'm-1  1,874 → 168 tokens  stop  101 ms',
  },
  {
    type: 'ai.response',
    data: { model: { id: 'm-1' }, success: false, status_code: 529, error: { type: 'overloaded' } },
    want: '✗ 529 overloaded  m-1',
  },
  { type: 'agent.tool_call', data: { tool: { name: 'bash' }, call_id: 'c1' }, want: 'bash  c1' },
  {
    type: 'agent.tool_result',
    data: { tool: { name: 'bash' }, call_id: 'c1', success: false, result_size_bytes: 42 },
    want: '✗ failed  bash  42 bytes  c1',
  },
  { type: 'process.exec', data: { exe: '/bin/sh', args: ['sh', '-c', 'a\nb'] }, want: 'sh -c a\\nb' },
  { type: 'process.exec', data: { exe: '/bin/sh' }, want: '/bin/sh' },
  { type: 'process.exit', data: { exit_code: 1, runtime_ms: 3 }, want: 'exit 1  3 ms' },
  { type: 'process.exit', data: { exit_code: 0, signal: 9, signal_name: 'SIGKILL' }, want: '✗ signal SIGKILL' },
  { type: 'process.fork', data: { child_pid: 8 }, want: 'child 8' },
  { type: 'file.write', data: { path: '/a/b', bytes_written: 1234 }, want: '/a/b  1,234 bytes' },
  { type: 'file.rename', data: { old_path: '/a', new_path: '/b' }, want: '/a → /b' },
  {
    type: 'network.connect',
    data: { dest: { ip: '::1', port: 443 }, success: false, error: 'ECONNREFUSED' },
    want: '✗ ECONNREFUSED  [::1]:443',
  },
  { type: 'network.dns', data: { query_name: 'a.b', answers: [{ value: '1.2.3.4' }] }, want: 'a.b  1.2.3.4' },
  { type: 'some.other', data: { anything: 1 }, want: '' },
])('a line of $type says what matters: $want', ({ type, data, want }) => {
  expect(factsOf(event(type, data))).toBe(`node[7]                 ${type.padEnd(17)}  ${want}`.trimEnd());
});

test('foreign text cannot drive the terminal', () => {
  const line = traceLine(event('file.open', { path: '/\x1b[2J\u202e\r' }, 'a\x1b]0;x\x07'), true, undefined);
  expect(line).toContain('a\\x1b]0;x\\x07[7]');
  expect(line).toContain('/\\x1b[2J\\u202e\\r');
});

test('a line is cut to the terminal', () => {
  for (const columns of [1, 10, 60, 80]) {
    const line = traceLine(event('file.open', { path: 'x'.repeat(200) }), false, columns);
    expect(line.length).toBeLessThanOrEqual(columns);
  }
});

test('events of odd forms have a line as well', () => {
  for (const data of [{}, { model: 7, usage: null, dest: 'x', args: [1, {}], answers: [null], path: {} }]) {
    for (const type of ['ai.request', 'ai.response', 'process.exec', 'network.connect', 'network.dns', 'file.rename']) {
      expect(traceLine(event(type, data), true, 80)).toContain(type);
    }
  }
});

test('trace prints a line for each event of its pipeline', async () => {
  const { code, out, err } = await runProgram(['trace', ...SOURCE]);
  expect([code, err]).toEqual([0, '']);
  const lines = out.trimEnd().split('\n');
  expect(lines.length).toBeGreaterThan(150);
  expect(lines.filter((line) => !/^\d\d:\d\d:\d\d\.\d{3} {2}\S+\[\d+\] +[a-z.]+\.[a-z_]+ {2}/.test(line))).toEqual([]);
  expect(out).toMatch(/ai\.response +claude-opus-4-8 {2}1,874 → 168 tokens {2}tool_calls/);
  expect(out).not.toContain('\x1b');
});

test('trace colours on a terminal alone, and not with NO_COLOR', async () => {
  expect((await runProgram(['trace', ...SOURCE], { columns: 100 })).out).toContain('\x1b[31m');
  expect((await runProgram(['trace', ...SOURCE], { columns: 100, env: { NO_COLOR: '1' } })).out).not.toContain('\x1b');
});

test('trace --json prints events that are redacted', async () => {
  const { code, out } = await runProgram(['trace', '--json', ...SOURCE]);
  expect(code).toBe(0);
  const events = out
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line));
  expect(events.length).toBeGreaterThan(150);
  for (const one of events) expect(checkEvent(one)).toHaveProperty('event');
  expect(out).toContain('"redaction_profile":"safe"');
  expect(out).not.toContain('oisp.match');
});

test('a config in which trace would draw nothing is refused', async () => {
  const { code, err } = await runProgram([
    'trace',
    ...SOURCE,
    '--set',
    'exporters.jsonl.path=/dev/null',
    '--set',
    'service.pipelines.logs.exporters=[jsonl]',
  ]);
  expect(code).toBe(1);
  expect(err).toBe('Error: no pipeline has the exporter "debug", and that is where this command draws\n');
});

test('trace of a live source ends when nobody reads it any more', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'oisp-trace-'));
  try {
    const input = join(folder, 'in.jsonl');
    writeFileSync(input, `${JSON.stringify(makeEvent(1))}\n`);
    const config = `yaml:{receivers: {jsonl: {include: ["${input}"], mode: follow, start_at: beginning}}, processors: {redact: }, exporters: {debug: }, service: {pipelines: {logs: {receivers: [jsonl], processors: [redact], exporters: [debug]}}}}`;
    const program = new Spawned(['trace', '--config', config]);
    await program.prints('process.exec');
    program.child.stdout?.destroy();
    appendFileSync(input, `${JSON.stringify(makeEvent(2))}\n`);
    expect(await program.ended, program.err).toBe(0);
    expect(program.err).toBe('');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s ends trace', async (signal) => {
  const config = `yaml:{receivers: {jsonl: {include: ["${tmpdir()}/*.none.jsonl"], mode: follow}}, processors: {redact: }, exporters: {debug: }, service: {pipelines: {logs: {receivers: [jsonl], processors: [redact], exporters: [debug]}}}}`;
  const program = new Spawned(['trace', '--verbose', '--config', config]);
  await program.says('Everything is ready.');
  program.child.kill(signal);
  expect(await program.ended, program.err).toBe(0);
});
