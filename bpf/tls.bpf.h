/* Plaintext of TLS libraries and of the pipes of child processes. */
#ifndef OISP_TLS_H
#define OISP_TLS_H

#include "state.bpf.h"

#define CHUNK 16384

/* One stretch of bytes of a process on its way into the ring. */
struct payload {
  __u64 buf;
  __u64 conn;
  __u64 offset;
  __u64 ts;
  __u64 start;
  __u64 id;
  __u32 total;
  __u32 allowed;
  __u8 dir;
  __u8 kind;
  __u8 verdict;
  __u8 is_bound;
};

/* Writes one record with room for `room` bytes. A macro: the ring wants sizes that are known when the program is checked. */
#define PUT(p, room, from, n)                                                              \
  do {                                                                                     \
    struct data_record *r = bpf_ringbuf_reserve(&ring, sizeof(*r) + (room), 0);            \
    if (!r) {                                                                              \
      count(COUNT_DROPS, 1);                                                               \
      count(COUNT_DROP_BYTES, (n));                                                        \
      return 0;                                                                            \
    }                                                                                      \
    __u64 length = at_most((n), (room));                                                   \
    r->h.flags = (from) + length >= (p)->allowed ? DATA_LAST : 0;                          \
    if (bpf_probe_read_user((void *)(r + 1), length, (void *)((p)->buf + (from)))) {       \
      count(COUNT_FAULTS, length);                                                         \
      r->h.flags |= DATA_FAULT;                                                            \
      length = 0;                                                                          \
    }                                                                                      \
    count(COUNT_SENT_BYTES, length);                                                       \
    r->h.size = sizeof(*r) + length;                                                       \
    r->h.type = REC_DATA;                                                                  \
    r->h.ts = (p)->ts;                                                                     \
    r->h.start = (p)->start;                                                               \
    r->h.pid = (p)->id >> 32;                                                              \
    r->h.tid = (__u32)(p)->id;                                                             \
    r->conn = (p)->conn;                                                                   \
    r->offset = (p)->offset + (from);                                                      \
    r->total = (p)->total;                                                                 \
    r->call_off = (from);                                                                  \
    r->len = length;                                                                       \
    r->dir = (p)->dir;                                                                     \
    r->kind = (p)->kind;                                                                   \
    r->verdict = (p)->verdict;                                                             \
    r->is_bound = (p)->is_bound;                                                           \
    submit(r);                                                                             \
  } while (0)

static long put_chunk(__u32 index, struct payload *p) {
  __u64 from = (__u64)index * CHUNK;
  if (from >= p->allowed) return 1;
  __u64 n = p->allowed - from;
  if (n <= 160)
    PUT(p, 160, from, n);
  else if (n <= 928)
    PUT(p, 928, from, n);
  else if (n <= 4000)
    PUT(p, 4000, from, n);
  else {
    n = at_most(n, CHUNK);
    PUT(p, CHUNK, from, n);
  }
  return 0;
}

static __always_inline void put_payload(struct payload *p) {
  if (p->allowed <= CHUNK)
    put_chunk(0, p);
  else
    bpf_loop((p->allowed + CHUNK - 1) / CHUNK, put_chunk, p, 0);
}

/* How the bytes of a connection that begin a request with a body look: HTTP/1 POST, PUT, PATCH, and the preface of HTTP/2. */
static __always_inline int is_request(__u64 buf, __u64 n) {
  char b[4] = {};
  if (n < sizeof b || bpf_probe_read_user(b, sizeof b, (void *)buf)) return 0;
  if (b[0] != 'P') return 0;
  return (b[1] == 'O' && b[2] == 'S' && b[3] == 'T') || (b[1] == 'U' && b[2] == 'T' && b[3] == ' ') ||
         (b[1] == 'A' && b[2] == 'T' && b[3] == 'C') || (b[1] == 'R' && b[2] == 'I' && b[3] == ' ');
}

/* A number that no other connection of this sensor has; below 2^53. */
static __always_inline __u64 fresh_id(void) {
  __u32 which = COUNT_CONNECTIONS;
  __u64 *value = bpf_map_lookup_elem(&counters, &which);
  __u64 n = value ? __sync_fetch_and_add(value, 1) : 0;
  return (n + 1) << 12 | (bpf_get_smp_processor_id() & 4095);
}

static __always_inline struct conn *conn_of(struct conn_key *key) {
  struct conn *conn = bpf_map_lookup_elem(&conns, key);
  if (conn) return conn;
  struct conn fresh = {.id = fresh_id(), .fd = -1, .last_dir = DIR_RECEIVED};
  if (bpf_map_update_elem(&conns, key, &fresh, BPF_NOEXIST)) {
    conn = bpf_map_lookup_elem(&conns, key); /* another thread was faster */
    if (!conn) count(COUNT_MAP_FULL, 1);
    return conn;
  }
  return bpf_map_lookup_elem(&conns, key);
}

static __always_inline void put_close(struct conn *conn) {
  struct close_record *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
  if (!r) return dropped();
  begin(&r->h, REC_CLOSE, sizeof *r);
  r->conn = conn->id;
  r->offset[0] = conn->offset[0];
  r->offset[1] = conn->offset[1];
  submit(r);
}

/* The same SSL object, another connection. */
static __always_inline void renew(struct conn *conn) {
  put_close(conn);
  conn->id = fresh_id();
  conn->offset[0] = conn->offset[1] = conn->passed[0] = conn->passed[1] = 0;
  conn->sock = 0;
  conn->fd = -1;
  conn->source = BIND_NONE;
  conn->verdict = VERDICT_UNKNOWN;
  conn->is_request = 0;
}

static __always_inline void put_bound(struct conn *conn) {
  struct bound_record *r = bpf_ringbuf_reserve(&ring, sizeof *r, 0);
  if (!r) return dropped();
  begin(&r->h, REC_BOUND, sizeof *r);
  r->conn = conn->id;
  r->sock = conn->sock;
  r->fd = conn->fd;
  r->source = conn->source;
  address_of((struct sock *)conn->sock, &r->addr);
  submit(r);
}

/*
 * Says which socket a connection runs over. What was seen directly (a descriptor that was set, a system call inside the library's call)
 * overrides what follows from order. Another socket under the same SSL object is another connection.
 */
__noinline int bind_sock(__u64 ssl, __u64 sock, __s32 fd, __u32 source) {
  struct sock *sk = (struct sock *)sock;
  if (!sk || !is_inet(sk) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP) return 0;
  struct conn_key key = {.ssl = ssl, .pid = bpf_get_current_pid_tgid() >> 32, .kind = STREAM_TLS};
  struct conn *conn = conn_of(&key);
  if (!conn) return 0;
  if (conn->sock == sock) return 0;
  if (conn->source != BIND_NONE) {
    if (source > BIND_NESTED) return 0;
    if (conn->source <= BIND_NESTED && conn->offset[0] + conn->offset[1] > 0) renew(conn);
  }
  conn->sock = sock;
  conn->fd = fd;
  conn->source = source;
  put_bound(conn);
  return 0;
}

/* Takes `n` bytes of a direction as far as the verdict of the connection lets them pass. */
__noinline int take(__u64 ssl, __u32 kind, __u64 buf, __u64 n, __u32 dir) {
  struct conn_key key = {.ssl = ssl, .pid = bpf_get_current_pid_tgid() >> 32, .kind = kind};
  struct settings *set = settings_of();
  struct conn *conn = conn_of(&key);
  if (!set || !conn) return 0;
  dir &= 1;
  __u32 before = conn->last_dir;
  conn->last_dir = dir;
  if (conn->verdict == VERDICT_UNKNOWN) {
    __u64 id = conn->id;
    __u32 *verdict = bpf_map_lookup_elem(&verdicts, &id);
    if (verdict) {
      conn->verdict = *verdict;
      bpf_map_delete_elem(&verdicts, &id);
    }
  }
  if (conn->verdict == VERDICT_OTHER) {
    /* the same connection may carry a model call later: what begins like a request is looked at again, unless an answer to another one is
     * still to come, which would then stand under it */
    if (kind != STREAM_TLS || dir != DIR_SENT || before != DIR_RECEIVED || !is_request(buf, n)) {
      count(COUNT_KEPT_BYTES, n);
      return 0;
    }
    __u64 sock = conn->sock;
    __s32 fd = conn->fd;
    __u32 source = conn->source;
    renew(conn);
    conn->sock = sock;
    conn->fd = fd;
    conn->source = source;
    if (sock) put_bound(conn);
  }
  __u64 allowed = n;
  if (conn->verdict == VERDICT_UNKNOWN) {
    if (dir == DIR_SENT && conn->offset[DIR_SENT] == 0) conn->is_request = is_request(buf, n);
    if (kind == STREAM_STDIO && conn->offset[dir] == 0) {
      char first = 0;
      bpf_probe_read_user(&first, 1, (void *)buf);
      if (first != '{' && first != '[') conn->verdict = VERDICT_OTHER;
      conn->is_request = 1;
    }
    __u64 limit = conn->verdict == VERDICT_OTHER ? 0 : conn->is_request ? set->request_bytes : set->unknown_bytes;
    __u64 passed = conn->passed[dir];
    allowed = passed >= limit ? 0 : limit - passed;
    if (allowed > n) allowed = n;
  }
  if (allowed > set->max_call) {
    count(COUNT_CUT_BYTES, allowed - set->max_call);
    allowed = set->max_call;
  }
  struct payload p = {
      .buf = buf,
      .conn = conn->id,
      .offset = conn->offset[dir],
      .ts = bpf_ktime_get_boot_ns(),
      .start = start_of((struct task_struct *)bpf_get_current_task()),
      .id = bpf_get_current_pid_tgid(),
      .total = n,
      .allowed = allowed,
      .dir = dir,
      .kind = kind,
      .verdict = conn->verdict,
      .is_bound = conn->sock != 0,
  };
  conn->offset[dir] += n;
  conn->passed[dir] += allowed;
  if (allowed == 0) {
    count(COUNT_KEPT_BYTES, n);
    return 0;
  }
  if (allowed < n && conn->verdict == VERDICT_UNKNOWN) count(COUNT_KEPT_BYTES, n - allowed);
  put_payload(&p);
  return 0;
}

SEC("uprobe")
int tls_entry(struct pt_regs *ctx) {
  __u64 ssl = PT_REGS_PARM1(ctx), buf = PT_REGS_PARM2(ctx), fourth = PT_REGS_PARM4(ctx), fifth = PT_REGS_PARM5(ctx);
  __u64 stack = PT_REGS_SP(ctx);
  if (!is_observed()) return 0;
  __u64 id = bpf_get_current_pid_tgid();
  __u32 kind = bpf_get_attach_cookie(ctx) & 0xff;
  struct call call = {.now = {.ssl = ssl, .stack = stack, .buf = buf, .kind = kind}};
  call.now.lenp = kind == CALL_WRITE_EX5 ? fifth : kind >= CALL_READ_EX ? fourth : 0;
  struct call *open = bpf_map_lookup_elem(&calls, &id);
  if (open && open->now.stack > stack) call.outer = open->now;
  if (bpf_map_update_elem(&calls, &id, &call, BPF_ANY)) count(COUNT_MAP_FULL, 1);
  return 0;
}

/* A call that carried no plaintext: it may have begun a handshake, into memory. */
static __always_inline void opening(__u64 *id, struct thread *thread, __u64 ssl) {
  if (thread) {
    thread->opening = ssl;
    return;
  }
  struct thread fresh = {.opening = ssl, .last_fd = -1};
  bpf_map_update_elem(&threads, id, &fresh, BPF_ANY);
}

SEC("uprobe")
int tls_exit(struct pt_regs *ctx) {
  __s32 result = PT_REGS_RC(ctx);
  __u64 id = bpf_get_current_pid_tgid();
  struct call *found = bpf_map_lookup_elem(&calls, &id);
  if (!found) {
    if (is_observed()) count(COUNT_NO_ENTRY, 1);
    return 0;
  }
  struct one_call call = found->now;
  if (found->outer.kind) {
    found->now = found->outer;
    found->outer.kind = 0;
  } else
    bpf_map_delete_elem(&calls, &id);
  __u64 n = 0;
  if (call.kind <= CALL_WRITE)
    n = result > 0 ? result : 0;
  else if (result == 1)
    bpf_probe_read_user(&n, sizeof n, (void *)call.lenp);
  struct conn_key key = {.ssl = call.ssl, .pid = id >> 32, .kind = STREAM_TLS};
  struct thread *thread = bpf_map_lookup_elem(&threads, &id);
  if (n == 0 || n > 1ULL << 31) {
    opening(&id, thread, call.ssl);
    return 0;
  }
  if (call.kind == CALL_READ || call.kind == CALL_READ_EX) {
    if (thread && thread->last_sock) bind_sock(call.ssl, thread->last_sock, thread->last_fd, BIND_LAST_READ);
    take(call.ssl, STREAM_TLS, call.buf, n, DIR_RECEIVED);
    return 0;
  }
  take(call.ssl, STREAM_TLS, call.buf, n, DIR_SENT);
  struct conn *conn = bpf_map_lookup_elem(&conns, &key);
  if (!conn || conn->sock) return 0;
  if (thread)
    thread->pending = call.ssl;
  else {
    struct thread fresh = {.pending = call.ssl, .last_fd = -1};
    bpf_map_update_elem(&threads, &id, &fresh, BPF_ANY);
  }
  return 0;
}

SEC("uprobe")
int tls_handshake(struct pt_regs *ctx) {
  __u64 ssl = PT_REGS_PARM1(ctx);
  if (!is_observed()) return 0;
  __u64 id = bpf_get_current_pid_tgid();
  struct conn_key key = {.ssl = ssl, .pid = id >> 32, .kind = STREAM_TLS};
  struct conn *conn = bpf_map_lookup_elem(&conns, &key);
  if (conn && conn->offset[0] + conn->offset[1] > 0) renew(conn);
  struct thread *thread = bpf_map_lookup_elem(&threads, &id);
  if (thread)
    thread->handshake = ssl;
  else {
    struct thread fresh = {.handshake = ssl, .last_fd = -1};
    bpf_map_update_elem(&threads, &id, &fresh, BPF_ANY);
  }
  return 0;
}

SEC("uprobe")
int tls_handshaken(struct pt_regs *ctx) {
  __u64 id = bpf_get_current_pid_tgid();
  struct thread *thread = bpf_map_lookup_elem(&threads, &id);
  if (!thread) return 0;
  thread->opening = thread->handshake;
  thread->handshake = 0;
  return 0;
}

SEC("uprobe")
int tls_set_fd(struct pt_regs *ctx) {
  __u64 ssl = PT_REGS_PARM1(ctx);
  __s32 fd = PT_REGS_PARM2(ctx);
  if (!is_observed()) return 0;
  struct file *file = file_of(fd);
  if (file && kind_of(file) == S_IFSOCK) bind_sock(ssl, (__u64)sock_of(file), fd, BIND_SET_FD);
  return 0;
}

SEC("uprobe")
int tls_free(struct pt_regs *ctx) {
  __u64 ssl = PT_REGS_PARM1(ctx);
  if (!is_observed()) return 0;
  struct conn_key key = {.ssl = ssl, .pid = bpf_get_current_pid_tgid() >> 32, .kind = STREAM_TLS};
  struct conn *conn = bpf_map_lookup_elem(&conns, &key);
  if (!conn) return 0;
  put_close(conn);
  bpf_map_delete_elem(&conns, &key);
  return 0;
}

#endif
