import { HostTable, isHostProblem, plain, readHost } from './host-table.ts';
import { ModelTable } from './model-table.ts';
import type { Model, ModelEntry, Provider, ProviderEntries, ProviderEntry } from './provider.ts';

/** This machine, as programs on it and in its containers name it. */
const THIS_MACHINE = new Set([
  'localhost',
  '::1',
  '[::1]',
  '0.0.0.0',
  'host.docker.internal',
  'host.containers.internal',
]);
const LOOPBACK = /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/;
/** Addresses of private networks (RFC 1918), names without a dot (a container beside this one) and names of private networks. */
const NEAR =
  /^(?:10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+|[a-z0-9_-]+|.+\.(?:local|internal|lan|localdomain))$/;

/** Vendors whose models gateways name `vendor/model`, and the provider that sets their prices. */
const VENDORS: Readonly<Record<string, string>> = {
  openai: 'openai',
  anthropic: 'anthropic',
  google: 'google',
  'x-ai': 'xai',
  xai: 'xai',
  deepseek: 'deepseek',
  mistralai: 'mistral',
  mistral: 'mistral',
  cohere: 'cohere',
  perplexity: 'perplexity',
  moonshotai: 'moonshot',
};

interface Known {
  readonly provider: Provider;
  readonly entry: ProviderEntry;
}

/**
 * What is known of providers, their hosts, models and prices. Does not change. Which hosts are a provider's, and what a name means, is
 * decided by `entries`, over which `aliases` go: hosts or patterns with the provider that stands behind them.
 */
export class ProviderRegistry {
  readonly entries: ProviderEntries;
  readonly #known = new Map<string, Known>();
  readonly #hosts = new HostTable<Provider>();
  readonly #aliases = new HostTable<Provider>();
  readonly #ports = new Map<number, Provider>();
  readonly #weakPorts = new Map<number, Provider>();
  readonly #models = new Map<string, ModelTable>();

  /** Hosts that cannot be read are left out: `provider-file.ts` and `provider-config.ts` report them. */
  constructor(entries: ProviderEntries, aliases: Readonly<Record<string, string>> = {}) {
    this.entries = entries;
    for (const [name, entry] of Object.entries(entries)) {
      const provider = Object.freeze({ oisp: entry.oisp ?? 'other', otel: entry.otel ?? name, name });
      this.#known.set(name, { provider, entry });
      for (const host of entry.hosts ?? []) addHost(this.#hosts, host, provider);
      for (const port of entry.ports ?? []) addPort(this.#ports, port, provider);
      for (const port of entry.weak_ports ?? []) addPort(this.#weakPorts, port, provider);
    }
    for (const [alias, meant] of Object.entries(aliases)) {
      const provider = this.meant(meant);
      if (provider !== undefined) addHost(this.#aliases, alias, provider);
    }
  }

  /** The provider of a name. */
  named(name: string): Provider | undefined {
    return this.#known.get(name)?.provider;
  }

  /** The provider that a setting means: its name, or one of its hosts with or without a port. */
  meant(text: string): Provider | undefined {
    const named = this.named(text);
    if (named !== undefined) return named;
    const read = readHost(text);
    return isHostProblem(read) || read.head !== undefined ? undefined : this.providerOf(read.suffix, read.port);
  }

  /** The provider of a host and port: what goes there is taken for AI traffic. */
  providerOf(host: string, port: number | undefined): Provider | undefined {
    const found = this.#aliases.get(host, port) ?? this.#hosts.get(host, port);
    if (found !== undefined) return found;
    return port !== undefined && isThisMachine(host) ? this.#ports.get(port) : undefined;
  }

  /** The server that a port of this machine or of one near it hints at: names a model call that is known to be one by its shape. */
  guessOf(host: string, port: number | undefined): Provider | undefined {
    if (port === undefined) return undefined;
    if (isThisMachine(host)) return this.#ports.get(port) ?? this.#weakPorts.get(port);
    return NEAR.test(plain(host).slice(0, 255)) ? this.#ports.get(port) : undefined;
  }

  /**
   * The model of an id as a provider's requests and answers write it: with a date, a region, an ARN, an Azure model name, a resource name of
   * Vertex, `vendor/model` of gateways. Models of `prices_of` are known as well.
   */
  modelOf(provider: string, id: string): Model | undefined {
    const own = this.#tableOf(provider)?.get(id);
    if (own !== undefined) return own;
    for (const other of this.#known.get(provider)?.entry.prices_of ?? []) {
      const found = this.#tableOf(other)?.get(id) ?? this.#ofVendor(other, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** Every model that is a provider's own. */
  modelsOf(provider: string): readonly Model[] {
    return this.#tableOf(provider)?.all() ?? [];
  }

  #ofVendor(provider: string, id: string): Model | undefined {
    const slash = id.indexOf('/');
    const vendor = id.slice(0, slash).toLowerCase().replace(/^~/, '');
    if (slash <= 0 || !Object.hasOwn(VENDORS, vendor) || VENDORS[vendor] !== provider) return undefined;
    const name = id.slice(slash + 1);
    if (name.endsWith(':free')) return undefined;
    // OpenRouter writes claude-opus-4.5, Anthropic claude-opus-4-5
    return this.#tableOf(provider)?.get(name) ?? this.#tableOf(provider)?.get(name.replaceAll('.', '-'));
  }

  #tableOf(provider: string): ModelTable | undefined {
    const known = this.#known.get(provider);
    if (known === undefined) return undefined;
    let table = this.#models.get(provider);
    if (table === undefined) {
      const { models = {}, source, date } = known.entry;
      table = new ModelTable(provider, models, { ...(source && { source }), ...(date && { date }) });
      this.#models.set(provider, table);
    }
    return table;
  }
}

/** Entries laid over others by name: hosts, ports and flavours are added, models replace those of the same id, all else replaces. */
export function mergeEntries(below: ProviderEntries, above: ProviderEntries): ProviderEntries {
  const merged = new Map<string, ProviderEntry>();
  // a host that two claim is the one's who comes first
  for (const [name, entry] of Object.entries(above)) {
    const old = Object.hasOwn(below, name) ? below[name] : undefined;
    merged.set(name, old === undefined ? entry : mergeEntry(old, entry));
  }
  for (const [name, entry] of Object.entries(below)) if (!merged.has(name)) merged.set(name, entry);
  return Object.fromEntries(merged);
}

function mergeEntry(old: ProviderEntry, entry: ProviderEntry): ProviderEntry {
  return {
    ...old,
    ...entry,
    ...both('hosts', old.hosts, entry.hosts),
    ...both('ports', old.ports, entry.ports),
    ...both('weak_ports', old.weak_ports, entry.weak_ports),
    ...both('apis', old.apis, entry.apis),
    ...((old.models ?? entry.models) && { models: { ...ofOrigin(old), ...ofOrigin(entry) } }),
  };
}

/** The models of an entry, each with where it is from: the entry's own origin is lost when it is merged. */
function ofOrigin({ models = {}, source, date }: ProviderEntry): Record<string, ModelEntry> {
  const origin = { ...(source !== undefined && { source }), ...(date !== undefined && { date }) };
  return Object.fromEntries(Object.entries(models).map(([id, model]) => [id, { ...origin, ...model }]));
}

function both<T>(key: string, old: readonly T[] = [], added: readonly T[] = []): Record<string, readonly T[]> {
  const all = [...new Set([...added, ...old])];
  return all.length === 0 ? {} : { [key]: all };
}

function addHost(table: HostTable<Provider>, host: string, provider: Provider): void {
  const read = readHost(host);
  if (!isHostProblem(read)) table.add(read, provider);
}

function addPort(ports: Map<number, Provider>, port: number, provider: Provider): void {
  if (!ports.has(port)) ports.set(port, provider);
}

function isThisMachine(host: string): boolean {
  const name = plain(host);
  return THIS_MACHINE.has(name) || LOOPBACK.test(name) || name.endsWith('.localhost');
}
