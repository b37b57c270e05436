/* The kernel structures that the sensor reads, with only the fields it reads. Offsets are resolved on the running kernel (BPF CO-RE), so
 * order and completeness do not matter; names do. No vmlinux.h: this file and the UAPI headers are all that is needed to build. */
#ifndef OISP_KERNEL_H
#define OISP_KERNEL_H

#define __VMLINUX_H__ /* else bpf_tracing.h takes the register names of user space */
#include <linux/bpf.h>
#include <linux/types.h>

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
  unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};
#else
#error "the sensor is built for x86-64 only"
#endif

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_endian.h>

#define CO_RE __attribute__((preserve_access_index))

struct qstr {
  const unsigned char *name;
} CO_RE;
struct super_block {
  unsigned long s_magic;
  unsigned int s_dev;
} CO_RE;
struct inode {
  unsigned short i_mode;
  unsigned long i_ino;
  struct super_block *i_sb;
} CO_RE;
struct dentry {
  struct dentry *d_parent;
  struct qstr d_name;
  struct inode *d_inode;
} CO_RE;
struct vfsmount {
  struct dentry *mnt_root;
} CO_RE;
struct mount {
  struct mount *mnt_parent;
  struct dentry *mnt_mountpoint;
  struct vfsmount mnt;
} CO_RE;
struct path {
  struct vfsmount *mnt;
  struct dentry *dentry;
} CO_RE;
struct file {
  struct path f_path;
  struct inode *f_inode;
  void *private_data;
  unsigned int f_flags;
} CO_RE;
struct fdtable {
  unsigned int max_fds;
  struct file **fd;
} CO_RE;
struct files_struct {
  struct fdtable *fdt;
} CO_RE;
struct fs_struct {
  struct path root, pwd;
} CO_RE;

struct in6_addr {
  union {
    __u8 u6_addr8[16];
  } in6_u;
} CO_RE;
struct sock_common {
  __be32 skc_daddr;
  __be32 skc_rcv_saddr;
  __be16 skc_dport;
  __u16 skc_num;
  unsigned short skc_family;
  volatile unsigned char skc_state;
  struct in6_addr skc_v6_daddr;
  struct in6_addr skc_v6_rcv_saddr;
} CO_RE;
struct sock {
  struct sock_common __sk_common;
  __u16 sk_type;
  __u16 sk_protocol;
  int sk_err;
} CO_RE;
struct socket {
  struct sock *sk;
} CO_RE;

typedef struct {
  unsigned int val;
} kuid_t;
typedef struct {
  unsigned int val;
} kgid_t;
struct cred {
  kuid_t uid;
  kgid_t gid;
} CO_RE;
typedef struct {
  int counter;
} atomic_t;
struct signal_struct {
  atomic_t live;
  int group_exit_code;
} CO_RE;
struct mm_struct {
  unsigned long arg_start, arg_end;
} CO_RE;
struct ns_common {
  unsigned int inum;
} CO_RE;
struct pid_namespace {
  struct ns_common ns;
} CO_RE;
struct nsproxy {
  struct pid_namespace *pid_ns_for_children;
} CO_RE;
struct task_struct {
  int pid, tgid;
  int exit_code;
  __u64 start_boottime;
  struct task_struct *real_parent, *group_leader;
  struct mm_struct *mm;
  struct files_struct *files;
  struct fs_struct *fs;
  struct signal_struct *signal;
  struct nsproxy *nsproxy;
  const struct cred *cred;
  char comm[16];
} CO_RE;
struct linux_binprm {
  struct file *file;
  const char *filename;
} CO_RE;
struct iovec {
  void *iov_base;
  unsigned long iov_len;
};
/* struct user_msghdr of the kernel, as user space passes it. */
struct user_msghdr {
  void *msg_name;
  int msg_namelen;
  struct iovec *msg_iov;
  unsigned long msg_iovlen;
};

#endif
