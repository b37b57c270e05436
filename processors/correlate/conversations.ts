import { type Chain, chainsOf, EMPTY_CHAIN } from './chain.ts';
import type { RequestView } from './request.ts';
import type { Agent, Call, Conversation } from './state.ts';

/** Characters of answers from which on an equal history ties conversations of two processes. */
const FOREIGN_WEIGHT = 200;
/** Places of one conversation from which a fork can start. */
const MAX_POINTS = 256;
/** Conversations of ended processes that can be gone on with. */
const MAX_ENDED = 250;
/** Tool call ids shorter than this are counted per conversation by some agents and join nothing by themselves. */
const EXPLICIT_ID = 12;

interface Point {
  readonly conversation: Conversation;
  /** `answer`: the history behind an answer. `request`: the history at the end of a request. */
  readonly kind: 'answer' | 'request';
}

export interface Found {
  readonly conversation: Conversation;
  readonly how: 'response_id' | 'tool_result' | 'answer' | 'request' | 'foreign' | 'replaced';
  /** The whole request was sent before, part for part. */
  readonly isSame: boolean;
  /** The history goes on from an older place than the conversation's end. */
  readonly isFork: boolean;
}

/** Finds the conversation that a request continues: by explicit ids, then by the longest known history that it begins with. */
export class Conversations {
  readonly #points = new Map<string, Point[]>();
  readonly #foreign = new Map<Chain, Point[]>();
  readonly #responses = new Map<string, { conversation: Conversation; chain: Chain }>();
  readonly #keysOf = new Map<Conversation, string[]>();
  readonly #foreignOf = new WeakMap<Conversation, Chain>();
  readonly #ended = new Set<Conversation>();

  get size(): number {
    return this.#keysOf.size;
  }

  /** The chains of a request, with the history that the provider keeps for it put before. */
  chains(view: RequestView, agent: Agent): Chain[] {
    const before = view.previousResponseId && this.#responses.get(responseKey(agent, view.previousResponseId));
    return chainsOf(view.keys.messages ?? [], before ? before.chain : EMPTY_CHAIN);
  }

  find(view: RequestView, agent: Agent, chains: readonly Chain[]): Found | undefined {
    if (view.previousResponseId !== undefined) {
      const known = this.#responses.get(responseKey(agent, view.previousResponseId));
      if (known) {
        const { conversation } = known;
        const isSame = conversation.requested === chains.at(-1) && conversation.answered !== known.chain;
        return { conversation, how: 'response_id', isSame, isFork: !isSame && conversation.answered !== known.chain };
      }
    }
    const prefix = this.#prefix(view, agent, chains);
    const byResult = this.#byResult(view, agent);
    if (byResult && byResult !== prefix?.conversation) {
      return { conversation: byResult, how: 'tool_result', isSame: false, isFork: false };
    }
    return prefix ?? this.#replaced(view, agent);
  }

  #prefix(view: RequestView, agent: Agent, chains: readonly Chain[]): Found | undefined {
    for (let i = chains.length - 1; i >= 0; i--) {
      const chain = chains[i] as Chain;
      const isSame = i === chains.length - 1;
      const own = this.#points.get(pointKey(agent, chain));
      const point = own && best(own, view, chain);
      if (point) {
        const { conversation, kind } = point;
        const isFork = kind === 'answer' ? conversation.answered !== chain : conversation.requested !== chain;
        return { conversation, how: kind, isSame: isSame && kind === 'request', isFork };
      }
      if ((view.keys.weight ?? 0) < FOREIGN_WEIGHT) continue;
      const foreign = this.#foreign.get(chain)?.at(-1);
      if (foreign) return { conversation: foreign.conversation, how: 'foreign', isSame: false, isFork: true };
    }
    return undefined;
  }

  /** Only results behind the last answer bind: the history of a fork holds those of its parent. */
  #byResult(view: RequestView, agent: Agent): Conversation | undefined {
    const ids = view.results.flatMap((result) =>
      result.id === undefined || result.id.length < EXPLICIT_ID ? [] : [result.id],
    );
    if (ids.length === 0) return undefined;
    const found: Conversation[] = [];
    for (const conversation of agent.conversations) {
      if (conversation.asked.some((tool) => tool.open && tool.callId !== undefined && ids.includes(tool.callId)))
        found.push(conversation);
    }
    return found.length === 1 ? found[0] : undefined;
  }

  /** A history that was replaced (compaction): it keeps the system prompt, and the session or the process. */
  #replaced(view: RequestView, agent: Agent): Found | undefined {
    if (view.isFresh) return undefined;
    let found: Conversation | undefined;
    for (const conversation of agent.conversations) {
      if (conversation.parentTool || conversation.lastCall?.isSide) continue;
      if (view.sessionId !== conversation.sessionId || view.agentId !== conversation.agentId) continue;
      if (view.keys.system !== conversation.system || view.keys.tools !== conversation.tools) continue;
      if (!found || conversation.lastAt > found.lastAt) found = conversation;
    }
    return found && { conversation: found, how: 'replaced', isSame: false, isFork: false };
  }

  /** Remembers where a request ended. */
  requested(call: Call, chain: Chain): void {
    const { conversation } = call;
    if (!conversation) return;
    conversation.requested = chain;
    this.#add(conversation, 'request', chain);
  }

  /** Remembers the history behind an answer. */
  answered(call: Call, keys: readonly string[], responseId: string | undefined, weight: number): void {
    const { conversation } = call;
    if (!conversation) return;
    const chain = chainsOf(keys, conversation.requested).at(-1) ?? conversation.requested;
    conversation.answered = chain;
    this.#add(conversation, 'answer', chain);
    if (weight >= FOREIGN_WEIGHT) this.#addForeign(conversation, chain);
    if (responseId !== undefined) {
      const key = responseKey(call.agent, responseId);
      this.#responses.set(key, { conversation, chain });
      this.#remember(conversation, `response ${key}`);
    }
  }

  /** Lets go of all that was known of a conversation. */
  forget(conversation: Conversation): void {
    for (const key of this.#keysOf.get(conversation) ?? []) this.#drop(conversation, key);
    this.#keysOf.delete(conversation);
    filter(this.#foreign, conversation.answered, conversation);
  }

  /** Its process ended: only its last long answer is kept, for a process that goes on with it. The oldest of these are let go. */
  ended(conversation: Conversation): void {
    const last = this.#foreign.get(conversation.answered)?.find((p) => p.conversation === conversation);
    this.forget(conversation);
    conversation.asked = [];
    conversation.lastCall = undefined;
    if (!last) return;
    push(this.#foreign, conversation.answered, last);
    this.#ended.add(conversation);
    for (const oldest of this.#ended) {
      if (this.#ended.size <= MAX_ENDED) break;
      this.#ended.delete(oldest);
      filter(this.#foreign, oldest.answered, oldest);
    }
  }

  /** One place per conversation is enough: the history behind its last long answer. */
  #addForeign(conversation: Conversation, chain: Chain): void {
    const before = this.#foreignOf.get(conversation);
    if (before !== undefined) filter(this.#foreign, before, conversation);
    this.#foreignOf.set(conversation, chain);
    push(this.#foreign, chain, { conversation, kind: 'answer' });
  }

  #add(conversation: Conversation, kind: Point['kind'], chain: Chain): void {
    const key = pointKey(conversation.agent, chain);
    const points = this.#points.get(key);
    if (points?.some((p) => p.conversation === conversation && p.kind === kind)) return;
    push(this.#points, key, { conversation, kind });
    this.#remember(conversation, key);
  }

  #remember(conversation: Conversation, key: string): void {
    const keys = this.#keysOf.get(conversation);
    if (!keys) {
      this.#keysOf.set(conversation, [key]);
      return;
    }
    keys.push(key);
    if (keys.length > MAX_POINTS) this.#drop(conversation, keys.shift() as string);
  }

  #drop(conversation: Conversation, key: string): void {
    if (key.startsWith('response ')) this.#responses.delete(key.slice(9));
    else filter(this.#points, key, conversation);
  }
}

function pointKey(agent: Agent, chain: Chain): string {
  return `${agent.key} ${chain}`;
}

function responseKey(agent: Agent, id: string): string {
  return `${agent.hostId} ${id}`;
}

/** Of several conversations with one history: the same session, then the one that ends here, then the one that spoke last. */
function best(points: readonly Point[], view: RequestView, chain: Chain): Point | undefined {
  let found: Point | undefined;
  let most = -1;
  for (const point of points) {
    const { conversation } = point;
    if (
      view.sessionId !== undefined &&
      conversation.sessionId !== undefined &&
      view.sessionId !== conversation.sessionId
    )
      continue;
    if (view.agentId !== undefined && conversation.agentId !== undefined && view.agentId !== conversation.agentId)
      continue;
    const atEnd = point.kind === 'answer' ? conversation.answered === chain : conversation.requested === chain;
    const rank =
      (atEnd ? 4 : 0) + (point.kind === 'answer' ? 2 : 0) + (conversation.system === view.keys.system ? 1 : 0);
    if (rank > most || (rank === most && found && conversation.lastAt > found.conversation.lastAt)) {
      found = point;
      most = rank;
    }
  }
  return found;
}

function push<K>(map: Map<K, Point[]>, key: K, point: Point): void {
  const list = map.get(key);
  if (list) list.push(point);
  else map.set(key, [point]);
}

function filter<K>(map: Map<K, Point[]>, key: K, conversation: Conversation): void {
  const left = map.get(key)?.filter((p) => p.conversation !== conversation);
  if (left === undefined) return;
  if (left.length === 0) map.delete(key);
  else map.set(key, left);
}
