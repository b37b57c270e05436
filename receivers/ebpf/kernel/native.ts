import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { getSystemErrorName } from 'node:util';

/** What the addon offers; native/ebpf/addon.cc says what each does. A handle is valid in every thread of the process. */
export interface Native {
  open(mode: number, ringBytes: number): number;
  close(handle: number): void;
  attach(
    handle: number,
    program: string,
    path: string,
    offsets: BigUint64Array,
    cookies: BigUint64Array,
    isReturn: boolean,
  ): number;
  attachTracepoint(handle: number, program: string): number;
  detach(handle: number, links: readonly number[]): Promise<void>;
  update(handle: number, map: string, key: Uint8Array, value: Uint8Array): void;
  remove(handle: number, map: string, key: Uint8Array): boolean;
  lookup(handle: number, map: string, key: Uint8Array, value: Uint8Array): boolean;
  take(handle: number, map: string, keys: Uint8Array, values: Uint8Array, count: number): number;
  drain(handle: number, into: Uint8Array): number;
  waiting(handle: number): number;
  /** Wall clock and CLOCK_BOOTTIME, nanoseconds. */
  clocks(): readonly [bigint, bigint];
  dropPrivileges(uid: number, gid: number, user: string, keep: bigint): void;
}

export const MODE = { multi: 0, perf: 1 } as const;

/** The addon is not there or cannot be loaded: `message` is cause and remedy in one line. */
export class NativeMissing extends Error {}

const require = createRequire(import.meta.url);

/** Where the addon lies: where scripts/build-native.sh puts it, else in the package that scripts/pack-native.sh makes. */
export function nativePath(platform: string = process.platform, arch: string = process.arch): string {
  if (platform !== 'linux') throw new NativeMissing(`the ebpf receiver is for Linux, and this is ${platform}`);
  if (arch !== 'x64') throw new NativeMissing(`the ebpf receiver is for x86-64, and this is ${arch}`);
  const built = `native/ebpf/build/${platform}-${arch}/sensor.node`;
  // beside the sources, and beside dist/
  for (const up of ['../../../', '../../../../']) {
    const path = fileURLToPath(new URL(`${up}${built}`, import.meta.url));
    if (existsSync(path)) return path;
  }
  try {
    return require.resolve(`@oisp-collector/native-${platform}-${arch}/sensor.node`);
  } catch {
    // no package of scripts/pack-native.sh is installed either
  }
  throw new NativeMissing(`the addon is missing (${built}): run scripts/build-native.sh --install in a checkout`);
}

/** Loads the addon. As root a file that others may write is refused: it would run as root. */
export function loadNative(path: string = nativePath()): Native {
  const { mode, uid } = statSync(path);
  if (process.geteuid?.() === 0 && ((mode & 0o022) !== 0 || (uid !== 0 && uid !== invoker())))
    throw new NativeMissing(`${path} may be written by others, and would run as root: chmod go-w, chown root`);
  try {
    return require(path) as Native; // made of native/ebpf/addon.cc, which exports this interface
  } catch (error) {
    throw new NativeMissing(`${path} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Under sudo a build of the invoking user is as good as root's. */
function invoker(): number {
  return Number(process.env['SUDO_UID'] ?? 0);
}

/** The name of the system's error behind a failure of the addon, such as `EPERM`. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('errno' in error) || typeof error.errno !== 'number')
    return undefined;
  try {
    return getSystemErrorName(error.errno);
  } catch {
    return `errno ${-error.errno}`;
  }
}
