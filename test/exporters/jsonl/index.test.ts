import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Batch,
  type ConfigProblem,
  type Context,
  DETAILS_EVENT,
  type Exporter,
  type OispEvent,
  type PipelineKind,
  type Signal,
} from '../../../core/index.ts';
import { jsonlExporter } from '../../../exporters/jsonl/index.ts';
import { HOST, type Rig, receipts, rigOf, settle } from '../../core/export/rig.ts';
import { decodeJson, recordsOf } from '../../core/otel/decode.ts';
import { spanOf } from '../../core/otel/spans.ts';
import { skipsWhere } from '../../require.ts';

let folder = '';
let path = '';
const running: Exporter[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'oisp-jsonl-'));
  path = join(folder, 'out.jsonl');
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.shutdown(never);
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const rotation = { max_megabytes: 0, daily: false, max_days: 0, max_backups: 100, localtime: false };
interface Config {
  readonly path: string;
  readonly format: string;
  readonly append: boolean;
  readonly flush_interval: number;
  readonly create_directory: boolean;
  readonly rotation: typeof rotation;
  readonly events?: string;
}
/** The definition's own type is that of any config: too deep for the compiler to compare with this one. */
const { create, takes, check } = jsonlExporter as unknown as {
  create(context: Context, config: Config): Exporter;
  takes(pipeline: PipelineKind, config: Config): readonly Signal[];
  check(config: Config): ConfigProblem[];
};
const configOf = (more: Partial<Config> = {}): Config => ({
  path,
  format: 'oisp',
  append: true,
  flush_interval: 1000,
  create_directory: true,
  rotation,
  ...more,
});

async function started(
  more: Partial<Config> = {},
  context: Partial<Context> = {},
): Promise<Rig & { exporter: Exporter }> {
  const rig = rigOf({ id: 'jsonl', pipeline: 'logs', ...context });
  const exporter = create(rig.context, configOf(more));
  await exporter.start(HOST);
  running.push(exporter);
  return { ...rig, exporter };
}

function eventOf(n: number, more: Partial<OispEvent> = {}): OispEvent {
  return {
    oisp_version: '0.1',
    event_id: `id-${n}`,
    event_type: 'file.write',
    ts: '2026-01-01T00:00:00.000000001Z',
    source: { collector: 'test' },
    confidence: { level: 'high', completeness: 'full' },
    data: { path: `/src/${n}` },
    ...more,
  };
}
test('a file of OISP events holds none that is none of OISP; a file of log records does', async () => {
  const details = eventOf(2, {
    event_type: DETAILS_EVENT,
    data: { success: true, attributes: [{ key: 'a', type: 'any', value: { b: 1 } }], resource: { attributes: [] } },
  });
  const oisp = await started();
  await oisp.exporter.consume(events(eventOf(1), details));
  await oisp.exporter.consume(events(details));
  await oisp.exporter.shutdown(never);
  expect(linesOf().map((e) => e.event_type)).toEqual(['file.write']);
  const logs = join(folder, 'logs.jsonl');
  const otlp = await started({ path: logs, format: 'otlp_json' });
  await otlp.exporter.consume(events(details));
  await otlp.exporter.shutdown(never);
  const [record] = recordsOf(decodeJson(readFileSync(logs)));
  expect(record).toMatchObject({
    eventName: DETAILS_EVENT,
    attributes: [{ key: 'a', value: { kvlistValue: { values: [{ key: 'b', value: { intValue: '1' } }] } } }],
  });
});

const events = (...all: OispEvent[]): Batch => ({ signal: 'events', events: all });
const linesOf = (file = path): OispEvent[] =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('format oisp', () => {
  test('writes one event a line as it is, without match keys', async () => {
    const { exporter, count } = await started();
    const attrs = { 'oisp.match': { lines: ['KEY'] }, kept: 1 };
    await exporter.consume(events(eventOf(1, { attrs }), eventOf(2, { attrs: { 'oisp.match': {} } }), eventOf(3)));
    await exporter.shutdown(never);
    expect(linesOf()).toEqual([eventOf(1, { attrs: { kept: 1 } }), eventOf(2), eventOf(3)]);
    expect(readFileSync(path, 'utf8')).not.toContain('KEY');
    expect(count('otelcol_exporter_sent_log_records')).toBe(3);
  });

  test('writes bytes as base64, never raw', async () => {
    const { exporter } = await started();
    const bytes = new Uint8Array(Buffer.from('xSECRETx')).subarray(1, 7);
    await exporter.consume(events(eventOf(1, { event_type: 'capture.data', data: { conn: 'c', bytes } })));
    await exporter.shutdown(never);
    expect(linesOf()[0]?.data).toEqual({ conn: 'c', b64: Buffer.from('SECRET').toString('base64') });
  });

  test('drops and counts an event that has no JSON form, says it once, and keeps the others', async () => {
    const { exporter, count, lines } = await started();
    const bad = eventOf(1, { data: { n: 1n } });
    await exporter.consume(events(bad, eventOf(2), bad));
    await exporter.shutdown(never);
    expect(linesOf().map((event) => event.event_id)).toEqual(['id-2']);
    expect([count('otelcol_exporter_send_failed_log_records'), lines.length]).toEqual([2, 1]);
  });

  test.each([
    { choice: 'none', want: [] },
    { choice: 'late', want: ['id-2'] },
    { choice: 'effects', want: ['id-1', 'id-2'] },
    { choice: 'all', want: ['id-1', 'id-2', 'id-3'] },
  ])('events: $choice writes $want', async ({ choice, want }) => {
    const { exporter } = await started({ events: choice });
    const late = eventOf(2, { event_type: 'ai.request', attrs: { 'oisp.late': true } });
    await exporter.consume(events(eventOf(1), late, eventOf(3, { event_type: 'ai.request' })));
    await exporter.shutdown(never);
    expect(linesOf().map((event) => event.event_id)).toEqual(want);
  });
});

test('format otlp_json writes one request a line for each batch', async () => {
  const { exporter, count } = await started({ format: 'otlp_json', events: 'all' }, { pipeline: 'traces' });
  await exporter.consume({ signal: 'spans', spans: [spanOf(1), spanOf(2)] });
  await exporter.consume({ signal: 'spans', spans: [spanOf(3)] });
  await exporter.consume(events(eventOf(1)));
  await exporter.shutdown(never);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  const records = lines.map((line) => recordsOf(decodeJson(Buffer.from(line))));
  expect(records.map((all) => all.map((one) => one['spanId'] ?? one['eventName']))).toEqual([
    ['0000000000000002', '0000000000000003'],
    ['0000000000000004'],
    ['file.write'],
  ]);
  expect([count('otelcol_exporter_sent_spans'), count('otelcol_exporter_sent_log_records')]).toEqual([3, 1]);
});

test.each([
  { pipeline: 'traces' as const, format: 'oisp', want: ['events'] },
  { pipeline: 'logs' as const, format: 'oisp', want: ['events'] },
  { pipeline: 'traces' as const, format: 'otlp_json', want: ['spans'] },
  { pipeline: 'logs' as const, format: 'otlp_json', want: ['events'] },
  { pipeline: 'traces' as const, format: 'otlp_json', events: 'late', want: ['spans', 'events'] },
  { pipeline: 'metrics' as const, format: 'oisp', want: [] },
])('in $pipeline with $format it takes $want', ({ pipeline, want, ...more }) => {
  expect(takes(pipeline, configOf(more))).toEqual(want);
});

describe('the file', () => {
  test('is only for its owner, in a folder that is made', async () => {
    const deep = join(folder, 'a', 'b', 'out.jsonl');
    const { exporter } = await started({ path: deep });
    await exporter.consume(events(eventOf(1)));
    await exporter.shutdown(never);
    expect([statSync(deep).mode & 0o777, statSync(join(folder, 'a', 'b')).mode & 0o777]).toEqual([0o600, 0o700]);
  });

  test('is continued with append and emptied without', async () => {
    writeFileSync(path, `${JSON.stringify(eventOf(1))}\n`);
    await started().then((s) => s.exporter.consume(events(eventOf(2))).then(() => s.exporter.shutdown(never)));
    expect(linesOf().map((event) => event.event_id)).toEqual(['id-1', 'id-2']);
    await started({ append: false }).then((s) =>
      s.exporter.consume(events(eventOf(3))).then(() => s.exporter.shutdown(never)),
    );
    expect(linesOf().map((event) => event.event_id)).toEqual(['id-3']);
  });

  test('that ends in half a line gets a line feed first, so that the next line is whole', async () => {
    writeFileSync(path, '{"half":');
    const { exporter } = await started();
    await exporter.consume(events(eventOf(1)));
    await exporter.shutdown(never);
    expect(readFileSync(path, 'utf8')).toBe(`{"half":\n${JSON.stringify(eventOf(1))}\n`);
  });

  test('of one exporter in two pipelines is one file, closed by the last', async () => {
    const traces = await started({}, { pipeline: 'traces' });
    const logs = await started({}, { pipeline: 'logs' });
    await traces.exporter.consume(events(eventOf(1)));
    await traces.exporter.shutdown(never);
    await logs.exporter.consume(events(eventOf(2)));
    await logs.exporter.shutdown(never);
    expect(linesOf().map((event) => event.event_id)).toEqual(['id-1', 'id-2']);
  });

  test('of another exporter is refused at start', async () => {
    await started();
    await expect(started({}, { id: 'jsonl/b' })).rejects.toThrow('is already written by jsonl');
  });
});

describe('flushing', () => {
  test('happens after the interval, and releases the receipts', async () => {
    const { exporter, clock } = await started();
    const book = receipts();
    const receipt = book.open(1);
    await exporter.consume({ signal: 'events', events: [eventOf(1)], receipts: [receipt] });
    receipt.release();
    expect([book.lowWater, readFileSync(path, 'utf8')]).toEqual([0, '']);
    await clock.advance(1000);
    while (book.lowWater === 0) await settle();
    expect(linesOf()).toHaveLength(1);
  });

  test('happens at shutdown, before the receipts are released', async () => {
    const { exporter } = await started();
    const book = receipts();
    const receipt = book.open(1);
    let atRelease = '';
    const watched = {
      ...receipt,
      release: () => {
        atRelease = readFileSync(path, 'utf8');
        receipt.release();
      },
    };
    await exporter.consume({ signal: 'events', events: [eventOf(1)], receipts: [watched] });
    await exporter.shutdown(never);
    expect(atRelease).toBe(`${JSON.stringify(eventOf(1))}\n`);
  });

  test('does not wait for the interval when much has come', async () => {
    const { exporter } = await started();
    await exporter.consume(events(eventOf(1, { data: { text: 'x'.repeat(2 * 1024 * 1024) } })));
    expect(linesOf()).toHaveLength(1);
  });
});

test('a batch after shutdown is refused with a retryable error and counted', async () => {
  const { exporter, count } = await started();
  await exporter.shutdown(never);
  await expect(exporter.consume(events(eventOf(1), eventOf(2)))).rejects.toMatchObject({ code: 'EXPORT_SHUTDOWN' });
  expect(count('otelcol_exporter_enqueue_failed_log_records')).toBe(2);
});

describe('rotation', () => {
  const big = (n: number): OispEvent => eventOf(n, { data: { text: 'x'.repeat(700 * 1024) } });
  const backups = (): string[] =>
    readdirSync(folder)
      .filter((name) => name !== 'out.jsonl')
      .sort();

  test('by size puts the file aside under a name with the time, and no line is lost', async () => {
    const { exporter } = await started({ rotation: { ...rotation, max_megabytes: 1 } });
    for (const n of [1, 2, 3]) await exporter.consume(events(big(n)));
    await exporter.shutdown(never);
    expect(backups()[0]).toMatch(/^out-2023-11-14T22-13-20\.000\.jsonl$/);
    const all = [...backups().map((name) => join(folder, name)), path].flatMap((file) => linesOf(file));
    expect(all.map((event) => event.event_id)).toEqual(['id-1', 'id-2', 'id-3']);
  });

  test('keeps so many old files, the newest', async () => {
    const { exporter, clock } = await started({ rotation: { ...rotation, max_megabytes: 1, max_backups: 2 } });
    for (const n of [1, 2, 3, 4, 5]) {
      await exporter.consume(events(big(n), big(n)));
      await clock.advance(1);
    }
    await exporter.shutdown(never);
    expect(backups().map((name) => linesOf(join(folder, name))[0]?.event_id)).toEqual(['id-3', 'id-4']);
  });

  test('daily begins a new file when the day has changed, and old days go', async () => {
    const { exporter, clock } = await started({ rotation: { ...rotation, daily: true, max_days: 2 } });
    for (const n of [1, 2, 3, 4]) {
      await exporter.consume(events(big(n), big(n)));
      await clock.advance(86_400_000);
    }
    await exporter.consume(events(big(5), big(5)));
    await exporter.shutdown(never);
    expect(linesOf()[0]?.event_id).toBe('id-5');
    expect(backups().map((name) => linesOf(join(folder, name))[0]?.event_id)).toEqual(['id-2', 'id-3', 'id-4']);
  });
});

// A device on which every write fails with ENOSPC: a full disk without filling one.
describe.skipIf(skipsWhere(process.platform !== 'linux', 'a full disk needs /dev/full of Linux'))('a full disk', () => {
  test('keeps what was taken, refuses the next batch with a retryable error, and counts what shutdown loses', async () => {
    const { exporter, clock, count, lines } = await started({ path: '/dev/full' });
    const book = receipts();
    const receipt = book.open(1);
    await exporter.consume({ signal: 'events', events: [eventOf(1)], receipts: [receipt] });
    receipt.release();
    await clock.advance(1000);
    while (count('oisp_exporter_write_errors') === 0) await settle();
    await expect(exporter.consume(events(eventOf(2), eventOf(3)))).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'JSONL_WRITE',
    });
    expect(count('otelcol_exporter_enqueue_failed_log_records')).toBe(2);
    expect(clock.pending).toEqual([1000]); // what was taken is tried again without a further batch
    await exporter.shutdown(never);
    expect([
      count('oisp_exporter_lost_log_records'),
      count('otelcol_exporter_sent_log_records'),
      book.lowWater,
    ]).toEqual([1, 0, 0]);
    expect(lines.map((line) => line.level)).toEqual(['warn', 'error']);
  });
});

test('a path that is a folder, a missing folder and no interval are problems of the config', () => {
  const at = (more: Partial<Config>): string[] => check(configOf(more)).map((problem) => problem.path.join('.'));
  expect(at({ path: folder })).toEqual(['path']);
  expect(at({ path: join(folder, 'no', 'x'), create_directory: false })).toEqual(['path']);
  expect(at({ flush_interval: 0 })).toEqual(['flush_interval']);
  expect(at({})).toEqual([]);
});
