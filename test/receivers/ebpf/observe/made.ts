import type { Ends, SensorRecord } from '../../../../receivers/ebpf/kernel/record.ts';
import { Envelope } from '../../../../receivers/ebpf/observe/envelope.ts';
import { Processes, type ProcessFacts } from '../../../../receivers/ebpf/observe/processes.ts';

type Of<T extends SensorRecord['type']> = Extract<SensorRecord, { type: T }>;

const SECOND = 1_000_000_000;
/** The boot of these tests: 2026-11-20T10:00:00Z, an hour before what happens. */
const WALL = 1_795_168_800_000_000_000n;
export const START = 3600 * SECOND;

export const envelope = (): Envelope => new Envelope('0b9d1c52-6a3e-4f7b-8c1d-2e5f6a7b8c9d', WALL);

export function processes(known: ReadonlyMap<number, ProcessFacts> = new Map()): Processes {
  return new Processes({ time: (boot) => envelope().time(boot), look: (pid) => known.get(pid), max: 100 });
}

/** A time so many milliseconds after the start. */
export const at = (ms: number): number => START + ms * 1_000_000;

const head = (ms: number, pid = 41): { ts: number; start: number; pid: number; tid: number } => ({
  ts: at(ms),
  start: START + pid,
  pid,
  tid: pid,
});

export const ENDS: Ends = {
  local: { ip: '127.0.0.1', port: 50_000 },
  remote: { ip: '192.0.2.7', port: 443 },
  protocol: 'tcp',
};

export function data(ms: number, text: string | Buffer, more: Partial<Of<'data'>> = {}): Of<'data'> {
  return {
    ...head(ms, more.pid),
    type: 'data',
    conn: 7,
    isSent: true,
    isStdio: false,
    verdict: 0,
    isBound: false,
    offset: 0,
    bytes: Buffer.from(text),
    cut: 0,
    ...more,
  };
}

export function bound(ms: number, more: Partial<Of<'bound'>> = {}): Of<'bound'> {
  return { ...head(ms, more.pid), type: 'bound', conn: 7, sock: 99, source: 2, ends: ENDS, ...more };
}

export function closed(ms: number, conn = 7): Of<'close'> {
  return { ...head(ms), type: 'close', conn, sent: 0, received: 0 };
}

export function exec(ms: number, pid: number, args: readonly string[], more: Partial<Of<'exec'>> = {}): Of<'exec'> {
  return {
    ...head(ms, pid),
    type: 'exec',
    isTracked: false,
    ppid: 1,
    uid: 1000,
    gid: 1000,
    args,
    argsCut: 0,
    name: `/usr/bin/${args[0] ?? ''}`,
    exe: `/usr/bin/${args[0] ?? ''}`,
    cwd: '/home/u',
    ...more,
  };
}

export function fork(ms: number, pid: number, child: number): Of<'fork'> {
  return { ...head(ms, pid), type: 'fork', child, childStart: START + child, uid: 1000, gid: 1000 };
}

export function exit(ms: number, pid: number, code = 0): Of<'exit'> {
  return { ...head(ms, pid), type: 'exit', code };
}

export function file(ms: number, pid: number, path: string, more: Partial<Of<'file'>> = {}): Of<'file'> {
  return { ...head(ms, pid), type: 'file', file: 5, isOpen: true, flags: 0, path, ...more };
}

export function names(ms: number, pid: number, op: number, a: string, b = ''): Of<'names'> {
  return { ...head(ms, pid), type: 'names', op, a, b, aBase: '/home/u', bBase: '/home/u' };
}

export function connect(ms: number, pid: number, error = 0, ends: Ends | undefined = ENDS): Of<'connect'> {
  return { ...head(ms, pid), type: 'connect', ends, began: at(ms - 3), error };
}

/** The record of a ClientHello that names a server and nothing else. */
export function helloFor(sni: string): Buffer {
  const name = Buffer.from(sni);
  const extension = Buffer.concat([
    Buffer.from([0, 0, 0, name.length + 5, 0, name.length + 3, 0, 0, name.length]),
    name,
  ]);
  const body = Buffer.concat([Buffer.alloc(34), Buffer.from([0, 0, 2, 19, 1, 1, 0, 0, extension.length]), extension]);
  return Buffer.concat([Buffer.from([22, 3, 1, 0, body.length + 4, 1, 0, 0, body.length]), body]);
}
