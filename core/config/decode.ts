import { readDuration, suggestDuration } from './duration.ts';
import { type ConfigNode, fromPlain, type MapNode, type Origin, type ScalarNode } from './node.ts';
import { dotted, type Problems } from './problem.ts';
import type {
  AnySchema,
  ArraySchema,
  DurationSchema,
  MapSchema,
  NumberSchema,
  ObjectSchema,
  SizeSchema,
  StringSchema,
} from './schema.ts';
import { readSize, suggestSize } from './size.ts';
import { didYouMean } from './suggest.ts';

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

/** What a decoder returns where nothing is written and nothing is needed, and where a problem was reported. */
const NOTHING = undefined;

/**
 * Decodes a config by its schema: strict about types as the Collector is, unknown keys are errors, defaults are filled in, durations
 * become milliseconds and sizes bytes. Problems are reported, never thrown; secrets are hidden from frames.
 */
export function decode(node: ConfigNode, schema: AnySchema, place: Place, problems: Problems): unknown {
  if (node.kind === 'broken') return NOTHING;
  if (holdsSecret(schema) && !isStructure(node)) problems.hide(node.origin);
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
      if (isNull(node)) return schema.default;
      if (node.kind === 'scalar' && node.tag === 'bool') return node.value;
      return mismatch('bool', node, schema, place, problems, 'write true or false');
    default:
      return schema satisfies never;
  }
}

function decodeObject(node: ConfigNode, schema: ObjectSchema, place: Place, problems: Problems): unknown {
  const map = asMap(node, schema, place, problems);
  if (map === undefined) return NOTHING;
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
  if (schema.default === undefined) return NOTHING;
  return decode(fromPlain(schema.default, origin), { ...schema, deprecated: false }, place, problems);
}

function decodeMap(node: ConfigNode, schema: MapSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return absent(schema, node, place, problems) ?? NOTHING;
  const map = asMap(node, schema, place, problems);
  if (map === undefined) return NOTHING;
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
  return problems.errors === before ? items : NOTHING;
}

function decodeString(node: ConfigNode, schema: StringSchema, place: Place, problems: Problems): unknown {
  let text: string;
  if (isNull(node)) {
    // The Collector reads null as empty text; where empty text is not allowed, null is as good as nothing.
    const strict =
      schema.enum !== undefined ||
      schema.format === 'url' ||
      schema.pattern !== undefined ||
      (schema.minLength ?? 0) > 0;
    if (strict) return schema.default;
    text = node.original ?? '';
  } else if (node.kind === 'scalar' && node.tag === 'string') text = String(node.value);
  else if (node.original !== undefined) text = node.original;
  else return mismatch('string', node, schema, place, problems, quoteHint(node, schema));
  const wrong = textProblem(text, schema, () => shown(node, schema));
  return wrong === undefined ? text : fail(wrong.message, node, schema, place, problems, wrong.hint);
}

interface Wrong {
  readonly message: string;
  readonly hint?: string;
}

function textProblem(text: string, schema: StringSchema, show: () => string): Wrong | undefined {
  if (schema.enum !== undefined && !schema.enum.includes(text)) {
    return { message: `${show()} is not one of ${schema.enum.join(', ')}`, ...didYouMean(text, schema.enum) };
  }
  if (schema.minLength !== undefined && text.length < schema.minLength) {
    return { message: text === '' ? 'must not be empty' : `${show()} is shorter than ${schema.minLength} characters` };
  }
  if (schema.pattern !== undefined && !new RegExp(schema.pattern, 'u').test(text)) {
    return { message: `${show()} does not match ${schema.pattern}` };
  }
  if (schema.format === 'url' && text !== '' && !isUrl(text)) {
    return { message: `${show()} is not a URL`, hint: 'write http://127.0.0.1:4318, for example' };
  }
  if (schema.format === 'path' && text.includes('\0')) return { message: 'a path cannot hold a NUL character' };
  if (schema.format === 'regex') {
    try {
      new RegExp(text, 'u');
    } catch {
      return {
        message: `${show()} is not a regular expression`,
        hint: 'see ECMAScript regular expressions with the u flag',
      };
    }
  }
  return undefined;
}

function isUrl(text: string): boolean {
  return /^[a-zA-Z][a-zA-Z0-9+.-]*:\/\/[^/]/.test(text) && URL.canParse(text);
}

function decodeNumber(node: ConfigNode, schema: NumberSchema, place: Place, problems: Problems): unknown {
  let value: number;
  if (isNull(node)) {
    if (rangeProblem(0, schema) !== undefined) return schema.default;
    value = 0;
  } else if (node.kind === 'scalar' && typeof node.value === 'number') {
    value = node.value;
    if (!Number.isFinite(value))
      return fail(`${shown(node, schema)} is not a finite number`, node, schema, place, problems);
    if (schema.type === 'integer' && !Number.isInteger(value)) {
      const message = `${shown(node, schema)} is cut to ${Math.trunc(value)}`;
      problems.report({
        message,
        path: place.path,
        at: node.origin,
        hint: 'write a whole number',
        severity: 'warning',
      });
      value = Math.trunc(value);
    }
  } else {
    const hint =
      node.kind === 'scalar' && /^[-+]?\d/.test(String(node.value)) ? 'write the number without quotes' : undefined;
    return mismatch(schema.type === 'integer' ? 'int' : 'float64', node, schema, place, problems, hint);
  }
  const wrong = rangeProblem(value, schema);
  return wrong === undefined ? value : fail(`${shown(node, schema)} ${wrong}`, node, schema, place, problems);
}

function rangeProblem(value: number, schema: NumberSchema): string | undefined {
  if (schema.minimum !== undefined && value < schema.minimum) return `is less than ${schema.minimum}`;
  if (schema.maximum !== undefined && value > schema.maximum) return `is more than ${schema.maximum}`;
  if (schema.exclusiveMinimum !== undefined && value <= schema.exclusiveMinimum)
    return `is not more than ${schema.exclusiveMinimum}`;
  return undefined;
}

function decodeDuration(node: ConfigNode, schema: DurationSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return absent(schema, node, place, problems);
  if (node.kind === 'scalar' && typeof node.value === 'number' && Number.isFinite(node.value)) {
    const ns = Math.trunc(node.value);
    if (ns !== 0) {
      const message = `${shown(node, schema)} without a unit is nanoseconds`;
      problems.report({
        message,
        path: place.path,
        at: node.origin,
        hint: `write ${ns}s or ${ns}ms`,
        severity: 'warning',
      });
    }
    return ns / 1e6;
  }
  if (node.kind !== 'scalar' || node.tag !== 'string')
    return mismatch('time.Duration', node, schema, place, problems, 'write 5s, for example');
  const text = String(node.value);
  const result = readDuration(text);
  if ('ms' in result) return result.ms;
  return fail(
    `${shown(node, schema)} is not a duration`,
    node,
    schema,
    place,
    problems,
    `write ${suggestDuration(text)}`,
  );
}

function decodeSize(node: ConfigNode, schema: SizeSchema, place: Place, problems: Problems): unknown {
  if (isNull(node)) return absent(schema, node, place, problems);
  if (node.kind === 'scalar' && (node.tag === 'string' || node.tag === 'int')) {
    const bytes = readSize(String(node.value));
    if (bytes !== undefined) return bytes;
    return fail(
      `${shown(node, schema)} is not a size`,
      node,
      schema,
      place,
      problems,
      `write ${suggestSize(String(node.value))}`,
    );
  }
  return mismatch('string', node, schema, place, problems, 'write 64MiB, for example');
}

function asMap(node: ConfigNode, schema: AnySchema, place: Place, problems: Problems): MapNode | undefined {
  if (node.kind === 'map') return node;
  if (isNull(node)) return { kind: 'map', entries: new Map(), origin: node.origin };
  fail(`'${tail(place)}' expected a map or struct, got "${kindOf(node)}"`, node, schema, place, problems);
  return undefined;
}

function mismatch(
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

function fail(
  message: string,
  node: ConfigNode,
  schema: AnySchema,
  place: Place,
  problems: Problems,
  hint?: string,
): undefined {
  const secret = holdsSecret(schema);
  if (secret) problems.hide(node.origin);
  const value = secret ? undefined : plainValue(node);
  problems.report({ message, path: place.path, at: node.origin, value, hint });
  return undefined;
}

/** A scalar as people may see it; nothing for what a reference brought in. */
export function plainValue(node: ConfigNode): string | number | boolean | undefined {
  if (node.kind !== 'scalar' || node.origin.via !== undefined || node.value === null) return undefined;
  return node.value;
}

function shown(node: ConfigNode, schema: AnySchema): string {
  if (node.origin.via !== undefined) return `the value of ${node.origin.via}`;
  if (holdsSecret(schema)) return 'the value';
  if (node.kind !== 'scalar') return kindOf(node);
  if (typeof node.value === 'number') return String(node.value);
  const text = String(node.value);
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}

function tail(place: Place): string {
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

function isStructure(node: ConfigNode): boolean {
  return node.kind === 'map' || node.kind === 'list';
}

function isNull(node: ConfigNode): node is ScalarNode & { readonly tag: 'null' } {
  return node.kind === 'scalar' && node.tag === 'null';
}

export function isDuration(schema: AnySchema): schema is DurationSchema {
  return schema.type === 'string' && schema.format === 'duration';
}

export function isSize(schema: AnySchema): schema is SizeSchema {
  return schema.type === 'string' && schema.format === 'size';
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

function quoteHint(node: ConfigNode, schema: AnySchema): string | undefined {
  if (holdsSecret(schema)) return 'write it in quotes';
  const value = plainValue(node);
  if (value === undefined || node.kind !== 'scalar') return node.kind === 'scalar' ? undefined : 'write text';
  const { source, start, end } = node.origin;
  return `write "${source.text.slice(start, end) || String(value)}" in quotes`;
}

function listHint(node: ConfigNode, schema: ArraySchema): string | undefined {
  const value = plainValue(node);
  return value === undefined || holdsSecret(schema) ? undefined : `write [${value}]`;
}
