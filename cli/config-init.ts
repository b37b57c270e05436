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
    const word = shellWord(path, io.platform);
    io.out(
      `Wrote ${path}. It shows the recording that ships with the program until OISP_IN, or the file, names another.\n` +
        `Check and run it:\n  oisp-collector validate --config ${word}\n  oisp-collector --config ${word}\n`,
    );
    return EXIT.done;
  },
};

/** A path as one word of a command line that can be copied. */
function shellWord(path: string, platform: NodeJS.Platform): string {
  if (/^[\w./:@%+,\\-]+$/.test(path) && (platform === 'win32' || !path.includes('\\'))) return path;
  return platform === 'win32' ? `"${path}"` : `'${path.replaceAll("'", "'\\''")}'`;
}
