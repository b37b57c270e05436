import { readFileSync } from 'node:fs';
import type { Role, Site } from '../target/target.ts';
import {
  CALL_READ,
  CALL_READ_EX,
  CALL_WRITE,
  CALL_WRITE_EX,
  CALL_WRITE_EX5,
  COUNTERS,
  FILE_COUNT,
  FILE_KEY,
  SETTINGS,
} from './layout.gen.ts';
import { errnoOf, loadNative, MODE, type Native } from './native.ts';
import { SYSCALLS_X64 } from './syscalls.ts';

export interface SensorOptions {
  readonly ringBytes: number;
  /** Plaintext per direction of a connection that passes before it is known whether it is a model call. */
  readonly unknownBytes: bigint;
  /** The same for what begins like a request with a body. */
  readonly requestBytes: bigint;
  /** Plaintext per call. */
  readonly maxCallBytes: bigint;
  /** Plaintext of processes that are not tracked too. */
  readonly isMachine: boolean;
  /** Program starts of processes that are not tracked too. */
  readonly seesAllExecs: boolean;
  /** Inode of a pid namespace; 0: all. */
  readonly pidNamespace: number;
}

/** Sums since the start, by the names of the metric's label. */
export interface SensorCounts {
  readonly records: number;
  readonly drops: number;
  readonly dropBytes: number;
  readonly faultBytes: number;
  readonly cutBytes: number;
  readonly keptBytes: number;
  readonly mapFull: number;
  readonly sentBytes: number;
  readonly noEntry: number;
  readonly connections: number;
}

/** What a process did with a file since the counters were taken last. */
export interface FileCount {
  readonly pid: number;
  readonly start: number;
  readonly file: number;
  readonly first: number;
  readonly last: number;
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly reads: number;
  readonly writes: number;
}

/** The kernel refused the sensor. `message` says what and what would help, `errno` is the system's name of the error. */
export class SensorError extends Error {
  readonly errno: string | undefined;
  constructor(message: string, errno: string | undefined) {
    super(message);
    this.errno = errno;
  }
}

const KINDS: Partial<Record<Role, number>> = {
  read: CALL_READ,
  write: CALL_WRITE,
  read_ex: CALL_READ_EX,
  write_ex: CALL_WRITE_EX,
  write_ex5: CALL_WRITE_EX5,
};

/** Entries that are taken out of the map of file counters at once. */
const FILES_AT_ONCE = 1024;

/** The programs in the kernel, their maps and probes. Nothing is observed before `track` or a setting says so. */
export class Sensor {
  readonly handle: number;
  readonly mode: 'multi' | 'perf';
  readonly #native: Native;
  readonly #keys = new Uint8Array(FILES_AT_ONCE * FILE_KEY.SIZE);
  readonly #values = new Uint8Array(FILES_AT_ONCE * FILE_COUNT.SIZE);
  /** One value for each CPU that the machine may have. */
  readonly #perCpu = Buffer.alloc(8 * possibleCpus());
  #syscallLinks: number[] = [];

  /** Loads the programs: 0.2 to 1.5 s of the kernel's checks. Throws `SensorError` or `NativeMissing`. */
  constructor(options: SensorOptions, native: Native = loadNative()) {
    this.#native = native;
    [this.handle, this.mode] = open(native, options.ringBytes);
    const settings = Buffer.alloc(SETTINGS.SIZE);
    settings.writeBigUInt64LE(options.unknownBytes, SETTINGS.unknown_bytes);
    settings.writeBigUInt64LE(options.requestBytes, SETTINGS.request_bytes);
    settings.writeBigUInt64LE(options.maxCallBytes, SETTINGS.max_call);
    settings.writeUInt32LE(options.isMachine ? 1 : 0, SETTINGS.is_machine);
    settings.writeUInt32LE(options.seesAllExecs ? 1 : 0, SETTINGS.sees_all_execs);
    settings.writeUInt32LE(process.pid, SETTINGS.self);
    settings.writeUInt32LE(options.pidNamespace, SETTINGS.pid_ns);
    native.update(this.handle, 'settings', u32(0), settings);
    for (const [nr, cls] of SYSCALLS_X64) native.update(this.handle, 'sysclass', u32(nr), Uint8Array.of(cls));
    for (const program of ['process_fork', 'process_exec', 'process_exit'])
      native.attachTracepoint(this.handle, program);
  }

  /** The last effort on the way out: closes everything, which removes every probe. */
  close(): void {
    this.#native.close(this.handle);
  }

  /** System calls are looked at only while this is on: each call of every process then costs some tens of nanoseconds. */
  get seesSyscalls(): boolean {
    return this.#syscallLinks.length > 0;
  }

  /** From its return on system calls are looked at: what a process that is tracked does next is seen. */
  seeSyscalls(): void {
    if (this.seesSyscalls) return;
    for (const program of ['syscall_exit', 'sock_state'])
      this.#syscallLinks.push(this.#native.attachTracepoint(this.handle, program));
  }

  async ignoreSyscalls(): Promise<void> {
    const links = this.#syscallLinks;
    this.#syscallLinks = [];
    if (links.length > 0) await this.#native.detach(this.handle, links);
  }

  /**
   * Probes a file, for all processes that run it now or later. Throws `SensorError` and leaves nothing attached when one of the probes is
   * refused.
   */
  attach(path: string, sites: readonly Site[]): readonly number[] {
    const links: number[] = [];
    const add = (program: string, roles: ReadonlySet<Role>, isReturn: boolean): void => {
      const chosen = sites.filter((site) => roles.has(site.role));
      if (chosen.length === 0) return;
      const offsets = BigUint64Array.from(chosen, (site) => BigInt(site.offset));
      const cookies = BigUint64Array.from(chosen, (site) => BigInt(KINDS[site.role] ?? 0));
      links.push(this.#native.attach(this.handle, program, path, offsets, cookies, isReturn));
    };
    try {
      // returns first: an entry without its return would leave a call open
      add('tls_exit', CALLS, true);
      add('tls_handshaken', HANDSHAKES, true);
      add('tls_entry', CALLS, false);
      add('tls_handshake', HANDSHAKES, false);
      add('tls_set_fd', new Set<Role>(['set_fd']), false);
      add('tls_free', new Set<Role>(['free']), false);
    } catch (error) {
      void this.detach(links);
      throw new SensorError(`probes were refused: ${messageOf(error)}`, errnoOf(error));
    }
    return links;
  }

  /** The kernel waits for calls that run, some tens of milliseconds a link: side by side, and off the main thread. */
  async detach(links: readonly number[]): Promise<void> {
    await Promise.all(links.map((link) => this.#native.detach(this.handle, [link])));
  }

  /** `flags`: TRACK_SELF, TRACK_CHILDREN. */
  track(pid: number, flags: number): void {
    const value = Buffer.alloc(8);
    value.writeUInt32LE(flags);
    this.#native.update(this.handle, 'tracked', u32(pid), value);
  }

  untrack(pid: number): void {
    this.#native.remove(this.handle, 'tracked', u32(pid));
  }

  setVerdict(conn: number, verdict: number): void {
    const key = Buffer.alloc(8);
    key.writeBigUInt64LE(BigInt(conn));
    this.#native.update(this.handle, 'verdicts', key, u32(verdict));
  }

  /** Takes the counters of files: each byte is told once. */
  takeFiles(onCount: (count: FileCount) => void): void {
    const keys = Buffer.from(this.#keys.buffer);
    const values = Buffer.from(this.#values.buffer);
    for (;;) {
      const n = this.#native.take(this.handle, 'files', this.#keys, this.#values, FILES_AT_ONCE);
      for (let i = 0; i < n; i++) {
        const k = i * FILE_KEY.SIZE;
        const v = i * FILE_COUNT.SIZE;
        onCount({
          pid: keys.readUInt32LE(k + FILE_KEY.pid),
          file: keys.readUIntLE(k + FILE_KEY.file, 6),
          start: Number(values.readBigUInt64LE(v + FILE_COUNT.start)),
          first: Number(values.readBigUInt64LE(v + FILE_COUNT.first)),
          last: Number(values.readBigUInt64LE(v + FILE_COUNT.last)),
          readBytes: Number(values.readBigUInt64LE(v + FILE_COUNT.read_bytes)),
          writtenBytes: Number(values.readBigUInt64LE(v + FILE_COUNT.written_bytes)),
          reads: values.readUInt32LE(v + FILE_COUNT.reads),
          writes: values.readUInt32LE(v + FILE_COUNT.writes),
        });
      }
      if (n < FILES_AT_ONCE) return;
    }
  }

  counts(): SensorCounts {
    const sums: number[] = [];
    const values = this.#perCpu;
    for (let i = 0; i < COUNTERS; i++) {
      this.#native.lookup(this.handle, 'counters', u32(i), values);
      let sum = 0n;
      for (let at = 0; at < values.length; at += 8) sum += values.readBigUInt64LE(at);
      sums.push(Number(sum));
    }
    const [records = 0, drops = 0, dropBytes = 0, faultBytes = 0, cutBytes = 0, keptBytes = 0, mapFull = 0] = sums;
    return {
      ...{ records, drops, dropBytes, faultBytes, cutBytes, keptBytes, mapFull },
      sentBytes: sums[7] ?? 0,
      noEntry: sums[8] ?? 0,
      connections: sums[9] ?? 0,
    };
  }

  /** Wall clock minus CLOCK_BOOTTIME, nanoseconds. */
  wallOffset(): bigint {
    const [wall, boot] = this.#native.clocks();
    return wall - boot;
  }

  /** Bytes that wait in the ring. */
  waiting(): number {
    return this.#native.waiting(this.handle);
  }
}

const CALLS: ReadonlySet<Role> = new Set<Role>(['read', 'write', 'read_ex', 'write_ex', 'write_ex5']);
const HANDSHAKES: ReadonlySet<Role> = new Set<Role>(['handshake']);

/** uprobe_multi where the kernel knows it (6.6), else perf events. */
function open(native: Native, ringBytes: number): [number, 'multi' | 'perf'] {
  let first: unknown;
  for (const mode of ['multi', 'perf'] as const) {
    try {
      return [native.open(MODE[mode], ringBytes), mode];
    } catch (error) {
      first ??= error;
      if (errnoOf(error) === 'EPERM' || errnoOf(error) === 'ENOMEM') break;
    }
  }
  throw new SensorError(`the kernel refused the sensor: ${messageOf(first)}`, errnoOf(first));
}

/** Numbers of CPUs go up to what `0-3` or `0,2-7` ends with (kernel Documentation/admin-guide/cputopology.rst). */
function possibleCpus(): number {
  try {
    return Number(/(\d+)\s*$/.exec(readFileSync('/sys/devices/system/cpu/possible', 'latin1'))?.[1] ?? 4095) + 1;
  } catch {
    return 4096;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function u32(n: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
}
