import { merged } from '../../../core/index.ts';
import {
  ADDRESS,
  BOUND_RECORD,
  CHDIR_RECORD,
  CLOSE_RECORD,
  CONNECT_RECORD,
  DATA_FAULT,
  DATA_LAST,
  DATA_RECORD,
  DIR_SENT,
  EXEC_RECORD,
  EXEC_TRACKED,
  EXIT_RECORD,
  FILE_OPEN,
  FILE_RECORD,
  FORK_RECORD,
  HELLO_RECORD,
  NAMES_RECORD,
  REC_BOUND,
  REC_CHDIR,
  REC_CLOSE,
  REC_CONNECT,
  REC_DATA,
  REC_EXEC,
  REC_EXIT,
  REC_FILE,
  REC_FORK,
  REC_HELLO,
  REC_NAMES,
  REC_SOCK_END,
  RECORD,
  SOCK_END_RECORD,
  STREAM_STDIO,
} from './layout.gen.ts';
import type { Ends, Head, SensorRecord } from './record.ts';

/**
 * Reads the records that a drain brought, in their order. What cannot be a record ends the reading and is told to `onBad` with the number of
 * bytes that were left. Byte arrays are views of `bytes`.
 */
export function readRecords(
  bytes: Buffer,
  onRecord: (record: SensorRecord) => void,
  onBad: (left: number) => void,
): void {
  let at = 0;
  while (at + RECORD.SIZE <= bytes.length) {
    const size = bytes.readUInt32LE(at);
    if (size < RECORD.SIZE || at + size > bytes.length) break;
    const type = bytes.readUInt16LE(at + RECORD.type);
    if (size < (SIZES.get(type) ?? Number.POSITIVE_INFINITY)) onBad(size);
    else if (type === REC_DATA) onRecord(dataOf(bytes, at, size));
    else {
      const record = read(bytes.subarray(at, at + size), type);
      if (record === undefined) onBad(size);
      else onRecord(record);
    }
    at += (size + 7) & ~7;
  }
  if (at < bytes.length) onBad(bytes.length - at);
}

const SIZES = new Map<number, number>([
  [REC_DATA, DATA_RECORD.SIZE],
  [REC_BOUND, BOUND_RECORD.SIZE],
  [REC_CLOSE, CLOSE_RECORD.SIZE],
  [REC_HELLO, HELLO_RECORD.SIZE],
  [REC_FORK, FORK_RECORD.SIZE],
  [REC_EXEC, EXEC_RECORD.SIZE],
  [REC_EXIT, EXIT_RECORD.SIZE],
  [REC_CHDIR, CHDIR_RECORD.SIZE],
  [REC_FILE, FILE_RECORD.SIZE],
  [REC_NAMES, NAMES_RECORD.SIZE],
  [REC_CONNECT, CONNECT_RECORD.SIZE],
  [REC_SOCK_END, SOCK_END_RECORD.SIZE],
]);

/** An unsigned number of 64 bits; exact up to 2^53. */
function wide(r: Buffer, at: number): number {
  return r.readUInt32LE(at) + r.readUInt32LE(at + 4) * 0x1_0000_0000;
}

/** What stands for an address of the kernel: its lower 48 bits, which are exact. */
function addressAt(r: Buffer, at: number): number {
  return r.readUInt32LE(at) + r.readUInt16LE(at + 4) * 0x1_0000_0000;
}

/** The record that is by far the most frequent, without a view of its own. */
function dataOf(r: Buffer, at: number, size: number): SensorRecord {
  const length = Math.min(r.readUInt32LE(at + DATA_RECORD.len), size - DATA_RECORD.SIZE);
  const behind = r.readUInt32LE(at + DATA_RECORD.total) - r.readUInt32LE(at + DATA_RECORD.call_off) - length;
  const isLast = (r.readUInt16LE(at + RECORD.flags) & (DATA_FAULT | DATA_LAST)) !== 0;
  const from = at + DATA_RECORD.SIZE;
  return {
    type: 'data',
    ts: wide(r, at + RECORD.ts),
    start: wide(r, at + RECORD.start),
    pid: r.readUInt32LE(at + RECORD.pid),
    tid: r.readUInt32LE(at + RECORD.tid),
    conn: wide(r, at + DATA_RECORD.conn),
    isSent: r[at + DATA_RECORD.dir] === DIR_SENT,
    isStdio: r[at + DATA_RECORD.kind] === STREAM_STDIO,
    verdict: r[at + DATA_RECORD.verdict] ?? 0,
    isBound: r[at + DATA_RECORD.is_bound] === 1,
    offset: wide(r, at + DATA_RECORD.offset),
    bytes: r.subarray(from, from + length),
    cut: isLast ? Math.max(0, behind) : 0,
  };
}

function read(r: Buffer, type: number): SensorRecord | undefined {
  const head: Head = {
    ts: wide(r, RECORD.ts),
    start: wide(r, RECORD.start),
    pid: r.readUInt32LE(RECORD.pid),
    tid: r.readUInt32LE(RECORD.tid),
  };
  switch (type) {
    case REC_BOUND:
      return merged(head, {
        type: 'bound',
        conn: wide(r, BOUND_RECORD.conn),
        sock: addressAt(r, BOUND_RECORD.sock),
        source: r.readUInt32LE(BOUND_RECORD.source),
        ends: endsOf(r, BOUND_RECORD.addr_family),
      });
    case REC_CLOSE:
      return merged(head, {
        type: 'close',
        conn: wide(r, CLOSE_RECORD.conn),
        sent: wide(r, CLOSE_RECORD.offset),
        received: wide(r, CLOSE_RECORD.offset + 8),
      });
    case REC_HELLO:
      return merged(head, {
        type: 'hello',
        sock: addressAt(r, HELLO_RECORD.sock),
        ends: endsOf(r, HELLO_RECORD.addr_family),
        bytes: r.subarray(HELLO_RECORD.SIZE),
      });
    case REC_FORK:
      return merged(head, {
        type: 'fork',
        child: r.readUInt32LE(FORK_RECORD.child),
        childStart: wide(r, FORK_RECORD.child_start),
        uid: r.readUInt32LE(FORK_RECORD.uid),
        gid: r.readUInt32LE(FORK_RECORD.gid),
      });
    case REC_EXEC:
      return merged(head, execOf(r));
    case REC_EXIT:
      return merged(head, { type: 'exit', code: r.readUInt32LE(EXIT_RECORD.code) });
    case REC_CHDIR:
      return merged(head, { type: 'chdir', cwd: pathOf(r.subarray(CHDIR_RECORD.SIZE)) });
    case REC_FILE:
      return merged(head, {
        type: 'file',
        file: addressAt(r, FILE_RECORD.file),
        isOpen: r.readUInt32LE(FILE_RECORD.op) === FILE_OPEN,
        flags: r.readUInt32LE(FILE_RECORD.open_flags),
        path: pathOf(r.subarray(FILE_RECORD.SIZE)),
      });
    case REC_NAMES: {
      const [a, b, aBase, bBase] = parts(r, NAMES_RECORD.SIZE, [
        r.readUInt32LE(NAMES_RECORD.a_len),
        r.readUInt32LE(NAMES_RECORD.b_len),
        r.readUInt32LE(NAMES_RECORD.a_base_len),
        r.readUInt32LE(NAMES_RECORD.b_base_len),
      ]);
      return merged(head, {
        type: 'names',
        op: r.readUInt32LE(NAMES_RECORD.op),
        a: textOf(a),
        b: textOf(b),
        aBase: pathOf(aBase),
        bBase: pathOf(bBase),
      });
    }
    case REC_CONNECT:
      return merged(head, {
        type: 'connect',
        ends: endsOf(r, CONNECT_RECORD.addr_family),
        began: wide(r, CONNECT_RECORD.began),
        error: r.readInt32LE(CONNECT_RECORD.error),
      });
    case REC_SOCK_END:
      return merged(head, {
        type: 'sock_end',
        sock: addressAt(r, SOCK_END_RECORD.sock),
        sent: wide(r, SOCK_END_RECORD.sent),
        received: wide(r, SOCK_END_RECORD.received),
        first: wide(r, SOCK_END_RECORD.first),
        last: wide(r, SOCK_END_RECORD.last),
        ends: endsOf(r, SOCK_END_RECORD.addr_family),
      });
    default:
      return undefined;
  }
}

function execOf(r: Buffer): Omit<Extract<SensorRecord, { type: 'exec' }>, keyof Head> {
  const [argv, name, exe, cwd] = parts(r, EXEC_RECORD.SIZE, [
    r.readUInt32LE(EXEC_RECORD.argv_len),
    r.readUInt32LE(EXEC_RECORD.name_len),
    r.readUInt32LE(EXEC_RECORD.exe_len),
    r.readUInt32LE(EXEC_RECORD.cwd_len),
  ]);
  const args = argv.toString().split('\0');
  if (args.at(-1) === '') args.pop(); // the NUL behind the last one
  return {
    type: 'exec',
    isTracked: (r.readUInt16LE(RECORD.flags) & EXEC_TRACKED) !== 0,
    ppid: r.readUInt32LE(EXEC_RECORD.ppid),
    uid: r.readUInt32LE(EXEC_RECORD.uid),
    gid: r.readUInt32LE(EXEC_RECORD.gid),
    args,
    argsCut: r.readUInt32LE(EXEC_RECORD.argv_total) - argv.length,
    name: textOf(name),
    exe: pathOf(exe),
    cwd: pathOf(cwd),
  };
}

const NOTHING = Buffer.alloc(0);
/** PATH_ROOM of bpf/records.h. */
const PATH_ROOM = 4096;

/** Stretches of these lengths, one behind the other. */
function parts(
  r: Buffer,
  from: number,
  lengths: readonly [number, number, number, number],
): [Buffer, Buffer, Buffer, Buffer] {
  const made: [Buffer, Buffer, Buffer, Buffer] = [NOTHING, NOTHING, NOTHING, NOTHING];
  let at = from;
  lengths.forEach((length, i) => {
    made[i] = r.subarray(Math.min(at, r.length), Math.min(at + length, r.length));
    at += length;
  });
  return made;
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end < 0 ? bytes.length : end);
}

/** An absolute path of names that come leaf first. */
function pathOf(bytes: Buffer): string {
  const names = bytes.toString().split('\0');
  if (names.at(-1) === '') names.pop();
  const path = names.reverse().join('/');
  // the sensor stops at PATH_ROOM: what is above is not known
  return bytes.length >= PATH_ROOM ? `…/${path}` : `/${path}`;
}

const PROTOCOLS: ReadonlyMap<number, Ends['protocol']> = new Map([
  [6, 'tcp'],
  [17, 'udp'],
]);

function endsOf(r: Buffer, at: number): Ends | undefined {
  const family = r.readUInt16LE(at + ADDRESS.family);
  if (family !== 2 && family !== 10) return undefined;
  const ip = family === 2 ? ipv4 : ipv6;
  return {
    local: { ip: ip(r, at + ADDRESS.laddr), port: r.readUInt16LE(at + ADDRESS.lport) },
    remote: { ip: ip(r, at + ADDRESS.raddr), port: r.readUInt16LE(at + ADDRESS.rport) },
    protocol: PROTOCOLS.get(r.readUInt16LE(at + ADDRESS.protocol)) ?? 'other',
  };
}

function ipv4(r: Buffer, at: number): string {
  return `${r[at]}.${r[at + 1]}.${r[at + 2]}.${r[at + 3]}`;
}

/** Text of an IPv6 address (RFC 5952): the longest run of zero groups is left out; IPv4-mapped addresses are told as IPv4. */
function ipv6(r: Buffer, at: number): string {
  const groups: number[] = [];
  for (let i = 0; i < 8; i++) groups.push(r.readUInt16BE(at + 2 * i));
  if (groups.slice(0, 5).every((g) => g === 0) && groups[5] === 0xffff) return ipv4(r, at + 12);
  let best = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let n = 0;
    while (i + n < 8 && groups[i + n] === 0) n++;
    if (n > length) [best, length] = [i, n];
  }
  const hex = (list: readonly number[]): string => list.map((g) => g.toString(16)).join(':');
  return best < 0 ? hex(groups) : `${hex(groups.slice(0, best))}::${hex(groups.slice(best + length))}`;
}
