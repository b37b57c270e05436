import type { Usage } from '../../../core/index.ts';
import { isObject, type Json, list, number, object } from '../json.ts';
import { compact } from '../normal.ts';

/**
 * What Cohere counts: `tokens` are those that the model saw and wrote, `billed_units` those that are paid for (all that embeddings have).
 * Both stand in `usage` (v2) or `meta` (v1). Source: docs.cohere.com/docs/how-does-cohere-pricing-work (2026-11).
 */
export function cohereUsage(holder: Json): Usage | undefined {
  const billed = object(holder['billed_units']);
  const tokens = object(holder['tokens']);
  if (!isObject(holder['billed_units']) && !isObject(holder['tokens'])) return undefined;
  const input = number(tokens['input_tokens']) ?? number(billed['input_tokens']);
  const output = number(tokens['output_tokens']) ?? number(billed['output_tokens']);
  return compact({
    prompt_tokens: input,
    completion_tokens: output,
    total_tokens: input === undefined || output === undefined ? undefined : input + output,
    cached_tokens: number(holder['cached_tokens']),
    provider: { billed_units: billed, ...(isObject(holder['tokens']) && { tokens }) },
  });
}

/** How many citations an answer has. */
export function citationsIn(citations: unknown): Readonly<Record<string, unknown>> | undefined {
  const found = list(citations).length;
  return found === 0 ? undefined : { 'oisp.response.citations': found };
}
