import { matchOf, type OispEvent, type ToolCallData, type ToolResultData } from '../../core/index.ts';
import type { Claim } from './claim.ts';
import type { Effects } from './effects.ts';
import { mcpFit } from './mcp.ts';
import { agentAbove, type Processes } from './processes.ts';
import type { McpMerge, McpServer, Proc, ToolState } from './state.ts';
import type { TurnHost } from './turn-host.ts';

/** What clients and MCP servers say to each other, joined with the tool calls that models asked for. */
export class McpCalls {
  readonly #host: TurnHost;
  readonly #processes: Processes;
  readonly #effects: Effects;
  /** `tools/call` events under way, by their call id. */
  readonly #underWay = new Map<string, { tool: ToolState; merge: McpMerge }>();
  /** Servers that were found by what they did, by the connection that speaks to them. */
  readonly #found = new Map<string, McpServer>();

  constructor(host: TurnHost, processes: Processes, effects: Effects) {
    this.#host = host;
    this.#processes = processes;
    this.#effects = effects;
  }

  /** A server says that it begins. */
  session(event: OispEvent, claim: Claim): void {
    // when it ends, its process may be gone and its number another's
    if ((event.data as { readonly action?: unknown }).action !== 'end') this.#serverOf(event);
    this.#host.out.event(event, claim);
  }

  #serverOf(event: OispEvent): ReturnType<Effects['server']> | undefined {
    const pid = event.attrs?.['mcp.child.pid'];
    const child = typeof pid === 'number' ? this.#processes.get(pid) : undefined;
    if (!child) return undefined;
    const { tool } = event.data as { readonly tool?: { readonly server?: unknown } };
    const name = event.attrs?.['mcp.server.name'] ?? tool?.server;
    return this.#effects.server(child, typeof name === 'string' ? name : `pid ${String(pid)}`);
  }

  /** The wire's tools/call is the same execution as the tool call that the model asked for: one span for both. */
  call(proc: Proc, event: OispEvent<ToolCallData>, at: number, claim: Claim): void {
    const server = this.#serverOf(event) ?? this.#found.get(connOf(event));
    const agent = agentAbove(proc);
    const args = matchOf(event)?.args;
    let found: ToolState | undefined;
    let best = 0;
    for (const tool of agent?.open ?? []) {
      const fit = tool.mcp ? 0 : mcpFit(tool, event.data.tool.name, event.data.tool.server, args);
      if (fit <= best) continue;
      found = tool;
      best = fit;
    }
    if (!found) {
      this.#host.count('oisp_correlate_unmatched_mcp_calls');
      this.#host.out.event(event, claim);
      return;
    }
    const merge: McpMerge = { call: event, server, endAt: undefined };
    found.mcp = merge;
    found.firstEffect ??= at;
    found.turn.lastAt = Math.max(found.turn.lastAt, at);
    server?.open.push(found);
    this.#underWay.set(event.data.call_id, { tool: found, merge });
    this.#host.out.event(event, claim, { traceId: found.turn.traceId, spanId: found.spanId });
  }

  /** What the server answered ends the tool call. */
  answer(event: OispEvent<ToolResultData>, at: number, claim: Claim): void {
    const known = this.#underWay.get(event.data.call_id);
    if (!known) {
      this.#host.out.event(event, claim);
      return;
    }
    this.#underWay.delete(event.data.call_id);
    const { tool, merge } = known;
    merge.endAt = at;
    if (merge.server && !merge.server.proc.exited) this.#found.set(connOf(event), merge.server);
    const open = merge.server?.open;
    if (open) open.splice(open.indexOf(tool), 1);
    if (tool.open) {
      tool.end = at;
      tool.endSource = 'mcp_answer';
      if (event.data.success === false) {
        tool.isError = true;
        tool.errorType = 'tool_error';
      }
    }
    this.#host.out.event(event, claim, {
      traceId: tool.turn.traceId,
      spanId: tool.spanId,
      ...(tool.turn.state === 'closed' && { late: true }),
    });
  }

  /** Lets go of servers that ended and of calls whose turn is over. */
  sweep(): void {
    for (const [conn, server] of this.#found) if (server.proc.exited) this.#found.delete(conn);
    for (const [id, { tool }] of this.#underWay) if (tool.turn.state === 'closed') this.#underWay.delete(id);
  }
}

/** The captured connection that an event was read from. */
function connOf(event: OispEvent): string {
  return `${event.process?.pid ?? ''} ${String(event.attrs?.['oisp.conn'] ?? '')}`;
}
