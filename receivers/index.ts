import type { ReceiverDefinition } from '../core/index.ts';
import { jsonlReceiver } from './jsonl/index.ts';

/** The receivers that a config may name. */
export const receivers: readonly ReceiverDefinition[] = [jsonlReceiver];
