import {
  type AiRequestData,
  type AiResponseData,
  digest,
  matchOf,
  type OispEvent,
  parseNanos,
  spanId,
  type ToolCallData,
  type ToolResultData,
  traceId,
} from '../../core/index.ts';
import type { Chain } from './chain.ts';
import type { Claim } from './claim.ts';
import { Conversations, type Found } from './conversations.ts';
import { strayEffects } from './effects.ts';
import { type CorrelateOptions, MS } from './options.ts';
import type { Output } from './output.ts';
import { type RequestView, viewOf } from './request.ts';
import { callSpan, execSpan, fileSpan, foldSpan, toolSpan, turnSpan } from './spans.ts';
import type { Agent, Call, Confidence, Conversation, Rule, StrayTree, ToolState, Turn } from './state.ts';
import { Anchor } from './timeline.ts';

/** Callbacks into the host's state machine. */
export interface TurnHost {
  readonly options: CorrelateOptions;
  readonly out: Output;
  readonly agents: Iterable<Agent>;
  /** Calls `run` when event time reaches `at`. */
  after(at: number, run: (at: number) => void): void;
  count(name: string, n?: number): void;
  /** A turn of this agent was the last one to hold it. */
  released(agent: Agent): void;
}

/** Model calls, turns and tools of one host. */
export class Turns {
  readonly conversations = new Conversations();
  readonly #host: TurnHost;
  /** Calls without an answer yet, by process and request id. */
  readonly #calls = new Map<string, Call>();

  constructor(host: TurnHost) {
    this.#host = host;
  }

  // ---------------------------------------------------------------- requests
  request(agent: Agent, event: OispEvent<AiRequestData>, at: number, claim: Claim): void {
    const view = viewOf(event);
    const call: Call = {
      request: event,
      view,
      agent,
      at,
      claim,
      spanId: spanId('call', event.event_id),
      turn: undefined,
      conversation: undefined,
      isSide: false,
      rule: undefined,
      confidence: undefined,
      offset: 0,
      resend: 0,
      response: undefined,
      endAt: undefined,
    };
    this.#calls.set(callKey(agent, event.data.request_id), call);
    claim.hold();
    agent.lastAt = at;
    if (!view.isChat) this.#beside(call);
    else this.#converse(call);
    agent.models.add(view.model);
    if (view.hasTools) agent.hasToolUse = true;
  }

  #converse(call: Call): void {
    const { agent, view } = call;
    const chains = this.conversations.chains(view, agent);
    const found = this.conversations.find(view, agent, chains);
    const isRetry = found?.isSame === true && isUnanswered(found.conversation.lastCall);
    if (found && isRetry) {
      call.resend = (found.conversation.lastCall?.resend ?? 0) + 1;
      this.#goOn(call, found.conversation, chains, 'answer');
      return;
    }
    const parent = view.isFresh ? this.#parentTool(call) : undefined;
    if (parent) {
      const conversation = this.#begin(call, parent.tool, parent.rule);
      this.#place(call, conversation, chains);
      this.#open(call, conversation, parent.tool, parent.rule);
      return;
    }
    if (view.isFresh || found === undefined) {
      const side = this.#sideKind(call);
      if (side !== 'no') {
        call.isSide = side === 'yes';
        if (side === 'maybe') this.#place(call, this.#begin(call, undefined, undefined), chains);
        this.#beside(call);
        return;
      }
    }
    if (!found || (found.isSame && found.how === 'request' && view.isFresh)) {
      if (!found && !view.isFresh && !view.hasUserText && call.claim.reread) {
        // the turn began before the checkpoint: an earlier run delivered it
        this.#host.count('oisp_correlate_reread_skipped_calls');
        this.#host.out.event(call.request, call.claim);
        this.#calls.delete(callKey(agent, call.request.data.request_id));
        call.claim.release();
        return;
      }
      const conversation = this.#begin(call, undefined, undefined);
      this.#place(call, conversation, chains);
      this.#open(call, conversation, undefined, undefined);
      return;
    }
    this.#goOn(call, this.#continued(call, found), chains, found.how);
  }

  /** The conversation to go on with: of a fork, or of a history that came from another process, a sibling. */
  #continued(call: Call, found: Found): Conversation {
    const { conversation } = found;
    const pending = conversation.lastCall;
    if (pending && conversation.agent.pending.has(pending)) this.#standUp(pending);
    if (!found.isFork && conversation.agent === call.agent) return conversation;
    const sibling = this.#begin(
      call,
      conversation.agent === call.agent ? conversation.parentTool : undefined,
      conversation.parentRule,
      conversation,
    );
    if (found.isFork && conversation.turn?.state === 'open' && conversation.agent === call.agent)
      this.#interrupt(conversation.turn, call.at);
    return sibling;
  }

  #goOn(call: Call, conversation: Conversation, chains: readonly Chain[], how: Found['how']): void {
    const { view } = call;
    call.offset = how === 'replaced' ? 0 : conversation.sentMessages;
    const retry = isUnanswered(conversation.lastCall) && conversation.requested === chains.at(-1);
    if (conversation.turn && conversation.turn.lastAt + this.#host.options.idleNs <= call.at)
      this.abandon(conversation.turn, conversation.turn.lastAt, 'idle_timeout');
    const turn = conversation.turn;
    this.#place(call, conversation, chains);
    const opens = view.hasUserText && view.results.length === 0 && !retry;
    if (turn && turn.state === 'open' && !opens) {
      if (this.#isFull(turn, call.at)) this.#rollOver(call, conversation, turn);
      else this.#join(call, turn);
      return;
    }
    if (turn && turn.state === 'open') this.#interrupt(turn, call.at);
    this.#open(call, conversation, conversation.parentTool, conversation.parentRule);
  }

  #begin(call: Call, parentTool: ToolState | undefined, rule: Rule | undefined, family?: Conversation): Conversation {
    const { agent, view } = call;
    const conversation: Conversation = {
      id:
        family?.id ?? digest('oisp.conversation.v1', agent.hostId, call.request.event_id).toString('hex').slice(0, 32),
      agent,
      sessionId: view.sessionId,
      agentId: view.agentId,
      system: view.keys.system,
      tools: view.keys.tools,
      parentTool,
      parentRule: rule,
      answered: -1,
      requested: -1,
      sentMessages: family?.sentMessages ?? 0,
      lastCall: undefined,
      turn: undefined,
      asked: family?.asked ?? [],
      turnCount: family?.turnCount ?? 0,
      lastRoot: family?.lastRoot,
      lastAt: call.at,
    };
    agent.conversations.add(conversation);
    return conversation;
  }

  #place(call: Call, conversation: Conversation, chains: readonly Chain[]): void {
    call.conversation = conversation;
    conversation.lastCall = call;
    conversation.lastAt = call.at;
    conversation.sentMessages = call.request.data.messages?.length ?? 0;
    this.conversations.requested(call, chains.at(-1) ?? 0);
  }

  // ---------------------------------------------------------------- side calls
  /** Whether a fresh request without tools is a call beside a conversation. */
  #sideKind(call: Call): 'yes' | 'maybe' | 'no' {
    const { view, agent } = call;
    if (view.hasTools || !view.isFresh) return 'no';
    if (view.maxTokens !== undefined && view.maxTokens <= 16) return 'yes';
    const hasCompany = this.#hasCompany(agent, view);
    if (view.keys.shape !== undefined && (hasCompany || view.isSmallModel)) return 'yes';
    if (!view.isSmallModel) return 'no';
    return hasCompany ? 'yes' : 'maybe';
  }

  /** Whether the process holds an agent beside which such a call makes sense: one with tools, or one that speaks to another model. */
  #hasCompany(agent: Agent, view: RequestView): boolean {
    if (agent.hasToolUse) return true;
    for (const model of agent.models) if (model !== view.model && model !== '') return true;
    return false;
  }

  /** Puts a call under the turn that is open beside it; else it waits for one. */
  #beside(call: Call): void {
    const { agent, view } = call;
    let found: Turn | undefined;
    for (const turn of this.#turnsInScope(agent, view)) {
      if (turn.state !== 'open') continue;
      const sameSession = view.sessionId !== undefined && turn.conversation.sessionId === view.sessionId;
      const best = found && view.sessionId !== undefined && found.conversation.sessionId === view.sessionId;
      if (!found || (sameSession && !best) || turn.start >= found.start) found = turn;
    }
    if (found && (call.isSide || !view.isChat)) {
      this.#join(call, topmost(found));
      return;
    }
    agent.pending.add(call);
    this.#host.after(call.at + this.#host.options.sideWaitNs, () => {
      if (agent.pending.has(call)) this.#standUp(call);
    });
  }

  *#turnsInScope(agent: Agent, view: RequestView): Iterable<Turn> {
    for (const turn of agent.turns) {
      const other = turn.conversation.sessionId;
      if (view.sessionId === undefined || other === undefined || other === view.sessionId) yield turn;
    }
  }

  /** Nobody came: a side call stands alone, anything else was a turn of its own. */
  #standUp(call: Call): void {
    call.agent.pending.delete(call);
    if (call.isSide || !call.view.isChat) {
      call.isSide = call.view.isChat;
      if (call.response) this.#emitAlone(call);
      return;
    }
    const { conversation } = call;
    if (!conversation) return;
    this.#open(call, conversation, undefined, undefined);
    if (call.response) this.#answer(call, call.response, call.endAt ?? call.at);
  }

  #emitAlone(call: Call): void {
    const trace = traceId(call.agent.hostId, call.request.event_id);
    const wall = parseNanos(call.request.ts) ?? 0n;
    const place = {
      traceId: trace,
      parentSpanId: undefined,
      anchor: new Anchor(call.at, wall),
      end: call.endAt ?? call.at,
      endReason: call.response ? undefined : 'no_response',
    };
    const { out } = this.#host;
    out.span(callSpan(call, place, this.#host.options), call.claim);
    out.event(call.request, call.claim, { traceId: trace, spanId: call.spanId });
    if (call.response) out.event(call.response, call.claim, { traceId: trace, spanId: call.spanId });
    this.#done(call);
  }

  // ---------------------------------------------------------------- sub-agents
  /** The open tool call of another conversation whose arguments hold the task that this conversation begins with. */
  #parentTool(call: Call): { tool: ToolState; rule: Rule } | undefined {
    const { view, agent } = call;
    const lines = new Set(view.keys.lines ?? []);
    let best: ToolState | undefined;
    let most = 0;
    let free: ToolState | undefined;
    for (const tool of this.#openTools(agent, view)) {
      let n = 0;
      for (const key of tool.keys.lines ?? []) if (lines.has(key)) n++;
      if (n > most || (n === most && n > 0 && best && best.children.size > tool.children.size)) {
        best = tool;
        most = n;
      }
      if (tool.children.size === 0 && tool.matched === undefined && tool.mcp === undefined) free ??= tool;
    }
    if (best) return { tool: best, rule: 'task_text' };
    if (
      view.agentId !== undefined &&
      free &&
      view.sessionId !== undefined &&
      free.conversation.agentId !== view.agentId
    ) {
      return { tool: free, rule: 'agent_header' };
    }
    return undefined;
  }

  *#openTools(agent: Agent, view: RequestView): Iterable<ToolState> {
    for (const other of this.#host.agents) {
      for (const turn of other.turns) {
        if (other !== agent && (view.sessionId === undefined || turn.conversation.sessionId !== view.sessionId))
          continue;
        for (const tool of turn.tools) if (tool.open) yield tool;
      }
    }
  }

  // ---------------------------------------------------------------- turns
  #open(call: Call, conversation: Conversation, parentTool: ToolState | undefined, rule: Rule | undefined): Turn {
    const { agent, request } = call;
    const outer =
      parentTool === undefined && agent.outer && agent.outer.turn.state !== 'closed' ? agent.outer : undefined;
    const parentTurn = parentTool && parentTool.turn.state !== 'closed' ? parentTool.turn : outer?.turn;
    const wall = parseNanos(request.ts) ?? 0n;
    const turn: Turn = {
      conversation,
      agent,
      traceId: parentTurn?.traceId ?? traceId(agent.hostId, request.event_id),
      spanId: spanId('turn', request.event_id),
      parentSpanId: parentTurn && (parentTool ? parentTool.spanId : outer?.spanId),
      parentTool: parentTurn ? (parentTool ?? outer?.tool) : undefined,
      rule: parentTurn && (rule ?? (outer ? 'process_tree' : undefined)),
      confidence: parentTurn && confidenceOf(rule),
      anchor: parentTurn?.anchor ?? new Anchor(call.at, wall),
      index: conversation.turnCount,
      opener: request,
      links: [],
      start: call.at,
      end: call.at,
      state: 'open',
      endReason: undefined,
      tools: [],
      calls: new Set(),
      children: new Set(),
      strays: [],
      running: new Set(),
      groups: new Map(),
      usage: { input: 0, output: 0, cached: 0, cacheCreation: 0, reasoning: 0, hasInput: false, hasOutput: false },
      modelCalls: 0,
      sideCalls: 0,
      toolCalls: 0,
      spans: 0,
      bytes: 0,
      housekeeping: { files: 0, connections: 0 },
      failed: undefined,
      lastAnswer: undefined,
      lastAt: call.at,
    };
    if (conversation.lastRoot && conversation.lastRoot.traceId !== turn.traceId)
      turn.links.push({ ...conversation.lastRoot, type: 'previous_turn' });
    conversation.turn = turn;
    conversation.turnCount++;
    conversation.lastRoot = { traceId: turn.traceId, spanId: turn.spanId };
    agent.turns.add(turn);
    if (parentTurn) {
      parentTurn.children.add(turn);
      turn.parentTool?.children.add(turn);
    }
    this.#join(call, turn);
    this.#adoptPending(call, turn);
    return turn;
  }

  /** Side calls that ran shortly before belong to the turn that opens now. */
  #adoptPending(opener: Call, turn: Turn): void {
    for (const call of [...turn.agent.pending]) {
      if (call === opener || call.at < opener.at - this.#host.options.sideWaitNs) continue;
      const { sessionId } = call.view;
      if (
        sessionId !== undefined &&
        turn.conversation.sessionId !== undefined &&
        sessionId !== turn.conversation.sessionId
      )
        continue;
      const isBeside =
        call.isSide || !call.view.isChat || opener.view.hasTools || opener.view.model !== call.view.model;
      if (!isBeside || turn.parentTool) continue;
      turn.agent.pending.delete(call);
      call.isSide = call.view.isChat;
      if (call.conversation) this.#drop(call.conversation);
      call.conversation = undefined;
      turn.start = Math.min(turn.start, call.at);
      this.#join(call, turn);
      if (call.response) this.#answer(call, call.response, call.endAt ?? call.at);
    }
  }

  #join(call: Call, turn: Turn): void {
    call.turn = turn;
    turn.calls.add(call);
    turn.lastAt = Math.max(turn.lastAt, call.at);
    if (call.isSide) turn.sideCalls++;
    else turn.modelCalls++;
    this.#host.out.event(call.request, call.claim, { traceId: turn.traceId, spanId: call.spanId });
  }

  #isFull(turn: Turn, at: number): boolean {
    const { maxSpans, maxBytes, maxTurnNs } = this.#host.options;
    return (
      turn.parentTool === undefined &&
      (turn.spans >= maxSpans || turn.bytes >= maxBytes || at - turn.start >= maxTurnNs)
    );
  }

  /** A turn that outgrew its caps goes on in a trace of its own; spans keep the trace they began in. */
  #rollOver(call: Call, conversation: Conversation, old: Turn): void {
    this.#close(old, call.at, 'continued');
    const turn = this.#open(call, conversation, undefined, undefined);
    turn.links.length = 0;
    turn.links.push({ traceId: old.traceId, spanId: old.spanId, type: 'continued_from' });
    this.#host.count('oisp_correlate_continuations');
  }

  #interrupt(turn: Turn, at: number): void {
    this.#close(turn, Math.min(at, Math.max(turn.lastAt, turn.end)), 'interrupted');
  }

  /** Closes the turns that were silent for too long. */
  closeIdle(at: number): void {
    for (const agent of this.#host.agents) {
      for (const turn of [...agent.turns]) {
        if (turn.state !== 'closed' && turn.lastAt + this.#host.options.idleNs <= at)
          this.abandon(turn, turn.lastAt, 'idle_timeout');
      }
    }
  }

  /** Ends a turn whatever is still under way below it. */
  abandon(turn: Turn, at: number, reason: string): void {
    if (turn.state === 'closed') return;
    for (const child of [...turn.children]) this.abandon(child, at, reason);
    this.#close(turn, Math.max(at, turn.end), reason);
    for (const call of [...turn.calls]) this.#emitCall(call, Math.max(call.at, turn.end), 'no_response');
    this.#finishIfDone(turn);
  }

  #close(turn: Turn, at: number, reason?: string): void {
    if (turn.state !== 'open') return;
    turn.state = 'closing';
    turn.end = Math.max(turn.end, at);
    turn.endReason = reason;
    for (const tool of turn.tools) if (tool.open) this.#endTool(tool, at, 'unanswered');
    this.#finishIfDone(turn);
  }

  #finishIfDone(turn: Turn): void {
    if (turn.state !== 'closing' || turn.calls.size > 0 || turn.children.size > 0) return;
    turn.state = 'closed';
    const { out, options } = this.#host;
    const { claim } = turn.agent;
    for (const stray of turn.strays) this.#settleStray(stray);
    for (const exec of turn.running) {
      exec.exported = true;
      this.#span(turn, execSpan(exec, Math.max(turn.end, exec.start), 'detached'), claim);
    }
    turn.running.clear();
    this.flushGroups(turn, () => true);
    for (const tool of turn.tools) this.#flushFolds(tool, turn);
    this.#span(turn, turnSpan(turn, options), claim);
    turn.agent.turns.delete(turn);
    const parent = turn.parentTool?.turn;
    turn.parentTool?.children.delete(turn);
    if (parent?.children.delete(turn)) {
      addUsage(parent, turn.usage);
      parent.start = Math.min(parent.start, turn.start);
      parent.end = Math.max(parent.end, turn.end);
      parent.lastAt = Math.max(parent.lastAt, turn.end);
      this.#finishIfDone(parent);
    }
    if (turn.conversation.turn === turn) turn.conversation.turn = undefined;
    turn.opener = withoutContent(turn.opener);
    turn.lastAnswer = undefined;
    turn.tools.length = 0;
    turn.strays.length = 0;
    out.keep(claim);
    this.#host.released(turn.agent);
  }

  /** What no tool explains is a finding; the start of an MCP server is not. */
  #settleStray(stray: StrayTree): void {
    for (const span of strayEffects(stray, this.#host)) this.#span(stray.turn, span, stray.turn.agent.claim);
    for (const { effect, parent } of stray.held) {
      const spanId = stray.server ? stray.root.spanId : parent;
      this.#host.out.event(effect.event, effect.claim, { traceId: stray.turn.traceId, spanId });
      effect.claim.release();
    }
    stray.held.length = 0;
  }

  flushGroups(turn: Turn, when: (tool: ToolState | undefined) => boolean): void {
    for (const [key, group] of turn.groups) {
      if (!when(group.tool)) continue;
      turn.groups.delete(key);
      this.#span(turn, fileSpan(group, turn, this.#host.options), turn.agent.claim);
    }
  }

  #flushFolds(tool: ToolState, turn: Turn): void {
    for (const fold of tool.folds.values()) this.#span(turn, foldSpan(fold, turn), turn.agent.claim);
    tool.folds.clear();
  }

  /** Sends a finished span of a turn on its way. */
  emit(turn: Turn, span: ReturnType<typeof turnSpan>): void {
    this.#span(turn, span, turn.agent.claim);
  }

  #span(turn: Turn, span: ReturnType<typeof turnSpan>, claim: Claim): void {
    turn.spans++;
    turn.bytes += 300 + span.attributes.length * 40;
    for (const attribute of span.attributes) if (attribute.type === 'string') turn.bytes += attribute.value.length;
    if (span.spanId !== turn.spanId) {
      const zero = turn.anchor.nanos(0);
      turn.start = Math.min(turn.start, Number(span.start - zero)); // what came late may have begun before its turn
      turn.end = Math.max(turn.end, Number(span.end - zero));
    }
    this.#host.out.span(span, claim);
  }

  // ---------------------------------------------------------------- answers
  response(agent: Agent, event: OispEvent<AiResponseData>, at: number, claim: Claim): void {
    const call = this.#calls.get(callKey(agent, event.data.request_id));
    if (!call || call.response) {
      this.#host.count('oisp_correlate_unmatched_responses');
      this.#host.out.event(event, claim);
      return;
    }
    agent.lastAt = at;
    call.response = event;
    call.endAt = at;
    if (call.turn) this.#answer(call, event, at);
    else if (!agent.pending.has(call)) this.#emitAlone(call);
  }

  #answer(call: Call, event: OispEvent<AiResponseData>, at: number): void {
    const { turn, conversation } = call;
    if (!turn) return;
    const { data } = event;
    turn.lastAt = Math.max(turn.lastAt, at);
    const whole = data.success && event.confidence.completeness !== 'partial';
    if (conversation && !call.isSide && data.success) {
      const keys = matchOf(event);
      if (whole)
        this.conversations.answered(
          call,
          keys?.messages ?? [],
          data.provider_request_id,
          (call.view.keys.weight ?? 0) + (keys?.weight ?? 0),
        );
    }
    if (!call.isSide && call.view.isChat) {
      turn.failed = data.success
        ? undefined
        : { type: data.error?.code ?? data.error?.type ?? String(data.status_code ?? 'stream_interrupted') };
      if (data.success) turn.lastAnswer = event;
    }
    this.#emitCall(call, at, undefined);
    if (
      !call.isSide &&
      call.view.isChat &&
      whole &&
      turn.state === 'open' &&
      conversation?.lastCall === call &&
      !asksForTools(data)
    ) {
      turn.end = Math.max(turn.end, at);
      this.#close(turn, at);
    } else this.#finishIfDone(turn);
  }

  #emitCall(call: Call, end: number, endReason: string | undefined): void {
    const { turn } = call;
    if (!turn) return;
    const usage = call.response?.data.usage;
    if (usage) {
      const { usage: sum } = turn;
      if (usage.prompt_tokens !== undefined) sum.hasInput = true;
      if (usage.completion_tokens !== undefined) sum.hasOutput = true;
      sum.input += usage.prompt_tokens ?? 0;
      sum.output += usage.completion_tokens ?? 0;
      sum.cached += usage.cached_tokens ?? 0;
      sum.cacheCreation += usage.cache_creation_tokens ?? 0;
      sum.reasoning += usage.reasoning_tokens ?? 0;
    }
    turn.calls.delete(call);
    const place = { traceId: turn.traceId, parentSpanId: turn.spanId, anchor: turn.anchor, end, endReason };
    this.#span(turn, callSpan(call, place, this.#host.options), turn.agent.claim);
    if (call.response) this.#host.out.event(call.response, call.claim, { traceId: turn.traceId, spanId: call.spanId });
    this.#done(call);
  }

  #done(call: Call): void {
    this.#calls.delete(callKey(call.agent, call.request.data.request_id));
    call.claim.release();
    slim(call);
  }

  // ---------------------------------------------------------------- tools
  toolCall(agent: Agent, event: OispEvent<ToolCallData>, at: number, claim: Claim): void {
    const { data } = event;
    const call = this.#calls.get(callKey(agent, data.request_id ?? ''));
    const turn = call?.turn;
    if (!call || !turn || !call.conversation) {
      this.#host.count('oisp_correlate_unmatched_tool_calls');
      this.#host.out.event(event, claim);
      return;
    }
    const { conversation } = call;
    if (conversation.asked[0]?.call !== call) conversation.asked = [];
    const derived = event.attrs?.['oisp.call_id.derived'] === true;
    const tool: ToolState = {
      event,
      keys: matchOf(event) ?? {},
      call,
      turn,
      conversation,
      agent,
      callId: derived ? undefined : data.call_id,
      index: data.index ?? conversation.asked.length,
      name: data.tool.name,
      spanId: spanId('tool', event.event_id),
      start: at,
      open: true,
      exported: false,
      end: undefined,
      endSource: undefined,
      firstEffect: undefined,
      explained: false,
      matched: undefined,
      children: new Set(),
      mcp: undefined,
      result: undefined,
      isError: false,
      errorType: undefined,
      counts: { process: 0, file: 0, network: 0 },
      folds: new Map(),
    };
    conversation.asked.push(tool);
    turn.tools.push(tool);
    turn.toolCalls++;
    turn.lastAt = Math.max(turn.lastAt, at);
    this.#host.out.event(event, claim, { traceId: turn.traceId, spanId: tool.spanId });
  }

  toolResult(agent: Agent, event: OispEvent<ToolResultData>, at: number, claim: Claim): void {
    const { data } = event;
    const call = this.#calls.get(callKey(agent, data.request_id ?? ''));
    const asked = call?.conversation?.asked ?? [];
    const derived = event.attrs?.['oisp.call_id.derived'] === true;
    const tool = derived
      ? asked.find((t) => t.open && t.index === data.index)
      : asked.find((t) => t.open && t.callId === data.call_id);
    if (!tool) {
      this.#host.count('oisp_correlate_unmatched_tool_results');
      this.#host.out.event(event, claim);
      return;
    }
    tool.result = event;
    if (data.success === false) {
      tool.isError = true;
      tool.errorType ??= data.error?.type ?? 'tool_error';
    }
    this.#endTool(tool, at, undefined);
    this.#host.out.event(event, claim, { traceId: tool.turn.traceId, spanId: tool.spanId });
  }

  #endTool(tool: ToolState, at: number, reason: string | undefined): void {
    if (!tool.open) return;
    tool.open = false;
    tool.exported = true;
    if (tool.end === undefined) {
      tool.end = at;
      if (reason === undefined) tool.endSource = 'result';
    }
    for (const child of [...tool.children]) {
      // the answer is there, so the sub-agent is done, whatever was seen of its end
      if (child.agent === tool.agent && child.state === 'open')
        this.#close(child, Math.max(child.lastAt, child.end), 'tool_result');
    }
    this.flushGroups(tool.turn, (t) => t === tool);
    this.#span(tool.turn, toolSpan(tool, Math.max(tool.end, tool.start), reason, this.#host.options), tool.agent.claim);
  }

  // ---------------------------------------------------------------- the end
  /** The agent's process ended: nothing of it goes on. */
  processEnded(agent: Agent, at: number, reason: string): void {
    for (const call of [...agent.pending]) this.#standUp(call);
    for (const turn of [...agent.turns])
      if (turn.state === 'open') this.abandon(turn, Math.max(turn.lastAt, Math.min(at, turn.lastAt + 50 * MS)), reason);
    for (const call of [...this.#calls.values()]) {
      if (call.agent !== agent) continue;
      if (call.turn) {
        this.#emitCall(call, Math.max(call.at, call.turn.end), 'no_response');
        this.#finishIfDone(call.turn);
      } else this.#emitAlone(call);
    }
  }

  #drop(conversation: Conversation): void {
    conversation.agent.conversations.delete(conversation);
    this.conversations.forget(conversation);
  }

  /** Lets go of a conversation that nobody will continue. */
  forget(conversation: Conversation): void {
    this.#drop(conversation);
  }
}

function callKey(agent: Agent, requestId: string): string {
  return `${agent.key} ${requestId}`;
}

/** Lets go of what only the span needed: conversations live long, and their calls hold whole histories. */
function slim(call: Call): void {
  call.request = withoutContent(call.request);
  call.view = { ...call.view, keys: {} };
  if (call.response) {
    const { choices: _, ...data } = call.response.data;
    call.response = { ...call.response, data, attrs: {} };
  }
}

function withoutContent(event: OispEvent<AiRequestData>): OispEvent<AiRequestData> {
  const { messages: _, tools: __, ...data } = event.data;
  return { ...event, data, attrs: {} };
}

/** A call that the agent will make again: it failed, broke off, or was not answered yet. */
function isUnanswered(call: Call | undefined): boolean {
  return (
    call !== undefined &&
    (call.response === undefined || !call.response.data.success || call.response.confidence.completeness === 'partial')
  );
}

function asksForTools(data: AiResponseData): boolean {
  return (data.tool_calls_count ?? data.tool_calls?.length ?? 0) > 0;
}

/** The user's turn above a turn of a sub-agent in the same process. */
function topmost(turn: Turn): Turn {
  let top = turn;
  while (top.parentTool && top.parentTool.agent === top.agent) top = top.parentTool.turn;
  return top;
}

function confidenceOf(rule: Rule | undefined): Confidence {
  return rule === 'agent_header' ? 'medium' : 'high';
}

function addUsage(turn: Turn, usage: Turn['usage']): void {
  const sum = turn.usage;
  sum.input += usage.input;
  sum.output += usage.output;
  sum.cached += usage.cached;
  sum.cacheCreation += usage.cacheCreation;
  sum.reasoning += usage.reasoning;
  sum.hasInput ||= usage.hasInput;
  sum.hasOutput ||= usage.hasOutput;
}
