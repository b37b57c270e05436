import type { OispEvent, SpanRecord } from '../../core/index.ts';

/**
 * The span trees as text: one line a span with its name, its start after the root's, its duration and the facts that matter. Digests are
 * replaced by names: traces are numbered by their start, conversations lettered by their first span, model calls numbered within their trace.
 * Below them the events that came after their span (`late:`) and those that no tree holds (`outside:`).
 */
export function treeText(spans: readonly SpanRecord[], events: readonly OispEvent[]): string {
  return new Trees(spans, events).text();
}

type Facts = (string | undefined | false)[];

class Trees {
  readonly #spans: readonly SpanRecord[];
  readonly #events: readonly OispEvent[];
  readonly #children = new Map<string, SpanRecord[]>();
  readonly #bySpan = new Map<string, SpanRecord>();
  readonly #roots: SpanRecord[];
  readonly #traceNo = new Map<string, number>();
  readonly #conversations = new Map<string, string>();
  readonly #callNo = new Map<string, number>();

  constructor(spans: readonly SpanRecord[], events: readonly OispEvent[]) {
    this.#spans = spans;
    this.#events = events;
    for (const span of spans) {
      this.#bySpan.set(`${span.traceId} ${span.spanId}`, span);
      if (span.parentSpanId === undefined) continue;
      const key = `${span.traceId} ${span.parentSpanId}`;
      this.#children.set(key, [...(this.#children.get(key) ?? []), span]);
    }
    for (const list of this.#children.values()) list.sort(byStart);
    this.#roots = spans.filter((s) => s.parentSpanId === undefined).sort(byStart);
    for (const [i, root] of this.#roots.entries()) this.#traceNo.set(root.traceId, i + 1);
    const calls = new Map<string, number>();
    for (const span of [...spans].sort(byStart)) {
      const id = text(span, 'gen_ai.conversation.id');
      if (id !== undefined && !this.#conversations.has(id))
        this.#conversations.set(id, String.fromCharCode(65 + this.#conversations.size));
      if (!isModelCall(span)) continue;
      const no = (calls.get(span.traceId) ?? 0) + 1;
      calls.set(span.traceId, no);
      this.#callNo.set(`${span.traceId} ${span.spanId}`, no);
    }
  }

  text(): string {
    const lines: string[] = [];
    for (const root of this.#roots) {
      if (lines.length > 0) lines.push('');
      lines.push(
        `trace ${this.#traceNo.get(root.traceId)}, ${new Date(Number(root.start / 1_000_000n)).toISOString().slice(11, 23)}`,
      );
      this.#draw(root, root, undefined, 0, lines);
    }
    const orphans = this.#spans.filter(
      (s) => s.parentSpanId !== undefined && !this.#bySpan.has(`${s.traceId} ${s.parentSpanId}`),
    );
    this.#list(
      'orphans:',
      orphans.map((s) => s.name),
      lines,
    );
    const late = this.#events.filter((event) => event.attrs?.['oisp.late'] === true);
    this.#list(
      'late:',
      late.map((event) => `${this.#told(event)} -> ${this.#placeOf(event)}`),
      lines,
    );
    const outside = this.#events.filter((event) => event.trace_context === undefined && !SILENT.has(event.event_type));
    this.#list(
      'outside:',
      outside.map((event) => this.#told(event)),
      lines,
    );
    return `${lines.join('\n')}\n`;
  }

  #draw(span: SpanRecord, root: SpanRecord, parent: SpanRecord | undefined, depth: number, lines: string[]): void {
    const facts = [...this.#factsOf(span, parent), ...this.#common(span)].filter(Boolean).join(', ');
    const head = `${'  '.repeat(depth)}${span.name}`.padEnd(46);
    const from = elapsed(span.start - root.start).padStart(8);
    const lasts = elapsed(span.end - span.start).padStart(8);
    lines.push(`${head} ${from} ${lasts}  ${facts}`.trimEnd());
    for (const child of this.#children.get(`${span.traceId} ${span.spanId}`) ?? [])
      this.#draw(child, root, span, depth + 1, lines);
  }

  #factsOf(span: SpanRecord, parent: SpanRecord | undefined): Facts {
    const operation = text(span, 'gen_ai.operation.name');
    if (operation === 'invoke_agent') return this.#turn(span);
    if (operation === 'execute_tool') return this.#tool(span);
    if (isModelCall(span)) return this.#call(span, parent);
    if (operation === 'retrieval')
      return [text(span, 'gen_ai.data_source.id'), count(span, 'oisp.retrieval.count', 'result')];
    if (span.name.startsWith('file.')) return file(span);
    if (span.name.startsWith('network.')) return network(span);
    return program(span);
  }

  #turn(span: SpanRecord): Facts {
    const steps = span.events?.filter(({ name }) => name === 'oisp.plan_step') ?? [];
    return [
      `conversation ${this.#letter(span)}`,
      `turn ${String(value(span, 'oisp.turn.index'))}`,
      ...identity(span),
      count(span, 'oisp.turn.llm_calls', 'call'),
      value(span, 'oisp.turn.side_calls') !== undefined && count(span, 'oisp.turn.side_calls', 'side call'),
      count(span, 'oisp.turn.tool_calls', 'tool'),
      tokens(span),
      cost(span),
      count(span, 'oisp.housekeeping.files', 'own file operation'),
      count(span, 'oisp.housekeeping.connections', 'own connection'),
      ...steps.map((step) => {
        const of = (key: string): string => String(step.attributes.find((a) => a.key === key)?.value);
        return `step ${of('oisp.plan.step.index')} ${of('oisp.plan.step.type')} at ${elapsed(step.time - span.start)}`;
      }),
    ];
  }

  #call(span: SpanRecord, parent: SpanRecord | undefined): Facts {
    const letter = text(span, 'gen_ai.conversation.id') && this.#letter(span);
    const isOwn = parent !== undefined && letter === this.#letter(parent);
    const reasons = value(span, 'gen_ai.response.finish_reasons');
    return [
      `#${this.#callNo.get(`${span.traceId} ${span.spanId}`)}`,
      letter !== undefined && letter !== '' && !isOwn && `conversation ${letter}`,
      ...(parent === undefined ? identity(span) : []),
      Array.isArray(reasons) && reasons.join(' '),
      tokens(span),
      cost(span),
      value(span, 'oisp.side_call') === true && 'side call',
      value(span, 'oisp.request.unseen') === true && 'request unseen',
      numbered(span, 'oisp.gen_ai.input.messages.offset', 'new from message'),
      numbered(span, 'http.request.resend_count', 'resend'),
    ];
  }

  #tool(span: SpanRecord): Facts {
    const waited = value(span, 'oisp.tool.wait_ms');
    const method = text(span, 'mcp.method.name');
    const server = text(span, 'oisp.tool.server');
    return [
      text(span, 'gen_ai.tool.call.id') ?? 'no id',
      typeof waited === 'number' && `waited ${elapsed(BigInt(waited) * 1_000_000n)}`,
      text(span, 'oisp.tool.end_source') && `ended by ${text(span, 'oisp.tool.end_source')}`,
      method !== undefined &&
        `mcp ${method} ${text(span, 'jsonrpc.request.id')} of ${server} over ${text(span, 'network.transport')}`,
    ];
  }

  /** Evidence, ends, errors and links: what any span may have. */
  #common(span: SpanRecord): Facts {
    const rule = text(span, 'oisp.correlation.rule');
    const reason = text(span, 'oisp.span.end_reason');
    const error = text(span, 'error.type');
    return [
      rule && `${rule} ${text(span, 'oisp.correlation.confidence')}`,
      value(span, 'oisp.effect.unexplained') === true && 'a finding',
      count(span, 'oisp.count', '', 'x'),
      reason && `end ${reason}`,
      error !== undefined && `error ${error}`,
      span.status !== undefined && error === undefined && 'error without a type',
      span.status === undefined && error !== undefined && 'status unset',
      ...(span.links ?? []).map((link) => this.#link(link)),
    ];
  }

  #link(link: NonNullable<SpanRecord['links']>[number]): string {
    const type = String(link.attributes.find(({ key }) => key === 'oisp.link.type')?.value);
    const key = `${link.traceId} ${link.spanId}`;
    const call = this.#callNo.get(key);
    if (call !== undefined) return `${type} #${call}`;
    const target = this.#bySpan.get(key);
    if (target === undefined) return `${type} ${link.traceId} ${link.spanId}`;
    return `${type} ${this.#roots.includes(target) ? '' : `${target.name} of `}trace ${this.#traceNo.get(link.traceId)}`;
  }

  #letter(span: SpanRecord): string {
    return this.#conversations.get(text(span, 'gen_ai.conversation.id') ?? '') ?? '';
  }

  #list(title: string, told: readonly string[], lines: string[]): void {
    if (told.length > 0) lines.push('', title, ...told.map((line) => `  ${line}`));
  }

  #told(event: OispEvent): string {
    const data = event.data as Readonly<Record<string, unknown>>;
    const dest = data['dest'] as { readonly domain?: string } | undefined;
    const tool = data['tool'] as { readonly name?: string } | undefined;
    const args = Array.isArray(data['args']) ? data['args'].join(' ') : undefined;
    const what =
      args ??
      data['path'] ??
      data['new_path'] ??
      dest?.domain ??
      data['query_name'] ??
      tool?.name ??
      data['request_id'];
    const end = data['signal_name'] ?? data['exit_code'];
    return [event.ts.slice(11, 23), event.event_type, `pid ${event.process?.pid}`, what, end]
      .filter((x) => x !== undefined)
      .join(' ');
  }

  #placeOf(event: OispEvent): string {
    const at = event.trace_context;
    const span = at && this.#bySpan.get(`${at.trace_id} ${at.span_id}`);
    return span ? `${span.name} of trace ${this.#traceNo.get(span.traceId)}` : 'no span';
  }
}

/** Events that are parts of model calls, or say nothing of their own. */
const SILENT = new Set(['agent.session', 'ai.embedding']);

function identity(span: SpanRecord): Facts {
  const [session, agent] = [text(span, 'session.id'), text(span, 'gen_ai.agent.id')];
  return [session && `session ${session}`, agent && `agent ${agent}`];
}

function program(span: SpanRecord): Facts {
  const args = value(span, 'process.command_args');
  const code = value(span, 'process.exit.code');
  return [
    Array.isArray(args) && `[${args.join(' ')}]`,
    code !== undefined && `exit ${String(code)}`,
    text(span, 'oisp.process.signal'),
  ];
}

function file(span: SpanRecord): Facts {
  const ops = value(span, 'oisp.file.op_count');
  return [
    text(span, 'file.path'),
    text(span, 'oisp.file.old_path') && `from ${text(span, 'oisp.file.old_path')}`,
    ops !== undefined && ops !== 1 && `${String(ops)} times`,
    count(span, 'oisp.file.bytes', 'byte'),
    value(span, 'oisp.file.created') === true && 'created',
  ];
}

function network(span: SpanRecord): Facts {
  const address = text(span, 'server.address');
  return [text(span, 'dns.question.name'), address && `${address}:${String(value(span, 'server.port'))}`];
}

function tokens(span: SpanRecord): string | false {
  const input = value(span, 'gen_ai.usage.input_tokens');
  const cached = value(span, 'gen_ai.usage.cache_read.input_tokens');
  if (input === undefined) return false;
  const read = cached === undefined ? '' : ` (${String(cached)} cached)`;
  const output = value(span, 'gen_ai.usage.output_tokens');
  return `tokens ${String(input)}${read}${output === undefined ? '' : ` + ${String(output)}`}`;
}

function cost(span: SpanRecord): string | false {
  const usd = value(span, 'oisp.cost.total_usd');
  return typeof usd === 'number' && `$${Number(usd.toFixed(6))}`;
}

function numbered(span: SpanRecord, key: string, word: string): string | false {
  const n = value(span, key);
  return n !== undefined && `${word} ${String(n)}`;
}

function count(span: SpanRecord, key: string, word: string, sign = ''): string | false {
  const n = value(span, key);
  if (n === undefined) return false;
  return sign !== '' ? `${sign}${String(n)}` : `${String(n)} ${word}${n === 1 ? '' : 's'}`;
}

/** Whole milliseconds; from a second on seconds, from a minute on minutes. */
function elapsed(ns: bigint): string {
  const ms = Number((ns + 500_000n) / 1_000_000n);
  if (Math.abs(ms) < 1000) return `${ms}ms`;
  const whole = Math.floor(ms / 60_000);
  const seconds = `${Number(((ms % 60_000) / 1000).toFixed(3))}s`;
  if (whole === 0) return seconds;
  return whole < 60 ? `${whole}m${seconds}` : `${Math.floor(whole / 60)}h${whole % 60}m${seconds}`;
}

function byStart(a: SpanRecord, b: SpanRecord): number {
  if (a.start !== b.start) return a.start < b.start ? -1 : 1;
  if (a.end !== b.end) return a.end > b.end ? -1 : 1;
  return a.spanId < b.spanId ? -1 : 1;
}

/** Operations that are calls to a model. */
const MODEL_CALLS = new Set(['chat', 'generate_content', 'text_completion', 'embeddings']);

export function isModelCall(span: SpanRecord): boolean {
  return MODEL_CALLS.has(text(span, 'gen_ai.operation.name') ?? '');
}

export function value(span: SpanRecord, key: string): unknown {
  return span.attributes.find((a) => a.key === key)?.value;
}

function text(span: SpanRecord, key: string): string | undefined {
  const found = value(span, key);
  return typeof found === 'string' ? found : undefined;
}
