import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import {
  type CallHead,
  defineFlavour,
  type NormalRequest,
  type NormalResponse,
  type StreamReader,
} from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import {
  areTurns,
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

/** Ollama streams unless it is told not to. */
const streams = (body: Json): boolean => body['stream'] !== false;

/** The host is Ollama's, or nobody knows it. */
function isFor(head: CallHead, path: string): boolean {
  const name = head.provider?.name;
  return head.method === 'POST' && head.path.endsWith(path) && (name === undefined || name === 'ollama');
}

/** Ollama chat: lines of JSON, arguments of tool calls as objects. Source: docs.ollama.com/api/chat (2026-11). */
export const ollamaChat = defineFlavour({
  name: 'ollama.chat',
  match: (head) => (isFor(head, '/api/chat') ? { operation: 'chat', requestType: 'chat' } : undefined),
  request: (body, head) => {
    if (text(body['model']) === undefined || !Array.isArray(body['messages'])) return undefined;
    if (head.provider === undefined && !areTurns(body['messages'])) return undefined;
    const tools = list(body['tools']).filter(isObject);
    return {
      ...common(body),
      messages: body['messages'].filter(isObject).map(readMessage),
      tools:
        tools.length === 0
          ? undefined
          : tools.map((entry) => {
              const fn = object(entry['function']);
              return tool(fn['name'], entry['type'] ?? 'function', fn['description'], fn['parameters']);
            }),
    };
  },
  response: readWhole,
  stream: () => new LineStream(),
});

/** Ollama generate: one prompt. Source: docs.ollama.com/api/generate (2026-11). */
export const ollamaGenerate = defineFlavour({
  name: 'ollama.generate',
  match: (head) =>
    isFor(head, '/api/generate') ? { operation: 'text_completion', requestType: 'completion' } : undefined,
  request: (body) => {
    if (text(body['model']) === undefined) return undefined;
    const messages: Message[] = [];
    const system = text(body['system']);
    if (system !== undefined) messages.push(message('system', [textPart(system)], { attrs: { separate: true } }));
    const prompt = text(body['prompt']);
    const parts = [...imagesOf(body), ...(prompt === undefined ? [] : [textPart(prompt)])];
    if (parts.length > 0) messages.push(message('user', parts));
    return { ...common(body), messages };
  },
  response: readWhole,
  stream: () => new LineStream(),
});

/** Ollama embeddings, `/api/embed` and the older `/api/embeddings`. Source: docs.ollama.com/api/embed (2026-11). */
export const ollamaEmbed = defineFlavour({
  name: 'ollama.embed',
  match: (head) =>
    isFor(head, '/api/embed') || isFor(head, '/api/embeddings')
      ? { operation: 'embeddings', requestType: 'embedding' }
      : undefined,
  request: (body) => {
    const input = body['input'] ?? body['prompt'];
    if (input === undefined || text(body['model']) === undefined) return undefined;
    const inputs = typeof input === 'string' ? [input] : list(input);
    return {
      model: text(body['model']),
      streaming: false,
      messages: inputs.filter((item) => typeof item === 'string').map((item) => message('user', [textPart(item)])),
    };
  },
  response: (body) => ({ model: text(body['model']), usage: usageOf(body), error: errorOf(body) }),
  stream: () => new LineStream(),
});

function common(body: Json): NormalRequest {
  return { model: text(body['model']), streaming: streams(body), parameters: parametersOf(object(body['options'])) };
}

function imagesOf(wire: Json): Part[] {
  return list(wire['images'])
    .filter((image) => typeof image === 'string')
    .map((image) => mediaPart('image', undefined, image));
}

function readMessage(wire: Json): Message {
  const { role, attrs } = roleOf(wire['role']);
  const content = text(wire['content']);
  if (role === 'tool') {
    const name = text(wire['tool_name']) ?? text(wire['name']);
    const id = text(wire['tool_call_id']);
    return {
      role,
      ...(content !== undefined && { content }),
      parts: [
        {
          type: 'tool_call_response',
          ...(id !== undefined && { id }),
          ...(name !== undefined && { name }),
          response: content ?? '',
        },
      ],
      ...(id !== undefined && { tool_call_id: id }),
      ...(name !== undefined && { name }),
    };
  }
  const thinking = text(wire['thinking']);
  return message(
    role,
    [
      ...(thinking === undefined ? [] : [reasoningPart(thinking)]),
      ...imagesOf(wire),
      ...(content === undefined ? [] : [textPart(content)]),
      ...callsOf(wire).map(callPart),
    ],
    attrs && { attrs },
  );
}

function callsOf(wire: Json): ToolCall[] {
  return list(wire['tool_calls'])
    .filter(isObject)
    .map((entry) => {
      const fn = object(entry['function']);
      const id = text(entry['id']) ?? text(fn['id']);
      return {
        ...(id !== undefined && { id }),
        name: text(fn['name']) ?? 'unknown',
        type: 'function',
        arguments: parseArguments(fn['arguments'] ?? {}),
      };
    });
}

function usageOf(body: Json): Usage | undefined {
  const input = number(body['prompt_eval_count']);
  const output = number(body['eval_count']);
  if (input === undefined && output === undefined) return undefined;
  const provider: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body))
    if (/_(?:count|duration)$/.test(key) && typeof value === 'number') provider[key] = value;
  return compact({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input === undefined || output === undefined ? undefined : input + output,
    cached_tokens: number(body['prompt_eval_cached_count']),
    provider,
  });
}

function readWhole(body: Json): NormalResponse {
  const stream = new LineStream();
  stream.push(body, undefined, () => {});
  return stream.end();
}

/** A whole answer is a stream of one line. */
class LineStream implements StreamReader {
  #text = '';
  #thinking = '';
  #model: string | undefined;
  #finish: string | undefined;
  #usage: Usage | undefined;
  #error: NormalResponse['error'];
  #answered = false;
  readonly #calls: ToolCall[] = [];

  push(event: Json, _name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    this.#model ??= text(event['model']);
    this.#error ??= errorOf(event);
    this.#usage = usageOf(event) ?? this.#usage;
    this.#finish = text(event['done_reason']) ?? this.#finish;
    const wire = object(event['message']);
    this.#answered ||= isObject(event['message']) || typeof event['response'] === 'string';
    const words = text(wire['content']) ?? text(event['response']) ?? '';
    const thinking = text(wire['thinking']) ?? text(event['thinking']) ?? '';
    this.#text += words;
    this.#thinking += thinking;
    const calls = callsOf(isObject(event['message']) ? wire : event);
    for (const call of calls) {
      this.#calls.push(call);
      onCall(call);
    }
    return words !== '' || thinking !== '' || calls.length > 0;
  }

  end(): NormalResponse {
    const parts = [
      ...(this.#thinking === '' ? [] : [reasoningPart(this.#thinking)]),
      ...(this.#text === '' ? [] : [textPart(this.#text)]),
      ...this.#calls.map(callPart),
    ];
    return {
      model: this.#model,
      choices: this.#answered ? [{ index: 0, message: message('assistant', parts), finish: this.#finish }] : [],
      finishReasons: this.#finish === undefined ? [] : [this.#finish],
      toolCalls: this.#calls,
      usage: this.#usage,
      error: this.#error,
    };
  }
}
