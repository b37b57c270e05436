import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { shared } from './lab.ts';

const SPEC = join(shared, 'data/oisp-spec/schema/v0.1');
const BASE = 'https://oisp.dev/schema/v0.1/';

export const hasSpec = existsSync(SPEC);

/** What is wrong with an event by the spec's envelope and by `$defs` of its type; empty when nothing is. */
export function specValidator(): (event: { event_type: string; data: unknown }) => string[] {
  const ajv = new Ajv.default({ strict: false, allErrors: true });
  addFormats.default(ajv);
  for (const folder of ['', 'common', 'events']) {
    const path = join(SPEC, folder);
    for (const name of readdirSync(path).filter((n) => n.endsWith('.json')))
      ajv.addSchema(JSON.parse(readFileSync(join(path, name), 'utf8')));
  }
  return (event) => {
    const [family, kind] = event.event_type.split('.');
    const problems: string[] = [];
    for (const [id, value] of [
      [`${BASE}envelope.schema.json`, event],
      [`${BASE}events/${family}.schema.json#/$defs/${kind}`, event.data],
    ] as const) {
      const validate = ajv.getSchema(id);
      if (validate === undefined) problems.push(`${event.event_type}: the spec has no such type`);
      else if (validate(value) !== true)
        for (const e of validate.errors ?? []) problems.push(`${event.event_type} ${e.instancePath} ${e.message}`);
    }
    return problems;
  };
}
