/* System calls of tracked processes, at their return: which of them is about files, sockets or the pipes of a child. */
#ifndef OISP_SYSCALLS_H
#define OISP_SYSCALLS_H

#include "files.bpf.h"
#include "sockets.bpf.h"

#define MAX_PARTS 64

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
