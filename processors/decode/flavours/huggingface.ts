import type { Usage } from '../../../core/index.ts';
import {
  type CallHead,
  type CallMatch,
  defineFlavour,
  type NormalRequest,
  type NormalResponse,
  type StreamReader,
} from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { compact, errorOf, message, parametersOf, textPart } from '../normal.ts';

const isHub = (head: CallHead): boolean => head.provider?.name === 'huggingface';

/** The model of `/models/{owner}/{name}`, also behind the router's `/hf-inference`, and what it is asked to do (`/pipeline/{task}`). */
const MODEL = /\/models\/([^/]+\/[^/]+|[^/]+)(?:\/pipeline\/([a-z-]+))?$/;

const EMBEDDINGS = /^(?:feature-extraction|sentence-similarity)$/;
const TEXT = /^(?:text-generation|text2text-generation|conversational|summarization|translation)$/;

/**
 * Text Generation Inference (`/generate`, `/generate_stream`) and Hugging Face's inference API (`/models/{id}` with `inputs`).
 * Source: huggingface.github.io/text-generation-inference and huggingface.co/docs/inference-providers (2026-11).
 */
export const huggingfaceGenerate = defineFlavour({
  name: 'huggingface.generate',
  match: (head) => {
    if (head.method !== 'POST' || (head.provider !== undefined && !isHub(head))) return undefined;
    const path = /\/(generate|generate_stream)$/.exec(head.path);
    if (path !== null && !head.path.includes('/api/'))
      return {
        operation: 'text_completion',
        requestType: 'completion',
        ...(path[1] === 'generate_stream' && { streaming: true }),
      };
    if (!isHub(head)) return undefined;
    const model = MODEL.exec(head.path);
    if (model === null)
      return head.path === '/' ? { operation: 'text_completion', requestType: 'completion' } : undefined;
    const task = model[2];
    const of = { model: model[1] ?? '' };
    if (task === undefined || TEXT.test(task))
      return { operation: 'text_completion', requestType: 'completion', ...of };
    if (EMBEDDINGS.test(task)) return { operation: 'embeddings', requestType: 'embedding', ...of };
    return { operation: task.replaceAll('-', '_'), requestType: typeOf(task), ...of };
  },
  request: (body, _head, match) => readRequest(body, match),
  response: (body) => readWhole(body),
  stream: () => new TokenStream(),
});

function typeOf(task: string): CallMatch['requestType'] {
  if (task.includes('image')) return 'image';
  return task.includes('speech') || task.includes('audio') ? 'audio' : 'other';
}

function readRequest(body: Json, match: CallMatch): NormalRequest | undefined {
  const inputs = body['inputs'];
  if (inputs === undefined) return undefined;
  const words = (typeof inputs === 'string' ? [inputs] : list(inputs)).filter((item) => typeof item === 'string');
  return {
    model: match.model ?? text(body['model']),
    streaming: match.streaming ?? body['stream'] === true,
    messages: words.map((item) => message('user', [textPart(item)])),
    parameters: parametersOf(object(body['parameters'])),
  };
}

/** `details` counts only what was asked for (`details: true`, or a stream). */
function usageOf(details: Json): Usage | undefined {
  const output = number(details['generated_tokens']);
  const input = number(details['input_length']) ?? (list(details['prefill']).length || undefined);
  if (output === undefined && input === undefined) return undefined;
  return compact({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input === undefined || output === undefined ? undefined : input + output,
    provider: { generated_tokens: output, input_length: input },
  });
}

function readWhole(body: Json): NormalResponse {
  const words = text(body['generated_text']) ?? text(body['summary_text']) ?? text(body['translation_text']);
  return assemble(words ?? '', object(body['details']), words !== undefined, errorOf(body));
}

function assemble(words: string, details: Json, answered: boolean, error: NormalResponse['error']): NormalResponse {
  const finish = text(details['finish_reason']);
  return {
    choices: answered ? [{ index: 0, message: message('assistant', [textPart(words)]), finish }] : [],
    finishReasons: finish === undefined ? [] : [finish],
    usage: usageOf(details),
    error,
  };
}

class TokenStream implements StreamReader {
  #text = '';
  #whole: string | undefined;
  #details: Json = {};
  #error: NormalResponse['error'];

  push(event: Json): boolean {
    this.#error ??= errorOf(event);
    if (isObject(event['details'])) this.#details = event['details'];
    this.#whole = text(event['generated_text']) ?? this.#whole;
    const token = object(event['token']);
    const words = token['special'] === true ? '' : (text(token['text']) ?? '');
    this.#text += words;
    return words !== '';
  }

  end(): NormalResponse {
    const words = this.#whole ?? this.#text;
    return assemble(words, this.#details, words !== '', this.#error);
  }
}
