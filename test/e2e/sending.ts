import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { collector } from './program.ts';
import { endingAt } from './sessions.ts';
import { type Span, spansOfOtlp } from './tree.ts';

/** What was sent, as the jsonl exporter wrote it beside the otlp_http exporter. */
export interface Sent {
  /** `ExportTraceServiceRequest`s as OTLP/JSON. */
  readonly requests: readonly unknown[];
  readonly spans: readonly Span[];
}

/** Runs the built program with one of its configs over sessions that end now, and keeps what it sends. */
export class Sender {
  readonly #config: string;
  readonly #otlp: string;
  readonly #dir = mkdtempSync(join(tmpdir(), 'oisp-sending-'));
  #runs = 0;

  constructor(config: string, otlp: string) {
    this.#config = config;
    this.#otlp = otlp;
  }

  /** `session`: JSON lines; `settings`: as for `--set`. */
  async send(session: string, ...settings: readonly string[]): Promise<Sent> {
    const run = this.#runs++;
    const path = join(this.#dir, `in-${run}.jsonl`);
    const spans = join(this.#dir, `spans-${run}.jsonl`);
    writeFileSync(path, endingAt(session, BigInt(Date.now()) * 1_000_000n));
    const all = [
      `receivers.jsonl.include=[${path}]`,
      `exporters.otlp_http.endpoint=${this.#otlp}`,
      `exporters.jsonl={path: ${spans}, format: otlp_json, append: false}`,
      'service.pipelines.traces.exporters=[otlp_http, jsonl]',
      'processors.redact.mode=full',
      ...settings,
    ];
    const ended = await collector('--config', this.#config, ...all.flatMap((setting) => ['--set', setting]));
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    const requests = readFileSync(spans, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    return { requests, spans: requests.flatMap(spansOfOtlp) };
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true });
  }
}

export function tracesOf(spans: readonly Span[]): Map<string, Span[]> {
  const traces = new Map<string, Span[]>();
  for (const span of spans) {
    const of = traces.get(span.traceId);
    if (of) of.push(span);
    else traces.set(span.traceId, [span]);
  }
  return traces;
}
