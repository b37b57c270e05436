/* Begin, program and end of processes. */
#ifndef OISP_PROCESS_H
#define OISP_PROCESS_H

#include "state.bpf.h"

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child) {
  __u32 pid = parent->tgid, child_pid = child->tgid;
  if (pid == child_pid) return 0; /* a thread */
  __u64 flags = flags_of(pid);
  if (!(flags & TRACK_CHILDREN)) return 0;
  __u64 inherited = TRACK_SELF | TRACK_CHILDREN;
  if (bpf_map_update_elem(&tracked, &child_pid, &inherited, BPF_ANY)) count(COUNT_MAP_FULL, 1);
  struct fork_record *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
  if (!r) {
    dropped();
    return 0;
  }
  begin(&r->h, REC_FORK, sizeof *r);
  r->child = child_pid;
  r->child_start = BPF_CORE_READ(child, start_boottime);
  r->uid = BPF_CORE_READ(child, cred, uid.val);
  r->gid = BPF_CORE_READ(child, cred, gid.val);
  r->pad = 0;
  submit(r);
  return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm) {
  __u32 pid = task->tgid;
  int is_tracked = (flags_of(pid) & TRACK_SELF) != 0;
  if (!is_tracked) {
    struct settings *set = settings_of();
    if (!set || !set->sees_all_execs || !is_in_namespace(set, task)) return 0;
  }
  struct scratch *s = scratch_of();
  if (!s) return 0;
  struct exec_record *r = (void *)s->bytes;
  begin(&r->h, REC_EXEC, 0);
  r->h.flags = is_tracked ? EXEC_TRACKED : 0;
  r->ppid = BPF_CORE_READ(task, real_parent, tgid);
  r->uid = BPF_CORE_READ(task, cred, uid.val);
  r->gid = BPF_CORE_READ(task, cred, gid.val);
  struct file *file = BPF_CORE_READ(bprm, file);
  r->exe_ino = BPF_CORE_READ(file, f_inode, i_ino);
  r->exe_dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
  r->pad = 0;
  __u64 from = BPF_CORE_READ(task, mm, arg_start), to = BPF_CORE_READ(task, mm, arg_end);
  __u64 argv = to > from ? to - from : 0;
  r->argv_total = argv;
  argv = at_most(argv, ARGV_MAX);
  __u64 at = sizeof *r;
  if (bpf_probe_read_user(s->bytes + at, argv, (void *)from)) argv = 0;
  r->argv_len = argv;
  at += argv;
  long n = bpf_probe_read_kernel_str(s->bytes + at, PATH_ROOM, BPF_CORE_READ(bprm, filename));
  __u64 name = at_most(n < 0 ? 0 : n, PATH_ROOM);
  r->name_len = name;
  at += name;
  __u64 exe = walk((__u64)file + bpf_core_field_offset(struct file, f_path), at);
  exe = at_most(exe, PATH_ROOM + NAME_MAX_LEN);
  r->exe_len = exe;
  at += exe;
  struct fs_struct *fs = BPF_CORE_READ(task, fs);
  __u64 cwd = walk((__u64)fs + bpf_core_field_offset(struct fs_struct, pwd), at);
  cwd = at_most(cwd, PATH_ROOM + NAME_MAX_LEN);
  r->cwd_len = cwd;
  at += cwd;
  send_scratch(s, at);
  return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task) {
  __u64 id = bpf_get_current_pid_tgid();
  bpf_map_delete_elem(&calls, &id);
  bpf_map_delete_elem(&threads, &id);
  __u32 pid = id >> 32;
  __u64 flags = flags_of(pid);
  if (flags == 0) return 0;
  if (BPF_CORE_READ(task, signal, live.counter) > 0) return 0; /* other threads go on */
  bpf_map_delete_elem(&tracked, &pid);
  if (!(flags & TRACK_SELF)) return 0;
  struct exit_record *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
  if (!r) {
    dropped();
    return 0;
  }
  begin(&r->h, REC_EXIT, sizeof *r);
  __u32 group = BPF_CORE_READ(task, signal, group_exit_code);
  r->code = group ? group : (__u32)BPF_CORE_READ(task, exit_code);
  r->pad = 0;
  submit(r);
  return 0;
}

#endif
