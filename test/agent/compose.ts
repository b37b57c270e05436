import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventId } from '../../core/event/ids.ts';
import { formatNanos } from '../../core/event/time.ts';
import { type Effects, type Proc, shortName } from './effects.ts';

/** The machine of the recording: made-up names, the real kind. */
const HOST = {
  hostname: 'demo-host',
  device_id: '5d0e6a7c1f2b4c3d8e9fa0b1c2d3e4f5',
  os: 'linux',
  arch: 'x86_64',
  boot_id: '0b9d1c52-6a3e-4f7b-8c1d-2e5f6a7b8c9d',
} as const;

/** One line of the tap: `mono` is the monotonic clock in nanoseconds. */
export interface TapLine {
  readonly mono: string;
  readonly pid: number;
  readonly type: string;
  readonly data: { readonly child?: { readonly pid: number } };
}

/** Everything that the taps of all processes wrote into `harness`. */
export function readTap(harness: string): TapLine[] {
  const lines: TapLine[] = [];
  for (const file of readdirSync(harness)) {
    if (!file.startsWith('tap-')) continue;
    // the tap of this folder is the only writer of these files
    for (const line of readFileSync(join(harness, file), 'utf8').split('\n'))
      if (line) lines.push(JSON.parse(line) as TapLine);
  }
  return lines;
}

/** All records in time order, as lines. `offset` is wall clock minus monotonic clock. */
export function records(effects: Effects, tap: readonly TapLine[], offset: bigint): string[] {
  const made: { time: bigint; order: number; line: string }[] = [];
  const add = (time: bigint, proc: Proc, tid: number, method: string, type: string, data: object): void => {
    const ts = formatNanos(time);
    const record = {
      oisp_version: '0.1',
      event_id: eventId(ts, HOST.boot_id, proc.pid, type, made.length),
      event_type: type,
      ts,
      ts_mono: Number(time - offset),
      host: HOST,
      process: {
        pid: proc.pid,
        ...(proc.ppid !== undefined && { ppid: proc.ppid }),
        exe: proc.exe,
        name: shortName(proc.exe),
        start_time: formatNanos(proc.startTime),
        cwd: proc.cwd,
        thread_id: tid,
      },
      source: { collector: 'oisp-collector', capture_method: method, clock: 'monotonic' },
      confidence: { level: 'high', completeness: 'full' },
      data,
    };
    made.push({ time, order: made.length, line: JSON.stringify(record) });
  };
  for (const e of effects.effects) add(e.time, e.proc, e.tid, 'syscall_intercept', e.type, e.data);
  for (const { mono, pid, type, data } of tap) {
    const time = BigInt(mono) + offset;
    const proc = effects.at(pid, time);
    if (!proc) throw new Error(`the tap saw process ${pid}, the trace did not`);
    const child = data.child && effects.at(data.child.pid, time);
    const stdio = child && { child: { pid: child.pid, start_time: formatNanos(child.startTime) } };
    add(time, proc, pid, 'tls_boundary', type, { ...data, ...stdio });
  }
  made.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.order - b.order));
  return made.map((m) => m.line);
}
