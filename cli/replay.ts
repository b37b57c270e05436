import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { CommandError, type Io } from './io.ts';
import { loadOrFail } from './load.ts';
import { shipped } from './package-root.ts';
import { loadRegistry } from './registry.ts';
import { serve } from './serve.ts';

/** `oisp-collector replay FILE`: a recording through the default pipeline. */
export const replay: Command = {
  name: 'replay',
  summary: 'Shows the span trees of a recording on the terminal.',
  about:
    'The pipeline is configs/replay.yaml. FILE holds OISP events or capture records, one JSON object a line; .gz is read too.',
  usage: 'FILE [--speed N]',
  flags: {
    speed: {
      type: 'string',
      value: 'N',
      check: (value) => (/^\d+(\.\d+)?$/.test(value) ? undefined : 'write a number, such as 1 or 10'),
      help: 'Multiple of the recorded pace; 0 (default): as fast as possible.',
    },
    verbose: { type: 'boolean', help: 'Prints all counters at the end.' },
  },
  positionals: [1, 1],
  run: async (args, io) => {
    const file = resolve(io.cwd, args.positionals[0] ?? '');
    if (!statSync(file, { throwIfNoEntry: false })) throw new CommandError(`open ${file}: no such file or directory`);
    const env = { OISP_IN: escaped(file), OISP_SPEED: args.string('speed') ?? '0' };
    return runShipped(shipped('configs', 'replay.yaml'), env, args.is('verbose'), io);
  },
};

/** Runs a config of ours with variables that it reads; the log keeps quiet unless something is odd. */
export async function runShipped(
  path: string,
  env: Readonly<Record<string, string>>,
  verbose: boolean,
  io: Io,
): Promise<number> {
  const own: Io = { ...io, env: { ...io.env, ...env } };
  const wanted = { sources: [path], sets: [] };
  const registry = await loadRegistry();
  const config = await loadOrFail(wanted, registry, own);
  return serve({ config, registry, wanted, verbose, logLevel: 'warn' }, own);
}

/** Text that substitution leaves as it is. */
export function escaped(text: string): string {
  return text.replaceAll('$', () => '$$');
}
