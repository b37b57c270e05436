import { type AiRequestData, type AiResponseData, digest, matchOf, type OispEvent, spanId } from '../../core/index.ts';
import { Beside } from './beside.ts';
import { type Chain, EMPTY_CHAIN, UNSEEN_CHAIN } from './chain.ts';
import type { Claim } from './claim.ts';
import type { Conversations } from './conversations.ts';
import type { OpenCalls } from './open-calls.ts';
import { MS, SECOND } from './options.ts';
import type { Found } from './places.ts';
import { viewOf } from './request.ts';
import {
  asksForTools,
  bringsNothing,
  isHelper,
  isSettled,
  mayGoOn,
  offsetOf,
  parentOf,
  sentIn,
  takeOver,
} from './request-facts.ts';
import { isAside, sideKindOf } from './side-calls.ts';
import type { Agent, Call, Conversation, ToolState, Turn } from './state.ts';
import type { Parent, Tasks } from './tasks.ts';
import type { TurnHost } from './turn-host.ts';
import type { Turns } from './turns.ts';
import { type AnswerEvent, lacksRequest, sinceFirstByte, unseenRequest, waitingTurn } from './unseen.ts';

/** How long after a fork its origin may still go on. */
const FORK_WAIT = 60 * SECOND;

/** Decides where each model call belongs: a conversation and its turn, a side call, a sub-agent. */
export class Requests {
  readonly #host: TurnHost;
  readonly #turns: Turns;
  readonly #calls: OpenCalls;
  readonly #conversations: Conversations;
  readonly #tasks: Tasks;
  readonly #beside: Beside;

  constructor(host: TurnHost, turns: Turns, calls: OpenCalls, conversations: Conversations, tasks: Tasks) {
    this.#host = host;
    this.#turns = turns;
    this.#calls = calls;
    this.#conversations = conversations;
    this.#tasks = tasks;
    this.#beside = new Beside(host, turns, calls, {
      open: (call) => call.conversation && this.#open(call, call.conversation, undefined),
      answered: (call) => call.response && this.#answer(call, call.response, call.endAt ?? call.at),
      dissolve: (call) => {
        if (call.conversation) this.forget(call.conversation);
        call.conversation = undefined;
      },
    });
  }

  request(agent: Agent, event: OispEvent<AiRequestData>, at: number, claim: Claim): void {
    const call = this.#take(agent, event, at, claim, false);
    if (!call.view.isChat) this.#beside.add(call);
    else this.#converse(call);
    agent.models.add(call.view.model);
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
    call.isSide = call.view.isChat && isHelper(event);
    if (call.isSide || !call.view.isChat) this.#beside.add(call);
    else if (turn) {
      call.rule = 'only_open';
      call.confidence = 'low';
      this.#follow(call, turn.conversation);
      this.#turns.join(call, turn);
    } else {
      const conversation = this.#begin(call, undefined);
      this.#follow(call, conversation);
      this.#open(call, conversation, undefined);
    }
    return call;
  }

  #follow(call: Call, conversation: Conversation): void {
    call.conversation = conversation;
    call.end = UNSEEN_CHAIN;
    conversation.settled = undefined;
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
      about: undefined,
      end: undefined,
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
    const chains = this.#conversations.chains(call);
    const repeated = this.#conversations.repeated(call, chains);
    if (repeated) {
      call.resend = (repeated.lastCall?.resend ?? 0) + 1;
      call.offset = repeated.sentMessages;
      this.#goOn(call, repeated, chains, 'request');
      return;
    }
    const found = this.#conversations.find(call, chains);
    if (found && isAside(call, found.conversation)) {
      call.isSide = true;
      call.about = found.conversation;
      this.#beside.add(call, found.conversation.turn);
      return;
    }
    const task = found && this.#taskIn(call, found.conversation);
    if (!found || task) this.#start(call, chains, task);
    else {
      this.#learnModel(call);
      call.offset = offsetOf(call, found);
      takeOver(found);
      this.#goOn(call, this.#continued(call, found), chains, found.how, bringsNothing(found));
    }
    if (view.hasTools) agent.hasToolUse = true;
  }

  /** What a process speaks to in conversations is no helper of another one. */
  #learnModel({ agent, view }: Call): void {
    if (view.hasTools || !view.isFresh) agent.mainModels.add(view.model);
  }

  /** A conversation that nothing is known of: a sub-agent's, the user's, or a call beside one. */
  #start(call: Call, chains: readonly Chain[], task?: Parent): void {
    const { view } = call;
    const side = task ? 'no' : sideKindOf(call);
    const mayWork = view.isFresh && (side !== 'yes' || view.hasTools);
    const parent = task ?? (mayWork ? this.#tasks.parentOf(call, view.keys.lines ?? []) : undefined);
    if (!parent && side !== 'no') {
      call.isSide = side === 'yes';
      if (call.isSide && view.keys.shape === 'summary') call.about = this.#conversations.only(call);
      if (side === 'maybe') this.#place(call, this.#begin(call, undefined), chains);
      this.#beside.add(call);
      return;
    }
    if (!view.isFresh && !view.hasUserText && call.claim.reread) {
      // the turn began before the checkpoint: an earlier run delivered it
      this.#host.count('oisp_correlate_reread_skipped_calls');
      this.#host.out.event(call.request, call.claim);
      this.#calls.done(call);
      return;
    }
    this.#learnModel(call);
    const conversation = this.#begin(call, parent);
    this.#place(call, conversation, chains);
    this.#open(call, conversation, parent);
  }

  /** A sub-agent may begin with the whole history of the conversation that asked for it, its task behind it. */
  #taskIn(call: Call, conversation: Conversation): Parent | undefined {
    const { view } = call;
    if (view.isFresh || view.results.length > 0 || !view.keys.latest) return undefined;
    const task = this.#tasks.parentOf(call, view.keys.latest);
    const isIts = task?.rule === 'task_text' && task.tool.open && task.tool.conversation === conversation;
    return isIts ? task : undefined;
  }

  /** The conversation to go on with: of a fork, or of a history that came from another process, a sibling. */
  #continued(call: Call, found: Found): Conversation {
    const { conversation } = found;
    const pending = conversation.lastCall;
    if (pending && conversation.agent.pending.has(pending)) this.#beside.standUp(pending);
    if (!found.isFork && conversation.agent === call.agent) return conversation;
    const isOwn = conversation.agent === call.agent;
    const sibling = this.#begin(call, isOwn ? parentOf(conversation) : undefined, conversation);
    if (found.isFork && isOwn) {
      sibling.lastRoot = found.from?.root ?? sibling.lastRoot;
      sibling.turnCount = found.from?.turns ?? sibling.turnCount;
      this.#leave(conversation);
    }
    return sibling;
  }

  /** The user went back and said something else: what was under way ends, unless both branches go on. */
  #leave({ turn }: Conversation): void {
    if (turn?.state !== 'open') return;
    const { lastAt } = turn;
    this.#host.after(lastAt + FORK_WAIT, () => {
      if (turn.state === 'open' && turn.lastAt === lastAt) this.#turns.interrupt(turn, lastAt);
    });
  }

  #goOn(call: Call, conversation: Conversation, chains: readonly Chain[], how: Found['how'], isOld = false): void {
    const { view } = call;
    if (how === 'last_answer' || how === 'replaced') {
      call.rule = how === 'replaced' ? 'compaction' : 'last_answer';
      call.confidence = 'medium';
    }
    const isRepeated = call.resend > 0;
    if (conversation.turn && conversation.turn.lastAt + this.#host.options.idleNs <= call.at)
      this.#turns.abandon(conversation.turn, conversation.turn.lastAt, 'idle_timeout');
    const { turn, lastRoot } = conversation;
    const brings = this.#settle(call, conversation) || (view.results.length > 0 && !isOld);
    this.#place(call, conversation, chains);
    const isSameAnswer = view.isPrefilled && (how === 'answer' || how === 'request');
    const opens = view.hasUserText && (!brings || view.keys.interrupted === true) && !isRepeated && !isSameAnswer;
    if (turn && turn.state === 'open' && !opens) {
      if (this.#turns.isFull(turn, call.at)) this.#rollOver(call, conversation, turn);
      else this.#turns.join(call, turn);
      return;
    }
    if (turn && turn.state === 'open') this.#turns.interrupt(turn, call.at);
    const next = this.#open(call, conversation, this.#workOf(call, conversation));
    // no words of the user: the turn that idle time, a cap or a lost answer closed goes on
    if (!opens) this.#turns.continues(next, lastRoot);
  }

  /** Results that stand before others of the agent's own in the history end their tool calls; whether there are any. */
  #settle({ view, at }: Call, { asked }: Conversation): boolean {
    let isAny = false;
    for (const tool of asked) {
      if (!tool.open || tool.callId === undefined || !view.earlier.includes(tool.callId)) continue;
      this.#turns.endTool(tool, at, undefined);
      isAny = true;
    }
    return isAny;
  }

  /** What a sub-agent's conversation works for now: the call that began it, or a later one whose words it goes on with. */
  #workOf(call: Call, conversation: Conversation): Parent | undefined {
    const { parentTool } = conversation;
    if (!parentTool || parentTool.open) return parentOf(conversation);
    const later = this.#tasks.parentOf(call, call.view.keys.latest ?? []);
    if (later?.rule !== 'task_text' || later.tool.conversation === conversation) return parentOf(conversation);
    conversation.parentTool = later.tool;
    conversation.parentRule = later.rule;
    return later;
  }

  #begin(call: Call, parent: Parent | undefined, family?: Conversation): Conversation {
    const { agent, view } = call;
    const conversation: Conversation = {
      id:
        family?.id ?? digest('oisp.conversation.v1', agent.hostId, call.request.event_id).toString('hex').slice(0, 32),
      agent,
      sessionId: view.sessionId,
      agentId: view.agentId,
      system: view.keys.system,
      tools: view.keys.tools,
      parentTool: parent?.tool,
      parentRule: parent?.rule,
      connection: view.connection,
      answered: -1,
      settled: undefined,
      wantsTools: false,
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
    this.#conversations.begin(conversation);
    return conversation;
  }

  #place(call: Call, conversation: Conversation, chains: readonly Chain[]): void {
    call.conversation = conversation;
    conversation.lastCall = call;
    call.end = chains.at(-1) ?? EMPTY_CHAIN;
    conversation.lastAt = call.at;
    conversation.sentMessages = sentIn(call.request);
    this.#conversations.requested(call, chains.at(-1) ?? EMPTY_CHAIN);
  }

  #open(call: Call, conversation: Conversation, parent: Parent | undefined): Turn {
    const turn = this.#turns.open(call, conversation, parent);
    this.#beside.adopt(call, turn);
    return turn;
  }

  /** A turn that outgrew its caps goes on in a trace of its own; spans keep the trace they began in. */
  #rollOver(call: Call, conversation: Conversation, old: Turn): void {
    const before = conversation.lastRoot;
    this.#turns.continues(this.#open(call, conversation, undefined), before);
    // when the results that the call brings have ended their tool calls
    this.#host.after(call.at + 1, () => this.#turns.close(old, call.at, 'continued'));
    this.#host.count('oisp_correlate_continuations');
  }

  /** A tool call of an answer is known. */
  asked(tool: ToolState): void {
    this.#conversations.asked(tool.conversation, tool);
    this.#tasks.add(tool);
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
    if (call.about && event.data.success) this.#conversations.summed(call.about, matchOf(event)?.lines ?? []);
    if (call.turn) this.#answer(call, event, at);
    else if (!agent.pending.has(call)) this.#beside.alone(call);
  }

  #answer(call: Call, event: OispEvent<AiResponseData>, at: number): void {
    const { turn, conversation } = call;
    if (!turn) return;
    const { data } = event;
    turn.lastAt = Math.max(turn.lastAt, at);
    const { completeness, missing = [] } = event.confidence;
    const whole = data.success && (call.isUnseen ? missing.length === 1 : completeness !== 'partial');
    const keys = matchOf(event);
    if (conversation && !call.isSide && !call.isUnseen && data.success) {
      if (whole)
        this.#conversations.answered(
          call,
          keys?.messages ?? [],
          { response: data.provider_request_id, conversation: data.conversation_id },
          (call.view.keys.weight ?? 0) + (keys?.weight ?? 0),
        );
    }
    if (!call.isSide && call.view.isChat) this.#note(call, event, whole);
    this.#turns.emitCall(call, at, undefined);
    if (!call.isSide && call.view.isChat && turn.state === 'open' && conversation && isSettled(conversation, turn)) {
      turn.end = Math.max(turn.end, at);
      if (mayGoOn(event)) this.#closeUnlessGoneOn(turn, at);
      else this.#turns.close(turn, at);
    } else this.#turns.finishIfDone(turn);
  }

  /** What an answer says of its turn. Of equal requests that are under way at once the answered one counts. */
  #note(call: Call, event: OispEvent<AiResponseData>, whole: boolean): void {
    const { turn, conversation } = call;
    const { data } = event;
    if (!turn) return;
    if (data.success) {
      turn.failed = undefined;
      turn.lastAnswer = event;
      turn.answered = matchOf(event)?.lines ?? [];
      if (!whole || !conversation) return;
      if (conversation.settled !== call.end) conversation.wantsTools = false;
      conversation.settled = call.end;
      conversation.wantsTools ||= asksForTools(data);
    } else if (call.end === undefined || conversation?.settled !== call.end)
      turn.failed = { type: data.error?.code ?? data.error?.type ?? String(data.status_code ?? 'stream_interrupted') };
  }

  /** An answer that was cut short may be gone on with at once. */
  #closeUnlessGoneOn(turn: Turn, at: number): void {
    const { lastAt } = turn;
    this.#host.after(at + this.#host.options.sideWaitNs, () => {
      if (turn.state === 'open' && turn.lastAt === lastAt && turn.calls.size === 0) this.#turns.close(turn, at);
    });
  }

  // ---------------------------------------------------------------- the end
  /** The agent's process ended: nothing of it goes on. */
  processEnded(agent: Agent, at: number, reason: string): void {
    for (const call of [...agent.pending]) this.#beside.standUp(call);
    for (const turn of [...agent.turns])
      if (turn.state === 'open')
        this.#turns.abandon(
          turn,
          turn.calls.size > 0 ? at : Math.max(turn.lastAt, Math.min(at, turn.lastAt + 50 * MS)),
          reason,
        );
    for (const call of this.#calls.of(agent)) {
      if (call.turn) {
        this.#turns.emitCall(call, Math.max(call.at, call.turn.end), 'no_response');
        this.#turns.finishIfDone(call.turn);
      } else this.#beside.alone(call);
    }
  }

  /** Lets go of a conversation that nobody will continue. */
  forget(conversation: Conversation): void {
    conversation.agent.conversations.delete(conversation);
    this.#conversations.forget(conversation);
  }
}
