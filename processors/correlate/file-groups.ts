import { type FileData, matchOf, spanId } from '../../core/index.ts';
import { pathOf } from './spans.ts';
import type { Effect, FileGroup } from './state.ts';

const MAX_EVENT_IDS = 4;

/** What operations have in common that are one span: process, kind and file, by its match key since names may be taken out. */
export function fileKey({ proc, event }: Effect): string {
  return `${proc.pid} ${proc.startTime ?? ''} ${event.event_type} ${matchOf(event)?.paths?.[0] ?? pathOf(event)}`;
}

/** The first operation on a file. */
export function fileGroup(
  effect: Effect,
  key: string,
  place: Pick<FileGroup, 'parentSpanId' | 'tool' | 'rule' | 'confidence'>,
): FileGroup {
  const { event, at } = effect;
  const data = event.data as FileData;
  return {
    key,
    first: effect,
    spanId: spanId('file', event.event_id),
    parentSpanId: place.parentSpanId,
    tool: place.tool,
    rule: place.rule,
    confidence: place.confidence,
    eventIds: [event.event_id],
    last: at,
    count: 1,
    bytes: bytesOf(data),
    created: data.created === true,
    truncated: data.truncated === true,
  };
}

/** One more operation on the same file. Of its events the first ones and the last are named. */
export function addTo(group: FileGroup, { event, at }: Effect): void {
  group.count++;
  group.last = at;
  group.bytes += bytesOf(event.data as FileData);
  if (group.eventIds.length < MAX_EVENT_IDS) group.eventIds.push(event.event_id);
  else group.eventIds[MAX_EVENT_IDS - 1] = event.event_id;
}

function bytesOf({ bytes_read, bytes_written }: FileData): number {
  return bytes_read ?? bytes_written ?? 0;
}
