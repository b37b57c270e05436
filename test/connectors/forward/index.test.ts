import { expect, test } from 'vitest';
import { forwardConnector } from '../../../connectors/forward/index.ts';
import {
  type ConfigOf,
  type ConfigSchema,
  type Connector,
  type Consumer,
  PIPELINE_KINDS,
  RetryableError,
} from '../../../core/index.ts';
import { CollectingSink, eventsBatch, makeContext, ScriptedSink } from '../../../core/testing/index.ts';

function create(next: Consumer): Connector {
  // the schema is known only as some schema here, and it has no keys
  const config: unknown = {};
  return forwardConnector.create(makeContext().context, config as ConfigOf<ConfigSchema>, next);
}

test('it joins pipelines of any two kinds', () => {
  for (const from of PIPELINE_KINDS)
    for (const to of PIPELINE_KINDS) expect(forwardConnector.joins(from, to)).toBe(true);
});

test('it hands on the very batch that it is handed', async () => {
  const sink = new CollectingSink();
  const forward = create(sink);
  const batch = eventsBatch(2);
  await forward.consume(batch);
  expect(sink.batches[0]).toBe(batch);
});

test('it passes on errors from below as they are', async () => {
  const error = new RetryableError('busy');
  const forward = create(new ScriptedSink([error]));
  await expect(forward.consume(eventsBatch(1))).rejects.toBe(error);
});
