import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import {
  callPart,
  compact,
  errorOf,
  mediaPart,
  message,
  parametersOf,
  reasoningPart,
  roleOf,
  textPart,
  tool,
} from '../normal.ts';

/** OpenAI Responses, also as codex speaks it to chatgpt.com. Source: platform.openai.com/docs/api-reference/responses (2026-11). */
export const openaiResponses = defineFlavour({
  name: 'openai.responses',
  match: (head) =>
    head.method === 'POST' && head.path.endsWith('/responses') ? { operation: 'chat', requestType: 'chat' } : undefined,
  request: (body) =>
    text(body['model']) !== undefined && (body['input'] !== undefined || body['prompt'] !== undefined)
      ? readRequest(body)
      : undefined,
  response: (body) => readResponse(body),
  stream: () => new ResponsesStream(),
});

function readRequest(body: Json): NormalRequest {
  const messages: Message[] = [];
  const instructions = text(body['instructions']);
  if (instructions !== undefined)
    messages.push(message('system', [textPart(instructions)], { attrs: { separate: true } }));
  const input = body['input'];
  if (typeof input === 'string') messages.push(message('user', [textPart(input)]));
  else for (const item of list(input)) if (isObject(item)) messages.push(readItem(item));
  const tools = list(body['tools']).filter(isObject);
  return {
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages,
    tools:
      tools.length === 0
        ? undefined
        : tools.map((t) =>
            tool(t['name'] ?? t['server_label'], t['type'], t['description'], t['parameters'] ?? t['format']),
          ),
    toolChoice: body['tool_choice'],
    parameters: parametersOf(body),
    previousResponseId: text(body['previous_response_id']),
    conversationId: conversationOf(body),
  };
}

function conversationOf(body: Json): string | undefined {
  return text(body['conversation']) ?? text(object(body['conversation'])['id']);
}

/** Items by which the client's own tools are called and answered, and the field of their arguments. */
const CALLS: Readonly<Record<string, string>> = {
  function_call: 'arguments',
  custom_tool_call: 'input',
  local_shell_call: 'action',
  shell_call: 'action',
  apply_patch_call: 'operation',
  computer_call: 'action',
};

function callOf(item: Json): ToolCall | undefined {
  const type = text(item['type']) ?? '';
  const field = Object.hasOwn(CALLS, type) ? CALLS[type] : undefined;
  if (field === undefined) return undefined;
  const id = text(item['call_id']) ?? text(item['id']);
  const args = item[field];
  return {
    ...(id !== undefined && { id }),
    name: text(item['name']) ?? type.replace(/_call$/, ''),
    type: 'function',
    arguments: type === 'function_call' ? parseArguments(args) : args,
  };
}

/** An item of the input or the output as a message. */
function readItem(item: Json): Message {
  const type = text(item['type']) ?? 'message';
  if (type === 'message') {
    const { role, attrs } = roleOf(item['role']);
    return message(role, readContent(item['content']), attrs && { attrs });
  }
  const call = callOf(item);
  if (call !== undefined) return message('assistant', [callPart(call)]);
  if (type.endsWith('_call_output')) {
    const id = text(item['call_id']);
    const output = item['output'];
    return {
      role: 'tool',
      ...(typeof output === 'string' && { content: output }),
      parts: [{ type: 'tool_call_response', ...(id !== undefined && { id }), response: output ?? '' }],
      ...(id !== undefined && { tool_call_id: id }),
    };
  }
  if (type === 'reasoning') return message('assistant', readReasoning(item));
  return message('assistant', [{ type: 'other', kind: type }]);
}

function readReasoning(item: Json): Part[] {
  const parts: Part[] = [];
  for (const block of [...list(item['summary']), ...list(item['content'])]) {
    const words = text(object(block)['text']);
    if (words !== undefined) parts.push(reasoningPart(words));
  }
  return parts;
}

function readContent(content: unknown): Part[] {
  if (typeof content === 'string') return [textPart(content)];
  const parts: Part[] = [];
  for (const block of list(content)) {
    if (!isObject(block)) continue;
    const type = text(block['type']) ?? 'unknown';
    const file = text(block['file_id']);
    if (type === 'input_text' || type === 'output_text' || type === 'text')
      parts.push(textPart(String(block['text'] ?? '')));
    else if (type === 'refusal') parts.push({ type: 'other', kind: type, content: block['refusal'] });
    else if (type === 'input_image' || type === 'input_file') {
      const modality = type === 'input_image' ? 'image' : 'document';
      const url = text(block['image_url']) ?? text(block['file_url']) ?? text(block['file_data']);
      parts.push(file === undefined ? mediaPart(modality, url) : { type: 'file', modality, file_id: file });
    } else parts.push({ type: 'other', kind: type });
  }
  return parts;
}

function usageOf(body: Json): Usage | undefined {
  const usage = body['usage'];
  if (!isObject(usage)) return undefined;
  return compact({
    prompt_tokens: number(usage['input_tokens']),
    completion_tokens: number(usage['output_tokens']),
    total_tokens: number(usage['total_tokens']),
    cached_tokens: number(object(usage['input_tokens_details'])['cached_tokens']),
    reasoning_tokens: number(object(usage['output_tokens_details'])['reasoning_tokens']),
    provider: usage,
  });
}

function readResponse(body: Json, items: readonly unknown[] = list(body['output'])): NormalResponse {
  const parts: Part[] = [];
  const calls: ToolCall[] = [];
  for (const item of items) {
    if (!isObject(item)) continue;
    const call = callOf(item);
    if (call !== undefined) calls.push(call);
    parts.push(...(readItem(item).parts ?? []));
  }
  const status = text(body['status']);
  const error = errorOf(body);
  return {
    id: text(body['id']),
    model: text(body['model']),
    choices:
      items.length > 0 ? [{ index: 0, message: message('assistant', parts), finish: finishWord(body, calls) }] : [],
    finishReasons: status === undefined ? [] : [status],
    toolCalls: calls,
    usage: usageOf(body),
    error: error && { ...error, type: error.type ?? error.code },
    conversationId: conversationOf(body),
  };
}

/** The API says only `completed`; why it stopped follows from what it answered. */
function finishWord(body: Json, calls: readonly ToolCall[]): string | undefined {
  const status = text(body['status']);
  if (status === 'incomplete') return text(object(body['incomplete_details'])['reason']) ?? status;
  return status === 'completed' && calls.length > 0 ? 'tool_calls' : status;
}

class ResponsesStream implements StreamReader {
  readonly #items = new Map<number, Json>();
  /** Text of items that are not done. */
  readonly #open = new Map<number, string>();
  #response: Json = {};
  #error: NormalResponse['error'];

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const type = text(event['type']) ?? name ?? '';
    const index = number(event['output_index']) ?? 0;
    switch (type) {
      case 'response.output_text.delta':
        this.#open.set(index, (this.#open.get(index) ?? '') + (text(event['delta']) ?? ''));
        return true;
      case 'response.output_item.done': {
        const item = event['item'];
        if (!isObject(item)) return false;
        this.#items.set(index, item);
        this.#open.delete(index);
        const call = callOf(item);
        if (call !== undefined) onCall(call);
        return true;
      }
      case 'response.created':
      case 'response.in_progress':
      case 'response.queued':
      case 'response.completed':
      case 'response.incomplete':
      case 'response.failed':
        if (isObject(event['response'])) this.#response = event['response'];
        return false;
      case 'error': {
        const error = errorOf(event) ?? {};
        const code = text(event['code']) ?? error.code;
        this.#error = {
          type: error.type ?? code ?? 'error',
          message: text(event['message']) ?? error.message,
          ...(code !== undefined && { code }),
        };
        return false;
      }
      default:
        this.#error ??= errorOf(event);
        return type.endsWith('.delta');
    }
  }

  end(): NormalResponse {
    for (const [index, words] of this.#open)
      this.#items.set(index, { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: words }] });
    const done = list(this.#response['output']);
    const items = done.length > 0 ? done : [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item);
    const response = readResponse(this.#response, items);
    const { finishReasons } = response;
    const inProgress = this.#response['status'] === 'in_progress' || this.#response['status'] === 'queued';
    return {
      ...response,
      ...(inProgress && { finishReasons: [] }),
      ...(!inProgress && { finishReasons }),
      error: response.error ?? this.#error,
    };
  }
}
