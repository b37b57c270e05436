// biome-ignore-all lint/suspicious/noTemplateCurlyInString: references in configs look like placeholders of templates.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { AnySchema } from '../../../core/config/schema.ts';
import { load, registry, TYPED } from './setup.ts';

const TEXT = `receivers:
  jsonl/a: {path: "\${env:FILE:-x.jsonl}", batch_size: 0x10}
  typed: &t
    text: some \${env:A} text
    wait: 1m30s
    headers: {authorization: "Bearer hunter2"}
    nested: {insecure: true, deep: {n: 0123}}
    list: [a, "b", 'c']
  typed/two: {<<: *t, count: 5, flag: false}
processors:
  batch:
exporters:
  otlphttp: {endpoint: http://127.0.0.1:4318, timeout: 5s}
service:
  pipelines:
    traces/in:
      receivers: [jsonl/a, typed]
      processors: [batch]
      exporters: [otlphttp]
`;

const piece = fc.oneof(
  fc.constantFrom(
    '${',
    '}',
    '$$',
    '::',
    ': ',
    '\n',
    '  ',
    '\t',
    '- ',
    '[',
    ']',
    '{',
    '}',
    '&t ',
    '*t',
    '<<: *t',
    '"',
    "'",
    '#',
    '|',
    '>',
    '!!',
    '!!int ',
    '? ',
    '---\n',
    '${env:A}',
    '${A}',
    '${file:x}',
    '__proto__: ',
    'null',
    '0x',
    '1e999',
    '\u0000',
    '\uFEFF',
    '\u2028',
    '\ud800',
    'é',
  ),
  fc.string({ maxLength: 8 }),
);
const edit = fc.record({ at: fc.nat({ max: TEXT.length }), drop: fc.nat({ max: 12 }), put: piece });

test('whatever is done to a config, problems or a config come back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 6 }), piece, piece, async (edits, a, b) => {
      let text = TEXT;
      for (const { at, drop, put } of edits) text = text.slice(0, at) + put + text.slice(at + drop);
      const { config, problems } = await load(text, { env: { A: a, B: `\${env:A}${b}` }, files: { x: b } });
      const errors = problems.filter((problem) => problem.severity === 'error');
      expect(config === undefined).toBe(errors.length > 0);
      for (const { at } of problems) {
        if (at === undefined) continue;
        expect(at.line).toBeGreaterThan(0);
        expect(at.column).toBeGreaterThan(0);
        expect(at.line).toBeLessThanOrEqual(text.split('\n').length);
        expect(at.frame).toMatch(/^ {4}[^\n]*\n {4} *\^$/);
      }
    }),
    { seed: 20, numRuns: 2000 },
  );
});

test('any text at all ends in problems or a config', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(piece, { maxLength: 40 }), async (pieces) => {
      const { config, problems } = await load(pieces.join(''));
      expect(config).toBeUndefined();
      expect(problems.length).toBeGreaterThan(0);
    }),
    { seed: 21, numRuns: 1000 },
  );
});

test('any --set ends in problems or a config', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string(), piece, async (key, value) => {
      const { config, problems } = await load(TEXT, { sets: [`${key}=${value}`], env: { A: 'a' } });
      expect(config === undefined).toBe(problems.some((problem) => problem.severity === 'error'));
    }),
    { seed: 22, numRuns: 300 },
  );
});

const PLACES = [
  'token: hunter2',
  'token: [hunter2]',
  'headers: {a: hunter2}',
  'headers: hunter2',
  'headers: [{a: hunter2}]',
  'tokn: hunter2',
  'headers: {a: {b: hunter2}}',
];

test('a secret is in no problem, whatever else is wrong on its line', async () => {
  const wrong = fc.constantFrom(
    'count: x',
    'flag: yes',
    'wait: 5 sec',
    'level: loud',
    'list: 5',
    'bad: 1',
    'nested: {insecure: 1}',
    'text: "${env:1B}"',
    'text: ${vault:x}',
    'room: 1 MB',
  );
  await fc.assert(
    fc.asyncProperty(
      fc.subarray(PLACES, { minLength: 1, maxLength: 1 }),
      fc.array(wrong, { minLength: 1, maxLength: 3 }),
      fc.boolean(),
      async (secret, others, last) => {
        const unique = [...new Set(others)].filter(
          (other, index, all) => all.findIndex((o) => o.split(':')[0] === other.split(':')[0]) === index,
        );
        const fields = last ? [...unique, ...secret] : [...secret, ...unique];
        const { problems, text } = await load(`receivers: {typed: {${fields.join(', ')}}}`);
        expect(text).not.toContain('hunter2');
        expect(JSON.stringify(problems)).not.toContain('hunter2');
        expect(problems.length).toBeGreaterThan(0);
      },
    ),
    { seed: 23, numRuns: 200 },
  );
});

/** A value that a schema without enums and bounds must accept, as YAML flow text. */
function fitting(schema: AnySchema): fc.Arbitrary<string> {
  switch (schema.type) {
    case 'boolean':
      return fc.boolean().map(String);
    case 'integer':
      return fc.integer().map(String);
    case 'number':
      return fc.double({ min: 0, max: 1, noNaN: true }).map(String);
    case 'array':
      return fc.array(fitting(schema.items), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`);
    case 'object': {
      if (!('properties' in schema)) return fitting(schema.additionalProperties).map((value) => `{k: ${value}}`);
      const fields = Object.entries(schema.properties).filter(([, property]) => property.deprecated !== true);
      return fc
        .record(Object.fromEntries(fields.map(([name, property]) => [name, fitting(property)])), { requiredKeys: [] })
        .map(
          (values) =>
            `{${Object.entries(values)
              .map(([name, value]) => `${name}: ${value}`)
              .join(', ')}}`,
        );
    }
    case 'string':
      if (schema.format === 'duration') return fc.nat({ max: 1e6 }).map((n) => `${n}ms`);
      if (schema.format === 'size') return fc.nat({ max: 1e6 }).map((n) => `${n}KiB`);
      if (schema.format === 'regex') return fc.constant('"^a+$$"');
      if ('enum' in schema && schema.enum !== undefined) return fc.constantFrom(...schema.enum);
      return fc
        .string({ unit: fc.constantFrom(...'abc $.{}:#-') })
        .map((text) => JSON.stringify(text.replaceAll('$', '$$$$')));
    default:
      return schema satisfies never;
  }
}

test('whatever fits a schema is accepted without a word', async () => {
  await fc.assert(
    fc.asyncProperty(fitting(TYPED), async (value) => {
      const { text, config } = await load(
        `receivers: {typed: ${value}}\nexporters: {nop: }\nservice: {pipelines: {traces: {receivers: [typed], exporters: [nop]}}}`,
      );
      expect(text).toBe('');
      expect(config).toBeDefined();
    }),
    { seed: 24, numRuns: 300 },
  );
});

test('the defaults of every schema satisfy it', async () => {
  for (const { type, schema } of Object.values(registry).flat()) {
    if (schema.required !== undefined) continue;
    const { problems } = await load(
      `receivers: {nop: , typed: }\nprocessors: {batch: , resource_detection: }\nexporters: {nop: }\nservice: {pipelines: {traces: {receivers: [nop], exporters: [nop]}}}`,
    );
    expect(problems, type).toEqual([]);
  }
});
