/** A typed attribute: what the encoders write is what the name's convention asks for, never guessed from the value. */
export type Attribute =
  | { readonly key: string; readonly type: 'string'; readonly value: string }
  | { readonly key: string; readonly type: 'int'; readonly value: number }
  | { readonly key: string; readonly type: 'double'; readonly value: number }
  | { readonly key: string; readonly type: 'bool'; readonly value: boolean }
  | { readonly key: string; readonly type: 'strings'; readonly value: readonly string[] }
  /** A JSON value, written with its structure. Backends store that of log records; on spans it is a JSON text of type `string` (Jaeger, Tempo). */
  | { readonly key: string; readonly type: 'any'; readonly value: unknown };

/** Who made the telemetry. Shared by reference between spans; the encoders group by identity. */
export interface Resource {
  readonly attributes: readonly Attribute[];
  /** Schema of the names on its spans and log records, where it is not that of semantic conventions 1.41. */
  readonly schemaUrl?: string;
}

/** Numbers of OTLP (`opentelemetry-proto` trace.proto `SpanKind`). */
export const SPAN_KIND = { internal: 1, server: 2, client: 3 } as const;
export type SpanKind = (typeof SPAN_KIND)[keyof typeof SPAN_KIND];

export interface SpanLink {
  /** 32 and 16 lower-case hex digits. */
  readonly traceId: string;
  readonly spanId: string;
  readonly attributes: readonly Attribute[];
}

export interface SpanEvent {
  readonly name: string;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  readonly attributes: readonly Attribute[];
}

/** One finished span, ready for any encoder. Immutable; one record per span id, ever. */
export interface SpanRecord {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: SpanKind;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: readonly Attribute[];
  readonly events?: readonly SpanEvent[];
  readonly links?: readonly SpanLink[];
  /** `error` sets STATUS_CODE_ERROR; otherwise the status stays unset, as the conventions ask. */
  readonly status?: { readonly code: 'error'; readonly message?: string };
  readonly resource: Resource;
}

/** The instrumentation scope of every span and log record that this program makes. */
export interface Scope {
  readonly name: string;
  readonly version: string;
}

/** An OTel log record that stands for one OISP event. */
export interface LogRecord {
  readonly eventName: string;
  readonly time: bigint;
  /** 9 INFO, 13 WARN, 17 ERROR (`logs.proto` SeverityNumber). */
  readonly severity: 9 | 13 | 17;
  readonly traceId?: string;
  readonly spanId?: string;
  readonly attributes: readonly Attribute[];
  readonly resource: Resource;
}
