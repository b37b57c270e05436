import {
  DEFAULT_REGISTRY,
  isHostProblem,
  type ModelEntry,
  type Price,
  type ProviderEntry,
  readHost,
} from '../core/index.ts';
import { hostOfRegex } from './oisp-regex.ts';
import { at } from './read.ts';

/** What of a bundle was not taken: reasons, each with the names that it holds for. */
export type LeftOut = ReadonlyMap<string, readonly string[]>;

/** A bundle in our own form. */
export interface ImportedBundle {
  readonly version: string;
  /** `YYYY-MM-DD`, where the bundle says it. */
  readonly date: string | undefined;
  readonly providers: ReadonlyMap<string, ProviderEntry>;
  readonly hosts: number;
  readonly models: number;
  readonly priced: number;
  readonly leftOut: LeftOut;
}

/** Names in the OISP enum (oisp-spec v0.1 `ai.schema.json`). */
const OISP_NAMES = new Set(
  'openai anthropic google azure_openai aws_bedrock cohere mistral groq together fireworks replicate huggingface ollama lmstudio vllm'.split(
    ' ',
  ),
);
/** Names that the sources of bundles (LiteLLM, models.dev) have for providers that go by another name here and have no host in a bundle. */
const NAMES: Readonly<Record<string, string>> = {
  amazon_bedrock: 'aws_bedrock',
  azure: 'azure_openai',
  bedrock: 'aws_bedrock',
  bedrock_converse: 'aws_bedrock',
  cohere_chat: 'cohere',
  fireworks_ai: 'fireworks',
  gemini: 'google',
  lm_studio: 'lmstudio',
  together_ai: 'together',
  togetherai: 'together',
  vertex_ai: 'google_vertex',
};
const MODES = new Set(['chat', 'completion', 'responses', 'embedding']);
const LOCAL = /^(?:localhost|127\.0\.0\.1|\[::1\]):(\d{1,5})$/;
const MOST_NAMED = 1000;

type Json = Readonly<Record<string, unknown>>;
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);
const entriesOf = (value: unknown): [string, unknown][] => (isJson(value) ? Object.entries(value) : []);
const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' && value.length <= 300 ? value : undefined;

/**
 * Reads an OISP bundle of any of the three forms in circulation: `domain_index` with regexes beside patterns (the sensor's, the spec's 1.0.0) and
 * `domain_lookup` with regexes for patterns (2.0.0). Parser rules, fingerprints and logos have no counterpart. Undefined: it is no bundle.
 */
export function importBundle(bundle: unknown): ImportedBundle | undefined {
  if (!isJson(bundle) || !(isJson(bundle['domain_index']) || isJson(bundle['domain_lookup']))) return undefined;
  return new Import(bundle).done();
}

interface Draft {
  readonly hosts: Set<string>;
  readonly ports: Set<number>;
  readonly models: Map<string, ModelEntry>;
}

class Import {
  readonly #bundle: Json;
  readonly #names = new Map<string, string>();
  readonly #drafts = new Map<string, Draft>();
  readonly #leftOut = new Map<string, string[]>();
  #hosts = 0;
  #models = 0;
  #priced = 0;

  constructor(bundle: Json) {
    this.#bundle = bundle;
    const exact = [...entriesOf(bundle['domain_index']), ...entriesOf(bundle['domain_lookup'])];
    for (const [host, provider] of exact) this.#learn(host, provider);
    for (const [host, provider] of exact) this.#host(host, text(provider), host);
    this.#patterns();
    this.#endpoints();
    for (const [key, model] of entriesOf(bundle['models'])) this.#model(key, model);
    for (const part of ['extraction_rules', 'fingerprints', 'parsers'])
      if (isJson(bundle[part])) this.#skip('rules and fingerprints for parsing: decode knows the APIs itself', part);
  }

  done(): ImportedBundle {
    const providers = new Map<string, ProviderEntry>();
    for (const [name, draft] of [...this.#drafts].sort(([a], [b]) => byCodeUnit(a, b))) {
      if (draft.hosts.size + draft.ports.size + draft.models.size === 0) continue;
      const isNew = DEFAULT_REGISTRY.named(name) === undefined;
      const title = isNew ? this.#titleOf(name) : undefined;
      providers.set(name, {
        ...(title !== undefined && { title }),
        ...(isNew && OISP_NAMES.has(name) && { oisp: name }),
        ...(draft.hosts.size > 0 && { hosts: [...draft.hosts].sort(byCodeUnit) }),
        ...(draft.ports.size > 0 && { ports: [...draft.ports].sort((a, b) => a - b) }),
        ...(draft.models.size > 0 && {
          models: Object.fromEntries([...draft.models].sort(([a], [b]) => byCodeUnit(a, b))),
        }),
      });
    }
    return {
      ...infoOf(this.#bundle),
      providers,
      hosts: this.#hosts,
      models: this.#models,
      priced: this.#priced,
      leftOut: this.#leftOut,
    };
  }

  #skip(why: string, what: string): void {
    const names = this.#leftOut.get(why) ?? [];
    if (names.length < MOST_NAMED) names.push(what.slice(0, 200));
    this.#leftOut.set(why, names);
  }

  /** A provider that goes by another name here is known by its hosts. */
  #learn(host: string, provider: unknown): void {
    const name = text(provider);
    if (name === undefined || this.#names.has(name) || DEFAULT_REGISTRY.named(cleaned(name)) !== undefined) return;
    const read = readHost(host);
    const known = isHostProblem(read) ? undefined : DEFAULT_REGISTRY.providerOf(read.suffix, read.port);
    if (known !== undefined) this.#names.set(name, known.name);
  }

  #nameOf(bundled: string): string {
    const name = this.#names.get(bundled) ?? cleaned(bundled);
    return Object.hasOwn(NAMES, name) ? (NAMES[name] ?? name) : name;
  }

  #draftOf(bundled: string): Draft {
    const name = this.#nameOf(bundled);
    let draft = this.#drafts.get(name);
    if (draft === undefined) {
      draft = { hosts: new Set(), ports: new Set(), models: new Map() };
      this.#drafts.set(name, draft);
    }
    return draft;
  }

  #host(host: string, provider: string | undefined, written: string): void {
    if (provider === undefined) {
      this.#skip('hosts without a provider', written);
      return;
    }
    const local = LOCAL.exec(host);
    const read = readHost(host);
    if (isHostProblem(read)) {
      this.#skip(`hosts that cannot be used: ${read.message}`, written);
      return;
    }
    if (local !== null) {
      const port = Number(local[1]);
      if (DEFAULT_REGISTRY.providerOf('localhost', port) !== undefined) {
        this.#skip('hosts that are known already', written);
        return;
      }
      this.#draftOf(provider).ports.add(port);
    } else {
      // a pattern is known where a host that it takes is
      const sample = host.replaceAll('*', 'x').replace(/:\d+$/, '');
      if (DEFAULT_REGISTRY.providerOf(sample, read.port) !== undefined) {
        this.#skip('hosts that are known already', written);
        return;
      }
      this.#draftOf(provider).hosts.add(host.toLowerCase());
    }
    this.#hosts++;
  }

  #patterns(): void {
    const patterns = this.#bundle['domain_patterns'];
    for (const one of Array.isArray(patterns) ? (patterns as readonly unknown[]) : []) {
      const regex = text(at(one, 'regex'));
      const pattern = text(at(one, 'pattern'));
      const written = regex ?? pattern;
      if (written === undefined) {
        this.#skip('patterns without a text', JSON.stringify(one ?? null).slice(0, 60));
        continue;
      }
      // 2.0.0 keeps the regular expression under `pattern`
      const isRegex = regex !== undefined || /[\\^$]/.test(written);
      const read = isRegex ? hostOfRegex(written) : { host: written };
      if ('why' in read) this.#skip(`patterns that cannot be used: ${read.why}`, written);
      else this.#host(read.host, text(at(one, 'provider')), written);
    }
  }

  /** 2.0.0 has the address of an API, whose host may not stand among the hosts. */
  #endpoints(): void {
    for (const [name, provider] of entriesOf(this.#bundle['providers'])) {
      const endpoint = text(at(provider, 'api_endpoint'));
      const host = endpoint === undefined ? undefined : /^https?:\/\/([^/?#@\s]+)/.exec(endpoint)?.[1]?.toLowerCase();
      if (host === undefined || this.#isTaken(host)) continue;
      this.#host(host, name, host);
    }
  }

  #isTaken(host: string): boolean {
    return (
      [...this.#drafts.values()].some(({ hosts }) => hosts.has(host)) || DEFAULT_REGISTRY.meant(host) !== undefined
    );
  }

  #model(key: string, model: unknown): void {
    const provider = text(at(model, 'provider'));
    const id = text(at(model, 'id')) ?? text(key.slice(key.indexOf('/') + 1));
    if (provider === undefined || id === undefined) {
      this.#skip('models without provider or id', key);
      return;
    }
    // such a key would be taken apart or merged by the reader of the file
    if (id.includes('::') || id === '<<' || id.includes('*') || /[\p{Cc}\p{Cs}]/u.test(id)) {
      this.#skip('models whose id a file cannot hold', key);
      return;
    }
    const name = this.#nameOf(provider);
    if (!this.#drafts.has(name) && DEFAULT_REGISTRY.named(name) === undefined) {
      this.#skip('models of providers that have no host', key);
      return;
    }
    if (!MODES.has(text(at(model, 'mode')) ?? 'chat')) {
      this.#skip('models that are not priced by tokens', key);
      return;
    }
    const price = priceOf(model);
    this.#draftOf(provider).models.set(id, {
      ...factsOf(model),
      ...(price !== undefined && { prices: [price] }),
    });
    this.#models++;
    if (price !== undefined) this.#priced++;
  }

  #titleOf(name: string): string | undefined {
    for (const [bundled, provider] of entriesOf(this.#bundle['providers']))
      if (this.#nameOf(bundled) === name) return text(at(provider, 'display_name')) ?? text(at(provider, 'name'));
    return undefined;
  }
}

function infoOf(bundle: Json): Pick<ImportedBundle, 'version' | 'date'> {
  const version = text(bundle['bundle_version']) ?? text(bundle['version']) ?? 'of no version';
  return {
    version: /^[\w. +-]{1,40}$/.test(version) ? version : 'of no version',
    date: /^\d{4}-\d{2}-\d{2}/.exec(text(bundle['generated_at']) ?? '')?.[0],
  };
}

/** A provider's name as one of ours: lower case letters, digits, `_`. */
function cleaned(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .slice(0, 60);
  return /^[a-z]/.test(plain) ? plain : `p_${plain}`;
}

function factsOf(model: unknown): ModelEntry {
  const capabilities = at(model, 'capabilities');
  const words = Array.isArray(capabilities)
    ? capabilities.filter((word) => typeof word === 'string' && /^[a-z_]{1,40}$/.test(word)).slice(0, 30)
    : [];
  const family = text(at(model, 'family'));
  const window = tokensOf(at(model, 'max_input_tokens'));
  const output = tokensOf(at(model, 'max_output_tokens'));
  return {
    ...(family !== undefined && { family }),
    ...(window !== undefined && { context_window: window }),
    ...(output !== undefined && { max_output_tokens: output }),
    ...(words.length > 0 && { capabilities: words as string[] }),
  };
}

const RATES = {
  input: 'input_cost_per_1k',
  output: 'output_cost_per_1k',
  cache_read: 'cache_read_cost_per_1k',
  cache_write: 'cache_write_cost_per_1k',
  reasoning: 'reasoning_cost_per_1k',
} as const;

/** Dollars per 1000 tokens as dollars per million. */
function priceOf(model: unknown): Price | undefined {
  const price: Record<string, number> = {};
  for (const [name, key] of Object.entries(RATES)) {
    const value = at(model, key);
    if (typeof value === 'number' && value >= 0 && value < 1000) price[name] = Number((value * 1000).toPrecision(9));
  }
  return price['input'] === undefined && price['output'] === undefined ? undefined : price;
}

function tokensOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
