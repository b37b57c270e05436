import type { ReceiverDefinition } from '../core/index.ts';
import { ebpfReceiver } from './ebpf/index.ts';
import { jsonlReceiver } from './jsonl/index.ts';

/** The receivers that a config may name. */
export const receivers: readonly ReceiverDefinition[] = [ebpfReceiver, jsonlReceiver];
