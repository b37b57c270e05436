/* Maps and the small helpers that every program leans on. */
#ifndef OISP_STATE_H
#define OISP_STATE_H

#include "kernel.h"
#include "records.h"

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define S_IFMT 0170000
#define S_IFIFO 0010000
#define S_IFREG 0100000
#define S_IFSOCK 0140000
#define IPPROTO_TCP 6
#define AT_FDCWD (-100)
#define EINPROGRESS 115

/* A TLS call that a thread is in. */
struct one_call {
  __u64 ssl;
  __u64 stack; /* pointer at its begin: a call inside it lies below */
  __u64 buf;
  __u64 lenp;
  __u32 kind;
  __u32 pad;
};

/* A call may be made inside another: Node writes out of the callback that says that the handshake, which a read carried on, is over. */
struct call {
  struct one_call now;
  struct one_call outer; /* kind 0: none */
};

struct conn_key {
  __u64 ssl;
  __u32 pid;
  __u32 kind;
};

struct conn {
  __u64 id;
  __u64 offset[2];
  __u64 passed[2];
  __u64 sock;
  __s32 fd;
  __u32 source;
  __u32 verdict;
  __u32 is_request;
  __u32 last_dir;
  __u32 pad;
};

/* What a thread did last on sockets, for libraries that encrypt into memory. */
struct thread {
  __u64 last_sock;
  __u64 handshake; /* SSL whose handshake call is open */
  __u64 opening;   /* SSL whose call ended without plaintext: a ClientHello that is the next on any socket is its own */
  __u64 pending;   /* SSL that was written to and whose socket is not known */
  __s32 last_fd;
  __u32 pad;
};

/* A socket that a ClientHello went out on. */
struct watched_sock {
  __u64 start;
  __u64 sent;
  __u64 received;
  __u64 first;
  __u64 last;
  __u32 pid;
  __u32 tid;
};

struct connecting {
  __u64 start;
  __u64 began;
  __u32 pid;
  __u32 tid;
};

struct {
  __uint(type, BPF_MAP_TYPE_RINGBUF);
  __uint(max_entries, 32 << 20);
} ring SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct settings);
} settings SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_ARRAY);
  __uint(max_entries, 512);
  __type(key, __u32);
  __type(value, __u8);
} sysclass SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, COUNTERS);
  __type(key, __u32);
  __type(value, __u64);
} counters SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 65536);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __type(key, __u32);
  __type(value, __u64);
} tracked SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, __u64);
  __type(value, __u32);
} verdicts SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(max_entries, 8192);
  __type(key, struct file_key);
  __type(value, struct file_count);
} files SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, __u64);
  __type(value, struct call);
} calls SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 32768);
  __type(key, struct conn_key);
  __type(value, struct conn);
} conns SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 16384);
  __type(key, __u64);
  __type(value, struct thread);
} threads SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, __u64);
  __type(value, struct watched_sock);
} socks SEC(".maps");
struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, 8192);
  __type(key, __u64);
  __type(value, struct connecting);
} connects SEC(".maps");

/* Records of changing length are put together here; the programs that use it cannot interrupt one another on a CPU. */
#define SCRATCH_ROOM 30720
struct scratch {
  char bytes[SCRATCH_ROOM];
  __u64 walked; /* bytes of the path that is being written: here, because what comes from a map has no history that the kernel would follow */
};
struct {
  __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
  __uint(max_entries, 1);
  __type(key, __u32);
  __type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline void count(__u32 which, __u64 n) {
  __u64 *value = bpf_map_lookup_elem(&counters, &which);
  if (value) __sync_fetch_and_add(value, n);
}

static __always_inline struct settings *settings_of(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&settings, &zero);
}

static __always_inline struct scratch *scratch_of(void) {
  __u32 zero = 0;
  return bpf_map_lookup_elem(&scratches, &zero);
}

/* A length the verifier knows the bounds of: the compiler must not move the comparison. */
static __always_inline __u64 at_most(__u64 n, __u64 max) {
  asm volatile("" : "+r"(n));
  if (n > max) n = max;
  asm volatile("" : "+r"(n));
  return n;
}

static __always_inline __u64 start_of(struct task_struct *task) {
  return BPF_CORE_READ(task, group_leader, start_boottime);
}

/* Begins a record about the current process. */
static __always_inline void begin(struct record *r, __u16 type, __u32 size) {
  __u64 id = bpf_get_current_pid_tgid();
  r->size = size;
  r->type = type;
  r->flags = 0;
  r->ts = bpf_ktime_get_boot_ns();
  r->start = start_of((struct task_struct *)bpf_get_current_task());
  r->pid = id >> 32;
  r->tid = (__u32)id;
}

static __always_inline void submit(void *record) {
  bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
  count(COUNT_RECORDS, 1);
}

static __always_inline void dropped(void) {
  count(COUNT_DROPS, 1);
}

/* Writes the first `size` bytes of the scratch into the ring. */
static __always_inline void send_scratch(struct scratch *s, __u64 size) {
  size = at_most(size, SCRATCH_ROOM);
  ((struct record *)s->bytes)->size = size;
  if (bpf_ringbuf_output(&ring, s->bytes, size, BPF_RB_NO_WAKEUP))
    dropped();
  else
    count(COUNT_RECORDS, 1);
}

static __always_inline int is_in_namespace(struct settings *set, struct task_struct *task) {
  if (set->pid_ns == 0) return 1;
  return BPF_CORE_READ(task, nsproxy, pid_ns_for_children, ns.inum) == set->pid_ns;
}

static __always_inline __u64 flags_of(__u32 pid) {
  __u64 *flags = bpf_map_lookup_elem(&tracked, &pid);
  return flags ? *flags : 0;
}

/* Whether plaintext of the current process may be looked at. */
static __always_inline int is_observed(void) {
  __u32 pid = bpf_get_current_pid_tgid() >> 32;
  if (flags_of(pid) & TRACK_SELF) return 1;
  struct settings *set = settings_of();
  if (!set || !set->is_machine || set->self == pid) return 0;
  return is_in_namespace(set, (struct task_struct *)bpf_get_current_task());
}

static __always_inline struct file *file_of(__s32 fd) {
  struct task_struct *task = (struct task_struct *)bpf_get_current_task();
  struct fdtable *table = BPF_CORE_READ(task, files, fdt);
  struct file **slots = BPF_CORE_READ(table, fd);
  struct file *file = 0;
  if (fd < 0 || (__u32)fd >= BPF_CORE_READ(table, max_fds)) return 0;
  bpf_probe_read_kernel(&file, sizeof file, slots + fd);
  return file;
}

static __always_inline __u32 kind_of(struct file *file) {
  return BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT;
}

/* The sock of a file that is a socket. */
static __always_inline struct sock *sock_of(struct file *file) {
  struct socket *socket = BPF_CORE_READ(file, private_data);
  return BPF_CORE_READ(socket, sk);
}

static __always_inline int is_inet(struct sock *sk) {
  __u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
  return family == AF_INET || family == AF_INET6;
}

static __always_inline void address_of(struct sock *sk, struct address *a) {
  __builtin_memset(a, 0, sizeof *a);
  a->family = BPF_CORE_READ(sk, __sk_common.skc_family);
  a->lport = BPF_CORE_READ(sk, __sk_common.skc_num);
  a->rport = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
  a->protocol = BPF_CORE_READ(sk, sk_protocol);
  if (a->family == AF_INET) {
    BPF_CORE_READ_INTO((__be32 *)a->laddr, sk, __sk_common.skc_rcv_saddr);
    BPF_CORE_READ_INTO((__be32 *)a->raddr, sk, __sk_common.skc_daddr);
  } else if (a->family == AF_INET6) {
    BPF_CORE_READ_INTO(&a->laddr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
    BPF_CORE_READ_INTO(&a->raddr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
  }
}

/* A walk from a name up to the process's own root. */
struct climb {
  struct dentry *dentry;
  struct mount *mount;
  struct dentry *root;
  struct mount *root_mount;
  struct scratch *scratch;
  __u64 at;
};

static long climb_one(__u32 index, struct climb *c) {
  struct dentry *dentry = c->dentry;
  struct mount *mount = c->mount;
  if (dentry == c->root && mount == c->root_mount) return 1;
  struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
  if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
    struct mount *above = BPF_CORE_READ(mount, mnt_parent);
    if (above == mount) return 1;
    c->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
    c->mount = above;
    return 0;
  }
  if (dentry == parent) return 1;
  struct scratch *s = c->scratch;
  __u64 length = at_most(s->walked, PATH_ROOM), at = at_most(c->at, SCRATCH_ROOM - PATH_ROOM - NAME_MAX_LEN);
  long n = bpf_probe_read_kernel_str(s->bytes + at + length, NAME_MAX_LEN, BPF_CORE_READ(dentry, d_name.name));
  if (n <= 0) return 1;
  s->walked = length + n;
  c->dentry = parent;
  return s->walked >= PATH_ROOM;
}

/*
 * Writes the names of a path (`struct path *`) into the scratch at `at`: leaf first, each with its NUL, as far as the process's own root.
 * The answer is the length in bytes, at most PATH_ROOM + NAME_MAX_LEN. Not `static`, as the other large functions: the kernel then checks it
 * once, not anew for each caller.
 */
__noinline __u64 walk(__u64 address, __u64 at) {
  const struct path *path = (const struct path *)address;
  struct scratch *s = scratch_of();
  if (!s) return 0;
  struct fs_struct *fs = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), fs);
  __u64 shift = bpf_core_field_offset(struct mount, mnt);
  struct climb c = {
      .dentry = BPF_CORE_READ(path, dentry),
      .mount = (void *)BPF_CORE_READ(path, mnt) - shift,
      .root = BPF_CORE_READ(fs, root.dentry),
      .root_mount = (void *)BPF_CORE_READ(fs, root.mnt) - shift,
      .scratch = s,
      .at = at,
  };
  s->walked = 0;
  bpf_loop(96, climb_one, &c, 0);
  return at_most(s->walked, PATH_ROOM + NAME_MAX_LEN);
}

#endif
