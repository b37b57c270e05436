import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PROVIDERS } from '../../../core/ai/data/providers.ts';
import { isHostProblem, readHost } from '../../../core/ai/host-table.ts';
import { mergeEntries } from '../../../core/ai/registry.ts';
import { DEFAULT_REGISTRY, mayBeModelCall, ProviderRegistry } from '../../../core/index.ts';

const registry = DEFAULT_REGISTRY;

describe('the registry that ships with the program', () => {
  test.each([
    // the 18 providers that the OISP sensor names, with all their hosts
    ['api.openai.com', 443, 'openai'],
    ['eu.api.openai.com', 443, 'openai'],
    ['api.anthropic.com', 443, 'anthropic'],
    ['generativelanguage.googleapis.com', 443, 'google'],
    ['aiplatform.googleapis.com', 443, 'google_vertex'],
    ['us-central1-aiplatform.googleapis.com', 443, 'google_vertex'],
    ['aiplatform.eu.rep.googleapis.com', 443, 'google_vertex'],
    ['my-resource.openai.azure.com', 443, 'azure_openai'],
    ['my-resource.cognitiveservices.azure.com', 443, 'azure_openai'],
    ['my-resource.services.ai.azure.com', 443, 'azure_ai'],
    ['bedrock-runtime.us-east-1.amazonaws.com', 443, 'aws_bedrock'],
    ['bedrock-runtime-fips.us-gov-west-1.amazonaws.com', 443, 'aws_bedrock'],
    ['bedrock-runtime.cn-north-1.amazonaws.com.cn', 443, 'aws_bedrock'],
    ['vpce-0a-1b.bedrock-runtime.us-east-1.vpce.amazonaws.com', 443, 'aws_bedrock'],
    ['api.cohere.com', 443, 'cohere'],
    ['api.cohere.ai', 443, 'cohere'],
    ['api.mistral.ai', 443, 'mistral'],
    ['codestral.mistral.ai', 443, 'mistral'],
    ['api.groq.com', 443, 'groq'],
    ['api.together.xyz', 443, 'together'],
    ['api.together.ai', 443, 'together'],
    ['api.fireworks.ai', 443, 'fireworks'],
    ['api.perplexity.ai', 443, 'perplexity'],
    ['openrouter.ai', 443, 'openrouter'],
    ['api.openrouter.ai', 443, 'openrouter'],
    ['api.deepseek.com', 443, 'deepseek'],
    ['api.x.ai', 443, 'xai'],
    ['us-east-1.api.x.ai', 443, 'xai'],
    ['api.replicate.com', 443, 'replicate'],
    ['api-inference.huggingface.co', 443, 'huggingface'],
    ['router.huggingface.co', 443, 'huggingface'],
    ['localhost', 11434, 'ollama'],
    ['127.0.0.1', 11434, 'ollama'],
    ['[::1]', 11434, 'ollama'],
    ['host.docker.internal', 11434, 'ollama'],
    ['localhost', 1234, 'lmstudio'],
    // and others
    ['models.inference.ai.azure.com', 443, 'github'],
    ['api.individual.githubcopilot.com', 443, 'github_copilot'],
    ['us.inference.heroku.com', 443, 'heroku'],
    ['us-south.ml.cloud.ibm.com', 443, 'watsonx'],
    ['ark.cn-beijing.volces.com', 443, 'volcengine'],
  ])('knows %s:%i as %s', (host, port, name) => {
    expect(registry.providerOf(host, port)?.name).toBe(name);
  });

  test.each([
    ['api.openai.com.evil.test', 443],
    ['api-openai.com', 443],
    ['notapi.openai.com', 443],
    ['openai.azure.com', 443],
    ['evil-openai.azure.com', 443],
    ['openai.azure.com.evil.test', 443],
    ['bedrock-runtime.amazonaws.com', 443],
    ['bedrock-runtime.a.b.amazonaws.com', 443],
    ['s3.us-east-1.amazonaws.com', 443],
    ['storage.googleapis.com', 443],
    ['huggingface.co', 443],
    ['example.com', 11434],
    ['localhost', 8000],
    ['localhost', 8080],
    ['127.0.0.1.evil.test', 11434],
    ['__proto__', 443],
    ['constructor', 11434],
  ])('does not know %s:%i', (host, port) => {
    expect(registry.providerOf(host, port)).toBeUndefined();
  });

  test.each([
    ['localhost', 8000, 'vllm'],
    ['127.0.0.1', 8080, 'llama_cpp'],
    ['ollama', 11434, 'ollama'],
    ['192.168.1.20', 11434, 'ollama'],
    ['gpu.local', 11434, 'ollama'],
    ['192.168.1.20', 8000, undefined],
    ['example.com', 11434, undefined],
    ['172.32.0.1', 11434, undefined],
  ])('takes %s:%i for a hint at %s at most', (host, port, name) => {
    expect(registry.guessOf(host, port)?.name).toBe(name);
  });

  test('has names in the enum of OISP, and those of OpenTelemetry', () => {
    const spec =
      'openai anthropic google azure_openai aws_bedrock cohere mistral groq together fireworks replicate huggingface ollama lmstudio vllm other'.split(
        ' ',
      );
    for (const name of Object.keys(registry.entries)) expect(spec).toContain(registry.named(name)?.oisp);
    const otel = (name: string) => registry.named(name)?.otel;
    expect(['google', 'google_vertex', 'azure_openai', 'azure_ai', 'aws_bedrock'].map(otel)).toEqual([
      'gcp.gemini',
      'gcp.vertex_ai',
      'azure.ai.openai',
      'azure.ai.inference',
      'aws.bedrock',
    ]);
    expect(['mistral', 'xai', 'moonshot', 'watsonx', 'groq'].map(otel)).toEqual([
      'mistral_ai',
      'x_ai',
      'moonshot_ai',
      'ibm.watsonx.ai',
      'groq',
    ]);
  });

  test('has hosts that can be read, each of one provider, and says where all is from', () => {
    const seen = new Map<string, string>();
    for (const [name, entry] of Object.entries(PROVIDERS)) {
      expect(entry).toMatchObject({ source: expect.any(String), date: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
      for (const host of entry.hosts ?? []) {
        expect(isHostProblem(readHost(host)), host).toBe(false);
        expect(seen.get(host), host).toBeUndefined();
        seen.set(host, name);
      }
      for (const other of entry.prices_of ?? []) expect(PROVIDERS).toHaveProperty(other);
    }
  });

  test('says of every model and price where it is from, and stays small', () => {
    let models = 0;
    for (const name of Object.keys(registry.entries))
      for (const model of registry.modelsOf(name)) {
        models++;
        expect(model.date, model.id).toMatch(/^\d{4}-\d\d-\d\d$/);
        expect(model.source, model.id).toMatch(/^(?:@pydantic\/genai-prices|litellm) \d/);
        for (const { since, hours, above, ...rates } of model.prices ?? []) {
          expect(Object.values(rates).length, model.id).toBeGreaterThan(0);
          for (const rate of Object.values(rates)) expect(rate, model.id).toBeLessThan(1000);
          if (since !== undefined) expect(Date.parse(since), model.id).not.toBeNaN();
          if (hours !== undefined) expect(hours).toMatch(/^\d\d:\d\d-\d\d:\d\d$/);
          for (const long of above ?? []) expect(long.tokens, model.id).toBeGreaterThanOrEqual(32_000);
        }
      }
    expect(models).toBeGreaterThan(500);
    const file = new URL('../../../core/ai/data/models.gen.ts', import.meta.url);
    expect(readFileSync(file).length).toBeLessThan(300 * 1024);
  });
});

describe('a model is found by', () => {
  test.each([
    ['openai', 'gpt-4o', 'gpt-4o'],
    ['openai', 'gpt-4o-2024-08-06', 'gpt-4o'],
    ['openai', 'gpt-4o-2024-05-13', 'gpt-4o-2024-05-13'],
    ['openai', 'gpt-5-mini-2025-08-07', 'gpt-5-mini'],
    ['openai', 'gpt-5.4-2031-01-01', 'gpt-5.4'],
    ['openai', 'ft:gpt-4o-mini-2024-07-18:org::id', 'ft:gpt-4o-mini'],
    ['anthropic', 'claude-opus-4-5-20251101', 'claude-opus-4-5'],
    ['anthropic', 'claude-sonnet-4-5@20250929', 'claude-sonnet-4-5'],
    ['google', 'models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google_vertex', 'publishers/google/models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google_vertex', 'projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash', 'gemini-2.5-flash'],
    ['google_vertex', 'claude-opus-4-5@20251101', 'claude-opus-4-5'],
    ['azure_openai', 'gpt-4o-2024-11-20', 'gpt-4o'],
    ['azure_ai', 'claude-opus-4-5', 'claude-opus-4-5'],
    ['aws_bedrock', 'amazon.nova-pro-v1:0', 'amazon.nova-pro-v1:0'],
    ['aws_bedrock', 'us.amazon.nova-pro-v1%3A0', 'amazon.nova-pro-v1:0'],
    ['aws_bedrock', 'global.anthropic.claude-opus-4-5-20251101-v1:0', 'global.anthropic.claude-opus-4-5-v1:0'],
    [
      'aws_bedrock',
      'arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.amazon.nova-lite-v1:0',
      'amazon.nova-lite-v1:0',
    ],
    ['openrouter', 'openai/gpt-4o-2024-08-06', 'gpt-4o'],
    ['openrouter', 'anthropic/claude-opus-4.5', 'claude-opus-4-5'],
    ['openrouter', 'anthropic/claude-opus-4.5:online', 'claude-opus-4-5'],
    ['groq', 'LLAMA-3.3-70b-versatile', 'llama-3.3-70b-versatile'],
    ['openrouter', 'meta-llama/llama-3.3-70b-instruct:free', undefined],
    ['openrouter', 'openai/gpt-4o:free', undefined],
    ['openai', 'claude-opus-4-5', undefined],
    ['openai', 'a-model-of-nobody', undefined],
    ['nobody', 'gpt-4o', undefined],
    ['openai', '', undefined],
    ['openai', '__proto__', undefined],
    ['aws_bedrock', '%E0%A4%A', undefined],
  ])('%s: %s is %s', (provider, id, want) => {
    expect(registry.modelOf(provider, id)?.id).toBe(want);
  });

  test('any text without a throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.keys(registry.entries)),
        fc.string({ unit: 'binary', maxLength: 400 }),
        (name, id) => {
          registry.modelOf(name, id);
        },
      ),
    );
  });
});

describe('entries laid over others', () => {
  const merged = mergeEntries(registry.entries, {
    openai: { hosts: ['openai.corp.local'], models: { 'gpt-4o': { prices: [{ input: 1, output: 2 }] } } },
    corp: {
      otel: 'openai',
      hosts: ['api.deepseek.com', 'ai.corp.local'],
      prices_of: ['openai'],
      source: 'us',
      date: '2026-11-20',
    },
  });
  const over = new ProviderRegistry(merged);

  test('add hosts and keep those that were there', () => {
    expect(over.providerOf('openai.corp.local', 443)?.name).toBe('openai');
    expect(over.providerOf('api.openai.com', 443)?.name).toBe('openai');
  });

  test('take hosts of others', () => {
    expect(over.providerOf('api.deepseek.com', 443)).toEqual({ name: 'corp', otel: 'openai', oisp: 'other' });
  });

  test('replace models of the same id and keep the others, with their origins', () => {
    expect(over.modelOf('openai', 'gpt-4o')?.prices).toEqual([{ input: 1, output: 2 }]);
    expect(over.modelOf('corp', 'gpt-4o')?.prices).toEqual([{ input: 1, output: 2 }]);
    expect(over.modelOf('openai', 'gpt-5')?.source).toMatch(/genai-prices/);
  });
});

describe('an alias', () => {
  const aliased = new ProviderRegistry(registry.entries, {
    'gateway.corp.local': 'openai',
    'localhost:4000': 'anthropic',
    '*.ai.corp.local': 'api.mistral.ai',
    'api.groq.com': 'xai',
    'nowhere.corp.local': 'no such provider',
  });

  test.each([
    ['gateway.corp.local', 8443, 'openai'],
    ['localhost', 4000, 'anthropic'],
    ['localhost', 4001, undefined],
    ['eu.ai.corp.local', 443, 'mistral'],
    ['api.groq.com', 443, 'xai'],
    ['nowhere.corp.local', 443, undefined],
    ['api.openai.com', 443, 'openai'],
  ])('%s:%i is %s', (host, port, name) => {
    expect(aliased.providerOf(host, port)?.name).toBe(name);
  });

  test('makes a request to it one that is looked at', () => {
    expect(mayBeModelCall(aliased, 'gateway.corp.local', 443, '/x')).toBe(true);
    expect(mayBeModelCall(registry, 'gateway.corp.local', 443, '/x')).toBe(false);
    expect(mayBeModelCall(registry, 'gateway.corp.local', 443, '/v1/chat/completions')).toBe(true);
  });
});
