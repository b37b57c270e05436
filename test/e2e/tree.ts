/** A span as a backend gives it back, in one form for both query APIs of Jaeger. */
export interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentId?: string;
  readonly name: string;
  readonly kind: string;
  readonly error: boolean;
  readonly service: string;
  /** Nanoseconds since 1970. */
  readonly start: bigint;
  readonly end: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly spanId: string; readonly traceId: string; readonly type?: string }[];
}

const KINDS = ['unspecified', 'internal', 'server', 'client', 'producer', 'consumer'];

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => (typeof value === 'object' && value !== null ? { ...value } : {});
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The value of an OTLP/JSON `AnyValue` (opentelemetry-proto, common.proto). */
function anyValue(value: unknown): unknown {
  const v = fields(value);
  if ('stringValue' in v) return v['stringValue'];
  if ('intValue' in v) return Number(v['intValue']);
  if ('doubleValue' in v) return Number(v['doubleValue']);
  if ('boolValue' in v) return v['boolValue'];
  if ('arrayValue' in v) return list(fields(v['arrayValue'])['values']).map(anyValue);
  if ('kvlistValue' in v) return attributesOf(fields(v['kvlistValue'])['values']);
  return undefined;
}

function attributesOf(pairs: unknown): Record<string, unknown> {
  return Object.fromEntries(list(pairs).map((pair) => [text(fields(pair)['key']), anyValue(fields(pair)['value'])]));
}

/** Spans of an OTLP/JSON `TracesData`, as `result` of Jaeger's `/api/v3/traces/{id}` holds it. */
export function spansOfOtlp(body: unknown): Span[] {
  return list(fields(body)['resourceSpans']).flatMap((resource) => {
    const service = text(attributesOf(fields(fields(resource)['resource'])['attributes'])['service.name']);
    const scopes = list(fields(resource)['scopeSpans']);
    return scopes.flatMap((scope) => list(fields(scope)['spans']).map((span) => otlpSpan(fields(span), service)));
  });
}

function otlpSpan(span: Fields, service: string): Span {
  const parentId = text(span['parentSpanId']);
  return {
    traceId: text(span['traceId']),
    spanId: text(span['spanId']),
    ...(parentId !== '' && { parentId }),
    name: text(span['name']),
    kind: KINDS[Number(span['kind'] ?? 0)] ?? '',
    error: fields(span['status'])['code'] === 2,
    service,
    start: BigInt(text(span['startTimeUnixNano']) || 0),
    end: BigInt(text(span['endTimeUnixNano']) || 0),
    attributes: attributesOf(span['attributes']),
    links: list(span['links']).map((link) => {
      const type = attributesOf(fields(link)['attributes'])['oisp.link.type'];
      return {
        spanId: text(fields(link)['spanId']),
        traceId: text(fields(link)['traceId']),
        ...(typeof type === 'string' && { type }),
      };
    }),
  };
}

/** What Jaeger's older API (`/api/traces/{id}`), which its UI reads, says of a span's place: id, CHILD_OF parent, service, error mark. */
export interface LegacySpan {
  readonly spanId: string;
  readonly parentId?: string;
  readonly name: string;
  readonly kind: string;
  readonly error: boolean;
  readonly service: string;
  readonly warnings: readonly string[];
}

/** Spans of the older API's answer. */
export function spansOfLegacy(body: unknown): LegacySpan[] {
  return list(fields(body)['data']).flatMap((trace) => {
    const processes = fields(fields(trace)['processes']);
    return list(fields(trace)['spans']).map((item) => {
      const span = fields(item);
      const tags = Object.fromEntries(
        list(span['tags']).map((tag) => [text(fields(tag)['key']), fields(tag)['value']]),
      );
      const parent = list(span['references']).find((r) => fields(r)['refType'] === 'CHILD_OF');
      return {
        spanId: text(span['spanID']),
        ...(parent !== undefined && { parentId: text(fields(parent)['spanID']) }),
        name: text(span['operationName']),
        kind: text(tags['span.kind']) || 'unspecified',
        error: tags['error'] === true,
        service: text(fields(processes[text(span['processID'])])['serviceName']),
        warnings: list(span['warnings']).map(text),
      };
    });
  });
}

/** Where the older API shows another tree than the newer one; empty when both agree. */
export function compareLegacy(spans: readonly Span[], legacy: readonly LegacySpan[]): string[] {
  const out: string[] = [];
  const byId = new Map(legacy.map((span) => [span.spanId, span]));
  if (legacy.length !== spans.length) out.push(`the older API shows ${legacy.length} spans, the newer ${spans.length}`);
  for (const span of spans) {
    const other = byId.get(span.spanId);
    if (!other) {
      out.push(`${span.name}: not shown by the older API`);
      continue;
    }
    for (const key of ['parentId', 'name', 'kind', 'error', 'service'] as const) {
      if (span[key] !== other[key])
        out.push(`${span.name}: ${key} is ${String(other[key])} in the older API, not ${String(span[key])}`);
    }
    for (const warning of other.warnings) out.push(`${span.name}: ${warning}`);
  }
  return out;
}

/** Spans by their place in the tree. */
export class Tree {
  readonly spans: readonly Span[];
  readonly #byId = new Map<string, Span>();

  constructor(spans: readonly Span[]) {
    this.spans = spans;
    for (const span of spans) this.#byId.set(`${span.traceId}/${span.spanId}`, span);
  }

  parent(span: Span): Span | undefined {
    return span.parentId === undefined ? undefined : this.#byId.get(`${span.traceId}/${span.parentId}`);
  }

  root(span: Span): Span {
    let at = span;
    const seen = new Set([at]);
    for (let up = this.parent(at); up && !seen.has(up); up = this.parent(at)) {
      seen.add(up);
      at = up;
    }
    return at;
  }

  /** The tool call whose effect a span is: the first `execute_tool` above it, with no agent between. */
  tool(span: Span): Span | undefined {
    for (let at = this.parent(span); at && at !== span; at = this.parent(at)) {
      const operation = operationOf(at);
      if (operation === 'execute_tool') return at;
      if (operation === 'invoke_agent') return undefined;
    }
    return undefined;
  }

  children(span: Span): Span[] {
    return this.spans.filter((s) => s.traceId === span.traceId && s.parentId === span.spanId);
  }
}

/** `gen_ai.operation.name`. */
export function operationOf(span: Span): unknown {
  return span.attributes['gen_ai.operation.name'];
}

/** `process.exec`, `file.read`, `network.connect` and so on; undefined for spans that are no effect. */
export function effectOf(span: Span): string | undefined {
  return /^(process\.exec|file\.\w+|network\.\w+)(?: |$)/.exec(span.name)?.[1];
}
