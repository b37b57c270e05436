import { decode } from './decode.ts';
import { fromPlain, type Origin } from './node.ts';
import { Problems } from './problem.ts';
import type { AnySchema, ConfigSchema } from './schema.ts';

const NOWHERE: Origin = { source: { name: 'defaults', text: '', order: 0 }, start: 0, end: 0 };

/** The decoded config of a component for which nothing is written; keys that are required and have no default are left out. */
export function defaultsOf(schema: ConfigSchema): Readonly<Record<string, unknown>> {
  const config = decode(fromPlain({}, NOWHERE), schema, { path: [], base: 0, key: NOWHERE }, new Problems());
  return { ...(typeof config === 'object' ? config : undefined) };
}

/** What is wrong with the defaults of a schema, at any depth: each has to satisfy the schema that it stands in. */
export function defaultProblems(schema: AnySchema, path = ''): string[] {
  const found: string[] = [];
  if ('default' in schema && schema.default !== undefined) {
    const problems = new Problems();
    decode(fromPlain(schema.default, NOWHERE), schema, { path: [], base: 0, key: NOWHERE }, problems);
    for (const { message } of problems.finish()) found.push(`${path}: ${message}`);
  }
  if (schema.type === 'array') found.push(...defaultProblems(schema.items, `${path}[]`));
  if (schema.type === 'object') {
    const below =
      'properties' in schema ? Object.entries(schema.properties) : [['*', schema.additionalProperties] as const];
    for (const [name, property] of below)
      found.push(...defaultProblems(property, path === '' ? name : `${path}.${name}`));
  }
  return found;
}
