import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, text } from '../json.ts';
import { callPart, errorOf, message, parametersOf, reasoningPart, textPart } from '../normal.ts';
import { citationsIn, cohereUsage } from './cohere-usage.ts';
import { readMessage, readTools } from './openai-content.ts';

/** Cohere Chat v2. Source: docs.cohere.com/reference/chat and /docs/streaming (2026-11). */
export const cohereChatV2 = defineFlavour({
  name: 'cohere.v2.chat',
  match: (head) =>
    head.method === 'POST' &&
    head.path.endsWith('/v2/chat') &&
    (head.provider === undefined || head.provider.name === 'cohere')
      ? { operation: 'chat', requestType: 'chat' }
      : undefined,
  request: (body) =>
    Array.isArray(body['messages']) && text(body['model']) !== undefined
      ? {
          model: text(body['model']),
          streaming: body['stream'] === true,
          messages: body['messages'].filter(isObject).map(readTurn),
          tools: readTools(body),
          toolChoice: text(body['tool_choice'])?.toLowerCase(),
          parameters: parametersOf(body),
        }
      : undefined,
  response: readResponse,
  stream: () => new ChatStream(),
});

/** A message as OpenAI has it, with a plan before its calls. */
function readTurn(wire: Json): Message {
  const { tool_plan: plan, ...rest } = wire;
  return readMessage(text(plan) === undefined ? rest : { ...rest, reasoning_content: plan });
}

function readResponse(body: Json): NormalResponse {
  const wire = object(body['message']);
  const finish = text(body['finish_reason']);
  const turn = readTurn({ role: 'assistant', ...wire });
  return {
    id: text(body['id']),
    model: text(body['model']),
    choices: isObject(body['message']) ? [{ index: 0, message: turn, finish }] : [],
    finishReasons: finish === undefined ? [] : [finish],
    toolCalls: list(wire['tool_calls'])
      .filter(isObject)
      .map((call) => callOf(text(call['id']), object(call['function']))),
    usage: cohereUsage(object(body['usage'])),
    error: errorOf(body),
    attrs: citationsIn(wire['citations']),
  };
}

function callOf(id: string | undefined, fn: Json): ToolCall {
  return {
    ...(id !== undefined && { id }),
    name: text(fn['name']) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(fn['arguments'] ?? {}),
  };
}

interface OpenBlock {
  readonly kind: 'text' | 'reasoning';
  text: string;
}

interface OpenCall {
  readonly id: string | undefined;
  name: string;
  arguments: string;
  done: boolean;
}

class ChatStream implements StreamReader {
  readonly #blocks = new Map<number, OpenBlock>();
  readonly #calls = new Map<number, OpenCall>();
  #id: string | undefined;
  #plan = '';
  #citations: unknown[] = [];
  #finish: string | undefined;
  #usage: Usage | undefined;
  #error: NormalResponse['error'];

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const delta = object(event['delta']);
    const wire = object(delta['message']);
    const index = number(event['index']) ?? 0;
    this.#id ??= text(event['id']);
    switch (text(event['type']) ?? name) {
      case 'content-start':
      case 'content-delta':
        return this.#content(index, object(wire['content']));
      case 'tool-plan-delta':
        this.#plan += text(wire['tool_plan']) ?? '';
        return text(wire['tool_plan']) !== undefined;
      case 'tool-call-start':
      case 'tool-call-delta':
        this.#call(index, object(wire['tool_calls']));
        return true;
      case 'tool-call-end': {
        const call = this.#calls.get(index);
        if (call !== undefined && !call.done) {
          call.done = true;
          onCall(finished(call));
        }
        return false;
      }
      case 'citation-start':
        this.#citations.push(wire['citations']);
        return false;
      case 'message-end': {
        this.#finish = text(delta['finish_reason']);
        this.#usage = cohereUsage(object(delta['usage']));
        const failure = text(delta['error']);
        if (failure !== undefined || this.#finish === 'ERROR')
          this.#error ??= { type: this.#finish ?? 'ERROR', message: failure };
        return false;
      }
      default:
        this.#error ??= errorOf(event);
        return false;
    }
  }

  #content(index: number, content: Json): boolean {
    const words = text(content['text']) ?? text(content['thinking']) ?? '';
    let block = this.#blocks.get(index);
    if (block === undefined) {
      const kind = content['type'] === 'thinking' || content['thinking'] !== undefined ? 'reasoning' : 'text';
      block = { kind, text: '' };
      this.#blocks.set(index, block);
    }
    block.text += words;
    return words !== '';
  }

  #call(index: number, wire: Json): void {
    const fn = object(wire['function']);
    let call = this.#calls.get(index);
    if (call === undefined) {
      call = { id: text(wire['id']), name: '', arguments: '', done: false };
      this.#calls.set(index, call);
    }
    if (call.name === '') call.name = text(fn['name']) ?? '';
    call.arguments += text(fn['arguments']) ?? '';
  }

  end(): NormalResponse {
    const parts: Part[] = this.#plan === '' ? [] : [reasoningPart(this.#plan)];
    for (const [, block] of [...this.#blocks].sort(([a], [b]) => a - b))
      if (block.text !== '') parts.push(block.kind === 'text' ? textPart(block.text) : reasoningPart(block.text));
    const calls = [...this.#calls].sort(([a], [b]) => a - b).map(([, call]) => finished(call));
    for (const call of calls) parts.push(callPart(call));
    const began = parts.length > 0 || this.#finish !== undefined;
    return {
      id: this.#id,
      choices: began ? [{ index: 0, message: message('assistant', parts), finish: this.#finish }] : [],
      finishReasons: this.#finish === undefined ? [] : [this.#finish],
      toolCalls: calls,
      usage: this.#usage,
      error: this.#error,
      attrs: citationsIn(this.#citations),
    };
  }
}

function finished(call: OpenCall): ToolCall {
  return callOf(call.id, { name: call.name, arguments: call.arguments });
}

/** Cohere Embed, v1 and v2. Source: docs.cohere.com/reference/embed (2026-11). */
export const cohereEmbed = defineFlavour({
  name: 'cohere.embed',
  match: (head) =>
    head.method === 'POST' &&
    /\/(?:v[12]\/)?embed$/.test(head.path) &&
    (head.provider === undefined ? /\/v[12]\/embed$/.test(head.path) : head.provider.name === 'cohere')
      ? { operation: 'embeddings', requestType: 'embedding' }
      : undefined,
  request: (body) => {
    const isOne = ['texts', 'images', 'inputs'].some((name) => Array.isArray(body[name]));
    if (!isOne) return undefined;
    const texts = list(body['texts']).filter((item) => typeof item === 'string');
    return {
      model: text(body['model']),
      streaming: false,
      messages: [
        ...texts.map((item) => message('user', [textPart(item)])),
        ...list(body['inputs'])
          .filter(isObject)
          .map((item) => readMessage({ role: 'user', content: item['content'] })),
      ],
    };
  },
  response: (body) => ({ id: text(body['id']), usage: cohereUsage(object(body['meta'])), error: errorOf(body) }),
  stream: () => ({ push: () => false, end: () => ({}) }),
});
