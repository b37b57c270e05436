/* System calls of tracked processes, at their return: files, connections, pipes, and which socket a TLS library writes to. */
#ifndef OISP_SYSCALLS_H
#define OISP_SYSCALLS_H

#include "tls.bpf.h"

#define MAX_PARTS 64

static __always_inline int is_pseudo(__u32 magic) {
  switch (magic) {
    case 0x9fa0:     /* proc */
    case 0x62656572: /* sysfs */
    case 0x27e0eb:   /* cgroup */
    case 0x63677270: /* cgroup2 */
    case 0x64626720: /* debugfs */
    case 0x74726163: /* tracefs */
    case 0xcafe4a11: /* bpf */
    case 0x19800202: /* mqueue */
    case 0x6165676c: /* pstore */
    case 0x73636673: /* securityfs */
      return 1;
  }
  return 0;
}

__noinline int put_file(__u64 address, __u32 op) {
  struct file *file = (struct file *)address;
  struct inode *inode = BPF_CORE_READ(file, f_inode);
  __u32 magic = BPF_CORE_READ(inode, i_sb, s_magic);
  if (is_pseudo(magic)) return 0;
  struct scratch *s = scratch_of();
  if (!s) return 0;
  struct file_record *r = (void *)s->bytes;
  begin(&r->h, REC_FILE, 0);
  r->file = (__u64)inode;
  r->ino = BPF_CORE_READ(inode, i_ino);
  r->dev = BPF_CORE_READ(inode, i_sb, s_dev);
  r->magic = magic;
  r->op = op;
  r->open_flags = BPF_CORE_READ(file, f_flags);
  r->mode = BPF_CORE_READ(inode, i_mode);
  __u64 length = walk((__u64)file + bpf_core_field_offset(struct file, f_path), sizeof *r);
  length = at_most(length, PATH_ROOM + NAME_MAX_LEN);
  r->path_len = length;
  send_scratch(s, sizeof *r + length);
  return 0;
}

/* Counts bytes of a regular file; the first ones name it. */
__noinline int file_io(__u64 address, __u64 n, __u32 is_write) {
  struct file *file = (struct file *)address;
  struct file_key key = {.file = (__u64)BPF_CORE_READ(file, f_inode), .pid = bpf_get_current_pid_tgid() >> 32};
  struct file_count *c = bpf_map_lookup_elem(&files, &key);
  __u64 now = bpf_ktime_get_boot_ns();
  if (!c) {
    if (is_pseudo(BPF_CORE_READ(file, f_inode, i_sb, s_magic))) return 0;
    struct file_count fresh = {.start = start_of((struct task_struct *)bpf_get_current_task()), .first = now};
    if (bpf_map_update_elem(&files, &key, &fresh, BPF_NOEXIST)) {
      c = bpf_map_lookup_elem(&files, &key);
      if (!c) {
        count(COUNT_MAP_FULL, 1);
        return 0;
      }
    } else {
      put_file(address, FILE_SEEN);
      c = bpf_map_lookup_elem(&files, &key);
      if (!c) return 0;
    }
  }
  c->last = now;
  if (is_write) {
    __sync_fetch_and_add(&c->written_bytes, n);
    __sync_fetch_and_add(&c->writes, 1);
  } else {
    __sync_fetch_and_add(&c->read_bytes, n);
    __sync_fetch_and_add(&c->reads, 1);
  }
  return 0;
}

static __always_inline void file_bytes(__s32 fd, __u64 n, __u32 is_write) {
  struct file *file = file_of(fd);
  if (file && kind_of(file) == S_IFREG) file_io((__u64)file, n, is_write);
}

/* A ClientHello: who is about to be talked to, said in the clear. */
__noinline int put_hello(__u64 sock, __u64 buf, __u64 n) {
  struct sock *sk = (struct sock *)sock;
  struct scratch *s = scratch_of();
  if (!s) return 0;
  struct hello_record *r = (void *)s->bytes;
  begin(&r->h, REC_HELLO, 0);
  r->sock = (__u64)sk;
  address_of(sk, &r->addr);
  r->pad = 0;
  n = at_most(n, HELLO_MAX);
  if (bpf_probe_read_user(s->bytes + sizeof *r, n, (void *)buf)) n = 0;
  r->len = n;
  struct watched_sock w = {.start = r->h.start, .first = r->h.ts, .last = r->h.ts, .pid = r->h.pid, .tid = r->h.tid};
  bpf_map_update_elem(&socks, &sock, &w, BPF_ANY);
  send_scratch(s, sizeof *r + n);
  return 0;
}

/* Bytes on an IP socket: they tell which socket a TLS call of this thread is about. */
__noinline int sock_io(__u64 sock, __s32 fd, __u64 buf, __u64 n, __u32 is_write) {
  __u64 id = bpf_get_current_pid_tgid();
  struct thread *thread = bpf_map_lookup_elem(&threads, &id);
  __u64 active = thread ? thread->handshake : 0;
  struct call *call = bpf_map_lookup_elem(&calls, &id);
  if (call) active = call->now.ssl;
  if (is_write) {
    __u8 b[6] = {};
    int is_tls = n >= sizeof b && !bpf_probe_read_user(b, sizeof b, (void *)buf) && b[1] == 3;
    /* the greeting before the connection: whom it is with is then known as soon as it is */
    if (is_tls && b[0] == 0x16 && b[5] == 1) {
      put_hello(sock, buf, n);
      if (thread && thread->opening && !active) bind_sock(thread->opening, sock, fd, BIND_HELLO);
    } else if (is_tls && b[0] == 0x17 && thread && thread->pending && !active) {
      bind_sock(thread->pending, sock, fd, BIND_NEXT_WRITE);
      thread->pending = 0;
    }
  } else if (thread) {
    thread->last_sock = sock;
    thread->last_fd = fd;
  } else {
    struct thread fresh = {.last_sock = sock, .last_fd = fd};
    bpf_map_update_elem(&threads, &id, &fresh, BPF_ANY);
  }
  if (active) bind_sock(active, sock, fd, BIND_NESTED);
  if (thread) thread->opening = 0;
  struct watched_sock *w = bpf_map_lookup_elem(&socks, &sock);
  if (w) {
    w->last = bpf_ktime_get_boot_ns();
    if (is_write)
      __sync_fetch_and_add(&w->sent, n);
    else
      __sync_fetch_and_add(&w->received, n);
  }
  return 0;
}

/* The pipes of a child process: what its parent writes into descriptor 0 and reads from descriptor 1. */
static __always_inline void stdio_io(__s32 fd, __u64 buf, __u64 n, __u32 is_write) {
  if ((fd == 0 && is_write) || (fd == 1 && !is_write)) return;
  take(0, STREAM_STDIO, buf, n, is_write ? DIR_RECEIVED : DIR_SENT);
}

/* One read or write that moved `n` bytes. `parts` is 0 for one buffer, else the number of buffers at `buf`. */
struct io {
  __u64 buf;
  __u64 n;
  __u64 parts;
  __s32 fd;
  __u32 is_write;
};

struct parts {
  __u64 at;
  __u64 left;
  __s32 fd;
  __u32 is_write;
};

static long one_part(__u32 index, struct parts *p) {
  struct iovec v = {};
  if (p->left == 0 || bpf_probe_read_user(&v, sizeof v, (void *)p->at)) return 1;
  __u64 n = p->left < v.iov_len ? p->left : v.iov_len;
  if (n) stdio_io(p->fd, (__u64)v.iov_base, n, p->is_write);
  p->left -= n;
  p->at += sizeof v;
  return 0;
}

__noinline int transfer(struct io *io, __u64 flags) {
  if (!io) return 0;
  __s32 fd = io->fd;
  __u32 is_write = io->is_write;
  __u64 buf = io->buf, n = io->n, parts = io->parts;
  struct file *file = file_of(fd);
  if (!file) return 0;
  __u32 kind = kind_of(file);
  if (kind == S_IFREG) {
    if (flags & TRACK_SELF) file_io((__u64)file, n, is_write);
    return 0;
  }
  struct sock *sk = 0;
  if (kind == S_IFSOCK) {
    sk = sock_of(file);
    if (!sk) return 0;
    if (is_inet(sk)) {
      struct iovec v = {};
      if (parts && !bpf_probe_read_user(&v, sizeof v, (void *)buf)) {
        buf = (__u64)v.iov_base;
        n = n < v.iov_len ? n : v.iov_len;
      }
      return sock_io((__u64)sk, fd, buf, n, is_write);
    }
    if (BPF_CORE_READ(sk, __sk_common.skc_family) != AF_UNIX) return 0;
  } else if (kind != S_IFIFO)
    return 0;
  if (fd > 1 || fd < 0 || !(flags & TRACK_SELF)) return 0;
  if (!parts) {
    stdio_io(fd, buf, n, is_write);
    return 0;
  }
  struct parts p = {.at = buf, .left = n, .fd = fd, .is_write = is_write};
  bpf_loop(parts < MAX_PARTS ? parts : MAX_PARTS, one_part, &p, 0);
  if (p.left) count(COUNT_CUT_BYTES, p.left);
  return 0;
}

static __always_inline void message(__s32 fd, __u64 msg, __u64 n, __u32 is_write, __u64 flags) {
  struct user_msghdr m = {};
  if (bpf_probe_read_user(&m, sizeof m, (void *)msg)) return;
  struct io io = {.buf = (__u64)m.msg_iov, .n = n, .parts = m.msg_iovlen ? m.msg_iovlen : 1, .fd = fd, .is_write = is_write};
  transfer(&io, flags);
}

__noinline int put_chdir(void) {
  struct scratch *s = scratch_of();
  if (!s) return 0;
  struct chdir_record *r = (void *)s->bytes;
  begin(&r->h, REC_CHDIR, 0);
  r->pad = 0;
  struct fs_struct *fs = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), fs);
  __u64 length = walk((__u64)fs + bpf_core_field_offset(struct fs_struct, pwd), sizeof *r);
  length = at_most(length, PATH_ROOM + NAME_MAX_LEN);
  r->path_len = length;
  send_scratch(s, sizeof *r + length);
  return 0;
}

/* The folder that a relative path starts from, into the scratch at `at`. */
__noinline __u64 put_base(__u64 at, __s32 dirfd) {
  if (dirfd == AT_FDCWD) {
    struct fs_struct *fs = BPF_CORE_READ((struct task_struct *)bpf_get_current_task(), fs);
    return walk((__u64)fs + bpf_core_field_offset(struct fs_struct, pwd), at);
  }
  struct file *file = file_of(dirfd);
  if (!file) return 0;
  return walk((__u64)file + bpf_core_field_offset(struct file, f_path), at);
}

__noinline int put_names(__u32 op, __s32 a_dir, __u64 a, __s32 b_dir, __u64 b) {
  struct scratch *s = scratch_of();
  if (!s) return 0;
  struct names_record *r = (void *)s->bytes;
  begin(&r->h, REC_NAMES, 0);
  r->op = op;
  r->pad = 0;
  __u64 at = sizeof *r;
  char *out = s->bytes;
  long n = bpf_probe_read_user_str(out + at, PATH_ROOM, (void *)a);
  __u64 length = at_most(n < 0 ? 0 : n, PATH_ROOM);
  r->a_len = length;
  at += length;
  length = 0;
  if (b) {
    n = bpf_probe_read_user_str(out + at, PATH_ROOM, (void *)b);
    length = at_most(n < 0 ? 0 : n, PATH_ROOM);
  }
  r->b_len = length;
  at += length;
  length = at_most(put_base(at, a_dir), PATH_ROOM + NAME_MAX_LEN);
  r->a_base_len = length;
  at += length;
  length = 0;
  if (b) length = at_most(put_base(at, b_dir), PATH_ROOM + NAME_MAX_LEN);
  r->b_base_len = length;
  at += length;
  send_scratch(s, at);
  return 0;
}

__noinline int put_connect(__u64 sock, __s32 error, __u64 ts, struct connecting *c) {
  if (!c) return 0;
  struct sock *sk = (struct sock *)sock;
  struct connect_record *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
  if (!r) {
    dropped();
    return 0;
  }
  r->h.size = sizeof *r;
  r->h.type = REC_CONNECT;
  r->h.flags = 0;
  r->h.ts = ts;
  r->h.start = c->start;
  r->h.pid = c->pid;
  r->h.tid = c->tid;
  address_of(sk, &r->addr);
  r->began = c->began;
  r->error = error;
  r->pad = 0;
  submit(r);
  return 0;
}

#define STATE_ESTABLISHED 1
#define STATE_SYN_SENT 2
#define STATE_CLOSE 7

/* A connect returned: done, refused, or on its way. */
__noinline int connected(__s32 fd, long result) {
  struct file *file = file_of(fd);
  if (!file || kind_of(file) != S_IFSOCK) return 0;
  struct sock *sk = sock_of(file);
  if (!sk || !is_inet(sk)) return 0;
  __u64 id = bpf_get_current_pid_tgid(), now = bpf_ktime_get_boot_ns();
  struct connecting c = {
      .start = start_of((struct task_struct *)bpf_get_current_task()), .began = now, .pid = id >> 32, .tid = (__u32)id};
  if (result == -EINPROGRESS) {
    __u8 state = BPF_CORE_READ(sk, __sk_common.skc_state);
    if (state == STATE_SYN_SENT) {
      __u64 key = (__u64)sk;
      bpf_map_update_elem(&connects, &key, &c, BPF_ANY);
      return 0;
    }
    return put_connect((__u64)sk, state == STATE_CLOSE ? 111 : 0, now, &c);
  }
  return put_connect((__u64)sk, result < 0 ? -result : 0, now, &c);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(sock_state, const struct sock *sk, const int before, const int after) {
  __u64 key = 0; /* the address as a number: the kernel does not let a pointer be one */
  bpf_probe_read_kernel(&key, sizeof key, ctx);
  if (before == STATE_SYN_SENT && (after == STATE_ESTABLISHED || after == STATE_CLOSE)) {
    struct connecting *c = bpf_map_lookup_elem(&connects, &key);
    if (c) {
      struct connecting copy = *c;
      bpf_map_delete_elem(&connects, &key);
      __s32 error = BPF_CORE_READ(sk, sk_err);
      put_connect(key, after == STATE_ESTABLISHED ? 0 : error ? error : 111, bpf_ktime_get_boot_ns(), &copy);
    }
  }
  if (after != STATE_CLOSE) return 0;
  struct watched_sock *w = bpf_map_lookup_elem(&socks, &key);
  if (!w) return 0;
  struct sock_end_record *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
  if (r) {
    r->h.size = sizeof *r;
    r->h.type = REC_SOCK_END;
    r->h.flags = 0;
    r->h.ts = bpf_ktime_get_boot_ns();
    r->h.start = w->start;
    r->h.pid = w->pid;
    r->h.tid = w->tid;
    r->sock = key;
    r->sent = w->sent;
    r->received = w->received;
    r->first = w->first;
    r->last = w->last;
    address_of((struct sock *)sk, &r->addr);
    submit(r);
  } else
    dropped();
  bpf_map_delete_elem(&socks, &key);
  return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(syscall_exit, struct pt_regs *regs, long result) {
  __u32 nr = regs->orig_ax;
  if (regs->cs == 0x23) return 0; /* 32-bit processes number their calls otherwise */
  __u8 *found = bpf_map_lookup_elem(&sysclass, &nr);
  if (!found || *found == SYS_NONE) return 0;
  __u32 class = *found;
  __u64 flags = flags_of(bpf_get_current_pid_tgid() >> 32);
  if (!(flags & TRACK_SELF)) {
    /* the way of every process that is not observed: as short as can be */
    if (class > SYS_SENDMSG) return 0;
    struct settings *set = settings_of();
    if (!set || !set->is_machine || !is_observed()) return 0;
  }
  if (result < 0 && class != SYS_CONNECT) return 0;
  __u64 a = regs->di, b = regs->si, c = regs->dx, d = regs->r10;
  struct io io = {.buf = b, .n = result, .fd = a};
  switch (class) {
    case SYS_READ:
    case SYS_WRITE:
      io.is_write = class == SYS_WRITE;
      if (result > 0) transfer(&io, flags);
      break;
    case SYS_READV:
    case SYS_WRITEV:
      io.is_write = class == SYS_WRITEV;
      io.parts = c;
      if (result > 0) transfer(&io, flags);
      break;
    case SYS_RECVMSG:
    case SYS_SENDMSG:
      if (result > 0) message(a, b, result, class == SYS_SENDMSG, flags);
      break;
    case SYS_OPEN: {
      struct file *file = file_of(result);
      if (file && kind_of(file) == S_IFREG) put_file((__u64)file, FILE_OPEN);
      break;
    }
    case SYS_CONNECT:
      connected(a, result);
      break;
    case SYS_CHDIR:
      put_chdir();
      break;
    case SYS_RENAME:
      put_names(NAMES_RENAME, AT_FDCWD, a, AT_FDCWD, b);
      break;
    case SYS_RENAMEAT:
      put_names(NAMES_RENAME, a, b, c, d);
      break;
    case SYS_UNLINK:
      put_names(NAMES_UNLINK, AT_FDCWD, a, 0, 0);
      break;
    case SYS_UNLINKAT:
      put_names(c & 0x200 ? NAMES_RMDIR : NAMES_UNLINK, a, b, 0, 0);
      break;
    case SYS_MKDIR:
      put_names(NAMES_MKDIR, AT_FDCWD, a, 0, 0);
      break;
    case SYS_MKDIRAT:
      put_names(NAMES_MKDIR, a, b, 0, 0);
      break;
    case SYS_RMDIR:
      put_names(NAMES_RMDIR, AT_FDCWD, a, 0, 0);
      break;
    case SYS_LINK:
      put_names(NAMES_LINK, AT_FDCWD, a, AT_FDCWD, b);
      break;
    case SYS_LINKAT:
      put_names(NAMES_LINK, a, b, c, d);
      break;
    case SYS_SYMLINK:
      put_names(NAMES_SYMLINK, AT_FDCWD, a, AT_FDCWD, b);
      break;
    case SYS_SYMLINKAT:
      put_names(NAMES_SYMLINK, b, a, b, c);
      break;
    case SYS_TRUNCATE:
      put_names(NAMES_TRUNCATE, AT_FDCWD, a, 0, 0);
      break;
    case SYS_SENDFILE:
      if (result > 0) {
        file_bytes(b, result, 0);
        file_bytes(a, result, 1);
      }
      break;
    case SYS_COPY_FILE_RANGE:
      if (result > 0) {
        file_bytes(a, result, 0);
        file_bytes(c, result, 1);
      }
      break;
  }
  return 0;
}

#endif
