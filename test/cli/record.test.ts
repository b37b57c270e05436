import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { refuseReadable } from '../../cli/output-file.ts';
import { loadWithFake } from './fake-ebpf.ts';
import { runProgram } from './io.ts';
import { RECORDING } from './spawned.ts';

vi.mock(import('../../cli/registry.ts'), async (original) => {
  const { loadRegistry } = await original();
  return { loadRegistry: () => loadWithFake(loadRegistry) };
});

const folder = mkdtempSync(join(tmpdir(), 'oisp-record-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Flags that put a recording in place of live capture. */
const SOURCE = ['--set', `receivers.jsonl.path=${RECORDING}`, '--set', 'service.pipelines.logs.receivers=[jsonl]'];

function eventsIn(path: string): { readonly event_type: string; readonly data: object }[] {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return lines.map((line) => JSON.parse(line) as { event_type: string; data: object });
}

/** The spans of a recording as OTLP/JSON. */
async function spansOf(recording: string): Promise<unknown[]> {
  const spans = join(mkdtempSync(join(folder, 'spans-')), 'spans.jsonl');
  const { code, err } = await runProgram(
    [
      ...['--config', join(import.meta.dirname, '../../configs/demo.yaml')],
      ...['--set', 'service.pipelines.traces.exporters=[jsonl]'],
      // hashes of content differ from run to run
      ...['--set', 'processors.redact.mode=full', '--set', 'service.telemetry.logs.level=warn'],
    ],
    { env: { OISP_IN: recording, OISP_SPANS: spans } },
  );
  expect([code, err]).toEqual([0, '']);
  return readFileSync(spans, 'utf8')
    .trim()
    .split('\n')
    .flatMap((line): unknown[] => JSON.parse(line).resourceSpans);
}

test('a recording holds decoded events without content and secrets', async () => {
  const file = join(folder, 'events.jsonl');
  const { code, err } = await runProgram(['record', '-o', file, ...SOURCE]);
  expect(code).toBe(0);
  const events = eventsIn(file);
  expect(err).toBe(`Events written to ${file}: ${events.length}\n`);
  const types = new Set(events.map(({ event_type }) => event_type));
  expect([...types]).toEqual(expect.arrayContaining(['ai.request', 'ai.response', 'agent.tool_call', 'process.exec']));
  expect([...types].filter((type) => type.startsWith('capture.'))).toEqual([]);
  expect(readFileSync(file, 'utf8')).toContain('"redaction_profile":"safe"');
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('a recording replaces what was in the file', async () => {
  const file = join(folder, 'again.jsonl');
  await runProgram(['record', '-o', file, ...SOURCE]);
  const first = eventsIn(file).length;
  await runProgram(['record', '-o', file, ...SOURCE]);
  expect(eventsIn(file)).toHaveLength(first);
});

test('a raw recording never goes where a link leads, nor into the file of somebody else', async () => {
  const target = join(folder, 'target.jsonl');
  writeFileSync(target, 'mine', { mode: 0o600 });
  const link = join(folder, 'link.jsonl');
  symlinkSync(target, link);
  expect((await runProgram(['record', '--raw', '-o', link, ...SOURCE])).code).toBe(1);
  expect(readFileSync(target, 'utf8')).toBe('mine');
  expect(() => refuseReadable(target, folder, [(process.geteuid?.() ?? 0) + 1])).toThrow('others may use it');
  expect(() => refuseReadable(target, folder, [process.geteuid?.() ?? 0])).not.toThrow();
});

test('a raw recording gives the same spans as what was recorded', async () => {
  const file = join(folder, 'raw.jsonl');
  const { code, err } = await runProgram(['record', '--raw', '-o', file, ...SOURCE]);
  expect(code).toBe(0);
  expect(err).toBe(
    `${file} will hold prompts, answers and keys: it is for nobody else to read\nEvents written to ${file}: 430\n`,
  );
  const data = eventsIn(file).filter(({ event_type }) => event_type === 'capture.data');
  expect(data.length).toBeGreaterThan(100);
  for (const one of data) expect(one.data).toHaveProperty('b64');
  expect(await spansOf(file)).toEqual(await spansOf(RECORDING));
});

test('a raw recording is for its owner alone, and never goes into a file that others may use', async () => {
  const file = join(folder, 'private.jsonl');
  await runProgram(['record', '--raw', '-o', file, ...SOURCE]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  chmodSync(file, 0o640);
  writeFileSync(file, 'mine');
  const { code, err } = await runProgram(['record', '--raw', '-o', file, ...SOURCE]);
  expect([code, readFileSync(file, 'utf8')]).toEqual([1, 'mine']);
  expect(err).toContain(`--output ${file}: others may use it, and a raw recording holds secrets; chmod 600`);
});

test('the leave to write secrets is no component of a config', async () => {
  const { code, err } = await runProgram([
    'record',
    '-o',
    join(folder, 'x.jsonl'),
    '--set',
    'processors.keep_secrets={}',
    '--set',
    'service.pipelines.logs.processors=[keep_secrets]',
  ]);
  expect(code).toBe(1);
  expect(err).toContain('unknown type: "keep_secrets"');
});

test.each([
  { argv: ['record'], want: 'oisp-collector record needs -o FILE' },
  { argv: ['record', '-o', '-'], want: 'record writes a file, not standard output' },
  { argv: ['record', '-o', 'x.jsonl.gz'], want: 'record writes plain lines' },
  { argv: ['record', '-o', 'x', '--raw', '--config', 'y'], want: '--raw and --config exclude one another' },
  {
    argv: ['record', '-o', 'x', '-p', '0'],
    want: 'invalid argument "0" for "--pid" flag: write the number of a process',
  },
])('$argv is a usage error', async ({ argv, want }) => {
  const { code, err } = await runProgram(argv);
  expect(code).toBe(2);
  expect(err).toContain(want);
});
