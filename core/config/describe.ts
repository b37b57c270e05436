import { publicText } from './cover.ts';
import type { ConfigNode, Origin, ScalarNode } from './node.ts';
import { dotted, type Problems } from './problem.ts';
import type { AnySchema } from './schema.ts';

/** Keys from the top of the config. */
type Path = readonly (string | number)[];

/** Where a value is decoded and how messages name it. */
export interface Place {
  /** Keys from the top of the config. */
  readonly path: Path;
  /** How many of them come before the names that messages show. */
  readonly base: number;
  /** Place of the key, for what is missing. */
  readonly key: Origin;
}

/** Reports a value that cannot be decoded. */
export function fail(
  message: string,
  node: ConfigNode,
  schema: AnySchema,
  place: Place,
  problems: Problems,
  hint?: string,
): undefined {
  const secret = holdsSecret(schema);
  if (secret) problems.hide(node.origin);
  const plain = secret ? undefined : plainValue(node);
  const value = typeof plain === 'string' ? publicText(plain, schema) : plain;
  problems.report({ message, path: place.path, at: node.origin, value, hint });
  return undefined;
}

/** Reports a value of the wrong type, in mapstructure's words. */
export function mismatch(
  expected: string,
  node: ConfigNode,
  schema: AnySchema,
  place: Place,
  problems: Problems,
  hint?: string,
): undefined {
  return fail(
    `'${tail(place)}' expected type '${expected}', got unconvertible type '${typeOf(node)}'`,
    node,
    schema,
    place,
    problems,
    hint,
  );
}

/** A scalar as people may see it; nothing for what a reference brought in. */
export function plainValue(node: ConfigNode): string | number | boolean | undefined {
  if (node.kind !== 'scalar' || node.origin.via !== undefined || node.value === null) return undefined;
  return node.value;
}

/** A value as messages show it: never a secret, never what a reference brought in. */
export function shown(node: ConfigNode, schema: AnySchema): string {
  if (node.origin.via !== undefined) return `the value of ${node.origin.via}`;
  if (holdsSecret(schema)) return 'the value';
  if (node.kind !== 'scalar') return kindOf(node);
  if (typeof node.value === 'number') return String(node.value);
  const text = publicText(String(node.value), schema);
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

/** The name of a field below its component, as mapstructure writes it. */
export function tail(place: Place): string {
  return dotted(place.path.slice(place.base));
}

/** Whether a value of this schema is or holds a secret. */
export function holdsSecret(schema: AnySchema): boolean {
  switch (schema.type) {
    case 'object':
      return 'properties' in schema
        ? Object.values(schema.properties).some(holdsSecret)
        : holdsSecret(schema.additionalProperties);
    case 'array':
      return holdsSecret(schema.items);
    case 'string':
      return schema.format === 'opaque';
    default:
      return false;
  }
}

/** Whether a value is null, written or left out. */
export function isNull(node: ConfigNode): node is ScalarNode & { readonly tag: 'null' } {
  return node.kind === 'scalar' && node.tag === 'null';
}

/** Go's name for the kind of a value, as mapstructure writes it. */
export function kindOf(node: ConfigNode): string {
  if (node.kind === 'list') return 'slice';
  if (node.kind !== 'scalar') return 'map';
  return { string: 'string', int: 'int', float: 'float64', bool: 'bool', null: 'nil', time: 'struct' }[node.tag];
}

/** Go's name for the type of a value. */
export function typeOf(node: ConfigNode): string {
  if (node.kind === 'list') return '[]interface {}';
  if (node.kind !== 'scalar') return 'map[string]interface {}';
  return { string: 'string', int: 'int', float: 'float64', bool: 'bool', null: 'nil', time: 'time.Time' }[node.tag];
}
