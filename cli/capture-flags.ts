import { join, resolve } from 'node:path';
import { type Arguments, CONFIG_FLAGS, type Flag } from './command.ts';
import { UsageError } from './io.ts';

const BINARY_PATH = {
  'binary-path': {
    type: 'string',
    multiple: true,
    value: 'GLOB',
    help: 'More executables or libraries to probe from the start. May repeat.',
  },
} as const satisfies Readonly<Record<string, Flag>>;

/** Flags of every command that captures what a command of the user does. */
export const LAUNCH_FLAGS = {
  ...CONFIG_FLAGS,
  ...BINARY_PATH,
  user: { type: 'string', value: 'NAME|UID', help: 'Whom COMMAND runs as; default: you, also under sudo.' },
  verbose: { type: 'boolean', help: 'Prints the whole log, and all counters at the end.' },
} as const satisfies Readonly<Record<string, Flag>>;

/** Flags of every command that captures processes which run already. */
export const CAPTURE_FLAGS = {
  comm: {
    type: 'string',
    short: 'c',
    multiple: true,
    value: 'NAME',
    help: 'Only processes of this name, with what they start. May repeat.',
  },
  pid: {
    type: 'string',
    short: 'p',
    multiple: true,
    value: 'PID',
    check: (value) => (/^[1-9]\d{0,9}$/.test(value) ? undefined : 'write the number of a process'),
    help: 'Only this process, with what it starts. May repeat.',
  },
  ...LAUNCH_FLAGS,
} as const satisfies Readonly<Record<string, Flag>>;

/** Settings of the `ebpf` receiver. */
export interface CaptureSettings {
  readonly scope?: 'tree';
  readonly children?: true;
  readonly pids?: readonly number[];
  readonly comms?: readonly string[];
  readonly binary_path?: readonly string[];
}

/** What the flags and the command mean for the receiver. `home` is that of the user who called. */
export function captureSettings(args: Arguments, at: { readonly home: string; readonly cwd: string }): CaptureSettings {
  const comms = args.strings('comm');
  const pids = args.strings('pid').map(Number);
  const paths = args.strings('binary-path').map((glob) => absolute(glob, at));
  const launches = args.command.length > 0;
  return {
    ...(launches || comms.length > 0 || pids.length > 0 ? { scope: 'tree' } : {}),
    ...(launches ? { children: true } : {}),
    ...(comms.length > 0 ? { comms } : {}),
    ...(pids.length > 0 ? { pids } : {}),
    ...(paths.length > 0 ? { binary_path: paths } : {}),
  };
}

/** Whether the user named something that only the receiver can do. */
export function namesCapture(args: Arguments): boolean {
  return ['comm', 'pid', 'binary-path'].some((name) => args.strings(name).length > 0);
}

/** Throws UsageError where flags that name what is captured stand beside a recording. */
export function refuseCapture(args: Arguments, why: string): void {
  for (const name of ['comm', 'pid', 'binary-path']) {
    if (args.strings(name).length > 0) throw new UsageError(`--${name} ${why}`);
  }
  if (args.command.length > 0) throw new UsageError(`a command ${why}`);
}

function absolute(glob: string, { home, cwd }: { readonly home: string; readonly cwd: string }): string {
  if (glob === '~') return home;
  return glob.startsWith('~/') ? join(home, glob.slice(2)) : resolve(cwd, glob);
}
