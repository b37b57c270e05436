import {
  type AppInfo,
  appOf,
  appOfFile,
  baseName,
  isEvent,
  isRuntime,
  type OispEvent,
  type ProcessInfo,
  packageOf,
  productOf,
  scriptIn,
} from '../../core/index.ts';
import { type Named, type Proc, ProcessTable } from './process-table.ts';

/** What is known of the process of an event from the events before. */
export interface Known {
  /** Nearest first; empty when nobody above is known. */
  readonly ancestors: readonly Named[];
  readonly app: AppInfo | undefined;
}

const NOTHING: Known = Object.freeze({ ancestors: Object.freeze([]), app: undefined });

/** Follows processes through their events, and says of each event what they tell about its process. */
export class ProcessTree {
  readonly #table: ProcessTable;

  constructor(maxProcesses: number, onEvicted: () => void) {
    this.#table = new ProcessTable(maxProcesses, onEvicted);
  }

  get size(): number {
    return this.#table.size;
  }

  /** Takes an event of the host and boot that `scope` names. */
  observe(event: OispEvent, scope: string): Known {
    const info = event.process;
    if (info?.pid === undefined) return NOTHING;
    const proc = this.#processOf(event, info, info.pid, scope);
    if (proc === undefined) return NOTHING;
    if (isEvent(event, 'process.exec')) started(proc, info, event.data.exe, event.data.args);
    else refresh(proc, info);
    if (isEvent(event, 'process.exit')) proc.hasExited = true;
    else if (isEvent(event, 'process.fork') && event.data.is_thread !== true)
      this.#forked(proc, keyOf(scope, event.data.child_pid), event.data.child_pid);
    const agent = event.attrs?.['user_agent.original'];
    if (agent !== undefined) proc.app = appOf(productOf(agent)) ?? proc.app;
    return { ancestors: this.#table.ancestorsOf(proc), app: proc.app };
  }

  #processOf(event: OispEvent, info: ProcessInfo, pid: number, scope: string): Proc | undefined {
    const key = keyOf(scope, pid);
    const found = this.#table.find(key, info.start_time, event.event_type === 'process.exec');
    if (found === undefined) return undefined;
    const isParentKnown = found !== 'new' && found.parent !== undefined;
    const { ppid } = info;
    // before the process is added, so that it does not push its parent out
    const parent =
      isParentKnown || ppid === undefined || ppid === pid ? undefined : this.#table.get(keyOf(scope, ppid));
    const proc = found === 'new' ? this.#added(key, pid, info) : found;
    proc.startTime ??= info.start_time;
    if (parent !== undefined) this.#table.link(proc, parent);
    return proc;
  }

  #added(key: string, pid: number, info: ProcessInfo): Proc {
    const proc = this.#table.add(key, namedOf(pid, info.exe, info.name), info.start_time);
    proc.app = appOfImage(info.exe, info.cmdline_args);
    return proc;
  }

  #forked(parent: Proc, key: string, pid: number): void {
    if (key === parent.key) return;
    const known = this.#table.get(key);
    if (known !== undefined && known.parent === parent && !known.hasExited) return;
    const child = this.#table.add(key, namedOf(pid, parent.named.exe, parent.named.name), undefined);
    child.isForked = true;
    this.#table.link(child, parent);
  }
}

/** The process has become another program. */
function started(proc: Proc, info: ProcessInfo, exe: string, args: readonly string[] | undefined): void {
  proc.named = namedOf(proc.named.pid, exe, info.exe === exe ? info.name : undefined);
  proc.told = info.exe;
  proc.app = appOfImage(exe, args ?? info.cmdline_args);
}

/** The event's own words about its process are newer than what is known. A name alone may be that of a thread. */
function refresh(proc: Proc, info: ProcessInfo): void {
  const { exe, name } = info;
  const { named } = proc;
  if (exe === undefined || exe === named.exe || exe === proc.told) {
    if (named.name === undefined && name !== undefined) proc.named = namedOf(named.pid, named.exe, name);
    return;
  }
  proc.told = exe;
  proc.named = namedOf(named.pid, exe, name);
  // another image, of which nobody told the start; or the first word about it, which for a forked process may be its parent's
  if (named.exe !== undefined) proc.app = appOfImage(exe, info.cmdline_args);
  else if (!proc.isForked) proc.app ??= appOfImage(exe, info.cmdline_args);
}

function keyOf(scope: string, pid: number): string {
  return `${scope}\0${pid}`;
}

function namedOf(pid: number, exe: string | undefined, name: string | undefined): Named {
  const called = name ?? (exe === undefined ? undefined : baseName(exe));
  return Object.freeze({ pid, ...(exe !== undefined && { exe }), ...(called && { name: called }) });
}

/**
 * The agent program that an executable is, or that a runtime runs: by its package, its module, or a command without an ending. A script of
 * one's own (`claude.py`) is none.
 */
function appOfImage(exe: string | undefined, args: readonly string[] | undefined): AppInfo | undefined {
  if (exe === undefined) return undefined;
  const file = baseName(exe);
  if (!isRuntime(file)) return appOf(packageOf(exe)) ?? appOfFile(file);
  const script = args && scriptIn(args);
  if (script === undefined) return undefined;
  if ('module' in script) return appOfFile(script.module);
  return appOf(packageOf(script.path)) ?? appOfFile(baseName(script.path));
}
