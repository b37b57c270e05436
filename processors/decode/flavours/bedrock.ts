import { type CallHead, type CallMatch, defineFlavour, type NormalRequest } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { message, textPart } from '../normal.ts';
import { ConverseStream, readConverse, readConverseResponse } from './bedrock-converse.ts';
import { attrsOf, headerUsage, InvokeStream, readInvoke, readInvokeResponse } from './bedrock-invoke.ts';

const PATH = /\/model\/(.+)\/(converse|converse-stream|invoke|invoke-with-response-stream)$/;

/** Bedrock Converse and ConverseStream, for every model. */
export const bedrockConverse = defineFlavour({
  name: 'bedrock.converse',
  match: (head) => matchOf(head, 'converse'),
  request: (body, _head, match) =>
    Array.isArray(body['messages']) ? { ...readConverse(body), streaming: match.streaming === true } : undefined,
  response: (body, _head, _match, answer) => {
    const found = readConverseResponse(body);
    return { ...found, usage: found.usage ?? headerUsage(answer), attrs: attrsOf(answer) };
  },
  stream: (_head, _match, answer) => {
    const stream = new ConverseStream();
    return {
      push: (event, name, onCall) => stream.push(event, name, onCall),
      end: () => ({ ...stream.end(), attrs: attrsOf(answer) }),
    };
  },
});

/** Bedrock InvokeModel and InvokeModelWithResponseStream: the model's own bodies. */
export const bedrockInvoke = defineFlavour({
  name: 'bedrock.invoke',
  match: (head) => matchOf(head, 'invoke'),
  request: (body, head, match) => {
    const read = readInvoke(body);
    return read && { ...read, model: match.model, streaming: match.streaming === true, attrs: guardrailOf(head, read) };
  },
  response: (body, _head, _match, answer) => readInvokeResponse(body, answer),
  stream: (_head, _match, answer) => new InvokeStream(answer),
});

/** Calls to Bedrock beside those: counting tokens, and guardrails applied to a text. */
export const bedrockOther = defineFlavour({
  name: 'bedrock.other',
  match: (head) => {
    if (head.method !== 'POST' || head.provider?.otel !== 'aws.bedrock') return undefined;
    const counted = /\/model\/(.+)\/count-tokens$/.exec(head.path)?.[1];
    if (counted !== undefined) return { operation: 'count_tokens', requestType: 'other', model: decoded(counted) };
    return /\/guardrail\/[^/]+\/version\/[^/]+\/apply$/.test(head.path)
      ? { operation: 'apply_guardrail', requestType: 'moderation' }
      : undefined;
  },
  request: (body, head) => {
    const id = /\/guardrail\/([^/]+)\//.exec(head.path)?.[1];
    const words = list(body['content']).map((block) => text(object(object(block)['text'])['text']));
    return {
      streaming: false,
      messages: words.filter((entry) => entry !== undefined).map((entry) => message('user', [textPart(entry)])),
      attrs: id === undefined ? undefined : { 'aws.bedrock.guardrail.id': decoded(id) },
    };
  },
  response: (body: Json, _head, _match, answer) => {
    const input = number(body['inputTokens']);
    return { ...(input !== undefined && { usage: { prompt_tokens: input } }), attrs: attrsOf(answer) };
  },
  stream: () => ({ push: () => false, end: () => ({}) }),
});

function matchOf(head: CallHead, kind: string): CallMatch | undefined {
  const [, model = '', action = ''] = head.method === 'POST' ? (PATH.exec(head.path) ?? []) : [];
  if (!action.startsWith(kind)) return undefined;
  return { ...operationOf(decoded(model)), model: decoded(model), streaming: action.includes('stream') };
}

/** What a model does shows in its name only. */
function operationOf(model: string): Pick<CallMatch, 'operation' | 'requestType'> {
  if (/embed/.test(model)) return { operation: 'embeddings', requestType: 'embedding' };
  if (/titan-image|nova-canvas|stability\.|stable-/.test(model))
    return { operation: 'image_generation', requestType: 'image' };
  if (/rerank/.test(model)) return { operation: 'rerank', requestType: 'other' };
  return { operation: 'chat', requestType: 'chat' };
}

/** A model's id in a path is percent-encoded, twice by some; ARNs hold colons and slashes. */
function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // a stray percent sign: as it came
  }
}

/** The guardrail of an InvokeModel stands in a header. */
function guardrailOf(head: CallHead, read: NormalRequest): NormalRequest['attrs'] {
  const id = head.headers.get('x-amzn-bedrock-guardrailidentifier');
  return id === undefined ? read.attrs : { ...(isObject(read.attrs) && read.attrs), 'aws.bedrock.guardrail.id': id };
}
