import { parseArgs } from 'node:util';
import { nearest } from '../core/index.ts';
import type { Arguments, Command, Flag } from './command.ts';
import { UsageError } from './io.ts';

const HELP: Flag = { type: 'boolean', short: 'h', help: 'Shows this help.' };

/** All flags of a command, with those that each has. */
export function flagsOf(command: Command): Readonly<Record<string, Flag>> {
  return { ...command.flags, help: HELP };
}

/** Reads a command line. Throws `UsageError` with the texts of the Collector. */
export function parseArguments(command: Command, argv: readonly string[]): Arguments {
  const flags = flagsOf(command);
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, { type, short }]) => [name, { type, ...(short ? { short } : {}) }]),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true });
  const end = command.launches === undefined ? undefined : tokens.find(({ kind }) => kind === 'option-terminator');
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token === end) break;
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const flag = Object.hasOwn(flags, token.name) ? flags[token.name] : undefined;
    if (!flag) throw unknownFlag(token.rawName, argv, Object.keys(flags));
    const value = readValue(token.name, token.rawName, token.value, flag);
    const earlier = values.get(token.name) ?? [];
    values.set(token.name, flag.multiple ? [...earlier, value] : [value]);
  }
  const result: Arguments = {
    strings: (name) => values.get(name) ?? [],
    string: (name) => values.get(name)?.at(-1),
    is: (name) => values.get(name)?.at(-1) === 'true',
    positionals,
    command: end === undefined ? [] : argv.slice(end.index + 1),
  };
  if (!result.is('help')) checkWords(command, result);
  return result;
}

function readValue(name: string, rawName: string, value: string | undefined, flag: Flag): string {
  if (flag.type === 'boolean') {
    if (value === undefined || value === 'true') return 'true';
    if (value === 'false') return 'false';
    throw new UsageError(`invalid argument "${value}" for "${rawName}" flag: write true or false`);
  }
  if (value === undefined) throw new UsageError(`flag needs an argument: ${rawName}`);
  const wrong = flag.check?.(value);
  if (wrong !== undefined) throw new UsageError(`invalid argument "${value}" for "--${name}" flag: ${wrong}`);
  if (flag.choices && !flag.choices.includes(value)) {
    throw new UsageError(`invalid argument "${value}" for "--${name}" flag: write ${flag.choices.join(' or ')}`);
  }
  return value;
}

function unknownFlag(rawName: string, argv: readonly string[], known: readonly string[]): UsageError {
  if (!rawName.startsWith('--')) {
    const whole = argv.find((arg) => /^-[^-]/.test(arg) && arg.includes(rawName.slice(1))) ?? rawName;
    return new UsageError(`unknown shorthand flag: '${rawName.slice(1)}' in ${whole}`);
  }
  const near = nearest(rawName.slice(2), known);
  return new UsageError(`unknown flag: ${rawName}${near === undefined ? '' : `\nDid you mean --${near}?`}`);
}

function checkWords(command: Command, { positionals, command: launched }: Arguments): void {
  const [least, most] = command.positionals;
  const name = command.name === '' ? 'oisp-collector' : `oisp-collector ${command.name}`;
  if (positionals.length < least) throw new UsageError(`${name} needs ${command.usage}`);
  const extra = positionals[most];
  if (extra !== undefined) {
    const hint = command.launches === undefined ? '' : `; write the command behind --: ${name} -- ${extra}`;
    throw new UsageError(`unexpected argument "${extra}" for "${name}"${hint}`);
  }
  if (command.launches === 'must' && launched.length === 0) throw new UsageError(`${name} needs -- COMMAND`);
}
