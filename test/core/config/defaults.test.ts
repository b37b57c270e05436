import { describe, expect, test } from 'vitest';
import { connectors } from '../../../connectors/index.ts';
import { defaultProblems, defaultsOf } from '../../../core/config/defaults.ts';
import { exporters } from '../../../exporters/index.ts';
import { processors } from '../../../processors/index.ts';
import { receivers } from '../../../receivers/index.ts';
import { registry, TYPED } from './setup.ts';

describe('every default satisfies its own schema', () => {
  const ours = [...receivers, ...processors, ...exporters, ...connectors];
  test.each(
    [...ours, ...Object.values(registry).flat()].map(
      (definition) => [`${definition.kind} ${definition.type}`, definition] as const,
    ),
  )('%s', (_name, { schema }) => {
    expect(defaultProblems(schema)).toEqual([]);
  });

  test.each([
    ['a duration', { type: 'string', format: 'duration', default: 'soon' }],
    ['a size', { type: 'string', format: 'size', default: '64 MB' }],
    ['an enum', { type: 'string', enum: ['a'], default: 'b' }],
    ['a number', { type: 'integer', minimum: 5, default: 1 }],
    [
      'a default inside items',
      {
        type: 'array',
        items: {
          type: 'object',
          properties: { a: { type: 'boolean', default: false }, b: { type: 'string', minLength: 1, default: '' } },
        },
      },
    ],
  ] as const)('%s that does not is found', (_name, schema) => {
    expect(defaultProblems({ type: 'object', properties: { field: schema } })).toHaveLength(1);
  });
});

test('the defaults of a schema are decoded', () => {
  expect(defaultsOf(TYPED)).toMatchObject({ wait: 30_000, room: 67_108_864, nested: { insecure: false } });
});
