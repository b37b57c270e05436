// Made by scripts/gen-layout.ts from the BTF of bpf/sensor.bpf.c. Do not edit.

/** Byte offsets of fields; `SIZE` is that of the whole. */
export const RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  SIZE: 32,
} as const;

export const DATA_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  conn: 32,
  offset: 40,
  total: 48,
  call_off: 52,
  len: 56,
  dir: 60,
  kind: 61,
  verdict: 62,
  is_bound: 63,
  SIZE: 64,
} as const;

export const ADDRESS = {
  family: 0,
  lport: 2,
  rport: 4,
  protocol: 6,
  laddr: 8,
  raddr: 24,
  SIZE: 40,
} as const;

export const BOUND_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  conn: 32,
  sock: 40,
  addr_family: 48,
  addr_lport: 50,
  addr_rport: 52,
  addr_protocol: 54,
  addr_laddr: 56,
  addr_raddr: 72,
  fd: 88,
  source: 92,
  SIZE: 96,
} as const;

export const CLOSE_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  conn: 32,
  offset: 40,
  SIZE: 56,
} as const;

export const HELLO_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  sock: 32,
  addr_family: 40,
  addr_lport: 42,
  addr_rport: 44,
  addr_protocol: 46,
  addr_laddr: 48,
  addr_raddr: 64,
  len: 80,
  pad: 84,
  SIZE: 88,
} as const;

export const FORK_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  child_start: 32,
  child: 40,
  uid: 44,
  gid: 48,
  pad: 52,
  SIZE: 56,
} as const;

export const EXEC_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  ppid: 32,
  uid: 36,
  gid: 40,
  argv_total: 44,
  argv_len: 48,
  name_len: 52,
  exe_len: 56,
  cwd_len: 60,
  exe_ino: 64,
  exe_dev: 72,
  pad: 76,
  SIZE: 80,
} as const;

export const EXIT_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  code: 32,
  pad: 36,
  SIZE: 40,
} as const;

export const CHDIR_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  path_len: 32,
  pad: 36,
  SIZE: 40,
} as const;

export const FILE_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  file: 32,
  ino: 40,
  dev: 48,
  magic: 52,
  op: 56,
  open_flags: 60,
  mode: 64,
  path_len: 68,
  SIZE: 72,
} as const;

export const NAMES_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  op: 32,
  a_len: 36,
  b_len: 40,
  a_base_len: 44,
  b_base_len: 48,
  pad: 52,
  SIZE: 56,
} as const;

export const CONNECT_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  addr_family: 32,
  addr_lport: 34,
  addr_rport: 36,
  addr_protocol: 38,
  addr_laddr: 40,
  addr_raddr: 56,
  began: 72,
  error: 80,
  pad: 84,
  SIZE: 88,
} as const;

export const SOCK_END_RECORD = {
  size: 0,
  type: 4,
  flags: 6,
  ts: 8,
  start: 16,
  pid: 24,
  tid: 28,
  sock: 32,
  sent: 40,
  received: 48,
  first: 56,
  last: 64,
  addr_family: 72,
  addr_lport: 74,
  addr_rport: 76,
  addr_protocol: 78,
  addr_laddr: 80,
  addr_raddr: 96,
  SIZE: 112,
} as const;

export const SETTINGS = {
  unknown_bytes: 0,
  request_bytes: 8,
  max_call: 16,
  is_machine: 24,
  sees_all_execs: 28,
  self: 32,
  pid_ns: 36,
  SIZE: 40,
} as const;

export const FILE_KEY = {
  file: 0,
  pid: 8,
  pad: 12,
  SIZE: 16,
} as const;

export const FILE_COUNT = {
  start: 0,
  first: 8,
  last: 16,
  read_bytes: 24,
  written_bytes: 32,
  reads: 40,
  writes: 44,
  SIZE: 48,
} as const;

export const REC_DATA = 1;
export const REC_BOUND = 2;
export const REC_CLOSE = 3;
export const REC_HELLO = 4;
export const REC_FORK = 5;
export const REC_EXEC = 6;
export const REC_EXIT = 7;
export const REC_CHDIR = 8;
export const REC_FILE = 9;
export const REC_NAMES = 10;
export const REC_CONNECT = 11;
export const REC_SOCK_END = 12;
export const DATA_FAULT = 1;
export const DATA_LAST = 2;
export const DIR_SENT = 0;
export const DIR_RECEIVED = 1;
export const STREAM_TLS = 0;
export const STREAM_STDIO = 1;
export const BIND_NONE = 0;
export const BIND_SET_FD = 1;
export const BIND_NESTED = 2;
export const BIND_LAST_READ = 3;
export const BIND_NEXT_WRITE = 4;
export const BIND_HELLO = 5;
export const EXEC_TRACKED = 1;
export const FILE_OPEN = 1;
export const FILE_SEEN = 2;
export const NAMES_RENAME = 1;
export const NAMES_UNLINK = 2;
export const NAMES_MKDIR = 3;
export const NAMES_RMDIR = 4;
export const NAMES_LINK = 5;
export const NAMES_SYMLINK = 6;
export const NAMES_TRUNCATE = 7;
export const VERDICT_UNKNOWN = 0;
export const VERDICT_AI = 1;
export const VERDICT_OTHER = 2;
export const TRACK_SELF = 1;
export const TRACK_CHILDREN = 2;
export const CALL_READ = 1;
export const CALL_WRITE = 2;
export const CALL_READ_EX = 3;
export const CALL_WRITE_EX = 4;
export const CALL_WRITE_EX5 = 5;
export const SYS_NONE = 0;
export const SYS_READ = 1;
export const SYS_WRITE = 2;
export const SYS_READV = 3;
export const SYS_WRITEV = 4;
export const SYS_RECVMSG = 5;
export const SYS_SENDMSG = 6;
export const SYS_OPEN = 7;
export const SYS_CONNECT = 8;
export const SYS_CHDIR = 9;
export const SYS_RENAME = 10;
export const SYS_RENAMEAT = 11;
export const SYS_UNLINK = 12;
export const SYS_UNLINKAT = 13;
export const SYS_MKDIR = 14;
export const SYS_MKDIRAT = 15;
export const SYS_RMDIR = 16;
export const SYS_LINK = 17;
export const SYS_LINKAT = 18;
export const SYS_SYMLINK = 19;
export const SYS_SYMLINKAT = 20;
export const SYS_TRUNCATE = 21;
export const SYS_SENDFILE = 22;
export const SYS_COPY_FILE_RANGE = 23;
export const COUNT_RECORDS = 0;
export const COUNT_DROPS = 1;
export const COUNT_DROP_BYTES = 2;
export const COUNT_FAULTS = 3;
export const COUNT_CUT_BYTES = 4;
export const COUNT_KEPT_BYTES = 5;
export const COUNT_MAP_FULL = 6;
export const COUNT_SENT_BYTES = 7;
export const COUNT_NO_ENTRY = 8;
export const COUNT_CONNECTIONS = 9;
export const COUNTERS = 10;
