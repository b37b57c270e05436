import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type DeliveryConfig,
  type Payload,
  PermanentError,
  type PushResult,
  Queued,
  RetryableError,
  TOO_LARGE,
} from '../../../core/index.ts';
import { configOf, HOST, receipts, rigOf, settle } from './rig.ts';

/** One item of one byte for each letter. */
const letters = (text: string): Payload => ({ bytes: Buffer.from(text), items: text.length });
const textOf = (payload: Payload): string => payload.bytes.toString();
const never = new AbortController().signal;
const halves = (bytes: Buffer): readonly [Payload, Payload] | undefined => {
  if (bytes.length < 2) return undefined;
  const text = bytes.toString();
  return [letters(text.slice(0, text.length >> 1)), letters(text.slice(text.length >> 1))];
};

type Reply = (payload: Payload, signal: AbortSignal) => Promise<PushResult> | PushResult;

function made(config: DeliveryConfig, reply: Reply = () => ({ rejected: 0 })) {
  const rig = rigOf();
  const pushed: string[] = [];
  const queue = new Queued({
    context: rig.context,
    config,
    items: 'spans',
    join: (requests) => Buffer.concat(requests),
    split: halves,
    push: async (payload, signal) => {
      pushed.push(textOf(payload));
      return reply(payload, signal);
    },
  });
  return { ...rig, queue, pushed };
}
const busy = (): never => {
  throw new RetryableError('busy', { code: 'BUSY' });
};
const one = { num_consumers: 1 };
const unbatched = { ...configOf().sending_queue.batch, enabled: false };

describe('batches', () => {
  test('are sent when the flush time is over', async () => {
    const { queue, pushed, clock } = made(configOf(one));
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    await queue.enqueue([letters('b')]);
    await clock.advance(199);
    expect(pushed).toEqual([]);
    await clock.advance(1);
    expect(pushed).toEqual(['ab']);
  });

  test('are sent at once when they reach the least size, and never hold more than the greatest', async () => {
    const batch = { enabled: true, min_size: 3, max_size: 4, flush_timeout: 200 };
    const { queue, pushed } = made(configOf({ ...one, batch }));
    await queue.start(HOST);
    for (const text of ['aa', 'b', 'cccc', 'dddddd', 'eee']) await queue.enqueue([letters(text)]);
    await settle();
    expect(pushed).toEqual(['aab', 'cccc', 'dddddd', 'eee']);
  });

  test('keep order and lose nothing, however the data came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.string({ minLength: 1, maxLength: 9 }).map((s) => s.replace(/[^ -~]/g, '?')),
          { maxLength: 30 },
        ),
        fc.integer({ min: 1, max: 20 }),
        async (texts, size) => {
          const batch = { enabled: true, min_size: size, max_size: size, flush_timeout: 200 };
          const { queue, pushed, clock, count } = made(configOf({ ...one, batch }));
          await queue.start(HOST);
          for (const text of texts) await queue.enqueue([letters(text)]);
          await clock.advance(200);
          expect(pushed.join('')).toBe(texts.join(''));
          expect(queue.size).toBe(0);
          expect(count('otelcol_exporter_sent_spans')).toBe(texts.join('').length);
          await queue.shutdown(never);
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe('a full queue', () => {
  const full = { ...one, queue_size: 4, batch: unbatched };

  test('makes the pipeline wait, and what is in flight counts', async () => {
    let finish: (result: PushResult) => void = () => undefined;
    const { queue, pushed } = made(configOf(full), () => new Promise((resolve) => (finish = resolve)));
    await queue.start(HOST);
    await queue.enqueue([letters('aaa')]);
    let isIn = false;
    const second = queue.enqueue([letters('bb')]).then(() => {
      isIn = true;
    });
    await settle();
    expect([pushed, isIn, queue.size]).toEqual([['aaa'], false, 3]);
    finish({ rejected: 0 });
    await second;
    await settle();
    expect(pushed).toEqual(['aaa', 'bb']);
  });

  test('refuses with a retryable error where it does not block, and counts it', async () => {
    const { queue, count, lines } = made(
      configOf({ ...full, block_on_overflow: false }),
      () => new Promise(() => undefined),
    );
    await queue.start(HOST);
    await queue.enqueue([letters('aaaa')]);
    await expect(queue.enqueue([letters('b')])).rejects.toMatchObject({
      name: 'RetryableError',
      code: 'EXPORT_QUEUE_FULL',
    });
    await expect(queue.enqueue([letters('bb')])).rejects.toThrow('sending queue is full');
    expect(count('otelcol_exporter_enqueue_failed_spans')).toBe(3);
    expect(lines.filter((line) => line.level === 'warn')).toHaveLength(1);
  });

  test('takes all of a batch or nothing', async () => {
    const { queue } = made(configOf({ ...full, block_on_overflow: false }), () => new Promise(() => undefined));
    await queue.start(HOST);
    await queue.enqueue([letters('aa')]);
    await expect(queue.enqueue([letters('bb'), letters('c')])).rejects.toThrow('full');
    expect(queue.size).toBe(2);
  });

  test('lets a batch larger than the queue in alone', async () => {
    const { queue, pushed } = made(configOf(full));
    await queue.start(HOST);
    await queue.enqueue([letters('aaaaaaaaaa')]);
    await settle();
    expect(pushed).toEqual(['aaaaaaaaaa']);
  });

  test.each([
    { sizer: 'items' as const, size: 6 },
    { sizer: 'requests' as const, size: 2 },
    { sizer: 'bytes' as const, size: 6 },
  ])('counts $sizer', async ({ sizer, size }) => {
    const { queue, count } = made(configOf({ sizer, queue_size: 9 }));
    await queue.start(HOST);
    await queue.enqueue([letters('aaa'), letters('bbb')]);
    expect([count('otelcol_exporter_queue_size'), count('otelcol_exporter_queue_capacity')]).toEqual([size, 9]);
  });
});

describe('errors', () => {
  test('that may pass are tried again with the same bytes until it works, and said once', async () => {
    let left = 2;
    const { queue, pushed, clock, lines } = made(configOf({ ...one, batch: unbatched }), () =>
      left-- > 0 ? busy() : { rejected: 0 },
    );
    await queue.start(HOST);
    await queue.enqueue([letters('abc')]);
    await settle();
    expect(clock.pending).toEqual([5000]);
    await clock.advance(5000);
    expect(clock.pending).toEqual([7500]);
    await clock.advance(7500);
    expect(pushed).toEqual(['abc', 'abc', 'abc']);
    expect(lines.map((line) => line.message)).toEqual(['Exporting failed, trying again.', 'Exporting works again.']);
  });

  test('wait as long as the server asked', async () => {
    const { queue, clock } = made(configOf({ ...one, batch: unbatched }), () => {
      throw new RetryableError('busy', { retryAfterMs: 42_000 });
    });
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    await settle();
    expect(clock.pending).toEqual([42_000]);
  });

  test('that last longer than max_elapsed_time drop the data, counted, with its receipts released', async () => {
    const { queue, clock, count, lines } = made(configOf(one), busy);
    const book = receipts();
    const receipt = book.open(1);
    await queue.start(HOST);
    await queue.enqueue([letters('abc')], [receipt]);
    receipt.release();
    await clock.advance(299_000);
    expect([count('otelcol_exporter_send_failed_spans'), book.lowWater]).toEqual([3, 1]);
    expect(lines.filter((line) => line.level === 'error')).toHaveLength(1);
  });

  test('are waited out for ever with max_elapsed_time 0', async () => {
    const { queue, clock, count, pushed } = made(configOf(one, { max_elapsed_time: 0 }), busy);
    await queue.start(HOST);
    await queue.enqueue([letters('abc')]);
    await clock.advance(3_600_000);
    expect(pushed.length).toBeGreaterThan(100);
    expect(count('otelcol_exporter_send_failed_spans')).toBe(0);
  });

  test('that are permanent drop the data at once, counted, the first one said', async () => {
    const { queue, pushed, count, lines } = made(configOf({ ...one, batch: unbatched }), () => {
      throw new PermanentError('no', { code: 'NO' });
    });
    await queue.start(HOST);
    await queue.enqueue([letters('abc')]);
    await queue.enqueue([letters('de')]);
    await settle();
    expect([pushed, count('otelcol_exporter_send_failed_spans')]).toEqual([['abc', 'de'], 5]);
    expect(lines.filter((line) => line.level === 'error')).toMatchObject([{ fields: { code: 'NO', items: 3 } }]);
  });

  test('a try that hangs ends with the timeout and is tried again', async () => {
    let tries = 0;
    const { queue, clock, pushed } = made(configOf({ ...one, batch: unbatched }), () =>
      tries++ === 0 ? new Promise(() => undefined) : { rejected: 0 },
    );
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    await settle();
    expect(clock.pending).toEqual([5000]);
    await clock.advance(10_000);
    expect(pushed).toEqual(['a', 'a']);
  });

  test('a request that is too large is halved until it fits, and a single item that never fits is dropped and counted', async () => {
    const { queue, pushed, count } = made(configOf({ ...one, batch: unbatched }), (payload) => {
      if (payload.items > 2 || textOf(payload).includes('X')) throw new PermanentError('413', { code: TOO_LARGE });
      return { rejected: 0 };
    });
    await queue.start(HOST);
    await queue.enqueue([letters('abcdeX')]);
    await settle();
    expect(pushed).toEqual(['abcdeX', 'abc', 'a', 'bc', 'deX', 'd', 'eX', 'e', 'X']);
    expect([count('otelcol_exporter_sent_spans'), count('otelcol_exporter_send_failed_spans')]).toEqual([5, 1]);
  });

  test('a partial success is counted, never tried again, and said once for each reason', async () => {
    const { queue, pushed, count, lines } = made(configOf({ ...one, batch: unbatched }), () => ({
      rejected: 2,
      reason: 'too old',
    }));
    await queue.start(HOST);
    await queue.enqueue([letters('abc')]);
    await queue.enqueue([letters('def')]);
    await settle();
    expect(pushed).toEqual(['abc', 'def']);
    expect([count('otelcol_exporter_sent_spans'), count('oisp_exporter_rejected_spans')]).toEqual([2, 4]);
    expect(lines).toHaveLength(1);
  });
});

describe('receipts', () => {
  test('are held while queued and released when all pieces are delivered', async () => {
    const { queue, clock } = made(configOf(one));
    const book = receipts();
    const receipt = book.open(1);
    await queue.start(HOST);
    await queue.enqueue([letters('a'), letters('b')], [receipt]);
    receipt.release();
    expect(book.lowWater).toBe(0);
    await clock.advance(200);
    expect(book.lowWater).toBe(1);
  });

  test('wait_for_result makes the pipeline wait for the delivery and gives it the error', async () => {
    let isBad = false;
    const { queue } = made(configOf({ ...one, wait_for_result: true, batch: unbatched }), () => {
      if (isBad) throw new PermanentError('no');
      return { rejected: 0 };
    });
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    isBad = true;
    await expect(queue.enqueue([letters('b')])).rejects.toThrow('no');
  });

  test('without a queue the pipeline waits for the answer and gets the error', async () => {
    const { queue, pushed } = made(configOf({ enabled: false }), () => {
      throw new PermanentError('no');
    });
    await queue.start(HOST);
    await expect(queue.enqueue([letters('a')])).rejects.toThrow('no');
    expect(pushed).toEqual(['a']);
  });
});

describe('shutdown', () => {
  test('sends what is queued without waiting for the flush time', async () => {
    const { queue, pushed } = made(configOf(one));
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    await queue.shutdown(never);
    expect(pushed).toEqual(['a']);
  });

  test('tries until the deadline, counts what fails as lost and keeps its receipts', async () => {
    const { queue, clock, pushed, count, lines } = made(
      configOf({ ...one, num_consumers: 3, batch: unbatched }),
      (payload) => (textOf(payload) === 'ok' ? { rejected: 0 } : busy()),
    );
    const book = receipts();
    await queue.start(HOST);
    for (const [i, text] of ['aaa', 'ok', 'bb'].entries()) {
      const receipt = book.open(i + 1);
      await queue.enqueue([letters(text)], [receipt]);
      receipt.release();
    }
    await settle();
    const before = pushed.length;
    const deadline = new AbortController();
    const done = queue.shutdown(deadline.signal);
    await clock.advance(5000);
    expect(pushed.length).toBeGreaterThan(before + 4);
    deadline.abort();
    await done;
    expect([count('otelcol_exporter_sent_spans'), count('oisp_exporter_lost_spans')]).toEqual([2, 5]);
    expect(book.lowWater).toBe(0);
    expect(lines.at(-1)).toMatchObject({ level: 'error', fields: { spans: 5 } });
  });

  test('delivers what a server takes again before the deadline', async () => {
    let isUp = false;
    const { queue, clock, count } = made(configOf({ ...one, batch: unbatched }), () =>
      isUp ? { rejected: 0 } : busy(),
    );
    await queue.start(HOST);
    await queue.enqueue([letters('aaa')]);
    const done = queue.shutdown(never);
    await clock.advance(2000);
    isUp = true;
    await clock.advance(2000);
    await done;
    expect([count('otelcol_exporter_sent_spans'), count('oisp_exporter_lost_spans')]).toEqual([3, 0]);
  });

  test('ends at the deadline although the server hangs, and counts what is left', async () => {
    const { queue, count } = made(configOf({ ...one, batch: unbatched }), () => new Promise(() => undefined));
    const deadline = new AbortController();
    await queue.start(HOST);
    await queue.enqueue([letters('aaa')]);
    await queue.enqueue([letters('bb')]);
    const done = queue.shutdown(deadline.signal);
    await settle();
    deadline.abort();
    await done;
    expect(count('oisp_exporter_lost_spans')).toBe(5);
  });

  test('says the first failure and, with what is lost, the last one', async () => {
    let tries = 0;
    const { queue, clock, lines } = made(configOf({ ...one, batch: unbatched }), () => {
      tries++;
      throw new RetryableError(`failure ${tries}`, { code: `CODE_${tries}` });
    });
    const deadline = new AbortController();
    await queue.start(HOST);
    const entered = [queue.enqueue([letters('aaa')]), queue.enqueue([letters('bb')])];
    const done = queue.shutdown(deadline.signal);
    await Promise.all(entered);
    await clock.advance(1000);
    deadline.abort();
    await done;
    expect(tries).toBeGreaterThan(2);
    expect(lines).toMatchObject([
      { level: 'warn', message: 'Exporting failed, trying again.', fields: { error: 'failure 1', code: 'CODE_1' } },
      { level: 'error', fields: { spans: 5, error: `failure ${tries}`, code: `CODE_${tries}` } },
    ]);
  });

  test('what the server said is not replaced by the end of a try that hangs', async () => {
    let tries = 0;
    const { queue, clock, lines } = made(configOf({ ...one, batch: unbatched }), () =>
      tries++ === 0 ? busy() : new Promise(() => undefined),
    );
    const deadline = new AbortController();
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    await settle();
    const done = queue.shutdown(deadline.signal);
    await clock.advance(200);
    expect(tries).toBe(2);
    deadline.abort();
    await done;
    expect(lines.at(-1)).toMatchObject({ level: 'error', fields: { error: 'busy', code: 'BUSY' } });
  });

  test.each(['before it', 'in it'])('a wait that the server asked for %s is kept', async (when) => {
    let tries = 0;
    const { queue, clock, pushed, count } = made(configOf({ ...one, batch: unbatched }), () => {
      if (tries++ === 0) throw new RetryableError('busy', { retryAfterMs: 8000 });
      return { rejected: 0 };
    });
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    if (when === 'before it') await settle();
    const done = queue.shutdown(never);
    await clock.advance(7999);
    expect(pushed).toEqual(['a']);
    await clock.advance(1);
    await done;
    expect([pushed.length, count('otelcol_exporter_sent_spans')]).toEqual([2, 1]);
  });

  test('a wait that the server asked for ends with the time, and its data is lost', async () => {
    const { queue, clock, pushed, lines } = made(configOf({ ...one, batch: unbatched }), () => {
      throw new RetryableError('busy', { code: 'BUSY', retryAfterMs: 60_000 });
    });
    const deadline = new AbortController();
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    const done = queue.shutdown(deadline.signal);
    await clock.advance(5000);
    deadline.abort();
    await done;
    expect(pushed).toEqual(['a']);
    expect(lines.at(-1)).toMatchObject({ fields: { spans: 1, error: 'busy', code: 'BUSY' } });
  });

  test('refuses those who wait for room, and everybody after it', async () => {
    const { queue, count } = made(
      configOf({ ...one, queue_size: 1, batch: unbatched }),
      () => new Promise(() => undefined),
    );
    const deadline = new AbortController();
    await queue.start(HOST);
    await queue.enqueue([letters('a')]);
    const waiting = expect(queue.enqueue([letters('b')])).rejects.toMatchObject({ code: 'EXPORT_SHUTDOWN' });
    deadline.abort();
    await queue.shutdown(deadline.signal);
    await queue.shutdown(deadline.signal);
    await waiting;
    await expect(queue.enqueue([letters('c')])).rejects.toMatchObject({ code: 'EXPORT_SHUTDOWN' });
    expect([count('otelcol_exporter_enqueue_failed_spans'), count('oisp_exporter_lost_spans')]).toEqual([2, 1]);
  });

  test('without a start is fine', async () => {
    await made(configOf()).queue.shutdown(never);
  });
});

test('under random failures every item is delivered or counted, and each payload is tried with the same bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.nat({ max: 9 }), { minLength: 1, maxLength: 40 }),
      fc.array(fc.constantFrom('ok', 'busy', 'no', 'large', 'partial'), { minLength: 1, maxLength: 20 }),
      fc.nat({ max: 60_000 }),
      async (sizes, replies, stopAfter) => {
        let turn = 0;
        let stored = 0;
        const retried = new WeakMap<Payload, string>();
        const { queue, clock, count } = made(
          configOf({ num_consumers: 3, queue_size: 30 }, { max_elapsed_time: 40_000 }),
          (payload) => {
            expect(retried.get(payload) ?? textOf(payload)).toBe(textOf(payload));
            retried.set(payload, textOf(payload));
            switch (replies[turn++ % replies.length]) {
              case 'busy':
                return busy();
              case 'no':
                throw new PermanentError('no');
              case 'large':
                throw new PermanentError('413', { code: TOO_LARGE });
              case 'partial':
                stored += payload.items - 1;
                return { rejected: 1 };
              default:
                stored += payload.items;
                return { rejected: 0 };
            }
          },
        );
        await queue.start(HOST);
        let given = 0;
        const calls = sizes.map((size) => {
          if (size === 0) return queue.enqueue([]);
          given += size;
          return queue.enqueue([letters('x'.repeat(size))]);
        });
        const results = Promise.allSettled(calls);
        await clock.advance(stopAfter);
        const deadline = new AbortController();
        const done = queue.shutdown(deadline.signal);
        await clock.advance(stopAfter / 10);
        deadline.abort();
        await done;
        await results;
        const counted = [
          'oisp_exporter_rejected',
          'oisp_exporter_lost',
          'otelcol_exporter_send_failed',
          'otelcol_exporter_enqueue_failed',
        ]
          .map((name) => count(`${name}_spans`))
          .reduce((a, b) => a + b);
        expect(count('otelcol_exporter_sent_spans')).toBe(stored);
        expect(stored + counted).toBe(given);
        expect(queue.size).toBe(0);
      },
    ),
    { numRuns: 60 },
  );
});
