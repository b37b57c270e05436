import { basename } from 'node:path';
import type { Span } from './tree.ts';
import { allCalls, type CallFact, type Conversation, type ToolFact, type Truth } from './truth.ts';

/** The tree that the truth file describes, as a backend would give it back. */
class Ideal {
  readonly spans: Span[] = [];
  readonly #truth: Truth;
  #trace = '';

  constructor(truth: Truth) {
    this.#truth = truth;
  }

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
      service: this.#truth.agent.name,
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
    const span = this.add(parent, `invoke_agent ${this.#truth.agent.name}`, {
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
    const programs = this.#truth.programs.filter((p) =>
      tool.processes.some((q) => q.pid === p.pid || q.pid === p.ppid),
    );
    for (const p of [...tool.processes, ...programs]) {
      const server = 'server' in p && p.server === true;
      this.add(
        span,
        `process.exec ${basename(p.argv[0] ?? '')}`,
        {
          'process.pid': p.pid,
          'process.executable.name': basename(p.argv[0] ?? ''),
          'process.command_args': p.argv,
          ...(p.exit_code !== undefined && { 'process.exit.code': p.exit_code }),
          ...(server && { 'oisp.span.end_reason': 'detached' }),
        },
        { error: (p.exit_code ?? 0) !== 0 },
      );
    }
    const files = [...tool.files, ...programs.flatMap((p) => (p.files ?? []).map((f) => ({ ...f, pid: p.pid })))];
    for (const f of files)
      this.add(span, `file.${f.op}`, { 'file.path': f.path, 'process.pid': f.pid ?? this.#truth.agent.pid });
    const hosts = [
      ...tool.hosts.map((h) => ({ ...h, pid: this.#truth.agent.pid })),
      ...programs.flatMap((p) => (p.hosts ?? []).map((h) => ({ ...h, pid: p.pid }))),
    ];
    for (const h of hosts) {
      const attributes = { 'network.peer.address': h.ip, 'network.peer.port': h.port, 'process.pid': h.pid };
      this.add(span, 'network.connect', attributes, { kind: 'client' });
    }
    for (const agent of tool.agents) this.agent(span, agent, allCalls(agent));
  }
}

/** The spans of all turns of `truth`, as a faultless collector would send them. */
export function idealSpans(truth: Truth): Span[] {
  const ideal = new Ideal(truth);
  for (const turn of truth.turns) {
    const root = ideal.agent(undefined, turn, [...turn.side_calls, ...allCalls(turn)]);
    for (const call of turn.side_calls) ideal.chat(root, call, true);
  }
  return ideal.spans;
}
