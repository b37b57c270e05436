/** What is known of an AI provider by its host. */
export interface Provider {
  /** Its name in the OISP enum (oisp-spec v0.1 `ai.schema.json`); `other` for those that are not in it. */
  readonly oisp: string;
  /** Its well-known `gen_ai.provider.name` (semantic conventions 1.41), else the name it goes by. */
  readonly otel: string;
  /** The name it goes by. */
  readonly name: string;
}

const provider = (name: string, otel = name, oisp = name): Provider => ({ oisp, otel, name });
const other = (name: string, otel = name): Provider => provider(name, otel, 'other');

/** Exact hosts, and `.suffix` for everything below one. Public API hosts from the providers' API references, November 2026. */
const HOSTS: readonly (readonly [string, Provider])[] = [
  ['api.openai.com', provider('openai')],
  ['.api.openai.com', provider('openai')],
  ['chatgpt.com', provider('openai')],
  ['api.anthropic.com', provider('anthropic')],
  ['generativelanguage.googleapis.com', provider('google', 'gcp.gemini')],
  ['cloudcode-pa.googleapis.com', provider('google', 'gcp.gemini')],
  ['aiplatform.googleapis.com', provider('google', 'gcp.vertex_ai')],
  ['.aiplatform.googleapis.com', provider('google', 'gcp.vertex_ai')],
  ['-aiplatform.googleapis.com', provider('google', 'gcp.vertex_ai')],
  ['.openai.azure.com', provider('azure_openai', 'azure.ai.openai')],
  ['.cognitiveservices.azure.com', provider('azure_openai', 'azure.ai.openai')],
  ['.services.ai.azure.com', provider('azure_openai', 'azure.ai.inference')],
  ['api.mistral.ai', provider('mistral', 'mistral_ai')],
  ['codestral.mistral.ai', provider('mistral', 'mistral_ai')],
  ['api.groq.com', provider('groq')],
  ['api.together.xyz', provider('together')],
  ['api.together.ai', provider('together')],
  ['api.fireworks.ai', provider('fireworks')],
  ['api.cohere.com', provider('cohere')],
  ['api.cohere.ai', provider('cohere')],
  ['router.huggingface.co', provider('huggingface')],
  ['api-inference.huggingface.co', provider('huggingface')],
  ['api.replicate.com', provider('replicate')],
  ['api.deepseek.com', other('deepseek')],
  ['openrouter.ai', other('openrouter')],
  ['api.x.ai', other('xai', 'x_ai')],
  ['api.perplexity.ai', other('perplexity')],
  ['api.cerebras.ai', other('cerebras')],
  ['api.moonshot.ai', other('moonshot', 'moonshot_ai')],
  ['api.moonshot.cn', other('moonshot', 'moonshot_ai')],
  ['api.z.ai', other('zai')],
  ['open.bigmodel.cn', other('zai')],
  ['api.voyageai.com', other('voyage')],
  ['api.sambanova.ai', other('sambanova')],
  ['integrate.api.nvidia.com', other('nvidia')],
  ['models.github.ai', other('github')],
  ['api.githubcopilot.com', other('github_copilot')],
  ['.githubcopilot.com', other('github_copilot')],
  ['.inference.heroku.com', other('heroku')],
  ['api.writer.com', other('writer')],
  ['api.minimax.io', other('minimax')],
  ['dashscope.aliyuncs.com', other('alibaba')],
  ['dashscope-intl.aliyuncs.com', other('alibaba')],
];

/** Ports by which local model servers are known; only on loopback hosts. */
const PORTS: ReadonlyMap<number, Provider> = new Map([
  [11434, provider('ollama')],
  [1234, provider('lmstudio')],
]);

const EXACT = new Map(HOSTS.filter(([host]) => !/^[.-]/.test(host)));
const SUFFIXES = HOSTS.filter(([host]) => /^[.-]/.test(host));
const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|::1|\[::1\]|host\.docker\.internal)$/;

/** The provider of a host (lower case) and port. */
export function providerOf(host: string, port: number | undefined): Provider | undefined {
  const exact = EXACT.get(host);
  if (exact !== undefined) return exact;
  for (const [suffix, found] of SUFFIXES) if (host.endsWith(suffix)) return found;
  return port !== undefined && LOOPBACK.test(host) ? PORTS.get(port) : undefined;
}
