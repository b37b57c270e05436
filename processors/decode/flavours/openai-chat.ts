import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import { type Choice, defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import {
  callPart,
  compact,
  errorOf,
  mediaPart,
  message,
  once,
  parametersOf,
  reasoningPart,
  roleOf,
  textPart,
  tool,
} from '../normal.ts';

/**
 * OpenAI Chat Completions and everything of its shape: Azure OpenAI, Groq, Mistral, Together, DeepSeek, OpenRouter, vLLM, Ollama's
 * `/v1`. Source: platform.openai.com/docs/api-reference/chat (2026-11).
 */
export const openaiChat = defineFlavour({
  name: 'openai.chat',
  match: (head) => {
    if (head.method !== 'POST' || !head.path.endsWith('/chat/completions')) return undefined;
    const model = /\/deployments\/([^/]+)\/chat\/completions$/.exec(head.path)?.[1];
    return { operation: 'chat', requestType: 'chat', ...(model !== undefined && { model }) };
  },
  request: (body) => (Array.isArray(body['messages']) ? readRequest(body) : undefined),
  response: readResponse,
  stream: () => new ChatStream(),
});

function readRequest(body: Json): NormalRequest {
  return {
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages: list(body['messages']).filter(isObject).map(readOnce),
    tools: readTools(body),
    toolChoice: body['tool_choice'] ?? body['function_call'],
    parameters: parametersOf(body),
  };
}

function readTools(body: Json): NormalRequest['tools'] {
  const tools = [...list(body['tools']), ...list(body['functions'])].filter(isObject);
  if (tools.length === 0) return undefined;
  return tools.map((entry) => {
    const fn = isObject(entry['function']) ? entry['function'] : isObject(entry['custom']) ? entry['custom'] : entry;
    return tool(fn['name'], entry['type'] ?? 'function', fn['description'], fn['parameters'] ?? fn['format']);
  });
}

/** A message of a request or an answer. */
export function readMessage(wire: Json): Message {
  const { role, attrs } = roleOf(wire['role']);
  const parts: Part[] = [];
  const id = text(wire['tool_call_id']);
  const name = text(wire['name']);
  if (role === 'tool' || role === 'function') {
    const content = wire['content'];
    const plain = typeof content === 'string' ? content : textOf(content);
    parts.push({
      type: 'tool_call_response',
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      response: plain ?? content ?? '',
    });
    return {
      role,
      ...(plain !== undefined && { content: plain }),
      parts,
      ...(id !== undefined && { tool_call_id: id }),
      ...(name !== undefined && { name }),
    };
  }
  const reasoning = text(wire['reasoning_content']) ?? text(wire['reasoning']);
  if (reasoning !== undefined) parts.push(reasoningPart(reasoning));
  readContent(wire['content'], parts);
  const refusal = text(wire['refusal']);
  if (refusal !== undefined) parts.push({ type: 'other', kind: 'refusal', content: refusal });
  for (const call of callsOf(wire)) parts.push(callPart(call));
  return message(role, parts, { ...(name !== undefined && { name }), ...(attrs && { attrs }) });
}

/** Agents send their history with every call. */
const readOnce = once(readMessage);

function textOf(content: unknown): string | undefined {
  const texts = list(content).map((part) => object(part)['text']);
  return texts.length > 0 && texts.every((t) => typeof t === 'string') ? texts.join('\n') : undefined;
}

function readContent(content: unknown, parts: Part[]): void {
  if (typeof content === 'string') {
    if (content !== '') parts.push(textPart(content));
    return;
  }
  for (const block of list(content)) {
    if (typeof block === 'string') {
      parts.push(textPart(block));
      continue;
    }
    if (!isObject(block)) continue;
    const type = text(block['type']) ?? 'unknown';
    switch (type) {
      case 'text':
        parts.push(textPart(String(block['text'] ?? '')));
        break;
      case 'refusal':
        parts.push({ type: 'other', kind: 'refusal', content: block['refusal'] });
        break;
      case 'thinking':
        parts.push(reasoningPart(textOf(block['thinking']) ?? text(block['thinking']) ?? ''));
        break;
      case 'image_url': {
        const url = block['image_url'];
        parts.push(mediaPart('image', text(url) ?? text(object(url)['url'])));
        break;
      }
      case 'input_audio': {
        const audio = object(block['input_audio']);
        parts.push(mediaPart('audio', undefined, text(audio['data']) ?? '', `audio/${text(audio['format']) ?? 'wav'}`));
        break;
      }
      case 'file': {
        const file = object(block['file']);
        const id = text(file['file_id']);
        parts.push(
          id === undefined
            ? mediaPart('document', text(file['file_data']))
            : { type: 'file', modality: 'document', file_id: id },
        );
        break;
      }
      default:
        parts.push({ type: 'other', kind: type });
    }
  }
}

function callsOf(wire: Json): ToolCall[] {
  const calls: ToolCall[] = [];
  for (const entry of list(wire['tool_calls'])) {
    if (!isObject(entry)) continue;
    const fn = isObject(entry['function']) ? entry['function'] : object(entry['custom']);
    calls.push(toolCall(text(entry['id']), fn['name'], fn['arguments'] ?? fn['input']));
  }
  const old = wire['function_call'];
  if (isObject(old)) calls.push(toolCall(undefined, old['name'], old['arguments']));
  return calls;
}

function toolCall(id: string | undefined, name: unknown, args: unknown): ToolCall {
  return {
    ...(id !== undefined && { id }),
    name: text(name) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(args),
  };
}

/** Usage by OpenAI's names; Groq puts it into `x_groq`. */
export function usageOf(body: Json): Usage | undefined {
  const usage = isObject(body['usage']) ? body['usage'] : object(body['x_groq'])['usage'];
  if (!isObject(usage)) return undefined;
  const cached =
    number(object(usage['prompt_tokens_details'])['cached_tokens']) ?? number(usage['prompt_cache_hit_tokens']);
  return compact({
    prompt_tokens: number(usage['prompt_tokens']),
    completion_tokens: number(usage['completion_tokens']),
    total_tokens: number(usage['total_tokens']),
    cached_tokens: cached,
    reasoning_tokens: number(object(usage['completion_tokens_details'])['reasoning_tokens']),
    provider: usage,
  });
}

function readResponse(body: Json): NormalResponse {
  const choices: Choice[] = [];
  const toolCalls: ToolCall[] = [];
  for (const entry of list(body['choices'])) {
    if (!isObject(entry)) continue;
    const wire = object(entry['message']);
    toolCalls.push(...callsOf(wire));
    choices.push({
      index: number(entry['index']) ?? choices.length,
      message: readMessage({ role: 'assistant', ...wire }),
      finish: text(entry['finish_reason']),
    });
  }
  return {
    id: text(body['id']),
    model: text(body['model']),
    choices,
    finishReasons: choices.map((choice) => choice.finish).filter((word) => word !== undefined),
    toolCalls,
    usage: usageOf(body),
    error: errorOf(body),
  };
}

interface OpenCall {
  readonly key: number;
  id: string | undefined;
  name: string;
  arguments: string;
  done: boolean;
}

interface OpenChoice {
  readonly index: number;
  text: string;
  reasoning: string;
  refusal: string;
  finish: string | undefined;
  readonly calls: OpenCall[];
}

class ChatStream implements StreamReader {
  readonly #choices = new Map<number, OpenChoice>();
  #id: string | undefined;
  #model: string | undefined;
  #usage: Usage | undefined;
  #error: NormalResponse['error'];

  push(event: Json, _name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    // one provider changes the id within a stream; Azure begins with an empty one
    this.#id ??= text(event['id']);
    this.#model ??= text(event['model']);
    this.#usage = usageOf(event) ?? this.#usage;
    this.#error ??= errorOf(event);
    let content = false;
    for (const entry of list(event['choices'])) {
      if (!isObject(entry)) continue;
      const choice = this.#choice(number(entry['index']) ?? 0);
      const delta = isObject(entry['delta']) ? entry['delta'] : object(entry['message']);
      content = this.#delta(choice, delta, onCall) || content;
      const finish = text(entry['finish_reason']);
      if (finish === undefined) continue;
      choice.finish = finish;
      for (const call of choice.calls) close(call, onCall);
    }
    return content;
  }

  #choice(index: number): OpenChoice {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = { index, text: '', reasoning: '', refusal: '', finish: undefined, calls: [] };
      this.#choices.set(index, choice);
    }
    return choice;
  }

  #delta(choice: OpenChoice, delta: Json, onCall: (call: ToolCall) => void): boolean {
    const parts: Part[] = [];
    readContent(delta['content'], parts);
    let content = false;
    for (const part of parts) {
      if (part.type === 'text') choice.text += String(part.content);
      else if (part.type === 'reasoning') choice.reasoning += String(part.content);
      content = true;
    }
    const reasoning = text(delta['reasoning_content']) ?? text(delta['reasoning']);
    if (reasoning !== undefined) choice.reasoning += reasoning;
    const refusal = text(delta['refusal']);
    if (refusal !== undefined) choice.refusal += refusal;
    const old = delta['function_call'];
    const calls = isObject(old) ? [{ index: 0, function: old }] : list(delta['tool_calls']);
    for (const entry of calls) if (isObject(entry)) this.#call(choice, entry, onCall);
    return content || reasoning !== undefined || refusal !== undefined || calls.length > 0;
  }

  #call(choice: OpenChoice, entry: Json, onCall: (call: ToolCall) => void): void {
    const fn = isObject(entry['function']) ? entry['function'] : object(entry['custom']);
    const id = text(entry['id']);
    const last = choice.calls.at(-1);
    const key =
      number(entry['index']) ?? (id !== undefined && id !== last?.id ? choice.calls.length : (last?.key ?? 0));
    let call = choice.calls.findLast((open) => open.key === key);
    // some gateways give every call of a turn the index 0 and tell them apart by id
    const other = id !== undefined && call?.id !== undefined && call.id !== id && text(fn['name']) !== undefined;
    if (call === undefined || other) {
      for (const open of choice.calls) close(open, onCall);
      call = { key, id, name: '', arguments: '', done: false };
      choice.calls.push(call);
    }
    call.id ??= id;
    if (call.name === '') call.name = text(fn['name']) ?? '';
    const args = fn['arguments'] ?? fn['input'];
    if (typeof args === 'string') call.arguments += args;
    else if (isObject(args)) call.arguments = JSON.stringify(args);
  }

  end(): NormalResponse {
    const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    return {
      id: this.#id,
      model: this.#model,
      choices: choices.map((choice) => ({
        index: choice.index,
        message: message('assistant', [
          ...(choice.reasoning === '' ? [] : [reasoningPart(choice.reasoning)]),
          ...(choice.text === '' ? [] : [textPart(choice.text)]),
          ...(choice.refusal === '' ? [] : [{ type: 'other' as const, kind: 'refusal', content: choice.refusal }]),
          ...choice.calls.map((call) => callPart(finished(call))),
        ]),
        finish: choice.finish,
      })),
      finishReasons: choices.map((choice) => choice.finish).filter((word) => word !== undefined),
      toolCalls: choices.flatMap((choice) => choice.calls.map(finished)),
      usage: this.#usage,
      error: this.#error,
    };
  }
}

function finished(call: OpenCall): ToolCall {
  return toolCall(call.id, call.name, call.arguments);
}

function close(call: OpenCall, onCall: (call: ToolCall) => void): void {
  if (call.done) return;
  call.done = true;
  onCall(finished(call));
}
