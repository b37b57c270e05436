import { expect, test } from 'vitest';
import { forwardConnector } from '../../../connectors/forward/index.ts';
import { PIPELINE_KINDS, RetryableError } from '../../../core/index.ts';
import { CollectingSink, eventsBatch, makeContext, ScriptedSink } from '../../../core/testing/index.ts';

test('it joins pipelines of any two kinds', () => {
  for (const from of PIPELINE_KINDS)
    for (const to of PIPELINE_KINDS) expect(forwardConnector.joins(from, to)).toBe(true);
});

test('it hands on the very batch that it is handed', async () => {
  const sink = new CollectingSink();
  const forward = forwardConnector.create(makeContext().context, {}, sink);
  const batch = eventsBatch(2);
  await forward.consume(batch);
  expect(sink.batches[0]).toBe(batch);
});

test('it passes on errors from below as they are', async () => {
  const error = new RetryableError('busy');
  const forward = forwardConnector.create(makeContext().context, {}, new ScriptedSink([error]));
  await expect(forward.consume(eventsBatch(1))).rejects.toBe(error);
});
