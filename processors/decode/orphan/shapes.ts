import type { Provider } from '../../../core/index.ts';
import type { AnswerHead, CallMatch, Flavour } from '../flavour.ts';
import { anthropicComplete, anthropicMessages } from '../flavours/anthropic.ts';
import { bedrockConverse, bedrockInvoke } from '../flavours/bedrock.ts';
import { cohereChatV1, cohereGenerate } from '../flavours/cohere-v1.ts';
import { cohereChatV2, cohereEmbed } from '../flavours/cohere-v2.ts';
import { googleEmbed, googleGenerate } from '../flavours/google.ts';
import { googleInteractions } from '../flavours/google-interactions.ts';
import { huggingfaceGenerate } from '../flavours/huggingface.ts';
import { mistralConversations } from '../flavours/mistral.ts';
import { ollamaChat, ollamaGenerate } from '../flavours/ollama.ts';
import { openaiChat } from '../flavours/openai-chat.ts';
import { openaiResponses } from '../flavours/openai-responses.ts';
import { openaiCompletions, openaiEmbeddings } from '../flavours/openai-text.ts';
import { watsonxGenerate } from '../flavours/watsonx.ts';
import { isObject, type Json, list, object, text } from '../json.ts';
import type { Framing } from './beginning.ts';

/** Whose API an answer is of. */
export interface Recognised {
  readonly flavour: Flavour;
  readonly match: CallMatch;
}

interface Shape {
  readonly flavour: Flavour;
  readonly match: CallMatch;
  /** Whether only this API begins an answer so. `name`: that of the event. */
  readonly fits: (event: Json, name: string | undefined) => boolean;
}

const CHAT = { operation: 'chat', requestType: 'chat' } as const;
const EMBEDDINGS = { operation: 'embeddings', requestType: 'embedding' } as const;
const COMPLETION = { operation: 'text_completion', requestType: 'completion' } as const;
/** Nothing tells the Gemini API from Vertex AI: the name that the semantic conventions have for both. */
const GOOGLE: Provider = { oisp: 'google', otel: 'gcp.gen_ai', name: 'google' };
const COHERE: Provider = { oisp: 'cohere', otel: 'cohere', name: 'cohere' };
const MISTRAL: Provider = { oisp: 'mistral', otel: 'mistral_ai', name: 'mistral' };
const OLLAMA: Provider = { oisp: 'ollama', otel: 'ollama', name: 'ollama' };
const BEDROCK: Provider = { oisp: 'aws_bedrock', otel: 'aws.bedrock', name: 'aws_bedrock' };
const WATSONX: Provider = { oisp: 'other', otel: 'ibm.watsonx.ai', name: 'watsonx' };

const has = (value: unknown, word: string): boolean => text(value)?.startsWith(word) === true;
const firstOf = (value: unknown): Json => object(list(value)[0]);
const isText = (value: unknown): boolean => typeof value === 'string';

/**
 * How answers of each API begin: of streamed ones the first event, of others the first fields. A provider is named where nobody else speaks
 * the API. Sources: those of the flavours.
 */
const SHAPES: readonly Shape[] = [
  { flavour: openaiChat, match: CHAT, fits: isChat },
  {
    flavour: openaiCompletions,
    match: COMPLETION,
    fits: (event) => event['object'] === 'text_completion' && Array.isArray(event['choices']),
  },
  { flavour: openaiResponses, match: CHAT, fits: isResponse },
  {
    flavour: openaiEmbeddings,
    match: EMBEDDINGS,
    fits: (event) => event['object'] === 'list' && firstOf(event['data'])['object'] === 'embedding',
  },
  {
    flavour: googleEmbed,
    match: EMBEDDINGS,
    fits: (event) => isVector(event['embedding']) || isVector(list(event['embeddings'])[0]),
  },
  {
    flavour: cohereEmbed,
    match: { ...EMBEDDINGS, provider: COHERE },
    fits: (event) =>
      isText(event['id']) &&
      'embeddings' in event &&
      (Array.isArray(event['texts']) || has(event['response_type'], 'embeddings_')),
  },
  { flavour: anthropicMessages, match: CHAT, fits: isAnthropic },
  {
    flavour: anthropicComplete,
    match: COMPLETION,
    fits: (event) => event['type'] === 'completion' && isText(event['completion']) && isText(event['model']),
  },
  {
    flavour: googleGenerate,
    match: { operation: 'generate_content', requestType: 'chat', provider: GOOGLE },
    fits: isGemini,
  },
  {
    flavour: googleInteractions,
    match: { operation: 'generate_content', requestType: 'chat', provider: GOOGLE },
    fits: (event) => isInteraction(event) || isInteraction(object(event['interaction'])),
  },
  {
    flavour: ollamaChat,
    match: { ...CHAT, provider: OLLAMA },
    fits: (event) => isOllama(event) && isAssistant(event['message']),
  },
  {
    flavour: ollamaGenerate,
    match: { ...COMPLETION, provider: OLLAMA },
    fits: (event) => isOllama(event) && isText(event['response']) && typeof event['done'] === 'boolean',
  },
  { flavour: cohereChatV2, match: { ...CHAT, provider: COHERE }, fits: isCohere },
  {
    flavour: cohereChatV1,
    match: { ...CHAT, provider: COHERE },
    fits: (event) =>
      isText(event['generation_id']) &&
      (event['event_type'] === 'stream-start' || (isText(event['response_id']) && isText(event['text']))),
  },
  {
    flavour: cohereGenerate,
    match: { ...COMPLETION, provider: COHERE },
    fits: (event) => isText(event['id']) && isText(firstOf(event['generations'])['text']) && isText(event['prompt']),
  },
  {
    flavour: huggingfaceGenerate,
    match: COMPLETION,
    fits: (event) => isToken(object(event['token'])) || (isText(event['generated_text']) && isObject(event['details'])),
  },
  {
    flavour: watsonxGenerate,
    match: { ...COMPLETION, provider: WATSONX },
    fits: (event) => isText(event['model_id']) && isText(firstOf(event['results'])['generated_text']),
  },
  {
    flavour: mistralConversations,
    match: { ...CHAT, provider: MISTRAL },
    fits: (event) => event['object'] === 'conversation.response' || event['type'] === 'conversation.response.started',
  },
  { flavour: bedrockConverse, match: { ...CHAT, provider: BEDROCK }, fits: isConverse },
];

/** The API of an answer by the event it begins with; undefined when it is none that is known, or when others begin so too. */
export function recognise(
  event: Json,
  name: string | undefined,
  framing: Framing,
  head: AnswerHead,
): Recognised | undefined {
  if (framing === 'aws') return recogniseAws(event, name);
  if (head.headers.has('x-amzn-bedrock-input-token-count') && framing === 'json')
    return { flavour: bedrockInvoke, match: invokeOf(event) };
  const shape = SHAPES.find(({ fits }) => fits(event, name));
  return shape && { flavour: shape.flavour, match: shape.match };
}

/** InvokeModel answers in each model's own form. */
function invokeOf(body: Json): CallMatch {
  if ('embedding' in body || 'embeddings' in body || 'embeddingsByType' in body)
    return { ...EMBEDDINGS, provider: BEDROCK };
  if ('images' in body || 'artifacts' in body)
    return { operation: 'image_generation', requestType: 'image', provider: BEDROCK };
  if ('results' in body && !isText(firstOf(body['results'])['outputText']))
    return { operation: 'rerank', requestType: 'other', provider: BEDROCK };
  return { ...CHAT, provider: BEDROCK };
}

/** ConverseStream names its events; InvokeModelWithResponseStream has those of the model in it, which have no name. */
function recogniseAws(event: Json, name: string | undefined): Recognised | undefined {
  const match: CallMatch = { ...CHAT, provider: BEDROCK };
  if (name === 'messageStart') return isText(event['role']) ? { flavour: bedrockConverse, match } : undefined;
  if (name !== undefined) return undefined;
  const isNova = isText(object(event['messageStart'])['role']);
  const isOther =
    isText(event['outputText']) || isText(event['generation']) || isText(firstOf(event['outputs'])['text']);
  const isKnown = isNova || isOther || SHAPES.some(({ fits }) => fits(event, undefined));
  return isKnown ? { flavour: bedrockInvoke, match } : undefined;
}

function isAssistant(message: unknown): boolean {
  return isObject(message) && message['role'] === 'assistant';
}

/** Not all who copy it name the object; Azure sends what its filter says of the prompt first. */
function isChat(event: Json): boolean {
  const { choices } = event;
  if (!Array.isArray(choices)) return false;
  if (has(event['object'], 'chat.completion')) return true;
  if (choices.length === 0) return Array.isArray(event['prompt_filter_results']);
  const choice = firstOf(choices);
  const message = choice['delta'] ?? choice['message'];
  if (!isObject(message) || !('index' in choice || 'finish_reason' in choice)) return false;
  return message['role'] === 'assistant' || ('content' in message && isText(event['model']));
}

function isResponse(event: Json): boolean {
  const isOne = (value: Json): boolean => value['object'] === 'response' && isText(value['id']);
  return isOne(event) || (has(event['type'], 'response.') && isOne(object(event['response'])));
}

function isAnthropic(event: Json, name: string | undefined): boolean {
  const isMessage = (value: Json): boolean =>
    value['type'] === 'message' && isAssistant(value) && isText(value['id']) && isText(value['model']);
  if (event['type'] === 'message_start') return isMessage(object(event['message']));
  return name === undefined && isMessage(event) && Array.isArray(event['content']);
}

/** Code Assist wraps it. */
function isGemini(event: Json): boolean {
  const body = isObject(event['response']) ? event['response'] : event;
  const candidate = firstOf(body['candidates']);
  const content = object(candidate['content']);
  const isPart = ['text', 'functionCall', 'inlineData', 'executableCode', 'thoughtSignature'].some(
    (key) => key in firstOf(content['parts']),
  );
  if (isPart && Array.isArray(content['parts'])) return true;
  return isObject(body['usageMetadata']) && isText(body['modelVersion']);
}

function isVector(value: unknown): boolean {
  return typeof list(object(value)['values'])[0] === 'number';
}

function isInteraction(value: Json): boolean {
  return (
    value['object'] === 'interaction' ||
    (isText(value['id']) && isText(value['status']) && isText(value['model']) && Array.isArray(value['steps']))
  );
}

function isOllama(event: Json): boolean {
  return isText(event['model']) && isText(event['created_at']) && /^\d{4}-\d\d-\d\dT/.test(String(event['created_at']));
}

function isCohere(event: Json): boolean {
  if (event['type'] === 'message-start') return isAssistant(object(event['delta'])['message']);
  const isWhole =
    /^[A-Z_]+$/.test(text(event['finish_reason']) ?? '') || isObject(object(event['usage'])['billed_units']);
  return isText(event['id']) && isAssistant(event['message']) && isWhole;
}

/** A token of Text Generation Inference. */
function isToken(token: Json): boolean {
  return typeof token['id'] === 'number' && isText(token['text']) && typeof token['special'] === 'boolean';
}

function isConverse(event: Json): boolean {
  const message = object(event['output'])['message'];
  return isAssistant(message) || Array.isArray(object(message)['content']);
}
