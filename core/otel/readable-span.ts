import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api';
import type { Resource as SdkResource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { SCHEMA_URL } from './encoder.ts';
import type { Attribute, Resource, Scope, SpanRecord } from './span.ts';

/** `SpanStatusCode` of @opentelemetry/api 1.9. */
const UNSET = 0;
const ERROR = 2;
const SAMPLED = 1;

const resources = new WeakMap<Resource, SdkResource>();

/**
 * A span as the JS SDK's exporters read it (`ReadableSpan` of sdk-trace-base 2.x; nothing of the SDK is imported at run time). Spans of one
 * resource share one resource object, because those exporters group by identity; give the same `scope` object for the same reason. The
 * SDK has no typed numbers: a whole double leaves its exporters as an int.
 */
export function toReadableSpan(span: SpanRecord, scope: Scope): ReadableSpan {
  const { traceId } = span;
  const startTime = hrTime(span.start);
  const endTime = hrTime(span.end);
  return {
    name: span.name,
    kind: span.kind - 1,
    spanContext: () => ({ traceId, spanId: span.spanId, traceFlags: SAMPLED }),
    ...(span.parentSpanId === undefined
      ? {}
      : { parentSpanContext: { traceId, spanId: span.parentSpanId, traceFlags: SAMPLED } }),
    startTime,
    endTime,
    duration: hrTime(span.end > span.start ? span.end - span.start : 0n),
    ended: true,
    status:
      span.status === undefined
        ? { code: UNSET }
        : { code: ERROR, ...(span.status.message === undefined ? {} : { message: span.status.message }) },
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map((event) => ({
      name: event.name,
      time: hrTime(event.time),
      attributes: attributesOf(event.attributes),
    })),
    links: (span.links ?? []).map((link) => ({
      context: { traceId: link.traceId, spanId: link.spanId, traceFlags: SAMPLED },
      attributes: attributesOf(link.attributes),
    })),
    resource: resourceOf(span.resource),
    instrumentationScope: scopeOf(scope),
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

const scopes = new WeakMap<Scope, Scope & { readonly schemaUrl: string }>();

function scopeOf(scope: Scope): Scope & { readonly schemaUrl: string } {
  let known = scopes.get(scope);
  if (known === undefined) {
    known = { name: scope.name, version: scope.version, schemaUrl: SCHEMA_URL };
    scopes.set(scope, known);
  }
  return known;
}

function resourceOf(resource: Resource): SdkResource {
  let known = resources.get(resource);
  if (known === undefined) {
    known = sdkResource(attributesOf(resource.attributes));
    resources.set(resource, known);
  }
  return known;
}

function sdkResource(attributes: Attributes): SdkResource {
  const self: SdkResource = {
    attributes,
    schemaUrl: SCHEMA_URL,
    asyncAttributesPending: false,
    getRawAttributes: () => Object.entries(attributes),
    merge: (other) => (other === null ? self : sdkResource({ ...attributes, ...other.attributes })),
  };
  return self;
}

/** The SDK has a map where OTLP has a list: of two attributes with one key the last stays. */
function attributesOf(attributes: readonly Attribute[]): Attributes {
  const out: Record<string, AttributeValue> = Object.create(null); // `__proto__` is a key like any other
  for (const { key, type, value } of attributes) {
    if (type === 'any') out[key] = JSON.stringify(value) ?? '';
    else out[key] = typeof value === 'object' ? [...value] : value;
  }
  return out;
}

function hrTime(nanos: bigint): HrTime {
  const held = nanos < 0n ? 0n : nanos;
  return [Number(held / 1_000_000_000n), Number(held % 1_000_000_000n)];
}
