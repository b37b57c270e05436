import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Command } from './command.ts';
import { CommandError, reasonOf } from './io.ts';
import { escaped, shipped } from './package-root.ts';
import { runShipped } from './replay.ts';

/** `oisp-collector demo`: the recording that ships with the program, as a tree. */
export const demo: Command = {
  name: 'demo',
  summary: 'Shows the span tree of a recorded agent session; needs no server.',
  about: 'The pipeline is configs/demo.yaml, the recording configs/demo/session.jsonl.gz.',
  usage: '[--output FILE]',
  flags: {
    output: {
      type: 'string',
      value: 'FILE',
      help: 'Where the spans are written as OTLP/JSON; default: a new temporary folder.',
    },
    verbose: { type: 'boolean', help: 'Prints all counters at the end.' },
  },
  positionals: [0, 0],
  run: async (args, io) => {
    const named = args.string('output');
    const output =
      named === undefined ? join(mkdtempSync(join(tmpdir(), 'oisp-demo-')), 'spans.jsonl') : writable(named, io.cwd);
    const env = { OISP_IN: escaped(shipped('configs', 'demo', 'session.jsonl.gz')), OISP_SPANS: escaped(output) };
    const code = await runShipped(shipped('configs', 'demo.yaml'), env, args.is('verbose'), io);
    io.out(`\nThe same spans as OTLP/JSON, one request a line: ${output}\n`);
    return code;
  },
};

/** The path of the output, which is made, so that a refusal is told by the name of the flag. */
function writable(named: string, cwd: string): string {
  const path = resolve(cwd, named);
  try {
    if (!existsSync(dirname(path))) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, 'a', 0o600));
  } catch (error) {
    throw new CommandError(`--output ${named}: cannot be written: ${reasonOf(error)}; name a file that you may write`);
  }
  return path;
}
