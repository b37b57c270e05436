import { constants } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { OispEvent } from '../../../core/index.ts';
import {
  NAMES_LINK,
  NAMES_MKDIR,
  NAMES_RENAME,
  NAMES_RMDIR,
  NAMES_SYMLINK,
  NAMES_TRUNCATE,
  NAMES_UNLINK,
} from '../kernel/layout.gen.ts';
import type { SensorRecord } from '../kernel/record.ts';
import type { FileCount } from '../kernel/sensor.ts';
import type { Envelope } from './envelope.ts';
import type { Process } from './processes.ts';

type Of<T extends SensorRecord['type']> = Extract<SensorRecord, { type: T }>;

/** Program starts with what they were told to do. */
export function execEvent(record: Of<'exec'>, process: Process, envelope: Envelope): OispEvent {
  const { exe, args, cwd } = process;
  return envelope.event('process.exec', record.ts, process.info, {
    exe,
    ...(record.exe !== exe && { real_exe: record.exe }),
    args,
    ...(record.argsCut > 0 && { args_truncated_bytes: record.argsCut }),
    cwd,
    is_shell: /^(?:ba|da|z|k|fi|a)?sh$/.test(basename(exe)),
  });
}

export function forkEvent(record: Of<'fork'>, parent: Process, envelope: Envelope): OispEvent {
  return envelope.event('process.fork', record.ts, parent.info, { child_pid: record.child, is_thread: false });
}

const SIGNALS = new Map(Object.entries(constants.signals).map(([name, number]) => [number, name]));

/** The end of a process, from its wait status (wait(2)). */
export function exitEvent(record: Of<'exit'>, process: Process, envelope: Envelope): OispEvent {
  const signal = record.code & 0x7f;
  const name = SIGNALS.get(signal);
  return envelope.event('process.exit', record.ts, process.info, {
    exit_code: signal === 0 ? (record.code >> 8) & 0xff : 128 + signal,
    ...(signal !== 0 && { signal }),
    ...(name !== undefined && { signal_name: name }),
    runtime_ms: Math.round((record.ts - process.programStart) / 1e6),
    termination_type: signal === 0 ? 'normal' : 'signaled',
  });
}

export function connectEvent(record: Of<'connect'>, process: Process, envelope: Envelope): OispEvent | undefined {
  const { ends, error } = record;
  if (ends === undefined || ends.remote.port === 0) return undefined;
  // connecting a datagram socket sends nothing; QUIC is the exception that matters
  if (ends.protocol !== 'tcp' && ends.remote.port !== 443) return undefined;
  return envelope.event('network.connect', record.began, process.info, {
    dest: ends.remote,
    protocol: ends.protocol,
    success: error === 0,
    ...(error !== 0 && { error: errorName(error) }),
    latency_ms: Math.round((record.ts - record.began) / 1e3) / 1e3,
  });
}

const ERRORS = new Map(Object.entries(constants.errno).map(([name, number]) => [number, name]));

function errorName(number: number): string {
  return ERRORS.get(number) ?? `errno ${number}`;
}

/** Where reads say nothing about what an agent does: system libraries and settings, devices, installed packages. */
const SYSTEM =
  /^\/(?:proc|sys|dev|etc|usr|lib\w*|bin|sbin|run|snap|nix\/store|var\/(?:lib|cache))(?:\/|$)|\/node_modules(?:\/|$)|\/(?:site|dist)-packages(?:\/|$)|\/__pycache__(?:\/|$)/;
/** No files of a file system: shared memory, sockets and the like. */
const NO_FILE = /^\/(?:dev|proc|sys)(?:\/|$)|^\/memfd:|^\/\[|^\/anon_inode/;

/** Whether a file is left out: it is none that a user would know, or it is only read and belongs to the system. */
export function isLeftOut(path: string, isWritten: boolean): boolean {
  return path === '/' || NO_FILE.test(path) || (!isWritten && SYSTEM.test(path));
}

/** Words for the flags of an open file (open(2)). That it was made or cut by the open is not kept by the kernel. */
function flagWords(flags: number): string[] {
  const access = flags & 3;
  return [
    ...(access !== 1 ? ['read'] : []),
    ...(access !== 0 ? ['write'] : []),
    ...((flags & 0o2000) !== 0 ? ['append'] : []),
  ];
}

export function openEvent(record: Of<'file'>, process: Process, envelope: Envelope): OispEvent | undefined {
  const flags = flagWords(record.flags);
  if (isLeftOut(record.path, flags.includes('write'))) return undefined;
  return envelope.event('file.open', record.ts, process.info, { path: record.path, flags });
}

/** What was read and written of one file. */
export function fileEvents(count: FileCount, path: string, process: Process, envelope: Envelope): OispEvent[] {
  const made: OispEvent[] = [];
  if (count.reads > 0 && !isLeftOut(path, false))
    made.push(envelope.event('file.read', count.first, process.info, { path, bytes_read: count.readBytes }));
  if (count.writes > 0 && !isLeftOut(path, true))
    made.push(envelope.event('file.write', count.first, process.info, { path, bytes_written: count.writtenBytes }));
  return made;
}

/** Files that were renamed, removed, cut, linked. Folders that were made or removed are no event of OISP v0.1. */
export function namesEvent(record: Of<'names'>, process: Process, envelope: Envelope): OispEvent | undefined {
  const a = inFolder(record.aBase, record.a);
  const b = inFolder(record.bBase, record.b);
  const make = (type: string, path: string, data: object): OispEvent | undefined =>
    isLeftOut(path, true) ? undefined : envelope.event(type, record.ts, process.info, data);
  switch (record.op) {
    case NAMES_RENAME:
      return make('file.rename', b, { old_path: a, new_path: b });
    case NAMES_UNLINK:
      return make('file.delete', a, { path: a });
    case NAMES_TRUNCATE:
      return make('file.write', a, { path: a, bytes_written: 0, truncated: true });
    case NAMES_LINK:
      return make('file.write', b, { path: b, bytes_written: 0, created: true, link_target: a });
    case NAMES_SYMLINK:
      // its target counts from the folder of the link (symlink(7))
      return make('file.write', b, {
        path: b,
        bytes_written: 0,
        created: true,
        link_target: inFolder(dirname(b), record.a),
      });
    case NAMES_MKDIR:
    case NAMES_RMDIR:
      return undefined;
    default:
      return undefined;
  }
}

function inFolder(base: string, path: string): string {
  if (path === '') return '';
  return path.startsWith('/') ? join('/', path) : join(base, path);
}
