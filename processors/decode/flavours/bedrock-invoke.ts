import type { ToolCall, Usage } from '../../../core/index.ts';
import type { AnswerHead, NormalRequest, NormalResponse, StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { compact, errorOf, message, textPart } from '../normal.ts';
import { MessagesStream, readRequest as readMessages, readResponse as readMessagesResponse } from './anthropic.ts';
import { ConverseStream, readConverse, readConverseResponse } from './bedrock-converse.ts';
import { cohereResponse, completedOf, completionOf, countsOf, readCohereChat, readPrompt } from './bedrock-text.ts';
import { ChatStream, readRequest as readChat, readResponse as readChatResponse } from './openai-chat.ts';

/**
 * InvokeModel takes and gives the bodies of each model's own API. They are told apart by their shape: the name of the model may be that of
 * an inference profile or an imported model. Undefined when the body is none. Source:
 * docs.aws.amazon.com/bedrock/latest/userguide/model-parameters.html (2026-11).
 */
export function readInvoke(body: Json): NormalRequest | undefined {
  if (Array.isArray(body['messages'])) {
    if (body['anthropic_version'] !== undefined) return readMessages(body, undefined, false);
    return isConverse(body) ? readConverse(body) : readChat(body);
  }
  if (typeof body['message'] === 'string' && body['prompt'] === undefined) return readCohereChat(body);
  const inputs = embedded(body);
  if (inputs !== undefined)
    return { streaming: false, messages: inputs.map((words) => message('user', [textPart(words)])) };
  if (body['prompt'] !== undefined || body['inputText'] !== undefined) return readPrompt(body);
  const words = imagined(body);
  return words === undefined ? undefined : { streaming: false, messages: [message('user', [textPart(words)])] };
}

/** Amazon Nova: blocks without a type, and an inference configuration. */
function isConverse(body: Json): boolean {
  if (isObject(body['inferenceConfig']) || isObject(body['toolConfig']) || body['schemaVersion'] !== undefined)
    return true;
  const [block] = list(object(list(body['messages'])[0])['content']);
  return isObject(block) && block['type'] === undefined && text(block['text']) !== undefined;
}

/** Texts to embed: Cohere's, and those of Nova. Titan's `inputText` is read as a prompt. */
function embedded(body: Json): string[] | undefined {
  const texts = body['texts'];
  if (Array.isArray(texts)) return texts.filter((words) => typeof words === 'string');
  const nova = object(body['singleEmbeddingParams'] ?? body['segmentedEmbeddingParams']);
  const words = text(object(nova['text'])['value']);
  if (words !== undefined) return [words];
  return body['input_type'] !== undefined || body['singleEmbeddingParams'] !== undefined ? [] : undefined;
}

/** What an image is to show: Titan, Nova Canvas, Stable Diffusion. */
function imagined(body: Json): string | undefined {
  for (const [name, value] of Object.entries(body))
    if (/Params$/.test(name) && isObject(value)) return text(value['text']) ?? text(value['prompt']) ?? '';
  return (
    text(object(list(body['text_prompts'])[0])['text']) ??
    (body['query'] === undefined ? undefined : text(body['query']))
  );
}

export function readInvokeResponse(body: Json, answer: AnswerHead | undefined): NormalResponse {
  const found = bodyOf(body);
  return { ...found, usage: withCounted(found.usage, headerUsage(answer)), attrs: attrsOf(answer, body) };
}

/** What the model says, and where it says nothing what Bedrock counted. */
function withCounted(said: Usage | undefined, counted: Usage | undefined): Usage | undefined {
  return said === undefined || counted === undefined ? (said ?? counted) : { ...counted, ...said };
}

function bodyOf(body: Json): NormalResponse {
  if (Array.isArray(body['content']) && body['role'] !== undefined) return readMessagesResponse(body);
  if (isObject(body['output'])) return readConverseResponse(body);
  const completed = completedOf(body);
  if (completed !== undefined) return completionOf(completed, body);
  if (Array.isArray(body['choices'])) return readChatResponse(withFinish(body));
  if (typeof body['text'] === 'string' || Array.isArray(body['tool_calls'])) return cohereResponse(body);
  return {
    id: text(body['id']),
    usage: countsOf(number(body['inputTextTokenCount']), undefined),
    error: errorOf(body),
  };
}

/** Some models of Bedrock call it `stop_reason`, beside which others send a number. */
function withFinish(body: Json): Json {
  const choices = list(body['choices']).map((choice) =>
    isObject(choice) && text(choice['finish_reason']) === undefined
      ? { ...choice, finish_reason: text(choice['stop_reason']) }
      : choice,
  );
  return { ...body, choices };
}

/** What Bedrock itself counted; it has a header for each where the model says nothing. */
export function headerUsage(answer: AnswerHead | undefined): Usage | undefined {
  const tokens = (name: string): number | undefined => {
    const value = answer?.headers.get(`x-amzn-bedrock-${name}-token-count`);
    return value !== undefined && /^\d{1,12}$/.test(value) ? Number(value) : undefined;
  };
  const input = tokens('input');
  const cached = tokens('cache-read-input');
  const created = tokens('cache-write-input');
  const usage = countsOf(input === undefined ? undefined : input + (cached ?? 0) + (created ?? 0), tokens('output'));
  return usage && compact({ ...usage, cached_tokens: cached, cache_creation_tokens: created });
}

/** The id of the request, and whether a guardrail changed what was asked or answered (`INTERVENED`). */
export function attrsOf(answer: AnswerHead | undefined, body: Json = {}): Readonly<Record<string, unknown>> {
  const id = answer?.headers.get('x-amzn-requestid');
  const action = text(body['amazon-bedrock-guardrailAction']);
  return {
    ...(id !== undefined && { 'aws.request_id': id }),
    ...(action !== undefined && action !== 'NONE' && { 'aws.bedrock.guardrail.action': action }),
  };
}

/** Every chunk is a JSON object of the model's own; the first tells whose. The last one has Bedrock's own counts beside it. */
export class InvokeStream implements StreamReader {
  readonly #answer: AnswerHead | undefined;
  #reader: StreamReader | undefined;
  #metrics: Json | undefined;
  #action: Json = {};
  #error: NormalResponse['error'];

  constructor(answer: AnswerHead | undefined) {
    this.#answer = answer;
  }

  push(event: Json, name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    const metrics = event['amazon-bedrock-invocationMetrics'];
    if (isObject(metrics)) this.#metrics = metrics;
    if (event['amazon-bedrock-guardrailAction'] === 'INTERVENED') this.#action = event;
    if (name === 'error') {
      this.#error ??= errorOf(event);
      return false;
    }
    this.#reader ??= streamOf(event);
    return this.#reader?.push(Array.isArray(event['choices']) ? withFinish(event) : event, name, onCall) ?? false;
  }

  end(): NormalResponse {
    const found = this.#reader?.end() ?? {};
    return {
      ...found,
      usage: withCounted(found.usage, this.#counted() ?? headerUsage(this.#answer)),
      error: found.error ?? this.#error,
      attrs: attrsOf(this.#answer, this.#action),
    };
  }

  #counted(): Usage | undefined {
    const metrics = this.#metrics;
    if (metrics === undefined) return undefined;
    const input = number(metrics['inputTokenCount']);
    const cached = number(metrics['cacheReadInputTokenCount']);
    const created = number(metrics['cacheWriteInputTokenCount']);
    const usage = countsOf(
      input === undefined ? undefined : input + (cached ?? 0) + (created ?? 0),
      number(metrics['outputTokenCount']),
      metrics,
    );
    return usage && compact({ ...usage, cached_tokens: cached, cache_creation_tokens: created });
  }
}

function streamOf(event: Json): StreamReader | undefined {
  if (text(event['event_type']) !== undefined) return new CohereStream();
  if (completedOf(event) !== undefined) return new CompletedStream();
  if (Array.isArray(event['choices'])) return new ChatStream();
  if (typeof event['type'] === 'string') return new MessagesStream();
  return Object.values(event).some(isObject) ? new ConverseStream() : undefined;
}

class CompletedStream implements StreamReader {
  readonly #texts = new Map<number, { index: number; text: string; finish: string | undefined }>();
  #id: string | undefined;
  #last: Json = {};
  #input: number | undefined;
  #output: number | undefined;

  push(event: Json): boolean {
    const found = completedOf(event);
    if (found === undefined) return false;
    this.#id ??= found.id;
    this.#last = { ...this.#last, ...event };
    this.#input = found.input ?? this.#input;
    this.#output = found.output ?? this.#output;
    for (const { index, text: words, finish } of found.texts) {
      const open = this.#texts.get(index) ?? { index, text: '', finish: undefined };
      this.#texts.set(index, open);
      open.text += words;
      open.finish = finish ?? open.finish;
    }
    return found.texts.some(({ text: words }) => words !== '');
  }

  end(): NormalResponse {
    const texts = [...this.#texts.values()].sort((a, b) => a.index - b.index);
    return completionOf({ id: this.#id, texts, input: this.#input, output: this.#output }, this.#last);
  }
}

/** Cohere's `text-generation`, `tool-calls-generation` and `stream-end`, which has the whole answer once more. */
class CohereStream implements StreamReader {
  #words = '';
  #calls: unknown;
  #last: Json = {};

  push(event: Json, _name: string | undefined, onCall: (call: ToolCall) => void): boolean {
    switch (event['event_type']) {
      case 'text-generation':
        this.#words += text(event['text']) ?? '';
        return true;
      case 'tool-calls-generation':
        this.#calls = event['tool_calls'];
        for (const call of cohereResponse({ tool_calls: this.#calls }).toolCalls ?? []) onCall(call);
        return true;
      case 'stream-end':
        this.#last = { ...object(event['response']), finish_reason: event['finish_reason'] };
        return false;
      default:
        return false;
    }
  }

  end(): NormalResponse {
    const calls = this.#calls ?? this.#last['tool_calls'];
    return cohereResponse({
      ...this.#last,
      text: this.#words === '' ? this.#last['text'] : this.#words,
      tool_calls: calls,
    });
  }
}
