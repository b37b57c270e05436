import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { ProcessFacts } from './processes.ts';

/** Nanoseconds of a clock tick in /proc: USER_HZ is 100 on every architecture that Node runs on (proc_pid_stat(5)). */
const TICK = 10_000_000;

/** The parts of /proc that are read, passed in for tests. Each answers undefined where the process is gone or may not be looked at. */
export interface ProcReader {
  text(path: string): string | undefined;
  link(path: string): string | undefined;
  list(path: string): readonly string[];
}

export const systemProc: ProcReader = {
  text: (path) => attempt(() => readFileSync(path, 'latin1')),
  link: (path) => attempt(() => readlinkSync(path)),
  list: (path) => attempt(() => readdirSync(path)) ?? [],
};

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

/** What /proc says of a process (proc_pid_stat(5), proc_pid_status(5)). */
export function factsOf(pid: number, proc: ProcReader = systemProc): ProcessFacts | undefined {
  const stat = proc.text(`/proc/${pid}/stat`);
  const status = proc.text(`/proc/${pid}/status`);
  if (stat === undefined || status === undefined) return undefined;
  // the name stands in parentheses and may hold anything: fields are counted from the last one
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [, ppid] = fields;
  const start = fields[19];
  if (ppid === undefined || start === undefined || !/^\d+$/.test(start)) return undefined;
  const id = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? -1);
  const exe = proc.link(`/proc/${pid}/exe`)?.replace(/ \(deleted\)$/, '') ?? '';
  const cmdline = Buffer.from(proc.text(`/proc/${pid}/cmdline`) ?? '', 'latin1').toString();
  return {
    ppid: Number(ppid),
    start: Number(start) * TICK,
    uid: id('Uid'),
    gid: id('Gid'),
    exe,
    args: cmdline === '' ? [] : cmdline.replace(/\0$/, '').split('\0'),
    cwd: proc.link(`/proc/${pid}/cwd`) ?? '',
  };
}

/** The process that started another, or took it over (proc_pid_stat(5)). */
export function parentOf(pid: number, proc: ProcReader = systemProc): number | undefined {
  const stat = proc.text(`/proc/${pid}/stat`);
  const parent = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Pids of all processes that can be seen. */
export function pidsOf(proc: ProcReader = systemProc): number[] {
  return proc
    .list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}
