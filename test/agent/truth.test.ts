import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { idealSpans } from '../e2e/ideal.ts';
import {
  compareLegacy,
  effectOf,
  type LegacySpan,
  operationOf,
  type Span,
  spansOfLegacy,
  spansOfOtlp,
} from '../e2e/tree.ts';
import { compareWithTruth, type Truth } from '../e2e/truth.ts';

// written by the demo agent in this very form
const truth = JSON.parse(
  readFileSync(new URL('../../configs/demo/session.truth.json', import.meta.url), 'utf8'),
) as Truth;

const spans = idealSpans(truth);
const change = (pick: (span: Span) => boolean, make: (span: Span) => Partial<Span>): Span[] => {
  const at = spans.findIndex(pick);
  expect(at).toBeGreaterThanOrEqual(0);
  return spans.map((span, i) => (i === at ? { ...span, ...make(span) } : span));
};
const without = (pick: (span: Span) => boolean): Span[] => {
  const at = spans.findIndex(pick);
  expect(at).toBeGreaterThanOrEqual(0);
  return spans.filter((_, i) => i !== at);
};
const set = (key: string, value: unknown) => (span: Span) => ({ attributes: { ...span.attributes, [key]: value } });
const isTool = (name: string) => (span: Span) => span.attributes['gen_ai.tool.name'] === name;
const isEffect = (type: string) => (span: Span) => effectOf(span) === type;
const answered = (span: Span): boolean => span.attributes['gen_ai.response.id'] !== undefined;
const subAgent = (span: Span): boolean => operationOf(span) === 'invoke_agent' && span.parentId !== undefined;
const rootId = (span: Span): string =>
  spans.find((s) => s.traceId === span.traceId && s.parentId === undefined)?.spanId ?? '';

describe('the comparison with the truth file', () => {
  it('finds nothing in the tree that the truth describes', () => {
    expect(compareWithTruth(truth, spans)).toEqual([]);
    expect(spans.length).toBeGreaterThan(40);
  });

  const damages: readonly (readonly [string, () => Span[]])[] = [
    ['a lost model call', () => without(answered)],
    ['a lost refused call', () => without((s) => s.attributes['http.response.status_code'] === 429)],
    [
      'a refused call without error',
      () =>
        change(
          (s) => s.attributes['http.response.status_code'] === 429,
          () => ({ error: false }),
        ),
    ],
    ['a wrong token count', () => change(answered, set('gen_ai.usage.input_tokens', 1))],
    ['a wrong finish reason', () => change(answered, set('gen_ai.response.finish_reasons', ['length']))],
    ['a wrong model', () => change(answered, set('gen_ai.request.model', 'other'))],
    ['a model call of kind internal', () => change(answered, () => ({ kind: 'internal' }))],
    ['a lost tool', () => without(isTool('web_fetch'))],
    [
      'a tool under another tool',
      () => change(isTool('edit_file'), () => ({ parentId: spans.find(isTool('bash'))?.spanId ?? '' })),
    ],
    [
      'a failed tool shown as good',
      () =>
        change(
          (s) => isTool('bash')(s) && s.error,
          () => ({ error: false }),
        ),
    ],
    ['a tool without its request', () => change(isTool('task'), () => ({ links: [] }))],
    ['a sub-agent beside its tool', () => change(subAgent, (s) => ({ parentId: rootId(s) }))],
    [
      'a side call that is not marked',
      () => change((s) => s.attributes['oisp.side_call'] === true, set('oisp.side_call', false)),
    ],
    ['other arguments of a program', () => change(isEffect('process.exec'), set('process.command_args', ['sh']))],
    ['a lost process', () => without(isEffect('process.exec'))],
    ['a wrong exit code', () => change((s) => s.attributes['process.exit.code'] === 1, set('process.exit.code', 0))],
    ['a lost file read', () => without(isEffect('file.read'))],
    ['a file write of another path', () => change(isEffect('file.write'), set('file.path', '/etc/other'))],
    [
      'a file under the wrong tool',
      () =>
        change(
          (span) => String(span.attributes['file.path']).endsWith('rounding.md'),
          () => ({ parentId: spans.find(isTool('bash'))?.spanId ?? '' }),
        ),
    ],
    ['a connection under the root', () => change(isEffect('network.connect'), (s) => ({ parentId: rootId(s) }))],
    [
      'a lost end of a server',
      () => change((s) => s.attributes['oisp.span.end_reason'] === 'detached', set('oisp.span.end_reason', '')),
    ],
    ['an unexplained effect', () => change(isEffect('file.read'), set('oisp.effect.unexplained', true))],
    ['another service', () => change(isTool('task'), () => ({ service: 'node' }))],
    ['an orphan', () => change(answered, () => ({ parentId: 'ffffffffffffffff' }))],
    ['a span id twice', () => change(answered, () => ({ spanId: spans[0]?.spanId ?? '' }))],
    ['a span outside its root', () => change(answered, () => ({ end: 99n }))],
    ['a wrong sum', () => change((s) => s.parentId === undefined, set('gen_ai.usage.output_tokens', 3))],
    ['a second root', () => change(isTool('bash'), () => ({ parentId: '' }))],
    [
      'a turn that nobody took',
      () => [...spans, { ...spans[0], traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) } as Span],
    ],
    ['two turns in one trace', () => spans.map((s) => ({ ...s, traceId: spans[0]?.traceId ?? '' }))],
  ];
  it.each(damages)('finds %s', (_, damage) => {
    expect(compareWithTruth(truth, damage())).not.toEqual([]);
  });
});

it('finds the loss of any one span, and any span hung under its root instead', () => {
  for (const [i, span] of spans.entries()) {
    expect(compareWithTruth(truth, spans.toSpliced(i, 1)), `without ${span.name}`).not.toEqual([]);
    if (span.parentId === undefined || span.parentId === rootId(span)) continue;
    const moved = spans.with(i, { ...span, parentId: rootId(span) });
    expect(compareWithTruth(truth, moved), `${span.name} moved`).not.toEqual([]);
  }
});

describe('the older API', () => {
  const legacy: LegacySpan[] = spans.map(({ spanId, parentId, name, kind, error, service }) => ({
    spanId,
    ...(parentId !== undefined && { parentId }),
    name,
    kind,
    error,
    service,
    warnings: [],
  }));

  it('agrees when it shows the same tree', () => {
    expect(compareLegacy(spans, legacy)).toEqual([]);
  });

  it('is found to differ by a parent, a lost span, a warning', () => {
    expect(
      compareLegacy(
        spans,
        legacy.map((s, i) => (i === 3 ? { ...s, parentId: 'f' } : s)),
      ),
    ).toHaveLength(1);
    expect(compareLegacy(spans, legacy.slice(1))).not.toEqual([]);
    expect(
      compareLegacy(
        spans,
        legacy.map((s, i) => (i === 3 ? { ...s, warnings: ['clock skew'] } : s)),
      ),
    ).toHaveLength(1);
  });
});

it('reads spans out of both answers', () => {
  const otlp = {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 'svc' } }] },
        scopeSpans: [
          {
            spans: [
              {
                traceId: 'aa',
                spanId: 'b1',
                parentSpanId: 'b0',
                name: 'n',
                kind: 3,
                startTimeUnixNano: '5',
                endTimeUnixNano: '7',
                status: { code: 2 },
                attributes: [
                  { key: 'list', value: { arrayValue: { values: [{ intValue: '4' }] } } },
                  { key: 'on', value: { boolValue: true } },
                ],
                links: [
                  {
                    traceId: 'aa',
                    spanId: 'b2',
                    attributes: [{ key: 'oisp.link.type', value: { stringValue: 'requested_by' } }],
                  },
                ],
              },
            ],
          },
        ],
      },
    ],
  };
  expect(spansOfOtlp(otlp)).toEqual([
    {
      traceId: 'aa',
      spanId: 'b1',
      parentId: 'b0',
      name: 'n',
      kind: 'client',
      error: true,
      service: 'svc',
      start: 5n,
      end: 7n,
      attributes: { list: [4], on: true },
      links: [{ traceId: 'aa', spanId: 'b2', type: 'requested_by' }],
    },
  ]);
  const tags = [
    { key: 'span.kind', value: 'client' },
    { key: 'error', value: true },
  ];
  const references = [
    { refType: 'FOLLOWS_FROM', spanID: 'b2' },
    { refType: 'CHILD_OF', spanID: 'b0' },
  ];
  const span = { spanID: 'b1', operationName: 'n', processID: 'p1', references, tags, warnings: null };
  expect(spansOfLegacy({ data: [{ spans: [span], processes: { p1: { serviceName: 'svc' } } }] })).toEqual([
    { spanId: 'b1', parentId: 'b0', name: 'n', kind: 'client', error: true, service: 'svc', warnings: [] },
  ]);
});
