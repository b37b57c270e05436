import type { Attribute, SpanRecord } from '../../core/index.ts';

/** Attributes that a tree shows. */
const SHOWN = new Set([
  'gen_ai.operation.name',
  'gen_ai.usage.input_tokens',
  'gen_ai.usage.output_tokens',
  'gen_ai.response.finish_reasons',
  'gen_ai.tool.call.id',
  'process.executable.name',
  'process.exit.code',
  'process.command_args',
  'file.path',
  'oisp.file.bytes',
  'server.address',
  'server.port',
  'network.peer.address',
  'network.peer.port',
  'dns.question.name',
  'oisp.correlation.rule',
  'oisp.correlation.confidence',
  'oisp.effect.unexplained',
  'oisp.side_call',
  'oisp.count',
  'oisp.span.end_reason',
  'oisp.cost.total_usd',
  'error.type',
]);
const LONGEST = 512;
const MOST_WORDS = 64;
const LINK_TYPE = 'oisp.link.type';

/** The span with only what a tree shows, so that one that waits costs little whatever content it carries. */
export function slim(span: SpanRecord): SpanRecord {
  const { traceId, spanId, parentSpanId, kind, start, end, resource, links, status } = span;
  return {
    traceId,
    spanId,
    ...(parentSpanId !== undefined && { parentSpanId }),
    name: short(span.name),
    kind,
    start,
    end,
    resource,
    attributes: span.attributes.filter((a) => SHOWN.has(a.key)).map(slimAttribute),
    ...(links !== undefined && {
      links: links.slice(0, MOST_WORDS).map((l) => ({
        traceId: l.traceId,
        spanId: l.spanId,
        attributes: l.attributes.filter((a) => a.key === LINK_TYPE).map(slimAttribute),
      })),
    }),
    ...(status !== undefined && {
      status: status.message === undefined ? status : { code: status.code, message: short(status.message) },
    }),
  };
}

function slimAttribute(attribute: Attribute): Attribute {
  if (attribute.type === 'string') return { ...attribute, value: short(attribute.value) };
  if (attribute.type === 'strings') return { ...attribute, value: attribute.value.slice(0, MOST_WORDS).map(short) };
  return attribute;
}

/** A copy of its own: a slice would keep the whole text alive. */
function short(text: string): string {
  return text.length <= LONGEST ? text : Buffer.from(text.slice(0, LONGEST), 'utf16le').toString('utf16le');
}
