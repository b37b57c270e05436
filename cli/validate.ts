import { CONFIG_FLAGS, type Command } from './command.ts';
import { EXIT } from './io.ts';
import { loadOrFail } from './load.ts';
import { loadRegistry } from './registry.ts';

/** `oisp-collector validate`: says what is wrong with a config, and nothing when nothing is. */
export const validate: Command = {
  name: 'validate',
  summary: 'Checks a config without running it.',
  about: `Finds what would fail at start too: missing files, patterns that cannot be read, pipelines that deliver nothing.
Prints nothing when all is well.`,
  usage: '--config FILE...',
  flags: CONFIG_FLAGS,
  positionals: [0, 0],
  run: async (args, io) => {
    await loadOrFail({ sources: args.strings('config'), sets: args.strings('set') }, await loadRegistry(), io);
    return EXIT.done;
  },
};
