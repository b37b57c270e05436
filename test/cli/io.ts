import { tmpdir } from 'node:os';
import { program } from '../../cli/program.ts';

/** What one command line did. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Fake {
  readonly env?: Record<string, string>;
  readonly cwd?: string;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
  readonly euid?: number;
  /** Columns of the terminal that standard output is; without them it is none. */
  readonly columns?: number;
}

/** Runs a command line inside this process. */
export async function runProgram(argv: readonly string[], fake: Fake = {}): Promise<Ran> {
  let out = '';
  let err = '';
  const code = await program(argv, {
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    env: fake.env ?? {},
    cwd: fake.cwd ?? process.cwd(),
    platform: fake.platform ?? 'linux',
    home: fake.home ?? tmpdir(),
    ...(fake.euid === undefined ? {} : { euid: fake.euid }),
    screen: {
      write: async (text) => {
        out += text;
      },
      columns: fake.columns,
      isTerminal: fake.columns !== undefined,
    },
    errIsTerminal: false,
    onSignal: () => () => {},
    exit: (status) => {
      throw new Error(`exit ${status}`);
    },
  });
  return { code, out, err };
}
