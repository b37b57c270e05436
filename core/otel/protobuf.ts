import { writeAny } from './any.ts';
import {
  byResource,
  formOf,
  type OnDropped,
  type OtlpEncoder,
  type RequestPart,
  SCHEMA_URL,
  SEVERITY_TEXT,
  SPAN_FLAGS,
} from './encoder.ts';
import type { Attribute, LogRecord, Resource, Scope, SpanRecord } from './span.ts';
import { splitProtobuf } from './split.ts';
import { ProtoWriter } from './writer.ts';

/**
 * OTLP protobuf straight from records. Field numbers are those of opentelemetry-proto 1.x trace.proto, logs.proto, resource.proto and
 * common.proto; tags are `number << 3 | wire type`. Two requests one after the other are one valid request, because all they hold is
 * one repeated field: that is what `join` relies on.
 */
export class ProtobufEncoder implements OtlpEncoder {
  readonly contentType = 'application/x-protobuf';
  readonly #writer = new ProtoWriter();
  readonly #scope: Buffer;
  readonly #schema: Buffer;
  readonly #schemas = new Map<string, Buffer>();
  readonly #resources = new WeakMap<Resource, Buffer>();
  readonly #onDropped: OnDropped | undefined;
  #dropped = 0;

  constructor(scope: Scope, onDropped?: OnDropped) {
    this.#onDropped = onDropped;
    const w = this.#writer;
    const start = w.open(0x0a);
    w.string(0x0a, scope.name);
    w.string(0x12, scope.version);
    w.close(start);
    this.#scope = w.take();
    w.string(0x1a, SCHEMA_URL);
    this.#schema = w.take();
  }

  spans(spans: readonly SpanRecord[]): Buffer {
    return this.#request(spans, (span) => this.#span(span));
  }

  logs(records: readonly LogRecord[]): Buffer {
    return this.#request(records, (record) => this.#log(record));
  }

  join(requests: readonly Buffer[]): Buffer {
    const [only] = requests;
    return requests.length === 1 && only !== undefined ? only : Buffer.concat(requests);
  }

  split(request: Buffer): readonly [RequestPart, RequestPart] | undefined {
    return splitProtobuf(request);
  }

  /** Resource{Spans,Logs} = 1, Scope{Spans,Logs} = 2 with scope = 1, records = 2, schema_url = 3: the same numbers in both signals. */
  #request<T extends { readonly resource: Resource }>(records: readonly T[], write: (record: T) => void): Buffer {
    const w = this.#writer;
    w.reset();
    for (const [resource, group] of byResource(records)) {
      const bytes = this.#resource(resource);
      const ofResource = w.open(0x0a);
      w.raw(bytes);
      const ofScope = w.open(0x12);
      w.raw(this.#scope);
      for (const record of group) write(record);
      w.raw(this.#schemaOf(resource));
      w.close(ofScope);
      w.raw(this.#schema);
      w.close(ofResource);
    }
    if (this.#dropped > 0) {
      this.#onDropped?.(this.#dropped);
      this.#dropped = 0;
    }
    return w.take();
  }

  /** schema_url = 3 of a scope. */
  #schemaOf({ schemaUrl }: Resource): Buffer {
    if (schemaUrl === undefined) return this.#schema;
    let known = this.#schemas.get(schemaUrl);
    if (known === undefined) {
      const w = new ProtoWriter();
      w.string(0x1a, schemaUrl);
      known = w.take();
      this.#schemas.set(schemaUrl, known);
    }
    return known;
  }

  /** Encoded once per object, by a writer of its own: the other one is in the middle of a request. */
  #resource(resource: Resource): Buffer {
    const known = this.#resources.get(resource);
    if (known) return known;
    const w = new ProtoWriter();
    const start = w.open(0x0a);
    this.#attributes(w, 0x0a, resource.attributes);
    w.close(start);
    const bytes = w.take();
    this.#resources.set(resource, bytes);
    return bytes;
  }

  #span(span: SpanRecord): void {
    const w = this.#writer;
    const start = w.open(0x12);
    w.hex(0x0a, span.traceId);
    w.hex(0x12, span.spanId);
    if (span.parentSpanId !== undefined) w.hex(0x22, span.parentSpanId);
    w.string(0x2a, span.name);
    w.varint(0x30, span.kind);
    w.time(0x39, span.start);
    w.time(0x41, span.end);
    this.#attributes(w, 0x4a, span.attributes);
    if (span.events !== undefined) {
      for (const event of span.events) {
        const at = w.open(0x5a);
        w.time(0x09, event.time);
        w.string(0x12, event.name);
        this.#attributes(w, 0x1a, event.attributes);
        w.close(at);
      }
    }
    if (span.links !== undefined) {
      for (const link of span.links) {
        const at = w.open(0x6a);
        w.hex(0x0a, link.traceId);
        w.hex(0x12, link.spanId);
        this.#attributes(w, 0x22, link.attributes);
        w.fixed32(0x35, SPAN_FLAGS);
        w.close(at);
      }
    }
    if (span.status !== undefined) {
      const at = w.open(0x7a);
      if (span.status.message !== undefined) w.string(0x12, span.status.message);
      w.varint(0x18, 2);
      w.close(at);
    }
    w.raw(FLAGS);
    w.close(start);
  }

  #log(record: LogRecord): void {
    const w = this.#writer;
    const start = w.open(0x12);
    w.time(0x09, record.time);
    w.varint(0x10, record.severity);
    w.string(0x1a, SEVERITY_TEXT[record.severity]);
    this.#attributes(w, 0x32, record.attributes);
    if (record.traceId !== undefined) w.hex(0x4a, record.traceId);
    if (record.spanId !== undefined) w.hex(0x52, record.spanId);
    w.time(0x59, record.time);
    w.string(0x62, record.eventName);
    w.close(start);
  }

  #attributes(w: ProtoWriter, tag: number, attributes: readonly Attribute[]): void {
    for (const attribute of attributes) {
      if (attribute.type === 'string') {
        w.keyString(tag, attribute.key, attribute.value);
        continue;
      }
      switch (formOf(attribute)) {
        case 'string':
          break;
        case 'int':
          w.keyInt(tag, attribute.key, attribute.value as number);
          break;
        case 'double':
          w.keyDouble(tag, attribute.key, attribute.value as number);
          break;
        case 'bool':
          w.keyBool(tag, attribute.key, attribute.value as boolean);
          break;
        case 'strings':
          w.keyStrings(tag, attribute.key, attribute.value as readonly string[]);
          break;
        case 'any':
          w.keyValue(tag, attribute.key, () => writeAny(w, attribute.value));
          break;
        case 'none':
          this.#dropped++;
          break;
      }
    }
  }
}

/** Span.flags = 16, fixed32: a tag of two bytes. */
const FLAGS = Uint8Array.of(0x85, 0x01, SPAN_FLAGS & 0xff, SPAN_FLAGS >> 8, 0, 0);
