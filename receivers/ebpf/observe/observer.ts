import { basename } from 'node:path';
import type { OispEvent, ProviderRegistry } from '../../../core/index.ts';
import type { SensorRecord } from '../kernel/record.ts';
import type { FileCount } from '../kernel/sensor.ts';
import { connectEvent, execEvent, exitEvent, fileEvents, forkEvent, namesEvent, openEvent } from './effects.ts';
import type { Envelope } from './envelope.ts';
import { unreadEvents } from './metadata-only.ts';
import type { Process, Processes } from './processes.ts';
import type { Streams } from './streams.ts';

type Of<T extends SensorRecord['type']> = Extract<SensorRecord, { type: T }>;

export interface ObserverOptions {
  readonly envelope: Envelope;
  readonly processes: Processes;
  readonly streams: Streams;
  readonly registry: ProviderRegistry;
  readonly emit: (event: OispEvent) => void;
  /** The collector's own pid: what it starts is observed, itself it is not. */
  readonly self: number;
  /** Whether a process that is not tracked is one to observe. */
  readonly isSelected: (process: Process) => boolean;
  /** A process is to be observed from now on, with what it starts. */
  readonly track: (pid: number) => void;
  /** A file that may hold a TLS library came into use. */
  readonly onFile: (path: string) => void;
  readonly seesFiles: boolean;
  /** Effects that are left out by what they are: system files, devices. */
  readonly counts: { leftOut: number; unnamed: number };
}

/** Libraries that encrypt, by the names of their files. */
export const TLS_LIBRARY =
  /\/lib(?:ssl|gnutls|nspr4|ssl3|boringssl|conscrypt[^/]*|netty_tcnative[^/]*)[-.\w]*\.so[.\d]*$/;
/** What starts the command of `oisp-collector run` as another user: it becomes the command. */
const LAUNCHER = 'setpriv';
const MAX_PATHS = 4096;
/** How long a counter waits for the name of its file. */
const NAME_WAIT_NS = 2_000_000_000;

/** Turns records of the sensor into events. State: who is tracked, and which path a file has that a process uses. */
export class Observer {
  readonly #options: ObserverOptions;
  readonly #tracked = new Set<number>();
  /** Paths by process and file. */
  readonly #paths = new Map<number, Map<number, string>>();
  #hasEnded = false;
  /** Counters whose file has no name yet: the name is on its way through the ring. */
  #unnamed: FileCount[] = [];
  /** Processes that ended: their last counters are still to come. */
  #ended: { readonly pid: number; readonly start: number; readonly at: number }[] = [];

  constructor(options: ObserverOptions) {
    this.#options = options;
  }

  /** Processes that are observed. */
  get tracked(): number {
    return this.#tracked.size;
  }

  /** Notes that a process is observed which ran before. */
  add(pid: number): void {
    this.#tracked.add(pid);
  }

  isTracked(pid: number): boolean {
    return this.#tracked.has(pid);
  }

  take(record: SensorRecord): void {
    const { streams } = this.#options;
    switch (record.type) {
      case 'data':
        streams.data(record);
        break;
      case 'bound':
        streams.bound(record);
        break;
      case 'close':
        streams.close(record);
        break;
      case 'hello':
        streams.hello(record);
        break;
      case 'fork':
        this.#fork(record);
        break;
      case 'exec':
        this.#exec(record);
        break;
      case 'exit':
        this.#exit(record);
        break;
      case 'chdir':
        this.#options.processes.chdir(record.pid, record.start, record.cwd);
        break;
      case 'file':
        this.#file(record);
        break;
      case 'names':
        this.#effect(record, namesEvent);
        break;
      case 'connect':
        this.#effect(record, connectEvent);
        break;
      case 'sock_end':
        this.#sockEnd(record);
        break;
      default:
        record satisfies never;
    }
  }

  /** Takes counters of files as they stood at `now`; a process that ended some time before is then done with. */
  counted(counts: readonly FileCount[], now: number): void {
    const { processes, envelope, emit, counts: left } = this.#options;
    const waiting: FileCount[] = [];
    for (const count of [...this.#unnamed, ...counts]) {
      const path = this.#paths.get(count.pid)?.get(count.file);
      if (path === undefined) {
        if (now - count.last < NAME_WAIT_NS) waiting.push(count);
        else left.unnamed++; // its name found no room in the ring
        continue;
      }
      const made = fileEvents(count, path, processes.of(count.pid, count.start), envelope);
      if (made.length === 0) left.leftOut++;
      for (const event of made) emit(event);
    }
    this.#unnamed = waiting;
    this.#ended = this.#ended.filter(({ pid, start, at }) => {
      if (now - at < 2 * NAME_WAIT_NS) return true;
      processes.forget(pid, start);
      if (!this.#tracked.has(pid)) this.#paths.delete(pid);
      return false;
    });
  }

  /** Lets go of processes whose end was not told, because it found no room in the ring. */
  prune(isAlive: (pid: number) => boolean, now: number): void {
    const { processes, streams } = this.#options;
    for (const pid of this.#tracked) {
      if (isAlive(pid)) continue;
      this.#tracked.delete(pid);
      const known = processes.known(pid);
      if (known === undefined) continue;
      streams.exit(pid, known.start, now);
      this.#ended.push({ pid, start: known.start, at: now });
    }
  }

  /** The end of the capture: no more names will come. */
  finish(now: number): void {
    this.counted([], now + NAME_WAIT_NS);
  }

  #fork(record: Of<'fork'>): void {
    const { processes, envelope, emit, self } = this.#options;
    const parent = processes.fork(record);
    this.#tracked.add(record.child);
    if (record.pid !== self) emit(forkEvent(record, parent, envelope));
  }

  #exec(record: Of<'exec'>): void {
    const { processes, envelope, emit, isSelected, track, onFile, self } = this.#options;
    const process = processes.exec(record);
    if (record.ppid === self && basename(record.exe) === LAUNCHER) return;
    if (!record.isTracked) {
      if (!isSelected(process)) {
        processes.forget(record.pid, record.start);
        return;
      }
      track(record.pid);
    }
    this.#tracked.add(record.pid);
    onFile(`/proc/${record.pid}/exe`);
    emit(execEvent(record, process, envelope));
  }

  #exit(record: Of<'exit'>): void {
    const { processes, streams, envelope, emit } = this.#options;
    const process = processes.of(record.pid, record.start);
    streams.exit(record.pid, record.start, record.ts);
    this.#tracked.delete(record.pid);
    this.#hasEnded = true;
    this.#ended.push({ pid: record.pid, start: record.start, at: record.ts });
    emit(exitEvent(record, process, envelope));
  }

  /** Whether processes ended since this was asked last: their counters are worth taking at once. */
  endedAny(): boolean {
    const has = this.#hasEnded;
    this.#hasEnded = false;
    return has;
  }

  #file(record: Of<'file'>): void {
    let paths = this.#paths.get(record.pid);
    if (paths === undefined) {
      paths = new Map();
      this.#paths.set(record.pid, paths);
    }
    paths.delete(record.file);
    paths.set(record.file, record.path);
    if (paths.size > MAX_PATHS)
      for (const oldest of paths.keys()) {
        paths.delete(oldest);
        break;
      }
    if (!record.isOpen) return;
    if (TLS_LIBRARY.test(record.path)) this.#options.onFile(`/proc/${record.pid}/root${record.path}`);
    this.#effect(record, openEvent);
  }

  #effect<R extends SensorRecord>(
    record: R,
    make: (record: R, process: Process, envelope: Envelope) => OispEvent | undefined,
  ): void {
    const { processes, envelope, emit, seesFiles, counts } = this.#options;
    if (!seesFiles && record.type !== 'connect') return;
    const event = make(record, processes.of(record.pid, record.start), envelope);
    if (event === undefined) counts.leftOut++;
    else emit(event);
  }

  #sockEnd(record: Of<'sock_end'>): void {
    const { processes, streams, envelope, registry, emit } = this.#options;
    const hello = streams.unread(record.sock);
    if (hello === undefined) return;
    const process = processes.of(record.pid, record.start);
    for (const event of unreadEvents(record, hello, process, envelope, registry)) emit(event);
  }
}
