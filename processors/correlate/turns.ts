import { type Key, parseNanos, type SpanRecord, spanId, traceId } from '../../core/index.ts';
import type { Claim } from './claim.ts';
import type { OpenCalls } from './open-calls.ts';
import { callSpan, execSpan, fileSpan, foldSpan, toolSpan, turnSpan } from './spans.ts';
import type { Agent, Call, Conversation, Root, StrayTree, ToolState, Turn } from './state.ts';
import { strayEffects } from './stray-spans.ts';
import type { Parent, Tasks } from './tasks.ts';
import { Anchor } from './timeline.ts';
import { AppTraces } from './trace-context.ts';
import { TraceSize } from './trace-size.ts';
import type { TurnHost } from './turn-host.ts';

/** The life of turns: they open, model calls join them, tools end in them, and when nothing below is under way their root leaves. */
export class Turns {
  readonly #host: TurnHost;
  readonly #calls: OpenCalls;
  readonly #tasks: Tasks;
  readonly #appTraces: AppTraces;
  /** Called before a turn is finished with what no tool explains. */
  onFinish: (turn: Turn) => void = () => undefined;
  /** Of conversations whose later requests name none. */
  readonly #places = new WeakMap<Conversation, ReadonlySet<Key>>();

  constructor(host: TurnHost, calls: OpenCalls, tasks: Tasks) {
    this.#host = host;
    this.#calls = calls;
    this.#tasks = tasks;
    this.#appTraces = new AppTraces({ spans: host.options.maxSpans, bytes: host.options.maxBytes });
  }

  /** Opens a turn with its first call: below a tool call that it works for, or as the root of a trace. */
  open(call: Call, conversation: Conversation, parent: Parent | undefined): Turn {
    const { agent, request } = call;
    const parentTool = parent?.tool;
    const outer =
      parentTool === undefined && agent.outer && agent.outer.turn.state !== 'closed' ? agent.outer : undefined;
    const above = parentTool && parentTool.turn.state !== 'closed' ? parentTool.turn : outer?.turn;
    // a trace that has reached its caps takes no further agents: they have traces of their own
    const parentTurn = above && this.#isLarge(above) ? undefined : above;
    const app = above || this.#host.options.traceContext !== 'parent' ? undefined : this.#appTraces.adopts(request);
    const wall = parseNanos(request.ts) ?? 0n;
    const turn: Turn = {
      conversation,
      agent,
      traceId: parentTurn?.traceId ?? app?.traceId ?? traceId(agent.hostId, request.event_id),
      spanId: spanId('turn', request.event_id),
      parentSpanId: parentTurn ? (parentTool ? parentTool.spanId : outer?.spanId) : app?.spanId,
      parentTool: parentTurn ? (parentTool ?? outer?.tool) : undefined,
      rule: parentTurn ? (parent?.rule ?? 'process_tree') : app && 'traceparent',
      confidence: parentTurn ? (parent?.confidence ?? 'high') : app && 'high',
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
      steps: [],
      running: new Set(),
      groups: new Map(),
      places: this.#placesOf(call, conversation),
      usage: {
        input: 0,
        output: 0,
        cached: 0,
        cacheCreation: 0,
        reasoning: 0,
        cost: undefined,
        hasInput: false,
        hasOutput: false,
      },
      modelCalls: 0,
      sideCalls: 0,
      toolCalls: 0,
      trace: parentTurn?.trace ?? new TraceSize(),
      housekeeping: { files: 0, connections: 0 },
      failed: undefined,
      lastAnswer: undefined,
      asked: call.view.keys.latest ?? call.view.keys.lines ?? [],
      answered: [],
      lastAt: call.at,
    };
    const before = conversation.lastRoot;
    if (before && before.traceId !== turn.traceId) turn.links.push(linkTo(before, 'previous_turn'));
    if (!parentTurn && !agent.isShared) agent.isShared = hasStranger(agent, conversation);
    if (above && !parentTurn)
      turn.links.push({
        traceId: above.traceId,
        spanId: (parentTool ?? outer?.tool)?.spanId ?? above.spanId,
        type: 'continued_from',
      });
    conversation.turn = turn;
    conversation.turnCount++;
    conversation.lastRoot = { traceId: turn.traceId, spanId: turn.spanId };
    if (before?.first && turn.links.length > 0) turn.links.push(linkTo(before.first, 'previous_turn'));
    agent.turns.add(turn);
    turn.trace.turns.add(turn);
    if (parentTool === undefined) agent.current = turn;
    if (parentTurn) {
      parentTurn.children.add(turn);
      turn.parentTool?.children.add(turn);
    }
    this.#host.sessions.opened(turn, call.at, call.claim);
    this.join(call, turn);
    return turn;
  }

  /** A turn goes on from one that idle time, a cap or a lost answer closed. */
  continues(turn: Turn, before: Root | undefined): void {
    turn.links.length = 0;
    if (!before || before.traceId === turn.traceId) return;
    turn.links.push(linkTo(before, 'continued_from'));
    turn.index = Math.max(0, turn.index - 1);
    turn.conversation.turnCount = turn.index + 1;
    turn.conversation.lastRoot = { traceId: turn.traceId, spanId: turn.spanId, first: before.first ?? before };
  }

  #placesOf(call: Call, conversation: Conversation): ReadonlySet<Key> {
    const { places = [] } = call.view.keys;
    if (places.length > 0) this.#places.set(conversation, new Set(places));
    return this.#places.get(conversation) ?? new Set();
  }

  /** A model call belongs to a turn. */
  join(call: Call, turn: Turn): void {
    call.turn = turn;
    turn.calls.add(call);
    turn.lastAt = Math.max(turn.lastAt, call.at);
    if (call.isSide) turn.sideCalls++;
    else {
      turn.modelCalls++;
      call.agent.asking.add(call);
    }
    if (call.isUnseen) return;
    this.#host.out.event(call.request, call.claim, { traceId: turn.traceId, spanId: call.spanId });
  }

  /** Whether the trace of a turn has reached its caps. */
  isFull(turn: Turn, at: number): boolean {
    return this.#isLarge(turn) || (turn.parentTool === undefined && at - turn.start >= this.#host.options.maxTurnNs);
  }

  #isLarge(turn: Turn): boolean {
    return turn.trace.reaches(this.#host.options.maxSpans, this.#host.options.maxBytes);
  }

  /** The user went on before the turn had ended. */
  interrupt(turn: Turn, at: number): void {
    this.close(turn, Math.min(at, Math.max(turn.lastAt, turn.end)), 'interrupted');
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
    this.close(turn, Math.max(at, turn.end), reason);
    for (const call of [...turn.calls]) this.emitCall(call, Math.max(call.at, turn.end), endOf(turn, 'no_response'));
    this.finishIfDone(turn);
  }

  /** Ends a turn: it leaves when the calls and the turns below it have. */
  close(turn: Turn, at: number, reason?: string): void {
    if (turn.state !== 'open') return;
    turn.state = 'closing';
    turn.end = Math.max(turn.end, at);
    turn.endReason = reason;
    for (const tool of turn.tools) if (tool.open) this.endTool(tool, at, endOf(turn, 'unanswered'));
    this.finishIfDone(turn);
  }

  /** Sends what is left of a turn on its way, its root last, once nothing below it is under way. */
  finishIfDone(turn: Turn): void {
    if (turn.state !== 'closing' || turn.calls.size > 0 || turn.children.size > 0) return;
    this.onFinish(turn);
    for (const tool of turn.tools)
      if (tool.open) this.endTool(tool, Math.max(turn.end, tool.start), endOf(turn, 'unanswered'));
    turn.state = 'closed';
    const { out, options } = this.#host;
    const { claim } = turn.agent;
    for (const stray of turn.strays) this.#settleStray(stray, endOf(turn, 'detached'));
    for (const exec of turn.running) {
      exec.exported = true;
      this.#span(turn, execSpan(exec, Math.max(turn.end, exec.start), endOf(turn, 'detached')), claim);
    }
    turn.running.clear();
    this.flushGroups(turn, () => true);
    for (const tool of turn.tools) this.#flushFolds(tool, turn);
    this.#span(turn, turnSpan(turn, options), claim);
    turn.agent.turns.delete(turn);
    turn.trace.turns.delete(turn);
    this.#host.sessions.closed(turn);
    const parent = turn.parentTool?.turn;
    turn.parentTool?.children.delete(turn);
    if (parent?.children.delete(turn)) {
      addUsage(parent, turn.usage);
      parent.start = Math.min(parent.start, turn.start);
      parent.end = Math.max(parent.end, turn.end);
      parent.lastAt = Math.max(parent.lastAt, turn.end);
      this.finishIfDone(parent);
    }
    if (turn.conversation.turn === turn) turn.conversation.turn = undefined;
    const { messages: _, tools: __, ...asked } = turn.opener.data;
    turn.opener = { ...turn.opener, data: asked, attrs: {} };
    turn.lastAnswer = undefined;
    for (const tool of turn.tools) this.#tasks.remove(tool);
    turn.tools.length = 0;
    turn.asked = [];
    turn.answered = [];
    turn.strays.length = 0;
    out.keep(claim);
    this.#host.released(turn.agent);
  }

  /** What no tool explains is a finding; the start of an MCP server is not. */
  #settleStray(stray: StrayTree, running: string): void {
    for (const span of strayEffects(stray, this.#host, running)) this.#span(stray.turn, span, stray.turn.agent.claim);
    for (const { effect, parent } of stray.held) {
      const spanId = stray.server ? stray.root.spanId : parent;
      this.#host.out.event(effect.event, effect.claim, { traceId: stray.turn.traceId, spanId });
      effect.claim.release();
    }
    stray.held.length = 0;
  }

  /** The answer of its tool call is there: a sub-agent is done, whatever was seen of its end, unless it goes on in the background. */
  #endChild(child: Turn, at: number): void {
    const { lastAt } = child;
    this.#host.after(at + this.#host.options.sideWaitNs, () => {
      if (isSilent(child, lastAt)) this.close(child, Math.max(lastAt, child.end), 'tool_result');
    });
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
  emit(turn: Turn, span: SpanRecord): void {
    this.#span(turn, span, turn.agent.claim);
  }

  #span(turn: Turn, span: SpanRecord, claim: Claim): void {
    this.#host.sessions.span(turn, span);
    const bytes = this.#host.out.span(span, claim);
    turn.trace.add(bytes);
    this.#appTraces.add(turn.traceId, bytes);
    if (span.spanId !== turn.spanId) {
      const zero = turn.anchor.nanos(0);
      turn.start = Math.min(turn.start, Number(span.start - zero)); // what came late may have begun before its turn
      turn.end = Math.max(turn.end, Number(span.end - zero));
    }
  }

  /** The span of a call is final. */
  emitCall(call: Call, end: number, endReason: string | undefined): void {
    const { turn } = call;
    if (!turn) return;
    const usage = call.response?.data.usage;
    if (usage && isModelCall(call)) {
      const { usage: sum } = turn;
      if (usage.prompt_tokens !== undefined) sum.hasInput = true;
      if (usage.completion_tokens !== undefined) sum.hasOutput = true;
      sum.input += usage.prompt_tokens ?? 0;
      sum.output += usage.completion_tokens ?? 0;
      sum.cached += usage.cached_tokens ?? 0;
      sum.cacheCreation += usage.cache_creation_tokens ?? 0;
      sum.reasoning += usage.reasoning_tokens ?? 0;
    }
    if (usage) addCost(turn.usage, usage.total_cost_usd);
    turn.calls.delete(call);
    call.agent.asking.delete(call);
    const place = { traceId: turn.traceId, parentSpanId: turn.spanId, anchor: turn.anchor, end, endReason };
    this.#span(turn, callSpan(call, place, this.#host.options), turn.agent.claim);
    if (call.response) this.#host.out.event(call.response, call.claim, { traceId: turn.traceId, spanId: call.spanId });
    this.#calls.done(call);
  }

  /** A tool call is over: its result came, or its turn ends without one (`reason`). */
  endTool(tool: ToolState, at: number, reason: string | undefined): void {
    if (!tool.open) return;
    tool.open = false;
    tool.exported = true;
    tool.agent.open.delete(tool);
    this.#host.commands.delete(tool);
    if (tool.end === undefined) {
      tool.end = at;
      if (reason === undefined) tool.endSource = 'result';
    }
    for (const child of [...tool.children]) {
      if (child.agent === tool.agent) this.#endChild(child, at);
    }
    this.flushGroups(tool.turn, (t) => t === tool);
    this.#span(tool.turn, toolSpan(tool, tool.end, reason, this.#host.options), tool.agent.claim);
    const { arguments: _, ...asked } = tool.event.data;
    tool.event = { ...tool.event, data: asked, attrs: {} };
    tool.result = undefined;
  }
}

/** Whether a turn of another user of the process is open. */
function hasStranger(agent: Agent, conversation: Conversation): boolean {
  for (const { state, parentTool, conversation: other } of agent.turns) {
    if (state !== 'open' || parentTool || other.id === conversation.id) continue;
    if (other.sessionId === undefined || other.sessionId !== conversation.sessionId) return true;
  }
  return false;
}

/** Whether the tokens of a call are the model's: those of look-ups and counts are their own. */
function isModelCall({ request }: Call): boolean {
  const type = request.data.request_type;
  return type === 'chat' || type === 'completion' || type === 'embedding';
}

function linkTo({ traceId: trace, spanId: span }: Root, type: string): Turn['links'][number] {
  return { traceId: trace, spanId: span, type };
}

/** Whether a turn was silent since, with no call under way. */
function isSilent(turn: Turn, since: number): boolean {
  return turn.state === 'open' && turn.calls.size === 0 && turn.lastAt === since;
}

/** Why something that is still under way ends with its turn: by what it lacks, or because nobody watches any more. */
function endOf(turn: Turn, lacks: string): string {
  return turn.endReason === 'shutdown' ? 'shutdown' : lacks;
}

function addUsage(turn: Turn, usage: Turn['usage']): void {
  const sum = turn.usage;
  sum.input += usage.input;
  sum.output += usage.output;
  sum.cached += usage.cached;
  sum.cacheCreation += usage.cacheCreation;
  sum.reasoning += usage.reasoning;
  addCost(sum, usage.cost);
  sum.hasInput ||= usage.hasInput;
  sum.hasOutput ||= usage.hasOutput;
}

/** Sums are kept to a millionth of a millionth of a dollar: the same in whatever order they came. */
function addCost(sum: Turn['usage'], usd: number | undefined): void {
  if (typeof usd === 'number' && Number.isFinite(usd)) sum.cost = Math.round(((sum.cost ?? 0) + usd) * 1e12) / 1e12;
}
