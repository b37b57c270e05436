/** Small bundles of the three forms in circulation, made by hand after those of the OISP sensor and spec. */
const rules = { openai: { endpoints: { chat: { path: '/v1/chat/completions' } } } };

/** The form that the sensor embeds and the spec had until 1.0.0; models by LiteLLM's names. */
export const SENSOR = {
  $schema: 'https://oisp.dev/schema/v0.1/bundle.schema.json',
  bundle_version: '1.0.0',
  version: '0.1',
  generated_at: '2025-12-23T21:55:45.148117+00:00',
  source: 'oisp-spec',
  domain_index: {
    'api.openai.com': 'openai',
    'api.newcloud.example': 'newcloud',
    'localhost:11434': 'ollama',
    '127.0.0.1:5555': 'newlocal',
  },
  domain_patterns: [
    { pattern: '*.openai.azure.com', provider: 'azure_openai', regex: '^.*\\.openai\\.azure\\.com$' },
    { pattern: 'bedrock.*.amazonaws.com', provider: 'aws_bedrock', regex: '^bedrock\\..*\\.amazonaws\\.com$' },
    { pattern: 'eu-*.newcloud.example', provider: 'newcloud', regex: '^eu\\-[a-z0-9-]+\\.newcloud\\.example$' },
    { pattern: 'odd', provider: 'newcloud', regex: '^(a|b)\\.newcloud\\.example$' },
    { pattern: 'open', provider: 'newcloud', regex: '^api\\.newcloud\\.example' },
    { pattern: 'all', provider: 'newcloud', regex: '^.*$' },
  ],
  providers: {
    openai: {
      id: 'openai',
      display_name: 'OpenAI',
      domains: ['api.openai.com'],
      litellm_provider: 'openai',
      type: 'cloud',
    },
    newcloud: { id: 'newcloud', display_name: 'New Cloud', domains: ['api.newcloud.example'], type: 'cloud' },
  },
  models: {
    'openai/gpt-z': {
      id: 'gpt-z',
      provider: 'openai',
      litellm_id: 'gpt-z',
      mode: 'chat',
      max_input_tokens: 128000,
      max_output_tokens: 2000000.0,
      input_cost_per_1k: 0.0025,
      output_cost_per_1k: 0.01,
      capabilities: ['vision', 'function_calling'],
    },
    'newcloud/large': {
      id: 'large',
      provider: 'newcloud',
      mode: 'chat',
      input_cost_per_1k: 9e-5,
      output_cost_per_1k: 0.00029,
    },
    'newcloud/draw': { id: 'draw', provider: 'newcloud', mode: 'image' },
    'nobody/model': { id: 'model', provider: 'nobody', mode: 'chat' },
    'together_ai/m': { id: 'm', provider: 'together_ai', mode: 'chat', input_cost_per_1k: 0.001 },
  },
  extraction_rules: rules,
  fingerprints: { openai: { high_confidence: [{ domain: 'api.openai.com' }] } },
};

/** The spec's 1.0.0 of 2026: the same form, models of models.dev. */
export const SPEC = {
  ...SENSOR,
  generated_at: '2026-01-01T00:00:00.000000+00:00',
  models: {
    'newcloud/large': {
      id: 'large',
      name: 'Large',
      provider: 'newcloud',
      family: null,
      mode: 'chat',
      knowledge_cutoff: '2025-01',
      release_date: '2025-09-15',
      open_weights: true,
      input_cost_per_1k: 0.0011,
      output_cost_per_1k: 0.0055,
      cache_read_cost_per_1k: 0.00011,
      cache_write_cost_per_1k: 0.00125,
    },
  },
};

/** The site's 2.0.0. */
export const SITE = {
  $schema: 'https://oisp.dev/schema/v0.1/bundle.schema.json',
  bundle_version: '2.0.0',
  version: '0.1',
  generated_at: '2026-01-06T20:38:56.847678+00:00',
  source_url: 'https://models.dev/api.json',
  domain_lookup: {
    'api.moonshot.ai': 'moonshotai',
    'api.newcloud.example': 'newcloud',
    'us-central1-aiplatform.googleapis.com': 'google_vertex',
  },
  domain_patterns: [
    { pattern: '.*\\.openai\\.azure\\.com$', provider: 'azure_openai' },
    { pattern: '.*\\.region\\.newcloud\\.example$', provider: 'newcloud' },
  ],
  parsers: { openai: { model: '$.model' } },
  providers: {
    moonshotai: { name: 'Moonshot AI', api_endpoint: 'https://api.moonshot.ai/v1', api_format: 'openai' },
    newcloud: { name: 'New Cloud', api_endpoint: 'https://api.newcloud.example/v1', api_format: 'openai' },
    '302ai': { name: '302.AI', api_endpoint: 'https://api.302.example/v1', api_format: 'openai' },
    nohost: { name: 'No Host', api_endpoint: null, api_format: 'openai' },
  },
  models: {
    'moonshotai/kimi-z': {
      id: 'kimi-z',
      name: 'Kimi Z',
      provider: 'moonshotai',
      family: 'kimi',
      mode: 'chat',
      input_cost_per_1k: 0.0006,
      output_cost_per_1k: 0.0025,
      reasoning_cost_per_1k: 0.003,
    },
    '302ai/a::b': { id: 'a::b', provider: '302ai', mode: 'chat' },
    'nohost/m': { id: 'm', provider: 'nohost', mode: 'chat' },
  },
};
