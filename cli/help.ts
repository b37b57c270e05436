import { flagsOf } from './arguments.ts';
import type { Command } from './command.ts';

/** What `--help` prints for one command; for the program itself with the list of the others. */
export function helpText(command: Command, commands: readonly Command[]): string {
  const words = ['oisp-collector', command.name, command.usage].filter((word) => word !== '');
  const lines = [command.summary, ...(command.about === undefined ? [] : ['', command.about]), '', 'Usage:'];
  lines.push(`  ${words.join(' ')}`);
  if (command.name === '') {
    const others = commands.filter((other) => other.name !== '');
    lines.push(
      '  oisp-collector COMMAND',
      '',
      'Commands:',
      ...columns(others.map((other) => [other.name, other.summary])),
    );
  }
  const flags = Object.entries(flagsOf(command)).map(([name, { short, value, help }]): [string, string] => [
    `${short === undefined ? '    ' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`,
    help,
  ]);
  lines.push('', 'Flags:', ...columns(flags));
  return `${lines.join('\n')}\n`;
}

function columns(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
