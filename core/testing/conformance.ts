import assert from 'node:assert/strict';
import type { Batch } from '../batch.ts';
import type { Component, Consumer, Context, Definition } from '../component.ts';
import type { AnySchema, ConfigOf, ConfigSchema } from '../config/schema.ts';
import { PermanentError } from '../errors.ts';
import { deepFreeze } from '../graph/freeze.ts';
import { ReceiptBook } from '../receipt.ts';
import type { Meter } from '../telemetry/meter.ts';
import { eventsBatch, makeContext, makeHost, spansBatch } from './builders.ts';
import type { FakeClock } from './fake-clock.ts';
import { CollectingSink } from './sinks.ts';

/** A component type and what its instances are made with. */
export interface Subject {
  readonly definition: Definition;
  /** Decoded by the definition's schema. A new one for each instance, where instances would share a file or a port. */
  readonly config: () => unknown;
  /** Batches to hand to it; default: some events and some spans. */
  readonly batches?: () => readonly Batch[];
}

/** One rule that every component keeps. `run` throws an AssertionError when it is broken. */
export interface Rule {
  readonly name: string;
  readonly run: (subject: Subject) => Promise<void>;
}

interface Instance {
  readonly component: Component;
  readonly consumer: Consumer | undefined;
  readonly clock: FakeClock;
  readonly meter: Meter;
}

/** A deadline that does not come. */
const never = (): AbortSignal => new AbortController().signal;

function make({ definition, config }: Subject, next: Consumer): Instance {
  const { context, clock, meter } = makeContext();
  // the caller decoded it by this definition's own schema
  const own = config() as ConfigOf<ConfigSchema>;
  const inPipeline: Context = { ...context, id: definition.type, pipeline: 'traces' };
  switch (definition.kind) {
    case 'receiver':
      return { component: definition.create(context, own, next), consumer: undefined, clock, meter };
    case 'extension':
      return { component: definition.create(context, own), consumer: undefined, clock, meter };
    case 'exporter': {
      const made = definition.create(inPipeline, own);
      const takes = new Set(definition.takes('traces', own));
      const consumer: Consumer = {
        consume: async (batch) => (takes.has(batch.signal) ? made.consume(batch) : undefined),
      };
      return { component: made, consumer, clock, meter };
    }
    case 'processor':
    case 'connector': {
      const made = definition.create(inPipeline, own, next);
      return { component: made, consumer: made, clock, meter };
    }
    default:
      return definition satisfies never;
  }
}

function batchesOf(subject: Subject): readonly Batch[] {
  return subject.batches?.() ?? [eventsBatch(3), spansBatch(2)];
}

/** Sum of everything that the component counts. */
function countOf(meter: Meter): number {
  return meter.samples().reduce((sum, sample) => (sample.kind === 'counter' ? sum + sample.value : sum), 0);
}

async function started(subject: Subject, next: Consumer = new CollectingSink()): Promise<Instance> {
  const instance = make(subject, next);
  await instance.clock.run(instance.component.start(makeHost()));
  return instance;
}

/** What every component owes the graph that runs it. */
export const RULES: readonly Rule[] = [
  {
    name: 'its definition is complete: a plain type, a summary, a described setting for every key',
    run: async ({ definition }) => {
      assert.match(definition.type, /^[a-z][0-9a-z_]{0,62}$/);
      assert.match(definition.summary, /^[A-Z].*\.$/);
      for (const [key, inner] of Object.entries(definition.schema.properties)) described(key, inner);
    },
  },
  {
    name: 'it can be shut down without a start, and again',
    run: async (subject) => {
      const { component, clock } = make(subject, new CollectingSink());
      await clock.run(component.shutdown(never()));
      await clock.run(component.shutdown(never()));
    },
  },
  {
    name: 'it can be shut down twice after a start',
    run: async (subject) => {
      const { component, clock } = await started(subject);
      await clock.run(component.shutdown(never()));
      await clock.run(component.shutdown(never()));
    },
  },
  {
    name: 'it stops when the deadline has passed already',
    run: async (subject) => {
      const { component, clock } = await started(subject);
      await clock.run(component.shutdown(AbortSignal.abort(new Error('time is up'))));
    },
  },
  {
    name: 'it hands nothing on after its shutdown',
    run: async (subject) => {
      const sink = new CollectingSink();
      const { component, consumer, clock } = await started(subject, sink);
      for (const batch of batchesOf(subject)) await clock.run(consumer?.consume(batch) ?? Promise.resolve());
      await clock.run(component.shutdown(never()));
      const before = sink.batches.length;
      await clock.advance(3_600_000);
      assert.equal(sink.batches.length, before);
    },
  },
  {
    name: 'it leaves the batches that it is handed as they are',
    run: async (subject) => {
      const { component, consumer, clock } = await started(subject);
      for (const batch of batchesOf(subject)) {
        const before = structuredClone(batch);
        deepFreeze(batch);
        await clock.run(consumer?.consume(batch) ?? Promise.resolve());
        assert.deepEqual(batch, before);
      }
      await clock.run(component.shutdown(never()));
    },
  },
  {
    name: 'it takes an empty batch',
    run: async (subject) => {
      const { component, consumer, clock } = await started(subject);
      for (const batch of [eventsBatch(0), spansBatch(0)])
        await clock.run(consumer?.consume(batch) ?? Promise.resolve());
      await clock.run(component.shutdown(never()));
    },
  },
  {
    name: 'after its shutdown it refuses a batch, hands it on, or counts it',
    run: async (subject) => {
      const sink = new CollectingSink();
      const { component, consumer, clock, meter } = await started(subject, sink);
      if (!consumer) return;
      await clock.run(component.shutdown(never()));
      for (const batch of [eventsBatch(3), spansBatch(2)]) {
        if (!isTaken(subject, batch)) continue;
        const before = [sink.items, countOf(meter)].join();
        const refused = await clock.run(
          consumer.consume(batch).then(
            () => false,
            () => true,
          ),
        );
        const kept = [sink.items, countOf(meter)].join() !== before;
        assert.ok(refused || kept, `a batch of ${batch.signal} after the shutdown is gone without a trace`);
      }
    },
  },
  {
    name: 'it does not hide that what is below refuses a batch',
    run: async (subject) => {
      if (subject.definition.kind !== 'processor' && subject.definition.kind !== 'connector') return;
      let refusals = 0;
      const next: Consumer = {
        consume: () => {
          refusals++;
          return Promise.reject(new PermanentError('refused by a test'));
        },
      };
      const { component, consumer, clock, meter } = await started(subject, next);
      const before = countOf(meter);
      let told = 0;
      for (const batch of batchesOf(subject)) {
        await clock.run(consumer?.consume(batch) ?? Promise.resolve()).catch(() => {
          told++;
        });
      }
      await clock.run(component.shutdown(never())).catch(() => {
        told++;
      });
      if (refusals > 0)
        assert.ok(told > 0 || countOf(meter) > before, 'neither an error nor a counter tells of the refusal');
    },
  },
  {
    name: 'by its shutdown it has released every receipt of what it handed on',
    run: async (subject) => {
      const { component, consumer, clock } = await started(subject);
      const book = new ReceiptBook(0);
      for (const [i, batch] of batchesOf(subject).entries()) {
        const receipt = book.open(i + 1);
        await clock.run(consumer?.consume({ ...batch, receipts: [receipt] }) ?? Promise.resolve());
        receipt.release();
      }
      await clock.run(component.shutdown(never()));
      assert.equal(book.held, 0);
    },
  },
];

/** Exporters are handed only the signals that they asked for. */
function isTaken({ definition, config }: Subject, batch: Batch): boolean {
  if (definition.kind !== 'exporter') return true;
  return definition.takes('traces', config() as ConfigOf<ConfigSchema>).includes(batch.signal);
}

/** Every key is in snake_case and says what it is for; below it the same. */
function described(key: string, schema: AnySchema): void {
  assert.match(key, /^[a-z][a-z0-9_]*$/, `setting ${key}`);
  assert.ok((schema.description ?? '').length > 5, `setting ${key} has no description`);
  if (schema.type === 'array' && schema.items.type === 'object' && 'properties' in schema.items) {
    for (const [name, inner] of Object.entries(schema.items.properties)) described(name, inner);
  }
  if (schema.type === 'object' && 'properties' in schema) {
    for (const [name, inner] of Object.entries(schema.properties)) described(name, inner);
  }
}
