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
    onSignal: () => () => {},
    exit: (status) => {
      throw new Error(`exit ${status}`);
    },
  });
  return { code, out, err };
}
