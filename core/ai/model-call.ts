import type { ProviderRegistry } from './registry.ts';

/**
 * Paths by which the APIs of providers and of all who copy them are known, wherever they are served: OpenAI, Anthropic, Gemini, Bedrock, Cohere,
 * Ollama, MCP over HTTP (the providers' API references, November 2026).
 */
const PATHS =
  /\/(?:chat\/completions|completions|responses|messages|embeddings|moderations|rerank|complete|converse(?:-stream)?|invoke(?:-with-response-stream)?|mcp|sse|realtime|predict)(?:[/?:]|$)|:(?:stream)?(?:generateContent|GenerateContent|countTokens|rawPredict|streamRawPredict|embedContent|batchEmbedContents|predict)\b|\/api\/(?:chat|generate|embed|embeddings|tags|show)(?:[?]|$)|\/v\d+(?:beta\d*|alpha)?\/(?:models|images|audio|files|batches|chat|generate|embed|count_tokens)(?:[/?]|$)/;

/** Whether a request to this host (without port) and path may be one to an AI model. Generous: who decodes it looks closer. */
export function mayBeModelCall(
  registry: ProviderRegistry,
  host: string,
  port: number | undefined,
  path: string,
): boolean {
  return registry.providerOf(host, port) !== undefined || PATHS.test(path);
}
