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

/** Times are nanoseconds of CLOCK_BOOTTIME; `start` and `pid` together name a process of this boot. */
interface Head {
  readonly ts: bigint;
  readonly start: bigint;
  readonly pid: number;
  readonly tid: number;
}

export interface Address {
  readonly ip: string;
  readonly port: number;
}

/** Both ends of a socket; undefined for one that is no IP socket any more. */
export interface Ends {
  readonly local: Address;
  readonly remote: Address;
  readonly protocol: 'tcp' | 'udp' | 'other';
}

export type SensorRecord =
  | (Head & {
      readonly type: 'data';
      readonly conn: bigint;
      readonly isSent: boolean;
      readonly isStdio: boolean;
      readonly verdict: number;
      readonly isBound: boolean;
      /** Bytes of this direction before these. */
      readonly offset: bigint;
      readonly bytes: Uint8Array;
      /** Bytes of the same call behind these that were not copied. */
      readonly cut: number;
    })
  | (Head & {
      readonly type: 'bound';
      readonly conn: bigint;
      readonly sock: bigint;
      readonly source: number;
      readonly ends: Ends | undefined;
    })
  | (Head & { readonly type: 'close'; readonly conn: bigint; readonly sent: bigint; readonly received: bigint })
  | (Head & {
      readonly type: 'hello';
      readonly sock: bigint;
      readonly ends: Ends | undefined;
      readonly bytes: Uint8Array;
    })
  | (Head & {
      readonly type: 'fork';
      readonly child: number;
      readonly childStart: bigint;
      readonly uid: number;
      readonly gid: number;
    })
  | (Head & {
      readonly type: 'exec';
      readonly ppid: number;
      readonly uid: number;
      readonly gid: number;
      readonly args: readonly string[];
      /** Bytes of the argument list that did not fit. */
      readonly argsCut: number;
      /** The path as execve was given it. */
      readonly name: string;
      /** The program that runs. */
      readonly exe: string;
      readonly cwd: string;
    })
  | (Head & { readonly type: 'exit'; readonly code: number })
  | (Head & { readonly type: 'chdir'; readonly cwd: string })
  | (Head & {
      readonly type: 'file';
      /** Key of its counters. */
      readonly file: bigint;
      readonly isOpen: boolean;
      readonly flags: number;
      readonly path: string;
    })
  | (Head & {
      readonly type: 'names';
      readonly op: number;
      readonly a: string;
      readonly b: string;
      /** Folders that relative paths start from. */
      readonly aBase: string;
      readonly bBase: string;
    })
  | (Head & {
      readonly type: 'connect';
      readonly ends: Ends | undefined;
      readonly began: bigint;
      readonly error: number;
    })
  | (Head & {
      readonly type: 'sock_end';
      readonly sock: bigint;
      readonly sent: bigint;
      readonly received: bigint;
      readonly first: bigint;
      readonly last: bigint;
      readonly ends: Ends | undefined;
    });

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
    const one = bytes.subarray(at, at + size);
    const record =
      size >= (SIZES.get(one.readUInt16LE(RECORD.type)) ?? Number.POSITIVE_INFINITY) ? read(one) : undefined;
    if (record === undefined) onBad(size);
    else onRecord(record);
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

function read(r: Buffer): SensorRecord | undefined {
  const head: Head = {
    ts: r.readBigUInt64LE(RECORD.ts),
    start: r.readBigUInt64LE(RECORD.start),
    pid: r.readUInt32LE(RECORD.pid),
    tid: r.readUInt32LE(RECORD.tid),
  };
  switch (r.readUInt16LE(RECORD.type)) {
    case REC_DATA: {
      const length = Math.min(r.readUInt32LE(DATA_RECORD.len), r.length - DATA_RECORD.SIZE);
      const behind = r.readUInt32LE(DATA_RECORD.total) - r.readUInt32LE(DATA_RECORD.call_off) - length;
      const isLast = (r.readUInt16LE(RECORD.flags) & (DATA_FAULT | DATA_LAST)) !== 0;
      return {
        ...head,
        type: 'data',
        conn: r.readBigUInt64LE(DATA_RECORD.conn),
        isSent: r[DATA_RECORD.dir] === DIR_SENT,
        isStdio: r[DATA_RECORD.kind] === STREAM_STDIO,
        verdict: r[DATA_RECORD.verdict] ?? 0,
        isBound: r[DATA_RECORD.is_bound] === 1,
        offset: r.readBigUInt64LE(DATA_RECORD.offset),
        bytes: r.subarray(DATA_RECORD.SIZE, DATA_RECORD.SIZE + length),
        cut: isLast ? Math.max(0, behind) : 0,
      };
    }
    case REC_BOUND:
      return {
        ...head,
        type: 'bound',
        conn: r.readBigUInt64LE(BOUND_RECORD.conn),
        sock: r.readBigUInt64LE(BOUND_RECORD.sock),
        source: r.readUInt32LE(BOUND_RECORD.source),
        ends: endsOf(r, BOUND_RECORD.addr_family),
      };
    case REC_CLOSE:
      return {
        ...head,
        type: 'close',
        conn: r.readBigUInt64LE(CLOSE_RECORD.conn),
        sent: r.readBigUInt64LE(CLOSE_RECORD.offset),
        received: r.readBigUInt64LE(CLOSE_RECORD.offset + 8),
      };
    case REC_HELLO:
      return {
        ...head,
        type: 'hello',
        sock: r.readBigUInt64LE(HELLO_RECORD.sock),
        ends: endsOf(r, HELLO_RECORD.addr_family),
        bytes: r.subarray(HELLO_RECORD.SIZE),
      };
    case REC_FORK:
      return {
        ...head,
        type: 'fork',
        child: r.readUInt32LE(FORK_RECORD.child),
        childStart: r.readBigUInt64LE(FORK_RECORD.child_start),
        uid: r.readUInt32LE(FORK_RECORD.uid),
        gid: r.readUInt32LE(FORK_RECORD.gid),
      };
    case REC_EXEC:
      return { ...head, ...execOf(r) };
    case REC_EXIT:
      return { ...head, type: 'exit', code: r.readUInt32LE(EXIT_RECORD.code) };
    case REC_CHDIR:
      return { ...head, type: 'chdir', cwd: pathOf(r.subarray(CHDIR_RECORD.SIZE)) };
    case REC_FILE:
      return {
        ...head,
        type: 'file',
        file: r.readBigUInt64LE(FILE_RECORD.file),
        isOpen: r.readUInt32LE(FILE_RECORD.op) === FILE_OPEN,
        flags: r.readUInt32LE(FILE_RECORD.open_flags),
        path: pathOf(r.subarray(FILE_RECORD.SIZE)),
      };
    case REC_NAMES: {
      const [a, b, aBase, bBase] = parts(r, NAMES_RECORD.SIZE, [
        r.readUInt32LE(NAMES_RECORD.a_len),
        r.readUInt32LE(NAMES_RECORD.b_len),
        r.readUInt32LE(NAMES_RECORD.a_base_len),
        r.readUInt32LE(NAMES_RECORD.b_base_len),
      ]);
      return {
        ...head,
        type: 'names',
        op: r.readUInt32LE(NAMES_RECORD.op),
        a: textOf(a),
        b: textOf(b),
        aBase: pathOf(aBase),
        bBase: pathOf(bBase),
      };
    }
    case REC_CONNECT:
      return {
        ...head,
        type: 'connect',
        ends: endsOf(r, CONNECT_RECORD.addr_family),
        began: r.readBigUInt64LE(CONNECT_RECORD.began),
        error: r.readInt32LE(CONNECT_RECORD.error),
      };
    case REC_SOCK_END:
      return {
        ...head,
        type: 'sock_end',
        sock: r.readBigUInt64LE(SOCK_END_RECORD.sock),
        sent: r.readBigUInt64LE(SOCK_END_RECORD.sent),
        received: r.readBigUInt64LE(SOCK_END_RECORD.received),
        first: r.readBigUInt64LE(SOCK_END_RECORD.first),
        last: r.readBigUInt64LE(SOCK_END_RECORD.last),
        ends: endsOf(r, SOCK_END_RECORD.addr_family),
      };
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
  return `/${names.reverse().join('/')}`;
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
