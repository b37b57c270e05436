/* Files of tracked processes: what was opened, how much was read and written, what was renamed, removed, made. */
#ifndef OISP_FILES_H
#define OISP_FILES_H

#include "state.bpf.h"

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

#endif
