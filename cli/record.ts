import { callerOf } from './account.ts';
import { CAPTURE_FLAGS } from './capture-flags.ts';
import type { Command } from './command.ts';
import { UsageError } from './io.ts';
import { capture } from './live.ts';
import { claimFile, refuseReadable } from './output-file.ts';
import { escaped } from './package-root.ts';
import { RAW, withSecrets } from './raw.ts';

/** `oisp-collector record -o FILE`: live capture into a file. */
export const record: Command = {
  name: 'record',
  summary: 'Writes what agents do to a file, until it is stopped or COMMAND has ended.',
  about: `The pipeline is configs/record.yaml. FILE gets OISP events without content and secrets, one JSON object a line, for
"oisp-collector replay FILE". What was in it is replaced. Without --comm, --pid and COMMAND: known AI applications.`,
  usage: '-o FILE [--raw] [-- COMMAND [ARG]...]',
  flags: {
    output: { type: 'string', short: 'o', value: 'FILE', help: 'File to write.' },
    raw: {
      type: 'boolean',
      help: 'Writes the captured bytes as they are, with prompts, answers and keys, into a file that nobody else may read.',
    },
    ...CAPTURE_FLAGS,
  },
  positionals: [0, 0],
  launches: 'may',
  run: async (args, io) => {
    const named = args.string('output');
    const raw = args.is('raw');
    if (named === undefined || named === '') throw new UsageError('oisp-collector record needs -o FILE');
    if (named === '-') throw new UsageError('record writes a file, not standard output; write -o FILE');
    if (named.endsWith('.gz'))
      throw new UsageError('record writes plain lines; leave .gz off, and gzip the file later');
    if (raw && args.strings('config').length > 0) throw new UsageError('--raw and --config exclude one another');
    const owners = [io.euid ?? 0, ...(callerOf(io) === undefined ? [] : [callerOf(io)?.uid ?? 0])];
    if (raw) refuseReadable(named, io.cwd, owners);
    const file = claimFile(named, io.cwd, callerOf(io));
    if (raw) io.err(`${named} will hold prompts, answers and keys: it is for nobody else to read\n`);
    const { code, service } = await capture(
      {
        args,
        config: 'record.yaml',
        hint: 'Recording. Ctrl-C ends it.',
        env: { OISP_EVENTS: escaped(file) },
        ...(raw ? { overlay: RAW, draw: withSecrets } : {}),
      },
      io,
    );
    io.err(`Events written to ${named}: ${service.summary.sentEvents}\n`);
    return code;
  },
};
