import { checkProviders, defineReceiver } from '../../core/index.ts';
import { schema } from './config.ts';
import { EbpfReceiver } from './receiver.ts';

/** Sees what AI agents on this machine send, receive and do, from outside: uprobes in TLS libraries, tracepoints for the rest. Linux only. */
export const ebpfReceiver = defineReceiver({
  type: 'ebpf',
  summary: 'Captures model calls and the effects of AI agents on Linux, live, by eBPF.',
  stability: 'alpha',
  schema,
  emits: ['capture', 'events'],
  check: ({ ring_size, drain_interval, pids, max_ahead, max_call, unknown_bytes, unknown_request, ...more }) => [
    ...checkProviders(more),
    ...(pids.includes(1)
      ? [{ path: ['pids'], message: 'names process 1, above which nothing stands', hint: 'write scope: machine' }]
      : []),
    ...(max_ahead >= 65_536 ? [] : [{ path: ['max_ahead'], message: 'is less than 64KiB', hint: 'write 64MiB' }]),
    ...(max_call >= 1024 ? [] : [{ path: ['max_call'], message: 'is less than 1KiB', hint: 'write 16MiB' }]),
    ...(unknown_bytes >= 256
      ? []
      : [{ path: ['unknown_bytes'], message: 'is too little to tell a model call by', hint: 'write 4KiB' }]),
    ...(unknown_request >= unknown_bytes
      ? []
      : [{ path: ['unknown_request'], message: 'is less than unknown_bytes', hint: 'write 4MiB' }]),
    ...(isRing(ring_size)
      ? []
      : [{ path: ['ring_size'], message: 'is no power of two from 64KiB to 1GiB', hint: 'write 32MiB' }]),
    ...(drain_interval >= 1 && drain_interval <= 1000
      ? []
      : [{ path: ['drain_interval'], message: 'is not between 1ms and 1s', hint: 'write 5ms' }]),
  ],
  create: (context, config, next) => new EbpfReceiver(context, config, next),
});

/** What the kernel takes for a ring. */
function isRing(bytes: number): boolean {
  return bytes >= 65_536 && bytes <= 2 ** 30 && Number.isInteger(Math.log2(bytes));
}
