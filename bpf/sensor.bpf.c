/* The sensor: everything that oisp-collector runs inside the kernel. It reads; it changes nothing of what it observes: no helper here writes to
 * a process, overrides a result or sends a signal (test/bpf/helpers.test.ts). */
#include "syscalls.bpf.h"
#include "process.bpf.h"
#include "tls.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";
