import type { Attribute, SpanRecord } from '../../core/index.ts';
import { Attributes } from './attributes.ts';

/**
 * What Langfuse reads and our other attributes do not tell it (langfuse/langfuse, packages/shared/src/server/otel: attributes.ts,
 * ObservationTypeMapper.ts, OtelIngestionProcessor.ts, 2026-11). Input and output it takes from `gen_ai.input.messages`, `gen_ai.output.messages`
 * and `gen_ai.tool.call.*`, the model from `gen_ai.response.model`, parameters from `gen_ai.request.*`, an error from the status.
 */
export function langfuseAttributes(span: SpanRecord): readonly Attribute[] {
  const of = (key: string): unknown => span.attributes.find((a) => a.key === key)?.value;
  const operation = of('gen_ai.operation.name');
  const type = typeOf(operation, of('gen_ai.request.model') ?? of('gen_ai.response.model'));
  const a = new Attributes()
    // without it whatever has a gen_ai.tool.call.id counts as a tool
    .text('langfuse.observation.type', type)
    .text('langfuse.user.id', of('user.name') ?? of('user.id'));
  if (operation === 'invoke_agent') {
    if (span.parentSpanId === undefined) a.text('langfuse.trace.name', of('gen_ai.agent.name'));
    // Langfuse sums over all observations itself: the sums of the agent would count twice
    a.text('langfuse.observation.usage_details', '{}');
  } else if (type === 'generation' || type === 'embedding') {
    a.text('langfuse.observation.usage_details', usageOf(of))
      .text('langfuse.observation.cost_details', costOf(of))
      .text('langfuse.observation.completion_start_time', firstChunk(span, of('gen_ai.response.time_to_first_chunk')));
  }
  return a.list;
}

function typeOf(operation: unknown, model: unknown): string {
  switch (operation) {
    case 'invoke_agent':
      return 'agent';
    case 'execute_tool':
      return 'tool';
    case 'retrieval':
      return 'retriever';
    case 'embeddings':
      return 'embedding';
    case undefined:
      return 'span';
    default:
      return model === undefined && operation !== 'chat' ? 'span' : 'generation';
  }
}

type Read = (key: string) => unknown;

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** Token counts that exclude one another, as Langfuse's price list has them. */
function usageOf(of: Read): string | undefined {
  const input = of('gen_ai.usage.input_tokens');
  const output = of('gen_ai.usage.output_tokens');
  if (typeof input !== 'number' && typeof output !== 'number') return undefined;
  const read = count(of('gen_ai.usage.cache_read.input_tokens'));
  const written = count(of('gen_ai.usage.cache_creation.input_tokens'));
  const reasoning = count(of('gen_ai.usage.reasoning.output_tokens'));
  return JSON.stringify({
    input: Math.max(0, count(input) - read - written),
    output: Math.max(0, count(output) - reasoning),
    ...(read > 0 && { input_cached_tokens: read }),
    ...(written > 0 && { input_cache_creation: written }),
    ...(reasoning > 0 && { output_reasoning_tokens: reasoning }),
    total: count(input) + count(output),
  });
}

function costOf(of: Read): string | undefined {
  const total = of('oisp.cost.total_usd');
  if (typeof total !== 'number') return undefined;
  const [input, output] = [of('oisp.cost.input_usd'), of('oisp.cost.output_usd')];
  return JSON.stringify({
    ...(typeof input === 'number' && { input }),
    ...(typeof output === 'number' && { output }),
    total,
  });
}

function firstChunk(span: SpanRecord, seconds: unknown): string | undefined {
  if (typeof seconds !== 'number') return undefined;
  const ms = Number(span.start / 1_000_000n) + seconds * 1000;
  return Number.isFinite(ms) ? new Date(ms).toISOString() : undefined;
}
