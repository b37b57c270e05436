import { randomBytes } from 'node:crypto';
import {
  BUILD,
  createLog,
  createMatcher,
  formatProblem,
  formatSample,
  type LogLevel,
  Meter,
  type Registry,
  Service,
  type ServiceConfig,
  systemClock,
} from '../core/index.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { load, type Wanted } from './load.ts';

/** How a config is run. */
export interface Serve {
  readonly config: ServiceConfig;
  readonly registry: Registry;
  /** What to read again on SIGHUP. */
  readonly wanted: Wanted;
  /** Print all counters at the end. */
  readonly verbose: boolean;
  /** Least severity of log lines, in place of the config's. */
  readonly logLevel?: LogLevel;
}

/** Runs a config until its input ends or a signal comes. The answer is the exit code. */
export async function serve({ config, registry, wanted, verbose, logLevel }: Serve, io: Io): Promise<number> {
  const meter = new Meter();
  const service = new Service({
    createLog: ({ telemetry }) =>
      createLog({ ...telemetry.logs, level: logLevel ?? telemetry.logs.level, write: io.err, now: systemClock.now }),
    clock: systemClock,
    meter,
    random: Math.random,
    // keys are compared within one run only, so they need not outlive it
    matcher: createMatcher(randomBytes(32)),
    build: BUILD,
    loadAgain: async (log) => {
      const again = await load(wanted, registry, io);
      for (const problem of again.problems)
        log[problem.severity === 'error' ? 'error' : 'warn'](formatProblem(problem));
      return again.config;
    },
  });

  let asked = false;
  const stop = (): void => {
    if (asked) io.exit(EXIT.forced);
    asked = true;
    service.stop();
  };
  // signals count from before the start on: a start that hangs can be ended too
  const handlers = [
    io.onSignal('SIGINT', stop),
    io.onSignal('SIGTERM', stop),
    io.onSignal('SIGHUP', () => void service.reload()), // it tells the log how it went
  ];
  // timers of components let the process end; what waits for a signal does not
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    await service.start(config);
    const { code, summary } = await service.finished();
    if (verbose) for (const sample of meter.samples()) io.err(`${formatSample(sample)}\n`);
    if (summary.lost > 0) io.err(`stopped with loss: ${summary.lost} events and spans did not arrive\n`);
    return code;
  } catch (error) {
    // its message names the component and holds the texts of its causes
    throw new CommandError(error instanceof Error ? error.message : String(error));
  } finally {
    clearInterval(alive);
    for (const off of handlers) off();
  }
}
