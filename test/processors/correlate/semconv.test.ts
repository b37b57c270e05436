import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { DETAILS_EVENT, type OispEvent, SCHEMA_URL, type Semconv, type SpanRecord } from '../../../core/index.ts';
import { type Ran, recordedLines, repo, throughLines } from '../../pipeline/lab.ts';
import { correlate } from './story.ts';

/**
 * All names of the conventions up to 1.45 by the package that OpenTelemetry generates from them: gen_ai is there as it was in 1.41.
 * Its files are read, not imported: they are large, and a test needs the names alone.
 */
const DIST = join(repo, 'node_modules/@opentelemetry/semantic-conventions/dist');
const files = ['stable_attributes.cjs', 'experimental_attributes.cjs'].map((name) => join(DIST, name));
const known = new Set(
  files
    .flatMap((file) =>
      existsSync(file) ? [...readFileSync(file, 'utf8').matchAll(/"([a-z][\w]*(?:\.[\w]+)+)"/g)] : [],
    )
    .map((m) => m[1]),
);

/** New in open-telemetry/semantic-conventions-genai, as far as we use it (docs/gen-ai/client-inference.md, migration.md, 2026-11). */
const NEW = ['gen_ai.usage.cache_write.input_tokens', 'gen_ai.request.previous_response.id', 'gen_ai.retrieval.top_k'];
/** No longer there, on any span or on those of an agent of the same process. */
const GONE = ['gen_ai.usage.cache_creation.input_tokens', 'oisp.request.previous_response_id'];
const GONE_ON_AGENTS = [
  ...['gen_ai.provider.name', 'gen_ai.agent.id', 'gen_ai.agent.version'],
  ...['gen_ai.usage.cache_read.input_tokens', 'gen_ai.usage.cache_creation.input_tokens'],
];
/** Ours, and those of a family with free names. */
const OURS = /^(?:oisp\.|k8s\.pod\.label\.)/;

interface Told {
  readonly spans: readonly SpanRecord[];
  readonly details: readonly OispEvent[];
}

let decoded: Ran;
const told = new Map<Semconv, Told>();

beforeAll(async () => {
  decoded = await throughLines(recordedLines());
  const events = decoded.events.map(({ trace_context: _, related_events: __, ...event }) => event);
  for (const semconv of ['1.41', 'genai-next', 'dup'] as const) {
    const out = await correlate(events, { semconv, content: { mode: 'both' } }, 500);
    told.set(semconv, { spans: out.spans, details: out.events.filter((e) => e.event_type === DETAILS_EVENT) });
  }
});

const listsOf = ({ spans, details }: Told) => [
  ...spans.map(({ name, attributes }) => ({ name, attributes })),
  ...details.map((e) => ({ name: 'details', attributes: (e.data as SpanRecord).attributes })),
];

test('the list of names is there', () => {
  expect(known.size).toBeGreaterThan(400);
  expect(known).toContain('gen_ai.usage.cache_creation.input_tokens');
  expect([...known]).not.toEqual(expect.arrayContaining(NEW));
});

describe.each<[Semconv, readonly string[]]>([
  ['1.41', []],
  ['genai-next', NEW],
  ['dup', NEW],
])('every span and log record with semconv %s', (semconv, more) => {
  test('has names of the conventions, or ours', () => {
    const names = new Set(listsOf(told.get(semconv) as Told).flatMap((l) => l.attributes.map((a) => a.key)));
    const odd = [...names].filter((name) => !known.has(name) && !more.includes(name) && !OURS.test(name));
    expect(odd).toEqual([]);
    expect([...names].filter((name) => name.startsWith('gen_ai.')).length).toBeGreaterThan(20);
  });

  test('has what is renamed and what is removed as that version says', () => {
    const lists = listsOf(told.get(semconv) as Told);
    const has = (key: string, on = '') =>
      lists.some((l) => l.name.startsWith(on) && l.attributes.some((a) => a.key === key));
    const isOld = semconv !== 'genai-next';
    for (const key of GONE.slice(0, 1)) expect(has(key, 'chat')).toBe(isOld);
    for (const key of GONE_ON_AGENTS.filter((k) => !k.includes('agent.'))) expect(has(key, 'invoke_agent')).toBe(isOld);
    expect(has(NEW[0] ?? '', 'chat')).toBe(semconv !== '1.41');
    expect(has(NEW[0] ?? '', 'details')).toBe(semconv !== '1.41');
    expect(
      lists.every(
        (l) =>
          !l.name.startsWith('invoke_agent') || l.attributes.every((a) => isOld || !GONE_ON_AGENTS.includes(a.key)),
      ),
    ).toBe(true);
    for (const { attributes } of lists) expect(new Set(attributes.map((a) => a.key)).size).toBe(attributes.length);
  });

  test('has messages in the form of that version, and its schema', () => {
    const { spans } = told.get(semconv) as Told;
    const outputs = spans.flatMap((s) => s.attributes.filter((a) => a.key === 'gen_ai.output.messages'));
    expect(outputs.length).toBeGreaterThan(5);
    for (const { value } of outputs) expect(String(value).includes('"finish_reason"')).toBe(semconv !== 'genai-next');
    const instructions = spans.flatMap((s) => s.attributes.filter((a) => a.key === 'gen_ai.system_instructions'));
    for (const { value } of instructions) {
      const types = (JSON.parse(String(value)) as { type: string }[]).map((p) => p.type);
      if (semconv === 'genai-next') expect(new Set(types)).toEqual(new Set(['text']));
    }
    const url = semconv === 'genai-next' ? 'https://opentelemetry.io/schemas/gen-ai/1.42.0' : SCHEMA_URL;
    expect(new Set(spans.map((s) => s.resource.schemaUrl ?? SCHEMA_URL))).toEqual(new Set([url]));
  });
});

test('the trees and ids are the same with all names', () => {
  const ids = [...told.values()].map(({ spans }) => spans.map((s) => `${s.traceId} ${s.spanId} ${s.parentSpanId}`));
  expect(ids[1]).toEqual(ids[0]);
  expect(ids[2]).toEqual(ids[0]);
  expect(ids[0]?.length).toBeGreaterThan(20);
});
