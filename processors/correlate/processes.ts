import type { ExecData, ProcessInfo } from '../../core/index.ts';
import type { Agent, Proc } from './state.ts';

/** How far a child's first events may come before its fork. */
const OVERTAKEN_NS = 1e9;

/** The processes of one host, by pid and start time. A pid that is used again gets a new entry. */
export class Processes {
  readonly #byPid = new Map<number, Proc>();

  get size(): number {
    return this.#byPid.size;
  }

  /** The process that an event is about; made when it was not known. */
  of(info: ProcessInfo | undefined, at: number): Proc | undefined {
    const pid = info?.pid;
    if (info === undefined || pid === undefined) return undefined;
    let proc = this.#byPid.get(pid);
    if (proc && isOther(proc, info.start_time)) proc = undefined;
    if (!proc) {
      const parent = info.ppid === undefined || info.ppid === pid ? undefined : this.#byPid.get(info.ppid);
      proc = this.#make(pid, info, parent, at);
    }
    proc.startTime ??= info.start_time;
    if (proc.parent === undefined && info.ppid !== undefined && info.ppid !== pid)
      proc.parent = this.#byPid.get(info.ppid);
    proc.lastAt = at;
    proc.info = info;
    return proc;
  }

  /** A child that was forked: its own start time comes with its first event. */
  forked(parent: Proc, pid: number, at: number): Proc {
    const known = this.#byPid.get(pid);
    // its own first event may have come just before; else its number is used again and its end was not seen
    if (known && known.parent === parent && !known.exited && at - known.lastAt < OVERTAKEN_NS) return known;
    return this.#make(pid, { pid, ppid: parent.pid }, parent, at);
  }

  get(pid: number): Proc | undefined {
    return this.#byPid.get(pid);
  }

  exec(proc: Proc, data: ExecData): void {
    proc.argv = data.args;
    proc.info = { ...proc.info, exe: data.exe };
  }

  exited(proc: Proc): void {
    proc.exited = true;
  }

  /** Lets go of processes that ended, or were silent, before `before`; those that an agent's state needs stay. */
  sweep(before: number, isNeeded: (proc: Proc) => boolean): number {
    let gone = 0;
    for (const [pid, proc] of this.#byPid) {
      if (proc.lastAt >= before || isNeeded(proc)) continue;
      this.#byPid.delete(pid);
      gone++;
    }
    return gone;
  }

  /** Lets go of the `n` processes that were silent longest, whatever they are; those that an agent's state needs stay. */
  evict(n: number, isNeeded: (proc: Proc) => boolean): number {
    const all = [...this.#byPid].filter(([, proc]) => !isNeeded(proc)).sort(([, a], [, b]) => a.lastAt - b.lastAt);
    const gone = all.slice(0, Math.ceil(n));
    for (const [pid] of gone) this.#byPid.delete(pid);
    return gone.length;
  }

  #make(pid: number, info: ProcessInfo, parent: Proc | undefined, at: number): Proc {
    const proc: Proc = {
      pid,
      startTime: info.start_time,
      parent,
      info,
      argv: undefined,
      agent: undefined,
      tool: undefined,
      stray: undefined,
      mcp: undefined,
      exec: undefined,
      isFed: false,
      fedBy: undefined,
      hosts: undefined,
      exited: false,
      lastAt: at,
    };
    this.#byPid.set(pid, proc);
    return proc;
  }
}

function isOther(proc: Proc, startTime: string | undefined): boolean {
  if (startTime !== undefined && proc.startTime !== undefined) return startTime !== proc.startTime;
  return proc.exited;
}

/** The nearest process above (or the process itself) that talks to models. */
export function agentAbove(proc: Proc): Agent | undefined {
  for (let p: Proc | undefined = proc, n = 0; p && n < 64; p = p.parent, n++) if (p.agent) return p.agent;
  return undefined;
}

/** The nearest process above (or the process itself) that reads what it is to run, with nothing between that knows what it works for. */
export function feeder(proc: Proc): Proc | undefined {
  for (let p: Proc | undefined = proc, n = 0; p && n < 64 && !p.agent; p = p.parent, n++) {
    if (p.isFed) return p;
    if (p.tool || p.stray || p.mcp) return undefined;
  }
  return undefined;
}

/** Takes over from the parents what they work for, up to the nearest agent or a shell that works for one after the other. */
export function inherit(proc: Proc): void {
  if (proc.agent || proc.tool || proc.stray || proc.mcp) return;
  for (let p = proc.parent, n = 0; p && n < 64 && !p.agent; p = p.parent, n++) {
    if (p.isFed && !p.mcp) return;
    if (!p.tool && !p.stray && !p.mcp) continue;
    proc.tool = p.tool;
    proc.stray = p.stray;
    proc.mcp = p.mcp;
    return;
  }
}
