import { basename, resolve } from 'node:path';
import { type Call, descriptor, type End, pathAt, type Trace, unquote, unquoteList } from './strace.ts';

/** A process of the recording, as it is at the time of an event. */
export interface Proc {
  readonly pid: number;
  readonly ppid?: number;
  readonly startTime: bigint;
  readonly exe: string;
  readonly cwd: string;
}

/** An effect with the process it belongs to, in wall-clock nanoseconds. */
export interface Effect {
  readonly time: bigint;
  readonly proc: Proc;
  readonly tid: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface Effects {
  readonly effects: readonly Effect[];
  /** What process a pid is at a time; undefined when the trace does not know it. */
  at(pid: number, time: bigint): Proc | undefined;
}

const SIGNALS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGTERM: 15,
};
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  O_RDONLY: ['read'],
  O_WRONLY: ['write'],
  O_RDWR: ['read', 'write'],
  O_APPEND: ['append'],
  O_CREAT: ['create'],
  O_TRUNC: ['truncate'],
  O_EXCL: ['exclusive'],
};
const READS = new Set(['read', 'pread64', 'readv']);
const WRITES = new Set(['write', 'pwrite64', 'writev']);
/** Where reads say nothing about the agent: system libraries and settings, devices, installed packages. */
const SYSTEM = /^\/(?:proc|sys|dev|etc|usr|lib|lib64|bin|sbin|run|var\/lib)(?:\/|$)|\/node_modules(?:\/|$)/;

/**
 * Turns a trace into process, file and network effects of process groups. Left out, and nothing else: threads; failed calls (but
 * connections); reads and opens for reading under SYSTEM; anything on devices, pipes and directories; everything under `harness`
 * (tap, certificate, truth file); sockets that are not IP.
 */
export function effectsOf(trace: Trace, options: { readonly cwd: string; readonly harness: string }): Effects {
  const machine = new Machine(options.harness);
  const first = trace.calls.find((call) => call.name === 'execve' && call.result === 0);
  if (!first) throw new Error('the trace holds no program start');
  machine.begin({ pid: first.tid, startTime: first.time, exe: '', cwd: options.cwd }, first.time);
  let ended = 0;
  for (const call of trace.calls) {
    for (let end = trace.ends[ended]; end && end.time < call.time; end = trace.ends[++ended]) machine.end(end);
    machine.take(call);
  }
  for (let end = trace.ends[ended]; end; end = trace.ends[++ended]) machine.end(end);
  return machine;
}

class Machine implements Effects {
  readonly effects: Effect[] = [];
  readonly #harness: string;
  /** Thread id to process id. */
  readonly #group = new Map<number, number>();
  readonly #now = new Map<number, Proc>();
  readonly #states = new Map<number, { from: bigint; proc: Proc }[]>();
  /** Connections on their way, by pid and descriptor. */
  readonly #connecting = new Map<string, (success: boolean, until: bigint) => void>();

  constructor(harness: string) {
    this.#harness = harness;
  }

  at(pid: number, time: bigint): Proc | undefined {
    const states = this.#states.get(pid);
    return states?.findLast((s) => s.from <= time)?.proc ?? states?.[0]?.proc;
  }

  begin(proc: Proc, from: bigint): void {
    this.#group.set(proc.pid, proc.pid);
    this.#now.set(proc.pid, proc);
    const states = this.#states.get(proc.pid) ?? [];
    states.push({ from, proc });
    this.#states.set(proc.pid, states);
  }

  end({ tid, time, exitCode, signal }: End): void {
    const proc = this.#now.get(tid);
    if (!proc) return;
    this.#now.delete(tid);
    const number = signal === undefined ? undefined : SIGNALS[signal];
    this.#add(time, proc, tid, 'process.exit', {
      exit_code: exitCode ?? 128 + (number ?? 0),
      ...(number !== undefined && { signal: number }),
      ...(signal !== undefined && { signal_name: signal }),
      runtime_ms: Math.round(Number(time - proc.startTime) / 1e6),
      termination_type: signal === undefined ? 'normal' : 'signaled',
    });
  }

  take(call: Call): void {
    const proc = this.#now.get(this.#group.get(call.tid) ?? call.tid);
    if (!proc) return;
    const { args, name } = call;
    const [a, b, c, d] = args;
    const inCwd = (arg: string | undefined): string => resolve(proc.cwd, unquote(arg) ?? '');
    if (name === 'clone' || name === 'clone3' || name === 'fork' || name === 'vfork') this.#fork(call, proc);
    else if (name === 'execve') this.#exec(call, proc);
    else if (name === 'chdir') this.#chdir(call, proc);
    else if (name === 'open') this.#open(call, proc, inCwd(a), b);
    else if (name === 'openat') this.#open(call, proc, pathAt(a, b), c);
    else if (READS.has(name)) this.#bytes(call, proc, 'file.read', a);
    else if (WRITES.has(name)) this.#bytes(call, proc, 'file.write', a);
    else if (name === 'sendfile' || name === 'copy_file_range') {
      const [to, from] = name === 'sendfile' ? [a, b] : [c, a];
      this.#bytes(call, proc, 'file.read', from);
      this.#bytes(call, proc, 'file.write', to);
    } else if (name === 'rename') this.#rename(call, proc, inCwd(a), inCwd(b));
    else if (name === 'renameat' || name === 'renameat2') this.#rename(call, proc, pathAt(a, b), pathAt(c, d));
    else if (name === 'unlink') this.#delete(call, proc, inCwd(a));
    else if (name === 'unlinkat') this.#delete(call, proc, pathAt(a, b));
    else if (name === 'connect') this.#connect(call, proc, a, b);
    else if (name === 'getsockopt' && c === 'SO_ERROR') {
      this.#connecting.get(`${proc.pid}:${descriptor(a).fd}`)?.(d === '[0]', call.time);
    }
  }

  #exec(call: Call, proc: Proc): void {
    const path = unquote(call.args[0]);
    if (call.result !== 0 || path === undefined) return;
    const exe = resolve(proc.cwd, path);
    const after = { ...proc, exe };
    this.begin(after, call.time);
    this.#add(call.time, after, call.tid, 'process.exec', {
      exe,
      args: unquoteList(call.args[1]),
      cwd: proc.cwd,
      is_shell: /\/(?:ba|da|z)?sh$/.test(exe),
    });
  }

  #chdir(call: Call, proc: Proc): void {
    const path = unquote(call.args[0]);
    if (call.result === 0 && path !== undefined) this.begin({ ...proc, cwd: resolve(proc.cwd, path) }, call.time);
  }

  #fork({ name, args, result, time, tid }: Call, proc: Proc): void {
    if (!(result > 0)) return;
    if (name !== 'fork' && name !== 'vfork' && /CLONE_THREAD/.test(args.join(' '))) {
      this.#group.set(result, proc.pid);
      return;
    }
    this.begin({ ...proc, pid: result, ppid: proc.pid, startTime: time }, time);
    this.#add(time, proc, tid, 'process.fork', { child_pid: result, is_thread: false });
  }

  #open(call: Call, proc: Proc, path: string | undefined, flagText: string | undefined): void {
    const flags = (flagText ?? '').split('|');
    if (call.result < 0 || path === undefined || flags.includes('O_DIRECTORY')) return;
    const words = flags.flatMap((flag) => FLAGS[flag] ?? []);
    const writes = words.some((word) => word !== 'read');
    if (this.#hidden(path, writes)) return;
    this.#add(call.time, proc, call.tid, 'file.open', { path, flags: words });
  }

  #bytes(call: Call, proc: Proc, type: 'file.read' | 'file.write', fd: string | undefined): void {
    const { target } = descriptor(fd);
    if (!(call.result > 0) || !target.startsWith('/')) return;
    const path = target.replace(/ ?\(deleted\)$/, '');
    if (this.#hidden(path, type === 'file.write')) return;
    this.#add(call.time, proc, call.tid, type, {
      path,
      ...(type === 'file.read' ? { bytes_read: call.result } : { bytes_written: call.result }),
    });
  }

  #rename(call: Call, proc: Proc, from: string | undefined, to: string | undefined): void {
    if (call.result !== 0 || from === undefined || to === undefined || this.#hidden(to, true)) return;
    this.#add(call.time, proc, call.tid, 'file.rename', { old_path: from, new_path: to });
  }

  #delete(call: Call, proc: Proc, path: string | undefined): void {
    if (call.result !== 0 || path === undefined || this.#hidden(path, true)) return;
    this.#add(call.time, proc, call.tid, 'file.delete', { path });
  }

  /** A connection that does not block reports its outcome by SO_ERROR; until then it is on its way. */
  #connect(call: Call, proc: Proc, fd: string | undefined, address: string | undefined): void {
    const [, port] = /sin6?_port=htons\((\d+)\)/.exec(address ?? '') ?? [];
    const [, ip] = /(?:sin_addr=inet_addr\(|inet_pton\(AF_INET6, )"([^"]+)"/.exec(address ?? '') ?? [];
    if (port === undefined || ip === undefined) return;
    const key = `${proc.pid}:${descriptor(fd).fd}`;
    const add = (success: boolean, until: bigint): void => {
      this.#connecting.delete(key);
      this.#add(call.time, proc, call.tid, 'network.connect', {
        dest: { ip, port: Number(port) },
        protocol: 'tcp',
        success,
        latency_ms: Number(until - call.time) / 1e6,
      });
    };
    if (call.result === 0) add(true, call.time);
    else this.#connecting.set(key, add);
  }

  #hidden(path: string, writes: boolean): boolean {
    if (path === this.#harness || path.startsWith(`${this.#harness}/`) || path.startsWith('/dev/')) return true;
    return !writes && SYSTEM.test(path);
  }

  #add(time: bigint, proc: Proc, tid: number, type: string, data: Readonly<Record<string, unknown>>): void {
    this.effects.push({ time, proc, tid, type, data });
  }
}

/** The short name of a process, as the kernel keeps it. */
export function shortName(exe: string): string {
  return basename(exe).slice(0, 15);
}
