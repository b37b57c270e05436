import { randomBytes } from 'node:crypto';
import {
  BUILD,
  createLog,
  createMatcher,
  formatProblem,
  formatSample,
  type Log,
  type LogLevel,
  Meter,
  type Registry,
  Service,
  type ServiceConfig,
  systemClock,
} from '../core/index.ts';
import { CommandError, EXIT, type Io } from './io.ts';
import { load, type Wanted } from './load.ts';
import { type AfterStart, Privileges } from './privileges.ts';

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

/** How a service ended. */
export type Outcome = Awaited<ReturnType<Service['finished']>>;

/** What goes on beside a service. It has the signals, and stops the service. */
export interface Beside {
  /** Listens to signals from here on, before the service starts. The returned function ends that. */
  listen(service: Service): () => void;
  /** Everything is ready. */
  begin?(service: Service): void;
  /** Resolves when it has ended; awaited after the end of the service. Only a command has an end of its own. */
  done?(): Promise<void>;
  /** The config may be read again. */
  readonly reloads?: boolean;
}

/** Runs a config until its input ends or a signal comes. The answer is the exit code. */
export async function serve(options: Serve, io: Io): Promise<number> {
  const { code } = await serveBeside(options, untilSignal('reload', io), io);
  return code;
}

/** Runs a config until its input ends or what goes on beside it stops it. */
export async function serveBeside(options: Serve, beside: Beside, io: Io): Promise<Outcome> {
  const privileges = new Privileges(options.config, io);
  const meter = new Meter();
  const service = serviceOf(options, meter, io);
  // signals count from before the start on: a start that hangs can be ended too
  const off = beside.listen(service);
  // timers of components let the process end; what waits for a signal does not
  const alive = setInterval(() => {}, 2 ** 30);
  try {
    privileges.claim(options.config);
    await service.start(options.config);
    const giveUp = await planOrStop(service, () => privileges.plan(afterStart(options, beside), logOf(options, io)));
    // root starts a command of another user
    beside.begin?.(service);
    if (!giveUp()) service.stop();
    const outcome = await service.finished();
    await beside.done?.();
    if (options.verbose) for (const sample of meter.samples()) io.err(`${formatSample(sample)}\n`);
    const { lost } = outcome.summary;
    if (lost > 0) io.err(`stopped with loss: ${lost} events and spans did not arrive\n`);
    return outcome;
  } catch (error) {
    // its message names the component and holds the texts of its causes
    throw new CommandError(error instanceof Error ? error.message : String(error));
  } finally {
    clearInterval(alive);
    off();
  }
}

/** SIGINT and SIGTERM stop the service, the same again ends the process; SIGHUP reads the config again, or stops as well. */
export function untilSignal(hangup: 'reload' | 'stop', io: Io): Beside {
  return {
    reloads: hangup === 'reload',
    listen: (service) => {
      let asked = false;
      const stop = (): void => {
        if (asked) io.exit(EXIT.forced);
        asked = true;
        service.stop();
      };
      const handlers = [
        io.onSignal('SIGINT', stop),
        io.onSignal('SIGTERM', stop),
        io.onSignal('SIGHUP', hangup === 'stop' ? stop : () => void service.reload()), // it tells the log how it went
      ];
      return () => {
        for (const off of handlers) off();
      };
    },
  };
}

/** What is done with privileges when a service has started. */
function afterStart({ config, wanted }: Serve, { done, reloads }: Beside): AfterStart {
  const files = wanted.sources.filter((one) => !/^(env|yaml):/.test(one)).map((one) => one.replace(/^file:/, ''));
  return { config, configFiles: reloads === true ? files : [], hasCommand: done !== undefined };
}

async function planOrStop(service: Service, plan: () => () => boolean): Promise<() => boolean> {
  try {
    return plan();
  } catch (error) {
    service.stop();
    await service.finished();
    throw error;
  }
}

function logOf({ config: { telemetry }, logLevel }: Pick<Serve, 'config' | 'logLevel'>, io: Io): Log {
  return createLog({ ...telemetry.logs, level: logLevel ?? telemetry.logs.level, write: io.err, now: systemClock.now });
}

function serviceOf({ wanted, registry, logLevel }: Serve, meter: Meter, io: Io): Service {
  return new Service({
    createLog: (config) => logOf({ config, ...(logLevel !== undefined && { logLevel }) }, io),
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
}
