import { describe, expect, test } from 'vitest';
import {
  type Batch,
  type Component,
  type ConfigSchema,
  type Consumer,
  type Context,
  defineProcessor,
} from '../../../core/index.ts';
import { RULES } from '../../../core/testing/index.ts';

const schema = { type: 'object', properties: {} } as const satisfies ConfigSchema;

type Make = (context: Context, next: Consumer) => Partial<Component & Consumer>;

/** A processor that passes batches on, but for what a test breaks. */
function broken(make: Make, more: { readonly summary?: string; readonly schema?: ConfigSchema } = {}) {
  return defineProcessor({
    type: 'broken',
    summary: 'Breaks one rule.',
    stability: 'alpha',
    schema,
    flow: (incoming) => incoming,
    create: (context, _config, next) => ({
      start: async () => {},
      shutdown: async () => {},
      consume: (batch: Batch) => next.consume(batch),
      ...make(context, next),
    }),
    ...more,
  });
}

async function failing(definition: ReturnType<typeof broken>): Promise<string[]> {
  const names: string[] = [];
  for (const { name, run } of RULES) {
    await run({ definition, config: () => ({}) }).catch(() => {
      names.push(name);
    });
  }
  return names;
}

test('a component that does everything right keeps every rule', async () => {
  expect(await failing(broken(() => ({})))).toEqual([]);
});

describe('each rule finds who breaks it', () => {
  test.each<{ about: string; make: Make }>([
    {
      about: 'it leaves the batches',
      make: (_context, next) => ({
        consume: (batch) => {
          if (batch.signal === 'events') Object.assign(batch.events[0] ?? {}, { event_type: 'changed' });
          return next.consume(batch);
        },
      }),
    },
    { about: 'after its shutdown it refuses', make: () => ({ consume: () => Promise.resolve() }) },
    {
      about: 'it does not hide',
      make: (_context, next) => ({ consume: (batch) => next.consume(batch).catch(() => {}) }),
    },
    {
      about: 'it can be shut down twice',
      make: () => {
        let calls = 0;
        return { shutdown: () => (++calls > 1 ? Promise.reject(new Error('twice')) : Promise.resolve()) };
      },
    },
    {
      about: 'it can be shut down without',
      make: () => {
        let isUp = false;
        return {
          start: async () => {
            isUp = true;
          },
          shutdown: () => (isUp ? Promise.resolve() : Promise.reject(new Error('not started'))),
        };
      },
    },
    {
      about: 'it stops when the deadline',
      make: () => ({
        shutdown: (deadline) => (deadline.aborted ? Promise.reject(deadline.reason) : Promise.resolve()),
      }),
    },
    {
      about: 'it hands nothing on after',
      make: (context, next) => ({
        consume: async (batch) => {
          context.clock.after(10, () => void next.consume(batch));
        },
      }),
    },
    {
      about: 'by its shutdown it has released',
      make: (_context, next) => ({
        consume: (batch) => {
          for (const receipt of batch.receipts ?? []) receipt.hold();
          return next.consume(batch);
        },
      }),
    },
    {
      about: 'it takes an empty batch',
      make: (_context, next) => ({
        consume: (batch) => {
          if (batch.signal === 'events' && batch.events.length === 0) return Promise.reject(new Error('empty'));
          return next.consume(batch);
        },
      }),
    },
  ])('$about', async ({ about, make }) => {
    expect(await failing(broken(make))).toContainEqual(expect.stringContaining(about));
  });

  test('its definition is complete', async () => {
    const undescribed = { type: 'object', properties: { key: { type: 'string' } } } as const satisfies ConfigSchema;
    const rule = [expect.stringContaining('its definition is complete')];
    expect(await failing(broken(() => ({}), { schema: undescribed }))).toEqual(rule);
    expect(await failing(broken(() => ({}), { summary: 'no sentence' }))).toEqual(rule);
  });
});
