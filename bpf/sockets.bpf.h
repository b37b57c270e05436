/* IP sockets: greetings and bytes of TLS, connections and their outcome. */
#ifndef OISP_SOCKETS_H
#define OISP_SOCKETS_H

#include "tls.bpf.h"

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

#endif
