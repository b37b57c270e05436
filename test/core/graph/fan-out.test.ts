import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FanOut } from '../../../core/graph/fan-out.ts';
import { isPermanent, isRetryable, PermanentError, RetryableError } from '../../../core/index.ts';
import { CollectingSink, eventsBatch, FakeClock, ScriptedSink } from '../../../core/testing/index.ts';

function fanOut(...branches: CollectingSink[]) {
  const clock = new FakeClock();
  const stop = new AbortController();
  return { clock, stop, fan: new FanOut(branches, { clock, random: () => 0.5, stop: stop.signal }) };
}

test('branches that work get every batch exactly once, whatever the others do', async () => {
  const answer = fc.constantFrom('ok', 'retry', 'permanent');
  const scripts = fc.array(fc.array(answer, { maxLength: 6 }), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(scripts, async (lists) => {
      const errors = { ok: undefined, retry: new RetryableError('later'), permanent: new PermanentError('never') };
      const sinks = lists.map((list) => new ScriptedSink(list.map((one) => errors[one])));
      const { fan, clock } = fanOut(...sinks);
      const end = await clock.run(
        fan.consume(eventsBatch(2)).then(
          () => undefined,
          (error: unknown) => error,
        ),
      );
      for (const [i, sink] of sinks.entries()) {
        const first = lists[i]?.find((one) => one !== 'retry') ?? 'ok';
        expect(sink.items).toBe(first === 'ok' ? 2 : 0);
      }
      const refused = lists.some((list) => list.find((one) => one !== 'retry') === 'permanent');
      expect(isPermanent(end)).toBe(refused);
    }),
    { seed: 7, numRuns: 100 },
  );
});

test('a branch that may take it later is tried again after the others have the batch', async () => {
  const slow = new ScriptedSink([new RetryableError('busy'), new RetryableError('busy')]);
  const quick = new CollectingSink();
  const { fan, clock } = fanOut(slow, quick);
  const done = fan.consume(eventsBatch(1));
  await clock.advance(0);
  expect([quick.items, slow.items]).toEqual([1, 0]);
  await clock.run(done);
  expect([quick.items, slow.items, slow.calls]).toEqual([1, 1, 3]);
});

test('Retry-After is waited for', async () => {
  const busy = new ScriptedSink([new RetryableError('busy', { retryAfterMs: 30_000 })]);
  const { fan, clock } = fanOut(busy, new CollectingSink());
  const done = fan.consume(eventsBatch(1));
  await clock.advance(29_999);
  expect(busy.calls).toBe(1);
  await clock.advance(1);
  await done;
  expect(busy.calls).toBe(2);
});

test('when the service stops, waiting ends with an error that says to keep the input', async () => {
  const busy = new ScriptedSink(Array.from({ length: 99 }, () => new RetryableError('busy')));
  const { fan, clock, stop } = fanOut(busy, new CollectingSink());
  const done = fan.consume(eventsBatch(1)).catch((error: unknown) => error);
  await clock.advance(0);
  stop.abort(new Error('time is up'));
  const error = await done;
  expect(isRetryable(error)).toBe(true);
  expect(String(error)).toContain('interrupted due to shutdown');
});
