import { readFileSync } from 'node:fs';
import {
  type Consumer,
  type Context,
  globToRegExp,
  type Host,
  loadProviders,
  messageOf,
  type OispEvent,
  type Receiver,
  retry,
} from '../../core/index.ts';
import type { Config } from './config.ts';
import { captureFacts, explain, has, KERNEL_MULTI } from './doctor/checks.ts';
import { Drain } from './kernel/drain.ts';
import { TRACK_CHILDREN, TRACK_SELF } from './kernel/layout.gen.ts';
import { Losses } from './kernel/losses.ts';
import { nativePath } from './kernel/native.ts';
import { readRecords } from './kernel/records.ts';
import { type FileCount, Sensor } from './kernel/sensor.ts';
import { Envelope } from './observe/envelope.ts';
import { Observer, TLS_LIBRARY } from './observe/observer.ts';
import { factsOf, parentOf, pidsOf, systemProc } from './observe/proc.ts';
import { type Process, Processes } from './observe/processes.ts';
import { isSelected } from './observe/selection.ts';
import { StdioOwners } from './observe/stdio-owner.ts';
import { Streams } from './observe/streams.ts';
import { knownFiles, namedFiles } from './target/known-files.ts';
import { mappedFiles } from './target/libraries.ts';
import { Scanner } from './target/scan.ts';
import { Targets } from './target/targets.ts';

/** How often counters are taken and what waits is looked at. */
const TICK_MS = 100;
const MAX_PROCESSES = 65_536;
const MAX_FILES = 256;

/** Live capture on Linux: plaintext of TLS libraries and the effects of observed processes, as capture records and events. */
export class EbpfReceiver implements Receiver {
  readonly #context: Context;
  readonly #config: Config;
  readonly #next: Consumer;
  readonly #stop = new AbortController();
  readonly #streamCounts = { ai: 0, other: 0, evicted: 0, unbound: 0, leftOut: 0, lost: 0 };
  readonly #effectCounts = { leftOut: 0, unnamed: 0 };
  #events: OispEvent[] = [];
  #parts: Parts | undefined;
  #cancelTick: () => void = () => {};
  #work: Promise<void> = Promise.resolve();

  constructor(context: Context, config: Config, next: Consumer) {
    this.#context = context;
    this.#config = config;
    this.#next = next;
  }

  async start(host: Host): Promise<void> {
    try {
      await this.#begin(host);
    } catch (error) {
      throw new Error(explain(error)); // its text has all that the cause says
    }
  }

  async #begin(host: Host): Promise<void> {
    const parts = this.#build(host);
    if (parts.sensor.mode === 'perf' && !has(captureFacts(), 'CAP_SYS_ADMIN'))
      throw new Error(
        `this kernel has no uprobe_multi (${KERNEL_MULTI}), and probes by perf events need CAP_SYS_ADMIN: run it as root`,
      );
    this.#parts = parts;
    const { sensor, targets } = parts;
    const config = this.#config;
    const named = await namedFiles(config.binary_path);
    for (const path of named) await this.#probe(targets, path);
    if (config.known_files) await Promise.all((await knownFiles()).map((path) => targets.add(path)));
    if (config.children) {
      sensor.track(process.pid, TRACK_CHILDREN);
      sensor.seeSyscalls();
    }
    for (const pid of config.pids) if (!this.#adopt(parts, pid)) throw new Error(`pid ${pid} does not run`);
    if (config.pids.length > 0 || config.comms.length > 0 || config.scope === 'registry') this.#adoptSelected(parts);
    await this.#tick();
    this.#again();
    this.#context.log.info('Capture has begun.', {
      scope: config.scope,
      uprobes: sensor.mode,
      probed: targets.states.filter((state) => state.status === 'attached').map((state) => state.path),
      processes: parts.observer.tracked,
    });
  }

  async shutdown(deadline: AbortSignal): Promise<void> {
    const parts = this.#parts;
    this.#parts = undefined;
    if (parts === undefined) return;
    this.#cancelTick();
    if (deadline.aborted) this.#stop.abort();
    else deadline.addEventListener('abort', () => this.#stop.abort(), { once: true });
    const { drain, sensor, streams, observer, targets, losses, scanner, envelope } = parts;
    const now = (): number => envelope.bootOf(this.#context.clock.now());
    await drain.close(deadline);
    await this.#work;
    this.#takeFiles(parts);
    observer.finish(now());
    streams.finish(now());
    losses.look();
    await this.#flush();
    await targets.close();
    await scanner.close();
    sensor.close();
  }

  #build(host: Host): Parts {
    const config = this.#config;
    const { log, meter, clock, id } = this.#context;
    const registry = loadProviders(config);
    const path = nativePath();
    const sensor = new Sensor({
      ringBytes: config.ring_size,
      unknownBytes: BigInt(config.unknown_bytes),
      requestBytes: BigInt(config.unknown_request),
      maxCallBytes: BigInt(config.max_call),
      isMachine: config.scope === 'machine',
      seesAllExecs: config.scope !== 'tree' || config.comms.length > 0,
      pidNamespace: config.pid_namespace,
    });
    const emit = (event: OispEvent): void => void this.#events.push(event);
    const envelope = new Envelope(bootId(), sensor.wallOffset());
    const processes = new Processes({ time: (boot) => envelope.time(boot), look: factsOf, max: MAX_PROCESSES });
    const owners = new StdioOwners(processes, systemProc);
    const scanner = new Scanner({ clock });
    const targets = new Targets({
      log,
      scanner,
      attach: (file, sites) => sensor.attach(file, sites),
      detach: (links) => sensor.detach(links),
      mayProbe: mayProbe(config.probe),
      maxFiles: MAX_FILES,
    });
    const streams = new Streams({
      envelope,
      processes,
      registry,
      emit,
      setVerdict: (conn, verdict) => sensor.setVerdict(conn, verdict),
      ownerOf: (child) => owners.of(child),
      onAi: (process) => this.#onAi(process),
      onLost: (bytes, conn) => {
        if (this.#streamCounts.lost > bytes) return;
        log.warn('Bytes of a connection to a model were not captured; more is only counted.', { conn, bytes });
      },
      holdNs: config.bind_timeout * 1_000_000,
      maxStreams: 32_768,
      maxHeld: config.max_ahead,
      counts: this.#streamCounts,
    });
    const observer = new Observer({
      envelope,
      processes,
      streams,
      registry,
      emit,
      self: process.pid,
      isSelected: (one) => isSelected(config, one),
      track: (pid) => {
        sensor.seeSyscalls();
        sensor.track(pid, TRACK_SELF | TRACK_CHILDREN);
      },
      onFile: (file) => void targets.add(file),
      seesFiles: config.files,
      counts: this.#effectCounts,
    });
    const losses = new Losses({ log, meter, id, sensor, envelope, emit });
    const bad = meter.counter('oisp_ebpf_bad_records', { receiver: id });
    const drain = new Drain(
      { nativePath: path, handle: sensor.handle, everyMs: config.drain_interval, maxAhead: config.max_ahead },
      async (bytes) => {
        readRecords(
          bytes,
          (record) => observer.take(record),
          () => bad.add(),
        );
        if (observer.endedAny()) this.#takeFiles({ sensor, observer, envelope });
        await this.#flush();
      },
      (error) => host.fatal(error),
    );
    for (const [name, counts] of [
      ['connections', this.#streamCounts],
      ['effects', this.#effectCounts],
    ] as const)
      for (const kind of Object.keys(counts))
        meter.gauge(`oisp_ebpf_${name}`, { receiver: id, kind }, () => (counts as Record<string, number>)[kind] ?? 0);
    meter.gauge('oisp_ebpf_tracked_processes', { receiver: id }, () => observer.tracked);
    return { sensor, envelope, processes, streams, observer, targets, scanner, losses, drain };
  }

  /** A running process is observed from now on. False: it does not run. */
  #adopt({ sensor, processes, observer, targets }: Parts, pid: number): boolean {
    const process = processes.running(pid);
    if (process === undefined) return false;
    sensor.seeSyscalls();
    sensor.track(pid, TRACK_SELF | TRACK_CHILDREN);
    observer.add(pid);
    void targets.add(`/proc/${pid}/exe`);
    for (const library of librariesOf(pid)) void targets.add(library);
    return true;
  }

  /** Running processes that are selected, and all below them. What they start meanwhile is tracked by the kernel already. */
  #adoptSelected(parts: Parts): void {
    const { processes } = parts;
    const { comms, scope, pid_namespace: namespace } = this.#config;
    const parents = new Map<number, number>();
    for (const pid of pidsOf()) {
      const parent = pid === process.pid || !isInNamespace(pid, namespace) ? undefined : parentOf(pid);
      if (parent === undefined) continue;
      parents.set(pid, parent);
      if (comms.length === 0 && scope !== 'registry') continue;
      const one = processes.running(pid);
      if (one === undefined || !isSelected(this.#config, one, comm(pid))) processes.forget(pid, one?.start ?? 0);
      else this.#adopt(parts, pid);
    }
    const isBelow = (pid: number, depth = 0): boolean =>
      depth < 64 && (parts.observer.isTracked(pid) || (parents.has(pid) && isBelow(parents.get(pid) ?? 0, depth + 1)));
    for (const pid of parents.keys()) if (!parts.observer.isTracked(pid) && isBelow(pid)) this.#adopt(parts, pid);
  }

  /** With `scope: machine` a process is observed as a whole from its first model call on. */
  #onAi(process: Process): void {
    const parts = this.#parts;
    if (parts === undefined || this.#config.scope !== 'machine' || parts.observer.isTracked(process.pid)) return;
    this.#adopt(parts, process.pid);
  }

  /** A file that the user named: one that cannot be probed is an error, one without a TLS library is not. */
  async #probe(targets: Targets, path: string): Promise<void> {
    const state = await targets.add(path);
    if (state === undefined) throw new Error(`binary_path: ${path} cannot be opened`);
    if (state.status === 'refused') throw new Error(`binary_path: ${path}: ${state.reason ?? ''}`);
  }

  #again(): void {
    this.#cancelTick = this.#context.clock.after(TICK_MS, () => {
      this.#work = this.#tick()
        .catch((error: unknown) => this.#context.log.warn('A look at the sensor failed.', { error: messageOf(error) }))
        .finally(() => {
          if (this.#parts !== undefined) this.#again();
        });
    });
  }

  async #tick(): Promise<void> {
    const parts = this.#parts;
    if (parts === undefined) return;
    const { sensor, observer, streams, losses, envelope } = parts;
    this.#takeFiles(parts);
    streams.elapse(envelope.bootOf(this.#context.clock.now()));
    if (losses.look()) observer.prune(isAlive, envelope.bootOf(this.#context.clock.now()));
    if (this.#config.children || observer.tracked > 0 || this.#config.scope === 'machine') sensor.seeSyscalls();
    else await sensor.ignoreSyscalls();
    await this.#flush();
  }

  #takeFiles({ sensor, observer, envelope }: Pick<Parts, 'sensor' | 'observer' | 'envelope'>): void {
    const counts: FileCount[] = [];
    sensor.takeFiles((count) => counts.push(count));
    observer.counted(counts, envelope.bootOf(this.#context.clock.now()));
  }

  #flush(): Promise<void> {
    const events = this.#events;
    if (events.length === 0) return Promise.resolve();
    this.#events = [];
    return this.#deliver(events);
  }

  /** Hands events on until they are taken. The ring holds what comes meanwhile. */
  async #deliver(events: readonly OispEvent[]): Promise<void> {
    const { clock, random, log, meter, id } = this.#context;
    const batch = { signal: 'events', live: true, events } as const;
    const attempt = (): Promise<void> => this.#next.consume(batch);
    try {
      await attempt().catch((error: unknown) => retry(attempt, error, { clock, random, stop: this.#stop.signal }));
    } catch (error) {
      const refused = meter.counter('oisp_ebpf_refused_events', { receiver: id });
      if (refused.value === 0)
        log.error('Events were refused and are lost; more are only counted.', { error: messageOf(error) });
      refused.add(events.length);
    }
  }
}

interface Parts {
  readonly sensor: Sensor;
  readonly envelope: Envelope;
  readonly processes: Processes;
  readonly streams: Streams;
  readonly observer: Observer;
  readonly targets: Targets;
  readonly scanner: Scanner;
  readonly losses: Losses;
  readonly drain: Drain;
}

function isAlive(pid: number): boolean {
  return parentOf(pid) !== undefined;
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

function comm(pid: number): string | undefined {
  return systemProc.text(`/proc/${pid}/comm`)?.trimEnd();
}

function isInNamespace(pid: number, inode: number): boolean {
  return inode === 0 || systemProc.link(`/proc/${pid}/ns/pid`) === `pid:[${inode}]`;
}

/** TLS libraries that a process has mapped: the very files, where that may be read, else those that stand at their paths now. */
function librariesOf(pid: number): string[] {
  return mappedFiles(systemProc.text(`/proc/${pid}/maps`) ?? '')
    .filter((file) => TLS_LIBRARY.test(file.path))
    .flatMap(({ path, range, isDeleted }) => {
      const mapped = `/proc/${pid}/map_files/${range}`;
      if (systemProc.link(mapped) !== undefined) return [mapped];
      return isDeleted ? [] : [`/proc/${pid}/root${path}`];
    });
}

function mayProbe({ include, exclude }: Config['probe']): (path: string) => boolean {
  const wanted = include.map(globToRegExp);
  const unwanted = exclude.map(globToRegExp);
  return (path) =>
    (wanted.length === 0 || wanted.some((one) => one.test(path))) && !unwanted.some((one) => one.test(path));
}
