import { type Registry, type ServiceConfig, systemClock } from '../core/index.ts';
import type { TextSink } from '../exporters/debug/sink.ts';
import { callerOf, commandAccount, lookUpAccount } from './account.ts';
import { captureSettings, namesCapture } from './capture-flags.ts';
import { startChild } from './child.ts';
import type { Arguments } from './command.ts';
import { CommandRun } from './command-run.ts';
import { HeldSink, HeldText } from './held-text.ts';
import { CommandError, type Io, UsageError } from './io.ts';
import { launchOf } from './launch.ts';
import { load, loadOrFail, type Wanted } from './load.ts';
import { escaped, shipped } from './package-root.ts';
import { loadRegistry } from './registry.ts';
import { type Beside, type Outcome, serveBeside, untilSignal } from './serve.ts';

/** A command line that captures. */
export interface Live {
  readonly args: Arguments;
  /** The config in `configs` that is run unless the user names one. */
  readonly config: string;
  /** What the config reads from the environment. The command does not see it. */
  readonly env?: Readonly<Record<string, string>>;
  /** What is changed of the config that ships with the program. */
  readonly overlay?: object;
  /** Puts what draws for this command into the registry. `closed` says that nobody reads any more. */
  readonly draw?: (registry: Registry, screen: TextSink, closed: () => void) => Registry;
  /** The config has to hold what `draw` puts its own in place of. */
  readonly mustDraw?: boolean;
  /** What a user at a terminal is told when everything is ready and there is no command. */
  readonly hint?: string;
}

export interface LiveOutcome {
  /** The exit code: the command's if there is one. */
  readonly code: number;
  readonly service: Outcome;
}

/** Captures until the command ends, or until a signal when there is none. What is printed on the terminal meanwhile waits for the command's end. */
export async function capture(live: Live, io: Io): Promise<LiveOutcome> {
  const { args } = live;
  if (args.command.length === 0 && args.string('user') !== undefined) throw new UsageError('--user needs -- COMMAND');
  const screen = new HeldSink(io.screen);
  const log = new HeldText(io.err);
  const release = (): Promise<void> => {
    log.release();
    return screen.release();
  };
  const own: Io = {
    ...io,
    env: { ...io.env, ...live.env },
    err: (text) => log.write(text),
    exit: (code) => {
      release().catch(() => undefined); // a terminal takes it at once; where nobody reads there is no one to tell
      io.exit(code);
    },
  };
  const launch =
    args.command.length === 0
      ? undefined
      : launchOf(args.command, commandAccount(args.string('user'), io, lookUpAccount), io);
  let closed = (): void => {};
  const all = await loadRegistry();
  const registry = live.draw?.(all, screen, () => closed()) ?? all;
  const { wanted, config } = await configOf(live, registry, own);
  const inUse = config.pipelines.flatMap(({ exporters }) => exporters.map((id) => config.exporters.get(id)));
  if (live.mustDraw && !inUse.some((exporter) => exporter?.definition.type === 'debug')) {
    throw new CommandError('no pipeline has the exporter "debug", and that is where this command draws');
  }
  const verbose = args.is('verbose');
  const options = { config, registry, wanted, verbose, ...(verbose ? {} : { logLevel: 'warn' as const }) };
  if (launch === undefined) {
    const beside: Beside = {
      ...untilSignal('stop', own),
      begin: (service) => {
        closed = () => service.stop();
        if (io.errIsTerminal && live.hint !== undefined) io.err(`${live.hint}\n`);
      },
    };
    const service = await serveBeside(options, beside, own);
    return { code: service.code, service };
  }
  const command = new CommandRun({
    start: () => startChild(launch),
    clock: systemClock,
    io: own,
    began: () => {
      if (io.screen.isTerminal) screen.hold();
      if (io.errIsTerminal) log.hold();
    },
    ended: () => void release().catch(() => undefined), // nobody reads any more: what prints next hears it
  });
  const service = await serveBeside(options, command, own);
  return { code: await command.code(), service };
}

/** The config with all that the command line says of it, and where it came from. */
async function configOf(
  { args, config: name, overlay }: Live,
  registry: Registry,
  io: Io,
): Promise<{ readonly wanted: Wanted; readonly config: ServiceConfig }> {
  const named = args.strings('config');
  const own = [shipped('configs', name), ...(overlay === undefined ? [] : [inline(overlay)])];
  const wanted: Wanted = { sources: named.length > 0 ? named : own, sets: args.strings('set') };
  const settings = captureSettings(args, { home: callerOf(io)?.home ?? io.home, cwd: io.cwd });
  const { config } = await load(wanted, registry, io);
  if (config === undefined || Object.keys(settings).length === 0) {
    return { wanted, config: await loadOrFail(wanted, registry, io) };
  }
  const ids = [...config.receivers].filter(([, { definition }]) => definition.type === 'ebpf').map(([id]) => id);
  if (ids.length === 0 && namesCapture(args)) {
    throw new CommandError('--comm, --pid and --binary-path are for the receiver "ebpf", and the config has none');
  }
  const receivers = Object.fromEntries(ids.map((id) => [id, settings]));
  const sources = ids.length === 0 ? wanted.sources : [...wanted.sources, inline({ receivers })];
  const whole = { ...wanted, sources };
  return { wanted: whole, config: await loadOrFail(whole, registry, io) };
}

/** A config as a source of its own. JSON is YAML. */
function inline(config: object): string {
  return `yaml:${escaped(JSON.stringify(config))}`;
}
