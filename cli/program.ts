import { BUILD, messageOf, nearest } from '../core/index.ts';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';
import { components } from './components.ts';
import { configInit } from './config-init.ts';
import { demo } from './demo.ts';
import { doctor } from './doctor.ts';
import { helpText } from './help.ts';
import { inventory } from './inventory.ts';
import { CommandError, EXIT, type Io, UsageError } from './io.ts';
import { printConfig } from './print-config.ts';
import { providersImport } from './providers-import.ts';
import { providersList } from './providers-list.ts';
import { record } from './record.ts';
import { replay } from './replay.ts';
import { run } from './run.ts';
import { serveConfig } from './serve-config.ts';
import { trace } from './trace.ts';
import { validate } from './validate.ts';

/** Every command; the one without a name is the program itself. */
export const COMMANDS: readonly Command[] = [
  serveConfig,
  run,
  record,
  trace,
  inventory,
  doctor,
  validate,
  components,
  printConfig,
  replay,
  demo,
  configInit,
  providersList,
  providersImport,
];

/** Runs one command line. Never throws: what goes wrong is told on `io.err`, and the answer is the exit code. */
export async function program(argv: readonly string[], io: Io): Promise<number> {
  let command = serveConfig;
  try {
    const found = commandOf(argv);
    command = found.command;
    const args = parseArguments(command, found.rest);
    if (args.is('help')) {
      io.out(helpText(command, COMMANDS));
      return EXIT.done;
    }
    if (args.is('version')) {
      io.out(`${BUILD.name} version ${BUILD.version}\n`);
      return EXIT.done;
    }
    return await command.run(args, io);
  } catch (error) {
    if (error instanceof UsageError) {
      const name = command.name === '' ? '' : ` ${command.name}`;
      io.err(`Error: ${error.message}\nRun "oisp-collector${name} --help" for usage.\n`);
      return EXIT.usage;
    }
    io.err(`Error: ${error instanceof CommandError ? error.message : messageOf(error)}\n`);
    return error instanceof CommandError ? error.code : EXIT.failed;
  }
}

/** The command that the first words name, and what follows them. */
function commandOf(argv: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  const [first] = argv;
  if (first === undefined || first.startsWith('-')) return { command: serveConfig, rest: argv };
  for (const command of COMMANDS) {
    const words = command.name.split(' ');
    if (command.name !== '' && words.every((word, i) => argv[i] === word)) {
      return { command, rest: argv.slice(words.length) };
    }
  }
  const known = [...new Set(COMMANDS.map((command) => command.name.split(' ')[0] ?? '').filter((name) => name !== ''))];
  const group = COMMANDS.filter((command) => command.name.startsWith(`${first} `)).map((command) => command.name);
  if (group.length > 0) throw new UsageError(`"${first}" needs one more word: ${group.join(', ')}`);
  const near = nearest(first, known);
  const hint = near === undefined ? '' : `\n\nDid you mean this?\n\t${near}\n`;
  throw new UsageError(`unknown command "${first}" for "oisp-collector"${hint}`);
}
