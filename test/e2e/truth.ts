import { basename } from 'node:path';
import { effectOf, operationOf, type Span, Tree } from './tree.ts';

/** The agent's own account of a session (configs/demo/session.truth.json). */
export interface Truth {
  readonly agent: { readonly name: string; readonly pid: number };
  readonly turns: readonly TurnFact[];
  readonly mcp_servers: readonly { readonly name: string; readonly pid: number }[];
  /** What programs that tools started say of themselves. */
  readonly programs: readonly ProgramFact[];
}

export interface Conversation {
  readonly calls: readonly CallFact[];
  readonly tools: readonly ToolFact[];
}

export interface TurnFact extends Conversation {
  readonly user: string;
  readonly side_calls: readonly CallFact[];
}

/** One HTTP attempt of a model call; only the last one of a call has an answer. */
export interface CallFact {
  readonly status: number;
  readonly model: string;
  readonly id?: string;
  readonly finish?: string;
  readonly input_tokens?: number;
  readonly output_tokens?: number;
  /** Ids of the tool calls it asked for. */
  readonly tool_calls?: readonly string[];
}

export interface ToolFact {
  readonly id: string;
  readonly name: string;
  readonly status: 'ok' | 'error';
  readonly files: readonly FileFact[];
  readonly processes: readonly {
    readonly pid: number;
    readonly argv: readonly string[];
    readonly exit_code?: number;
  }[];
  readonly hosts: readonly HostFact[];
  readonly agents: readonly Conversation[];
}

export interface FileFact {
  readonly path: string;
  readonly op: 'read' | 'write';
  readonly pid?: number;
}

export interface HostFact {
  readonly ip: string;
  readonly port: number;
}

export interface ProgramFact {
  readonly pid: number;
  readonly ppid: number;
  readonly argv: readonly string[];
  readonly exit_code?: number;
  /** Left running when its tool returned. */
  readonly server?: boolean;
  readonly files?: readonly FileFact[];
  readonly hosts?: readonly HostFact[];
}

/**
 * Where a tree differs from what really happened; empty when it is right. Looked at are structure, model calls, tools, sub-agents and
 * effects, each in its place, and that no tool has an effect that is not its own.
 */
export function compareWithTruth(truth: Truth, spans: readonly Span[]): string[] {
  return new Comparison(truth, new Tree(spans)).run();
}

class Comparison {
  readonly #truth: Truth;
  readonly #tree: Tree;
  readonly #out: string[] = [];
  readonly #parents = new Map<number, number>();

  constructor(truth: Truth, tree: Tree) {
    this.#truth = truth;
    this.#tree = tree;
    for (const { attributes: a } of tree.spans) {
      const [pid, parent] = [a['process.pid'], a['process.parent_pid']];
      if (typeof pid === 'number' && typeof parent === 'number') this.#parents.set(pid, parent);
    }
    for (const program of truth.programs) this.#parents.set(program.pid, program.ppid);
  }

  run(): string[] {
    this.#structure();
    const roots = new Set<Span>();
    for (const turn of this.#truth.turns) {
      const root = this.#turn(turn);
      if (root && roots.has(root)) this.#say(`turn "${turn.user}"`, 'shares its root with another turn');
      if (root) roots.add(root);
    }
    for (const span of this.#tree.spans) {
      if (span.parentId === undefined && operationOf(span) === 'invoke_agent' && !roots.has(span))
        this.#say(span.name, 'a root that is no turn');
      if (effectOf(span) && span.attributes['oisp.effect.unexplained'] === true)
        this.#say(span.name, 'is called unexplained');
    }
    return this.#out;
  }

  #say(where: string, what: string): void {
    this.#out.push(`${where}: ${what}`);
  }

  #same(where: string, what: string, got: unknown, wanted: unknown): void {
    if (JSON.stringify(got) !== JSON.stringify(wanted))
      this.#say(where, `${what} is ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`);
  }

  #structure(): void {
    const seen = new Set<string>();
    for (const span of this.#tree.spans) {
      if (seen.has(span.spanId)) this.#say(span.name, 'a span id twice');
      seen.add(span.spanId);
      this.#same(span.name, 'service', span.service, this.#truth.agent.name);
      if (span.parentId !== undefined && !this.#tree.parent(span))
        this.#say(span.name, 'its parent is not in the trace');
      const root = this.#tree.root(span);
      if (span.end < span.start || span.start < root.start || span.end > root.end)
        this.#say(span.name, 'lies outside the time of its root');
      for (const link of span.links) if (link.spanId === span.parentId) this.#say(span.name, 'links to its own parent');
    }
  }

  #turn(turn: TurnFact): Span | undefined {
    const where = `turn "${turn.user}"`;
    const first = turn.calls.map((call) => this.#chat(call)).find((span) => span !== undefined);
    if (!first) {
      this.#say(where, 'no model call of it has a span');
      return undefined;
    }
    const root = this.#tree.root(first);
    this.#agent(where, root, turn);
    this.#same(where, 'has a parent', root.parentId, undefined);
    const roots = this.#tree.spans.filter((s) => s.traceId === root.traceId && s.parentId === undefined);
    this.#same(where, 'number of roots', roots.length, 1);
    for (const call of turn.side_calls) {
      const span = this.#call(`${where}, side call`, root, call);
      if (span) this.#same(`${where}, side call`, 'oisp.side_call', span.attributes['oisp.side_call'], true);
    }
    const calls = [...turn.side_calls, ...allCalls(turn)];
    for (const side of ['input', 'output'] as const) {
      const sum = calls.reduce((n, call) => n + (call[`${side}_tokens`] ?? 0), 0);
      this.#same(where, `sum of ${side} tokens`, root.attributes[`gen_ai.usage.${side}_tokens`], sum);
    }
    return root;
  }

  /** An agent's span and everything of its conversation below it. */
  #agent(where: string, span: Span, fact: Conversation): void {
    this.#same(where, 'operation', operationOf(span), 'invoke_agent');
    this.#same(where, 'name', span.name, `invoke_agent ${this.#truth.agent.name}`);
    this.#same(where, 'kind', span.kind, 'internal');
    this.#same(where, 'error', span.error, (fact.calls.at(-1)?.status ?? 0) >= 400);
    const below = this.#tree.children(span);
    const chats = below.filter((s) => isChat(s) && s.attributes['oisp.side_call'] !== true);
    this.#same(where, 'model calls', chats.length, fact.calls.length);
    for (const call of fact.calls) this.#call(where, span, call);
    const refused = (calls: readonly { status: unknown }[]): unknown[] =>
      calls.map((c) => c.status).filter((s) => Number(s) >= 400);
    const seen = chats.map((s) => ({ status: s.attributes['http.response.status_code'] }));
    this.#same(where, 'refused calls', refused(seen), refused(fact.calls));
    for (const chat of chats)
      if (Number(chat.attributes['http.response.status_code']) >= 400)
        this.#same(`${where}, refused call`, 'error', chat.error, true);
    const tools = below.filter((s) => operationOf(s) === 'execute_tool');
    this.#same(where, 'tools', tools.length, fact.tools.length);
    for (const tool of fact.tools) this.#tool(where, span, tool, fact);
  }

  #chat(call: CallFact): Span | undefined {
    return this.#tree.spans.find(
      (s) => call.id !== undefined && isChat(s) && s.attributes['gen_ai.response.id'] === call.id,
    );
  }

  #call(agent: string, parent: Span, call: CallFact): Span | undefined {
    if (call.id === undefined) return undefined;
    const where = `${agent}, call ${call.id}`;
    const span = this.#chat(call);
    if (!span) {
      this.#say(where, 'has no span');
      return undefined;
    }
    this.#same(where, 'parent', span.parentId, parent.spanId);
    this.#same(where, 'name', span.name, `chat ${call.model}`);
    this.#same(where, 'kind', span.kind, 'client');
    this.#same(where, 'error', span.error, false);
    const a = span.attributes;
    this.#same(where, 'model', a['gen_ai.request.model'], call.model);
    this.#same(where, 'status', a['http.response.status_code'], call.status);
    this.#same(where, 'input tokens', a['gen_ai.usage.input_tokens'], call.input_tokens);
    this.#same(where, 'output tokens', a['gen_ai.usage.output_tokens'], call.output_tokens);
    this.#same(where, 'finish reasons', a['gen_ai.response.finish_reasons'], [call.finish]);
    return span;
  }

  #tool(agent: string, parent: Span, tool: ToolFact, conversation: Conversation): void {
    const where = `${agent}, ${tool.name} ${tool.id}`;
    const found = this.#tree.spans.filter(
      (s) => operationOf(s) === 'execute_tool' && s.attributes['gen_ai.tool.call.id'] === tool.id,
    );
    this.#same(where, 'number of spans', found.length, 1);
    const [span] = found;
    if (!span) return;
    this.#same(where, 'parent', span.parentId, parent.spanId);
    this.#same(where, 'name', span.name, `execute_tool ${tool.name}`);
    this.#same(where, 'kind', span.kind, 'internal');
    this.#same(where, 'tool name', span.attributes['gen_ai.tool.name'], tool.name);
    this.#same(where, 'error', span.error, tool.status === 'error');
    if (tool.status === 'error') this.#same(where, 'has error.type', typeof span.attributes['error.type'], 'string');
    const asked = conversation.calls.find((call) => call.tool_calls?.includes(tool.id));
    const request = asked && this.#chat(asked);
    const links = span.links.filter((link) => link.type === 'requested_by').map((link) => link.spanId);
    this.#same(where, 'requested by', links, request ? [request.spanId] : []);
    this.#effects(where, span, tool);
    const agents = this.#tree.children(span).filter((s) => operationOf(s) === 'invoke_agent');
    this.#same(where, 'sub-agents', agents.length, tool.agents.length);
    for (const [i, fact] of tool.agents.entries()) {
      const child = agents[i];
      if (child) this.#agent(`${where}, sub-agent`, child, fact);
    }
  }

  #effects(where: string, tool: Span, fact: ToolFact): void {
    const own = this.#tree.spans.filter((s) => effectOf(s) !== undefined && this.#tree.tool(s) === tool);
    const pids = new Set(fact.processes.map((p) => p.pid));
    const belongs = (pid: unknown): boolean => {
      for (
        let at = typeof pid === 'number' ? pid : undefined, n = 0;
        at !== undefined && n < 100;
        at = this.#parents.get(at), n++
      ) {
        if (pids.has(at)) return true;
      }
      return false;
    };
    const programs = this.#truth.programs.filter((p) => belongs(p.pid));
    const needed = [...fact.files, ...programs.flatMap((p) => (p.files ?? []).map((f) => ({ ...f, pid: p.pid })))];
    for (const p of [...fact.processes, ...programs]) this.#process(where, own, p);
    for (const file of needed) this.#file(where, own, file);
    const hosts = [
      ...fact.hosts.map((h) => ({ ...h, pid: this.#truth.agent.pid })),
      ...programs.flatMap((p) => (p.hosts ?? []).map((h) => ({ ...h, pid: p.pid }))),
    ];
    for (const host of hosts) {
      const span = own.find(
        (s) => effectOf(s) === 'network.connect' && s.attributes['process.pid'] === host.pid && isHost(s, host),
      );
      if (!span) this.#say(where, `no connection to ${host.ip}:${host.port} by process ${host.pid}`);
      else this.#same(`${where}, ${span.name}`, 'kind', span.kind, 'client');
    }
    for (const span of own) {
      if (belongs(span.attributes['process.pid'])) continue;
      const path = span.attributes['file.path'];
      const expected =
        fact.hosts.some((h) => isHost(span, h)) || fact.files.some((f) => path === f.path || isBeside(path, f));
      if (!expected)
        this.#say(where, `${span.name} (process ${String(span.attributes['process.pid'])}) is not its effect`);
    }
  }

  #process(
    where: string,
    own: readonly Span[],
    p: {
      readonly pid: number;
      readonly argv: readonly string[];
      readonly exit_code?: number;
      readonly server?: boolean;
    },
  ): void {
    const name = basename(p.argv[0] ?? '');
    const of = own.filter((s) => effectOf(s) === 'process.exec' && s.attributes['process.pid'] === p.pid);
    const span = of.find((s) => s.attributes['process.executable.name'] === name);
    if (!span) {
      this.#say(where, `no process.exec of ${name} as process ${p.pid}`);
      return;
    }
    const at = `${where}, ${span.name}`;
    this.#same(at, 'kind', span.kind, 'internal');
    this.#same(at, 'arguments', span.attributes['process.command_args'], p.argv);
    if (p.server) this.#same(at, 'end reason', span.attributes['oisp.span.end_reason'], 'detached');
    if (p.exit_code === undefined) return;
    // a program may give its process to another one; the exit is that of the last
    const last = of.find((s) => s.attributes['process.exit.code'] !== undefined);
    this.#same(at, 'exit code', last?.attributes['process.exit.code'], p.exit_code);
    this.#same(at, 'error', last?.error, p.exit_code !== 0);
  }

  #file(where: string, own: readonly Span[], { path, op, pid }: FileFact): void {
    const kinds = op === 'read' ? ['file.read'] : ['file.write', 'file.rename'];
    const by = pid ?? this.#truth.agent.pid;
    const span = own.find(
      (s) =>
        kinds.includes(effectOf(s) ?? '') && s.attributes['file.path'] === path && s.attributes['process.pid'] === by,
    );
    if (!span) this.#say(where, `no ${op} of ${path} by process ${by}`);
    else this.#same(`${where}, ${span.name}`, 'kind', span.kind, 'internal');
  }
}

function isChat(span: Span): boolean {
  return operationOf(span) === 'chat';
}

function isHost(span: Span, { ip, port }: HostFact): boolean {
  return span.attributes['network.peer.address'] === ip && span.attributes['network.peer.port'] === port;
}

/** The temporary file beside the target, from which an edit is renamed. */
function isBeside(path: unknown, fact: FileFact): boolean {
  return fact.op === 'write' && typeof path === 'string' && path.startsWith(`${fact.path}.tmp-`);
}

/** The model calls of a conversation and of all agents below it. */
export function allCalls(fact: Conversation): CallFact[] {
  return [...fact.calls, ...fact.tools.flatMap((tool) => tool.agents.flatMap(allCalls))];
}
