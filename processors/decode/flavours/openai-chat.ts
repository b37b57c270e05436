import type { Part, ToolCall, Usage } from '../../../core/index.ts';
import {
  type CallHead,
  type CallMatch,
  type Choice,
  defineFlavour,
  type NormalRequest,
  type NormalResponse,
  type StreamReader,
} from '../flavour.ts';
import { isObject, type Json, list, number, object, parseJson, text } from '../json.ts';
import {
  areTurns,
  base64Size,
  callPart,
  compact,
  errorOf,
  message,
  parametersOf,
  readerOfTurns,
  reasoningPart,
  sealedPart,
  textPart,
} from '../normal.ts';
import {
  callsOf,
  customCall,
  readContent,
  readExecuted,
  readMessage,
  readTools,
  reasoningOf,
  sealedIn,
  toolCall,
  transcriptPart,
} from './openai-content.ts';

/**
 * OpenAI Chat Completions and everything of its shape: Azure OpenAI and Azure AI, Groq, Mistral and its agents, Together, Fireworks, DeepSeek,
 * xAI, Perplexity, OpenRouter, GitHub, vLLM, LM Studio, Ollama's `/v1`, Gemini's and Vertex AI's compatible paths, Writer, watsonx.
 * Source: platform.openai.com/docs/api-reference/chat (2026-11).
 */
export const openaiChat = defineFlavour({
  name: 'openai.chat',
  match,
  request: (body, head) =>
    (head.provider === undefined ? areTurns(body['messages']) : Array.isArray(body['messages']))
      ? readRequest(body)
      : undefined,
  response: readResponse,
  stream: () => new ChatStream(),
});

const WATSONX = /\/ml\/v\d[^/]*\/(?:text|deployments\/[^/]+\/text)\/chat(_stream)?$/;

function match(head: CallHead): CallMatch | undefined {
  if (head.method !== 'POST') return undefined;
  const chat = { operation: 'chat', requestType: 'chat' } as const;
  if (head.path.endsWith('/chat/completions')) {
    const model = /\/(?:deployments|engines)\/([^/]+)\/chat\/completions$/.exec(head.path)?.[1];
    return model === undefined ? chat : { ...chat, model };
  }
  if (head.path.endsWith('/v1/agents/completions')) return chat;
  if (head.path === '/v1/chat' && head.provider?.name === 'writer') return chat;
  const watsonx = WATSONX.exec(head.path);
  return watsonx === null ? undefined : { ...chat, streaming: watsonx[1] !== undefined };
}

/** Agents send their history with every call. */
const readTurns = readerOfTurns(readMessage);

export function readRequest(body: Json): NormalRequest {
  const agent = text(body['agent_id']);
  const tier = text(body['service_tier']);
  return {
    model: text(body['model']) ?? text(body['model_id']),
    streaming: body['stream'] === true,
    messages: readTurns(body['messages']),
    tools: readTools(body),
    toolChoice: body['tool_choice'] ?? body['function_call'],
    parameters: parametersOf(body),
    attrs: {
      ...(agent !== undefined && { 'gen_ai.agent.id': agent }),
      ...(tier !== undefined && tier !== 'auto' && { 'openai.request.service_tier': tier }),
    },
  };
}

/** Usage by OpenAI's names; Groq puts it into `x_groq`, Moonshot into a choice. */
export function usageOf(body: Json): Usage | undefined {
  const usage = [body['usage'], object(body['x_groq'])['usage'], object(list(body['choices'])[0])['usage']].find(
    isObject,
  );
  if (usage === undefined) return undefined;
  const details = object(usage['prompt_tokens_details']);
  return compact({
    prompt_tokens: number(usage['prompt_tokens']),
    completion_tokens: number(usage['completion_tokens']),
    total_tokens: number(usage['total_tokens']),
    // DeepSeek, Moonshot
    cached_tokens:
      number(details['cached_tokens']) ?? number(usage['prompt_cache_hit_tokens']) ?? number(usage['cached_tokens']),
    // OpenRouter, gateways to Anthropic
    cache_creation_tokens: number(details['cache_write_tokens']) ?? number(usage['cache_creation_input_tokens']),
    reasoning_tokens:
      number(object(usage['completion_tokens_details'])['reasoning_tokens']) ?? number(usage['reasoning_tokens']),
    provider: usage,
  });
}

/** What an answer says of itself beside its choices: Perplexity's and xAI's citations, who served it at OpenRouter. */
function attrsOf(body: Json): Record<string, unknown> {
  const tier = text(body['service_tier']);
  const fingerprint = text(body['system_fingerprint']);
  const upstream = text(body['provider']);
  const cited = Math.max(list(body['citations']).length, list(body['search_results']).length);
  return {
    ...(tier !== undefined && { 'openai.response.service_tier': tier }),
    ...(fingerprint !== undefined && { 'openai.response.system_fingerprint': fingerprint }),
    ...(upstream !== undefined && { 'oisp.upstream.provider': upstream }),
    ...(cited > 0 && { 'oisp.response.citations': cited }),
  };
}

export function readResponse(body: Json): NormalResponse {
  const choices: Choice[] = [];
  const toolCalls: ToolCall[] = [];
  for (const entry of list(body['choices'])) {
    if (!isObject(entry)) continue;
    const wire = object(entry['message']);
    for (const call of callsOf(wire)) toolCalls.push(call);
    choices.push({
      index: number(entry['index']) ?? choices.length,
      message: readMessage({ role: 'assistant', ...wire }),
      finish: text(entry['finish_reason']),
    });
  }
  return {
    id: text(body['id']),
    model: text(body['model']) ?? text(body['model_id']),
    choices,
    finishReasons: choices.map((choice) => choice.finish).filter((word) => word !== undefined),
    toolCalls,
    usage: usageOf(body),
    error: errorOf(body),
    attrs: attrsOf(body),
  };
}

/** Answers to one request; providers allow 128. */
const MAX_CHOICES = 256;
/** Tool calls of one of them. */
const MAX_CALLS = 4096;

interface OpenCall {
  readonly key: number;
  readonly isCustom: boolean;
  id: string | undefined;
  name: string;
  arguments: string;
  done: boolean;
}

interface OpenChoice {
  readonly index: number;
  text: string;
  reasoning: string;
  sealed: string;
  refusal: string;
  transcript: string;
  /** Bytes of the sound. */
  audio: number;
  finish: string | undefined;
  /** Images and what the provider ran. */
  readonly extra: Part[];
  readonly calls: OpenCall[];
}

/** Puts the chunks of a chat completion together. */
export class ChatStream implements StreamReader {
  readonly #choices = new Map<number, OpenChoice>();
  #id: string | undefined;
  #model: string | undefined;
  #usage: Usage | undefined;
  #error: NormalResponse['error'];
  readonly #attrs: Record<string, unknown> = {};

  sink: OpenChoice | undefined;

  push(event: Json, _name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    this.sink = undefined;
    const isPlain = this.#isPlain(event);
    if (!isPlain) {
      // one provider changes the id within a stream; Azure begins with an empty one
      this.#id ??= text(event['id']);
      this.#model ??= text(event['model']) ?? text(event['model_id']);
      this.#usage = usageOf(event) ?? this.#usage;
      this.#error ??= errorOf(event);
      Object.assign(this.#attrs, attrsOf(event));
    }
    let content = false;
    const choices = list(event['choices']);
    for (const entry of choices) {
      if (!isObject(entry)) continue;
      const choice = this.#choice(number(entry['index']) ?? 0);
      const delta = isObject(entry['delta']) ? entry['delta'] : object(entry['message']);
      content = this.#delta(choice, delta, onCall) || content;
      const finish = text(entry['finish_reason']);
      if (
        isPlain &&
        choices.length === 1 &&
        finish === undefined &&
        typeof delta['content'] === 'string' &&
        isText(delta)
      )
        this.sink = choice;
      if (finish === undefined) continue;
      choice.finish = finish;
      for (const call of choice.calls) close(call, onCall);
    }
    return content;
  }

  /** Whether an event says of itself nothing but what is known: most of a stream do. */
  #isPlain(event: Json): boolean {
    if (this.#id === undefined || this.#model === undefined) return false;
    for (const key in event)
      switch (key) {
        case 'id':
        case 'model':
        case 'object':
        case 'created':
        case 'obfuscation':
          break;
        case 'choices':
          if (object(list(event['choices'])[0])['usage'] !== undefined) return false;
          break;
        case 'service_tier':
          if (event[key] !== this.#attrs['openai.response.service_tier']) return false;
          break;
        case 'system_fingerprint':
          if (event[key] !== this.#attrs['openai.response.system_fingerprint']) return false;
          break;
        case 'provider':
          if (event[key] !== this.#attrs['oisp.upstream.provider']) return false;
          break;
        default:
          if (event[key] !== null) return false;
      }
    return true;
  }

  #choice(index: number): OpenChoice {
    let choice = this.#choices.get(index);
    if (choice === undefined) {
      choice = {
        index,
        text: '',
        reasoning: '',
        sealed: '',
        refusal: '',
        transcript: '',
        audio: 0,
        finish: undefined,
        extra: [],
        calls: [],
      };
      if (this.#choices.size < MAX_CHOICES) this.#choices.set(index, choice);
    }
    return choice;
  }

  #delta(choice: OpenChoice, delta: Json, onCall: (call: ToolCall) => void): boolean {
    const words = delta['content'];
    if (typeof words === 'string' && isText(delta)) {
      choice.text += words;
      return words !== '';
    }
    const parts: Part[] = [];
    readContent(delta['content'], parts);
    readContent(delta['images'], parts);
    for (const part of readExecuted(delta)) parts.push(part);
    for (const part of parts) {
      if (part.type === 'text') choice.text += String(part.content);
      else if (part.type === 'reasoning') choice.reasoning += String(part.content);
      else if (part.type !== 'other') choice.extra.push(part);
    }
    const reasoning = reasoningOf(delta);
    if (reasoning !== undefined) choice.reasoning += reasoning;
    choice.sealed += sealedIn(delta);
    const refusal = text(delta['refusal']);
    if (refusal !== undefined) choice.refusal += refusal;
    const audio = object(delta['audio']);
    choice.transcript += text(audio['transcript']) ?? '';
    choice.audio += base64Size(text(audio['data']) ?? '');
    const old = delta['function_call'];
    const calls = isObject(old) ? [{ index: 0, function: old }] : list(delta['tool_calls']);
    for (const entry of calls) if (isObject(entry)) this.#call(choice, entry, onCall);
    const isMore = parts.length > 0 || reasoning !== undefined || refusal !== undefined;
    return isMore || isObject(delta['audio']) || calls.length > 0;
  }

  #call(choice: OpenChoice, entry: Json, onCall: (call: ToolCall) => void): void {
    const isCustom = isObject(entry['custom']);
    const fn = isCustom ? object(entry['custom']) : object(entry['function']);
    const id = text(entry['id']);
    const name = text(fn['name']);
    const last = choice.calls.at(-1);
    const key =
      number(entry['index']) ?? (id !== undefined && id !== last?.id ? choice.calls.length : (last?.key ?? 0));
    let call = choice.calls.findLast((open) => open.key === key);
    // some gateways give every call of a turn the index 0 and tell them apart by id; others give each piece of a call a new id
    const other = id !== undefined && call?.id !== undefined && call.id !== id && name !== undefined;
    if (call === undefined || (other && isWhole(call, name))) {
      if (choice.calls.length >= MAX_CALLS) return;
      // the one before is over when it is whole; pieces of several may come in turns
      if (last !== undefined && hasAll(last)) close(last, onCall);
      call = { key, isCustom, id, name: '', arguments: '', done: false };
      choice.calls.push(call);
    }
    call.id ??= id;
    if (name !== undefined) call.name = nameSoFar(call, name);
    const args = fn['arguments'] ?? fn['input'];
    if (typeof args === 'string') call.arguments += args;
    else if (isObject(args)) call.arguments = textOf(args);
  }

  end(): NormalResponse {
    const choices = [...this.#choices.values()].sort((a, b) => a.index - b.index);
    return {
      id: this.#id,
      model: this.#model,
      choices: choices.map((choice) => ({
        index: choice.index,
        message: message('assistant', partsOf(choice)),
        finish: choice.finish,
      })),
      finishReasons: choices.map((choice) => choice.finish).filter((word) => word !== undefined),
      // a call that broke off was never made
      toolCalls: choices.flatMap((choice) => choice.calls.filter((call) => call.done || hasAll(call)).map(finished)),
      usage: this.#usage,
      error: this.#error,
      attrs: this.#attrs,
    };
  }
}

/** Whether a delta brings a text and nothing else: most of a stream do. */
function isText(delta: Json): boolean {
  for (const key in delta) if (key !== 'content' && key !== 'role' && delta[key] !== null) return false;
  return true;
}

/** A name comes whole and once, again with every piece, as what it is so far, or in pieces of its own. */
function nameSoFar(call: OpenCall, piece: string): string {
  if (call.name === '' || piece.startsWith(call.name)) return piece;
  return call.arguments === '' ? call.name + piece : call.name;
}

/** Whether the arguments of a call are whole, as far as they tell. */
function hasAll(call: OpenCall): boolean {
  return call.arguments !== '' && (call.isCustom || parseJson(call.arguments) !== undefined);
}

/** JSON text; nothing for what is nested beyond reason. */
function textOf(value: Json): string {
  try {
    return JSON.stringify(value);
  } catch {
    return '{}'; // RangeError: deeper than the stack
  }
}

/** Whether the next piece with another id begins another call: this one has its arguments, or the name is another one. */
function isWhole(call: OpenCall, name: string | undefined): boolean {
  if (call.arguments === '' || name !== call.name) return true;
  try {
    JSON.parse(call.arguments);
    return true;
  } catch {
    return false; // its arguments go on
  }
}

function partsOf(choice: OpenChoice): Part[] {
  const parts: Part[] = [];
  if (choice.reasoning !== '') parts.push(reasoningPart(choice.reasoning));
  if (choice.sealed !== '') parts.push(sealedPart(choice.sealed));
  if (choice.text !== '') parts.push(textPart(choice.text));
  if (choice.refusal !== '') parts.push({ type: 'other', kind: 'refusal', content: choice.refusal });
  if (choice.transcript !== '') parts.push(transcriptPart(choice.transcript));
  if (choice.audio > 0) parts.push({ type: 'blob', modality: 'audio', size: choice.audio });
  for (const part of choice.extra) parts.push(part);
  for (const call of choice.calls) parts.push(callPart(finished(call)));
  return parts;
}

function finished(call: OpenCall): ToolCall {
  return call.isCustom ? customCall(call.id, call.name, call.arguments) : toolCall(call.id, call.name, call.arguments);
}

function close(call: OpenCall, onCall: (call: ToolCall) => void): void {
  if (call.done) return;
  call.done = true;
  onCall(finished(call));
}
