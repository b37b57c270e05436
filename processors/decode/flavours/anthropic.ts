import type { Message, Part, ToolCall, Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, parseJson, text } from '../json.ts';
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

/** Anthropic Messages. Source: docs.anthropic.com/en/api/messages and /messages-streaming (2026-11). */
export const anthropicMessages = defineFlavour({
  name: 'anthropic.messages',
  match: (head) =>
    head.method === 'POST' &&
    head.path.endsWith('/messages') &&
    (head.provider === undefined || head.provider.name !== 'openai')
      ? { operation: 'chat', requestType: 'chat' }
      : undefined,
  request: (body) =>
    Array.isArray(body['messages']) && text(body['model']) !== undefined ? readRequest(body) : undefined,
  response: readResponse,
  stream: () => new MessagesStream(),
});

function readRequest(body: Json): NormalRequest {
  const messages: Message[] = [];
  const system = readBlocks(body['system']);
  if (system.length > 0) messages.push(message('system', system, { attrs: { separate: true } }));
  for (const entry of list(body['messages'])) {
    if (!isObject(entry)) continue;
    const { role, attrs } = roleOf(entry['role']);
    messages.push(message(role, readBlocks(entry['content']), attrs && { attrs }));
  }
  const tools = list(body['tools']).filter(isObject);
  return {
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages,
    tools:
      tools.length === 0
        ? undefined
        : tools.map((t) => tool(t['name'], t['type'] ?? 'function', t['description'], t['input_schema'])),
    toolChoice: body['tool_choice'],
    parameters: parametersOf(body),
    sessionId: sessionOf(text(object(body['metadata'])['user_id'])),
  };
}

/** Claude Code names its session in `metadata.user_id`: `user_…_account_…_session_<uuid>`, or JSON with `session_id`. */
function sessionOf(user: string | undefined): string | undefined {
  if (user === undefined) return undefined;
  if (user.startsWith('{')) return text(object(parseJson(user))['session_id']);
  return /_session_([0-9A-Za-z-]{8,64})$/.exec(user)?.[1];
}

function readBlocks(content: unknown): Part[] {
  if (typeof content === 'string') return content === '' ? [] : [textPart(content)];
  const parts: Part[] = [];
  for (const block of list(content)) if (isObject(block)) parts.push(readBlock(block));
  return parts;
}

function readBlock(block: Json): Part {
  const type = text(block['type']) ?? 'unknown';
  switch (type) {
    case 'text':
      return textPart(String(block['text'] ?? ''));
    case 'thinking':
      return reasoningPart(String(block['thinking'] ?? ''));
    case 'tool_use':
      return callPart(callOf(block, block['input']));
    case 'tool_result': {
      const content = block['content'];
      const blocks = list(content);
      const plain = blocks.length > 0 && blocks.every((b) => object(b)['type'] === 'text');
      const id = text(block['tool_use_id']);
      return {
        type: 'tool_call_response',
        ...(id !== undefined && { id }),
        response: plain ? blocks.map((b) => String(object(b)['text'] ?? '')).join('\n') : withoutBytes(content),
        ...(block['is_error'] === true && { is_error: true }),
      };
    }
    case 'image':
    case 'document': {
      const source = object(block['source']);
      const modality = type;
      const file = text(source['file_id']);
      if (file !== undefined) return { type: 'file', modality, file_id: file };
      const url = text(source['url']);
      return url !== undefined
        ? mediaPart(modality, url)
        : mediaPart(modality, undefined, text(source['data']) ?? '', text(source['media_type']));
    }
    default:
      return { type: 'other', kind: type };
  }
}

/** The blocks of a result as parts, so that the bytes of an image stay out. */
function withoutBytes(content: unknown): unknown {
  if (content === undefined) return '';
  return Array.isArray(content) ? readBlocks(content) : content;
}

function callOf(block: Json, input: unknown): ToolCall {
  const id = text(block['id']);
  return {
    ...(id !== undefined && { id }),
    name: text(block['name']) ?? 'unknown',
    type: 'function',
    arguments: parseArguments(input),
  };
}

/** Input tokens with those read from and written to the cache, as semantic conventions 1.41 want them. */
function usageOf(usage: Json): Usage | undefined {
  const input = number(usage['input_tokens']);
  const output = number(usage['output_tokens']);
  if (input === undefined && output === undefined) return undefined;
  const cached = number(usage['cache_read_input_tokens']);
  const created = number(usage['cache_creation_input_tokens']);
  const prompt = input === undefined ? undefined : input + (cached ?? 0) + (created ?? 0);
  return compact({
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt === undefined || output === undefined ? undefined : prompt + output,
    cached_tokens: cached,
    cache_creation_tokens: created,
    reasoning_tokens: number(object(usage['output_tokens_details'])['thinking_tokens']),
    provider: usage,
  });
}

function readResponse(body: Json): NormalResponse {
  const blocks = list(body['content']).filter(isObject);
  return assemble(
    body,
    blocks.map(readBlock),
    blocks.filter(isCall).map((b) => callOf(b, b['input'])),
    object(body['usage']),
  );
}

function isCall(block: Json): boolean {
  return block['type'] === 'tool_use';
}

function assemble(body: Json, parts: readonly Part[], toolCalls: readonly ToolCall[], usage: Json): NormalResponse {
  const finish = text(body['stop_reason']);
  return {
    id: text(body['id']),
    model: text(body['model']),
    choices:
      parts.length > 0 || finish !== undefined ? [{ index: 0, message: message('assistant', parts), finish }] : [],
    finishReasons: finish === undefined ? [] : [finish],
    toolCalls,
    usage: usageOf(usage),
    error: errorOf(body),
  };
}

interface OpenBlock {
  readonly block: Json;
  text: string;
  done: boolean;
}

class MessagesStream implements StreamReader {
  readonly #blocks = new Map<number, OpenBlock>();
  #message: Json = {};
  #usage: Json = {};
  #error: NormalResponse['error'];

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const index = number(event['index']) ?? 0;
    switch (text(event['type']) ?? name) {
      case 'message_start': {
        const start = object(event['message']);
        this.#message = start;
        // its output tokens are those of the first block so far: only `message_delta` has the count
        const { output_tokens: _soFar, ...usage } = object(start['usage']);
        this.#usage = usage;
        return false;
      }
      case 'content_block_start': {
        const block = object(event['content_block']);
        this.#blocks.set(index, { block, text: text(block['text']) ?? text(block['thinking']) ?? '', done: false });
        return true;
      }
      case 'content_block_delta': {
        const delta = object(event['delta']);
        const open = this.#blocks.get(index) ?? lateBlock(delta);
        this.#blocks.set(index, open);
        open.text += text(delta['text']) ?? text(delta['partial_json']) ?? text(delta['thinking']) ?? '';
        return true;
      }
      case 'content_block_stop': {
        const open = this.#blocks.get(index);
        if (open === undefined || open.done) return false;
        open.done = true;
        if (isCall(open.block)) onCall(streamedCall(open));
        return false;
      }
      case 'message_delta': {
        const delta = object(event['delta']);
        this.#message = { ...this.#message, stop_reason: delta['stop_reason'] ?? this.#message['stop_reason'] };
        const usage: Record<string, unknown> = { ...this.#usage };
        for (const [key, value] of Object.entries(object(event['usage']))) if (value !== null) usage[key] = value;
        this.#usage = usage;
        return false;
      }
      case 'error':
        this.#error = errorOf(event) ?? { type: 'error' };
        return false;
      default:
        return false;
    }
  }

  end(): NormalResponse {
    const blocks = [...this.#blocks].sort(([a], [b]) => a - b).map(([, open]) => open);
    const calls = blocks.filter((open) => isCall(open.block));
    const response = assemble(this.#message, blocks.map(streamedPart), calls.map(streamedCall), this.#usage);
    return { ...response, error: this.#error };
  }
}

/** A block whose start was lost. */
function lateBlock(delta: Json): OpenBlock {
  const kind = delta['type'];
  return {
    block: { type: kind === 'thinking_delta' ? 'thinking' : kind === 'text_delta' ? 'text' : 'lost' },
    text: '',
    done: false,
  };
}

function streamedCall(open: OpenBlock): ToolCall {
  return callOf(open.block, open.text === '' ? (open.block['input'] ?? {}) : open.text);
}

function streamedPart(open: OpenBlock): Part {
  switch (open.block['type']) {
    case 'text':
      return textPart(open.text);
    case 'thinking':
      return reasoningPart(open.text);
    case 'tool_use':
      return callPart(streamedCall(open));
    default:
      return readBlock(open.block);
  }
}

/** Anthropic's older Text Completions. Source: docs.anthropic.com/en/api/complete (2026-11). */
export const anthropicComplete = defineFlavour({
  name: 'anthropic.complete',
  match: (head) =>
    head.method === 'POST' && head.path === '/v1/complete' && head.provider?.name === 'anthropic'
      ? { operation: 'text_completion', requestType: 'completion' }
      : undefined,
  request: (body) => ({
    model: text(body['model']),
    streaming: body['stream'] === true,
    messages: typeof body['prompt'] === 'string' ? [message('user', [textPart(body['prompt'])])] : [],
    parameters: parametersOf(body),
  }),
  response: (body) => completion(body, text(body['completion']) ?? ''),
  stream: () => {
    let words = '';
    let last: Json = {};
    return {
      push: (event) => {
        words += text(event['completion']) ?? '';
        last = { ...last, ...event };
        return text(event['completion']) !== undefined;
      },
      end: () => completion(last, words),
    };
  },
});

function completion(body: Json, words: string): NormalResponse {
  const finish = text(body['stop_reason']);
  return {
    id: text(body['id']),
    model: text(body['model']),
    choices: words === '' ? [] : [{ index: 0, message: message('assistant', [textPart(words)]), finish }],
    finishReasons: finish === undefined ? [] : [finish],
    error: errorOf(body),
  };
}
