import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServiceConfig } from '../../../core/config/types.ts';
import { PermanentError, RetryableError } from '../../../core/index.ts';
import { Service } from '../../../core/service/service.ts';
import { collectingLog, eventsBatch, FakeClock, makeContext, spansBatch } from '../../../core/testing/index.ts';
import {
  connector,
  exporter,
  kit,
  type Parts,
  processor,
  receiver,
  type Script,
  serviceConfig,
} from '../graph/configs.ts';

const PIPELINES: Parts['pipelines'] = { traces: ['r', 'redact', 'e'] };

function setup(scripts: Record<string, Script>, pipelines = PIPELINES, again?: () => ServiceConfig | undefined) {
  const k = kit(scripts);
  const config = serviceConfig({
    receivers: { r: receiver(k, ['events', 'spans']), 'r/2': receiver(k, ['events', 'spans']) },
    processors: { redact: processor(k, 'redact', undefined, true), p: processor(k, 'p') },
    exporters: { e: exporter(k), 'e/2': exporter(k), 'e/spans': exporter(k, () => ['spans']) },
    connectors: { forward: connector(k) },
    pipelines,
  });
  const { context, meter } = makeContext();
  const clock = new FakeClock();
  const { log, lines } = collectingLog();
  const service = new Service({
    createLog: () => log,
    clock,
    meter,
    random: () => 0.5,
    matcher: context.matcher,
    build: context.build,
    freeze: true,
    ...(again ? { loadAgain: () => Promise.resolve(again()) } : {}),
  });
  return { service, config, kit: k, meter, clock, lines, messages: () => lines.map((line) => line.msg) };
}

/** A receiver that hands on batches after its start, one after the other, and then says that it has finished. */
function emitting(...batches: Parameters<NonNullable<Script['consume']>>[0][]): Script {
  return {
    start: async (host, next) => {
      setImmediate(async () => {
        for (const batch of batches) await next?.consume(batch).catch(() => {});
        host.finished();
      });
    },
  };
}

test('a run whose input ends starts exporters first, stops receivers first, and says so', async () => {
  const { service, config, kit, lines, messages } = setup({ r: emitting(eventsBatch(3), spansBatch(2)) });
  await service.start(config);
  const outcome = await service.finished();
  expect(kit.journal).toEqual(['start e', 'start redact', 'start r', 'stop r', 'stop redact', 'stop e']);
  expect(messages()).toEqual([
    'Everything is ready. Begin running and processing data.',
    'Starting shutdown...',
    'Shutdown complete.',
  ]);
  expect(outcome).toMatchObject({
    code: 0,
    summary: { receivedEvents: 3, receivedSpans: 2, sentEvents: 3, sentSpans: 2, lost: 0 },
  });
  expect(lines.at(-1)).toMatchObject({ received_events: 3, sent_spans: 2, lost: 0 });
});

test('the run goes on until every receiver has finished', async () => {
  let finishSecond = (): void => {};
  const { service, config, clock } = setup(
    {
      r: emitting(eventsBatch(1)),
      'r/2': {
        start: async (host) => {
          finishSecond = host.finished;
        },
      },
    },
    { traces: ['r r/2', 'redact', 'e'] },
  );
  await service.start(config);
  let ended = false;
  const outcome = service.finished().then((value) => {
    ended = true;
    return value;
  });
  await clock.advance(1000);
  expect(ended).toBe(false);
  finishSecond();
  expect((await outcome).code).toBe(0);
});

test('a component that cannot start is named, and what was started is shut down', async () => {
  const { service, config, kit } = setup({
    redact: { start: () => Promise.reject(new Error('listen tcp 127.0.0.1:4318: bind: address already in use')) },
  });
  await expect(service.start(config)).rejects.toThrow(
    'cannot start pipelines: failed to start "redact" processor: listen tcp 127.0.0.1:4318: bind: address already in use',
  );
  expect(kit.journal).toEqual(['start e', 'start redact', 'stop redact', 'stop e']);
});

test('the rollback of a failed start ends at the deadline even when a component hangs', async () => {
  const { service, config, clock, messages } = setup({
    r: { start: () => Promise.reject(new Error('no')) },
    e: { shutdown: () => new Promise(() => {}) },
  });
  await expect(clock.run(service.start(config))).rejects.toThrow('failed to start "r" receiver: no');
  expect(messages()).toContain('Component did not stop before the deadline.');
});

test('a fatal component ends the run with code 1', async () => {
  const { service, config, lines } = setup({
    r: {
      start: async (host) => {
        setImmediate(() => host.fatal(new Error('the device is gone')));
      },
    },
  });
  await service.start(config);
  expect((await service.finished()).code).toBe(1);
  expect(lines).toContainEqual(
    expect.objectContaining({ level: 'error', 'otelcol.component.id': 'r', error: 'the device is gone' }),
  );
});

test('what an exporter refuses for good is loss, counted once however long the chain above it is', async () => {
  const { service, config, meter } = setup(
    { r: emitting(eventsBatch(5)), e: { consume: () => Promise.reject(new PermanentError('400')) } },
    { traces: ['r', 'redact p', 'e'] },
  );
  await service.start(config);
  const { code, summary } = await service.finished();
  expect([code, summary.lost]).toEqual([3, 5]);
  expect(summary.losses.map((sample) => sample.name)).toEqual(['otelcol_exporter_send_failed_log_records']);
  expect(meter.counter('otelcol_receiver_refused_log_records', { receiver: 'r' }).value).toBe(5);
});

test('a bug in a component cannot hold a pipeline up: after five tries its batch is loss', async () => {
  let tries = 0;
  const { service, config, clock } = setup(
    {
      r: emitting(eventsBatch(4)),
      e: {
        consume: () => {
          tries++;
          return Promise.reject(new TypeError('a bug'));
        },
      },
    },
    { traces: ['r', 'redact', 'e e/2'] },
  );
  await service.start(config);
  const { code, summary } = await clock.run(service.finished());
  expect([tries, code, summary.lost, summary.sentEvents]).toEqual([5, 3, 4, 4]);
});

test('what a processor breaks on is loss at the processor', async () => {
  const { service, config } = setup({
    r: emitting(eventsBatch(2)),
    redact: { consume: () => Promise.reject(new PermanentError('cannot read it')) },
  });
  await service.start(config);
  const { summary } = await service.finished();
  expect(summary.losses).toMatchObject([
    { name: 'oisp_processor_failed_items', labels: { processor: 'redact' }, value: 2 },
  ]);
});

test('one branch that refuses does not keep batches from the other, nor bring them twice', async () => {
  const got: number[] = [];
  const { service, config } = setup(
    {
      r: emitting(eventsBatch(2), eventsBatch(3)),
      e: { consume: () => Promise.reject(new PermanentError('400')) },
      'e/2': {
        consume: async (batch) => {
          if (batch.signal === 'events') got.push(batch.events.length);
        },
      },
    },
    { traces: ['r', 'redact', 'e e/2'] },
  );
  await service.start(config);
  const { summary } = await service.finished();
  expect(got).toEqual([2, 3]);
  expect([summary.sentEvents, summary.lost]).toEqual([5, 5]);
});

test('each exporter has sent or lost every item, once, whatever exporters answer', async () => {
  const answers = fc.array(fc.constantFrom('ok', 'later', 'never', 'bug'), { maxLength: 30 });
  const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(answers, answers, sizes, async (first, second, counts) => {
      const answering = (script: string[]): Script => ({
        consume: async () => {
          const answer = script.shift();
          if (answer === 'later') throw new RetryableError('later');
          if (answer === 'never') throw new PermanentError('never');
          if (answer === 'bug') throw new TypeError('a bug');
        },
      });
      const { service, config, clock, meter } = setup(
        {
          r: emitting(...counts.map((count) => eventsBatch(count))),
          e: answering([...first]),
          'e/2': answering([...second]),
        },
        { traces: ['r', 'redact', 'e/2 forward'], logs: ['forward', 'p', 'e'] },
      );
      await service.start(config);
      const { summary } = await clock.run(service.finished());
      const total = counts.reduce((sum, count) => sum + count, 0);
      for (const exporter of ['e', 'e/2']) {
        const sent = meter.counter('otelcol_exporter_sent_log_records', { exporter }).value;
        const failed = meter.counter('otelcol_exporter_send_failed_log_records', { exporter }).value;
        expect(sent + failed).toBe(total);
      }
      expect(summary.sentEvents + summary.lost).toBe(2 * total);
    }),
    { seed: 11, numRuns: 200 },
  );
});

test('an exporter is handed only the signals that it takes', async () => {
  const seen: string[] = [];
  const { service, config } = setup(
    {
      r: emitting(eventsBatch(2), spansBatch(1)),
      'e/spans': {
        consume: async (batch) => {
          seen.push(batch.signal);
        },
      },
    },
    { traces: ['r', 'redact', 'e/spans'] },
  );
  await service.start(config);
  await service.finished();
  expect(seen).toEqual(['spans']);
});

test('a batch that a component writes into throws in tests', async () => {
  let error: unknown;
  const { service, config } = setup({
    r: emitting(eventsBatch(1)),
    redact: {
      consume: async (batch) => {
        try {
          if (batch.signal === 'events') Object.assign(batch.events[0] ?? {}, { event_type: 'changed' });
        } catch (thrown) {
          error = thrown;
        }
      },
    },
  });
  await service.start(config);
  await service.finished();
  expect(error).toBeInstanceOf(TypeError);
});

test('data goes through forward into a pipeline of another kind', async () => {
  const { service, config } = setup(
    { r: emitting(eventsBatch(4)) },
    { traces: ['r', 'redact', 'e/2 forward'], logs: ['forward', '', 'e'] },
  );
  await service.start(config);
  const { summary } = await service.finished();
  expect(summary.sentEvents).toBe(8);
});

test('all components together have one deadline, and a hanging one is left behind', async () => {
  const signals: boolean[] = [];
  const hang = (deadline: AbortSignal): Promise<void> => {
    signals.push(deadline.aborted);
    return new Promise(() => {});
  };
  const { service, config, clock, lines } = setup({ redact: { shutdown: hang }, e: { shutdown: hang } });
  await service.start(config);
  service.stop();
  const began = clock.now();
  await clock.run(service.finished());
  expect(signals).toEqual([false, true]);
  expect(clock.now() - began).toBe(11_000);
  expect(lines.filter((line) => line.msg === 'Component did not stop before the deadline.')).toHaveLength(2);
});

test('the deadline ends the waiting for a branch that never takes its batch', async () => {
  let handed: unknown;
  let inFlight: Promise<void> | undefined;
  const { service, config, clock } = setup(
    {
      r: {
        start: async (_host, next) => {
          inFlight = next?.consume(eventsBatch(1)).catch((error: unknown) => {
            handed = error;
          });
        },
        shutdown: async () => inFlight,
      },
      e: { consume: () => Promise.reject(new RetryableError('busy')) },
    },
    { traces: ['r', 'redact', 'e e/2'] },
  );
  await service.start(config);
  service.stop();
  const { code, summary } = await clock.run(service.finished());
  expect(String(handed)).toContain('interrupted due to shutdown');
  expect([code, summary.lost]).toEqual([3, 1]);
  expect(summary.losses).toMatchObject([{ name: 'oisp_interrupted_items', labels: { exporter: 'e' } }]);
});

test('what a component keeps trying and gives up at the deadline is loss, though nobody brings it again', async () => {
  const { service, config, clock } = setup({
    r: emitting(eventsBatch(3)),
    redact: {
      consume: async (batch, next) => {
        // as a component with state does: it owns the batch and says nothing of the refusal
        await next?.consume(batch).catch(() => {});
      },
    },
    e: { consume: () => Promise.reject(new RetryableError('busy')) },
  });
  await service.start(config);
  const { code, summary } = await clock.run(service.finished());
  expect([code, summary.lost]).toEqual([3, 3]);
  expect(summary.losses).toMatchObject([{ name: 'oisp_interrupted_items', labels: { exporter: 'e' }, value: 3 }]);
});

test('what was refused first and taken later is no loss', async () => {
  let calls = 0;
  const { service, config, clock } = setup({
    r: emitting(eventsBatch(3)),
    redact: {
      consume: async (batch, next) => {
        await next?.consume(batch).catch(() => next.consume(batch));
      },
    },
    e: { consume: () => (++calls === 1 ? Promise.reject(new RetryableError('busy')) : Promise.resolve()) },
  });
  await service.start(config);
  const { code, summary } = await clock.run(service.finished());
  expect([calls, code, summary.lost, summary.sentEvents]).toEqual([2, 0, 0, 3]);
});

test('a reload with a wrong config keeps the old pipelines at work', async () => {
  const { service, config, kit, messages } = setup({}, PIPELINES, () => undefined);
  await service.start(config);
  await service.reload();
  expect(kit.journal).toEqual(['start e', 'start redact', 'start r']);
  expect(messages()).toContain('The new config is wrong, the old pipelines stay at work.');
  service.stop();
  expect((await service.finished()).code).toBe(0);
});

test('a reload with a config whose graph is wrong keeps the old pipelines at work', async () => {
  const bad = setup({}, { traces: ['r', '', 'e'] }).config;
  const { service, config, kit } = setup({}, PIPELINES, () => bad);
  await service.start(config);
  await service.reload();
  expect(kit.journal).not.toContain('stop r');
  service.stop();
  await service.finished();
});

test('a reload swaps to a config that is right', async () => {
  const other = setup({}, { traces: ['r/2', 'redact', 'e'] });
  const { service, config, kit, messages } = setup({}, PIPELINES, () => other.config);
  await service.start(config);
  await service.reload();
  expect(kit.journal.slice(3)).toEqual(['stop r', 'stop redact', 'stop e']);
  expect(other.kit.journal).toEqual(['start e', 'start redact', 'start r/2']);
  expect(messages()).toContain('Config updated, restart service.');
  service.stop();
  await service.finished();
  expect(other.kit.journal).toContain('stop r/2');
});

test('when the new config cannot start, the old one comes back', async () => {
  const other = setup({ e: { start: () => Promise.reject(new Error('port taken')) } });
  const { service, config, kit, messages } = setup({}, PIPELINES, () => other.config);
  await service.start(config);
  await service.reload();
  expect(kit.journal.slice(6)).toEqual(['start e', 'start redact', 'start r']);
  expect(messages()).toContain('The new config cannot start, going back to the old one.');
  service.stop();
  expect((await service.finished()).code).toBe(0);
});
