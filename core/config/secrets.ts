import { SECTIONS } from './components.ts';
import type { Source } from './node.ts';
import type { Problems } from './problem.ts';
import type { AnySchema } from './schema.ts';
import type { Registry } from './types.ts';

const OURS = [
  ...SECTIONS,
  'service',
  'pipelines',
  'telemetry',
  'logs',
  'metrics',
  'traces',
  'level',
  'encoding',
  'shutdown_timeout',
  'env',
  'file',
  'yaml',
  'true',
  'false',
  'null',
];

/**
 * Hides from frames every word that is not ours, in a text that is no YAML: there no schema says which values are secret. What stays is
 * the punctuation, the key at the start of a line, and the names that any config has.
 */
export function hideForeignWords(source: Source, registry: Registry, problems: Problems): void {
  const known = wordsOf(registry);
  const { text } = source;
  let lineStart = 0;
  for (const line of text.split('\n')) {
    const from = /^\s*(?:- +)?[\w/]{1,40}:(?=\s|$)/.exec(line)?.[0].length ?? 0;
    for (const match of line.matchAll(/[^\s"'{}[\],:&*|>#!?$]+/g)) {
      if (match.index < from || known.has(match[0])) continue;
      problems.hide({ source, start: lineStart + match.index, end: lineStart + match.index + match[0].length });
    }
    lineStart += line.length + 1;
  }
}

/** The names that any config has: sections, types, keys, choices. */
export function wordsOf(registry: Registry): ReadonlySet<string> {
  const words = new Set<string>(OURS);
  const add = (schema: AnySchema): void => {
    if (schema.type === 'array') add(schema.items);
    else if (schema.type === 'object' && 'properties' in schema) {
      for (const [name, property] of Object.entries(schema.properties)) {
        words.add(name);
        add(property);
      }
    } else if (schema.type === 'object') add(schema.additionalProperties);
    else if ('enum' in schema) for (const name of schema.enum ?? []) words.add(name);
  };
  for (const section of SECTIONS) {
    for (const { type, aliases, schema } of registry[section]) {
      for (const name of [type, ...(aliases ?? [])]) words.add(name);
      add(schema);
    }
  }
  return words;
}
