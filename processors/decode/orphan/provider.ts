import type { Provider, ProviderRegistry } from '../../../core/index.ts';

/** Headers of answers that only one provider sends. Sources: `identity/header-table.ts`. */
const HEADERS: readonly (readonly [header: string, provider: string])[] = [
  ['anthropic-organization-id', 'anthropic'],
  ['openai-organization', 'openai'],
  ['apim-request-id', 'azure_openai'],
  ['mistral-correlation-id', 'mistral'],
  ['x-groq-region', 'groq'],
  ['x-amzn-bedrock-input-token-count', 'aws_bedrock'],
  ['x-amzn-bedrock-content-type', 'aws_bedrock'],
];

/** Who an answer is from, where its headers say so. */
export function providerIn(headers: ReadonlyMap<string, string>, registry: ProviderRegistry): Provider | undefined {
  const name = HEADERS.find(([header]) => headers.has(header))?.[1];
  return name === undefined ? undefined : registry.named(name);
}
