import type { Message, Part, ToolCall, ToolDefinition, Usage } from '../../../core/index.ts';
import type { NormalRequest, NormalResponse, StreamReader } from '../flavour.ts';
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

/**
 * The bodies of Bedrock's Converse, which Amazon Nova takes and gives through InvokeModel as well. Source:
 * docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html and .../API_runtime_ContentBlock.html (2026-11).
 */
export function readConverse(body: Json): NormalRequest {
  const messages: Message[] = [];
  const system = typeof body['system'] === 'string' ? [textPart(body['system'])] : readBlocks(body['system']);
  if (system.length > 0) messages.push(message('system', system, { attrs: { separate: true } }));
  for (const entry of list(body['messages'])) {
    if (!isObject(entry)) continue;
    const { role, attrs } = roleOf(entry['role']);
    messages.push(message(role, readBlocks(entry['content']), attrs && { attrs }));
  }
  const config = object(body['inferenceConfig']);
  const tools = object(body['toolConfig']);
  const choice = Object.keys(object(tools['toolChoice']))[0];
  const guardrail = text(object(body['guardrailConfig'])['guardrailIdentifier']);
  return {
    streaming: false,
    messages,
    tools: readTools(tools['tools']),
    toolChoice: choice === undefined ? undefined : { type: choice },
    parameters: parametersOf({
      ...object(body['additionalModelRequestFields']),
      ...config,
      max_tokens: config['maxTokens'] ?? config['max_new_tokens'] ?? config['maxNewTokens'],
    }),
    attrs: guardrail === undefined ? undefined : { 'aws.bedrock.guardrail.id': guardrail },
  };
}

function readTools(wire: unknown): readonly ToolDefinition[] | undefined {
  const tools: ToolDefinition[] = [];
  for (const entry of list(wire)) {
    const spec = object(object(entry)['toolSpec']);
    const system = object(object(entry)['systemTool']);
    if (text(spec['name']) !== undefined)
      tools.push(tool(spec['name'], 'function', spec['description'], object(spec['inputSchema'])['json']));
    else if (text(system['name']) !== undefined) tools.push(tool(system['name'], 'other', undefined, undefined));
  }
  return tools.length === 0 ? undefined : tools;
}

function readBlocks(content: unknown): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [textPart(content)];
  const parts: Part[] = [];
  for (const block of list(content)) {
    if (typeof block === 'string') parts.push(textPart(block));
    else if (isObject(block))
      for (const [kind, value] of Object.entries(block)) for (const part of readBlock(kind, value)) parts.push(part);
  }
  return parts;
}

/** A content block is an object with one key, its kind. */
function readBlock(kind: string, value: unknown): Part[] {
  switch (kind) {
    case 'text':
      return typeof value === 'string' ? [textPart(value)] : [];
    case 'guardContent':
      return readGuarded(object(value));
    case 'reasoningContent': {
      const words = text(object(object(value)['reasoningText'])['text']) ?? text(object(value)['text']);
      return [words === undefined ? { type: 'other', kind: 'reasoning' } : reasoningPart(words)];
    }
    case 'citationsContent':
      return readBlocks(object(value)['content']);
    case 'toolUse':
      return isObject(value) ? [callPart(callOf(value, value['input']))] : [];
    case 'toolResult':
      return isObject(value) ? [readResult(value)] : [];
    case 'image':
    case 'document':
    case 'video':
    case 'audio':
      return [readMedia(kind, object(value))];
    case 'cachePoint':
    case 'type':
      return [];
    default:
      return [{ type: 'other', kind }];
  }
}

function readGuarded(guarded: Json): Part[] {
  const words = text(object(guarded['text'])['text']);
  if (words !== undefined) return [textPart(words)];
  return isObject(guarded['image']) ? [readMedia('image', guarded['image'])] : [];
}

function readMedia(modality: string, media: Json): Part {
  const source = object(media['source']);
  const format = text(media['format']);
  const uri = text(object(source['s3Location'])['uri']);
  if (uri !== undefined) return { type: 'uri', modality, uri };
  const mime = format === undefined ? undefined : `${modality === 'document' ? 'application' : modality}/${format}`;
  return mediaPart(modality, undefined, text(source['bytes']) ?? '', mime);
}

function readResult(result: Json): Part {
  const blocks = list(result['content']).filter(isObject);
  const isText = blocks.length > 0 && blocks.every((block) => typeof block['text'] === 'string');
  const [only] = blocks;
  const id = text(result['toolUseId']);
  return {
    type: 'tool_call_response',
    ...(id !== undefined && { id }),
    response: isText
      ? blocks.map((block) => String(block['text'])).join('\n')
      : blocks.length === 1 && only?.['json'] !== undefined
        ? only['json']
        : blocks.map((block) => (block['json'] === undefined ? readBlocks([block])[0] : block['json'])),
    ...(result['status'] === 'error' && { is_error: true }),
  };
}

function callOf(use: Json, input: unknown): ToolCall {
  const id = text(use['toolUseId']);
  return {
    ...(id !== undefined && { id }),
    name: text(use['name']) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(input ?? {}),
  };
}

/**
 * Input tokens with those read from and written to the cache, which `inputTokens` leaves out and `totalTokens` counts
 * (docs.aws.amazon.com/bedrock/latest/userguide/prompt-caching.html, 2026-11).
 */
export function converseUsage(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const input = number(usage['inputTokens']);
  const output = number(usage['outputTokens']);
  if (input === undefined && output === undefined) return undefined;
  const cached = number(usage['cacheReadInputTokens'] ?? usage['cacheReadInputTokenCount']);
  const created = number(usage['cacheWriteInputTokens'] ?? usage['cacheWriteInputTokenCount']);
  const total = number(usage['totalTokens']);
  const cache = (cached ?? 0) + (created ?? 0);
  // totals that count no cache are those of models whose input has it already
  const isIn = total !== undefined && input !== undefined && total === input + (output ?? 0);
  const prompt = input === undefined ? undefined : input + (isIn ? 0 : cache);
  return compact({
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt === undefined || output === undefined ? total : prompt + output,
    cached_tokens: cached,
    cache_creation_tokens: created,
    provider: usage,
  });
}

export function readConverseResponse(body: Json): NormalResponse {
  const wire = object(object(body['output'])['message']);
  const parts = readBlocks(wire['content']);
  return assemble(parts, callsIn(parts), text(body['stopReason']), converseUsage(body['usage']), errorOf(body));
}

function callsIn(parts: readonly Part[]): ToolCall[] {
  const calls: ToolCall[] = [];
  for (const part of parts)
    if (part.type === 'tool_call')
      calls.push({
        ...(part.id !== undefined && { id: part.id }),
        name: part.name,
        type: 'function',
        arguments: part.arguments,
      });
  return calls;
}

function assemble(
  parts: readonly Part[],
  toolCalls: readonly ToolCall[],
  finish: string | undefined,
  usage: Usage | undefined,
  error: NormalResponse['error'],
): NormalResponse {
  return {
    choices:
      parts.length > 0 || finish !== undefined ? [{ index: 0, message: message('assistant', parts), finish }] : [],
    finishReasons: finish === undefined ? [] : [finish],
    toolCalls,
    usage,
    error,
  };
}

interface OpenBlock {
  readonly use: Json | undefined;
  text: string;
  reasoning: string;
  input: unknown;
  done: boolean;
}

const EVENTS = [
  'messageStart',
  'contentBlockStart',
  'contentBlockDelta',
  'contentBlockStop',
  'messageStop',
  'metadata',
];

/** The events of ConverseStream, named by their message; through InvokeModelWithResponseStream each is an object with its name as key. */
export class ConverseStream implements StreamReader {
  readonly #blocks = new Map<number, OpenBlock>();
  #finish: string | undefined;
  #usage: Usage | undefined;
  #error: NormalResponse['error'];

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const wrapped = EVENTS.find((key) => isObject(event[key]));
    const body = wrapped === undefined ? event : object(event[wrapped]);
    const index = number(body['contentBlockIndex']) ?? 0;
    switch (wrapped ?? name) {
      case 'contentBlockStart': {
        const use = object(body['start'])['toolUse'];
        this.#blocks.set(index, openBlock(isObject(use) ? use : undefined));
        return true;
      }
      case 'contentBlockDelta':
        this.#delta(index, object(body['delta']));
        return true;
      case 'contentBlockStop': {
        const open = this.#blocks.get(index);
        if (open?.use !== undefined && !open.done) onCall(streamedCall(open, open.use));
        if (open !== undefined) open.done = true;
        return false;
      }
      case 'messageStop':
        this.#finish = text(body['stopReason']) ?? this.#finish;
        return false;
      case 'metadata':
        this.#usage = converseUsage(body['usage']) ?? this.#usage;
        return false;
      case 'error':
        this.#error ??= errorOf(body);
        return false;
      default:
        return false;
    }
  }

  #delta(index: number, delta: Json): void {
    const open = this.#blocks.get(index) ?? openBlock(undefined);
    this.#blocks.set(index, open);
    open.text += text(delta['text']) ?? '';
    const reasoning = object(delta['reasoningContent']);
    open.reasoning += text(reasoning['text']) ?? text(object(reasoning['reasoningText'])['text']) ?? '';
    const input = object(delta['toolUse'])['input'];
    if (typeof input === 'string' && typeof open.input === 'string') open.input += input;
    else if (isObject(input)) open.input = input;
  }

  end(): NormalResponse {
    const blocks = [...this.#blocks].sort(([a], [b]) => a - b).map(([, open]) => open);
    const parts: Part[] = [];
    let words: string | undefined;
    const close = (): void => {
      if (words !== undefined) parts.push(textPart(words));
      words = undefined;
    };
    for (const open of blocks) {
      // Nova makes a block of every piece of a text
      if (open.use === undefined && open.reasoning === '') {
        words = (words ?? '') + open.text;
        continue;
      }
      close();
      if (open.use !== undefined) parts.push(callPart(streamedCall(open, open.use)));
      else parts.push(reasoningPart(open.reasoning));
      if (open.use === undefined && open.text !== '') words = open.text;
    }
    close();
    return assemble(parts, callsIn(parts), this.#finish, this.#usage, this.#error);
  }
}

function openBlock(use: Json | undefined): OpenBlock {
  return { use, text: '', reasoning: '', input: '', done: false };
}

function streamedCall(open: OpenBlock, use: Json): ToolCall {
  return callOf(use, open.input === '' ? (use['input'] ?? {}) : open.input);
}
