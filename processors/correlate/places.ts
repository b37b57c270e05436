import type { Chain } from './chain.ts';
import type { RequestView } from './request.ts';
import type { Agent, Call, Conversation, Root } from './state.ts';

/** Tool call ids shorter than this are counted per conversation by some agents and join nothing by themselves. */
export const EXPLICIT_ID = 12;

/** A place in the history of a conversation. */
export interface Point {
  readonly conversation: Conversation;
  /** `answer`: behind an answer. `request`: at the end of a request. */
  readonly kind: 'answer' | 'request';
  /** Messages that were sent then, turns that had begun, and the turn of an answer: what a fork from here goes on from. */
  readonly sent: number;
  readonly turns: number;
  readonly root?: Root | undefined;
}

/** What a request goes on with. */
export interface Found {
  readonly conversation: Conversation;
  readonly how: 'provider_id' | 'tool_result' | 'answer' | 'request' | 'last_answer' | 'foreign' | 'replaced';
  /** The history goes on from an older place than the conversation's end. */
  readonly isFork: boolean;
  /** Up to the last answer the history is known. */
  readonly isWhole?: boolean;
  /** A place of another process in the same history that lies behind. */
  readonly later?: Point | undefined;
  /** That place, where it is known. */
  readonly from?: Point | undefined;
}

/** Under which keys a conversation is found. */
export interface Keys {
  readonly points: string[];
  readonly responses: string[];
  readonly asked: string[];
  session: string | undefined;
  readonly kept: string[];
  readonly summary: string[];
  readonly foreign: string[];
  lastAnswer: string | undefined;
}

/** Whether the history up to chain `i` holds the last answer in it. */
export function isBehindAnswer(i: number, { keys }: RequestView, chains: readonly Chain[]): boolean {
  return i + 1 >= (keys.answer?.[1] ?? 0) + chains.length - (keys.messages?.length ?? 0);
}

/** The place at which a conversation is now. */
export function pointAt(conversation: Conversation, kind: Point['kind']): Point {
  const { sentMessages: sent, turnCount: turns, lastRoot: root } = conversation;
  return { conversation, kind, sent, turns, ...(kind === 'answer' && { root }) };
}

/** Under which a place is found in a process. */
export function pointKey(agent: Agent, chain: Chain): string {
  return `${agent.key} ${chain}`;
}

/** Under which an id of the provider is found on a host. */
export function idKey(agent: Agent, id: string): string {
  return `${agent.hostId} ${id}`;
}

/** What a conversation keeps when its history is replaced, the strongest first; a session is enough, else prompt and tools speak. */
export function keptKeys(agent: Agent, of: Pick<Conversation, 'sessionId' | 'system' | 'tools'>): string[] {
  if (of.sessionId !== undefined) return [`${agent.key} session ${of.sessionId}`];
  return [
    ...(of.system === undefined ? [] : [`${agent.key} system ${of.system}`]),
    ...(of.tools === undefined ? [] : [`${agent.key} tools ${of.tools}`]),
    `${agent.key} only`,
  ];
}

/** The ids of results that join by themselves. */
export function explicitIds(view: RequestView): string[] {
  return view.results.flatMap(({ id }) => (id === undefined || id.length < EXPLICIT_ID ? [] : [id]));
}

/** How many of the results a conversation waits for. */
export function waitsFor(conversation: Conversation, ids: readonly string[]): number {
  let n = 0;
  for (const tool of conversation.asked) if (tool.open && tool.callId !== undefined && ids.includes(tool.callId)) n++;
  return n;
}

/** Neither another session nor another agent of one. */
export function isCompatible(view: RequestView, of: Conversation): boolean {
  if (view.sessionId !== undefined && of.sessionId !== undefined && view.sessionId !== of.sessionId) return false;
  return view.agentId === undefined || of.agentId === undefined || view.agentId === of.agentId;
}

/** Whether its last call has an answer. */
export function isIdle({ lastCall }: Conversation): boolean {
  return lastCall === undefined || lastCall.response !== undefined;
}

/** A call that the agent will make again: it failed, broke off, or was not answered yet. */
export function isUnanswered(call: Call | undefined): boolean {
  return (
    call !== undefined &&
    (call.response === undefined || !call.response.data.success || call.response.confidence.completeness === 'partial')
  );
}

/**
 * Of several conversations with one history: the same session, then the one that waits for these results, then the one that ends here, then
 * the one on this connection, then the one that spoke last.
 */
export function best(points: Iterable<Point>, view: RequestView, chain: Chain): Point | undefined {
  let found: Point | undefined;
  let most = -1;
  const ids = view.results.flatMap(({ id }) => (id === undefined ? [] : [id]));
  for (const point of points) {
    const { conversation } = point;
    if (!isCompatible(view, conversation)) continue;
    const isAnswer = point.kind === 'answer';
    const rank =
      (conversation.sessionId === view.sessionId ? 64 : 0) +
      (ids.length > 0 && waitsFor(conversation, ids) > 0 ? 32 : 0) +
      ((isAnswer ? conversation.answered : conversation.requested) === chain ? 16 : 0) +
      (isAnswer ? 8 : 0) +
      (conversation.system === view.keys.system ? 4 : 0) +
      (conversation.connection !== undefined && conversation.connection === view.connection ? 2 : 0);
    if (rank > most || (rank === most && found && conversation.lastAt > found.conversation.lastAt)) {
      found = point;
      most = rank;
    }
  }
  return found;
}
