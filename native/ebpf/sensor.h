/* Loads the sensor into the kernel and talks to it: no libbpf, no libelf at run time. All functions answer 0 or more, or a negative errno. */
#ifndef OISP_SENSOR_H
#define OISP_SENSOR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct sensor;

/* How uprobes are attached. */
enum { SENSOR_MULTI = 0, SENSOR_PERF = 1 };

/* `why` gets a text where it fails. `ring_bytes` is a power of two, at least a page. */
int sensor_open(struct sensor **out, int mode, uint32_t ring_bytes, char *why, size_t why_size);
void sensor_close(struct sensor *s);

int sensor_program(const char *name);
int sensor_map(const char *name);

/* Probes `count` places of a file, offsets in bytes of the file. The answer is a link. */
int sensor_attach(struct sensor *s, int program, const char *path, const uint64_t *offsets, const uint64_t *cookies, uint32_t count,
                  int is_return);
/* Attaches a program to the kernel's tracepoint that it names. The answer is a link. */
int sensor_attach_tracepoint(struct sensor *s, int program);
int sensor_detach(struct sensor *s, int link);

int sensor_update(struct sensor *s, int map, const void *key, const void *value);
int sensor_delete(struct sensor *s, int map, const void *key);
int sensor_lookup(struct sensor *s, int map, const void *key, void *value);
/* Takes up to `count` entries out of a hash map. The answer is how many. */
int sensor_take(struct sensor *s, int map, void *keys, void *values, uint32_t key_size, uint32_t value_size, uint32_t count);

/* Copies whole records out of the ring, each padded to 8 bytes. The answer is the number of bytes; one thread at a time. */
size_t sensor_drain(struct sensor *s, void *into, size_t room);
/* Bytes that wait in the ring. */
uint64_t sensor_waiting(struct sensor *s);

#ifdef __cplusplus
}
#endif

#endif
