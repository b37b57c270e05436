import {
  type AiRequestData,
  type AiResponseData,
  digest,
  isRedacted,
  type Key,
  type Message,
  type OispEvent,
  type Part,
  type ToolDefinition,
} from '../../core/index.ts';
import type { Conversation } from './state.ts';

/** How much content leaves, and in which form. */
export interface ContentOptions {
  /** On spans, on `gen_ai.client.inference.operation.details` log records, on both, or nowhere. */
  readonly mode: 'off' | 'span' | 'event' | 'both';
  /** `delta`: messages that the conversation had not sent before. */
  readonly inputMessages: 'delta' | 'full';
  /** UTF-8 bytes of one attribute of a span, `MIN_ATTRIBUTE_BYTES` and more. */
  readonly maxAttributeBytes: number;
  /** The backend that spans are shaped for. */
  readonly preset: 'jaeger' | 'tempo' | 'langfuse';
}

export interface OutMessage {
  readonly role: string;
  readonly parts: readonly unknown[];
  readonly finish_reason?: string;
}

const FINISH: Readonly<Record<string, string>> = {
  tool_calls: 'tool_call',
  stop: 'stop',
  length: 'length',
  content_filter: 'content_filter',
  error: 'error',
};

/** `gen_ai.input.messages` (semantic conventions 1.41, gen-ai-input-messages.json); undefined when there is nothing to show. */
export function inputMessages(
  event: OispEvent<AiRequestData>,
  offset: number,
  which: ContentOptions['inputMessages'],
): OutMessage[] | undefined {
  const messages = event.data.messages?.filter((m) => m.attrs?.separate !== true) ?? [];
  const from = which === 'delta' && offset <= messages.length ? offset : 0;
  return some(messages.slice(from).map((m) => out(m)));
}

/** The message that opened a turn: the last one of its first request. */
export function lastMessage(event: OispEvent<AiRequestData>): OutMessage[] | undefined {
  const last = event.data.messages?.at(-1);
  return last && [out(last)];
}

/** `gen_ai.system_instructions`: only where the API carries them beside the messages. */
export function systemInstructions(event: OispEvent<AiRequestData>): unknown[] | undefined {
  const separate = event.data.messages?.filter((m) => m.attrs?.separate === true) ?? [];
  return some(separate.flatMap((m) => out(m).parts));
}

/** `gen_ai.output.messages`. */
export function outputMessages(event: OispEvent<AiResponseData>): OutMessage[] | undefined {
  const choices = event.data.choices ?? [];
  return some(
    choices.map((c) => ({
      ...out(c.message),
      finish_reason: FINISH[c.finish_reason ?? ''] ?? c.finish_reason ?? 'stop',
    })),
  );
}

/** `gen_ai.tool.definitions`. */
export function toolDefinitions(tools: readonly ToolDefinition[]): unknown[] {
  return tools.map(({ name, type = 'function', description, parameters }) => ({
    type,
    name,
    ...(description !== undefined && {
      description: isRedacted(description) ? redacted(description.$redacted) : description,
    }),
    ...(parameters !== undefined && {
      parameters: isRedacted(parameters) ? redacted(parameters.$redacted) : parameters,
    }),
  }));
}

/** Hashes of the definitions that a conversation sent last, by their match key: agents send the same ones with every call. */
const hashes = new WeakMap<Conversation, { readonly key: Key; readonly hash: string }>();

/** 16 hex digits over the definitions as the event has them. */
export function toolsHash(
  tools: readonly ToolDefinition[],
  key: Key | undefined,
  conversation: Conversation | undefined,
): string {
  const known = conversation && hashes.get(conversation);
  if (known && known.key === key) return known.hash;
  const hash = digest('oisp.tools.v1', JSON.stringify(tools)).toString('hex').slice(0, 16);
  if (conversation && key !== undefined) hashes.set(conversation, { key, hash });
  return hash;
}

/** Any content as it is, unless it was taken out. */
export function contentOf(value: unknown): unknown {
  return isRedacted(value) ? undefined : value;
}

function some<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

function out(message: Message): OutMessage {
  const role = message.role === 'function' ? 'tool' : message.role;
  if (message.parts) return { role, parts: message.parts.map(part) };
  if (isRedacted(message.content)) return { role, parts: [redacted(message.content.$redacted)] };
  return { role, parts: message.content === undefined ? [] : [{ type: 'text', content: message.content }] };
}

function part(p: Part): unknown {
  switch (p.type) {
    case 'text':
    case 'reasoning':
      return isRedacted(p.content) ? redacted(p.content.$redacted) : { type: p.type, content: p.content };
    case 'tool_call':
      return isRedacted(p.arguments)
        ? { type: p.type, id: p.id, name: p.name, arguments: redacted(p.arguments.$redacted) }
        : p;
    case 'tool_call_response':
      return { type: p.type, id: p.id, response: isRedacted(p.response) ? redacted(p.response.$redacted) : p.response };
    default:
      return p;
  }
}

function redacted(what: {
  readonly reason: string;
  readonly original_length?: number;
  readonly hash?: string;
}): unknown {
  return { type: 'oisp.redacted', reason: what.reason, original_length: what.original_length, hash: what.hash };
}
