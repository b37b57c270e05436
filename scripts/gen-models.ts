/**
 * Writes core/ai/data/models.gen.ts, the models and prices that ship with the program, from snapshots of two packages that the caller has
 * installed in a folder outside of this project:
 *
 *   npm install --prefix /tmp/snapshot @pydantic/genai-prices
 *   pip download --no-deps -d /tmp/snapshot litellm && unzip -d /tmp/snapshot /tmp/snapshot/litellm-*.whl
 *   npx tsx scripts/gen-models.ts --genai-prices /tmp/snapshot/node_modules/@pydantic/genai-prices@2026-09-23 \
 *     --litellm /tmp/snapshot@2026-11-21
 *
 * Behind `@` stands the day of the snapshot. Prices, their history and aliases are genai-prices'; sizes, capabilities and what it has no price
 * for are litellm's. Where both have a price for one id and differ, litellm's holds from the day on of which genai-prices' is, if it is the
 * younger snapshot; each difference is told on standard error.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { LongContextRates, ModelEntry, Price, Rates } from '../core/ai/provider.ts';

type Json = Readonly<Record<string, unknown>>;

const FROM: Readonly<
  Record<string, { readonly genai?: string; readonly litellm?: readonly string[]; readonly prefix?: string }>
> = {
  openai: { genai: 'openai', litellm: ['openai'] },
  anthropic: { genai: 'anthropic', litellm: ['anthropic'] },
  google: { genai: 'google', litellm: ['gemini'], prefix: 'gemini/' },
  azure_openai: { genai: 'azure' },
  aws_bedrock: { genai: 'aws', litellm: ['bedrock_converse'] },
  cohere: { genai: 'cohere', litellm: ['cohere', 'cohere_chat'] },
  mistral: { genai: 'mistral', litellm: ['mistral'], prefix: 'mistral/' },
  groq: { genai: 'groq', litellm: ['groq'], prefix: 'groq/' },
  together: { genai: 'together', litellm: ['together_ai'], prefix: 'together_ai/' },
  fireworks: { genai: 'fireworks', litellm: ['fireworks_ai'], prefix: 'fireworks_ai/' },
  perplexity: { genai: 'perplexity', litellm: ['perplexity'], prefix: 'perplexity/' },
  deepseek: { genai: 'deepseek', litellm: ['deepseek'], prefix: 'deepseek/' },
  xai: { genai: 'x-ai', litellm: ['xai'], prefix: 'xai/' },
  cerebras: { genai: 'cerebras', litellm: ['cerebras'], prefix: 'cerebras/' },
  moonshot: { genai: 'moonshotai', litellm: ['moonshot'], prefix: 'moonshot/' },
  zai: { litellm: ['zai'], prefix: 'zai/' },
};

/** Models of the first generations: gone, or of interest to nobody who watches agents. */
const OLD =
  /^(?:ada|babbage|curie|davinci|text-(?:ada|babbage|curie|davinci)|gpt-4-32k|claude-(?:v1|v2|1|2|instant)|palm|.*bison|togethercomputer\/|.*(?:llama-2|alpaca|vicuna|pythia|redpajama|stripedhyena|gpt-jt|openhermes|platypus|wizardlm|solar-10|yi-\d+b|phi-2|gemma-2b|gemma-7b|mistral-7b|mixtral-8x7b|openchat|snorkel|j2-|phi-3|sonar-(?:small|medium)))/i;
const MODES = new Set(['chat', 'completion', 'responses', 'embedding']);
const CAPABILITIES: Readonly<Record<string, string>> = {
  supports_function_calling: 'function_calling',
  supports_vision: 'vision',
  supports_response_schema: 'json_mode',
  supports_reasoning: 'reasoning',
  supports_web_search: 'web_search',
};
const FAMILIES: readonly RegExp[] = [
  /claude-(?:\d(?:[.-]\d)?-)?(opus|sonnet|haiku|instant|fable)/,
  /gemini-(?:[\d.]+-)?(flash-lite|flash|pro|ultra|embedding)/,
  /(gpt-oss|gpt-\d+(?:\.\d+)?o?|chatgpt|codex|(?<![a-z])o[1-9](?![a-z]))/,
  /(deepseek)-/,
  /(grok|mixtral|ministral|magistral|codestral|devstral|pixtral|voxtral|mistral|qwen|glm|kimi|gemma|phi|nova|sonar|minimax|command|nemotron|llama|titan|embed)/,
];
const FAMILY_PREFIX = ['claude-', 'gemini-'];

const { values } = parseArgs({ options: { 'genai-prices': { type: 'string' }, litellm: { type: 'string' } } });

function snapshot(name: 'genai-prices' | 'litellm'): { readonly folder: string; readonly date: string } {
  const [, folder, date] = /^(.+)@(\d{4}-\d{2}-\d{2})$/.exec(values[name] ?? '') ?? [];
  if (folder === undefined || date === undefined) throw new Error(`write --${name} FOLDER@YYYY-MM-DD`);
  return { folder, date };
}

function json(path: string): Json {
  return JSON.parse(readFileSync(path, 'utf8')) as Json;
}

const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const number = (value: unknown): number | undefined => (typeof value === 'number' && value > 0 ? value : undefined);
/** Dollars per token as dollars per million. */
const perMillion = (value: unknown): number | undefined =>
  typeof value === 'number' ? Number((value * 1e6).toPrecision(9)) : undefined;

function defined<T extends object>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

// ---------------------------------------------------------------- genai-prices
const RATES = {
  input_mtok: 'input',
  output_mtok: 'output',
  cache_read_mtok: 'cache_read',
  cache_write_mtok: 'cache_write',
  cache_write_1h_mtok: 'cache_write_1h',
  output_reasoning_mtok: 'reasoning',
} as const;

function genaiPrice(raw: Json, constraint: unknown): Price | undefined {
  const base: Record<string, number> = {};
  const above = new Map<number, Record<string, number>>();
  for (const [key, name] of Object.entries(RATES)) {
    const value = raw[key];
    if (typeof value === 'number') base[name] = value;
    if (!isJson(value) || typeof value['base'] !== 'number') continue;
    base[name] = value['base'];
    for (const tier of value['tiers'] as readonly { start: number; price: number }[]) {
      const tokens = tier.start % 1000 === 999 ? tier.start + 1 : tier.start;
      above.set(tokens, { ...above.get(tokens), [name]: tier.price });
    }
  }
  if (Object.keys(base).length === 0) return undefined;
  const long = [...above].sort(([a], [b]) => a - b).map(([tokens, rates]): LongContextRates => ({ tokens, ...rates }));
  const when = isJson(constraint) ? constraint : {};
  const time = (text: unknown): string => String(text).slice(0, 5);
  return {
    ...(when['type'] === 'start_date' && { since: String(when['start_date']) }),
    ...(when['type'] === 'time_of_date' && { hours: `${time(when['start_time'])}-${time(when['end_time'])}` }),
    ...base,
    ...(long.length > 0 && { above: long }),
  };
}

function genaiPrices(raw: unknown): Price[] {
  const list = Array.isArray(raw)
    ? raw.map((one: { prices: Json; constraint?: unknown }) => genaiPrice(one.prices, one.constraint))
    : [genaiPrice(raw as Json, undefined)];
  // a fee for each request: tokens alone do not tell what such a call costs
  if (JSON.stringify(raw).includes('requests_kcount')) return [];
  return list.filter((price) => price !== undefined);
}

/** What a rule of genai-prices matches, as ids and patterns; regular expressions are dates, which the registry takes off itself. */
function globsOf(match: Json, left: string[]): string[] {
  const [[kind, value] = []] = Object.entries(match);
  switch (kind) {
    case 'equals':
      return [String(value)];
    case 'starts_with':
      return [`${value}*`];
    case 'ends_with':
      return [`*${value}`];
    case 'contains':
      return [`*${value}*`];
    case 'or':
      return (value as readonly Json[]).flatMap((one) => globsOf(one, left));
    case 'and':
      return (value as readonly Json[]).flatMap((one) => globsOf(one, left)).slice(0, 1);
    default:
      if (!/\\d\{(?:8|4)\}|\\d$|TtT|tT/.test(String(value))) left.push(String(value));
      return [];
  }
}

// ---------------------------------------------------------------- litellm
function litellmPrice(raw: Json): Price | undefined {
  const rates = (suffix: string): Rates =>
    defined({
      input: perMillion(raw[`input_cost_per_token${suffix}`]),
      output: perMillion(raw[`output_cost_per_token${suffix}`]),
      cache_read: perMillion(raw[`cache_read_input_token_cost${suffix}`]),
      cache_write: perMillion(raw[`cache_creation_input_token_cost${suffix}`]),
    });
  const base: Rates = {
    ...rates(''),
    ...defined({
      cache_write_1h: perMillion(raw['cache_creation_input_token_cost_above_1hr']),
      reasoning: perMillion(raw['output_cost_per_reasoning_token']),
    }),
  };
  if (base.input === undefined && base.output === undefined) return undefined;
  const above = [128, 200, 256, 272, 512]
    .map((k): LongContextRates => ({ tokens: k * 1000, ...rates(`_above_${k}k_tokens`) }))
    .filter((long) => Object.keys(long).length > 1);
  const { reasoning, ...plain } = base;
  return {
    ...plain,
    ...(reasoning !== undefined && reasoning !== base.output && { reasoning }),
    ...(above.length > 0 && { above }),
  };
}

function litellmFacts(raw: Json): ModelEntry {
  const capabilities = Object.keys(CAPABILITIES)
    .filter((key) => raw[key] === true)
    .map((key) => CAPABILITIES[key] ?? '');
  return {
    ...defined({
      context_window: number(raw['max_input_tokens']),
      max_output_tokens: number(raw['max_output_tokens']),
    }),
    ...(capabilities.length > 0 && { capabilities }),
  };
}

function familyOf(id: string): string | undefined {
  const name = id.toLowerCase();
  for (const [i, pattern] of FAMILIES.entries()) {
    const found = pattern.exec(name)?.[1];
    if (found !== undefined) return (FAMILY_PREFIX[i] ?? '') + found;
  }
  return undefined;
}

// ---------------------------------------------------------------- both
const genai = snapshot('genai-prices');
const lite = snapshot('litellm');
const genaiVersion = String(json(join(genai.folder, 'package.json'))['version']);
const liteVersion = readdirSync(lite.folder)
  .map((name) => /^litellm-([\d.]+)\.dist-info$/.exec(name)?.[1])
  .find((version) => version !== undefined);
if (liteVersion === undefined) throw new Error(`${lite.folder} holds no unpacked wheel of litellm`);
const genaiModule = (await import(pathToFileURL(join(genai.folder, 'dist/index.js')).href)) as {
  findProvider(options: { providerId: string }): { readonly models: readonly Json[] } | undefined;
};
const liteModels = json(join(lite.folder, 'litellm/model_prices_and_context_window_backup.json'));

const left: string[] = [];
const differences: string[] = [];
const SECOND = { source: `litellm ${liteVersion}`, date: lite.date };

function modelsOf(provider: string): Record<string, ModelEntry> {
  const { genai: genaiId, litellm = [], prefix = '' } = FROM[provider] ?? {};
  const facts = new Map<string, Json>();
  for (const [key, raw] of Object.entries(liteModels)) {
    if (!isJson(raw) || !litellm.includes(String(raw['litellm_provider']))) continue;
    if (!MODES.has(String(raw['mode'])) || String(raw['deprecation_date'] ?? '9') < lite.date) continue;
    const id = key.startsWith(prefix) ? key.slice(prefix.length) : key;
    if (!facts.has(id)) facts.set(id, raw);
  }
  const models: Record<string, ModelEntry> = {};
  const taken = new Set<string>();
  for (const model of genaiId === undefined ? [] : (genaiModule.findProvider({ providerId: genaiId })?.models ?? [])) {
    const id = String(model['id']);
    const prices = genaiPrices(model['prices']);
    const isFree = prices.length === 0 && !JSON.stringify(model['prices']).includes('requests_kcount');
    if (model['deprecated'] === true || OLD.test(id) || isFree || /:free$/.test(id)) continue;
    const aliases = globsOf(model['match'] as Json, left).filter((alias) => alias !== id);
    const known =
      [id, ...aliases].find((name) => facts.has(name)) ?? aliases.find((name) => facts.has(name.replaceAll('*', '')));
    const raw = known === undefined ? undefined : facts.get(known.replaceAll('*', ''));
    for (const name of [id, ...aliases]) taken.add(name.toLowerCase());
    const second = raw === undefined ? undefined : litellmPrice(raw);
    const last = prices.at(-1);
    const isNewer =
      last !== undefined && second !== undefined && known === id && last.hours === undefined && lite.date > genai.date;
    const changed = isNewer && !isSame(last, second) ? { since: genai.date, ...second } : undefined;
    models[id] = {
      ...(aliases.length > 0 && { aliases }),
      ...defined({ family: familyOf(id), context_window: number(model['context_window']) }),
      ...(raw && litellmFacts(raw)),
      ...(changed && SECOND),
      ...(prices.length > 0 && {
        prices: [
          ...prices.map((price, i) => (i === prices.length - 1 ? completed(provider, id, price, second) : price)),
          ...(changed ? [changed] : []),
        ],
      }),
    };
  }
  const patterns = [...taken].filter((name) => name.includes('*')).map((glob) => glob.replaceAll('*', ''));
  for (const [id, raw] of facts) {
    const price = litellmPrice(raw);
    const name = id.toLowerCase();
    if (price === undefined || (price.input ?? 0) + (price.output ?? 0) === 0) continue;
    if (taken.has(name) || OLD.test(id) || patterns.some((part) => name.includes(part))) continue;
    // another region's price, a size of a served model, a picture: no id that an answer carries
    if (/^(?:us|eu|apac|au|jp|ca|sa|us-gov|azure)[./]|commitment|x-|^fireworks-ai-|^together-ai-/.test(name)) continue;
    models[id] = { ...defined({ family: familyOf(id) }), ...litellmFacts(raw), ...SECOND, prices: [price] };
  }
  return Object.fromEntries(Object.entries(models).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isSame(price: Price, second: Price): boolean {
  return (price.input ?? 0) === (second.input ?? 0) && (price.output ?? 0) === (second.output ?? 0);
}

/** A price with the rates that only the second source has, where both agree on input and output. */
function completed(provider: string, id: string, price: Price, second: Price | undefined): Price {
  if (second === undefined) return price;
  if (!isSame(price, second)) {
    differences.push(`${provider} ${id}: ${price.input}/${price.output} and ${second.input}/${second.output}`);
    return price;
  }
  const { cache_read, cache_write, cache_write_1h, reasoning } = second;
  return { ...defined({ cache_read, cache_write, cache_write_1h, reasoning }), ...price };
}

const tables = Object.keys(FROM).map((provider) => [provider, modelsOf(provider)] as const);
const lines = tables.flatMap(([provider, models]) => [
  `  ${provider}: {`,
  ...Object.entries(models).map(([id, model]) => `    ${JSON.stringify(id)}: ${JSON.stringify(model)},`),
  '  },',
]);
const count = tables.reduce((sum, [, models]) => sum + Object.keys(models).length, 0);
const text = `/**
 * Models and prices. Written by scripts/gen-models.ts from @pydantic/genai-prices ${genaiVersion} (MIT, Copyright (c) Pydantic Services Inc.)
 * and litellm ${liteVersion} (MIT, Copyright (c) 2023 Berri AI); see NOTICE. Dollars per million tokens.
 */
import type { ModelEntry } from '../provider.ts';

export const MODELS_FROM = { source: '@pydantic/genai-prices ${genaiVersion}', date: '${genai.date}' } as const;

export const MODELS: Readonly<Record<string, Readonly<Record<string, ModelEntry>>>> = {
${lines.join('\n')}
};
`;
await writeFile(new URL('../core/ai/data/models.gen.ts', import.meta.url), text);
process.stderr.write(differences.map((line) => `differs: ${line}\n`).join(''));
process.stderr.write(left.map((line) => `left out: the rule ${line}\n`).join(''));
process.stdout.write(
  `core/ai/data/models.gen.ts: ${count} models, ${text.length} bytes, ${differences.length} differences\n`,
);
