import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { SpanRecord } from '../../core/index.ts';
import { skipsWithoutData } from '../require.ts';
import { captureBy, onHost, type Ran, recordedLines, sharedTools, throughLines, workFolder } from './lab.ts';

const lines = recordedLines();

/** What every set of trees owes its reader, whatever was lost before: the faults found. */
function faultsOf({ spans, fatals, count }: Ran): string[] {
  const faults = fatals.map((error) => `fatal: ${String(error)}`);
  for (const name of ['oisp_decode_retries', 'oisp_decode_dropped_events', 'oisp_correlate_dropped'])
    if (count(name) > 0) faults.push(`${name} ${count(name)}`);
  const byTrace = new Map<string, Map<string, SpanRecord>>();
  for (const span of spans) {
    const trace = byTrace.get(span.traceId) ?? new Map<string, SpanRecord>();
    byTrace.set(span.traceId, trace);
    if (trace.has(span.spanId)) faults.push(`twice: ${span.name}`);
    trace.set(span.spanId, span);
    if (span.end < span.start) faults.push(`ends before it begins: ${span.name}`);
  }
  for (const trace of byTrace.values()) {
    const roots = [...trace.values()].filter((span) => span.parentSpanId === undefined);
    const [root] = roots;
    if (roots.length !== 1 || root === undefined) {
      faults.push(`${roots.length} roots over ${[...trace.values()].map((s) => s.name).join(', ')}`);
      continue;
    }
    for (const span of trace.values()) {
      if (span === root) continue;
      if (!trace.has(span.parentSpanId ?? '')) faults.push(`orphan: ${span.name}`);
      if (span.start < root.start || span.end > root.end)
        faults.push(`${span.name} leaves its root: ${root.start - span.start} ${span.end - root.end} ns`);
    }
  }
  return faults;
}

describe('the shipped recording with records missing', () => {
  test('whole, it has no fault and its three conversations', async () => {
    const ran = await throughLines(lines);
    expect(faultsOf(ran)).toEqual([]);
    expect(new Set(ran.spans.map((s) => s.traceId)).size).toBeGreaterThan(2);
  });

  test('the faults that are looked for are found', () => {
    const span = (spanId: string, parentSpanId: string | undefined, start: bigint, end: bigint): SpanRecord =>
      ({ traceId: 't', spanId, ...(parentSpanId && { parentSpanId }), name: spanId, start, end }) as SpanRecord;
    const of = (...spans: SpanRecord[]): string[] =>
      faultsOf({ spans, events: [], log: [], fatals: [], count: () => 0 } as unknown as Ran);
    expect(of(span('a', undefined, 0n, 9n), span('b', 'a', 1n, 9n))).toEqual([]);
    expect(of(span('a', 'x', 0n, 9n))).toEqual(['0 roots over a']);
    expect(of(span('a', undefined, 0n, 9n), span('b', 'x', 1n, 2n))).toEqual(['orphan: b']);
    expect(of(span('a', undefined, 5n, 9n), span('b', 'a', 1n, 10n))).toEqual(['b leaves its root: 4 1 ns']);
    expect(of(span('a', undefined, 5n, 4n))).toEqual(['ends before it begins: a']);
  });

  test('any one of them', async () => {
    const faults: string[] = [];
    // several sessions at once, each on a host of its own and with another record missing
    for (let from = 0; from < lines.length; from += 16) {
      const sessions = lines.slice(from, from + 16).map((_, at) => onHost(lines.toSpliced(from + at, 1), at));
      const ran = await throughLines(sessions.flat());
      for (const fault of faultsOf(ran)) faults.push(`without one of the records from ${from}: ${fault}`);
      const traces = new Set(ran.spans.map((span) => span.traceId));
      expect(traces.size).toBeGreaterThanOrEqual(sessions.length * 3);
    }
    expect(faults).toEqual([]);
  });

  test('every tenth of them', async () => {
    const faults: string[] = [];
    for (let first = 0; first < 10; first++) {
      const ran = await throughLines(lines.filter((_, i) => i % 10 !== first));
      for (const fault of faultsOf(ran)) faults.push(`without each tenth from ${first}: ${fault}`);
      expect(ran.spans.length).toBeGreaterThan(0);
    }
    expect(faults).toEqual([]);
  });

  test.each(['process.exit', 'process.fork', 'process.exec', 'capture.open', 'capture.close'])(
    'all of type %s',
    async (type) => {
      const left = lines.filter((line) => (JSON.parse(line) as { event_type: string }).event_type !== type);
      expect(left.length).toBeLessThan(lines.length);
      const ran = await throughLines(left);
      expect(faultsOf(ran)).toEqual([]);
      expect(ran.spans.filter((s) => s.name.startsWith('chat ')).length).toBeGreaterThan(5);
    },
  );

  test.skipIf(skipsWithoutData('../shared/tools', sharedTools))(
    'simulated agents, whole and with every tenth record missing',
    async () => {
      const folder = workFolder();
      const path = await captureBy('simulate-agents.mjs', join(folder.path, 'agents'), '--agents', '40', '--seed', '3');
      const all = readFileSync(path ?? '', 'utf8')
        .trimEnd()
        .split('\n');
      folder.remove();
      const faults = faultsOf(await throughLines(all));
      for (let first = 0; first < 10; first += 3)
        for (const fault of faultsOf(await throughLines(all.filter((_, i) => i % 10 !== first))))
          faults.push(`without each tenth from ${first}: ${fault}`);
      expect(faults).toEqual([]);
    },
  );

  test('the end of it, cut anywhere', async () => {
    const faults: string[] = [];
    for (let end = 1; end < lines.length; end += 13)
      for (const fault of faultsOf(await throughLines(lines.slice(0, end)))) faults.push(`cut at ${end}: ${fault}`);
    expect(faults).toEqual([]);
  });
});
