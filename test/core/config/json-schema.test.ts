import { readdir, readFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { configJsonSchema } from '../../../core/config/json-schema.ts';
import { load, registry, SERVICE, WHOLE } from './setup.ts';

const accepts = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(configJsonSchema(registry));

describe('the editor schema accepts what the loader accepts', () => {
  test.each([
    WHOLE,
    `receivers: {nop: , typed/x: {count: 5, flag: true, wait: 1h30m, room: 64MiB, level: basic, list: [a], headers: {a: b}, nested: {deep: {n: 3}}}}\nexporters: {nop: }\n${SERVICE}`,
    `receivers: {nop: , typed: {count: "\${env:N}", flag: "\${env:F}", wait: "\${env:W}", nested: "\${env:M}", list: "\${env:L}"}}\nexporters: {nop: }\n${SERVICE}`,
    `receivers: {nop: , typed: {wait: 5, room: 12, text: , count: , list: , nested: }}\nexporters: {nop: }\n${SERVICE}`,
    `receivers: {nop: }\nexporters: {nop: , otlphttp: {endpoint: http://h:1}}\nprocessors:\n${SERVICE}`,
  ])('%#', async (text) => {
    const loaded = await load(text, { env: { N: '5', F: 'true', W: '5s', M: '{insecure: true}', L: '[a]' } });
    expect(loaded.problems.filter((problem) => problem.severity === 'error')).toEqual([]);
    expect(accepts(parse(text)), JSON.stringify(accepts.errors)).toBe(true);
  });
});

describe('the editor schema refuses', () => {
  test.each([
    ['an unknown top key', `${WHOLE}x: 1`],
    ['an unknown type', WHOLE.replace('{nop: }', '{nop: , foo: }')],
    ['an unknown key', WHOLE.replace('{nop: }', '{nop: {a: 1}}')],
    ['a bad duration', WHOLE.replace('{nop: }', '{nop: , typed: {wait: 5 sec}}')],
    ['a bad enum', WHOLE.replace('{nop: }', '{nop: , typed: {level: loud}}')],
    ['a missing key', WHOLE.replace('{nop: }', '{nop: , jsonl: {}}')],
    ['an unknown signal', WHOLE.replace('traces', 'spans')],
  ])('%s', async (_name, text) => {
    expect((await load(text)).config).toBeUndefined();
    expect(accepts(parse(text))).toBe(false);
  });
});

test('the schema that is shipped accepts every shipped config', async () => {
  const shipped: unknown = JSON.parse(await readFile('schema/collector.schema.json', 'utf8'));
  if (typeof shipped !== 'object' || shipped === null) throw new Error('the schema is no object');
  const valid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(shipped);
  expect(valid({ receivers: { foo: null } })).toBe(false);
  const names = (await readdir('configs')).filter((name) => name.endsWith('.yaml'));
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) {
    const accepted = valid(parse(await readFile(`configs/${name}`, 'utf8')));
    expect(accepted, `${name}: ${JSON.stringify(valid.errors?.slice(-3))}`).toBe(true);
  }
});
