import type { Key } from '../../core/index.ts';
import { type Chain, chainsOf, EMPTY_CHAIN } from './chain.ts';
import { Lists } from './lists.ts';
import {
  best,
  EXPLICIT_ID,
  explicitIds,
  type Found,
  idKey,
  isBehindAnswer,
  isCompatible,
  isIdle,
  isUnanswered,
  type Keys,
  keptKeys,
  type Point,
  pointAt,
  pointKey,
  waitsFor,
} from './places.ts';
import type { RequestView } from './request.ts';
import type { Agent, Call, Conversation, ToolState } from './state.ts';

/** Characters of answers from which on an equal history ties conversations of two processes. */
const FOREIGN_WEIGHT = 200;
/** Places of one conversation from which a fork can start. */
const MAX_POINTS = 256;
/** Conversations that one place in a history is kept for; many begin with the same words. */
const MAX_ALIKE = 64;
/** Conversations of ended processes that can be gone on with. */
const MAX_ENDED = 250;
/** Places of one conversation from which another process can go on. */
const MAX_FOREIGN = 4;
/** How long after a failed call an equal first request counts as its repetition. */
const RETRY_NS = 300e9;

/** Finds the conversation that a request continues: by explicit ids, then by the longest known history that it begins with. */
export class Conversations {
  readonly #points = new Lists<Point>(MAX_ALIKE);
  readonly #foreign = new Lists<Point>(MAX_ALIKE);
  /** By the parts of the last answer alone: a history may have been rewritten before it. */
  readonly #lastAnswers = new Lists<Conversation>(MAX_ALIKE);
  /** By the ids of the tool calls that were asked last: in a process, and on the host. */
  readonly #asked = new Lists<Conversation>(MAX_ALIKE);
  /** The user's own ones by what a compaction keeps: the session, or the system prompt, or the tools. */
  readonly #kept = new Lists<Conversation>(MAX_ALIKE);
  /** By session, on the host. */
  readonly #sessions = new Lists<Conversation>(MAX_ALIKE);
  /** By the lines of a summary that was made of it. */
  readonly #summaries = new Lists<Conversation>(MAX_ALIKE);
  /** By the ids of answers that the provider keeps. */
  readonly #responses = new Map<string, { readonly conversation: Conversation; readonly chain: Chain }>();
  readonly #keysOf = new Map<Conversation, Keys>();
  readonly #ended = new Set<Conversation>();

  get size(): number {
    return this.#keysOf.size;
  }

  /** A conversation that begins now. */
  begin(conversation: Conversation): void {
    const keys: Keys = {
      points: [],
      responses: [],
      asked: [],
      session: undefined,
      kept: [],
      foreign: [],
      lastAnswer: undefined,
      summary: [],
    };
    this.#keysOf.set(conversation, keys);
    if (conversation.parentTool) return;
    if (conversation.sessionId !== undefined) {
      keys.session = `${conversation.agent.hostId} ${conversation.sessionId}`;
      this.#sessions.add(keys.session, conversation);
    }
    for (const key of keptKeys(conversation.agent, conversation)) {
      keys.kept.push(key);
      this.#kept.add(key, conversation);
    }
  }

  /** The chains of a request, with the history that the provider keeps for it put before. */
  chains({ view, agent }: Call): Chain[] {
    const before = this.#provided(view, agent);
    return chainsOf(view.keys.messages ?? [], before ? before.chain : EMPTY_CHAIN);
  }

  /** The conversation whose last call failed, broke off or is under way, and that this request repeats part for part. */
  repeated(call: Call, chains: readonly Chain[]): Conversation | undefined {
    const { view, agent } = call;
    const end = chains.at(-1);
    if (end === undefined) return undefined;
    let found: Conversation | undefined;
    let most = 0;
    for (const { conversation, kind } of this.#points.get(pointKey(agent, end))) {
      const { lastCall } = conversation;
      if (kind !== 'request' || conversation.requested !== end || !lastCall || !isCompatible(view, conversation))
        continue;
      const isUnderWay = lastCall.response === undefined;
      // the same first words may be another user's while the answer is under way, or long after it failed
      const isFirst = view.isFresh || conversation.settled === undefined;
      if (isFirst && view.resends === 0 && (isUnderWay || call.at - conversation.lastAt > RETRY_NS)) continue;
      if (!isUnderWay && !isUnanswered(lastCall)) continue;
      const isOfSession = conversation.sessionId === view.sessionId;
      const rank =
        1 + (isOfSession ? 8 : 0) + (isUnderWay ? 0 : 4) + (conversation.connection === view.connection ? 2 : 0);
      if (rank <= most) continue; // of several the one that waits longest
      found = conversation;
      most = rank;
    }
    return found;
  }

  find(call: Call, chains: readonly Chain[]): Found | undefined {
    const { view, agent } = call;
    const known = this.#provided(view, agent);
    if (known) {
      const { conversation, chain } = known;
      return {
        conversation,
        how: 'provider_id',
        isFork: view.conversationId === undefined && conversation.answered !== chain,
      };
    }
    const prefix = this.#prefix(view, agent, chains);
    const results = view.results.flatMap(({ id }) => (id === undefined ? [] : [id]));
    if (prefix?.isFork && waitsFor(prefix.conversation, results) > 0)
      return { conversation: prefix.conversation, how: 'tool_result', isFork: false, from: prefix.from };
    const byResult = this.#byResult(view, agent, prefix?.conversation);
    // whoever answers an open tool call goes on, whatever was rewritten before it
    if (byResult && (byResult !== prefix?.conversation || prefix.isFork))
      return { conversation: byResult, how: 'tool_result', isFork: false, from: prefix?.from };
    if (prefix && (!prefix.isFork || prefix.isWhole)) return prefix;
    return this.#byLastAnswer(view, agent) ?? prefix ?? this.#elsewhere(view, agent, chains) ?? this.#replaced(call);
  }

  /** The history that the provider keeps, by the id of its last answer or of the whole. */
  #provided(view: RequestView, agent: Agent): { conversation: Conversation; chain: Chain } | undefined {
    const byAnswer = view.previousResponseId && this.#responses.get(idKey(agent, view.previousResponseId));
    if (byAnswer) return byAnswer;
    if (view.conversationId === undefined) return undefined;
    return this.#responses.get(idKey(agent, `conversation ${view.conversationId}`));
  }

  /** The longest history of this process that the request begins with; not the whole of a first request, which others may send as well. */
  #prefix(view: RequestView, agent: Agent, chains: readonly Chain[]): Found | undefined {
    for (let i = chains.length - (view.isFresh ? 2 : 1); i >= 0; i--) {
      const chain = chains[i] as Chain;
      const point = best(this.#points.get(pointKey(agent, chain)), view, chain);
      if (!point) continue;
      const { conversation, kind } = point;
      // what is still being answered was sent from there too: this is another branch
      const isFork =
        kind === 'answer' ? conversation.answered !== chain || !isIdle(conversation) : conversation.requested !== chain;
      const isWhole = isBehindAnswer(i, view, chains);
      const later = this.#longer(view, agent, chains, i)?.point;
      return { conversation, how: kind, isFork, isWhole, from: point, later };
    }
    return undefined;
  }

  /** A history that another process had: the longest that is known, else by the ids of open tool calls, else by session. */
  #elsewhere(view: RequestView, agent: Agent, chains: readonly Chain[]): Found | undefined {
    if (view.isFresh) return undefined;
    const known = this.#longer(view, agent, chains, -1);
    if (known) {
      const { point, at } = known;
      const isWhole = isBehindAnswer(at, view, chains);
      return { conversation: point.conversation, how: 'foreign', isFork: true, isWhole, from: point };
    }
    const asked = explicitIds(view).flatMap((id) => this.#asked.get(`${agent.hostId} ${id}`));
    const session = view.sessionId === undefined ? [] : this.#sessions.get(`${agent.hostId} ${view.sessionId}`);
    const other =
      asked.findLast((c) => c.agent !== agent) ??
      session.findLast((c) => c.agent !== agent && c.agentId === view.agentId);
    return other && { conversation: other, how: 'foreign', isFork: true };
  }

  /** A place of another process in the history, behind chain `from`. */
  #longer(
    { keys }: RequestView,
    agent: Agent,
    chains: readonly Chain[],
    from: number,
  ): { readonly point: Point; readonly at: number } | undefined {
    if ((keys.weight ?? 0) < FOREIGN_WEIGHT) return undefined;
    for (let at = chains.length - 1; at > from; at--) {
      const point = this.#foreign.get(`${agent.hostId} ${chains[at]}`).findLast((p) => p.conversation.agent !== agent);
      if (point) return { point, at };
    }
    return undefined;
  }

  /** Only results behind the last answer bind: the history of a fork holds those of its parent. */
  #byResult(view: RequestView, agent: Agent, likely: Conversation | undefined): Conversation | undefined {
    const ids = explicitIds(view);
    let found: Conversation | undefined;
    let most = 0;
    let isTie = false;
    for (const id of ids) {
      for (const conversation of this.#asked.get(`${agent.key} ${id}`)) {
        const n = waitsFor(conversation, ids);
        if (n === 0 || conversation === found) continue;
        if (conversation === likely && n >= most) return conversation;
        isTie = n === most;
        if (n <= most) continue;
        found = conversation;
        most = n;
      }
    }
    return isTie ? undefined : found;
  }

  /** The history was rewritten (results cleared, reminders put in, messages joined), but it ends with the answer that came last. */
  #byLastAnswer(view: RequestView, agent: Agent): Found | undefined {
    const { messages, answer } = view.keys;
    if (!messages || !answer || answer[1] <= answer[0]) return undefined;
    const chain = chainsOf(messages.slice(...answer)).at(-1);
    const alike = this.#lastAnswers.get(`${agent.key} ${chain}`).filter((c) => isCompatible(view, c) && isIdle(c));
    const same = alike.filter((c) => c.system === view.keys.system);
    const [only] = same.length > 0 ? same : alike;
    if (!only || (same.length > 0 ? same : alike).length > 1) return undefined;
    return { conversation: only, how: 'last_answer', isFork: false };
  }

  /** A history that was replaced by a summary: it keeps the session, or the system prompt, or the tools, and is shorter. */
  #replaced({ view, agent, at }: Call): Found | undefined {
    for (const line of view.keys.lines ?? []) {
      const [summed] = this.#summaries.get(`${agent.key} ${line}`).slice(-1);
      if (summed) return { conversation: summed, how: 'replaced', isFork: false };
    }
    const isSaid = view.keys.shape === 'continued';
    // results of calls that nobody here asked for: a history that began before the capture
    if (view.results.some(({ id }) => id !== undefined)) return undefined;
    if (view.isFresh && !isSaid) return this.#begunAnew(view, agent);
    const kept = { sessionId: view.sessionId, system: view.keys.system, tools: view.keys.tools };
    for (const key of keptKeys(agent, kept)) {
      if (key.endsWith(' only') && agent.isShared) continue;
      const all = this.#kept.get(key);
      const alike = all.filter((c) => c.agentId === view.agentId && isIdle(c) && c.lastAt <= at);
      const shorter = alike.filter((c) => view.messages < c.sentMessages);
      // without the words that say so it may as well be a history that began before the capture
      const isSure = all.length === 1 && view.hasTools && !agent.isShared;
      const [only] = isSaid ? alike.slice(-1) : isSure ? shorter : [];
      if (only) return { conversation: only, how: 'replaced', isFork: false };
      if (view.sessionId !== undefined && alike.length > 0)
        return { conversation: alike.at(-1) as Conversation, how: 'replaced', isFork: false };
    }
    return undefined;
  }

  /** One message alone, in a session between two of its turns, with its system prompt and tools: the history became a summary. */
  #begunAnew(view: RequestView, agent: Agent): Found | undefined {
    if (view.sessionId === undefined || !view.hasTools) return undefined;
    const alike = this.#kept.get(`${agent.key} session ${view.sessionId}`);
    const conversation = alike.findLast((c) => c.agentId === view.agentId);
    if (!conversation || conversation.turn !== undefined) return undefined;
    const isSame = conversation.system === view.keys.system && conversation.tools === view.keys.tools;
    return isSame && isIdle(conversation) ? { conversation, how: 'replaced', isFork: false } : undefined;
  }

  /** A summary of a conversation was made: a history that begins with it goes on with the conversation. */
  summed(conversation: Conversation, lines: readonly Key[]): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    this.#forgetSummary(conversation, keys);
    for (const line of lines) {
      const key = `${conversation.agent.key} ${line}`;
      keys.summary.push(key);
      this.#summaries.add(key, conversation);
    }
  }

  #forgetSummary(conversation: Conversation, keys: Keys): void {
    for (const key of keys.summary) this.#summaries.remove(key, (c) => c === conversation);
    keys.summary.length = 0;
  }

  /** The user's own conversation of a session, or of a process that holds one alone: what a call beside it is about. */
  only({ agent, view }: Call): Conversation | undefined {
    const key = view.sessionId === undefined ? `${agent.key} only` : `${agent.key} session ${view.sessionId}`;
    const own = this.#kept.get(key).filter((c) => c.agentId === view.agentId);
    return own.length === 1 || view.sessionId !== undefined ? own.at(-1) : undefined;
  }

  /** Remembers where a request ended. */
  requested(call: Call, chain: Chain): void {
    const { conversation, view } = call;
    if (!conversation) return;
    conversation.requested = chain;
    conversation.connection = view.connection ?? conversation.connection;
    this.#add(conversation, 'request', chain);
    if ((view.keys.weight ?? 0) >= FOREIGN_WEIGHT) this.#setForeign(conversation, 'request', chain);
    if (view.conversationId !== undefined) this.#provide(conversation, `conversation ${view.conversationId}`, chain);
  }

  /** Remembers the history behind an answer. */
  answered(
    call: Call,
    keys: readonly string[],
    ids: { readonly response?: string | undefined; readonly conversation?: string | undefined },
    weight: number,
  ): void {
    const { conversation } = call;
    if (!conversation) return;
    const chain = chainsOf(keys, conversation.requested).at(-1) ?? conversation.requested;
    conversation.answered = chain;
    this.#add(conversation, 'answer', chain);
    this.#setLastAnswer(conversation, keys);
    if (weight >= FOREIGN_WEIGHT) this.#setForeign(conversation, 'answer', chain);
    if (ids.response !== undefined) this.#provide(conversation, ids.response, chain);
    if (ids.conversation !== undefined) this.#provide(conversation, `conversation ${ids.conversation}`, chain);
  }

  /** A tool call that a conversation waits for now. */
  asked(conversation: Conversation, tool: ToolState): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    if (conversation.asked[0] === tool) this.#forgetAsked(conversation, keys);
    const { callId } = tool;
    if (callId === undefined || callId.length < EXPLICIT_ID) return;
    for (const key of [`${conversation.agent.key} ${callId}`, `${conversation.agent.hostId} ${callId}`]) {
      keys.asked.push(key);
      this.#asked.add(key, conversation);
    }
  }

  /** Lets go of all that was known of a conversation. */
  forget(conversation: Conversation): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    this.#keysOf.delete(conversation);
    this.#forgetOwn(conversation, keys);
    this.#forgetShared(conversation, keys);
  }

  /** Its process ended: only what another process can go on with is kept, its last long answer and the ids it waited for. */
  ended(conversation: Conversation): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    this.#forgetOwn(conversation, keys);
    conversation.asked = [];
    conversation.lastCall = undefined;
    this.#keysOf.delete(conversation);
    if (keys.foreign.length === 0 && keys.asked.length === 0 && keys.session === undefined) return;
    this.#endedKeys.set(conversation, keys);
    this.#ended.add(conversation);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(oldest);
      const its = this.#endedKeys.get(oldest);
      if (its) this.#forgetShared(oldest, its);
    }
  }
  readonly #endedKeys = new WeakMap<Conversation, Keys>();

  #forgetOwn(conversation: Conversation, keys: Keys): void {
    for (const key of keys.points) this.#dropPoint(key, conversation);
    for (const id of keys.responses)
      if (this.#responses.get(id)?.conversation === conversation) this.#responses.delete(id);
    for (const key of keys.kept) this.#kept.remove(key, (c) => c === conversation);
    this.#forgetSummary(conversation, keys);
    if (keys.lastAnswer !== undefined) this.#lastAnswers.remove(keys.lastAnswer, (c) => c === conversation);
    keys.points.length = 0;
  }

  #forgetShared(conversation: Conversation, keys: Keys): void {
    if (keys.session !== undefined) this.#sessions.remove(keys.session, (c) => c === conversation);
    this.#forgetAsked(conversation, keys);
    for (const key of keys.foreign) this.#foreign.remove(key, (p) => p.conversation === conversation);
  }

  #forgetAsked(conversation: Conversation, keys: Keys): void {
    for (const key of keys.asked) this.#asked.remove(key, (c) => c === conversation);
    keys.asked.length = 0;
  }

  #setLastAnswer(conversation: Conversation, parts: readonly string[]): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    if (keys.lastAnswer !== undefined) this.#lastAnswers.remove(keys.lastAnswer, (c) => c === conversation);
    const chain = chainsOf(parts).at(-1);
    keys.lastAnswer = chain === undefined ? undefined : `${conversation.agent.key} ${chain}`;
    if (keys.lastAnswer !== undefined) this.#lastAnswers.add(keys.lastAnswer, conversation);
  }

  /** The histories behind its last long answers: one that broke off is gone on with from before. */
  #setForeign(conversation: Conversation, kind: Point['kind'], chain: Chain): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    const key = `${conversation.agent.hostId} ${chain}`;
    keys.foreign.push(key);
    this.#foreign.add(key, pointAt(conversation, kind));
    if (keys.foreign.length > MAX_FOREIGN)
      this.#foreign.remove(keys.foreign.shift() as string, (p) => p.conversation === conversation);
  }

  #provide(conversation: Conversation, id: string, chain: Chain): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    const key = idKey(conversation.agent, id);
    if (!this.#responses.has(key)) keys.responses.push(key);
    this.#responses.set(key, { conversation, chain });
    if (keys.responses.length > MAX_POINTS) this.#responses.delete(keys.responses.shift() as string);
  }

  #add(conversation: Conversation, kind: Point['kind'], chain: Chain): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) return;
    const key = pointKey(conversation.agent, chain);
    for (const p of this.#points.get(key)) if (p.conversation === conversation && p.kind === kind) return;
    this.#points.add(key, pointAt(conversation, kind));
    keys.points.push(key);
    if (keys.points.length > MAX_POINTS) this.#dropPoint(keys.points.shift() as string, conversation);
  }

  #dropPoint(key: string, conversation: Conversation): void {
    this.#points.remove(key, (p) => p.conversation === conversation);
  }
}
