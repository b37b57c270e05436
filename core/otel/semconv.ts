import { SCHEMA_URL } from './encoder.ts';
import type { Attribute } from './span.ts';

/**
 * Names of attributes. `1.41`: the last core release with gen_ai. `genai-next`: open-telemetry/semantic-conventions-genai, where gen_ai, openai and
 * mcp moved in 1.42 and still change (docs/gen-ai/non-normative/migration.md, 2026-11). `dup`: both, the older one where they exclude each other.
 */
export type Semconv = '1.41' | 'genai-next' | 'dup';

/** The key of exporters that make log records. */
export const SEMCONV = {
  type: 'string',
  enum: ['1.41', 'genai-next', 'dup'],
  default: '1.41',
  description: 'Names of attributes on log records, as `semconv` of `correlate` says it for spans.',
} as const;

const GENAI_SCHEMA_URL = 'https://opentelemetry.io/schemas/gen-ai/1.42.0';

/** Schema of the names on spans and log records. `dup` is read as 1.41: all names of that are there. Resources have names of the core only. */
export function schemaUrlOf(semconv: Semconv): string {
  return semconv === 'genai-next' ? GENAI_SCHEMA_URL : SCHEMA_URL;
}

interface Change {
  /** Only on spans of this `gen_ai.operation.name`. */
  readonly on?: string;
  readonly was: string;
  /** The new name; none where it was removed. */
  readonly is?: string;
  readonly type?: 'int';
}

/** What is different from 1.41, the first that fits an attribute. What conventions have no name for keeps ours. */
const CHANGES: readonly Change[] = [
  { was: 'gen_ai.usage.cache_creation.input_tokens', on: 'invoke_agent' },
  { was: 'gen_ai.usage.cache_read.input_tokens', on: 'invoke_agent' },
  { was: 'gen_ai.provider.name', on: 'invoke_agent' },
  { was: 'gen_ai.agent.id', on: 'invoke_agent', is: 'oisp.agent.id' },
  { was: 'gen_ai.agent.version', on: 'invoke_agent', is: 'oisp.agent.version' },
  { was: 'gen_ai.usage.cache_creation.input_tokens', is: 'gen_ai.usage.cache_write.input_tokens' },
  { was: 'gen_ai.request.top_k', on: 'retrieval', is: 'gen_ai.retrieval.top_k', type: 'int' },
  { was: 'gen_ai.request.top_k', is: 'gen_ai.request.top_k', type: 'int' },
  { was: 'oisp.request.previous_response_id', is: 'gen_ai.request.previous_response.id' },
];

const MOVED = new Set(CHANGES.map((change) => change.was));

/** Attributes with the names of 1.41 as those of `semconv`; the same list where nothing is different. */
export function named(attributes: readonly Attribute[], semconv: Semconv): readonly Attribute[] {
  if (semconv === '1.41' || !attributes.some(({ key }) => MOVED.has(key))) return attributes;
  const operation = attributes.find(({ key }) => key === 'gen_ai.operation.name')?.value;
  return attributes.flatMap((attribute) => {
    const { key } = attribute;
    const change = CHANGES.find(({ was, on }) => was === key && (on === undefined || on === operation));
    if (change === undefined) return [attribute];
    const { is } = change;
    const next = is === undefined ? [] : [change.type === 'int' ? asInt(attribute, is) : { ...attribute, key: is }];
    if (semconv === 'genai-next') return next;
    return is === key ? [attribute] : [attribute, ...next];
  });
}

function asInt(attribute: Attribute, key: string): Attribute {
  const { value } = attribute;
  return typeof value === 'number' ? { key, type: 'int', value: Math.trunc(value) } : { ...attribute, key };
}
