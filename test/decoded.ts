import { type Definition, loadConfig, type Registry } from '../core/index.ts';

const EMPTY: Registry = { receivers: [], processors: [], exporters: [], connectors: [], extensions: [] };

/** A component's config as a user writes it, decoded with its defaults. Throws when it has problems. */
export async function decoded(definition: Definition, raw: unknown): Promise<unknown> {
  const section = `${definition.kind}s` as const;
  const yaml = JSON.stringify({ [section]: { [definition.type]: raw } }).replaceAll('$', () => '$$');
  let config: unknown;
  const own = `${section}.${definition.type}`;
  // the config of one component has no pipelines; only what is wrong with the component itself counts here
  const { problems } = await loadConfig({
    sources: [`yaml:${yaml}`],
    sets: [],
    registry: {
      ...EMPTY,
      [section]: [
        {
          ...definition,
          check: (value: unknown) => {
            config = value;
            return [];
          },
        },
      ],
    },
    env: {},
    cwd: '/',
    readFile: () => Promise.reject(new Error('reads no files')),
  });
  const wrong = problems.filter((problem) => problem.path.join('.').startsWith(own));
  if (config === undefined || wrong.length > 0)
    throw new Error(`${own}: ${wrong.map((one) => one.message).join('; ')}`);
  return config;
}
