import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import {
  type Batch,
  BUILD,
  type Consumer,
  type Context,
  createLog,
  createMatcher,
  Meter,
  type OispEvent,
  type SpanRecord,
  systemClock,
} from '../../core/index.ts';
import { configFor } from '../../core/testing/index.ts';
import { correlateProcessor } from '../../processors/correlate/index.ts';
import { decodeProcessor } from '../../processors/decode/index.ts';
import { redactProcessor } from '../../processors/redact/index.ts';
import { jsonlReceiver } from '../../receivers/jsonl/index.ts';

/** The checkout. */
export const repo = join(import.meta.dirname, '../..');
/** Tools and data beside the checkout; tests that need them are skipped where they are not. */
export const shared = join(repo, '../shared');
export const recording = join(repo, 'configs/demo/session.jsonl.gz');

/** The lines of the shipped recording, without comments. */
export function recordedLines(): string[] {
  return gunzipSync(readFileSync(recording)).toString('utf8').split('\n').filter(isRecord);
}

/** The host of the shipped recording. */
const HOST = '5d0e6a7c1f2b4c3d8e9fa0b1c2d3e4f5';

/** Lines of the recording as another host's: nothing that is known of one host is used for another. */
export function onHost(lines: readonly string[], n: number): string[] {
  const id = n.toString(16).padStart(32, '0');
  return lines.map((line) => line.replaceAll(HOST, id));
}

function isRecord(line: string): boolean {
  return line !== '' && !line.startsWith('#');
}

/** A folder of its own. The caller removes it. */
export function workFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'oisp-pipeline-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export type Mode = 'full' | 'safe' | 'minimal';

export interface Settings {
  readonly receiver?: object;
  readonly decode?: object;
  readonly mode?: Mode;
}

/** What came out at the end, and what the components said and counted. */
export interface Ran {
  readonly events: readonly OispEvent[];
  readonly spans: readonly SpanRecord[];
  readonly log: readonly string[];
  readonly fatals: readonly unknown[];
  readonly meter: Meter;
  /** Sum of a counter over its labels. */
  count(name: string): number;
}

/** jsonl, decode, redact and correlate around one another as in `configs/score.yaml`, until the file is read and all are shut down. */
export async function through(
  path: string,
  { receiver = {}, decode: decodeConfig = {}, mode = 'full' }: Settings = {},
): Promise<Ran> {
  const meter = new Meter();
  const log: string[] = [];
  const of = (id: string): Context => ({
    id,
    log: createLog({ level: 'debug', encoding: 'json', write: (line) => log.push(line), now: () => 0 }),
    clock: systemClock,
    meter,
    random: () => 0.5,
    matcher,
    build: BUILD,
  });
  const events: OispEvent[] = [];
  const spans: SpanRecord[] = [];
  const end: Consumer = {
    consume: async (batch: Batch) => {
      if (batch.signal === 'spans') for (const span of batch.spans) spans.push(span);
      else for (const event of batch.events) events.push(event);
    },
  };
  const correlate = correlateProcessor.create(of('correlate'), configFor(correlateProcessor.schema), end);
  const redactConfig = configFor(redactProcessor.schema, { mode, hash_key: 'a key that stays for all runs' });
  const redact = redactProcessor.create(of('redact'), redactConfig, correlate);
  const decode = decodeProcessor.create(of('decode'), configFor(decodeProcessor.schema, decodeConfig), redact);
  const jsonl = jsonlReceiver.create(of('jsonl'), configFor(jsonlReceiver.schema, { path, ...receiver }), decode);

  const fatals: unknown[] = [];
  let finished = (): void => {};
  const isRead = new Promise<void>((resolve) => {
    finished = resolve;
  });
  const host = {
    finished: () => finished(),
    fatal: (error: unknown) => {
      fatals.push(error);
      finished();
    },
  };
  const downstreamFirst = [correlate, redact, decode, jsonl];
  for (const component of downstreamFirst) await component.start(host);
  await isRead;
  for (const component of downstreamFirst.reverse()) await component.shutdown(new AbortController().signal);
  const count = (name: string): number =>
    meter.samples().reduce((sum, sample) => (sample.name === name ? sum + sample.value : sum), 0);
  return { events, spans, log, fatals, meter, count };
}

const matcher = createMatcher(Buffer.alloc(32, 7));

/** The same for lines in memory. */
export async function throughLines(lines: readonly (string | Buffer)[], settings: Settings = {}): Promise<Ran> {
  const { path, remove } = workFolder();
  try {
    const file = join(path, 'in.jsonl');
    const LF = Buffer.from('\n');
    writeFileSync(file, Buffer.concat(lines.flatMap((line) => [Buffer.from(line), LF])));
    return await through(file, settings);
  } finally {
    remove();
  }
}

/** Each span with its place, and every fact that a backend joins on, sorted. */
export function edgesOf(spans: readonly SpanRecord[]): string[] {
  return spans
    .map((span) => {
      const call = span.attributes.find((a) => a.key === 'gen_ai.tool.call.id')?.value ?? '';
      const links = (span.links ?? []).map((link) => link.spanId).join(',');
      return `${span.traceId} ${span.spanId} < ${span.parentSpanId ?? 'root'} ${span.name} ${String(call)} ${links}`;
    })
    .sort();
}

/** Each span whole, sorted: for runs that must not differ in anything. */
export function wholeOf(spans: readonly SpanRecord[]): string[] {
  return spans.map((span) => JSON.stringify(span, (_, v) => (typeof v === 'bigint' ? String(v) : v))).sort();
}

/** A capture made by a tool beside the checkout; undefined where the tool is not there. */
export async function captureBy(tool: string, out: string, ...args: readonly string[]): Promise<string | undefined> {
  const script = join(shared, 'tools', tool);
  if (!existsSync(script)) return undefined;
  await new Promise<void>((resolve, reject) => {
    execFile(process.execPath, [script, '--out', out, ...args], (error) => (error ? reject(error) : resolve()));
  });
  return `${out}.capture.jsonl`;
}

export const sharedTools = existsSync(join(shared, 'tools'));
