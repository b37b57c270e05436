import { coverUrl } from './cover.ts';
import { decodeBoolean, decodeDuration, decodeNumber, decodeSize, decodeString } from './decode-scalar.ts';
import { fail, holdsSecret, isNull, kindOf, type Place, plainValue, tail } from './describe.ts';
import { type ConfigNode, fromPlain, type MapNode, type Origin } from './node.ts';
import { dotted, type Problems } from './problem.ts';
import type { AnySchema, ArraySchema, DurationSchema, MapSchema, ObjectSchema, SizeSchema } from './schema.ts';
import { didYouMean } from './suggest.ts';

/**
 * Decodes a config by its schema: strict about types as the Collector is, unknown keys are errors, defaults are filled in, durations
 * become milliseconds and sizes bytes. Problems are reported, never thrown; secrets are hidden from frames.
 */
export function decode(node: ConfigNode, schema: AnySchema, place: Place, problems: Problems): unknown {
  if (node.kind === 'broken') return undefined;
  if (holdsSecret(schema) && !isStructure(node)) problems.hide(node.origin);
  if (isUrl(schema) && node.kind === 'scalar' && coverUrl(String(node.value)) !== String(node.value))
    problems.hide(node.origin);
  if (schema.deprecated === true && !isNull(node)) {
    problems.report({
      message: `'${tail(place)}' is deprecated`,
      path: place.path,
      at: place.key,
      severity: 'warning',
    });
  }
  switch (schema.type) {
    case 'object':
      return 'properties' in schema
        ? decodeObject(node, schema, place, problems)
        : decodeMap(node, schema, place, problems);
    case 'array':
      return decodeList(node, schema, place, problems);
    case 'string':
      if (isDuration(schema)) return decodeDuration(node, schema, place, problems);
      return isSize(schema) ? decodeSize(node, schema, place, problems) : decodeString(node, schema, place, problems);
    case 'integer':
    case 'number':
      return decodeNumber(node, schema, place, problems);
    case 'boolean':
      return decodeBoolean(node, schema, place, problems);
    default:
      return schema satisfies never;
  }
}

function decodeObject(node: ConfigNode, schema: ObjectSchema, place: Place, problems: Problems): unknown {
  const map = asMap(node, schema, place, problems);
  if (map === undefined) return undefined;
  const names = Object.keys(schema.properties);
  for (const [name, entry] of map.entries) {
    if (Object.hasOwn(schema.properties, name)) continue;
    problems.hide(entry.value.origin);
    const where = dotted(place.path);
    problems.report({
      message: `'${where}' has invalid keys: ${name}`,
      path: [...place.path, name],
      at: entry.key,
      ...didYouMean(name, names),
    });
  }
  const result: Record<string, unknown> = {};
  for (const name of names) {
    const property = schema.properties[name];
    if (property === undefined) continue;
    const entry = map.entries.get(name);
    const below: Place = { ...place, path: [...place.path, name], key: entry?.key ?? place.key };
    const before = problems.errors;
    const value =
      entry === undefined ? absent(property, map, below, problems) : decode(entry.value, property, below, problems);
    if (value !== undefined) result[name] = value;
    else if (schema.required?.includes(name) && problems.errors === before && entry?.value.kind !== 'broken') {
      problems.report({
        message: `'${tail(below)}' is required`,
        path: below.path,
        at: below.key,
        hint: `add "${name}"${property.description === undefined ? '' : ` (${property.description})`}`,
      });
    }
  }
  return result;
}

/** The value of a property that is not written: its default, or an object filled from the defaults of its properties. */
function absent(schema: AnySchema, parent: ConfigNode, place: Place, problems: Problems): unknown {
  const origin: Origin = { ...parent.origin, end: parent.origin.start };
  if (schema.type === 'object' && 'properties' in schema) return decode(fromPlain({}, origin), schema, place, problems);
  if (schema.default === undefined) return undefined;
  return decode(fromPlain(schema.default, origin), { ...schema, deprecated: false }, place, problems);
}

function decodeMap(node: ConfigNode, schema: MapSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return absent(schema, node, place, problems);
  const map = asMap(node, schema, place, problems);
  if (map === undefined) return undefined;
  const result: Record<string, unknown> = {};
  for (const [name, entry] of map.entries) {
    const below: Place = { ...place, path: [...place.path, name], key: entry.key };
    const value = decode(entry.value, schema.additionalProperties, below, problems);
    // A plain assignment to `__proto__` would set the prototype.
    if (value !== undefined)
      Object.defineProperty(result, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

function decodeList(node: ConfigNode, schema: ArraySchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return absent(schema, node, place, problems);
  if (node.kind !== 'list') {
    return fail(
      `'${tail(place)}' source data must be an array or slice, got ${kindOf(node)}`,
      node,
      schema,
      place,
      problems,
      listHint(node, schema),
    );
  }
  const before = problems.errors;
  const items = node.items.map((item, index) =>
    decode(item, schema.items, { ...place, path: [...place.path, index], key: item.origin }, problems),
  );
  if (schema.minItems !== undefined && items.length < schema.minItems) {
    return fail(
      `'${tail(place)}' has ${items.length} items, at least ${schema.minItems} needed`,
      node,
      schema,
      place,
      problems,
    );
  }
  return problems.errors === before ? items : undefined;
}

function asMap(node: ConfigNode, schema: AnySchema, place: Place, problems: Problems): MapNode | undefined {
  if (node.kind === 'map') return node;
  if (isNull(node)) return { kind: 'map', entries: new Map(), origin: node.origin };
  fail(`'${tail(place)}' expected a map or struct, got "${kindOf(node)}"`, node, schema, place, problems);
  return undefined;
}

function isStructure(node: ConfigNode): boolean {
  return node.kind === 'map' || node.kind === 'list';
}

function isDuration(schema: AnySchema): schema is DurationSchema {
  return schema.type === 'string' && schema.format === 'duration';
}

function isUrl(schema: AnySchema): boolean {
  return schema.type === 'string' && schema.format === 'url';
}

function isSize(schema: AnySchema): schema is SizeSchema {
  return schema.type === 'string' && schema.format === 'size';
}

function listHint(node: ConfigNode, schema: ArraySchema): string | undefined {
  const value = plainValue(node);
  return value === undefined || holdsSecret(schema) ? undefined : `write [${value}]`;
}
