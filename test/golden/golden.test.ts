import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { checkEvent, type OispEvent, type SpanRecord } from '../../core/index.ts';
import { filesOf } from './files.ts';
import { KNOWN_WRONG } from './known-wrong.ts';
import { edges, run, type Stage } from './run.ts';
import { stories } from './stories/index.ts';
import { isModelCall, treeText, value } from './tree.ts';

const names = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && existsSync(join(import.meta.dirname, entry.name, 'events.jsonl')))
  .map((entry) => entry.name)
  .sort();

const fileOf = (name: string, file: string): string => join(import.meta.dirname, name, file);

function eventsOf(name: string): OispEvent[] {
  const lines = readFileSync(fileOf(name, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => {
    const checked = checkEvent(JSON.parse(line));
    if (!('event' in checked)) throw new Error(`${name}: ${JSON.stringify(checked)}`);
    return checked.event;
  });
}

function configOf(name: string): object {
  const file = fileOf(name, 'config.yaml');
  return existsSync(file) ? (parse(readFileSync(file, 'utf8')) as object) : {};
}

const told = (name: string, stages: readonly Stage[] = ['correlate'], events = eventsOf(name)) =>
  run(events, stages, configOf(name));

test.each(names)('%s: the trees are those of tree.txt', async (name) => {
  const { spans, events } = await told(name);
  const text = treeText(spans, events);
  const file = fileOf(name, 'tree.txt');
  if (process.env['UPDATE_GOLDEN'] === '1' && !KNOWN_WRONG.has(name)) writeFileSync(file, text);
  const want = readFileSync(file, 'utf8');
  if (KNOWN_WRONG.has(name)) expect(text).not.toBe(want);
  else expect(text).toBe(want);
});

test('the files of each session are those that its story tells', () => {
  expect(stories.map(({ name }) => name).sort()).toEqual(names);
  for (const story of stories)
    for (const [file, text] of filesOf(story)) expect(readFileSync(fileOf(story.name, file), 'utf8')).toBe(text);
});

test.each(names)('%s: each trace is sound, and every event is handed on', async (name) => {
  const events = eventsOf(name);
  const { spans, events: handedOn } = await told(name, ['correlate'], events);
  expect(sorted(handedOn.map(({ event_id }) => event_id))).toEqual(sorted(events.map(({ event_id }) => event_id)));
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  const traces = new Map<string, SpanRecord[]>();
  for (const span of spans) traces.set(span.traceId, [...(traces.get(span.traceId) ?? []), span]);
  const faults = [...traces.values()].flatMap(faultsOf);
  for (const { event_type, trace_context: at } of handedOn) {
    const isThere = at === undefined || traces.get(at.trace_id)?.some(({ spanId }) => spanId === at.span_id);
    if (!isThere) faults.push(`${event_type} has the ids of no span`);
  }
  expect(faults).toEqual(KNOWN_WRONG.get(name)?.faults ?? []);
});

/** What is wrong with a trace: one root, all spans below it and inside its time, no link to a parent, sums that are sums. */
function faultsOf(trace: readonly SpanRecord[]): string[] {
  const faults: string[] = [];
  const roots = trace.filter((span) => span.parentSpanId === undefined);
  const [root] = roots;
  if (root === undefined || roots.length !== 1) return [`${roots.length} roots`];
  const ids = new Set(trace.map((span) => span.spanId));
  for (const span of trace) {
    if (span.parentSpanId !== undefined && !ids.has(span.parentSpanId)) faults.push(`${span.name} is an orphan`);
    if (span.start < root.start || span.end > root.end) faults.push(`${span.name} is outside its root`);
    if (span.end <= span.start) faults.push(`${span.name} lasts no time`);
    if (span.links?.some(({ spanId }) => spanId === span.parentSpanId)) faults.push(`${span.name} links to its parent`);
  }
  if (isModelCall(root)) return faults;
  for (const key of ['gen_ai.usage.input_tokens', 'gen_ai.usage.output_tokens', 'oisp.cost.total_usd']) {
    const sum = trace.filter(isModelCall).reduce((n, span) => n + Number(value(span, key) ?? 0), 0);
    if (Math.abs(sum - Number(value(root, key) ?? 0)) > 1e-9) faults.push(`${key} of the root is not the sum`);
  }
  return faults;
}

describe('the trees are the same', () => {
  test.each(names)('%s: in any order of arrival within the window', async (name) => {
    const events = eventsOf(name);
    const want = await told(name, ['correlate'], events);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(1900), { minLength: events.length, maxLength: events.length }),
        async (delays) => {
          const arrivals = events.map((event, i) => ({ event, at: Number(event.ts_mono) / 1e6 + (delays[i] ?? 0) }));
          arrivals.sort((a, b) => a.at - b.at);
          const got = await told(
            name,
            ['correlate'],
            arrivals.map(({ event }) => event),
          );
          expect(edges(got.spans)).toEqual(edges(want.spans));
          expect(treeText(got.spans, [])).toBe(treeText(want.spans, []));
        },
      ),
      { numRuns: 8 },
    );
  });

  const modes = ['full', 'safe'] as const;
  const pipelines = modes.flatMap((mode): (readonly Stage[])[] => [
    [{ redact: mode }, 'correlate'],
    ['correlate', { redact: mode }],
  ]);
  test.each(names)('%s: with content and without, redacted before and after', async (name) => {
    const want = edges((await told(name)).spans);
    for (const stages of pipelines) expect(edges((await told(name, stages)).spans)).toEqual(want);
  });
});

function sorted(list: readonly string[]): string[] {
  return [...list].sort((a, b) => (a < b ? -1 : 1));
}
