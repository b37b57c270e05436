import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  compareLegacy,
  effectOf,
  type LegacySpan,
  operationOf,
  type Span,
  spansOfLegacy,
  spansOfOtlp,
} from '../e2e/tree.ts';
import {
  allCalls,
  type CallFact,
  type Conversation,
  compareWithTruth,
  type ToolFact,
  type Truth,
} from '../e2e/truth.ts';

// written by the demo agent in this very form
const truth = JSON.parse(
  readFileSync(new URL('../../configs/demo/session.truth.json', import.meta.url), 'utf8'),
) as Truth;

/** The tree that the truth file describes, as a backend would give it back. */
class Ideal {
  readonly spans: Span[] = [];
  #trace = '';

  add(parent: Span | undefined, name: string, attributes: Record<string, unknown>, more: Partial<Span> = {}): Span {
    const spanId = (this.spans.length + 1).toString(16).padStart(16, '0');
    if (!parent) this.#trace = `a${spanId}`.padStart(32, '0');
    const span: Span = {
      traceId: this.#trace,
      spanId,
      ...(parent && { parentId: parent.spanId }),
      name,
      kind: 'internal',
      error: false,
      service: truth.agent.name,
      start: parent ? 5n : 1n,
      end: parent ? 6n : 9n,
      attributes,
      links: [],
      ...more,
    };
    this.spans.push(span);
    return span;
  }

  agent(parent: Span | undefined, fact: Conversation, calls: readonly CallFact[]): Span {
    const sum = (key: 'input_tokens' | 'output_tokens'): number => calls.reduce((n, call) => n + (call[key] ?? 0), 0);
    const span = this.add(parent, `invoke_agent ${truth.agent.name}`, {
      'gen_ai.operation.name': 'invoke_agent',
      'gen_ai.usage.input_tokens': sum('input_tokens'),
      'gen_ai.usage.output_tokens': sum('output_tokens'),
    });
    const asked = new Map(
      fact.calls.flatMap((call) => (call.tool_calls ?? []).map((id) => [id, this.chat(span, call)] as const)),
    );
    for (const call of fact.calls) if ((call.tool_calls ?? []).length === 0) this.chat(span, call);
    for (const tool of fact.tools) this.tool(span, tool, asked.get(tool.id));
    return span;
  }

  chat(parent: Span, call: CallFact, side = false): Span {
    const known = this.spans.find((s) => call.id !== undefined && s.attributes['gen_ai.response.id'] === call.id);
    if (known) return known;
    const attributes = {
      'gen_ai.operation.name': 'chat',
      'gen_ai.request.model': call.model,
      'http.response.status_code': call.status,
      ...(call.id !== undefined && {
        'gen_ai.response.id': call.id,
        'gen_ai.usage.input_tokens': call.input_tokens,
        'gen_ai.usage.output_tokens': call.output_tokens,
        'gen_ai.response.finish_reasons': [call.finish],
      }),
      ...(side && { 'oisp.side_call': true }),
    };
    return this.add(parent, `chat ${call.model}`, attributes, { kind: 'client', error: call.status >= 400 });
  }

  tool(parent: Span, tool: ToolFact, request: Span | undefined): void {
    const error = tool.status === 'error';
    const span = this.add(
      parent,
      `execute_tool ${tool.name}`,
      {
        'gen_ai.operation.name': 'execute_tool',
        'gen_ai.tool.name': tool.name,
        'gen_ai.tool.call.id': tool.id,
        ...(error && { 'error.type': 'tool_error' }),
      },
      { error, links: request ? [{ traceId: request.traceId, spanId: request.spanId, type: 'requested_by' }] : [] },
    );
    const programs = truth.programs.filter((p) => tool.processes.some((q) => q.pid === p.pid || q.pid === p.ppid));
    for (const p of [...tool.processes, ...programs]) {
      const server = 'server' in p && p.server === true;
      this.add(
        span,
        `process.exec ${basename(p.argv[0] ?? '')}`,
        {
          'process.pid': p.pid,
          'process.executable.name': basename(p.argv[0] ?? ''),
          ...(p.exit_code !== undefined && { 'process.exit.code': p.exit_code }),
          ...(server && { 'oisp.span.end_reason': 'detached' }),
        },
        { error: (p.exit_code ?? 0) !== 0 },
      );
    }
    const files = [...tool.files, ...programs.flatMap((p) => (p.files ?? []).map((f) => ({ ...f, pid: p.pid })))];
    for (const f of files)
      this.add(span, `file.${f.op}`, { 'file.path': f.path, 'process.pid': f.pid ?? truth.agent.pid });
    const hosts = [
      ...tool.hosts.map((h) => ({ ...h, pid: truth.agent.pid })),
      ...programs.flatMap((p) => (p.hosts ?? []).map((h) => ({ ...h, pid: p.pid }))),
    ];
    for (const h of hosts) {
      const attributes = { 'network.peer.address': h.ip, 'network.peer.port': h.port, 'process.pid': h.pid };
      this.add(span, 'network.connect', attributes, { kind: 'client' });
    }
    for (const agent of tool.agents) this.agent(span, agent, allCalls(agent));
  }
}

function idealSpans(): Span[] {
  const ideal = new Ideal();
  for (const turn of truth.turns) {
    const root = ideal.agent(undefined, turn, [...turn.side_calls, ...allCalls(turn)]);
    for (const call of turn.side_calls) ideal.chat(root, call, true);
  }
  return ideal.spans;
}

const spans = idealSpans();
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
