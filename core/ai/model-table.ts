import { LRUCache } from 'lru-cache';
import { matchesGlob } from './host-table.ts';
import { idsOf } from './model-id.ts';
import type { Model, ModelEntry } from './provider.ts';

interface Pattern {
  readonly glob: string;
  readonly model: Model;
}

/** Longer ids are not remembered. */
const MAX_ID = 256;

/** The models of one provider, by their ids, aliases and patterns. */
export class ModelTable {
  readonly #exact = new Map<string, Model>();
  readonly #patterns: Pattern[] = [];
  /** What ids were found to be: those of a machine are few. */
  readonly #known = new LRUCache<string, { readonly model: Model | undefined }>({ max: 256 });

  constructor(
    provider: string,
    entries: Readonly<Record<string, ModelEntry>>,
    origin: Pick<ModelEntry, 'source' | 'date'>,
  ) {
    const own: [string, Model][] = [];
    const others: [string, Model][] = [];
    for (const [id, { aliases = [], ...facts }] of Object.entries(entries)) {
      const model = Object.freeze({ ...origin, ...facts, id, provider });
      own.push([id, model]);
      for (const alias of aliases) others.push([alias, model]);
    }
    // an id says more than another model's alias
    for (const [name, model] of [...own, ...others]) this.#add(name.toLowerCase(), model);
    this.#patterns.sort((a, b) => b.glob.length - a.glob.length);
  }

  /** The model of an id in any of its forms. */
  get(id: string): Model | undefined {
    if (id.length > MAX_ID) return this.#find(id);
    let known = this.#known.get(id);
    if (known === undefined) {
      known = { model: this.#find(id) };
      this.#known.set(id, known);
    }
    return known.model;
  }

  #find(id: string): Model | undefined {
    for (const name of idsOf(id)) {
      const found = this.#exact.get(name) ?? this.#patterns.find(({ glob }) => matchesGlob(name, glob))?.model;
      if (found !== undefined) return found;
    }
    return undefined;
  }

  all(): readonly Model[] {
    return [...new Set([...this.#exact.values(), ...this.#patterns.map(({ model }) => model)])];
  }

  #add(name: string, model: Model): void {
    if (name.includes('*')) this.#patterns.push({ glob: name, model });
    else if (!this.#exact.has(name)) this.#exact.set(name, model);
  }
}
