import { CONFIG_FLAGS, type Command } from './command.ts';
import { configPlaces, findConfig } from './config-folders.ts';
import { CommandError } from './io.ts';
import { loadOrFail } from './load.ts';
import { loadRegistry } from './registry.ts';
import { serve } from './serve.ts';

/** `oisp-collector --config FILE`: runs a config. */
export const serveConfig: Command = {
  name: '',
  summary: 'Runs a config.',
  about: `Without --config, the first collector.yaml of the user's and the system's config folder is run.
SIGINT and SIGTERM stop it, a second one ends it at once; SIGHUP reads the config again.
Exit codes: 0 done, 1 wrong config or failed start, 2 usage, 3 stopped with loss, 130 forced.`,
  usage: '[--config FILE]... [--set a.b=v]...',
  flags: {
    ...CONFIG_FLAGS,
    verbose: { type: 'boolean', help: 'Prints all counters at the end.' },
    version: { type: 'boolean', short: 'v', help: 'Prints the version.' },
  },
  positionals: [0, 0],
  run: async (args, io) => {
    const named = args.strings('config');
    const found = named.length > 0 ? undefined : findConfig(io);
    const sources = found === undefined ? named : [found];
    if (sources.length === 0) {
      throw new CommandError(
        [
          'at least one config flag must be provided',
          `There is no config at ${configPlaces(io).join(' nor at ')}.`,
          'Write one with "oisp-collector config init", or see a recorded session with "oisp-collector demo".',
        ].join('\n'),
      );
    }
    const wanted = { sources, sets: args.strings('set') };
    const registry = await loadRegistry();
    const config = await loadOrFail(wanted, registry, io);
    return serve({ config, registry, wanted, verbose: args.is('verbose') }, io);
  },
};
