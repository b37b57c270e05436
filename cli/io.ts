import type { TextSink } from '../exporters/debug/sink.ts';

export type SignalName = 'SIGINT' | 'SIGQUIT' | 'SIGTERM' | 'SIGHUP';

/** What the program touches of the machine; passed in so that commands can be tested. */
export interface Io {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly euid?: number;
  /** Standard output for what draws on it. */
  readonly screen: TextSink;
  /** Whether standard error is a terminal. */
  readonly errIsTerminal: boolean;
  /** Calls `run` for each signal of that name; the returned function ends that. */
  readonly onSignal: (name: SignalName, run: () => void) => () => void;
  /** Ends the process at once: a second signal. */
  readonly exit: (code: number) => void;
}

/** The exit codes of every command. */
export const EXIT = { done: 0, failed: 1, usage: 2, loss: 3, forced: 130 } as const;

/** The command line is wrong: exit code 2. */
export class UsageError extends Error {}

/** A command cannot do its work: exit code 1 unless it says another. */
export class CommandError extends Error {
  readonly code: number;

  constructor(message: string, code: number = EXIT.failed) {
    super(message);
    this.code = code;
  }
}

/** Why the system refused a path, in the words that C programs use. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return ('code' in error ? REASONS.get(String(error.code)) : undefined) ?? error.message;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no such file or directory'],
  ['ENOTDIR', 'not a directory'],
  ['EISDIR', 'is a directory'],
  ['EACCES', 'permission denied'],
  ['EPERM', 'operation not permitted'],
  ['EROFS', 'read-only file system'],
  ['ENOSPC', 'no space left on device'],
]);
