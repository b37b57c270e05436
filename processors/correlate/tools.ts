import { matchOf, type OispEvent, spanId, type ToolCallData, type ToolResultData } from '../../core/index.ts';
import type { Claim } from './claim.ts';
import type { OpenCalls } from './open-calls.ts';
import type { Requests } from './requests.ts';
import type { Agent, ToolState } from './state.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';

/** Tool calls that models asked for, and the results that later requests bring. */
export class Tools {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  readonly #calls: OpenCalls;
  readonly #requests: Requests;
  #order = 0;

  constructor(host: TurnHost, turns: Turns, calls: OpenCalls, requests: Requests) {
    this.#host = host;
    this.#turns = turns;
    this.#calls = calls;
    this.#requests = requests;
  }

  toolCall(agent: Agent, event: OispEvent<ToolCallData>, at: number, claim: Claim): void {
    const { data } = event;
    const call = this.#requests.callOf(agent, event, at, claim);
    const turn = call?.turn;
    if (!call || !turn || !call.conversation) {
      this.#host.count('oisp_correlate_unmatched_tool_calls');
      this.#host.out.event(event, claim);
      return;
    }
    const { conversation } = call;
    const before = conversation.asked[0]?.call;
    // equal requests under way at once may both be gone on with
    if (before !== call && (before?.end === undefined || before.end !== call.end)) conversation.asked = [];
    const derived = event.attrs?.['oisp.call_id.derived'] === true;
    const keys = matchOf(event) ?? {};
    const tool: ToolState = {
      event,
      keys,
      call,
      turn,
      conversation,
      agent,
      callId: derived ? undefined : data.call_id,
      index: data.index ?? conversation.asked.length,
      order: this.#order++,
      name: data.tool.name,
      spanId: spanId('tool', event.event_id),
      start: at,
      open: true,
      exported: false,
      end: undefined,
      endSource: undefined,
      firstEffect: undefined,
      explained: false,
      bases: new Set([...turn.places, ...(keys.cwds ?? [])]),
      also: new Set(),
      opened: new Map(),
      used: new Map(),
      matched: undefined,
      roots: new Set(),
      children: new Set(),
      mcp: undefined,
      result: undefined,
      isError: false,
      errorType: undefined,
      counts: { process: 0, file: 0, network: 0 },
      folds: new Map(),
    };
    conversation.asked.push(tool);
    this.#requests.asked(tool);
    turn.tools.push(tool);
    if (turn.state !== 'closed') {
      agent.open.add(tool);
      this.#host.commands.add(tool);
    }
    turn.toolCalls++;
    turn.lastAt = Math.max(turn.lastAt, at);
    this.#host.out.event(event, claim, { traceId: turn.traceId, spanId: tool.spanId });
  }

  /** The open call that a result is for. */
  answeredBy(agent: Agent, event: OispEvent<ToolResultData>): ToolState | undefined {
    const { data } = event;
    const asked = this.#asked(agent, event);
    return isDerived(event)
      ? asked.find((t) => t.open && t.index === data.index)
      : asked.find((t) => t.open && t.callId === data.call_id);
  }

  #asked(agent: Agent, { data }: OispEvent<ToolResultData>): readonly ToolState[] {
    return this.#calls.get(agent, data.request_id)?.conversation?.asked ?? [];
  }

  toolResult(agent: Agent, event: OispEvent<ToolResultData>, at: number, claim: Claim): void {
    const { data } = event;
    const tool = this.answeredBy(agent, event);
    if (!tool) {
      const ended = isDerived(event) ? undefined : this.#asked(agent, event).find((t) => t.callId === data.call_id);
      if (ended?.result === undefined && ended?.exported) {
        // its span has left: an idle turn or a request that brought it indirectly ended it
        ended.result = event;
        this.#host.out.event(event, claim, { traceId: ended.turn.traceId, spanId: ended.spanId, late: true });
        return;
      }
      this.#host.count('oisp_correlate_unmatched_tool_results');
      this.#host.out.event(event, claim);
      return;
    }
    tool.result = event;
    if (data.success === false) {
      tool.isError = true;
      tool.errorType ??= data.error?.type ?? 'tool_error';
    }
    this.#turns.endTool(tool, at, undefined);
    this.#host.out.event(event, claim, { traceId: tool.turn.traceId, spanId: tool.spanId });
  }
}

/** Whether the provider gives calls no ids: they are paired with their results by place. */
function isDerived({ attrs }: OispEvent): boolean {
  return attrs?.['oisp.call_id.derived'] === true;
}
