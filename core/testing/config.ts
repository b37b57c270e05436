import { decode } from '../config/decode.ts';
import { fromPlain } from '../config/node.ts';
import { Problems } from '../config/problem.ts';
import type { ConfigOf, ConfigSchema } from '../config/schema.ts';

/** The config of a component as the collector would decode it from these values: defaults filled in, durations in milliseconds. */
export function configFor<const S extends ConfigSchema>(schema: S, values: object = {}): ConfigOf<S> {
  return decodedBy(schema, values) as ConfigOf<S>;
}

/** The same for a schema that is known only as some schema. */
export function decodedBy(schema: ConfigSchema, values: object = {}): unknown {
  const origin = { source: { name: 'test', text: '', order: 0 }, start: 0, end: 0 };
  const problems = new Problems();
  const config = decode(fromPlain(values, origin), schema, { path: [], base: 0, key: origin }, problems);
  const found = problems.finish();
  if (found.length > 0) throw new Error(found.map((p) => `${p.path.join('.')}: ${p.message}`).join('\n'));
  return config;
}
