import type { AiRequestData, AiResponseData, OispEvent } from '../../core/index.ts';
import type { Found } from './places.ts';
import { isSmall } from './request.ts';
import type { Call, Conversation, Turn } from './state.ts';
import type { Parent } from './tasks.ts';
import type { AnswerEvent } from './unseen.ts';

/** Messages of a request without the system prompts that stand beside them: what the next request's delta begins after. */
export function sentIn(request: OispEvent<AiRequestData>): number {
  return request.data.messages?.filter((message) => message.attrs?.separate !== true).length ?? 0;
}

/** Another process held the conversation since: the next turn follows its last one. */
export function takeOver({ conversation, later }: Found): void {
  if (later === undefined || later.conversation.id !== conversation.id) return;
  conversation.lastRoot = later.root ?? later.conversation.lastRoot;
  conversation.turnCount = Math.max(conversation.turnCount, later.turns);
}

/** Whether the results in a request were sent before: all that is new stands behind them. */
export function bringsNothing({ from, isWhole, how }: Found): boolean {
  return isWhole === true && from?.kind === 'request' && how !== 'tool_result';
}

/** How many of the messages of a request the conversation had sent before. */
export function offsetOf({ view }: Call, { conversation, how, isFork, from }: Found): number {
  if (how === 'replaced' || how === 'provider_id') return 0;
  if (how === 'last_answer') return view.known;
  // a history of which nothing is known but that it holds the tool call
  if (how === 'tool_result') return from ? view.known : 0;
  return isFork ? (from?.sent ?? conversation.sentMessages) : conversation.sentMessages;
}

/** Whether the last request of a conversation was answered, asked for no tool, and nothing else of the turn is under way. */
export function isSettled(conversation: Conversation, turn: Turn): boolean {
  if (conversation.wantsTools || conversation.settled === undefined) return false;
  const { lastCall } = conversation;
  if (lastCall?.end !== conversation.settled) return false;
  for (const call of turn.calls) if (!call.isSide && call.view.isChat) return false;
  return true;
}

/** What a sub-agent's conversation worked for so far. */
export function parentOf({ parentTool, parentRule }: Conversation): Parent | undefined {
  const rule = parentRule ?? 'task_text';
  return parentTool && { tool: parentTool, rule, confidence: rule === 'task_text' ? 'high' : 'medium' };
}

/** Whether an answer without tool calls is not its turn's last word: cut off by a limit, or paused by the provider. */
export function mayGoOn({ data, attrs }: OispEvent<AiResponseData>): boolean {
  const words = attrs?.['gen_ai.response.finish_reasons'];
  return data.finish_reason === 'length' || (Array.isArray(words) && words.includes('pause_turn'));
}

/** Whether an answer that asks for nothing came from a small model: its request, which was not captured, opened no turn. */
export function isHelper({ data }: AnswerEvent): boolean {
  return 'success' in data && !asksForTools(data) && isSmall(data.model?.id ?? '');
}

/** Whether an answer asks for tools. */
export function asksForTools(data: AiResponseData): boolean {
  return (data.tool_calls_count ?? data.tool_calls?.length ?? 0) > 0;
}
