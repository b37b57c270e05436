import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseJson, text } from '../json.ts';
import {
  compact,
  errorOf,
  ledBy,
  message,
  parametersOf,
  readerOfTools,
  readerOfTurns,
  textPart,
  tool,
} from '../normal.ts';
import { retrievalsOfItems } from '../retrieval/built-in.ts';
import { callOf, citationsOf, readItem } from './openai-items.ts';

/** OpenAI Responses, also as codex speaks it to chatgpt.com. Source: platform.openai.com/docs/api-reference/responses (2026-11). */
export const openaiResponses = defineFlavour({
  name: 'openai.responses',
  match: (head) =>
    head.method === 'POST' && head.path.endsWith('/responses') ? { operation: 'chat', requestType: 'chat' } : undefined,
  request: (body, head) =>
    text(body['model']) !== undefined &&
    (head.provider === undefined ? isInput(body) : body['input'] !== undefined || body['prompt'] !== undefined)
      ? readRequest(body)
      : undefined,
  response: (body) => readResponse(body),
  stream: () => new ResponsesStream(),
});

/** Agents send their history with every call. */
const readItems = readerOfTurns(readItem);

/** Whether a body has what a model is asked: a text, items of a type or role, or a stored prompt. */
function isInput(body: Json): boolean {
  const input = body['input'];
  if (Array.isArray(input))
    return input
      .slice(0, 4)
      .every((item) => isObject(item) && (text(item['type']) ?? text(item['role'])) !== undefined);
  return text(input) !== undefined || isObject(body['prompt']);
}

const readTools = readerOfTools((entry) =>
  tool(
    entry['name'] ?? entry['server_label'],
    entry['type'],
    entry['description'],
    entry['parameters'] ?? entry['format'],
  ),
);

function readRequest(body: Json): NormalRequest {
  const lead: Message[] = [];
  const instructions = text(body['instructions']);
  if (instructions !== undefined) lead.push(message('system', [textPart(instructions)], { attrs: { separate: true } }));
  // a list of items also comes here
  for (const item of list(body['instructions'])) if (isObject(item)) lead.push(readItem(item));
  const tier = text(body['service_tier']);
  return {
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages: ledBy(lead, readInput(body['input'])),
    tools: readTools(body['tools']),
    toolChoice: body['tool_choice'],
    parameters: parametersOf(body),
    previousResponseId: text(body['previous_response_id']),
    conversationId: conversationOf(body),
    attrs: {
      ...(tier !== undefined && tier !== 'auto' && { 'openai.request.service_tier': tier }),
      ...(body['background'] === true && { 'oisp.request.background': true }),
    },
  };
}

/** The messages of an input: text, or a list of items. */
export function readInput(input: unknown): readonly Message[] {
  if (typeof input === 'string') return [message('user', [textPart(input)])];
  return readItems(input);
}

function conversationOf(body: Json): string | undefined {
  return text(body['conversation']) ?? text(object(body['conversation'])['id']);
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
    for (const part of readItem(item).parts ?? []) parts.push(part);
  }
  const status = text(body['status']);
  const error = errorOf(body);
  const tier = text(body['service_tier']);
  const cited = citationsOf(items);
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
    attrs: {
      ...(tier !== undefined && { 'openai.response.service_tier': tier }),
      ...(cited > 0 && { 'oisp.response.citations': cited }),
    },
    retrievals: retrievalsOfItems(items),
  };
}

/** The API says only `completed`; why it stopped follows from what it answered. */
function finishWord(body: Json, calls: readonly ToolCall[]): string | undefined {
  const status = text(body['status']);
  if (status === 'incomplete') return text(object(body['incomplete_details'])['reason']) ?? status;
  return status === 'completed' && calls.length > 0 ? 'tool_calls' : status;
}

/** What is known of an item that is not done. */
interface OpenItem {
  item: Json;
  text: string;
  refusal: string;
  arguments: string;
  reasoning: string;
}

class ResponsesStream implements StreamReader {
  readonly #items = new Map<number, Json>();
  readonly #open = new Map<number, OpenItem>();
  #response: Json = {};
  #error: NormalResponse['error'];
  sink: OpenItem | undefined;

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    this.sink = undefined;
    const type = text(event['type']) ?? name ?? '';
    const index = number(event['output_index']) ?? 0;
    switch (type) {
      case 'response.output_item.added':
        if (isObject(event['item'])) this.#at(index).item = event['item'];
        return false;
      case 'response.output_text.delta':
        this.sink = this.#at(index);
        this.sink.text += text(event['delta']) ?? '';
        return true;
      case 'response.refusal.delta':
        this.#at(index).refusal += text(event['delta']) ?? '';
        return true;
      case 'response.function_call_arguments.delta':
      case 'response.custom_tool_call_input.delta':
      case 'response.mcp_call_arguments.delta':
        this.#at(index).arguments += text(event['delta']) ?? '';
        return true;
      case 'response.reasoning_summary_text.delta':
      case 'response.reasoning_text.delta':
        this.#at(index).reasoning += text(event['delta']) ?? '';
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
      case 'response.cancelled':
        if (isObject(event['response'])) this.#response = event['response'];
        return false;
      case 'error': {
        const error = errorOf(isObject(event['error']) ? { error: event['error'] } : { error: event }) ?? {};
        const code = text(event['code']) ?? error.code;
        // the event's own type is no kind of error
        const kind = error.type === 'error' ? undefined : error.type;
        this.#error = {
          type: kind ?? code ?? 'error',
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

  #at(index: number): OpenItem {
    let open = this.#open.get(index);
    if (open === undefined) {
      open = { item: {}, text: '', refusal: '', arguments: '', reasoning: '' };
      this.#open.set(index, open);
    }
    return open;
  }

  end(): NormalResponse {
    for (const [index, open] of this.#open) {
      const item = soFar(open);
      if (item !== undefined) this.#items.set(index, item);
    }
    const done = list(this.#response['output']);
    const items = done.length > 0 ? done : [...this.#items].sort(([a], [b]) => a - b).map(([, item]) => item);
    const response = readResponse(this.#response, items);
    const status = this.#response['status'];
    const isOpen = status === 'in_progress' || status === 'queued';
    return {
      ...response,
      ...(isOpen && { finishReasons: [] }),
      error: response.error ?? this.#error,
    };
  }
}

/** An item whose end never came: its words so far; a call only where its arguments are whole. */
function soFar(open: OpenItem): Json | undefined {
  const { item } = open;
  const type = text(item['type']);
  if (open.reasoning !== '') return { type: 'reasoning', summary: [{ type: 'summary_text', text: open.reasoning }] };
  if (type === 'function_call' || type === 'mcp_call')
    return isObject(parseJson(open.arguments)) ? { ...item, arguments: open.arguments } : undefined;
  const content: Json[] = [];
  if (open.text !== '') content.push({ type: 'output_text', text: open.text });
  if (open.refusal !== '') content.push({ type: 'refusal', refusal: open.refusal });
  return content.length === 0 ? undefined : { type: 'message', role: 'assistant', content };
}

/**
 * A response that was made in the background or earlier (GET, also as a stream), and the compaction of a conversation: read like an answer, but
 * no call of their own to a model. Source: platform.openai.com/docs/api-reference/responses/get and /compact (2026-11).
 */
export const openaiStoredResponses = defineFlavour({
  name: 'openai.responses.stored',
  match: (head) => {
    if (head.provider === undefined) return undefined;
    if (head.method === 'GET' && /\/responses\/[^/]+$/.test(head.path))
      return {
        operation: 'fetch_response',
        requestType: 'other',
        streaming: /(?:^|&)stream=true(?:&|$)/.test(head.query),
      };
    return head.method === 'POST' && head.path.endsWith('/responses/compact')
      ? { operation: 'compaction', requestType: 'other' }
      : undefined;
  },
  request: (body, _head, match) =>
    match.operation === 'compaction' ? readRequest(body) : { streaming: match.streaming === true },
  response: (body) => readResponse(body),
  stream: () => new ResponsesStream(),
});
