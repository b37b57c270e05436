import { decode } from '../config/decode.ts';
import type { ConfigNode } from '../config/node.ts';
import { Problems } from '../config/problem.ts';
import type { ConfigOf, ObjectSchema } from '../config/schema.ts';
import type { Problem } from '../config/types.ts';
import { parseYaml } from '../config/yaml.ts';
import { isHostProblem, readHost } from './host-table.ts';
import type { ProviderEntries, ProviderEntry } from './provider.ts';

const DATE = '^\\d{4}-\\d{2}-\\d{2}$';
const text = (description: string) => ({ type: 'string', minLength: 1, description }) as const;
const tokens = (description: string) => ({ type: 'integer', minimum: 1, description }) as const;
const rate = (description: string) => ({ type: 'number', minimum: 0, description }) as const;
const texts = (description: string) =>
  ({ type: 'array', items: { type: 'string', minLength: 1 }, description }) as const;
const ports = (description: string) =>
  ({ type: 'array', items: { type: 'integer', minimum: 1, maximum: 65_535 }, description }) as const;
const origin = {
  source: text('Who states this.'),
  date: { type: 'string', pattern: DATE, description: 'When it was read there, "YYYY-MM-DD" in quotes.' },
} as const;
const rates = {
  input: rate('US dollars per million tokens of the prompt.'),
  output: rate('Of the completion.'),
  cache_read: rate('Read from a cache; default: input.'),
  cache_write: rate('Written to a cache; default: input.'),
  cache_write_1h: rate('Written to a cache for an hour; default: cache_write.'),
  reasoning: rate('Reasoning tokens; default: output.'),
} as const;

/** A file of providers: `{ providers: { NAME: ProviderEntry } }`, in YAML or JSON. */
const schema = {
  type: 'object',
  required: ['providers'],
  properties: {
    ...origin,
    providers: {
      type: 'object',
      description: 'Providers by name. One that ships with the program is completed; every other is added.',
      additionalProperties: {
        type: 'object',
        properties: {
          ...origin,
          title: text('Its name for people.'),
          oisp: text('Its name in the OISP enum; default: other.'),
          otel: text('Its gen_ai.provider.name; default: the name of the entry.'),
          hosts: texts(
            'Hosts with or without port; * at the front takes any beginning, elsewhere characters of one label.',
          ),
          ports: ports('Ports of this machine on which this server and hardly another one listens.'),
          weak_ports: ports(
            'Ports of this machine that name a call which is known by its shape, and do not make a request one.',
          ),
          apis: texts('Names of the API flavours it speaks, for people.'),
          prices_of: texts('Names of providers whose models it serves at their prices.'),
          models: {
            type: 'object',
            description: 'Models by id.',
            additionalProperties: {
              type: 'object',
              properties: {
                ...origin,
                aliases: texts('Other ids; * stands for any characters.'),
                family: text('What it is a version of.'),
                context_window: tokens('Tokens that a prompt may have.'),
                max_output_tokens: tokens('Tokens that an answer may have.'),
                capabilities: texts('What it can, in the words of the OISP schema.'),
                prices: {
                  type: 'array',
                  description: 'Prices, of which the last that holds is taken.',
                  items: {
                    type: 'object',
                    properties: {
                      since: { type: 'string', pattern: DATE, description: 'First day, "YYYY-MM-DD" in UTC.' },
                      hours: {
                        type: 'string',
                        pattern: '^([01]\\d|2[0-3]):[0-5]\\d-([01]\\d|2[0-3]):[0-5]\\d$',
                        description: 'Part of each day, "HH:MM-HH:MM" in UTC.',
                      },
                      ...rates,
                      above: {
                        type: 'array',
                        description: 'Prices of whole requests whose prompt is longer, the shortest first.',
                        items: {
                          type: 'object',
                          required: ['tokens'],
                          properties: { tokens: tokens('More tokens than these in the prompt.'), ...rates },
                        },
                      },
                    },
                  },
                },
              },
            },
          },
        },
      },
    },
  },
} as const satisfies ObjectSchema;

/** What a file of providers holds, or what is wrong with it. */
export type ReadProviders = { readonly entries: ProviderEntries } | { readonly problems: readonly Problem[] };

/**
 * Reads a file of providers. `name` is what problems call it; `known` are the names that `prices_of` may hold beside those of the file.
 * Never throws for what the text holds: every problem comes back, with line and column.
 */
export function readProviders(name: string, content: string, known: ReadonlySet<string>): ReadProviders {
  const source = { name, text: content, order: 0 };
  const problems = new Problems();
  const parsed = parseYaml(source);
  if ('errors' in parsed) {
    for (const { message, at } of parsed.errors) problems.report({ message, path: [], at });
    return { problems: problems.finish() };
  }
  const root = parsed.node;
  const place = { path: [], base: 0, key: root.origin };
  const decoded = decode(root, schema, place, problems) as ConfigOf<typeof schema> | undefined;
  if (decoded?.providers !== undefined && problems.errors === 0) checkEntries(decoded.providers, root, known, problems);
  if (decoded?.providers === undefined || problems.errors > 0) return { problems: problems.finish() };
  const { providers, source: from, date } = decoded;
  const ofFile = { source: from ?? name, ...(date !== undefined && { date }) };
  const entries: Record<string, ProviderEntry> = {};
  for (const [provider, entry] of Object.entries(providers)) entries[provider] = { ...ofFile, ...entry };
  return { entries };
}

type Steps = readonly (string | number)[];

/** What the schema cannot say. */
function checkEntries(
  providers: Readonly<Record<string, ProviderEntry>>,
  root: ConfigNode,
  known: ReadonlySet<string>,
  problems: Problems,
): void {
  const fault = (path: Steps, message: string, hint?: string): void =>
    problems.report({ message, path, at: originOf(root, path), hint });
  for (const [name, entry] of Object.entries(providers)) {
    const at: Steps = ['providers', name];
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name))
      fault(at, `${JSON.stringify(name.slice(0, 80))} is no name`, 'write lower case letters, digits and _');
    for (const [i, host] of (entry.hosts ?? []).entries()) {
      const read = readHost(host);
      if (isHostProblem(read)) fault([...at, 'hosts', i], `${JSON.stringify(host)} ${read.message}`, read.hint);
    }
    for (const [i, other] of (entry.prices_of ?? []).entries())
      if (!known.has(other) && !Object.hasOwn(providers, other))
        fault([...at, 'prices_of', i], `${JSON.stringify(other)} is no provider`);
    for (const [id, { prices = [] }] of Object.entries(entry.models ?? {}))
      for (const [i, price] of prices.entries())
        if (price.since !== undefined && Number.isNaN(Date.parse(price.since)))
          fault([...at, 'models', id, 'prices', i, 'since'], `${JSON.stringify(price.since)} is no day`);
  }
}

function originOf(root: ConfigNode, path: Steps) {
  let node: ConfigNode | undefined = root;
  let origin = root.origin;
  for (const step of path) {
    if (node?.kind === 'map') {
      const entry = node.entries.get(String(step));
      node = entry?.value;
      origin = node?.kind === 'scalar' ? node.origin : (entry?.key ?? origin);
    } else if (node?.kind === 'list' && typeof step === 'number') {
      node = node.items[step];
      origin = node?.origin ?? origin;
    }
  }
  return origin;
}
