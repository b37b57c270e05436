import type { OispEvent } from './event/types.ts';
import type { SpanRecord } from './otel/span.ts';
import type { Receipt } from './receipt.ts';

/** What travels: read-only, tagged by signal. To change an event, build a new one. */
export type Batch = EventsBatch | SpansBatch;

export type Signal = Batch['signal'];

export interface EventsBatch {
  readonly signal: 'events';
  readonly events: readonly OispEvent[];
  /** True where the source shows what happens now (live capture, a followed file): silence then means that time goes on. */
  readonly live?: boolean;
  /** The input that these events were made from; none for live capture. */
  readonly receipts?: readonly Receipt[];
}

export interface SpansBatch {
  readonly signal: 'spans';
  /** Finished spans: each is exported once, as it is. */
  readonly spans: readonly SpanRecord[];
  readonly receipts?: readonly Receipt[];
}

/** How many events or spans a batch holds. */
export function sizeOf(batch: Batch): number {
  switch (batch.signal) {
    case 'events':
      return batch.events.length;
    case 'spans':
      return batch.spans.length;
    default:
      return batch satisfies never;
  }
}

/** What a pipeline's exporters deliver, as in the Collector. */
export type PipelineKind = 'traces' | 'logs' | 'metrics';

export const PIPELINE_KINDS: readonly PipelineKind[] = ['traces', 'logs', 'metrics'];
