/* What the sensor writes into its ring, and the maps that user space reads and writes. Little endian, natural alignment, no padding that is
 * not named. `receivers/ebpf/kernel/layout.gen.ts` is made from the BTF of these types. Times are nanoseconds of CLOCK_BOOTTIME. */
#ifndef OISP_RECORDS_H
#define OISP_RECORDS_H

enum record_type {
  REC_DATA = 1,   /* plaintext of a connection or of the pipes of a child process */
  REC_BOUND = 2,  /* the socket of a connection is known now */
  REC_CLOSE = 3,  /* a connection was freed */
  REC_HELLO = 4,  /* a TLS ClientHello went out on a socket */
  REC_FORK = 5,
  REC_EXEC = 6,
  REC_EXIT = 7,
  REC_CHDIR = 8,
  REC_FILE = 9,   /* a file was opened, or is read or written for the first time since its counters were taken */
  REC_NAMES = 10, /* a file was renamed, removed, linked or a folder made, by path */
  REC_CONNECT = 11,
  REC_SOCK_END = 12, /* a socket that a ClientHello went out on was closed */
};

struct record {
  __u32 size; /* bytes in use, this header included */
  __u16 type;
  __u16 flags;
  __u64 ts;
  __u64 start; /* start_boottime of the process; with pid its identity on this boot */
  __u32 pid;   /* thread group */
  __u32 tid;
};

enum data_flags {
  DATA_FAULT = 1, /* the bytes could not be read: `len` is 0 */
  DATA_LAST = 2,  /* last record of its call: what `total` has beyond it was not copied */
};
enum direction { DIR_SENT = 0, DIR_RECEIVED = 1 };
enum stream_kind { STREAM_TLS = 0, STREAM_STDIO = 1 };

struct data_record {
  struct record h;
  __u64 conn;
  __u64 offset;   /* bytes of this direction before this record */
  __u32 total;    /* bytes of the call */
  __u32 call_off; /* bytes of the call before this record */
  __u32 len;      /* bytes that follow */
  __u8 dir;
  __u8 kind;
  __u8 verdict;
  __u8 is_bound;
};

/* How the socket of a connection became known. */
enum bind_source { BIND_NONE = 0, BIND_SET_FD = 1, BIND_NESTED = 2, BIND_LAST_READ = 3, BIND_NEXT_WRITE = 4, BIND_HELLO = 5 };

struct address {
  __u16 family; /* AF_INET, AF_INET6; 0: none */
  __u16 lport;
  __u16 rport;
  __u16 protocol;
  __u8 laddr[16];
  __u8 raddr[16];
};

struct bound_record {
  struct record h;
  __u64 conn;
  __u64 sock;
  struct address addr;
  __s32 fd;
  __u32 source;
};

struct close_record {
  struct record h;
  __u64 conn;
  __u64 offset[2];
};

#define HELLO_MAX 4096
struct hello_record {
  struct record h;
  __u64 sock;
  struct address addr;
  __u32 len;
  __u32 pad;
};

struct fork_record {
  struct record h;
  __u64 child_start;
  __u32 child;
  __u32 uid;
  __u32 gid;
  __u32 pad;
};

enum exec_flags { EXEC_TRACKED = 1 };

/* Paths are written leaf first, each name followed by NUL; user space turns them around. */
#define ARGV_MAX 8192
#define NAME_MAX_LEN 256
#define PATH_ROOM 4096
struct exec_record {
  struct record h;
  __u32 ppid;
  __u32 uid;
  __u32 gid;
  __u32 argv_total; /* bytes of argv in the process */
  __u32 argv_len;
  __u32 name_len; /* the path as execve was given it */
  __u32 exe_len;  /* path of the program that runs, leaf first */
  __u32 cwd_len;
  __u64 exe_ino;
  __u32 exe_dev;
  __u32 pad;
};

struct exit_record {
  struct record h;
  __u32 code; /* as wait(2) has it */
  __u32 pad;
};

struct chdir_record {
  struct record h;
  __u32 path_len;
  __u32 pad;
};

enum file_op { FILE_OPEN = 1, FILE_SEEN = 2 };
struct file_record {
  struct record h;
  __u64 file;  /* key of its counters */
  __u64 ino;
  __u32 dev;
  __u32 magic; /* of the file system */
  __u32 op;
  __u32 open_flags;
  __u32 mode;
  __u32 path_len; /* leaf first */
};

enum names_op { NAMES_RENAME = 1, NAMES_UNLINK = 2, NAMES_MKDIR = 3, NAMES_RMDIR = 4, NAMES_LINK = 5, NAMES_SYMLINK = 6, NAMES_TRUNCATE = 7 };
struct names_record {
  struct record h;
  __u32 op;
  __u32 a_len;      /* path as given, NUL included */
  __u32 b_len;
  __u32 a_base_len; /* folder that a relative path starts from, leaf first */
  __u32 b_base_len;
  __u32 pad;
};

struct connect_record {
  struct record h;
  struct address addr;
  __u64 began;
  __s32 error; /* errno; 0: connected */
  __u32 pad;
};

struct sock_end_record {
  struct record h;
  __u64 sock;
  __u64 sent;
  __u64 received;
  __u64 first;
  __u64 last;
  struct address addr;
};

/* ---- maps that user space knows ---- */

enum verdict { VERDICT_UNKNOWN = 0, VERDICT_AI = 1, VERDICT_OTHER = 2 };

enum tracked_flags {
  TRACK_SELF = 1,     /* its effects and plaintext */
  TRACK_CHILDREN = 2, /* what it starts is tracked */
};

struct settings {
  __u64 unknown_bytes;   /* plaintext per direction that passes without a verdict */
  __u64 request_bytes;   /* the same for what begins like a request with a body */
  __u64 max_call;        /* plaintext per call */
  __u32 is_machine;      /* plaintext of processes that are not tracked too */
  __u32 sees_all_execs;  /* execs of processes that are not tracked too */
  __u32 self;            /* the collector's own process: never seen */
  __u32 pid_ns;          /* if set, only processes of this pid namespace */
};

/* Cookie of a probe site: kind | library << 8. */
enum call_kind { CALL_READ = 1, CALL_WRITE = 2, CALL_READ_EX = 3, CALL_WRITE_EX = 4, CALL_WRITE_EX5 = 5 };

/* What a system call means to us; user space fills the table, so that numbers of an architecture stay out of here. */
enum syscall_class {
  SYS_NONE = 0,
  SYS_READ = 1,     /* fd, buf */
  SYS_WRITE = 2,
  SYS_READV = 3,    /* fd, iov, count */
  SYS_WRITEV = 4,
  SYS_RECVMSG = 5,  /* fd, msghdr */
  SYS_SENDMSG = 6,
  SYS_OPEN = 7,     /* returns fd */
  SYS_CONNECT = 8,
  SYS_CHDIR = 9,
  SYS_RENAME = 10,   /* a, b */
  SYS_RENAMEAT = 11, /* dirfd, a, dirfd, b */
  SYS_UNLINK = 12,
  SYS_UNLINKAT = 13,
  SYS_MKDIR = 14,
  SYS_MKDIRAT = 15,
  SYS_RMDIR = 16,
  SYS_LINK = 17,
  SYS_LINKAT = 18,
  SYS_SYMLINK = 19,
  SYS_SYMLINKAT = 20,
  SYS_TRUNCATE = 21,
  SYS_SENDFILE = 22,        /* out, in */
  SYS_COPY_FILE_RANGE = 23, /* in, off, out */
};

enum counter {
  COUNT_RECORDS = 0,    /* written into the ring */
  COUNT_DROPS = 1,      /* records that found no room in the ring */
  COUNT_DROP_BYTES = 2, /* plaintext in them */
  COUNT_FAULTS = 3,     /* plaintext that could not be read from the process, in bytes */
  COUNT_CUT_BYTES = 4,  /* plaintext beyond the limit of a call */
  COUNT_KEPT_BYTES = 5, /* plaintext left in the kernel by its verdict */
  COUNT_MAP_FULL = 6,   /* state that found no room */
  COUNT_SENT_BYTES = 7, /* plaintext written into the ring */
  COUNT_NO_ENTRY = 8,   /* returns of a call whose begin was not seen */
  COUNT_CONNECTIONS = 9,
  COUNTERS = 10,
};

struct file_key {
  __u64 file;
  __u32 pid;
  __u32 pad;
};
struct file_count {
  __u64 start;
  __u64 first;
  __u64 last;
  __u64 read_bytes;
  __u64 written_bytes;
  __u32 reads;
  __u32 writes;
};

#endif
