import { expect, test } from 'vitest';
import { CommandRun } from '../../cli/command-run.ts';
import type { SignalName } from '../../cli/io.ts';
import type { Service } from '../../core/index.ts';
import { FakeClock } from '../../core/testing/index.ts';

/** A command, a service and a machine that only say what was done to them. */
function make() {
  const done: string[] = [];
  const handlers = new Map<SignalName, () => void>();
  const clock = new FakeClock();
  let end = (_code: number): void => {};
  let fail = (_error: Error): void => {};
  const run = new CommandRun({
    clock,
    io: {
      onSignal: (name, handler) => {
        handlers.set(name, handler);
        return () => handlers.delete(name);
      },
      exit: (code) => done.push(`exit ${code}`),
    },
    start: () => {
      done.push('start');
      return {
        ended: new Promise((resolve, reject) => {
          end = resolve;
          fail = reject;
        }),
        kill: (signal) => done.push(`kill ${signal}`),
      };
    },
    began: () => done.push('began'),
    ended: () => done.push('ended'),
  });
  const service = { stop: () => done.push('stop') } as unknown as Service;
  const off = run.listen(service);
  return {
    run,
    service,
    done,
    clock,
    handlers,
    off,
    end: (code: number) => end(code),
    fail: (error: Error) => fail(error),
    press: (name: SignalName) => handlers.get(name)?.(),
  };
}

test('the service stops a moment after the command', async () => {
  const { run, service, done, clock, end, off, handlers } = make();
  run.begin(service);
  end(4);
  await clock.advance(299);
  expect(done).toEqual(['began', 'start', 'ended']);
  await clock.advance(1);
  await run.done();
  expect([done.at(-1), await run.code()]).toEqual(['stop', 4]);
  off();
  expect(handlers.size).toBe(0);
});

test('a command that cannot be started stops the service, and its error waits for who asks', async () => {
  const { run, service, done, clock, fail } = make();
  run.begin(service);
  fail(new Error('no such file'));
  await clock.advance(300);
  // as long as a shutdown takes: a rejection that nobody listens to would end the process
  await new Promise((resolve) => setImmediate(resolve));
  expect(done.at(-1)).toBe('stop');
  await run.done();
  await expect(run.code()).rejects.toThrow('no such file');
});

test('a signal before the start keeps the command from starting', async () => {
  for (const [name, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    const { run, service, done, press } = make();
    press(name);
    run.begin(service);
    await run.done();
    expect([done, await run.code()]).toEqual([['stop'], code]);
    press(name);
    expect(done.slice(0, 2)).toEqual(['stop', 'exit 130']);
  }
});

test('signals during the command', () => {
  const { run, service, done, press } = make();
  run.begin(service);
  done.length = 0;
  for (const name of ['SIGINT', 'SIGQUIT', 'SIGINT', 'SIGHUP', 'SIGHUP', 'SIGTERM'] as const) press(name);
  expect(done).toEqual(['kill SIGHUP', 'kill SIGHUP', 'kill SIGTERM']);
  press('SIGTERM');
  expect(done).toContain('exit 130');
});

test('after the command the first signal cuts the moment short and the second ends all', async () => {
  const { run, service, done, press, end, clock } = make();
  run.begin(service);
  press('SIGTERM');
  end(0);
  await clock.advance(1);
  done.length = 0;
  press('SIGINT');
  await run.done();
  expect(done).toContain('stop');
  expect(done).not.toContain('exit 130');
  press('SIGINT');
  expect(done.at(-1)).not.toBe('kill SIGINT');
  expect(done).toContain('exit 130');
});
