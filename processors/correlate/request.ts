import { type AiRequestData, type MatchKeys, matchOf, type OispEvent, type Part } from '../../core/index.ts';

/** A tool result that a request brings: by the provider's id, else by its place behind the last assistant message. */
export interface BroughtResult {
  readonly id?: string;
  readonly index: number;
  readonly isError: boolean;
}

/** What correlation needs to know of a model request; nothing of it is text. */
export interface RequestView {
  readonly keys: MatchKeys;
  /** Results behind the last assistant message. */
  readonly results: readonly BroughtResult[];
  /** It begins the answer itself, or brings one again that is to be gone on with. */
  readonly isPrefilled: boolean;
  /** Ids of results behind which an answer stands, so that no event brings them: agents put calls and results of their own there. */
  readonly earlier: readonly string[];
  /** Words of the user behind the last assistant message. */
  readonly hasUserText: boolean;
  /** No answer of a model in the history. */
  readonly isFresh: boolean;
  /** Asks for chat or completion; false for embeddings, images and the like. */
  readonly isChat: boolean;
  readonly hasTools: boolean;
  readonly tools: number;
  readonly maxTokens: number | undefined;
  readonly model: string;
  readonly isSmallModel: boolean;
  /** Messages before and with the last answer, without system prompts that stand beside the messages. */
  readonly known: number;
  /** Messages without system prompts. */
  readonly messages: number;
  /** Times that the client says it sent this before. */
  readonly resends: number;
  readonly connection: string | undefined;
  /** The provider's id of a conversation that it keeps. */
  readonly conversationId: string | undefined;
  readonly sessionId: string | undefined;
  readonly agentId: string | undefined;
  readonly previousResponseId: string | undefined;
}

/** Whether a model is by its name one that agents make small calls to. */
export const isSmall = (model: string): boolean => SMALL.test(model);

const SMALL = /(^|[^a-z])(haiku|nano|mini|flash|lite|small|tiny|micro|instant|[1-9]b)([^a-z]|$)/i;

export function viewOf(event: OispEvent<AiRequestData>): RequestView {
  const { data } = event;
  const listed = (data.messages ?? []).filter((message) => message.attrs?.separate !== true);
  const messages = listed.filter((message) => message.role !== 'system');
  let last = -1;
  const isPrefilled = messages.at(-1)?.role === 'assistant';
  const said = isPrefilled ? messages.slice(0, -1) : messages;
  for (const [i, message] of said.entries()) if (message.role === 'assistant') last = i;
  const earlier: string[] = [];
  for (const message of isPrefilled ? messages : messages.slice(0, last + 1))
    for (const part of message.parts ?? [])
      if (part.type === 'tool_call_response' && part.id !== undefined) earlier.push(part.id);
  const results: BroughtResult[] = [];
  let hasUserText = false;
  for (const message of said.slice(last + 1)) {
    if (message.parts === undefined) {
      if (message.role === 'tool' || message.role === 'function') {
        results.push({
          ...(message.tool_call_id && { id: message.tool_call_id }),
          index: results.length,
          isError: false,
        });
      } else hasUserText = true;
      continue;
    }
    for (const part of message.parts) {
      if (part.type === 'tool_call_response') results.push(resultOf(part, results.length));
      else if (part.type !== 'reasoning' && part.type !== 'tool_call') hasUserText = true;
    }
  }
  const model = data.model?.id ?? '';
  const tools = data.tools_count ?? data.tools?.length ?? 0;
  const resends = event.attrs?.['http.request.resend_count'];
  return {
    keys: matchOf(event) ?? {},
    results,
    isPrefilled,
    earlier,
    hasUserText,
    isFresh: last < 0,
    isChat: data.request_type === 'chat' || data.request_type === 'completion',
    hasTools: tools > 0,
    tools,
    maxTokens: data.parameters?.max_tokens,
    model,
    isSmallModel: isSmall(model),
    known: listed.slice(0, isPrefilled ? -1 : undefined).findLastIndex((message) => message.role === 'assistant') + 1,
    messages: messages.length,
    resends: typeof resends === 'number' ? resends : 0,
    connection: text(event, 'oisp.conn'),
    conversationId: last < 0 ? data.conversation_id : undefined,
    sessionId: text(event, 'oisp.session.id'),
    agentId: text(event, 'oisp.agent.id'),
    previousResponseId: data.previous_response_id,
  };
}

function resultOf(part: Part & { type: 'tool_call_response' }, index: number): BroughtResult {
  return { ...(part.id !== undefined && { id: part.id }), index, isError: part.is_error === true };
}

function text(event: OispEvent, name: string): string | undefined {
  const value = event.attrs?.[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
