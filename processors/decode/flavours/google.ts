import { eachOnce, type Message, type Part, type Provider, type ToolCall, type Usage } from '../../../core/index.ts';
import { defineFlavour, type NormalRequest, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import {
  callPart,
  compact,
  errorOf,
  ledBy,
  mediaPart,
  message,
  parametersOf,
  reasoningPart,
  serverCallPart,
  serverResultPart,
  textPart,
  tool,
} from '../normal.ts';

const GEMINI: Provider = { oisp: 'google', otel: 'gcp.gemini', name: 'google' };
const VERTEX_AI: Provider = { oisp: 'google', otel: 'gcp.vertex_ai', name: 'google' };

const GENERATE = /(?:\/models\/([^/:]+)|\/v1internal|\/([^/:]+)):(generateContent|streamGenerateContent)$/;

import { retrievalsOfGrounding } from '../retrieval/built-in.ts';

/**
 * Gemini `generateContent` and `streamGenerateContent`: the Gemini API, Vertex AI, and Code Assist, which wraps both sides (`request`,
 * `response`). Source: ai.google.dev/api/generate-content (2026-11).
 */
export const googleGenerate = defineFlavour({
  name: 'google.generate',
  match: (head) => {
    const found = head.method === 'POST' ? GENERATE.exec(head.path) : null;
    if (found === null) return undefined;
    const model = found[1] ?? found[2];
    return {
      operation: 'generate_content',
      requestType: 'chat',
      streaming: found[3] === 'streamGenerateContent',
      ...(model !== undefined && { model }),
      // nobody else speaks it: behind a gateway it is still one of Google's two
      provider: head.path.includes('/publishers/') ? VERTEX_AI : GEMINI,
    };
  },
  request: (body, _head, match) => {
    const inner = isObject(body['request']) ? body['request'] : body;
    if (inner['contents'] === undefined) return undefined;
    return readRequest(inner, text(body['model']) ?? match.model, match.streaming === true);
  },
  response: (body) => {
    const stream = new GenerateStream();
    stream.push(body, undefined, () => {});
    return stream.end();
  },
  stream: () => new GenerateStream(),
});

/** Agents send their history with every call. */
const readTurns = eachOnce((entry: unknown) => {
  if (typeof entry === 'string') return message('user', [textPart(entry)]);
  return isObject(entry) ? readContent(entry) : undefined;
});

/** A body of `generateContent`; the `setup` of a Live session has the same fields without `contents`. */
export function readRequest(body: Json, model: string | undefined, streaming: boolean): NormalRequest {
  const system = body['systemInstruction'] ?? body['system_instruction'];
  const parts = typeof system === 'string' ? [textPart(system)] : readParts(object(system)['parts']);
  const lead = parts.length > 0 ? [message('system', parts, { attrs: { separate: true } })] : [];
  const contents = Array.isArray(body['contents']) ? body['contents'] : [body['contents']];
  const tools = list(body['tools']).filter(isObject).flatMap(readTools);
  return {
    model,
    streaming,
    messages: ledBy(lead, readTurns(contents)),
    tools: tools.length === 0 ? undefined : tools,
    toolChoice: body['toolConfig'] ?? body['tool_config'],
    parameters: parametersOf(object(body['generationConfig'] ?? body['generation_config'])),
    sessionId: text(body['session_id']),
  };
}

function readTools(entry: Json): NonNullable<NormalRequest['tools']>[number][] {
  const functions = list(entry['functionDeclarations'] ?? entry['function_declarations']).filter(isObject);
  if (functions.length > 0)
    return functions.map((fn) =>
      tool(fn['name'], 'function', fn['description'], fn['parameters'] ?? fn['parametersJsonSchema']),
    );
  return Object.keys(entry).map((name) => tool(name, name, undefined, undefined));
}

/** A `Content`: a role and its parts. */
export function readContent(entry: Json): Message {
  const parts = readParts(entry['parts']);
  if (entry['role'] === 'model') return message('assistant', parts);
  const results = parts.length > 0 && parts.every((part) => part.type === 'tool_call_response');
  return message(results ? 'tool' : entry['role'] === 'system' ? 'system' : 'user', parts);
}

/** Parts in our form. */
export function readParts(wire: unknown): Part[] {
  const parts: Part[] = [];
  // a single part may stand without its list
  for (const part of Array.isArray(wire) ? wire : [wire]) if (isObject(part)) parts.push(readPart(part));
  return parts;
}

/** The call that a part holds. */
export function callOf(part: Json): ToolCall | undefined {
  const call = part['functionCall'] ?? part['function_call'];
  if (!isObject(call)) return undefined;
  const id = text(call['id']);
  return {
    ...(id !== undefined && { id }),
    name: text(call['name']) ?? 'unknown',
    type: 'function',
    arguments: call['args'] ?? {},
  };
}

function readPart(part: Json): Part {
  const call = callOf(part);
  if (call !== undefined) return callPart(call);
  const answer = part['functionResponse'] ?? part['function_response'];
  if (isObject(answer)) {
    const id = text(answer['id']);
    const name = text(answer['name']);
    const response = answer['response'];
    return {
      type: 'tool_call_response',
      ...(id !== undefined && { id }),
      ...(name !== undefined && { name }),
      response: response ?? {},
      ...(object(response)['error'] !== undefined && { is_error: true }),
    };
  }
  if (typeof part['text'] === 'string')
    return part['thought'] === true ? reasoningPart(part['text']) : textPart(part['text']);
  const inline = part['inlineData'] ?? part['inline_data'];
  if (isObject(inline)) {
    const mime = text(inline['mimeType'] ?? inline['mime_type']);
    return mediaPart(modalityOf(mime), undefined, text(inline['data']) ?? '', mime);
  }
  const file = part['fileData'] ?? part['file_data'];
  if (isObject(file))
    return mediaPart(
      modalityOf(text(file['mimeType'] ?? file['mime_type'])),
      text(file['fileUri'] ?? file['file_uri']),
    );
  const code = part['executableCode'] ?? part['executable_code'];
  if (isObject(code)) return serverCallPart(text(code['id']), 'code_execution', code);
  const ran = part['codeExecutionResult'] ?? part['code_execution_result'];
  if (isObject(ran)) {
    const failed = /FAILED|DEADLINE/.test(text(ran['outcome']) ?? '');
    return serverResultPart(text(ran['id']), 'code_execution', ran['output'] ?? '', failed);
  }
  return { type: 'other', kind: Object.keys(part)[0] ?? 'unknown' };
}

/** What a media type is perceived by. */
export function modalityOf(mime: string | undefined): string {
  const kind = mime?.slice(0, mime.indexOf('/'));
  return kind === 'image' || kind === 'audio' || kind === 'video' ? kind : 'document';
}

/** Thoughts are counted apart from the answer's tokens. */
export function usageOf(usage: Json): Usage {
  const prompt = number(usage['promptTokenCount']);
  const tools = number(usage['toolUsePromptTokenCount']);
  return compact({
    prompt_tokens: prompt === undefined ? undefined : prompt + (tools ?? 0),
    // a count of 0 is left out
    completion_tokens:
      number(usage['candidatesTokenCount']) ?? (usage['thoughtsTokenCount'] === undefined ? undefined : 0),
    total_tokens: number(usage['totalTokenCount']),
    cached_tokens: number(usage['cachedContentTokenCount']),
    reasoning_tokens: number(usage['thoughtsTokenCount']),
    provider: usage,
  });
}

/** Vertex AI writes enums as numbers when it is asked to (`$alt=json;enum-encoding=int`). */
function wordOf(finish: unknown): string | undefined {
  return typeof finish === 'number' ? String(finish) : text(finish);
}

interface OpenCandidate {
  readonly parts: Part[];
  readonly calls: ToolCall[];
  grounding?: unknown;
  finish: string | undefined;
}

class GenerateStream implements StreamReader {
  readonly #candidates = new Map<number, OpenCandidate>();
  #last: NormalResponse = {};

  push(event: Json, _name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const body = isObject(event['response']) ? event['response'] : event;
    const usage = body['usageMetadata'];
    const blocked = text(object(body['promptFeedback'])['blockReason']);
    this.#last = {
      id: this.#last.id ?? text(body['responseId']),
      model: this.#last.model ?? text(body['modelVersion']),
      usage: isObject(usage) ? usageOf({ ...this.#last.usage?.provider, ...usage }) : this.#last.usage,
      error: this.#last.error ?? errorOf(body),
      ...(blocked !== undefined && { finishReasons: [blocked] }),
    };
    let content = false;
    for (const entry of list(body['candidates'])) {
      if (!isObject(entry)) continue;
      const index = number(entry['index']) ?? 0;
      const candidate = this.#candidates.get(index) ?? { parts: [], calls: [], finish: undefined };
      this.#candidates.set(index, candidate);
      candidate.finish = wordOf(entry['finishReason']) ?? candidate.finish;
      candidate.grounding = entry['groundingMetadata'] ?? candidate.grounding;
      for (const wire of list(object(entry['content'])['parts'])) {
        if (!isObject(wire)) continue;
        content = true;
        append(candidate.parts, readPart(wire));
        const call = callOf(wire);
        if (call === undefined) continue;
        candidate.calls.push(call);
        onCall(call);
      }
    }
    return content;
  }

  end(): NormalResponse {
    const candidates = [...this.#candidates].sort(([a], [b]) => a - b);
    const words = candidates.map(([, candidate]) => candidate.finish).filter((word) => word !== undefined);
    return {
      ...this.#last,
      choices: candidates.map(([index, { parts, finish }]) => ({
        index,
        message: message('assistant', parts),
        finish,
      })),
      finishReasons: words.length > 0 ? words : (this.#last.finishReasons ?? []),
      toolCalls: candidates.flatMap(([, candidate]) => candidate.calls),
      retrievals: candidates.flatMap(([, candidate]) => retrievalsOfGrounding(candidate.grounding)),
    };
  }
}

/** Pieces of one text that came in several events become one part again. */
export function append(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  const isText = part.type === 'text' || part.type === 'reasoning';
  if (isText && last?.type === part.type)
    parts[parts.length - 1] = { type: part.type, content: `${last.content}${part.content}` };
  else parts.push(part);
}

/** Gemini `embedContent` and `batchEmbedContents`. Source: ai.google.dev/api/embeddings (2026-11). */
export const googleEmbed = defineFlavour({
  name: 'google.embed',
  match: (head) => {
    const found =
      head.method === 'POST' ? /\/models\/([^/:]+):(?:embedContent|batchEmbedContents)$/.exec(head.path) : null;
    return found === null ? undefined : { operation: 'embeddings', requestType: 'embedding', model: found[1] ?? '' };
  },
  request: (body, _head, match) => {
    const entries = Array.isArray(body['requests']) ? body['requests'] : [body];
    const messages = entries.map((entry) => message('user', readParts(object(object(entry)['content'])['parts'])));
    return { model: match.model, streaming: false, messages };
  },
  response: (body) => ({
    usage: isObject(body['usageMetadata']) ? usageOf(body['usageMetadata']) : undefined,
    error: errorOf(body),
  }),
  stream: () => ({ push: () => false, end: () => ({}) }),
});
