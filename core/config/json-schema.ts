import { PIPELINE_KINDS } from '../batch.ts';
import type { Definition } from '../component.ts';
import { SECTIONS, type Section } from './components.ts';
import type { AnySchema, ArraySchema, NumberSchema, StringSchema } from './schema.ts';
import { PIPELINE_LISTS, SHUTDOWN_SCHEMA, TELEMETRY_SCHEMA } from './service.ts';
import type { Registry } from './types.ts';

type Json = Readonly<Record<string, unknown>>;

const REFERENCE: Json = { $ref: '#/$defs/reference' };
const DURATION = '^[-+]?(?:0|(?:(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$';
const SIZE = '^\\d+(?:\\.\\d+)?(?:TiB|GiB|MiB|KiB|TB|GB|MB|kB|KB|B)?$';

/**
 * JSON Schema 2020-12 of a whole config file, for editors. It accepts what `loadConfig` accepts; what only a whole config shows
 * (references between sections, component checks) it does not see.
 */
export function configJsonSchema(registry: Registry): Json {
  const sections = Object.fromEntries(SECTIONS.map((section) => [section, sectionSchema(section, registry[section])]));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Config of oisp-collector',
    type: 'object',
    properties: { ...sections, service: serviceSchema() },
    // `a::b: v` is short for `a: {b: v}`.
    patternProperties: { '::': true },
    additionalProperties: false,
    $defs: {
      reference: {
        description: 'A value from elsewhere: an environment variable, or a file.',
        type: 'string',
        pattern: '\\$\\{[^}]+\\}',
      },
      ...componentSchemas(registry),
      ids: orReference({ type: ['array', 'null'], items: { type: 'string' } }),
    },
  };
}

function componentSchemas(registry: Registry): Json {
  const schemas: Record<string, unknown> = {};
  for (const section of SECTIONS) {
    for (const { type, summary, schema } of registry[section]) {
      schemas[`${section}.${type}`] = { ...toJsonSchema(schema), description: summary };
    }
  }
  return schemas;
}

function sectionSchema(section: Section, definitions: readonly Definition[]): Json {
  const properties: Record<string, unknown> = {};
  const patterns: Record<string, unknown> = {};
  for (const { type, aliases = [] } of definitions) {
    const component = { $ref: `#/$defs/${section}.${type}` };
    properties[type] = component;
    patterns[`^${type}/.+$`] = component;
    for (const alias of aliases) patterns[`^${alias}(?:/.+)?$`] = { ...component, deprecated: true };
  }
  return orReference({
    type: ['object', 'null'],
    properties,
    patternProperties: patterns,
    additionalProperties: false,
  });
}

function serviceSchema(): Json {
  const pipeline = orReference({
    type: 'object',
    properties: Object.fromEntries(PIPELINE_LISTS.map((list) => [list, { $ref: '#/$defs/ids' }])),
    additionalProperties: false,
  });
  return orReference({
    type: 'object',
    properties: {
      telemetry: toJsonSchema(TELEMETRY_SCHEMA),
      shutdown_timeout: toJsonSchema(SHUTDOWN_SCHEMA),
      extensions: { $ref: '#/$defs/ids' },
      pipelines: orReference({
        type: 'object',
        patternProperties: { [`^(?:${PIPELINE_KINDS.join('|')})(?:/.+)?$`]: pipeline },
        additionalProperties: false,
      }),
    },
    additionalProperties: false,
  });
}

/** One schema of the dialect as JSON Schema: formats of ours become patterns, and a reference may stand for any value. */
function toJsonSchema(schema: AnySchema): Json {
  const about = {
    ...(schema.description === undefined ? {} : { description: schema.description }),
    ...(schema.deprecated === true ? { deprecated: true } : {}),
    ...('default' in schema && schema.default !== undefined ? { default: schema.default } : {}),
  };
  const plain = shape(schema);
  // Free text takes a reference as it is.
  const free = schema.type === 'string' && Object.keys(plain).length === 1 && 'type' in plain;
  return { ...about, ...(free ? plain : orReference(plain)) };
}

function shape(schema: AnySchema): Json {
  switch (schema.type) {
    case 'object':
      if (!('properties' in schema))
        return { type: ['object', 'null'], additionalProperties: toJsonSchema(schema.additionalProperties) };
      return {
        type: schema.required === undefined ? ['object', 'null'] : 'object',
        properties: Object.fromEntries(
          Object.entries(schema.properties).map(([name, property]) => [name, toJsonSchema(property)]),
        ),
        ...(schema.required === undefined ? {} : { required: schema.required }),
        additionalProperties: false,
      };
    case 'array':
      return list(schema);
    case 'boolean':
      return { type: ['boolean', 'null'] };
    case 'integer':
    case 'number':
      return number(schema);
    case 'string':
      if (schema.format === 'duration')
        return { anyOf: [{ type: 'string', pattern: DURATION }, { type: ['number', 'null'] }] };
      if (schema.format === 'size')
        return { anyOf: [{ type: 'string', pattern: SIZE }, { type: 'integer', minimum: 0 }, { type: 'null' }] };
      return text(schema);
    default:
      return schema satisfies never;
  }
}

function list({ items, minItems }: ArraySchema): Json {
  return {
    type: minItems === undefined ? ['array', 'null'] : 'array',
    items: toJsonSchema(items),
    ...(minItems === undefined ? {} : { minItems }),
  };
}

function number({ type, minimum, maximum, exclusiveMinimum }: NumberSchema): Json {
  return {
    type: [type, 'null'],
    ...(minimum === undefined ? {} : { minimum }),
    ...(maximum === undefined ? {} : { maximum }),
    ...(exclusiveMinimum === undefined ? {} : { exclusiveMinimum }),
  };
}

function text(schema: StringSchema): Json {
  return {
    ...(schema.enum === undefined ? { type: ['string', 'null'] } : { enum: [...schema.enum, null] }),
    ...(schema.pattern === undefined ? {} : { pattern: schema.pattern }),
    ...(schema.minLength === undefined ? {} : { minLength: schema.minLength }),
  };
}

function orReference(schema: Json): Json {
  return { anyOf: [schema, REFERENCE] };
}
