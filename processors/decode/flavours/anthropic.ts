import type { Part, ToolCall, Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, parseArguments, parseJson, text } from '../json.ts';
import {
  areTurns,
  callPart,
  compact,
  errorOf,
  ledBy,
  mediaPart,
  message,
  parametersOf,
  readerOfTools,
  readerOfTurns,
  reasoningPart,
  roleOf,
  sealedPart,
  serverCallPart,
  serverResultPart,
  textPart,
  tool,
} from '../normal.ts';
import { retrievalsOfBlocks } from '../retrieval/built-in.ts';

/** Claude on Vertex AI: the model stands in the path, the version in the body. */
const VERTEX = /\/publishers\/anthropic\/models\/(?!count-tokens)([^/:]+):(rawPredict|streamRawPredict)$/;

/**
 * Anthropic Messages, also at Vertex AI and gateways. Source: docs.anthropic.com/en/api/messages and /messages-streaming, and
 * docs.cloud.google.com/vertex-ai/generative-ai/docs/partner-models/claude (2026-11).
 */
export const anthropicMessages = defineFlavour({
  name: 'anthropic.messages',
  match: (head) => {
    if (head.method !== 'POST') return undefined;
    const vertex = VERTEX.exec(head.path);
    if (vertex !== null)
      return {
        operation: 'chat',
        requestType: 'chat',
        model: vertex[1] ?? '',
        ...(vertex[2] === 'streamRawPredict' && { streaming: true }),
      };
    // a message that is added to a thread of OpenAI's assistants is no call to a model
    return head.path.endsWith('/messages') && !/\/threads\/[^/]+\/messages$/.test(head.path)
      ? { operation: 'chat', requestType: 'chat' }
      : undefined;
  },
  request: (body, head, match) => {
    const model = text(body['model']) ?? match.model;
    const isTurns = head.provider === undefined ? areTurns(body['messages']) : Array.isArray(body['messages']);
    return isTurns && model !== undefined ? readRequest(body, model, match.streaming === true) : undefined;
  },
  response: readResponse,
  stream: () => new MessagesStream(),
});

/** Agents send their history with every call. */
const readTurns = readerOfTurns((entry) => {
  const { role, attrs } = roleOf(entry['role']);
  return message(role, readBlocks(entry['content']), attrs && { attrs });
});

const readTools = readerOfTools((entry) =>
  tool(entry['name'], entry['type'] ?? 'function', entry['description'], entry['input_schema']),
);

export function readRequest(body: Json, model: string | undefined, isStreamed: boolean): NormalRequest {
  const system = readBlocks(body['system']);
  const lead = system.length > 0 ? [message('system', system, { attrs: { separate: true } })] : [];
  return {
    model,
    streaming: body['stream'] === true || isStreamed,
    messages: ledBy(lead, readTurns(body['messages'])),
    tools: readTools(body['tools']),
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
  const id = text(block['tool_use_id']);
  switch (type) {
    case 'server_tool_use':
    case 'mcp_tool_use':
      return serverCallPart(text(block['id']), text(block['name']) ?? 'unknown', parseArguments(block['input'] ?? {}));
    case 'mcp_tool_result':
      return serverResultPart(id, undefined, unsealed(block['content'], 0), block['is_error'] === true);
    case 'redacted_thinking':
      return sealedPart(text(block['data']) ?? '');
    case 'container_upload':
      return { type: 'file', modality: 'document', file_id: text(block['file_id']) ?? '' };
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
      // web_search_tool_result, code_execution_tool_result and what may follow
      if (id === undefined || !type.endsWith('_tool_result')) return { type: 'other', kind: type };
      return serverResultPart(
        id,
        undefined,
        unsealed(block['content'], 0),
        String(object(block['content'])['type'] ?? '').endsWith('_error'),
      );
  }
}

/** Fields that only the provider can read, or that hold a file. */
const SEALED = new Set(['encrypted_content', 'encrypted_index', 'encrypted_stdout', 'data']);

/** A result without what nobody can read. */
function unsealed(value: unknown, depth: number): unknown {
  if (depth > 8) return undefined;
  if (Array.isArray(value)) return value.map((entry) => unsealed(entry, depth + 1));
  if (!isObject(value)) return value;
  const kept: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(value))
    if (!(SEALED.has(key) && typeof entry === 'string')) kept[key] = unsealed(entry, depth + 1);
  return kept;
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

export function readResponse(body: Json): NormalResponse {
  const blocks = list(body['content']).filter(isObject);
  const response = assemble(
    body,
    blocks.map(readBlock),
    blocks.filter(isCall).map((b) => callOf(b, b['input'])),
    object(body['usage']),
    blocks.reduce((sum, block) => sum + list(block['citations']).length, 0),
  );
  return { ...response, retrievals: retrievalsOfBlocks(blocks) };
}

function isCall(block: Json): boolean {
  return block['type'] === 'tool_use';
}

function assemble(
  body: Json,
  parts: readonly Part[],
  toolCalls: readonly ToolCall[],
  usage: Json,
  citations: number,
): NormalResponse {
  const edits = list(object(body['context_management'])['applied_edits']).length;
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
    attrs: {
      ...(citations > 0 && { 'oisp.response.citations': citations }),
      ...(edits > 0 && { 'oisp.response.context_edits': edits }),
    },
  };
}

interface OpenBlock {
  readonly block: Json;
  text: string;
  done: boolean;
}

/** Blocks of one answer. */
const MAX_BLOCKS = 4096;

export class MessagesStream implements StreamReader {
  readonly #blocks = new Map<number, OpenBlock>();
  #message: Json = {};
  #usage: Json = {};
  #citations = 0;
  #error: NormalResponse['error'];
  sink: OpenBlock | undefined;

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    this.sink = undefined;
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
        if (this.#blocks.size >= MAX_BLOCKS) return false;
        this.#blocks.set(index, { block, text: text(block['text']) ?? text(block['thinking']) ?? '', done: false });
        return true;
      }
      case 'content_block_delta': {
        const delta = object(event['delta']);
        const open = this.#blocks.get(index) ?? lateBlock(delta);
        if (this.#blocks.size < MAX_BLOCKS) this.#blocks.set(index, open);
        open.text += text(delta['text']) ?? text(delta['partial_json']) ?? text(delta['thinking']) ?? '';
        if (delta['type'] === 'citations_delta') this.#citations++;
        else this.sink = open;
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
        this.#message = {
          ...this.#message,
          stop_reason: delta['stop_reason'] ?? this.#message['stop_reason'],
          context_management: event['context_management'] ?? delta['context_management'],
        };
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
    // a call that broke off was never made
    const calls = blocks.filter((open) => isCall(open.block) && (open.done || parseJson(open.text) !== undefined));
    const parts = blocks.map(streamedPart);
    const response = assemble(this.#message, parts, calls.map(streamedCall), this.#usage, this.#citations);
    const retrievals = retrievalsOfBlocks(
      blocks.map(({ block, text }) => (text === '' ? block : { ...block, input: text })),
    );
    return { ...response, error: this.#error, retrievals };
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
      return readBlock(open.text === '' ? open.block : { ...open.block, input: open.text });
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
