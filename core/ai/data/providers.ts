import type { ProviderEntry } from '../provider.ts';

const CHAT = ['openai.chat'];
const OPENAI = ['openai.chat', 'openai.responses', 'openai.completions'];

/** The API references of the providers, on the day at which their hosts were read there. */
const SOURCE = 'API reference';
const DATE = '2026-11-21';

const at = (entry: ProviderEntry): ProviderEntry => ({ source: SOURCE, date: DATE, ...entry });
/** A cloud that speaks OpenAI's Chat Completions and is in none of the lists of names. */
const copy = (title: string, ...hosts: string[]): ProviderEntry => at({ title, hosts, apis: CHAT });
const local = (
  title: string,
  apis: readonly string[],
  ports: Pick<ProviderEntry, 'ports' | 'weak_ports'>,
): ProviderEntry => at({ title, apis, ...ports });

/** Providers by name: their hosts, ports and APIs. Models and prices stand in `models.gen.ts`. */
export const PROVIDERS: Readonly<Record<string, ProviderEntry>> = {
  openai: at({
    title: 'OpenAI',
    oisp: 'openai',
    hosts: ['api.openai.com', '*.api.openai.com', 'chatgpt.com'],
    apis: [...OPENAI, 'openai.realtime'],
  }),
  anthropic: at({
    title: 'Anthropic',
    oisp: 'anthropic',
    hosts: ['api.anthropic.com'],
    apis: ['anthropic.messages', 'anthropic.complete'],
  }),
  google: at({
    title: 'Google Gemini',
    oisp: 'google',
    otel: 'gcp.gemini',
    hosts: ['generativelanguage.googleapis.com', 'cloudcode-pa.googleapis.com'],
    apis: ['google.generate', 'google.live', ...CHAT],
  }),
  google_vertex: at({
    title: 'Google Vertex AI',
    oisp: 'google',
    otel: 'gcp.vertex_ai',
    // global, regional, and the regional endpoints that keep data in a region
    hosts: [
      'aiplatform.googleapis.com',
      '*-aiplatform.googleapis.com',
      '*.aiplatform.googleapis.com',
      'aiplatform.*.rep.googleapis.com',
    ],
    apis: ['google.generate', 'anthropic.messages', ...CHAT],
    prices_of: ['google', 'anthropic', 'mistral'],
  }),
  azure_openai: at({
    title: 'Azure OpenAI',
    oisp: 'azure_openai',
    otel: 'azure.ai.openai',
    hosts: [
      '*.openai.azure.com',
      '*.openai.azure.us',
      '*.openai.azure.cn',
      '*.cognitiveservices.azure.com',
      '*.cognitiveservices.azure.us',
    ],
    apis: OPENAI,
    prices_of: ['openai'],
  }),
  azure_ai: at({
    title: 'Azure AI Foundry',
    oisp: 'azure_openai',
    otel: 'azure.ai.inference',
    hosts: ['*.services.ai.azure.com', '*.models.ai.azure.com', '*.inference.ai.azure.com'],
    apis: [...OPENAI, 'anthropic.messages'],
    prices_of: ['azure_openai', 'openai', 'anthropic', 'deepseek', 'xai', 'cohere', 'mistral'],
  }),
  aws_bedrock: at({
    title: 'AWS Bedrock',
    oisp: 'aws_bedrock',
    otel: 'aws.bedrock',
    // with and without FIPS, dual stack, China, endpoints in a VPC, and the OpenAI-compatible service
    hosts: [
      'bedrock-runtime*.*.amazonaws.com',
      'bedrock-runtime*.*.amazonaws.com.cn',
      'bedrock-runtime*.*.api.aws',
      '*.bedrock-runtime*.*.vpce.amazonaws.com',
      'bedrock-agent-runtime*.*.amazonaws.com',
      'bedrock-mantle.*.api.aws',
    ],
    apis: ['bedrock.converse', 'bedrock.invoke', ...OPENAI],
  }),
  cohere: at({
    title: 'Cohere',
    oisp: 'cohere',
    hosts: ['api.cohere.com', 'api.cohere.ai'],
    apis: ['cohere.v1', 'cohere.v2', ...CHAT],
  }),
  mistral: at({
    title: 'Mistral AI',
    oisp: 'mistral',
    otel: 'mistral_ai',
    hosts: ['api.mistral.ai', 'codestral.mistral.ai'],
    apis: CHAT,
  }),
  groq: at({ title: 'Groq', oisp: 'groq', hosts: ['api.groq.com'], apis: OPENAI }),
  together: at({ title: 'Together AI', oisp: 'together', hosts: ['api.together.xyz', 'api.together.ai'], apis: CHAT }),
  fireworks: at({
    title: 'Fireworks AI',
    oisp: 'fireworks',
    hosts: ['api.fireworks.ai', '*.api.fireworks.ai'],
    apis: [...CHAT, 'anthropic.messages'],
  }),
  perplexity: at({ title: 'Perplexity', hosts: ['api.perplexity.ai'], apis: CHAT }),
  openrouter: at({
    title: 'OpenRouter',
    hosts: ['openrouter.ai', '*.openrouter.ai'],
    apis: [...OPENAI, 'anthropic.messages'],
    // its price list is that of the vendors (openrouter.ai/docs/faq)
    prices_of: ['openai', 'anthropic', 'google', 'xai', 'deepseek', 'mistral', 'cohere', 'perplexity', 'moonshot'],
  }),
  deepseek: at({ title: 'DeepSeek', hosts: ['api.deepseek.com'], apis: [...CHAT, 'anthropic.messages'] }),
  xai: at({
    title: 'xAI',
    otel: 'x_ai',
    hosts: ['api.x.ai', '*.api.x.ai'],
    apis: [...OPENAI, 'anthropic.messages'],
  }),
  replicate: at({
    title: 'Replicate',
    oisp: 'replicate',
    hosts: ['api.replicate.com', 'stream.replicate.com'],
    apis: ['replicate.predictions'],
  }),
  huggingface: at({
    title: 'Hugging Face',
    oisp: 'huggingface',
    hosts: ['router.huggingface.co', 'api-inference.huggingface.co', '*.endpoints.huggingface.cloud'],
    apis: ['huggingface.tgi', ...CHAT],
  }),

  ollama: at({
    title: 'Ollama',
    oisp: 'ollama',
    hosts: ['ollama.com'],
    ports: [11434],
    apis: ['ollama.chat', ...CHAT],
  }),
  lmstudio: at({ title: 'LM Studio', oisp: 'lmstudio', ports: [1234], apis: OPENAI }),
  vllm: at({ title: 'vLLM', oisp: 'vllm', weak_ports: [8000], apis: OPENAI }),
  llama_cpp: local('llama.cpp server', CHAT, { weak_ports: [8080] }),
  docker_model_runner: at({
    title: 'Docker Model Runner',
    hosts: ['model-runner.docker.internal'],
    ports: [12434],
    apis: CHAT,
  }),
  litellm: local('LiteLLM proxy', OPENAI, { weak_ports: [4000] }),
  sglang: local('SGLang', CHAT, { weak_ports: [30000] }),
  jan: local('Jan', CHAT, { weak_ports: [1337] }),
  gpt4all: local('GPT4All', CHAT, { weak_ports: [4891] }),
  koboldcpp: local('KoboldCpp', CHAT, { weak_ports: [5001] }),

  ai21: copy('AI21 Labs', 'api.ai21.com'),
  alibaba: copy(
    'Alibaba Cloud Model Studio',
    'dashscope.aliyuncs.com',
    'dashscope-intl.aliyuncs.com',
    'dashscope-us.aliyuncs.com',
  ),
  baseten: copy('Baseten', 'inference.baseten.co', '*.api.baseten.co'),
  cerebras: copy('Cerebras', 'api.cerebras.ai'),
  chutes: copy('Chutes', 'llm.chutes.ai'),
  cloudflare: copy('Cloudflare AI Gateway', 'gateway.ai.cloudflare.com'),
  deepinfra: copy('DeepInfra', 'api.deepinfra.com'),
  featherless: copy('Featherless', 'api.featherless.ai'),
  friendli: copy('FriendliAI', 'api.friendli.ai'),
  github: copy('GitHub Models', 'models.github.ai', 'models.inference.ai.azure.com'),
  github_copilot: copy('GitHub Copilot', 'api.githubcopilot.com', '*.githubcopilot.com'),
  helicone: copy('Helicone', 'ai-gateway.helicone.ai', 'oai.helicone.ai', 'anthropic.helicone.ai'),
  heroku: copy('Heroku Inference', '*.inference.heroku.com'),
  hyperbolic: copy('Hyperbolic', 'api.hyperbolic.xyz'),
  inception: copy('Inception', 'api.inceptionlabs.ai'),
  jina: copy('Jina AI', 'api.jina.ai'),
  meta_llama: copy('Meta Llama API', 'api.llama.com'),
  minimax: copy('MiniMax', 'api.minimax.io', 'api.minimaxi.com', 'api.minimax.chat'),
  modelscope: copy('ModelScope', 'api-inference.modelscope.cn'),
  moonshot: at({
    title: 'Moonshot AI',
    otel: 'moonshot_ai',
    hosts: ['api.moonshot.ai', 'api.moonshot.cn', 'api.kimi.com'],
    apis: [...CHAT, 'anthropic.messages'],
  }),
  morph: copy('Morph', 'api.morphllm.com'),
  nebius: copy('Nebius', 'api.studio.nebius.com', 'api.studio.nebius.ai', 'api.tokenfactory.nebius.com'),
  novita: copy('Novita AI', 'api.novita.ai'),
  nvidia: copy('NVIDIA', 'integrate.api.nvidia.com'),
  opencode: copy('OpenCode Zen', 'opencode.ai'),
  ovhcloud: copy('OVHcloud', 'oai.endpoints.kepler.ai.cloud.ovh.net'),
  poe: copy('Poe', 'api.poe.com'),
  portkey: copy('Portkey', 'api.portkey.ai'),
  requesty: copy('Requesty', 'router.requesty.ai'),
  sambanova: copy('SambaNova', 'api.sambanova.ai'),
  scaleway: copy('Scaleway', 'api.scaleway.ai'),
  siliconflow: copy('SiliconFlow', 'api.siliconflow.com', 'api.siliconflow.cn'),
  stepfun: copy('StepFun', 'api.stepfun.com'),
  tencent: copy('Tencent Hunyuan', 'api.hunyuan.cloud.tencent.com'),
  upstage: copy('Upstage', 'api.upstage.ai'),
  venice: copy('Venice AI', 'api.venice.ai'),
  vercel: copy('Vercel AI Gateway', 'ai-gateway.vercel.sh'),
  volcengine: copy('Volcengine Ark', 'ark.*.volces.com'),
  voyage: copy('Voyage AI', 'api.voyageai.com'),
  wandb: copy('W&B Inference', 'api.inference.wandb.ai'),
  watsonx: at({
    title: 'IBM watsonx.ai',
    otel: 'ibm.watsonx.ai',
    hosts: ['*.ml.cloud.ibm.com'],
    apis: ['watsonx.chat', ...CHAT],
  }),
  writer: copy('Writer', 'api.writer.com'),
  xiaomi: copy('Xiaomi MiMo', 'api.xiaomimimo.com'),
  zai: copy('Z.ai', 'api.z.ai', 'open.bigmodel.cn'),
};
