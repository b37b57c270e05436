import { basename, resolve } from 'node:path';
import type { ProcessInfo } from '../../../core/index.ts';
import type { SensorRecord } from '../kernel/record.ts';

/** What /proc says of a process that began before it was looked at. */
export interface ProcessFacts {
  readonly ppid: number;
  /** CLOCK_BOOTTIME, nanoseconds. */
  readonly start: number;
  readonly uid: number;
  readonly gid: number;
  readonly exe: string;
  readonly args: readonly string[];
  readonly cwd: string;
}

/** A process as it is now. `info` is what events say of it: one frozen object as long as nothing changes. */
export interface Process {
  readonly pid: number;
  readonly start: number;
  readonly exe: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly ppid: number | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
  /** When it began to run the program it runs, on the boot clock. */
  readonly programStart: number;
  readonly info: ProcessInfo;
}

type Exec = Extract<SensorRecord, { type: 'exec' }>;
type Fork = Extract<SensorRecord, { type: 'fork' }>;

export interface ProcessesOptions {
  /** RFC 3339 of a time on the boot clock. */
  readonly time: (boot: number) => string;
  /** What /proc says of a pid; undefined when it is gone or may not be looked at. */
  readonly look: (pid: number) => ProcessFacts | undefined;
  readonly max: number;
}

/** The processes that records speak of. Bounded: those that were silent for longest are let go, and looked up again when they speak. */
export class Processes {
  readonly #options: ProcessesOptions;
  readonly #byPid = new Map<number, Process>();

  constructor(options: ProcessesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#byPid.size;
  }

  /** The process of a record. One that is not known is looked up, and is at least a pid and a start time. */
  of(pid: number, start: number): Process {
    const known = this.#byPid.get(pid);
    if (known !== undefined && known.start === start) return known;
    const facts = this.#options.look(pid);
    // the pid may have gone to another process since
    const isSame = facts !== undefined && near(facts.start, start);
    return this.#set(pid, start, {
      exe: isSame ? facts.exe : '',
      args: isSame ? facts.args : [],
      cwd: isSame ? facts.cwd : '',
      ppid: isSame ? facts.ppid : undefined,
      uid: isSame ? facts.uid : undefined,
      gid: isSame ? facts.gid : undefined,
      programStart: start,
    });
  }

  /** The process that had a pid last, if it is known. */
  known(pid: number): Process | undefined {
    return this.#byPid.get(pid);
  }

  /** One that runs already; undefined when it is gone. */
  running(pid: number): Process | undefined {
    const known = this.#byPid.get(pid);
    if (known !== undefined) return known;
    const facts = this.#options.look(pid);
    return facts === undefined ? undefined : this.#set(pid, facts.start, { ...facts, programStart: facts.start });
  }

  fork(record: Fork): Process {
    const parent = this.of(record.pid, record.start);
    this.#set(record.child, record.childStart, {
      exe: parent.exe,
      args: parent.args,
      cwd: parent.cwd,
      ppid: record.pid,
      uid: record.uid,
      gid: record.gid,
      programStart: record.childStart,
    });
    return parent;
  }

  exec(record: Exec): Process {
    // a name that is no path of the file system (fexecve, memfd) says less than the file that runs
    const isPath =
      record.name !== '' && !record.name.startsWith('/dev/fd/') && !record.name.startsWith('/proc/self/fd/');
    return this.#set(record.pid, record.start, {
      exe: isPath ? resolve(record.cwd, record.name) : record.exe,
      args: record.args,
      cwd: record.cwd,
      ppid: record.ppid,
      uid: record.uid,
      gid: record.gid,
      programStart: record.ts,
    });
  }

  chdir(pid: number, start: number, cwd: string): void {
    this.#set(pid, start, { ...this.of(pid, start), cwd });
  }

  forget(pid: number, start: number): void {
    if (this.#byPid.get(pid)?.start === start) this.#byPid.delete(pid);
  }

  #set(pid: number, start: number, facts: Omit<Process, 'pid' | 'start' | 'info'>): Process {
    const { exe, args, cwd, ppid, uid, gid, programStart } = facts;
    const info: ProcessInfo = Object.freeze({
      pid,
      ...(ppid !== undefined && { ppid }),
      ...(exe !== '' && { exe, name: basename(exe).slice(0, 15) }),
      ...(args.length > 0 && { cmdline_args: args }),
      ...(cwd !== '' && { cwd }),
      start_time: this.#options.time(start),
      ...(uid !== undefined && { uid }),
      ...(gid !== undefined && { gid }),
    });
    const made: Process = { pid, start, exe, args, cwd, ppid, uid, gid, programStart, info };
    this.#byPid.delete(pid);
    this.#byPid.set(pid, made);
    if (this.#byPid.size > this.#options.max) {
      const [oldest] = this.#byPid.keys();
      if (oldest !== undefined) this.#byPid.delete(oldest);
    }
    return made;
  }
}

/** /proc tells the start in clock ticks of 10 ms. */
function near(a: number, b: number): boolean {
  const distance = a - b;
  return distance > -20_000_000 && distance < 20_000_000;
}
