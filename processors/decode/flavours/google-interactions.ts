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
  sealedPart,
  serverCallPart,
  serverResultPart,
  textPart,
  tool,
} from '../normal.ts';

/**
 * Gemini Interactions: steps of a model or an agent, with a history that Google keeps. Older clients have `outputs` and `content.*` events in
 * place of `steps` and `step.*`. Source: ai.google.dev/gemini-api/docs/interactions (2026-11).
 */
export const googleInteractions = defineFlavour({
  name: 'google.interactions',
  match: (head) =>
    head.method === 'POST' && /\/v\d[^/]*\/(?:.*\/)?interactions$/.test(head.path)
      ? { operation: 'generate_content', requestType: 'chat' }
      : undefined,
  request: (body) =>
    body['input'] !== undefined && (text(body['model']) ?? text(body['agent'])) !== undefined
      ? readRequest(body)
      : undefined,
  response: (body) => readResponse(body, list(body['steps'] ?? body['outputs'])),
  stream: () => new InteractionStream(),
});

function readRequest(body: Json): NormalRequest {
  const messages: Message[] = [];
  const system = text(body['system_instruction']);
  if (system !== undefined) messages.push(message('system', [textPart(system)], { attrs: { separate: true } }));
  const input = body['input'];
  if (typeof input === 'string') messages.push(message('user', [textPart(input)]));
  else for (const entry of Array.isArray(input) ? input : [input]) if (isObject(entry)) messages.push(readInput(entry));
  const tools = list(body['tools']).filter(isObject);
  const config = object(body['generation_config']);
  const agent = text(body['agent']);
  return {
    model: text(body['model']) ?? agent,
    streaming: body['stream'] === true,
    messages,
    tools:
      tools.length === 0 ? undefined : tools.map((t) => tool(t['name'], t['type'], t['description'], t['parameters'])),
    toolChoice: config['tool_choice'] ?? body['tool_choice'],
    parameters: parametersOf(config),
    previousResponseId: text(body['previous_interaction_id']),
    attrs: {
      ...(agent !== undefined && { 'gen_ai.agent.id': agent }),
      ...(body['background'] === true && { 'oisp.request.background': true }),
    },
  };
}

/** A turn, a step of an earlier answer, or a block of the user's. */
function readInput(entry: Json): Message {
  const type = text(entry['type']);
  if (type === 'function_result') {
    const parts = readStep(entry);
    return message('tool', parts);
  }
  if (type === 'user_input' || entry['role'] === 'user') return message('user', readBlocks(entry['content']));
  if (type === 'model_output' || entry['role'] === 'model') return message('assistant', readBlocks(entry['content']));
  const isAnswer = type === 'thought' || type?.endsWith('_call') === true || type?.endsWith('_result') === true;
  return message(isAnswer ? 'assistant' : 'user', readStep(entry));
}

function readBlocks(content: unknown): Part[] {
  if (typeof content === 'string') return [textPart(content)];
  return (Array.isArray(content) ? content : [content]).filter(isObject).flatMap(readStep);
}

function callOf(step: Json): ToolCall | undefined {
  if (step['type'] !== 'function_call') return undefined;
  const id = text(step['id']) ?? text(step['call_id']);
  return {
    ...(id !== undefined && { id }),
    name: text(step['name']) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(step['arguments'] ?? {}),
  };
}

/** A step, or a block of one. */
function readStep(step: Json): Part[] {
  const call = callOf(step);
  if (call !== undefined) return [callPart(call)];
  const type = text(step['type']) ?? 'unknown';
  const id = text(step['call_id']) ?? text(step['id']);
  switch (type) {
    case 'text':
      return [textPart(String(step['text'] ?? ''))];
    case 'model_output':
    case 'user_input':
      return readBlocks(step['content']);
    case 'thought': {
      const words = list(step['summary'])
        .map((block) => text(object(block)['text']) ?? '')
        .join('');
      const seal = text(step['signature']);
      return [...(words === '' ? [] : [reasoningPart(words)]), ...(seal === undefined ? [] : [sealedPart(seal)])];
    }
    case 'function_result':
      return [
        {
          type: 'tool_call_response',
          ...(id !== undefined && { id }),
          ...(text(step['name']) !== undefined && { name: String(step['name']) }),
          response: step['result'] ?? '',
          ...(step['is_error'] === true && { is_error: true }),
        },
      ];
    case 'image':
    case 'audio':
    case 'video':
    case 'document':
      return [mediaPart(type, text(step['uri']), text(step['data']), text(step['mime_type']))];
    default:
      if (type.endsWith('_call'))
        return [serverCallPart(id, text(step['name']) ?? type.slice(0, -5), parseArguments(step['arguments'] ?? {}))];
      if (type.endsWith('_result'))
        return [serverResultPart(id, type.slice(0, -7), step['result'], step['is_error'] === true)];
      return [{ type: 'other', kind: type }];
  }
}

/** Thoughts are counted apart from the answer's tokens, as in `generateContent`. */
function usageOf(body: Json): Usage | undefined {
  const usage = body['usage'];
  if (!isObject(usage)) return undefined;
  const input = number(usage['total_input_tokens']);
  return compact({
    prompt_tokens: input === undefined ? undefined : input + (number(usage['total_tool_use_tokens']) ?? 0),
    completion_tokens: number(usage['total_output_tokens']),
    total_tokens: number(usage['total_tokens']),
    cached_tokens: number(usage['total_cached_tokens']),
    reasoning_tokens: number(usage['total_thought_tokens']) ?? number(usage['total_reasoning_tokens']),
    provider: usage,
  });
}

function readResponse(body: Json, steps: readonly unknown[]): NormalResponse {
  const known = steps.filter(isObject);
  const status = text(body['status']);
  const toolCalls = known.map(callOf).filter((call) => call !== undefined);
  const isOpen = status === 'in_progress' || status === 'queued';
  return {
    id: text(body['id']),
    model: text(body['model']) ?? text(body['agent']),
    choices:
      known.length === 0
        ? []
        : [
            {
              index: 0,
              message: message('assistant', known.flatMap(readStep)),
              finish: toolCalls.length > 0 ? 'tool_calls' : status,
            },
          ],
    finishReasons: status === undefined || isOpen ? [] : [status],
    toolCalls,
    usage: usageOf(body),
    error: errorOf(body),
  };
}

class InteractionStream implements StreamReader {
  readonly #steps = new Map<number, Record<string, unknown>>();
  #interaction: Json = {};
  #error: NormalResponse['error'];

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const type = text(event['event_type']) ?? text(event['type']) ?? name ?? '';
    const index = number(event['index']) ?? 0;
    if (isObject(event['interaction'])) this.#interaction = { ...this.#interaction, ...event['interaction'] };
    switch (type) {
      case 'step.start':
      case 'content.start': {
        const start = object(event['step'] ?? event['content']);
        this.#steps.set(index, { ...start });
        return readStep(start).some((part) => part.type === 'text' && part.content !== '');
      }
      case 'step.delta':
      case 'content.delta':
        return this.#delta(index, object(event['delta']));
      case 'step.stop':
      case 'content.stop': {
        const call = callOf(this.#steps.get(index) ?? {});
        if (call !== undefined) onCall(call);
        return false;
      }
      default:
        this.#error ??= errorOf(event);
        return false;
    }
  }

  #delta(index: number, delta: Json): boolean {
    const kind = text(delta['type']) ?? '';
    let step = this.#steps.get(index);
    if (step === undefined) {
      step = { type: kind === 'text' ? 'model_output' : kind === 'thought_summary' ? 'thought' : kind };
      this.#steps.set(index, step);
    }
    switch (kind) {
      case 'text': {
        const piece = String(delta['text'] ?? '');
        if (step['type'] === 'text') step['text'] = String(step['text'] ?? '') + piece;
        else step['content'] = grown(list(step['content']), piece);
        return true;
      }
      case 'thought_summary':
        step['summary'] = grown(list(step['summary']), text(object(delta['content'])['text']) ?? '');
        return true;
      case 'thought_signature':
        step['signature'] = delta['signature'];
        return false;
      case 'arguments':
      case 'arguments_delta': {
        const before = typeof step['arguments'] === 'string' ? step['arguments'] : '';
        step['arguments'] = before + (text(delta['arguments']) ?? '');
        return true;
      }
      default: {
        // what comes whole: function_call of older clients, images, results of the provider's tools
        const content = step['content'];
        if (step['type'] === 'model_output') step['content'] = [...list(content), delta];
        else Object.assign(step, delta);
        return true;
      }
    }
  }

  end(): NormalResponse {
    const steps = [...this.#steps].sort(([a], [b]) => a - b).map(([, step]) => step);
    const response = readResponse(this.#interaction, steps);
    return { ...response, error: response.error ?? this.#error };
  }
}

/** Blocks with one more piece of text. */
function grown(blocks: readonly unknown[], piece: string): unknown[] {
  const last = object(blocks.at(-1));
  if (last['type'] !== 'text') return [...blocks, { type: 'text', text: piece }];
  return [...blocks.slice(0, -1), { ...last, text: String(last['text'] ?? '') + piece }];
}
