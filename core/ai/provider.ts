/** What an AI provider is called, in three vocabularies. */
export interface Provider {
  /** Its name in the OISP enum (oisp-spec v0.1 `ai.schema.json`); `other` for those that are not in it. */
  readonly oisp: string;
  /** Its well-known `gen_ai.provider.name` (semantic conventions 1.41), else the name it goes by. */
  readonly otel: string;
  /** The name it goes by here: unique in a registry. */
  readonly name: string;
}

/** Who states a fact, and when it was read there. */
export interface Origin {
  readonly source?: string;
  /** `YYYY-MM-DD`. */
  readonly date?: string;
}

/** US dollars per million tokens. What is left out costs as `input` does; without `input` and `output` there is no price. */
export interface Rates {
  readonly input?: number;
  readonly output?: number;
  readonly cache_read?: number;
  /** Written to a cache that lives for minutes. */
  readonly cache_write?: number;
  /** Written to a cache that lives for an hour. */
  readonly cache_write_1h?: number;
  /** Reasoning tokens, where they cost other than `output`. */
  readonly reasoning?: number;
}

/** Rates of a request whose prompt has more than so many tokens: they hold for all of its tokens. */
export interface LongContextRates extends Rates {
  readonly tokens: number;
}

/** A price and when it holds. The last of a model's prices that holds is the one. */
export interface Price extends Rates {
  /** The first day, `YYYY-MM-DD` in UTC. */
  readonly since?: string;
  /** A part of each day, `HH:MM-HH:MM` in UTC; it may reach over midnight. */
  readonly hours?: string;
  /** In order of `tokens`. */
  readonly above?: readonly LongContextRates[];
}

/** A model of a provider, as data. */
export interface ModelEntry extends Origin {
  /** Other ids, and patterns in which `*` stands for any characters. */
  readonly aliases?: readonly string[];
  readonly family?: string;
  /** Tokens. */
  readonly context_window?: number;
  /** Tokens. */
  readonly max_output_tokens?: number;
  /** Words of `model_capabilities` (oisp-spec v0.1 `ai.schema.json`). */
  readonly capabilities?: readonly string[];
  readonly prices?: readonly Price[];
}

/** A provider, as data. */
export interface ProviderEntry extends Origin {
  /** For people. */
  readonly title?: string;
  readonly oisp?: string;
  readonly otel?: string;
  /** `name`, `name:port` or a pattern (`host-table.ts`). */
  readonly hosts?: readonly string[];
  /** Ports of this machine on which this server and hardly another one listens. */
  readonly ports?: readonly number[];
  /** Ports of this machine on which others listen as often: they name a model call, and do not make a request one. */
  readonly weak_ports?: readonly number[];
  /** Names of API flavours, for people. */
  readonly apis?: readonly string[];
  /** Providers whose models it serves at their prices. */
  readonly prices_of?: readonly string[];
  /** By id. */
  readonly models?: Readonly<Record<string, ModelEntry>>;
}

/** Providers by name. */
export type ProviderEntries = Readonly<Record<string, ProviderEntry>>;

/** What is known of a model, and where that is from. */
export interface Model extends Omit<ModelEntry, 'aliases'> {
  readonly id: string;
  /** Whose model it is: the provider that was asked for, or one whose prices it takes. */
  readonly provider: string;
}
