import { expect, test } from 'vitest';
import { FakeClock } from '../../../core/testing/index.ts';

test('timers run in the order of their times, each at its own time', async () => {
  const clock = new FakeClock(0);
  const seen: string[] = [];
  clock.after(20, () => seen.push(`b ${clock.now()}`));
  clock.after(10, () => seen.push(`a ${clock.now()}`));
  const cancel = clock.after(15, () => seen.push('never'));
  cancel();
  await clock.advance(19);
  expect([seen, clock.now()]).toEqual([['a 10'], 19]);
  await clock.advance(1);
  expect(seen).toEqual(['a 10', 'b 20']);
});

test('a sleep ends with the reason of the signal that aborts it, and leaves no timer behind', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const sleeping = clock.sleep(1000, stop.signal);
  stop.abort(new Error('time is up'));
  await expect(sleeping).rejects.toThrow('time is up');
  expect(clock.pending).toBe(0);
});

test('run moves the time on until a promise is settled', async () => {
  const clock = new FakeClock(0);
  const work = async (): Promise<number> => {
    await clock.sleep(60_000);
    await clock.sleep(60_000);
    return clock.now();
  };
  expect(await clock.run(work())).toBe(120_000);
});
