import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import type { CallError, NormalResponse } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import { base64Size, callPart, compact, errorOf, mediaPart, message, roleOf, textPart, tool } from '../normal.ts';

/**
 * Items of the OpenAI Realtime API, by the names of the GA version and of the beta before it. Source:
 * developers.openai.com/api/reference/resources/realtime (2026-11).
 */

/** Sound of so many bytes; 0 where nobody knows how many. */
export function audioPart(size: number): Part {
  return { type: 'blob', modality: 'audio', ...(size > 0 && { size }) };
}

/** Content of a message. Audio is a part with its size, and the words that were heard or spoken are the text behind it. */
function contentParts(content: unknown, audioBytes: number): Part[] {
  const parts: Part[] = [];
  for (const block of list(content)) {
    if (!isObject(block)) continue;
    const type = text(block['type']) ?? 'unknown';
    if (type === 'input_text' || type === 'text' || type === 'output_text')
      parts.push(textPart(String(block['text'] ?? '')));
    else if (type === 'input_audio' || type === 'audio' || type === 'output_audio') {
      parts.push(audioPart(base64Size(block['audio']) || audioBytes));
      const transcript = text(block['transcript']);
      if (transcript !== undefined) parts.push(textPart(transcript));
    } else if (type === 'input_image') parts.push(mediaPart('image', text(block['image_url'])));
    else parts.push({ type: 'other', kind: type });
  }
  return parts;
}

/** The call that an item is. */
export function callOfItem(item: Json): ToolCall | undefined {
  if (item['type'] !== 'function_call') return undefined;
  const id = text(item['call_id']) ?? text(item['id']);
  return {
    ...(id !== undefined && { id }),
    name: text(item['name']) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(item['arguments'] ?? ''),
  };
}

/** An item as a message. `nameOf` knows the names of calls; `audioBytes` is what of its audio came beside the item. */
export function readItem(item: Json, nameOf: (callId: string) => string | undefined, audioBytes = 0): Message {
  const type = text(item['type']) ?? 'message';
  if (type === 'message') {
    const { role, attrs } = roleOf(item['role']);
    return message(role, contentParts(item['content'], audioBytes), attrs && { attrs });
  }
  const call = callOfItem(item);
  if (call !== undefined) return message('assistant', [callPart(call)]);
  if (type !== 'function_call_output') return message('assistant', [{ type: 'other', kind: type }]);
  const id = text(item['call_id']);
  const name = id === undefined ? undefined : nameOf(id);
  const output = item['output'];
  return {
    role: 'tool',
    ...(typeof output === 'string' && { content: output }),
    parts: [
      {
        type: 'tool_call_response',
        ...(id !== undefined && { id }),
        ...(name !== undefined && { name }),
        response: output ?? '',
      },
    ],
    ...(id !== undefined && { tool_call_id: id }),
  };
}

/** The tools of a session or a response; undefined where there are none. */
export function readTools(tools: unknown): ReturnType<typeof tool>[] | undefined {
  const known = list(tools)
    .filter(isObject)
    .map((t) => tool(t['name'] ?? t['server_label'], t['type'], t['description'], t['parameters']));
  return known.length === 0 ? undefined : known;
}

/** Input counts include cached tokens. */
export function usageOf(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  return compact({
    prompt_tokens: number(usage['input_tokens']),
    completion_tokens: number(usage['output_tokens']),
    total_tokens: number(usage['total_tokens']),
    cached_tokens: number(object(usage['input_token_details'])['cached_tokens']),
    reasoning_tokens: number(object(usage['output_token_details'])['reasoning_tokens']),
    provider: usage,
  });
}

/** What `response.done` says, or as much of a response as came before it broke off. `audioOf` is the size of an item's audio. */
export function readResponse(
  response: Json,
  items: readonly Json[],
  model: string | undefined,
  audioOf: (item: Json) => number,
): NormalResponse {
  const parts: Part[] = [];
  const toolCalls: ToolCall[] = [];
  for (const item of items) {
    const call = callOfItem(item);
    if (call !== undefined) toolCalls.push(call);
    for (const part of readItem(item, () => undefined, audioOf(item)).parts ?? []) parts.push(part);
  }
  const status = text(response['status']);
  const isDone = status !== undefined && status !== 'in_progress';
  const details = object(response['status_details']);
  let finish = status;
  if (status === 'completed' && toolCalls.length > 0) finish = 'tool_calls';
  else if (status === 'incomplete') finish = text(details['reason']) ?? status;
  return {
    id: text(response['id']),
    model,
    choices: items.length === 0 ? [] : [{ index: 0, message: message('assistant', parts), ...(isDone && { finish }) }],
    finishReasons: isDone ? [status] : [],
    toolCalls,
    usage: usageOf(response['usage']),
    error: status === 'failed' ? failureOf(details) : undefined,
  };
}

function failureOf(details: Json): CallError {
  const error = errorOf(details);
  return error === undefined ? { type: 'failed' } : { ...error, type: error.type ?? error.code ?? 'failed' };
}
