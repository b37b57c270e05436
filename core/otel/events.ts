import { LRUCache } from 'lru-cache';
import { parseNanos } from '../event/time.ts';
import type { OispEvent } from '../event/types.ts';
import { AttributeList } from './attribute-list.ts';
import { attributesOf, DETAILS_EVENT, detailsIn } from './event-attributes.ts';
import { appAttributes, hostAttributes } from './resource.ts';
import { named, type Semconv, schemaUrlOf } from './semconv.ts';
import type { Attribute, LogRecord, Resource } from './span.ts';

/** Which events an exporter sends beside spans. `late`: those whose span was exported before they came. */
export type EventChoice = 'none' | 'late' | 'effects' | 'all';

/**
 * Whether an event belongs to a choice. `effects` are what processes do: process.*, file.*, network.*, and all that is late. The content of model
 * calls, which `correlate` gives as events only where it is told to, belongs to all but `none`.
 */
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
  return event.attrs?.['oisp.late'] === true || event.event_type === DETAILS_EVENT;
}

/** Resources kept so that records of one host and app share one object: the encoders group by identity. */
const MAX_RESOURCES = 1024;

/** Texts of log records are cut beyond so many UTF-16 units; content, which is longer, was fitted where it was made. */
const MAX_TEXT = 16 * 1024;

/**
 * Turns events into log records (`opentelemetry-proto` logs.proto). The event's name is its type, of `agent.session` `oisp.agent.session`. Holds no
 * content but that of `gen_ai.client.inference.operation.details`.
 */
export class EventRecords {
  readonly #semconv: Semconv;
  readonly #resources = new LRUCache<string, Resource>({ max: MAX_RESOURCES });

  constructor(semconv: Semconv = '1.41') {
    this.#semconv = semconv;
  }

  /** The record of one event. An event without a valid time stands at 1970: it is sent, not lost. */
  record(event: OispEvent): LogRecord {
    const context = event.trace_context;
    const inTrace = context !== undefined && isId(context.trace_id, 32);
    const details = detailsIn(event);
    return {
      eventName: event.event_type === 'agent.session' ? 'oisp.agent.session' : event.event_type,
      time: parseNanos(event.ts) ?? 0n,
      severity: isWarning(event) ? 13 : 9,
      ...(inTrace ? { traceId: context.trace_id } : {}),
      ...(inTrace && isId(context.span_id, 16) ? { spanId: context.span_id } : {}),
      attributes: details?.attributes ?? named(attributesOf(event).map(cut), this.#semconv),
      resource: details?.resource ?? this.#resource(event),
    };
  }

  #resource(event: OispEvent): Resource {
    const list = new AttributeList();
    const { app } = event;
    list.string('service.name', app?.app_id ?? app?.name ?? baseName(event.process?.exe) ?? 'unknown_service');
    list.string('service.version', app?.version);
    list.string('service.namespace', 'oisp');
    const attributes = [...list.attributes, ...hostAttributes(event), ...appAttributes(event)];
    const key = attributes.map((a) => `${a.key}\0${String(a.value)}`).join('\0');
    let resource = this.#resources.get(key);
    if (resource === undefined) {
      const isNext = this.#semconv === 'genai-next';
      resource = { attributes, ...(isNext && { schemaUrl: schemaUrlOf(this.#semconv) }) };
      this.#resources.set(key, resource);
    }
    return resource;
  }
}

/** What failed, and what the capture lost. */
function isWarning(event: OispEvent): boolean {
  const success = (event.data as { readonly success?: unknown } | undefined)?.success;
  return success === false || event.event_type === 'capture.lost';
}

function cut(attribute: Attribute): Attribute {
  if (attribute.type !== 'string' || attribute.value.length <= MAX_TEXT) return attribute;
  const value = attribute.value.slice(0, MAX_TEXT);
  return { ...attribute, value };
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
