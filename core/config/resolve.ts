import { Brought } from './cover.ts';
import { kindOf } from './describe.ts';
import { expand } from './expand.ts';
import { mergeNodes } from './merge.ts';
import { type ConfigNode, type Entry, type Origin, type Source, toPlain } from './node.ts';
import { Problems } from './problem.ts';
import { hideForeignWords, wordsOf } from './secrets.ts';
import { type Location, parseUri, retrieve, withoutUser } from './sources.ts';
import type { LoadOptions, Problem, Registry } from './types.ts';
import { parseYaml } from './yaml.ts';

/** Deepest key of `--set`. */
const MAX_STEPS = 100;

export interface ResolvedConfig {
  /** Merged and substituted, with the place of every value; absent when a source cannot be read. */
  readonly root?: ConfigNode;
  /** The same without places. May hold secrets. */
  readonly plain?: unknown;
  readonly problems: readonly Problem[];
}

/** Retrieves, merges and substitutes the sources of a config, without decoding it. */
export async function resolveConfig(options: LoadOptions): Promise<ResolvedConfig> {
  const problems = problemsOf(options.registry);
  const root = await resolve(options, problems);
  return root === undefined
    ? { problems: problems.finish() }
    : { root, plain: toPlain(root), problems: problems.finish() };
}

/** No problems yet, of a config with these components. */
export function problemsOf(registry: Registry): Problems {
  let words: ReadonlySet<string> | undefined;
  return new Problems(
    new Brought(() => {
      words ??= wordsOf(registry);
      return words;
    }),
  );
}

/** The merged and substituted tree; undefined when a source cannot be read, which is then reported. */
export async function resolve(options: LoadOptions, problems: Problems): Promise<ConfigNode | undefined> {
  if (options.sources.length === 0) {
    problems.report({ message: 'at least one config flag must be provided', path: [] });
    return undefined;
  }
  const parts: ConfigNode[] = [];
  for (const [order, uri] of options.sources.entries()) {
    const part = await readSource(uri, order, options, problems);
    if (part !== undefined) parts.push(part);
  }
  for (const [index, set] of options.sets.entries()) {
    const part = readSet(set, options.sources.length + index, problems);
    if (part !== undefined) parts.push(part);
  }
  if (problems.errors > 0) return undefined;
  let root = parts[0];
  // An empty source erases nothing.
  for (const part of parts.slice(1))
    root = root === undefined || part.kind !== 'map' ? (root ?? part) : mergeNodes(root, part);
  return root === undefined ? undefined : await expand(root, options, problems);
}

async function readSource(
  uri: string,
  order: number,
  options: LoadOptions,
  problems: Problems,
): Promise<ConfigNode | undefined> {
  const location: Location = parseUri(uri) ?? { scheme: 'file', opaque: uri };
  if (!['file', 'env', 'yaml'].includes(location.scheme)) {
    const message = `unsupported scheme on URI ${JSON.stringify(withoutUser(uri))}`;
    problems.report({ message, path: [], hint: 'write file:, env: or yaml:' });
    return undefined;
  }
  const got = await retrieve(location, options);
  if ('error' in got) {
    const message = `cannot resolve the configuration: cannot retrieve the configuration: ${got.error}`;
    problems.report({ message, path: [], hint: got.hint });
    return undefined;
  }
  const name =
    location.scheme === 'file' ? location.opaque : location.scheme === 'yaml' ? 'yaml:' : (uri.split(':-')[0] ?? uri);
  if (got.unset !== undefined) {
    const message = `Configuration references unset environment variable ${JSON.stringify(got.unset)}`;
    problems.report({ message, path: [], severity: 'warning' });
  }
  return parseSource({ name, text: got.text, order }, options, problems);
}

function parseSource(source: Source, options: LoadOptions, problems: Problems): ConfigNode | undefined {
  const parsed = parseYaml(source);
  const prefix = 'cannot resolve the configuration: retrieved value (type=';
  if ('errors' in parsed) {
    hideForeignWords(source, options.registry, problems);
    for (const { message, at } of parsed.errors) {
      const text = `${prefix}string) cannot be used as a Conf: assuming string type since contents are not valid YAML: ${message}`;
      problems.report({ message: text, path: [], at });
    }
    return undefined;
  }
  const { node } = parsed;
  if (node.kind === 'map' || (node.kind === 'scalar' && node.tag === 'null')) return node;
  problems.hide({ source, start: 0, end: source.text.length });
  const type = node.kind === 'list' ? '[]interface {}' : kindOf(node);
  problems.report({ message: `${prefix}${type}) cannot be used as a Conf`, path: [], at: node.origin });
  return undefined;
}

/** `a.b.c=value`: one value, laid over all sources. */
function readSet(set: string, order: number, problems: Problems): ConfigNode | undefined {
  const equals = set.indexOf('=');
  if (equals < 0) {
    problems.report({
      message: `invalid argument ${JSON.stringify(set)} for "--set" flag: missing equal sign`,
      path: [],
    });
    return undefined;
  }
  const steps = set.slice(0, equals).trim().split(/\.|::/);
  const source: Source = { name: `--set ${set.slice(0, equals).trim()}`, text: set.slice(equals + 1), order };
  const key: Origin = { source, start: 0, end: 0 };
  if (steps.includes('') || steps.length > MAX_STEPS) {
    problems.report({
      message: `invalid argument ${JSON.stringify(set.slice(0, Math.min(equals, 80)))} for "--set" flag: ${steps.length > MAX_STEPS ? 'too many keys' : 'empty key'}`,
      path: [],
    });
    return undefined;
  }
  const parsed = parseYaml(source);
  if ('errors' in parsed) {
    problems.hide({ source, start: 0, end: source.text.length });
    for (const { message, at } of parsed.errors) {
      problems.report({ message: `cannot resolve the configuration: ${message}`, path: steps, at });
    }
    return undefined;
  }
  let node = parsed.node;
  for (const step of steps.reverse()) {
    const entry: Entry = { key, value: node };
    node = { kind: 'map', entries: new Map([[step, entry]]), origin: key };
  }
  return node;
}
