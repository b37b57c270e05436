import {
  type AiRequestData,
  type AiResponseData,
  digest,
  matchOf,
  type OispEvent,
  parseNanos,
  spanId,
  traceId,
} from '../../core/index.ts';
import type { Chain } from './chain.ts';
import type { Claim } from './claim.ts';
import type { Conversations, Found } from './conversations.ts';
import type { OpenCalls } from './open-calls.ts';
import { MS } from './options.ts';
import { viewOf } from './request.ts';
import { isBeside, sideKindOf, turnBeside } from './side-calls.ts';
import { callSpan } from './spans.ts';
import type { Agent, Call, Conversation, Rule, ToolState, Turn } from './state.ts';
import { parentToolOf } from './sub-agents.ts';
import { Anchor } from './timeline.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';
import { type AnswerEvent, lacksRequest, sinceFirstByte, unseenRequest, waitingTurn } from './unseen.ts';

/** Decides where each model call belongs: a conversation and its turn, a side call, a sub-agent. */
export class Requests {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  readonly #calls: OpenCalls;
  readonly #conversations: Conversations;

  constructor(host: TurnHost, turns: Turns, calls: OpenCalls, conversations: Conversations) {
    this.#host = host;
    this.#turns = turns;
    this.#calls = calls;
    this.#conversations = conversations;
  }

  request(agent: Agent, event: OispEvent<AiRequestData>, at: number, claim: Claim): void {
    const call = this.#take(agent, event, at, claim, false);
    const { view } = call;
    if (!view.isChat) this.#beside(call);
    else this.#converse(call);
    agent.models.add(view.model);
    if (view.hasTools) agent.hasToolUse = true;
  }

  /**
   * The call that an answer, or a tool call in it, belongs to; one whose request was not captured becomes known by the first of these events.
   * Undefined where the request should have been seen, and for the end of a turn that the capture saw nothing else of.
   */
  callOf(agent: Agent, event: AnswerEvent, at: number, claim: Claim): Call | undefined {
    const known = this.#calls.get(agent, event.data.request_id);
    if (known || event.data.request_id === undefined || !lacksRequest(event)) return known;
    const turn = waitingTurn(agent);
    const request = unseenRequest(event);
    // the end of a turn of which nothing else was seen: no tree can be made of it
    const isEnd = 'success' in event.data && event.data.finish_reason === 'stop' && !event.data.tool_calls_count;
    if (isEnd && !turn && request.data.request_type === 'chat') return undefined;
    const call = this.#take(agent, request, at - sinceFirstByte(event), claim, true);
    if (!call.view.isChat) this.#beside(call);
    else if (turn) {
      call.rule = 'only_open';
      call.confidence = 'low';
      this.#follow(call, turn.conversation);
      this.#turns.join(call, turn);
    } else {
      const conversation = this.#begin(call, undefined, undefined);
      this.#follow(call, conversation);
      this.#open(call, conversation, undefined, undefined);
    }
    return call;
  }

  #follow(call: Call, conversation: Conversation): void {
    call.conversation = conversation;
    conversation.lastCall = call;
    conversation.lastAt = call.at;
  }

  /** The answer tells more of such a call than a tool call in it did. */
  #learn(call: Call, event: OispEvent<AiResponseData>, at: number): void {
    const { turn, request } = call;
    call.at = Math.min(call.at, at - sinceFirstByte(event));
    call.request = { ...unseenRequest(event), event_id: request.event_id };
    if (!turn) return;
    turn.start = Math.min(turn.start, call.at);
    if (turn.opener === request) turn.opener = call.request;
  }

  #take(agent: Agent, request: OispEvent<AiRequestData>, at: number, claim: Claim, isUnseen: boolean): Call {
    const call: Call = {
      request,
      isUnseen,
      view: viewOf(request),
      agent,
      at,
      claim,
      spanId: spanId('call', request.event_id),
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
    this.#calls.add(call);
    claim.hold();
    agent.lastAt = at;
    return call;
  }

  #converse(call: Call): void {
    const { agent, view } = call;
    const chains = this.#conversations.chains(view, agent);
    const found = this.#conversations.find(view, agent, chains);
    const isRetry = found?.isSame === true && isUnanswered(found.conversation.lastCall);
    if (found && isRetry) {
      call.resend = (found.conversation.lastCall?.resend ?? 0) + 1;
      this.#goOn(call, found.conversation, chains, 'answer');
      return;
    }
    const parent = view.isFresh ? parentToolOf(call, this.#host.agents) : undefined;
    if (parent) {
      const conversation = this.#begin(call, parent.tool, parent.rule);
      this.#place(call, conversation, chains);
      this.#open(call, conversation, parent.tool, parent.rule);
      return;
    }
    if (view.isFresh || found === undefined) {
      const side = sideKindOf(call);
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
        this.#calls.done(call);
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
      this.#turns.interrupt(conversation.turn, call.at);
    return sibling;
  }

  #goOn(call: Call, conversation: Conversation, chains: readonly Chain[], how: Found['how']): void {
    const { view } = call;
    call.offset = how === 'replaced' ? 0 : conversation.sentMessages;
    const retry = isUnanswered(conversation.lastCall) && conversation.requested === chains.at(-1);
    if (conversation.turn && conversation.turn.lastAt + this.#host.options.idleNs <= call.at)
      this.#turns.abandon(conversation.turn, conversation.turn.lastAt, 'idle_timeout');
    const turn = conversation.turn;
    this.#place(call, conversation, chains);
    const opens = view.hasUserText && view.results.length === 0 && !retry;
    if (turn && turn.state === 'open' && !opens) {
      if (this.#turns.isFull(turn, call.at)) this.#rollOver(call, conversation, turn);
      else this.#turns.join(call, turn);
      return;
    }
    if (turn && turn.state === 'open') this.#turns.interrupt(turn, call.at);
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
    conversation.sentMessages = sentIn(call.request);
    this.#conversations.requested(call, chains.at(-1) ?? 0);
  }

  // ---------------------------------------------------------------- side calls
  /** Puts a call under the turn that is open beside it; else it waits for one. */
  #beside(call: Call): void {
    const { agent, view } = call;
    const found = turnBeside(call);
    if (found && (call.isSide || !view.isChat)) {
      this.#turns.join(call, found);
      return;
    }
    agent.pending.add(call);
    this.#host.after(call.at + this.#host.options.sideWaitNs, () => {
      if (agent.pending.has(call)) this.#standUp(call);
    });
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
    if (!call.isUnseen) out.event(call.request, call.claim, { traceId: trace, spanId: call.spanId });
    if (call.response) out.event(call.response, call.claim, { traceId: trace, spanId: call.spanId });
    this.#calls.done(call);
  }

  #open(call: Call, conversation: Conversation, parentTool: ToolState | undefined, rule: Rule | undefined): Turn {
    const turn = this.#turns.open(call, conversation, parentTool, rule);
    this.#adoptPending(call, turn);
    return turn;
  }

  /** Side calls that ran shortly before belong to the turn that opens now. */
  #adoptPending(opener: Call, turn: Turn): void {
    for (const call of [...turn.agent.pending]) {
      if (call === opener || call.at < opener.at - this.#host.options.sideWaitNs || !isBeside(call, opener, turn))
        continue;
      turn.agent.pending.delete(call);
      call.isSide = call.view.isChat;
      if (call.conversation) this.forget(call.conversation);
      call.conversation = undefined;
      turn.start = Math.min(turn.start, call.at);
      this.#turns.join(call, turn);
      if (call.response) this.#answer(call, call.response, call.endAt ?? call.at);
    }
  }

  /** A turn that outgrew its caps goes on in a trace of its own; spans keep the trace they began in. */
  #rollOver(call: Call, conversation: Conversation, old: Turn): void {
    this.#turns.close(old, call.at, 'continued');
    const turn = this.#open(call, conversation, undefined, undefined);
    turn.links.length = 0;
    turn.links.push({ traceId: old.traceId, spanId: old.spanId, type: 'continued_from' });
    this.#host.count('oisp_correlate_continuations');
  }

  // ---------------------------------------------------------------- answers
  response(agent: Agent, event: OispEvent<AiResponseData>, at: number, claim: Claim): void {
    const call = this.callOf(agent, event, at, claim);
    if (!call || call.response) {
      this.#host.count('oisp_correlate_unmatched_responses');
      this.#host.out.event(event, claim);
      return;
    }
    agent.lastAt = at;
    if (call.isUnseen) this.#learn(call, event, at);
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
    const { completeness, missing = [] } = event.confidence;
    const whole = data.success && (call.isUnseen ? missing.length === 1 : completeness !== 'partial');
    if (conversation && !call.isSide && !call.isUnseen && data.success) {
      const keys = matchOf(event);
      if (whole)
        this.#conversations.answered(
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
    this.#turns.emitCall(call, at, undefined);
    if (
      !call.isSide &&
      call.view.isChat &&
      whole &&
      turn.state === 'open' &&
      conversation?.lastCall === call &&
      !asksForTools(data)
    ) {
      turn.end = Math.max(turn.end, at);
      this.#turns.close(turn, at);
    } else this.#turns.finishIfDone(turn);
  }

  // ---------------------------------------------------------------- the end
  /** The agent's process ended: nothing of it goes on. */
  processEnded(agent: Agent, at: number, reason: string): void {
    for (const call of [...agent.pending]) this.#standUp(call);
    for (const turn of [...agent.turns])
      if (turn.state === 'open')
        this.#turns.abandon(turn, Math.max(turn.lastAt, Math.min(at, turn.lastAt + 50 * MS)), reason);
    for (const call of this.#calls.of(agent)) {
      if (call.turn) {
        this.#turns.emitCall(call, Math.max(call.at, call.turn.end), 'no_response');
        this.#turns.finishIfDone(call.turn);
      } else this.#emitAlone(call);
    }
  }

  /** Lets go of a conversation that nobody will continue. */
  forget(conversation: Conversation): void {
    conversation.agent.conversations.delete(conversation);
    this.#conversations.forget(conversation);
  }
}

/** Messages of a request without the system prompts that stand beside them: what the next request's delta begins after. */
function sentIn(request: OispEvent<AiRequestData>): number {
  return request.data.messages?.filter((message) => message.attrs?.separate !== true).length ?? 0;
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
