import { LRUCache } from 'lru-cache';
import { parseNanos } from '../event/time.ts';
import type { OispEvent } from '../event/types.ts';
import { AttributeList, attributesOf } from './event-attributes.ts';
import type { LogRecord, Resource } from './span.ts';

/** Which events an exporter sends beside spans. `late`: those whose span was exported before they came. */
export type EventChoice = 'none' | 'late' | 'effects' | 'all';

/** Whether an event belongs to a choice. `effects` are what processes do: process.*, file.*, network.*, and all that is late. */
export function isChosen(event: OispEvent, choice: EventChoice): boolean {
  switch (choice) {
    case 'none':
      return false;
    case 'late':
      return isLate(event);
    case 'effects':
      return /^(?:process|file|network)\./.test(event.event_type) || isLate(event);
    case 'all':
      return true;
    default:
      return choice satisfies never;
  }
}

function isLate(event: OispEvent): boolean {
  return event.attrs?.['oisp.late'] === true;
}

/** x86_64 and its like, by the names of `host.arch` (semantic conventions 1.41). */
const ARCH: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64', i686: 'x86', arm: 'arm32' };

/** Resources kept so that records of one host and app share one object: the encoders group by identity. */
const MAX_RESOURCES = 1024;

/** Turns events into log records (`opentelemetry-proto` logs.proto; the event's name is its type). Holds no content. */
export class EventRecords {
  readonly #resources = new LRUCache<string, Resource>({ max: MAX_RESOURCES });

  /** The record of one event. An event without a valid time stands at 1970: it is sent, not lost. */
  record(event: OispEvent): LogRecord {
    const context = event.trace_context;
    const success = (event.data as { readonly success?: unknown } | undefined)?.success;
    const inTrace = context !== undefined && isId(context.trace_id, 32);
    return {
      eventName: event.event_type,
      time: parseNanos(event.ts) ?? 0n,
      severity: success === false ? 13 : 9,
      ...(inTrace ? { traceId: context.trace_id } : {}),
      ...(inTrace && isId(context.span_id, 16) ? { spanId: context.span_id } : {}),
      attributes: attributesOf(event),
      resource: this.#resource(event),
    };
  }

  #resource(event: OispEvent): Resource {
    const list = new AttributeList();
    const { host, app } = event;
    list.string('service.name', app?.app_id ?? app?.name ?? baseName(event.process?.exe) ?? 'unknown_service');
    list.string('service.version', app?.version);
    list.string('service.namespace', 'oisp');
    list.string('host.id', host?.device_id);
    list.string('host.name', host?.hostname);
    list.string('host.arch', host?.arch === undefined ? undefined : (ARCH[host.arch] ?? host.arch));
    list.string('os.type', host?.os === 'other' ? undefined : host?.os);
    const key = list.attributes.map((a) => `${a.key}\0${String(a.value)}`).join('\0');
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      resource = { attributes: list.attributes };
      this.#resources.set(key, resource);
    }
    return resource;
  }
}

/** Whether a text is a valid id of lower-case hex digits, not all zero (W3C Trace Context 3.2.2). */
function isId(text: unknown, digits: number): boolean {
  return typeof text === 'string' && text.length === digits && /^[0-9a-f]+$/.test(text) && !/^0+$/.test(text);
}

function baseName(path: unknown): string | undefined {
  if (typeof path !== 'string') return undefined;
  const name = path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
  return name === '' ? undefined : name;
}
