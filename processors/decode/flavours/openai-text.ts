import type { ToolCall } from '../../../core/index.ts';
import { type Choice, defineFlavour, type NormalResponse, type StreamReader } from '../flavour.ts';
import { isObject, type Json, list, number, text } from '../json.ts';
import { errorOf, message, parametersOf, textPart } from '../normal.ts';
import { usageOf } from './openai-chat.ts';

/** OpenAI Completions, the older API that takes a prompt. Source: platform.openai.com/docs/api-reference/completions (2026-11). */
export const openaiCompletions = defineFlavour({
  name: 'openai.completions',
  match: (head) => {
    if (head.method !== 'POST' || !head.path.endsWith('/completions') || head.path.endsWith('/chat/completions'))
      return undefined;
    const model = /\/deployments\/([^/]+)\/completions$/.exec(head.path)?.[1];
    return { operation: 'text_completion', requestType: 'completion', ...(model !== undefined && { model }) };
  },
  request: (body, _head, match) => {
    const model = text(body['model']) ?? match.model;
    if (body['prompt'] === undefined || model === undefined) return undefined;
    const prompts = list(typeof body['prompt'] === 'string' ? [body['prompt']] : body['prompt']);
    return {
      model,
      streaming: body['stream'] === true,
      messages: prompts.filter((p) => typeof p === 'string').map((p) => message('user', [textPart(p)])),
      parameters: parametersOf(body),
    };
  },
  response: readResponse,
  stream: () => new CompletionStream(),
});

function readResponse(body: Json): NormalResponse {
  const choices: Choice[] = list(body['choices'])
    .filter(isObject)
    .map((entry, i) => ({
      index: number(entry['index']) ?? i,
      message: message('assistant', [textPart(text(entry['text']) ?? '')]),
      finish: text(entry['finish_reason']),
    }));
  return {
    id: text(body['id']),
    model: text(body['model']),
    choices,
    finishReasons: choices.map((choice) => choice.finish).filter((word) => word !== undefined),
    usage: usageOf(body),
    error: errorOf(body),
  };
}

class CompletionStream implements StreamReader {
  readonly #choices = new Map<number, { text: string; finish: string | undefined }>();
  #last: NormalResponse = {};

  push(event: Json, _name: string | undefined, _onCall: (call: ToolCall) => void): boolean {
    this.#last = {
      id: this.#last.id ?? text(event['id']),
      model: this.#last.model ?? text(event['model']),
      usage: usageOf(event) ?? this.#last.usage,
      error: this.#last.error ?? errorOf(event),
    };
    let content = false;
    for (const entry of list(event['choices'])) {
      if (!isObject(entry)) continue;
      const index = number(entry['index']) ?? 0;
      const choice = this.#choices.get(index) ?? { text: '', finish: undefined };
      this.#choices.set(index, choice);
      const more = text(entry['text']);
      if (more !== undefined) {
        choice.text += more;
        content = true;
      }
      choice.finish = text(entry['finish_reason']) ?? choice.finish;
    }
    return content;
  }

  end(): NormalResponse {
    const choices = [...this.#choices].sort(([a], [b]) => a - b);
    return {
      ...this.#last,
      choices: choices.map(([index, choice]) => ({
        index,
        message: message('assistant', [textPart(choice.text)]),
        finish: choice.finish,
      })),
      finishReasons: choices.map(([, choice]) => choice.finish).filter((word) => word !== undefined),
    };
  }
}

const NO_STREAM: StreamReader = { push: () => false, end: () => ({}) };

/**
 * OpenAI Embeddings, and Voyage's of images and of chunks in their context. Source: platform.openai.com/docs/api-reference/embeddings and
 * docs.voyageai.com/reference (2026-11).
 */
export const openaiEmbeddings = defineFlavour({
  name: 'openai.embeddings',
  match: (head) => {
    if (head.method !== 'POST' || !/\/(?:multimodal|contextualized)?embeddings$/.test(head.path)) return undefined;
    const model = /\/deployments\/([^/]+)\/embeddings$/.exec(head.path)?.[1];
    return { operation: 'embeddings', requestType: 'embedding', ...(model !== undefined && { model }) };
  },
  request: (body, _head, match) => {
    const input = body['input'] ?? body['prompt'] ?? body['inputs'];
    if (input === undefined) return undefined;
    const inputs = typeof input === 'string' ? [input] : list(input).flatMap(wordsIn);
    return {
      model: text(body['model']) ?? match.model,
      streaming: false,
      messages: inputs.filter((item) => typeof item === 'string').map((item) => message('user', [textPart(item)])),
    };
  },
  response: (body) => {
    const usage = usageOf(body);
    // Voyage counts all tokens only; of an embedding all are input
    const total = usage?.total_tokens;
    return {
      id: text(body['id']),
      model: text(body['model']),
      usage:
        usage && usage.prompt_tokens === undefined && total !== undefined ? { ...usage, prompt_tokens: total } : usage,
      error: errorOf(body),
    };
  },
  stream: () => NO_STREAM,
});

/** What is to be embedded: a text, a list of its chunks, or blocks of text and images. Numbers are tokens. */
function wordsIn(item: unknown): unknown[] {
  if (Array.isArray(item)) return item;
  if (!isObject(item)) return [item];
  return list(item['content']).map((block) => (isObject(block) ? block['text'] : undefined));
}
