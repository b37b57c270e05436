import { anyJson } from './any.ts';
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
import { splitJson } from './split-json.ts';

const MAX_KEYS = 4096;
const MAX_TIME = 0x7fff_ffff_ffff_ffffn;
const HEADS = { spans: '{"resourceSpans":[', logs: '{"resourceLogs":[' } as const;
const TAIL = ']}';

/**
 * OTLP/JSON (opentelemetry-proto docs/specification.md, "JSON Protobuf Encoding"): ids as hex, 64-bit integers as decimal strings, enums
 * as numbers, defaults left out. One request is one line without its line feed. Lone surrogates become U+FFFD.
 */
export class JsonEncoder implements OtlpEncoder {
  readonly contentType = 'application/json';
  readonly #scope: string;
  readonly #keys = new Map<string, string>();
  readonly #resources = new WeakMap<Resource, string>();
  readonly #onDropped: OnDropped | undefined;
  #dropped = 0;

  constructor(scope: Scope, onDropped?: OnDropped) {
    this.#scope = `{"name":${quote(scope.name)},"version":${quote(scope.version)}}`;
    this.#onDropped = onDropped;
  }

  spans(spans: readonly SpanRecord[]): Buffer {
    return Buffer.from(this.#request(HEADS.spans, 'scopeSpans', 'spans', spans, (span) => this.#span(span)));
  }

  logs(records: readonly LogRecord[]): Buffer {
    return Buffer.from(this.#request(HEADS.logs, 'scopeLogs', 'logRecords', records, (record) => this.#log(record)));
  }

  join(requests: readonly Buffer[]): Buffer {
    const [first] = requests;
    if (first === undefined) return Buffer.alloc(0);
    if (requests.length === 1) return first;
    const head = first.subarray(0, first.indexOf('[') + 1);
    const comma = Buffer.from(',');
    const pieces: Buffer[] = [head];
    for (const request of requests) {
      const body = request.subarray(head.length, request.length - TAIL.length);
      if (body.length === 0) continue;
      if (pieces.length > 1) pieces.push(comma);
      pieces.push(body);
    }
    return Buffer.concat([...pieces, Buffer.from(TAIL)]);
  }

  split(request: Buffer): readonly [RequestPart, RequestPart] | undefined {
    return splitJson(request);
  }

  #request<T extends { readonly resource: Resource }>(
    head: string,
    scoped: string,
    name: string,
    records: readonly T[],
    write: (record: T) => string,
  ): string {
    let out = head;
    let first = true;
    for (const [resource, group] of byResource(records)) {
      out += `${first ? '' : ','}{"resource":${this.#resource(resource)},"${scoped}":[{"scope":${this.#scope},"${name}":[`;
      for (let i = 0; i < group.length; i++) out += (i === 0 ? '' : ',') + write(group[i] as T);
      out += `],"schemaUrl":${quote(resource.schemaUrl ?? SCHEMA_URL)}}],"schemaUrl":"${SCHEMA_URL}"}`;
      first = false;
    }
    if (this.#dropped > 0) {
      this.#onDropped?.(this.#dropped);
      this.#dropped = 0;
    }
    return out + TAIL;
  }

  #resource(resource: Resource): string {
    let text = this.#resources.get(resource);
    if (text === undefined) {
      text = `{"attributes":${this.#attributes(resource.attributes)}}`;
      this.#resources.set(resource, text);
    }
    return text;
  }

  #span(span: SpanRecord): string {
    let out = `{"traceId":"${span.traceId}","spanId":"${span.spanId}"`;
    if (span.parentSpanId !== undefined) out += `,"parentSpanId":"${span.parentSpanId}"`;
    out += `,"flags":${SPAN_FLAGS},"name":${quote(span.name)},"kind":${span.kind}`;
    out += `,"startTimeUnixNano":"${time(span.start)}","endTimeUnixNano":"${time(span.end)}"`;
    out += `,"attributes":${this.#attributes(span.attributes)}`;
    if (span.events !== undefined && span.events.length > 0) {
      const events = span.events.map(
        (e) =>
          `{"timeUnixNano":"${time(e.time)}","name":${quote(e.name)},"attributes":${this.#attributes(e.attributes)}}`,
      );
      out += `,"events":[${events.join(',')}]`;
    }
    if (span.links !== undefined && span.links.length > 0) {
      const links = span.links.map(
        (l) =>
          `{"traceId":"${l.traceId}","spanId":"${l.spanId}","attributes":${this.#attributes(l.attributes)},"flags":${SPAN_FLAGS}}`,
      );
      out += `,"links":[${links.join(',')}]`;
    }
    if (span.status !== undefined) {
      out += `,"status":{${span.status.message === undefined ? '' : `"message":${quote(span.status.message)},`}"code":2}`;
    }
    return `${out}}`;
  }

  #log(record: LogRecord): string {
    const at = time(record.time);
    let out = `{"timeUnixNano":"${at}","observedTimeUnixNano":"${at}","severityNumber":${record.severity}`;
    out += `,"severityText":"${SEVERITY_TEXT[record.severity]}","eventName":${quote(record.eventName)}`;
    out += `,"attributes":${this.#attributes(record.attributes)}`;
    if (record.traceId !== undefined) out += `,"traceId":"${record.traceId}"`;
    if (record.spanId !== undefined) out += `,"spanId":"${record.spanId}"`;
    return `${out}}`;
  }

  #attributes(attributes: readonly Attribute[]): string {
    let out = '[';
    for (const attribute of attributes) {
      const value = this.#value(attribute);
      if (value === undefined) continue;
      out += `${out.length > 1 ? ',' : ''}${this.#key(attribute.key)}${value}}}`;
    }
    return `${out}]`;
  }

  #value(attribute: Attribute): string | undefined {
    switch (formOf(attribute)) {
      case 'string':
        return `"stringValue":${quote(attribute.value as string)}`;
      case 'int':
        return `"intValue":"${Number.isSafeInteger(attribute.value) ? attribute.value : BigInt(attribute.value as number)}"`;
      case 'double':
        return `"doubleValue":${Object.is(attribute.value, -0) ? '-0' : attribute.value}`;
      case 'bool':
        return `"boolValue":${attribute.value}`;
      case 'strings': {
        const values = (attribute.value as readonly string[]).map((text) => `{"stringValue":${quote(text)}}`);
        return `"arrayValue":{"values":[${values.join(',')}]}`;
      }
      case 'any':
        return anyJson(attribute.value, quote);
      case 'none':
        this.#dropped++;
        return undefined;
    }
  }

  /** `{"key":"…","value":{` */
  #key(key: string): string {
    let text = this.#keys.get(key);
    if (text === undefined) {
      text = `{"key":${quote(key)},"value":{`;
      if (this.#keys.size < MAX_KEYS && key.length <= 256) this.#keys.set(key, text);
    }
    return text;
  }
}

function time(nanos: bigint): bigint {
  return nanos < 0n ? 0n : nanos > MAX_TIME ? MAX_TIME : nanos;
}

/** JSON.stringify escapes lone surrogates as `\udXXX`, and only those: the rare text that has one is repaired and written again. */
function quote(text: string): string {
  const quoted = JSON.stringify(text);
  return quoted.includes('\\ud') ? JSON.stringify(text.replace(/[\ud800-\udfff]/gu, '\ufffd')) : quoted;
}
