import {
  type Attribute,
  DETAILS_EVENT,
  type DetailsData,
  eventId,
  formatNanos,
  named,
  type OispEvent,
  type Semconv,
  type SpanRecord,
} from '../../core/index.ts';
import type { OutMessage } from './content.ts';
import { bounded, fitDefinitions, fitMessages, fitParts, fitText, fitValue } from './fit.ts';
import { langfuseAttributes } from './langfuse.ts';
import type { SpanOptions } from './spans.ts';
import { sizeOf } from './trace-size.ts';

/** UTF-8 bytes of one content attribute of a log record: what Loki takes as a line. */
const MAX_DETAIL_BYTES = 256 * 1024;

/** What leaves of a span. */
export interface Finished {
  readonly span: SpanRecord;
  /** The `gen_ai.client.inference.operation.details` of a model call, where content leaves on log records. */
  readonly details?: OispEvent;
  readonly bytes: number;
}

/** A span as the options want it: content in its form and place, names of the conventions, every text within its bound. */
export function finish(raw: SpanRecord, options: SpanOptions): Finished {
  const { mode, maxAttributeBytes: max, semconv, preset } = options;
  const onSpan = mode === 'span' || mode === 'both';
  let attributes: readonly Attribute[] = raw.attributes.flatMap((attribute) => {
    if (attribute.type !== 'any') return [bounded(attribute, max)];
    const value = onSpan ? textOf(attribute, max, semconv) : undefined;
    return value === undefined ? [] : [{ key: attribute.key, type: 'string' as const, value }];
  });
  if (preset === 'langfuse') attributes = [...attributes, ...langfuseAttributes(raw)];
  attributes = named(attributes, semconv);
  const { status } = raw;
  const span: SpanRecord = {
    ...raw,
    attributes,
    ...(raw.events && {
      events: raw.events.map((e) => ({ ...e, attributes: e.attributes.map((a) => bounded(a, max)) })),
    }),
    ...(status?.message !== undefined && { status: { ...status, message: fitText(status.message, max) } }),
  };
  const details = (mode === 'event' || mode === 'both') && isInference(raw) ? detailsOf(raw, options) : undefined;
  return { span, bytes: sizeOf(span), ...(details && { details }) };
}

function isInference(span: SpanRecord): boolean {
  return span.attributes.some(({ key, value }) => key === 'gen_ai.operation.name' && INFERENCE.has(value));
}
const INFERENCE = new Set<unknown>(['chat', 'text_completion', 'generate_content']);

/** A content attribute with its structure, as the conventions want it. */
function contentOf({ key, value }: Attribute, semconv: Semconv): unknown {
  if (semconv !== 'genai-next') return value;
  switch (key) {
    case 'gen_ai.output.messages':
      // deprecated there in favour of gen_ai.response.finish_reasons
      return (value as readonly OutMessage[]).map(({ finish_reason: _, ...message }) => message);
    case 'gen_ai.system_instructions':
      return (value as readonly unknown[]).map(asTextPart);
    default:
      return value;
  }
}

/** Content that is too long, within its bound. */
function shortened(key: string, value: unknown, max: number, semconv: Semconv): unknown {
  switch (key) {
    case 'gen_ai.input.messages':
    case 'gen_ai.output.messages':
      return fitMessages(value as readonly OutMessage[], max);
    case 'gen_ai.system_instructions':
      return semconv === 'genai-next'
        ? fitTextParts(value as readonly unknown[], max)
        : fitParts(value as readonly unknown[], max);
    case 'gen_ai.tool.definitions':
      return fitDefinitions(value as readonly unknown[], max);
    default:
      return value;
  }
}

/** The text of a content attribute: most content is short, and written once. */
function textOf(attribute: Attribute, max: number, semconv: Semconv): string | undefined {
  const value = contentOf(attribute, semconv);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === undefined || Buffer.byteLength(text) <= max) return text;
  return fitValue(shortened(attribute.key, value, max, semconv), max);
}

/** Instructions may only have text parts: marks become words. */
function asTextPart(part: unknown): unknown {
  const { type, reason, bytes } = part as Readonly<Record<string, unknown>>;
  if (type === 'text') return part;
  if (type === 'oisp.truncated') return { type: 'text', content: `[+${String(bytes)} bytes]` };
  return { type: 'text', content: `[${String(type)}: ${String(reason ?? '')}]` };
}

function fitTextParts(parts: readonly unknown[], max: number): readonly unknown[] {
  const texts = fitParts(parts, max - 64).map(asTextPart);
  const bytes = Buffer.byteLength(JSON.stringify(texts));
  return bytes <= max ? texts : [asTextPart({ type: 'oisp.truncated', bytes })];
}

/** What a log record of a model call tells beside its content. */
const DETAIL = /^(?:gen_ai\.|openai\.|aws\.|azure\.|server\.|error\.type$|session\.id$|oisp\.(?:cost\.|side_call$))/;

/**
 * `gen_ai.client.inference.operation.details` (semantic conventions 1.41, gen-ai-events.md): the attributes of the span with the content as
 * structures, at the end of the call, with the ids of its span.
 */
function detailsOf(span: SpanRecord, { semconv }: SpanOptions): OispEvent {
  const ts = formatNanos(span.end);
  const attributes = span.attributes.flatMap((attribute): Attribute[] => {
    if (!DETAIL.test(attribute.key)) return [];
    if (attribute.type !== 'any') return [bounded(attribute, MAX_DETAIL_BYTES)];
    const content = contentOf(attribute, semconv);
    return [{ ...attribute, value: shortened(attribute.key, content, MAX_DETAIL_BYTES, semconv) }];
  });
  const data: DetailsData = {
    success: span.status === undefined,
    attributes: named(attributes, semconv),
    resource: span.resource,
  };
  return {
    oisp_version: '0.1',
    event_id: eventId(ts, DETAILS_EVENT, span.traceId, span.spanId),
    event_type: DETAILS_EVENT,
    ts,
    source: { collector: 'oisp-collector' },
    confidence: { level: 'high', completeness: 'full' },
    trace_context: { trace_id: span.traceId, span_id: span.spanId },
    data,
  };
}
