import {
  type Batch,
  eventId,
  formatNanos,
  type Message,
  type OispEvent,
  type Part,
  type Receipt,
  type SpanRecord,
  type ToolCall,
} from '../../../core/index.ts';
import { configFor, makeContext, makeHost } from '../../../core/testing/index.ts';
import { correlateProcessor } from '../../../processors/correlate/index.ts';

const START = 1_763_632_800_000_000_000n;

interface Asked {
  readonly id?: string;
  readonly name: string;
  readonly arguments: unknown;
}

/** Tells what an agent did, as events in order of time. Times are milliseconds from the start of the story. */
export class Story {
  readonly events: OispEvent[] = [];
  now = 0;
  #n = 0;

  event(event_type: string, pid: number, data: object, over: Partial<OispEvent> = {}): OispEvent {
    const ns = START + BigInt(Math.round(this.now * 1e6));
    const event: OispEvent = {
      oisp_version: '0.1',
      event_id: eventId(formatNanos(ns), 'story', this.#n++),
      event_type,
      ts: formatNanos(ns),
      ts_mono: Math.round(this.now * 1e6) + 5_000_000_000,
      source: { collector: 'test', clock: 'monotonic' },
      confidence: { level: 'high', completeness: 'full' },
      host: { device_id: 'host-1', boot_id: 'boot-1' },
      process: {
        pid,
        ppid: pid === 10 ? 1 : 10,
        exe: '/usr/local/bin/agent',
        start_time: '2026-11-20T10:00:00Z',
        cwd: '/srv/app',
      },
      data,
      ...over,
    };
    this.events.push(event);
    return event;
  }

  wait(ms: number): this {
    this.now += ms;
    return this;
  }

  /** A request of the whole history; what it answers to tools is sent along as agent.tool_result. */
  ask(
    pid: number,
    id: string,
    messages: readonly Message[],
    over: {
      readonly tools?: boolean;
      readonly model?: string;
      readonly maxTokens?: number;
      readonly session?: string;
    } = {},
  ): void {
    this.wait(5);
    const attrs = {
      'gen_ai.operation.name': 'chat',
      'user_agent.original': 'coder/1.0',
      ...(over.session && { 'oisp.session.id': over.session }),
    };
    this.event(
      'ai.request',
      pid,
      {
        request_id: id,
        provider: { name: 'anthropic' },
        model: { id: over.model ?? 'big-model' },
        request_type: 'chat',
        streaming: true,
        messages,
        tools_count: over.tools === false ? 0 : 3,
        parameters: { max_tokens: over.maxTokens ?? 4096 },
      },
      { attrs },
    );
    let last = -1;
    for (const [i, m] of messages.entries()) if (m.role === 'assistant') last = i;
    for (const message of messages.slice(last + 1)) {
      for (const part of message.parts ?? []) {
        if (part.type !== 'tool_call_response') continue;
        const data = { call_id: part.id ?? '', request_id: id, success: part.is_error !== true, result: part.response };
        this.event('agent.tool_result', pid, data);
      }
    }
  }

  /** An answer with text, or tools, or both. */
  answer(
    pid: number,
    id: string,
    text: string,
    tools: readonly Asked[] = [],
    over: { readonly fails?: number } = {},
  ): Message {
    this.wait(100);
    const parts: Part[] = [
      ...(text === '' ? [] : [{ type: 'text' as const, content: text }]),
      ...tools.map((tool) => ({ type: 'tool_call' as const, ...tool })),
    ];
    const message: Message = { role: 'assistant', content: text, parts };
    for (const [index, tool] of tools.entries()) {
      const data = {
        tool: { name: tool.name },
        call_id: tool.id ?? `derived-${index}`,
        arguments: tool.arguments,
        request_id: id,
        index,
      };
      this.event(
        'agent.tool_call',
        pid,
        data,
        tool.id === undefined ? { attrs: { 'oisp.call_id.derived': true } } : {},
      );
    }
    const calls: ToolCall[] = tools.map((tool) => ({ ...tool }));
    const ok = over.fails === undefined;
    this.event('ai.response', pid, {
      request_id: id,
      provider: { name: 'anthropic' },
      success: ok,
      status_code: over.fails ?? 200,
      ...(ok
        ? {
            choices: [{ index: 0, message }],
            tool_calls: calls,
            tool_calls_count: calls.length,
            usage: { prompt_tokens: 10, completion_tokens: 2 },
          }
        : { error: { type: 'overloaded' } }),
    });
    return message;
  }

  exec(pid: number, parent: number, args: readonly string[]): void {
    this.wait(2);
    const of = (p: number) => ({
      process: {
        pid: p,
        ppid: p === 10 ? 1 : parent,
        exe: `/usr/bin/${args[0]}`,
        start_time: `2026-11-20T10:00:${p}Z`,
        cwd: '/srv/app',
      },
    });
    this.event('process.exec', pid, { exe: `/usr/bin/${args[0]}`, args }, of(pid));
  }

  exit(pid: number, parent: number, code = 0): void {
    this.wait(2);
    const process = {
      pid,
      ppid: parent,
      exe: '/usr/bin/x',
      start_time: pid === 10 ? '2026-11-20T10:00:00Z' : `2026-11-20T10:00:${pid}Z`,
      cwd: '/srv/app',
    };
    this.event('process.exit', pid, { exit_code: code }, { process });
  }

  /** A file or network event of a child process, or of the agent itself (pid 10). */
  effect(type: string, pid: number, parent: number, data: object): OispEvent {
    this.wait(1);
    if (pid === 10) return this.event(type, pid, data);
    return this.event(type, pid, data, {
      process: { pid, ppid: parent, exe: '/usr/bin/x', start_time: `2026-11-20T10:00:${pid}Z`, cwd: '/srv/app' },
    });
  }
}

export const user = (text: string): Message => ({
  role: 'user',
  content: text,
  parts: [{ type: 'text', content: text }],
});

export const result = (id: string, text: string, isError = false): Message => ({
  role: 'user',
  parts: [{ type: 'tool_call_response', id, response: text, ...(isError && { is_error: true }) }],
});

export interface Told {
  readonly spans: SpanRecord[];
  readonly events: OispEvent[];
}

/** Runs events through a new `correlate`, in batches of `size`. */
export async function correlate(
  events: readonly OispEvent[],
  config: object = {},
  size = 7,
  receipts: readonly Receipt[] = [],
): Promise<Told> {
  const told: Told = { spans: [], events: [] };
  const { context } = makeContext();
  const next = {
    consume: async (batch: Batch) => {
      if (batch.signal === 'spans') told.spans.push(...batch.spans);
      else told.events.push(...batch.events);
    },
  };
  const node = correlateProcessor.create(context, configFor(correlateProcessor.schema, config) as never, next);
  await node.start(makeHost());
  for (let i = 0; i < events.length; i += size) {
    await node.consume({
      signal: 'events',
      events: events.slice(i, i + size),
      ...(receipts.length > 0 && { receipts }),
    });
  }
  await node.shutdown(AbortSignal.timeout(1000));
  return told;
}

export function attribute(span: SpanRecord, key: string): unknown {
  return span.attributes.find((a) => a.key === key)?.value;
}

/** The trees as indented names, children in order of start, with what matters in brackets. */
export function drawn(spans: readonly SpanRecord[]): string[] {
  const lines: string[] = [];
  const byParent = new Map<string | undefined, SpanRecord[]>();
  for (const span of spans) byParent.set(span.parentSpanId, [...(byParent.get(span.parentSpanId) ?? []), span]);
  const draw = (span: SpanRecord, depth: number): void => {
    const notes = [
      attribute(span, 'gen_ai.tool.name') && attribute(span, 'gen_ai.tool.call.id'),
      attribute(span, 'file.path'),
      attribute(span, 'server.address'),
      /^(process|file|network)\./.test(span.name) && attribute(span, 'oisp.correlation.rule'),
      attribute(span, 'oisp.side_call') && 'side',
      attribute(span, 'oisp.count') && `x${String(attribute(span, 'oisp.count'))}`,
      attribute(span, 'oisp.span.end_reason'),
      span.status && 'error',
    ].filter(Boolean);
    lines.push(`${'  '.repeat(depth)}${span.name}${notes.length > 0 ? ` [${notes.join(', ')}]` : ''}`);
    const children = [...(byParent.get(span.spanId) ?? [])].sort((a, b) =>
      a.start < b.start ? -1 : a.start > b.start ? 1 : 0,
    );
    for (const child of children) draw(child, depth + 1);
  };
  const roots = [...(byParent.get(undefined) ?? [])].sort((a, b) => (a.start < b.start ? -1 : 1));
  for (const root of roots) draw(root, 0);
  return lines;
}
