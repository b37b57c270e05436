import { stringify } from 'yaml';
import type { Definition } from '../component.ts';
import { SECTIONS } from './components.ts';
import { publicText } from './cover.ts';
import { formatDuration } from './duration.ts';
import type { AnySchema } from './schema.ts';
import { formatSize } from './size.ts';
import type { Configured, ServiceConfig } from './types.ts';

const REDACTED = '[REDACTED]';

type Mode = 'redacted' | 'unredacted';

/**
 * A config with its defaults filled in, as text that loads again. Unless asked for, opaque values are `[REDACTED]`, and so
 * are user, password and query values of addresses.
 */
export function printConfig(config: ServiceConfig, mode: Mode, format: 'yaml' | 'json'): string {
  const plain: Record<string, unknown> = {};
  for (const section of SECTIONS) {
    const components: ReadonlyMap<string, Configured<Definition>> = config[section];
    if (components.size === 0) continue;
    plain[section] = Object.fromEntries(
      [...components].map(([id, { definition, config: value }]) => [id, encode(value, definition.schema, mode)]),
    );
  }
  plain['service'] = {
    ...(config.extensionsInUse.length === 0 ? {} : { extensions: config.extensionsInUse }),
    pipelines: Object.fromEntries(
      config.pipelines.map(({ id, receivers, processors, exporters }) => [id, { receivers, processors, exporters }]),
    ),
    shutdown_timeout: formatDuration(config.shutdownDeadlineMs),
    telemetry: config.telemetry,
  };
  if (format === 'json') return `${JSON.stringify(plain, null, 2)}\n`;
  return stringify(plain, { aliasDuplicateObjects: false, lineWidth: 0, version: '1.1' });
}

/** A decoded value as it is written in a config; `$` is doubled, so that it loads as itself. */
function encode(value: unknown, schema: AnySchema, mode: Mode): unknown {
  if (value === undefined || value === null) return value;
  switch (schema.type) {
    case 'object':
      if (typeof value !== 'object') return value;
      return Object.fromEntries(
        Object.entries(value).flatMap(([key, item]) => {
          const below = 'properties' in schema ? schema.properties[key] : schema.additionalProperties;
          return below === undefined ? [] : [[key, encode(item, below, mode)]];
        }),
      );
    case 'array':
      return Array.isArray(value) ? value.map((item) => encode(item, schema.items, mode)) : value;
    case 'string':
      if (schema.format === 'duration') return typeof value === 'number' ? formatDuration(value) : value;
      if (schema.format === 'size') return typeof value === 'number' ? formatSize(value) : value;
      if (schema.format === 'opaque' && mode === 'redacted' && value !== '') return REDACTED;
      return (mode === 'redacted' ? publicText(String(value), schema) : String(value)).replaceAll('$', () => '$$');
    default:
      return value;
  }
}
