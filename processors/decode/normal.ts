import { isDeepStrictEqual } from 'node:util';
import {
  type AiRequestData,
  type AiResponseData,
  eachOnce,
  goesOn,
  ListMemo,
  type Message,
  originOf,
  type Part,
  type Role,
  type ToolCall,
  type ToolDefinition,
} from '../../core/index.ts';
import type { CallError } from './flavour.ts';
import { isObject, type Json, list, number, object, text } from './json.ts';

/** Text parts as one text; undefined where there are none. */
export function contentOf(parts: readonly Part[], between: string): string | undefined {
  let content: string | undefined;
  for (const part of parts) {
    if (part.type !== 'text' || typeof part.content !== 'string') continue;
    content = content === undefined ? part.content : `${content}${between}${part.content}`;
  }
  return content;
}

/** Reads the messages of a list, each of those that requests have in common once; nobody may change them. */
export function readerOfTurns(read: (turn: Json) => Message): (turns: unknown) => readonly Message[] {
  const readOnce = eachOnce((turn: unknown) => (isObject(turn) ? read(turn) : undefined));
  return (turns) => readOnce(list(turns));
}

/** Reads the tools that requests offer, a list that several have in common once; nobody may change them. Undefined where there are none. */
export function readerOfTools(
  read: (tool: Json) => ToolDefinition,
): (tools: unknown) => readonly ToolDefinition[] | undefined {
  const readOnce = eachOnce((entry: unknown) => (isObject(entry) ? read(entry) : undefined));
  return (tools) => {
    const found = readOnce(list(tools));
    return found.length === 0 ? undefined : found;
  };
}

const ALL = new ListMemo<readonly Message[]>();

/** The messages of a request that has its system prompt beside its turns. They go on where turns and prompt do. */
export function ledBy(lead: readonly Message[], turns: readonly Message[]): readonly Message[] {
  if (lead.length === 0) return turns;
  const origin = originOf(turns);
  const before = origin && ALL.get(origin.from);
  let all: readonly Message[] = [...lead, ...turns];
  if (
    before?.length === lead.length + (origin?.from.length ?? 0) &&
    isDeepStrictEqual(lead, before.slice(0, lead.length))
  ) {
    const kept = lead.length + (origin?.kept ?? 0);
    all = before.slice(0, kept).concat(all.slice(kept));
    goesOn(all, before, kept);
  }
  ALL.set(turns, all);
  return all;
}

/**
 * A message of parts, with its `content`: text parts joined by a line feed. What an assistant says is one text that citations, thoughts and
 * tool calls cut into blocks: there nothing comes between.
 */
export function message(role: Role, parts: readonly Part[], more?: Partial<Message>): Message {
  const content = contentOf(parts, role === 'assistant' ? '' : '\n');
  const plain: Message = content === undefined ? { role, parts } : { role, content, parts };
  return more === undefined ? plain : Object.assign(plain, more);
}

export function textPart(content: string): Part {
  return { type: 'text', content };
}

export function reasoningPart(content: string): Part {
  return { type: 'reasoning', content };
}

/** A call of a tool that the provider itself runs. */
export function serverCallPart(id: string | undefined, name: string, args: unknown): Part {
  return {
    type: 'tool_call',
    ...(id !== undefined && { id }),
    name,
    ...(args !== undefined && { arguments: args }),
    server: true,
  };
}

/** What came of a call that the provider ran. */
export function serverResultPart(
  id: string | undefined,
  name: string | undefined,
  response: unknown,
  failed = false,
): Part {
  return {
    type: 'tool_call_response',
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    response: response ?? '',
    ...(failed && { is_error: true }),
    server: true,
  };
}

/** Reasoning that only the provider can read: its size. */
export function sealedPart(base64: string): Part {
  return { type: 'blob', modality: 'reasoning', size: base64Size(base64) };
}

export function callPart({ id, name, arguments: args }: ToolCall): Part {
  const part = id === undefined ? ({ type: 'tool_call', name } as const) : ({ type: 'tool_call', id, name } as const);
  return args === undefined ? part : Object.assign(part, { arguments: args });
}

/** Bytes that base64 text stands for (RFC 4648 4); 0 for what is no text. */
export function base64Size(base64: unknown): number {
  if (typeof base64 !== 'string') return 0;
  const padding = base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0;
  return Math.max(0, Math.floor((base64.length * 3) / 4) - padding);
}

/** An image, a sound, a document: where it is, or how large it is; never its bytes. */
export function mediaPart(modality: string, url: string | undefined, base64?: string, mime?: string): Part {
  if (base64 !== undefined)
    return { type: 'blob', ...(mime && MIME.test(mime) && { mime_type: mime }), modality, size: base64Size(base64) };
  if (url === undefined) return { type: 'other', kind: modality };
  const data = /^data:([^;,]*)[^,]*,/.exec(url.slice(0, 256));
  if (data === null) return { type: 'uri', modality, uri: url };
  const size = base64Size(url.slice(data[0].length));
  return { type: 'blob', ...(data[1] && MIME.test(data[1]) && { mime_type: data[1] }), modality, size };
}

/** A media type (RFC 9110 8.3.1) with at most two plain parameters. */
const MIME = /^[a-z]{1,20}\/[\w.+-]{1,64}(?:;\s?\w{1,20}=[\w-]{1,20}){0,2}$/i;

/** Whether a list is a conversation: its first elements are objects with a role, and what they say. */
export function areTurns(value: unknown): boolean {
  if (!Array.isArray(value) || value.length === 0) return false;
  return value
    .slice(0, 4)
    .every((turn) => isObject(turn) && typeof turn['role'] === 'string' && SAYS.some((key) => turn[key] !== undefined));
}

const SAYS = ['content', 'parts', 'tool_calls', 'function_call', 'refusal', 'audio', 'reasoning_content'];

/** A role of the wire in OISP words; `developer` is a system role of its own name (OpenAI model spec). */
export function roleOf(role: unknown): { readonly role: Role; readonly attrs?: { readonly role: string } } {
  switch (role) {
    case 'system':
    case 'user':
    case 'assistant':
    case 'tool':
    case 'function':
      return { role };
    case 'model':
      return { role: 'assistant' };
    case 'developer':
      return { role: 'system', attrs: { role: 'developer' } };
    default:
      return typeof role === 'string' && role !== '' ? { role: 'user', attrs: { role } } : { role: 'user' };
  }
}

/** Types of tools that the spec names (ai.schema.json, tool_definition); a provider's own word becomes `other`. */
const TOOL_TYPES = new Set(['function', 'code_interpreter', 'file_search', 'computer_use', 'other']);

export function tool(name: unknown, type: unknown, description: unknown, parameters: unknown): ToolDefinition {
  const word = text(type);
  return {
    name: text(name) ?? word ?? 'unknown',
    ...(word !== undefined && { type: TOOL_TYPES.has(word) ? word : 'other' }),
    ...(text(description) !== undefined && { description: text(description) as string }),
    ...(parameters !== undefined && parameters !== null && { parameters }),
  };
}

const CHOICES: Readonly<Record<string, string>> = { any: 'required', tool: 'specific', function: 'specific' };

/** Which tools the model may use, as one word: `auto`, `none`, `required`, `specific`, or the provider's own. Undefined where nothing is said. */
export function toolChoiceOf(choice: unknown): string | undefined {
  if (!isObject(choice)) return text(choice);
  // OpenAI's allowed_tools holds its mode beside the list; function_call of old names one function
  const word = text(choice['mode']) ?? text(object(choice['allowed_tools'])['mode']) ?? text(choice['type']);
  return word === undefined ? 'specific' : Object.hasOwn(CHOICES, word) ? CHOICES[word] : word;
}

/** Sampling parameters by OpenAI's and Anthropic's names, which most others share. */
export function parametersOf(body: Json): AiRequestData['parameters'] {
  const stop = body['stop'] ?? body['stop_sequences'] ?? body['stopSequences'];
  const found = {
    temperature: number(body['temperature']),
    top_p: number(body['top_p'] ?? body['topP'] ?? body['p']),
    max_tokens: number(
      body['max_completion_tokens'] ??
        body['max_output_tokens'] ??
        body['max_tokens'] ??
        body['maxOutputTokens'] ??
        body['max_tokens_to_sample'] ??
        body['max_new_tokens'] ??
        body['num_predict'],
    ),
    frequency_penalty: number(body['frequency_penalty'] ?? body['frequencyPenalty']),
    presence_penalty: number(body['presence_penalty'] ?? body['presencePenalty']),
    top_k: number(body['top_k'] ?? body['topK'] ?? body['k']),
    seed: number(body['seed'] ?? body['random_seed']),
    stop:
      typeof stop === 'string' ? [stop] : Array.isArray(stop) ? stop.filter((s) => typeof s === 'string') : undefined,
  };
  const kept = compact(found);
  return isEmpty(kept) ? undefined : kept;
}

/** The error of a failed call, in any of the forms that providers use; also one that came with a good status. */
export function errorOf(body: unknown): CallError | undefined {
  return plain(readError(body));
}

/** A type and a code are words of a list; what is a sentence is a message, which may hold anything. */
function plain(error: CallError | undefined): CallError | undefined {
  if (error === undefined) return undefined;
  const { type, code, message } = error;
  if ((type === undefined || WORD.test(type)) && (code === undefined || WORD.test(code))) return error;
  return {
    type: type !== undefined && WORD.test(type) ? type : undefined,
    message: message ?? type ?? code,
    code: code !== undefined && WORD.test(code) ? code : undefined,
  };
}

/** Names of errors, also URIs of them (RFC 9457). */
const WORD = /^[A-Za-z0-9_.:/#-]{1,64}$/;

function readError(body: unknown): CallError | undefined {
  if (Array.isArray(body)) return readError(body[0]);
  if (!isObject(body)) return undefined;
  const error = body['error'];
  if (isObject(error)) {
    const code = codeOf(error['code']);
    return {
      type: text(error['type']) ?? text(error['status']) ?? text(error['code']),
      message: text(error['message']),
      code,
    };
  }
  // xAI names it in `code`, Hugging Face in `error_type`
  if (typeof error === 'string' && error !== '')
    return { type: text(body['error_type']) ?? text(body['code']), message: error, code: text(body['code']) };
  // vLLM and Mistral have its fields beside `object`
  if (body['object'] === 'error' || body['type'] === 'error') return beside(body);
  const groq = text(object(body['x_groq'])['error']);
  if (groq !== undefined) return { type: groq, message: groq };
  const minimax = object(body['base_resp']);
  const failed = number(minimax['status_code']);
  if (failed !== undefined && failed !== 0) return { message: text(minimax['status_msg']), code: String(failed) };
  // without `error`, only what a failed status says is one: the caller looks at it
  return undefined;
}

/** The error of a body that came with a failed status. */
export function failureOf(body: unknown): CallError | undefined {
  const known = errorOf(body);
  if (known !== undefined || !isObject(body)) return known;
  // Cloudflare lists them
  const first = list(body['errors'])[0];
  return plain(isObject(first) ? { message: text(first['message']), code: codeOf(first['code']) } : beside(body));
}

/** An error whose fields stand in the body itself (FastAPI: `detail`, RFC 9457: `title`). */
function beside(body: Json): CallError {
  const detail = object(list(body['detail'])[0]);
  return {
    type: text(body['type']) ?? text(body['__type']) ?? text(detail['type']) ?? text(body['title']),
    message: text(body['message']) ?? text(body['detail']) ?? text(detail['msg']),
    code: codeOf(body['code']),
  };
}

function codeOf(code: unknown): string | undefined {
  return typeof code === 'number' ? String(code) : text(code);
}

const FINISH: Readonly<Record<string, NonNullable<AiResponseData['finish_reason']>>> = {
  stop: 'stop',
  end_turn: 'stop',
  stop_sequence: 'stop',
  pause_turn: 'stop',
  completed: 'stop',
  complete: 'stop',
  turncomplete: 'stop',
  eos: 'stop',
  eos_token: 'stop',
  endoftext: 'stop',
  finish: 'stop',
  succeeded: 'stop',
  length: 'length',
  max_tokens: 'length',
  max_output_tokens: 'length',
  model_length: 'length',
  incomplete: 'length',
  error_limit: 'length',
  model_context_window_exceeded: 'length',
  tool_calls: 'tool_calls',
  tool_call: 'tool_calls',
  toolcall: 'tool_calls',
  tool_use: 'tool_calls',
  function_call: 'tool_calls',
  content_filter: 'content_filter',
  safety: 'content_filter',
  recitation: 'content_filter',
  blocklist: 'content_filter',
  prohibited_content: 'content_filter',
  spii: 'content_filter',
  refusal: 'content_filter',
  sensitive: 'content_filter',
  error_toxic: 'content_filter',
  image_safety: 'content_filter',
  image_prohibited_content: 'content_filter',
  guardrail_intervened: 'content_filter',
  content_filtered: 'content_filter',
  malformed_model_output: 'error',
  malformed_tool_use: 'error',
  failed: 'error',
  error: 'error',
  malformed_function_call: 'error',
  unexpected_tool_call: 'error',
  insufficient_system_resource: 'error',
  network_error: 'error',
  // FinishReason of google.ai.generativelanguage as numbers
  1: 'stop',
  2: 'length',
  3: 'content_filter',
  4: 'content_filter',
};

/** A provider's finish word in the words of OISP. */
export function finishOf(word: string): NonNullable<AiResponseData['finish_reason']> {
  const known = word.toLowerCase();
  return (Object.hasOwn(FINISH, known) ? FINISH[known] : undefined) ?? 'other';
}

/** Without the fields that are undefined. */
export function compact<T extends object>(of: { readonly [K in keyof T]: T[K] | undefined }): Partial<T> {
  const kept: Partial<T> = {};
  for (const name in of) if (of[name] !== undefined) kept[name] = of[name];
  return kept;
}

function isEmpty(of: object): boolean {
  for (const _ in of) return false;
  return true;
}
