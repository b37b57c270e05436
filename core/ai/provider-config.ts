import { readFileSync, statSync } from 'node:fs';
import type { ConfigProblem } from '../component.ts';
import { formatProblem } from '../config/problem.ts';
import type { AnySchema } from '../config/schema.ts';
import { didYouMean } from '../config/suggest.ts';
import { messageOf } from '../errors.ts';
import { DEFAULT_ENTRIES, DEFAULT_REGISTRY } from './default-registry.ts';
import { isHostProblem, readHost } from './host-table.ts';
import { readProviders } from './provider-file.ts';
import { mergeEntries, ProviderRegistry } from './registry.ts';

/** Keys of components that look at hosts: what is known of providers beside what ships with the program. */
export const PROVIDER_KEYS = {
  providers_file: {
    type: 'string',
    format: 'path',
    minLength: 1,
    description:
      'File of providers, models and prices (docs/providers.md), laid over those that ship with the program.',
  },
  hosts: {
    type: 'object',
    additionalProperties: { type: 'string', minLength: 1 },
    default: {},
    description:
      'Hosts behind which a provider stands, with or without port: `gateway.corp.local: openai`, `*.ai.corp.local: api.openai.com`.',
  },
} as const satisfies Readonly<Record<string, AnySchema>>;

/** The values of `PROVIDER_KEYS`. */
export interface ProviderSettings {
  readonly providers_file?: string;
  readonly hosts?: Readonly<Record<string, string>>;
}

/** Largest file of providers, in bytes. */
const MAX_FILE = 4 * 1024 * 1024;
const KNOWN = new Set(Object.keys(DEFAULT_ENTRIES));

interface Loaded {
  readonly registry: ProviderRegistry;
  readonly problems: readonly ConfigProblem[];
}

/** What is wrong with the settings: for `check` of a component. */
export function checkProviders(settings: ProviderSettings): ConfigProblem[] {
  return [...load(settings).problems];
}

/** The registry of the settings. Throws when they are wrong, which `checkProviders` would have told. */
export function loadProviders(settings: ProviderSettings): ProviderRegistry {
  const { registry, problems } = load(settings);
  const [first] = problems;
  if (first !== undefined) throw new Error(`${first.path.join('.')}: ${first.message}`);
  return registry;
}

function load({ providers_file: file, hosts = {} }: ProviderSettings): Loaded {
  const problems: ConfigProblem[] = [];
  let registry = DEFAULT_REGISTRY;
  if (file !== undefined) {
    const read = readFile(file);
    if ('problems' in read) problems.push(...read.problems);
    else registry = read.registry;
  }
  if (Object.keys(hosts).length === 0) return { registry, problems };
  // what stands in a file that cannot be read may be meant
  if (problems.length === 0)
    for (const [alias, meant] of Object.entries(hosts)) checkAlias(alias, meant, registry, problems);
  return { registry: new ProviderRegistry(registry.entries, hosts), problems };
}

function checkAlias(alias: string, meant: string, registry: ProviderRegistry, problems: ConfigProblem[]): void {
  const path = ['hosts', alias];
  const read = readHost(alias);
  if (isHostProblem(read))
    problems.push({ path, message: `${JSON.stringify(alias)} ${read.message}`, ...(read.hint && { hint: read.hint }) });
  if (registry.meant(meant) === undefined) {
    const names = Object.keys(registry.entries);
    const hint = didYouMean(meant, names).hint ?? 'oisp-collector providers list shows them';
    problems.push({ path, message: `${JSON.stringify(meant)} is neither a provider nor a host of one`, hint });
  }
}

/** The registry of a file, read now. */
function readFile(
  path: string,
): { readonly registry: ProviderRegistry } | { readonly problems: readonly ConfigProblem[] } {
  const fault = (message: string, hint?: string) => ({
    problems: [{ path: ['providers_file'], message, ...(hint !== undefined && { hint }) }],
  });
  let content: string;
  try {
    const { size, mode } = statSync(path);
    if (size > MAX_FILE) return fault(`${path} is larger than ${MAX_FILE} bytes`);
    // what it says decides whose plaintext is looked at
    if (process.platform !== 'win32' && process.geteuid?.() === 0 && (mode & 0o022) !== 0)
      return fault(
        `${path}: others may write it (mode 0${(mode & 0o777).toString(8)})`,
        `as root only files that nobody else may write are read: chmod go-w ${path}`,
      );
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return fault(`cannot read ${path}: ${messageOf(error)}`);
  }
  const read = readProviders(path, content, KNOWN);
  if ('problems' in read)
    // one line each: place, path, what is wrong; what stands in the file stays there
    return {
      problems: read.problems.map((problem) => ({
        path: ['providers_file'],
        message: formatProblem(problem).split('\n', 1)[0] ?? '',
      })),
    };
  return { registry: new ProviderRegistry(mergeEntries(DEFAULT_ENTRIES, read.entries)) };
}
