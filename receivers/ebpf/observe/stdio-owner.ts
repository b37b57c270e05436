import type { ProcReader } from './proc.ts';
import type { Process, Processes } from './processes.ts';

const MAX_UP = 8;
const MAX_KNOWN = 4096;

/**
 * Finds who talks to a process over its standard input: the nearest ancestor whose own standard input is another one. A server that was started
 * through a wrapper (`npx`, a shell) shares the pipe with the wrapper, and its client is above that.
 */
export class StdioOwners {
  readonly #processes: Processes;
  readonly #proc: ProcReader;
  readonly #known = new Map<string, Process>();

  constructor(processes: Processes, proc: ProcReader) {
    this.#processes = processes;
    this.#proc = proc;
  }

  /** The answer stays the same as long as the child runs, however its parents end. */
  of(child: Process): Process {
    const key = `${child.pid} ${child.start}`;
    const known = this.#known.get(key);
    if (known !== undefined) return this.#processes.of(known.pid, known.start);
    const owner = this.#find(child);
    this.#known.set(key, owner);
    if (this.#known.size > MAX_KNOWN)
      for (const oldest of this.#known.keys()) {
        this.#known.delete(oldest);
        break;
      }
    return owner;
  }

  #find(child: Process): Process {
    const pipe = this.#proc.link(`/proc/${child.pid}/fd/0`);
    let at = child;
    for (let n = 0; n < MAX_UP; n++) {
      const parent = at.ppid === undefined || at.ppid <= 1 ? undefined : this.#processes.running(at.ppid);
      if (parent === undefined) return at;
      if (pipe === undefined || this.#proc.link(`/proc/${parent.pid}/fd/0`) !== pipe) return parent;
      at = parent;
    }
    return at;
  }
}
