import {
  type AiRequestData,
  type AiResponseData,
  isRedacted,
  type Message,
  type OispEvent,
  type Part,
} from '../../core/index.ts';

/** How much content goes onto spans. */
export interface ContentOptions {
  readonly mode: 'off' | 'span';
  /** `delta`: messages that the conversation had not sent before. */
  readonly inputMessages: 'delta' | 'full';
  readonly maxAttributeBytes: number;
}

interface OutMessage {
  role: string;
  parts: unknown[];
  finish_reason?: string;
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
  options: ContentOptions,
): string | undefined {
  if (options.mode === 'off') return undefined;
  const messages = event.data.messages?.filter((m) => m.attrs?.separate !== true) ?? [];
  const from = options.inputMessages === 'delta' && offset <= messages.length ? offset : 0;
  return fitted(
    messages.slice(from).map((m) => out(m)),
    options.maxAttributeBytes,
  );
}

/** The message that opened a turn: the last one of its first request. */
export function lastMessage(event: OispEvent<AiRequestData>, options: ContentOptions): string | undefined {
  const last = event.data.messages?.at(-1);
  return options.mode === 'off' || !last ? undefined : fitted([out(last)], options.maxAttributeBytes);
}

/** `gen_ai.system_instructions`: only where the API carries them beside the messages, and once per conversation. */
export function systemInstructions(event: OispEvent<AiRequestData>, options: ContentOptions): string | undefined {
  if (options.mode === 'off') return undefined;
  const separate = event.data.messages?.filter((m) => m.attrs?.separate === true) ?? [];
  const parts = separate.flatMap((m) => out(m).parts);
  if (parts.length === 0) return undefined;
  const text = JSON.stringify(parts);
  return Buffer.byteLength(text) <= options.maxAttributeBytes
    ? text
    : JSON.stringify([truncated(1, Buffer.byteLength(text))]);
}

/** `gen_ai.output.messages`. */
export function outputMessages(event: OispEvent<AiResponseData>, options: ContentOptions): string | undefined {
  if (options.mode === 'off') return undefined;
  const choices = event.data.choices ?? [];
  return fitted(
    choices.map((c) => ({
      ...out(c.message),
      finish_reason: FINISH[c.finish_reason ?? ''] ?? c.finish_reason ?? 'stop',
    })),
    options.maxAttributeBytes,
  );
}

/** Any value as one JSON attribute, shortened to stay valid JSON. */
export function jsonValue(value: unknown, options: ContentOptions): string | undefined {
  if (options.mode === 'off' || value === undefined || isRedacted(value)) return undefined;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === undefined) return undefined;
  const size = Buffer.byteLength(text);
  if (size <= options.maxAttributeBytes) return text;
  return JSON.stringify({
    type: 'oisp.truncated',
    bytes: size,
    head: text.slice(0, Math.max(0, Math.floor(options.maxAttributeBytes / 4))),
  });
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

function truncated(messages: number, bytes: number): unknown {
  return { type: 'oisp.truncated', messages, bytes };
}

/** Drops messages from the middle, then shortens the longest texts, until the JSON fits. */
function fitted(messages: OutMessage[], maxBytes: number): string | undefined {
  if (messages.length === 0) return undefined;
  let text = JSON.stringify(messages);
  let size = Buffer.byteLength(text);
  if (size <= maxBytes) return text;
  const whole = size;
  let list = messages;
  if (list.length > 2) {
    const keep = [list[0] as OutMessage, list.at(-1) as OutMessage];
    list = [
      keep[0] as OutMessage,
      { role: 'system', parts: [truncated(messages.length - 2, whole)] },
      keep[1] as OutMessage,
    ];
  }
  for (let budget = Math.floor(maxBytes / 2); budget > 64; budget = Math.floor(budget / 2)) {
    text = JSON.stringify(list.map((m) => ({ ...m, parts: m.parts.map((p) => shortened(p, budget)) })));
    size = Buffer.byteLength(text);
    if (size <= maxBytes) return text;
  }
  return JSON.stringify([{ role: 'system', parts: [truncated(messages.length, whole)] }]);
}

function shortened(p: unknown, budget: number): unknown {
  const text = JSON.stringify(p);
  if (text.length <= budget) return p;
  const content = (p as { content?: unknown }).content;
  if (typeof content === 'string') {
    const cut = content.slice(0, budget);
    return { ...(p as object), content: isHigh(cut.charCodeAt(cut.length - 1)) ? cut.slice(0, -1) : cut };
  }
  return { type: 'oisp.truncated', bytes: text.length };
}

const isHigh = (code: number): boolean => code >= 0xd800 && code <= 0xdbff;
