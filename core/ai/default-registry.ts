import { MODELS, MODELS_FROM } from './data/models.gen.ts';
import { PROVIDERS } from './data/providers.ts';
import type { ModelEntry, ProviderEntries } from './provider.ts';
import { ProviderRegistry } from './registry.ts';

/** The providers, models and prices that ship with the program. */
export const DEFAULT_ENTRIES: ProviderEntries = Object.fromEntries(
  Object.entries(PROVIDERS).map(([name, entry]) => {
    const models = Object.hasOwn(MODELS, name) ? MODELS[name] : undefined;
    return [name, models === undefined ? entry : { ...entry, models: withOrigin(models) }];
  }),
);

/** The registry of what ships with the program. */
export const DEFAULT_REGISTRY = new ProviderRegistry(DEFAULT_ENTRIES);

/** Models are of another source than hosts. */
function withOrigin(models: Readonly<Record<string, ModelEntry>>): Readonly<Record<string, ModelEntry>> {
  return Object.fromEntries(Object.entries(models).map(([id, model]) => [id, { ...MODELS_FROM, ...model }]));
}
