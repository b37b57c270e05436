import { type AppInfo, parseMillis } from '../../core/index.ts';

/** What is told of a process to its descendants. Frozen: a process that becomes another program gets a new one. */
export interface Named {
  readonly pid: number;
  readonly exe?: string;
  readonly name?: string;
}

/** A process of one host and boot. */
export interface Proc {
  readonly key: string;
  named: Named;
  startTime: string | undefined;
  /** Who started it; undefined where `rest` has those above, or nobody is known. */
  parent: Proc | undefined;
  /** Those above, nearest first, as they were when this process left the table. */
  rest: readonly Named[];
  /** The list that was handed out last. */
  ancestors: readonly Named[];
  /** The process that had this pid before. */
  before: Proc | undefined;
  app: AppInfo | undefined;
  /** What events around the process last called its executable: a resolved path may differ from that of the exec. */
  told: string | undefined;
  /** Began with the image of its parent, as a fork told. */
  isForked: boolean;
  hasExited: boolean;
}

export const MAX_ANCESTORS = 16;
const NONE: readonly Named[] = Object.freeze([]);
/** How far up a loop is looked for when a parent becomes known. */
const MAX_LOOP = 64;

/**
 * Processes by host, boot and pid, those that were silent for longest let go first. What is kept is bounded by `max`: a process that leaves
 * keeps at most 16 names, not its parents.
 */
export class ProcessTable {
  readonly #max: number;
  readonly #onEvicted: () => void;
  readonly #byKey = new Map<string, Proc>();
  #newest: Proc | undefined;

  constructor(max: number, onEvicted: () => void) {
    this.#max = max;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#byKey.size;
  }

  /** The process that has this pid now, and counts as used. */
  get(key: string): Proc | undefined {
    if (this.#newest?.key === key) return this.#newest;
    const proc = this.#byKey.get(key);
    if (proc !== undefined) this.#touch(proc);
    return proc;
  }

  /**
   * The process that had this pid at this start time. `begins`: the event says that a program starts, so that a process that ended is
   * another one. Undefined for one that is older than all that are known of its pid; `'new'` where it has to be added.
   */
  find(key: string, startTime: string | undefined, begins: boolean): Proc | 'new' | undefined {
    const proc = this.get(key);
    if (proc === undefined) return 'new';
    if (startTime !== undefined && startTime === proc.before?.startTime) return proc.before;
    if (startTime === undefined || proc.startTime === undefined) return begins && proc.hasExited ? 'new' : proc;
    if (startTime === proc.startTime) return proc;
    return parseMillis(startTime) < parseMillis(proc.startTime) ? undefined : 'new';
  }

  /** Adds a process in the place of the one that had its pid. */
  add(key: string, named: Named, startTime: string | undefined): Proc {
    const before = this.#byKey.get(key);
    if (before !== undefined) this.#leave(before);
    const proc: Proc = {
      key,
      named,
      startTime,
      parent: undefined,
      rest: NONE,
      ancestors: NONE,
      before,
      app: undefined,
      told: named.exe,
      isForked: false,
      hasExited: false,
    };
    this.#touch(proc);
    if (this.#byKey.size > this.#max) {
      const [oldest] = this.#byKey.values();
      if (oldest !== undefined) {
        this.#leave(oldest);
        this.#byKey.delete(oldest.key);
        this.#onEvicted();
      }
    }
    return proc;
  }

  /** Makes `parent` the one who started `child`, unless somebody else is known, it began later, or it stands below the child itself. */
  link(child: Proc, parent: Proc): void {
    if (child.parent !== undefined || child.rest.length > 0) return;
    if (child.startTime !== undefined && parent.startTime !== undefined)
      if (parseMillis(parent.startTime) > parseMillis(child.startTime)) return;
    for (let p: Proc | undefined = parent, n = 0; p !== undefined && n < MAX_LOOP; p = p.parent, n++)
      if (p === child) return;
    child.parent = parent;
  }

  /** Those above, nearest first, at most 16; the same list as long as nothing changes. */
  ancestorsOf(proc: Proc): readonly Named[] {
    const known = proc.ancestors;
    let length = 0;
    let isSame = true;
    let last = proc;
    for (let p = proc.parent; p !== undefined && length < MAX_ANCESTORS; p = p.parent) {
      isSame &&= known[length] === p.named;
      length++;
      last = p;
    }
    for (let i = 0; i < last.rest.length && length < MAX_ANCESTORS; i++) {
      isSame &&= known[length] === last.rest[i];
      length++;
    }
    if (!isSame || length !== known.length) proc.ancestors = listOf(proc);
    return proc.ancestors;
  }

  #touch(proc: Proc): void {
    this.#byKey.delete(proc.key);
    this.#byKey.set(proc.key, proc);
    this.#newest = proc;
  }

  /** Lets go of what a process holds, so that no chain of processes outlives the table. */
  #leave(proc: Proc): void {
    proc.rest = this.ancestorsOf(proc);
    proc.parent = undefined;
    proc.before = undefined;
  }
}

function listOf(proc: Proc): readonly Named[] {
  const list: Named[] = [];
  let last = proc;
  for (let p = proc.parent; p !== undefined && list.length < MAX_ANCESTORS; p = p.parent) {
    list.push(p.named);
    last = p;
  }
  for (const named of last.rest) if (list.length < MAX_ANCESTORS) list.push(named);
  return Object.freeze(list);
}
