import type { Attribute, LogRecord, Resource, SpanRecord } from './span.ts';

/** Schema of all names that we send: semantic conventions 1.41, the last core release with gen_ai. */
export const SCHEMA_URL = 'https://opentelemetry.io/schemas/1.41.0';

/** W3C sampled (0x01) and "is_remote is known" (0x100), false (trace.proto `SpanFlags`); the SDK writes the same for local parents. */
export const SPAN_FLAGS = 0x101;

/** Severity texts of logs.proto numbers. */
export const SEVERITY_TEXT = { 9: 'INFO', 13: 'WARN', 17: 'ERROR' } as const;

/** Makes complete OTLP requests (opentelemetry-proto 1.x `ExportTraceServiceRequest`, `ExportLogsServiceRequest`) from records. */
export interface OtlpEncoder {
  readonly contentType: string;
  /** Records are grouped by the identity of their resource. */
  spans(spans: readonly SpanRecord[]): Buffer;
  logs(records: readonly LogRecord[]): Buffer;
  /** One request with the content of several of the same kind. */
  join(requests: readonly Buffer[]): Buffer;
  /** Two requests that together hold what one holds; undefined where it holds a single span or log record. */
  split(request: Buffer): readonly [RequestPart, RequestPart] | undefined;
}

/** A request, and how many spans or log records are in it. */
export interface RequestPart {
  readonly bytes: Buffer;
  readonly items: number;
}

/** Called with the number of attributes that have no valid form: doubles that are NaN or infinite. */
export type OnDropped = (attributes: number) => void;

/** What an attribute is written as. */
export type Form = Attribute['type'] | 'none';

/**
 * The form of an attribute: `none` for NaN and infinities (Jaeger answers 500 for a trace that holds one, JSON has no word for them),
 * `double` for an int that is not whole or leaves 64 bits, else its own type.
 */
export function formOf(attribute: Attribute): Form {
  if (attribute.type === 'double') return Number.isFinite(attribute.value) ? 'double' : 'none';
  if (attribute.type === 'int' && !Number.isSafeInteger(attribute.value)) return wide(attribute.value);
  return attribute.type;
}

function wide(value: number): Form {
  if (!Number.isFinite(value)) return 'none';
  return Number.isInteger(value) && Math.abs(value) < 2 ** 63 ? 'int' : 'double';
}

/** Records of one resource together, in the order in which the resources first appear. */
export function byResource<T extends { readonly resource: Resource }>(
  records: readonly T[],
): Iterable<readonly [Resource, readonly T[]]> {
  const first = records[0]?.resource;
  if (first === undefined) return [];
  if (records.every((record) => record.resource === first)) return [[first, records]];
  const groups = new Map<Resource, T[]>();
  for (const record of records) {
    const group = groups.get(record.resource);
    if (group) group.push(record);
    else groups.set(record.resource, [record]);
  }
  return groups;
}
