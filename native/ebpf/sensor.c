#define _GNU_SOURCE
#include "sensor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/bpf.h>
#include <linux/perf_event.h>

#include <bpf/skel_internal.h>

#include "programs.gen.h"

#define UPROBE_MULTI 48
#define PERF_EVENT 41
#define LOOKUP_AND_DELETE_BATCH 25
#define LINK_CREATE 28
#define MAX_LINKS 16384
#define RECORD_BUSY (1u << 31)
#define RECORD_DISCARD (1u << 30)
#define RECORD_HEAD 8

struct loader {
  struct bpf_loader_ctx head;
  struct bpf_map_desc maps[MAPS];
  struct bpf_prog_desc programs[PROGRAMS];
};

/* File descriptors that hold a probe: closing them removes it. */
struct link {
  int *fds;
  uint32_t count;
};

struct sensor {
  struct loader loader;
  int mode;
  uint32_t ring_bytes;
  size_t page;
  unsigned long *consumer;
  unsigned long *producer;
  const char *data;
  struct link links[MAX_LINKS];
};

static int index_of(const char *const *names, int count, const char *name) {
  for (int i = 0; i < count; i++)
    if (!strcmp(names[i], name)) return i;
  return -ENOENT;
}

int sensor_program(const char *name) { return index_of(program_names, PROGRAMS, name); }
int sensor_map(const char *name) { return index_of(map_names, MAPS, name); }

static int bpf(int command, const void *attributes, uint32_t size) {
  int r = syscall(__NR_bpf, command, attributes, size);
  return r < 0 ? -errno : r;
}

static int load(struct loader *loader, int mode, uint32_t ring_bytes, uint32_t log_size, char *log, const char **error) {
  memset(loader, 0, sizeof *loader);
  loader->head.sz = sizeof *loader;
  loader->head.log_level = log_size ? 1 : 0;
  loader->head.log_size = log_size;
  loader->head.log_buf = (uint64_t)(uintptr_t)log;
  loader->maps[sensor_map("ring")].max_entries = ring_bytes;
  struct bpf_load_and_run_opts options = {.ctx = &loader->head};
  options.data = mode == SENSOR_MULTI ? multi_data : perf_data;
  options.data_sz = mode == SENSOR_MULTI ? sizeof multi_data : sizeof perf_data;
  options.insns = mode == SENSOR_MULTI ? multi_insns : perf_insns;
  options.insns_sz = mode == SENSOR_MULTI ? sizeof multi_insns : sizeof perf_insns;
  /* a signal makes the kernel's checks give up (EAGAIN), and a profiler sends many: none comes through meanwhile */
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int r = -EAGAIN;
  for (int tries = 0; r == -EAGAIN && tries < 10; tries++) r = bpf_load_and_run(&options);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (r < 0) *error = options.errstr ? options.errstr : "";
  return r;
}

/* The last line that says something in the log of the kernel's verifier. */
static void tail_of(const char *log, char *why, size_t size) {
  size_t end = strlen(log);
  while (end > 0 && log[end - 1] == '\n') end--;
  size_t begin = end;
  while (begin > 0 && end - begin < size / 2) begin--;
  size_t at = strlen(why);
  snprintf(why + at, size - at, ": %.*s", (int)(end - begin), log + begin);
}

int sensor_open(struct sensor **out, int mode, uint32_t ring_bytes, char *why, size_t why_size) {
  struct sensor *s = calloc(1, sizeof *s);
  if (!s) return -ENOMEM;
  s->mode = mode;
  s->ring_bytes = ring_bytes;
  s->page = sysconf(_SC_PAGESIZE);
  const char *error = "";
  int r = load(&s->loader, mode, ring_bytes, 0, NULL, &error);
  if (r < 0) {
    snprintf(why, why_size, "%s", error);
    if (r != -EPERM && r != -ENOMEM) { /* once more with a log: what did the kernel not like? */
      uint32_t size = 16u << 20;
      char *log = calloc(1, size);
      if (log) {
        if (load(&s->loader, mode, ring_bytes, size, log, &error) >= 0) goto loaded;
        tail_of(log, why, why_size);
        free(log);
      }
    }
    free(s);
    return r;
  }
loaded:;
  int ring = s->loader.maps[sensor_map("ring")].map_fd;
  s->consumer = mmap(NULL, s->page, PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0);
  if (s->consumer == MAP_FAILED) goto failed;
  s->producer = mmap(NULL, s->page + 2 * (size_t)ring_bytes, PROT_READ, MAP_SHARED, ring, s->page);
  if (s->producer == MAP_FAILED) goto failed;
  s->data = (const char *)s->producer + s->page;
  *out = s;
  return 0;
failed:
  r = -errno;
  snprintf(why, why_size, "mmap of the ring");
  sensor_close(s);
  return r;
}

void sensor_close(struct sensor *s) {
  for (int i = 0; i < MAX_LINKS; i++)
    if (s->links[i].fds) sensor_detach(s, i);
  if (s->producer && s->producer != MAP_FAILED) munmap(s->producer, s->page + 2 * (size_t)s->ring_bytes);
  if (s->consumer && s->consumer != MAP_FAILED) munmap(s->consumer, s->page);
  for (int i = 0; i < PROGRAMS; i++)
    if (s->loader.programs[i].prog_fd > 0) close(s->loader.programs[i].prog_fd);
  for (int i = 0; i < MAPS; i++)
    if (s->loader.maps[i].map_fd > 0) close(s->loader.maps[i].map_fd);
  free(s);
}

static int keep(struct sensor *s, int *fds, uint32_t count) {
  for (int i = 0; i < MAX_LINKS; i++)
    if (!s->links[i].fds) {
      s->links[i].fds = fds;
      s->links[i].count = count;
      return i;
    }
  return -ENOSPC;
}

static int drop_fds(int *fds, uint32_t count, int error) {
  for (uint32_t i = 0; i < count; i++)
    if (fds[i] >= 0) close(fds[i]);
  free(fds);
  return error;
}

static int attach_multi(struct sensor *s, int program, const char *path, const uint64_t *offsets, const uint64_t *cookies, uint32_t count,
                        int is_return) {
  struct {
    uint32_t prog_fd, target_fd, attach_type, flags;
    uint64_t path, offsets, ref_ctr_offsets, cookies;
    uint32_t count, multi_flags, pid, pad;
  } a = {.prog_fd = s->loader.programs[program].prog_fd,
         .attach_type = UPROBE_MULTI,
         .path = (uint64_t)(uintptr_t)path,
         .offsets = (uint64_t)(uintptr_t)offsets,
         .cookies = (uint64_t)(uintptr_t)cookies,
         .count = count,
         .multi_flags = is_return ? 1 : 0};
  int *fds = malloc(sizeof *fds);
  if (!fds) return -ENOMEM;
  fds[0] = bpf(LINK_CREATE, &a, sizeof a);
  if (fds[0] < 0) return drop_fds(fds, 1, fds[0]);
  int link = keep(s, fds, 1);
  return link < 0 ? drop_fds(fds, 1, link) : link;
}

static int number_of(const char *file) {
  int value = -ENOENT;
  FILE *f = fopen(file, "re");
  if (!f) return -errno;
  if (fscanf(f, "%d", &value) != 1) value = -EINVAL;
  fclose(f);
  return value;
}

static int attach_perf(struct sensor *s, int program, const char *path, const uint64_t *offsets, const uint64_t *cookies, uint32_t count,
                       int is_return) {
  int type = number_of("/sys/bus/event_source/devices/uprobe/type");
  if (type < 0) return type;
  int *fds = malloc(2 * count * sizeof *fds);
  if (!fds) return -ENOMEM;
  for (uint32_t i = 0; i < 2 * count; i++) fds[i] = -1;
  for (uint32_t i = 0; i < count; i++) {
    struct perf_event_attr attr = {.size = sizeof attr, .type = type, .config = is_return ? 1 : 0};
    attr.config1 = (uint64_t)(uintptr_t)path;
    attr.config2 = offsets[i];
    int event = fds[2 * i + 1] = syscall(__NR_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
    if (event < 0) return drop_fds(fds, 2 * count, -errno);
    struct {
      uint32_t prog_fd, target_fd, attach_type, flags;
      uint64_t cookie;
    } a = {.prog_fd = s->loader.programs[program].prog_fd, .target_fd = event, .attach_type = PERF_EVENT, .cookie = cookies[i]};
    int link = fds[2 * i] = bpf(LINK_CREATE, &a, sizeof a);
    if (link < 0) return drop_fds(fds, 2 * count, link);
  }
  int link = keep(s, fds, 2 * count);
  return link < 0 ? drop_fds(fds, 2 * count, link) : link;
}

int sensor_attach(struct sensor *s, int program, const char *path, const uint64_t *offsets, const uint64_t *cookies, uint32_t count,
                  int is_return) {
  if (program < 0 || program >= PROGRAMS || count == 0) return -EINVAL;
  return (s->mode == SENSOR_MULTI ? attach_multi : attach_perf)(s, program, path, offsets, cookies, count, is_return);
}

int sensor_attach_tracepoint(struct sensor *s, int program) {
  if (program < 0 || program >= PROGRAMS) return -EINVAL;
  int fd = skel_raw_tracepoint_open(NULL, s->loader.programs[program].prog_fd);
  if (fd < 0) return -errno;
  int *fds = malloc(sizeof *fds);
  if (!fds) return close(fd), -ENOMEM;
  fds[0] = fd;
  int link = keep(s, fds, 1);
  return link < 0 ? drop_fds(fds, 1, link) : link;
}

int sensor_detach(struct sensor *s, int link) {
  if (link < 0 || link >= MAX_LINKS || !s->links[link].fds) return -ENOENT;
  struct link l = s->links[link];
  s->links[link].fds = NULL;
  return drop_fds(l.fds, l.count, 0);
}

static int map_fd(struct sensor *s, int map) { return map < 0 || map >= MAPS ? -1 : s->loader.maps[map].map_fd; }

int sensor_update(struct sensor *s, int map, const void *key, const void *value) {
  return skel_map_update_elem(map_fd(s, map), key, value, 0) < 0 ? -errno : 0;
}

int sensor_delete(struct sensor *s, int map, const void *key) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_fd = map_fd(s, map);
  a.key = (uint64_t)(uintptr_t)key;
  return bpf(BPF_MAP_DELETE_ELEM, &a, sizeof a);
}

int sensor_lookup(struct sensor *s, int map, const void *key, void *value) {
  union bpf_attr a;
  memset(&a, 0, sizeof a);
  a.map_fd = map_fd(s, map);
  a.key = (uint64_t)(uintptr_t)key;
  a.value = (uint64_t)(uintptr_t)value;
  return bpf(BPF_MAP_LOOKUP_ELEM, &a, sizeof a);
}

int sensor_take(struct sensor *s, int map, void *keys, void *values, uint32_t key_size, uint32_t value_size, uint32_t count) {
  uint64_t cursor = 0;
  uint32_t taken = 0;
  int is_first = 1;
  while (taken < count) {
    union bpf_attr a;
    memset(&a, 0, sizeof a);
    a.batch.in_batch = is_first ? 0 : (uint64_t)(uintptr_t)&cursor;
    a.batch.out_batch = (uint64_t)(uintptr_t)&cursor;
    a.batch.keys = (uint64_t)(uintptr_t)((char *)keys + (size_t)taken * key_size);
    a.batch.values = (uint64_t)(uintptr_t)((char *)values + (size_t)taken * value_size);
    a.batch.count = count - taken;
    a.batch.map_fd = map_fd(s, map);
    int r = bpf(LOOKUP_AND_DELETE_BATCH, &a, sizeof a);
    if (r < 0 && r != -ENOENT) return taken ? (int)taken : r;
    taken += a.batch.count;
    is_first = 0;
    if (r == -ENOENT) break; /* the end of the map */
  }
  return taken;
}

size_t sensor_drain(struct sensor *s, void *into, size_t room) {
  unsigned long at = __atomic_load_n(s->consumer, __ATOMIC_ACQUIRE);
  unsigned long end = __atomic_load_n(s->producer, __ATOMIC_ACQUIRE);
  size_t used = 0;
  while (at < end) {
    const uint32_t *head = (const void *)(s->data + (at & (s->ring_bytes - 1)));
    uint32_t length = __atomic_load_n(head, __ATOMIC_ACQUIRE);
    if (length & RECORD_BUSY) break;
    uint32_t capacity = length & ~RECORD_DISCARD;
    if (!(length & RECORD_DISCARD)) {
      const char *record = (const char *)head + RECORD_HEAD;
      uint32_t size = *(const uint32_t *)record;
      if (size > capacity) size = capacity;
      size_t padded = ((size_t)size + 7) & ~(size_t)7;
      if (used + padded > room) break;
      memcpy((char *)into + used, record, size);
      memset((char *)into + used + size, 0, padded - size);
      used += padded;
    }
    at += ((unsigned long)capacity + RECORD_HEAD + 7) & ~7ul;
  }
  __atomic_store_n(s->consumer, at, __ATOMIC_RELEASE);
  return used;
}

uint64_t sensor_waiting(struct sensor *s) {
  return __atomic_load_n(s->producer, __ATOMIC_ACQUIRE) - __atomic_load_n(s->consumer, __ATOMIC_ACQUIRE);
}
