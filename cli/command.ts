import type { Io } from './io.ts';

/** One flag of a command. */
export interface Flag {
  readonly type: 'string' | 'boolean';
  /** One letter. */
  readonly short?: string;
  /** May be given several times. */
  readonly multiple?: boolean;
  /** What stands for the value in the help. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** What is wrong with a value; undefined when nothing is. */
  readonly check?: (value: string) => string | undefined;
  readonly help: string;
}

/** A parsed command line. */
export interface Arguments {
  /** All values of a string flag, in order. */
  strings(name: string): readonly string[];
  /** The last value of a string flag. */
  string(name: string): string | undefined;
  is(name: string): boolean;
  readonly positionals: readonly string[];
  /** What stands behind `--`, untouched; empty where the command takes no command of its own. */
  readonly command: readonly string[];
}

export interface Command {
  /** Words after the program's name; empty for the program itself. */
  readonly name: string;
  readonly summary: string;
  /** More about it, below the usage line. */
  readonly about?: string;
  /** What stands after the name in the usage line. */
  readonly usage: string;
  readonly flags: Readonly<Record<string, Flag>>;
  /** Least and most positionals. */
  readonly positionals: readonly [number, number];
  /** Whether a command with its arguments may or has to follow behind `--`. */
  readonly launches?: 'may' | 'must';
  run(args: Arguments, io: Io): Promise<number>;
}

export const CONFIG_FLAGS = {
  config: {
    type: 'string',
    multiple: true,
    value: 'FILE',
    help: 'Config to read: a path, file:PATH, env:NAME or yaml:TEXT. May repeat: later ones are merged over earlier ones.',
  },
  set: {
    type: 'string',
    multiple: true,
    value: 'a.b=v',
    check: (value) => (value.includes('=') ? undefined : 'missing equal sign'),
    help: 'Sets one value of the config, after all files. May repeat.',
  },
} as const satisfies Readonly<Record<string, Flag>>;
