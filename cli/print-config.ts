import { printConfig as print } from '../core/index.ts';
import { CONFIG_FLAGS, type Command } from './command.ts';
import { EXIT } from './io.ts';
import { loadOrFail } from './load.ts';
import { loadRegistry } from './registry.ts';

/** `oisp-collector print-config`: the config as it is run, merged and with its defaults. */
export const printConfig: Command = {
  name: 'print-config',
  summary: 'Prints a config as it is run: merged, substituted, with all defaults.',
  usage: '--config FILE... [--mode redacted|unredacted] [--format yaml|json]',
  flags: {
    ...CONFIG_FLAGS,
    mode: {
      type: 'string',
      value: 'MODE',
      choices: ['redacted', 'unredacted'],
      help: 'redacted (default): secrets are printed as [REDACTED].',
    },
    format: { type: 'string', value: 'FORMAT', choices: ['yaml', 'json'], help: 'yaml (default) or json.' },
  },
  positionals: [0, 0],
  run: async (args, io) => {
    const wanted = { sources: args.strings('config'), sets: args.strings('set') };
    const config = await loadOrFail(wanted, await loadRegistry(), io);
    const mode = args.string('mode') === 'unredacted' ? 'unredacted' : 'redacted';
    io.out(print(config, mode, args.string('format') === 'json' ? 'json' : 'yaml'));
    return EXIT.done;
  },
};
