import type { OispEvent } from '../../core/index.ts';
import { type Call, callEvent, providerData } from './call.ts';
import type { NormalResponse } from './flavour.ts';
import { isObject, type Json, list, object } from './json.ts';
import { elapsedMs, type Mark } from './stream/mark.ts';

/** How many vectors an answer holds, and how long the first is. */
export interface Vectors {
  readonly count: number;
  readonly dimensions: number | undefined;
}

/**
 * The vectors of an embedding answer, in any of the forms of the APIs: `data[].embedding` (OpenAI and who copies it, as numbers or base64 of
 * floats), `embedding(s).values` (Gemini), `predictions[].embeddings.values` (Vertex AI), `embeddings[]` and `embeddings.float[]` (Cohere,
 * Ollama), `embedding[]` (Bedrock Titan, Ollama). Their API references, November 2026.
 */
export function vectorsIn(body: Json): Vectors {
  const found = vectorListOf(body);
  return { count: found.length, dimensions: lengthOf(found[0]) };
}

function vectorListOf(body: Json): readonly unknown[] {
  const data = list(body['data']);
  if (data.length > 0) return data.map((entry) => object(entry)['embedding'] ?? entry);
  const predictions = list(body['predictions']);
  if (predictions.length > 0) return predictions.map((entry) => object(entry)['embeddings'] ?? entry);
  const many = body['embeddings'];
  if (Array.isArray(many)) return many;
  const byType = Object.values(object(many)).find((value) => Array.isArray(value));
  if (Array.isArray(byType)) return byType;
  const one = body['embedding'];
  return one === undefined ? [] : [one];
}

function lengthOf(vector: unknown): number | undefined {
  if (Array.isArray(vector)) return vector.length;
  if (isObject(vector)) return lengthOf(vector['values']);
  // base64 of 32-bit floats
  return typeof vector === 'string' && vector !== '' ? Math.floor(Buffer.byteLength(vector, 'base64') / 4) : undefined;
}

/** `ai.embedding`: an embedding call as one event. It comes beside its `ai.request` and `ai.response` and has their `request_id`. */
export function embeddingEvent(call: Call, response: NormalResponse, body: Json, mark: Mark): OispEvent {
  const { count, dimensions } = vectorsIn(body);
  const model = response.model ?? call.request.model ?? call.match.model;
  const inputs = count > 0 ? count : call.inputs;
  const tokens = response.usage?.total_tokens ?? response.usage?.prompt_tokens;
  const data = {
    request_id: call.requestId,
    provider: providerData(call.head, call.match, call.identity),
    ...(model !== undefined && { model: { id: model } }),
    ...(inputs !== undefined && { input_count: inputs }),
    ...(tokens !== undefined && { total_tokens: tokens }),
    ...(dimensions !== undefined && { dimensions }),
    ...(call.lacks === undefined && { latency_ms: elapsedMs(call.first, mark) }),
  };
  const place = { ...call.place, dir: 'received' as const };
  return callEvent(call, 'ai.embedding', mark, place, [], data, call.attrs);
}
