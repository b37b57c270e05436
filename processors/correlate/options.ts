import type { SpanOptions } from './spans.ts';

/** Times are nanoseconds of event time. */
export interface CorrelateOptions extends SpanOptions {
  readonly windowNs: number;
  readonly idleNs: number;
  readonly sideWaitNs: number;
  readonly maxSpans: number;
  readonly maxBytes: number;
  readonly maxTurnNs: number;
  readonly maxPerTool: number;
  readonly maxConversations: number;
  readonly maxProcesses: number;
  readonly serviceNamespace: string;
}

export const MS = 1e6;
export const SECOND = 1e9;
