import { constants } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import type { Command } from './command.ts';
import { CommandError, EXIT } from './io.ts';
import { shipped } from './package-root.ts';

/** `oisp-collector config init`: a commented config to begin with. */
export const configInit: Command = {
  name: 'config init',
  summary: 'Writes a commented config to begin with.',
  about: 'A file that is there already is left as it is.',
  usage: '[FILE]',
  flags: {},
  positionals: [0, 1],
  run: async (args, io) => {
    const path = resolve(io.cwd, args.positionals[0] ?? 'collector.yaml');
    try {
      await mkdir(dirname(path), { recursive: true });
      await copyFile(shipped('configs', 'starter.yaml'), path, constants.COPYFILE_EXCL);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EEXIST') {
        throw new CommandError(`${path} is there already; name another file, or move it away`);
      }
      throw new CommandError(`cannot write ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
    io.out(`Wrote ${path}. Check it with "oisp-collector validate --config ${path}".\n`);
    return EXIT.done;
  },
};
