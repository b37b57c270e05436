import type { Message, Part, ToolCall } from '../../../core/index.ts';
import {
  type CallHead,
  defineFlavour,
  type NormalRequest,
  type NormalResponse,
  type StreamReader,
} from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import { callPart, errorOf, message, parametersOf, textPart, tool } from '../normal.ts';
import { citationsIn, cohereUsage } from './cohere-usage.ts';

/** The host is Cohere's, or nobody knows it. */
function isFor(head: CallHead, path: RegExp): boolean {
  const name = head.provider?.name;
  return head.method === 'POST' && path.test(head.path) && (name === undefined || name === 'cohere');
}

/** Cohere Chat v1: one message and a history; streams lines of JSON. Source: docs.cohere.com/v1/reference/chat (2026-11). */
export const cohereChatV1 = defineFlavour({
  name: 'cohere.v1.chat',
  match: (head) => (isFor(head, /\/v1\/chat$/) ? { operation: 'chat', requestType: 'chat' } : undefined),
  request: (body) => (typeof body['message'] === 'string' ? readRequest(body) : undefined),
  response: (body) => readChat(body),
  stream: () => new ChatStream(readChat),
});

/** Cohere Generate, the older API that takes a prompt. Source: docs.cohere.com/v1/reference/generate (2026-11). */
export const cohereGenerate = defineFlavour({
  name: 'cohere.v1.generate',
  match: (head) =>
    isFor(head, /\/(?:v1\/)?generate$/) && (head.provider !== undefined || head.path.endsWith('/v1/generate'))
      ? { operation: 'text_completion', requestType: 'completion' }
      : undefined,
  request: (body, head) => {
    const prompt = text(body['prompt']);
    if (prompt === undefined || (head.provider === undefined && text(body['model']) === undefined)) return undefined;
    return {
      model: text(body['model']),
      streaming: body['stream'] === true,
      messages: [message('user', [textPart(prompt)])],
      parameters: parametersOf(body),
    };
  },
  response: readGenerations,
  stream: () => new ChatStream(readGenerations),
});

function readRequest(body: Json): NormalRequest {
  const messages: Message[] = [];
  const preamble = text(body['preamble']);
  if (preamble !== undefined) messages.push(message('system', [textPart(preamble)], { attrs: { separate: true } }));
  for (const entry of list(body['chat_history'])) if (isObject(entry)) messages.push(readEntry(entry));
  const results = readResults(body['tool_results']);
  if (results.length > 0) messages.push(message('tool', results));
  const words = text(body['message']);
  if (words !== undefined) messages.push(message('user', [textPart(words)]));
  const tools = [...list(body['tools']), ...list(body['connectors'])].filter(isObject);
  return {
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages,
    tools:
      tools.length === 0
        ? undefined
        : tools.map((t) =>
            tool(
              t['name'] ?? t['id'],
              t['name'] === undefined ? 'connector' : 'function',
              t['description'],
              t['parameter_definitions'],
            ),
          ),
    toolChoice: body['tool_choice'] ?? (body['force_single_step'] === true ? 'required' : undefined),
    parameters: parametersOf(body),
    conversationId: text(body['conversation_id']),
  };
}

const ROLES: Readonly<Record<string, Message['role']>> = {
  user: 'user',
  chatbot: 'assistant',
  system: 'system',
  tool: 'tool',
};

function readEntry(entry: Json): Message {
  const role = ROLES[(text(entry['role']) ?? '').toLowerCase()] ?? 'user';
  const words = text(entry['message']);
  return message(role, [
    ...(words === undefined ? [] : [textPart(words)]),
    ...callsOf(entry['tool_calls']).map(callPart),
    ...readResults(entry['tool_results']),
  ]);
}

/** Results name the call that they answer; there are no ids. */
function readResults(wire: unknown): Part[] {
  return list(wire)
    .filter(isObject)
    .map((entry) => {
      const name = text(object(entry['call'])['name']);
      return {
        type: 'tool_call_response',
        ...(name !== undefined && { name }),
        response: entry['outputs'] ?? '',
      };
    });
}

function callsOf(wire: unknown): ToolCall[] {
  return list(wire)
    .filter(isObject)
    .map((call) => ({
      name: text(call['name']) ?? 'unknown',
      type: 'function',
      arguments: parseArguments(call['parameters'] ?? {}),
    }));
}

function readChat(body: Json): NormalResponse {
  const words = text(body['text']);
  const calls = callsOf(body['tool_calls']);
  const finish = text(body['finish_reason']);
  const parts = [...(words === undefined ? [] : [textPart(words)]), ...calls.map(callPart)];
  return {
    id: text(body['response_id']) ?? text(body['generation_id']),
    model: text(body['model']),
    choices:
      parts.length > 0 || finish !== undefined ? [{ index: 0, message: message('assistant', parts), finish }] : [],
    finishReasons: finish === undefined ? [] : [finish],
    toolCalls: calls,
    usage: cohereUsage(object(body['meta'])),
    error: errorOf(body),
    conversationId: text(body['conversation_id']),
    attrs: citationsIn(body['citations']),
  };
}

function readGenerations(body: Json): NormalResponse {
  const choices = list(body['generations'])
    .filter(isObject)
    .map((entry, i) => ({
      index: number(entry['index']) ?? i,
      message: message('assistant', [textPart(text(entry['text']) ?? '')]),
      finish: text(entry['finish_reason']) ?? text(body['finish_reason']),
    }));
  return {
    id: text(body['id']),
    choices,
    finishReasons: choices.map((choice) => choice.finish).filter((word) => word !== undefined),
    usage: cohereUsage(object(body['meta'])),
    error: errorOf(body),
  };
}

/** The last event brings the whole answer; what came before it counts only where it is missing. */
class ChatStream implements StreamReader {
  readonly #read: (body: Json) => NormalResponse;
  #text = '';
  #calls: readonly unknown[] = [];
  #last: Json = {};
  #id: string | undefined;
  #error: NormalResponse['error'];

  constructor(read: (body: Json) => NormalResponse) {
    this.#read = read;
  }

  push(event: Json, _name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    this.#id ??= text(event['generation_id']);
    this.#error ??= errorOf(event);
    switch (event['event_type']) {
      case 'text-generation':
        this.#text += text(event['text']) ?? '';
        return text(event['text']) !== undefined;
      case 'tool-calls-generation':
        this.#calls = list(event['tool_calls']);
        for (const call of callsOf(this.#calls)) onCall(call);
        return true;
      case 'tool-calls-chunk':
        return true;
      case 'stream-end': {
        const whole = object(event['response']);
        this.#last = { ...whole, finish_reason: event['finish_reason'] ?? whole['finish_reason'] };
        const failed = text(event['finish_reason'])?.startsWith('ERROR') === true;
        if (failed) this.#error ??= { type: text(event['finish_reason']), message: text(event['error']) };
        return false;
      }
      default:
        return false;
    }
  }

  end(): NormalResponse {
    const generations = [{ text: this.#text }];
    const whole = { generation_id: this.#id, text: this.#text, tool_calls: this.#calls, generations, ...this.#last };
    return { ...this.#read(whole), ...(this.#error && { error: this.#error }) };
  }
}
