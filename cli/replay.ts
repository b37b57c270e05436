import { type Stats, statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from './command.ts';
import { CommandError, type Io, reasonOf, UsageError } from './io.ts';
import { loadOrFail } from './load.ts';
import { escaped, shipped } from './package-root.ts';
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
    const file = recordingOf(args.positionals[0] ?? '', io.cwd, 'replay');
    const env = { OISP_IN: escaped(file), OISP_SPEED: args.string('speed') ?? '0' };
    return runShipped(shipped('configs', 'replay.yaml'), env, args.is('verbose'), io);
  },
};

/** The path of a recording that can be read from its begin to its end. `reader` is what reads it. */
export function recordingOf(named: string, cwd: string, reader: string): string {
  const remedy = 'write it to a file first (cat > recording.jsonl) and name that';
  if (named === '-') throw new UsageError(`${reader} reads a file, not standard input; ${remedy}`);
  const file = resolve(cwd, named);
  let stats: Stats;
  try {
    stats = statSync(file);
  } catch (error) {
    throw new CommandError(`open ${file}: ${reasonOf(error)}`);
  }
  if (stats.isDirectory()) throw new CommandError(`open ${file}: is a directory; name a file in it`);
  if (!stats.isFile()) throw new CommandError(`${reader} reads a file, and ${named} is a pipe or a device; ${remedy}`);
  return file;
}

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
