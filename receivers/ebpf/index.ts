import { defineReceiver } from '../../core/index.ts';
import { schema } from './config.ts';
import { EbpfReceiver } from './receiver.ts';

/** Sees what AI agents on this machine send, receive and do, from outside: uprobes in TLS libraries, tracepoints for the rest. Linux only. */
export const ebpfReceiver = defineReceiver({
  type: 'ebpf',
  summary: 'Captures model calls and the effects of AI agents on Linux, live, by eBPF.',
  stability: 'alpha',
  schema,
  emits: ['capture', 'events'],
  create: (context, config, next) => new EbpfReceiver(context, config, next),
});
