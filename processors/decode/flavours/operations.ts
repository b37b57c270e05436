import type { Part, ToolCall, Usage } from '../../../core/index.ts';
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
import { citationsIn, cohereUsage } from './cohere-usage.ts';

type RequestType = CallMatch['requestType'];

/** Path, `gen_ai.operation.name`, request type, and the method where others on the same path mean something else. */
type Operation = readonly [path: RegExp, operation: string, requestType: RequestType, method?: string];

/**
 * Calls to providers that are no chat, completion or embedding, by their paths; the first that fits names the call. `retrieval`, `create_agent`,
 * `invoke_agent` and `fetch_response` are words of the semantic conventions, the others are ours. Sources: the API references of OpenAI,
 * Anthropic, Google, Mistral, Cohere, Voyage, Replicate, Hugging Face and Ollama (2026-11).
 */
const OPERATIONS: readonly Operation[] = [
  [/\/images\/(?:generations|edits|variations)$/, 'image_generation', 'image', 'POST'],
  [/\/models\/ima[^/]*:predict$/, 'image_generation', 'image', 'POST'],
  [/:predictLongRunning$|\/videos(?:\/|$)|\/video\/generations$/, 'video_generation', 'other'],
  [/:(?:predict|rawPredict)$/, 'predict', 'other', 'POST'],
  [/\/audio\/speech$/, 'speech', 'audio', 'POST'],
  [/\/audio\/transcriptions$/, 'transcription', 'audio', 'POST'],
  [/\/audio\/translations$/, 'translation', 'audio', 'POST'],
  [/\/audio\/voices(?:\/|$)/, 'voices', 'audio'],
  [/\/(?:chat\/)?moderations$/, 'moderation', 'moderation', 'POST'],
  [/\/(?:chat\/)?(?:classifications|classify)$/, 'classification', 'other', 'POST'],
  [/\/messages\/count_tokens$|\/responses\/input_tokens$/, 'count_tokens', 'other', 'POST'],
  [/:(?:countTokens|computeTokens)$/, 'count_tokens', 'other', 'POST'],
  [/\/(?:de)?tokenize$/, 'tokenize', 'other', 'POST'],
  [/\/(?:v[12]\/)?rerank(?:ing)?$/, 'rerank', 'other', 'POST'],
  [/\/ocr$/, 'ocr', 'other', 'POST'],
  [
    /\/(?:messages\/)?batches(?:\/|$)|:(?:batchGenerateContent|asyncBatchEmbedContent)$|\/batch\/jobs/,
    'batches',
    'other',
  ],
  [/\/vector_stores\/[^/]+\/search$|\/corpora\/[^/]+:query$/, 'retrieval', 'other', 'POST'],
  [/\/(?:vector_stores|fileSearchStores|corpora|libraries)(?:\/|$)/, 'vector_stores', 'other'],
  [/\/threads\/runs$|\/threads\/[^/]+\/runs$/, 'invoke_agent', 'other', 'POST'],
  [/\/threads\/[^/]+\/runs\/[^/]+\/submit_tool_outputs$/, 'invoke_agent', 'other', 'POST'],
  [/\/threads(?:\/|$)/, 'threads', 'other'],
  [/\/(?:assistants|agents)$/, 'create_agent', 'other', 'POST'],
  [/\/(?:assistants|agents)(?:\/|$)/, 'assistants', 'other'],
  [/\/responses\/[^/]+$/, 'fetch_response', 'other', 'GET'],
  [/\/responses\/compact$/, 'compaction', 'other', 'POST'],
  [/\/responses\/[^/]+/, 'responses', 'other'],
  [/\/chat\/completions(?:\/|$)/, 'stored_completions', 'other', 'GET'],
  [/\/conversations(?:\/|$)/, 'conversations', 'other'],
  [/\/interactions\/[^/]+/, 'fetch_response', 'other', 'GET'],
  [/\/(?:upload\/[^/]+\/)?files(?:\/|:|$)/, 'files', 'other'],
  [/\/uploads(?:\/|$)/, 'uploads', 'other'],
  [/\/containers(?:\/|$)/, 'containers', 'other'],
  [/\/skills(?:\/|$)/, 'skills', 'other'],
  [/\/(?:fine_tuning|fine-tunes?|tunedModels|trainings|tuningJobs)(?:\/|$)/, 'fine_tuning', 'other'],
  [/\/cachedContents(?:\/|$)/, 'caches', 'other'],
  [/\/evals(?:\/|$)/, 'evals', 'other'],
  [/\/realtime\/(?:sessions|client_secrets|transcription_sessions|calls)(?:\/|$)/, 'realtime_session', 'other'],
  [/\/predictions(?:\/|$)/, 'prediction', 'other'],
  [/\/(?:organizations?|organization)\//, 'administration', 'other'],
  [/\/(?:operations|deployments)(?:\/|$)/, 'operations', 'other', 'GET'],
  [/\/api\/(?:tags|show|ps|pull|push|create|copy|delete|version)$/, 'models', 'other'],
  [/\/(?:models|foundation_model_specs|publishers\/[^/]+\/models)(?:\/ft:.*|\/[^:]*)?$/, 'models', 'other'],
];

/** On hosts that nobody knows: paths that say enough, and the keys that the body has to have. */
const BY_SHAPE: readonly (readonly [path: RegExp, keys: readonly string[]])[] = [
  [/\/v\d+\/images\/generations$/, ['model', 'prompt']],
  [/\/v\d+\/audio\/speech$/, ['model', 'input', 'voice']],
  [/\/v\d+\/audio\/(?:transcriptions|translations)$/, ['model']],
  [/\/v\d+\/messages\/count_tokens$/, ['model', 'messages']],
  [/\/v\d+\/rerank$/, ['model', 'query', 'documents']],
  [/\/v\d+\/moderations$/, ['model', 'input']],
];

function shapeOf(head: CallHead): readonly string[] | undefined {
  return BY_SHAPE.find(([path]) => path.test(head.path))?.[1];
}

/** Other calls to providers: named by their path, never taken for a chat. Their bytes (images, sounds, files) stay out. */
export const otherOperations = defineFlavour({
  name: 'other',
  match: (head) => {
    if (head.provider === undefined && (head.method !== 'POST' || shapeOf(head) === undefined)) return undefined;
    // a browser that opens a page of the provider's
    if (head.method === 'GET' && head.headers.get('accept')?.includes('text/html') === true) return undefined;
    for (const [path, operation, requestType, method] of OPERATIONS)
      if ((method === undefined || method === head.method) && path.test(head.path)) {
        const model = modelIn(head);
        return { operation, requestType, ...(model !== undefined && { model }) };
      }
    return undefined;
  },
  request: (body, head, match) => {
    if (head.provider === undefined && shapeOf(head)?.some((key) => body[key] === undefined) !== false)
      return undefined;
    return readRequest(body, match);
  },
  response: (body, head) => ({ ...readResponse(body), model: text(body['model']) ?? modelIn(head) }),
  stream: () => new OperationStream(),
});

/** A model that the path names: `/models/x`, Azure's `/deployments/x`. */
function modelIn(head: CallHead): string | undefined {
  const found = /\/(?:models|deployments)\/(ft:[^/]+|[^/:]+(?:\/[^/:]+)?)/.exec(head.path)?.[1];
  return found === undefined ? undefined : head.provider?.name === 'replicate' ? found : found.split('/')[0];
}

/** What was asked, where it is words. */
function readRequest(body: Json, match: CallMatch): NormalRequest {
  const words: Part[] = [];
  for (const value of [body['prompt'], body['input'], body['query'], body['instances']])
    for (const entry of Array.isArray(value) ? value : [value]) {
      const item = object(entry);
      const found =
        typeof entry === 'string' ? entry : (text(item['prompt']) ?? text(item['content']) ?? text(item['text']));
      if (found !== undefined && found !== '') words.push(textPart(found));
    }
  const model = text(body['model']) ?? match.model;
  return {
    model,
    streaming: body['stream'] === true || body['stream'] === 'true',
    ...(words.length > 0 && { messages: [message('user', words)] }),
    parameters: parametersOf(body),
  };
}

function readResponse(body: Json): NormalResponse {
  const words = wordsOf(body);
  return {
    id: text(body['id']),
    ...(words !== '' && { choices: [{ index: 0, message: message('assistant', [textPart(words)]) }] }),
    usage: usageOf(body),
    error: errorOf(body),
    attrs: { ...countedIn(body), ...citationsIn(body['citations']) },
  };
}

/** The words of a transcription, or of the pages that OCR read. */
function wordsOf(body: Json): string {
  const pages = list(body['pages']).map((page) => text(object(page)['markdown']) ?? '');
  return text(body['text']) ?? pages.join('\n');
}

function countedIn(body: Json): Readonly<Record<string, unknown>> | undefined {
  const counted =
    number(body['totalTokens']) ?? (body['usage'] === undefined ? number(body['input_tokens']) : undefined);
  return counted === undefined ? undefined : { 'oisp.response.counted_tokens': counted };
}

/** Tokens under any of the names in use; of what has only a total all are input. */
function usageOf(body: Json): Usage | undefined {
  const billed = cohereUsage(object(body['meta']));
  if (billed !== undefined) return billed;
  const statistics = list(body['predictions']).map((entry) =>
    object(object(object(entry)['embeddings'])['statistics']),
  );
  const counted = statistics.map((entry) => number(entry['token_count']) ?? 0).reduce((a, b) => a + b, 0);
  if (counted > 0) return { prompt_tokens: counted, provider: { token_count: counted } };
  const usage = body['usage'];
  if (!isObject(usage)) return undefined;
  const total = number(usage['total_tokens']);
  const output = number(usage['output_tokens']) ?? number(usage['completion_tokens']);
  return compact({
    prompt_tokens:
      number(usage['input_tokens']) ?? number(usage['prompt_tokens']) ?? (output === undefined ? total : undefined),
    completion_tokens: output,
    total_tokens: total,
    provider: usage,
  });
}

/** Streams of transcriptions, runs and images: words, counts and errors of theirs. */
class OperationStream implements StreamReader {
  #text = '';
  #last: NormalResponse = {};

  push(event: Json, name: string | undefined, _onCall: (call: ToolCall) => void): boolean {
    const type = text(event['type']) ?? name ?? '';
    const run = isObject(event['object']) ? event['object'] : event;
    this.#last = {
      id: this.#last.id ?? text(run['id']),
      model: this.#last.model ?? text(run['model']),
      usage: usageOf(run) ?? this.#last.usage,
      error: this.#last.error ?? errorOf(event) ?? errorOf({ error: run['last_error'] }),
    };
    let words = type === 'transcript.text.delta' ? (text(event['delta']) ?? '') : '';
    if (type === 'thread.message.delta')
      for (const block of list(object(event['delta'])['content']))
        words += text(object(object(block)['text'])['value']) ?? '';
    if (type === 'transcript.text.done' && this.#text === '') words = text(event['text']) ?? '';
    this.#text += words;
    return words !== '';
  }

  end(): NormalResponse {
    if (this.#text === '') return this.#last;
    return { ...this.#last, choices: [{ index: 0, message: message('assistant', [textPart(this.#text)]) }] };
  }
}
