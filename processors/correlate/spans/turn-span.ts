import { SPAN_KIND, type SpanRecord } from '../../../core/index.ts';
import { Attributes } from '../attributes.ts';
import { lastMessage, outputMessages } from '../content.ts';
import type { Turn } from '../state.ts';
import { actorAttributes, conversationAttributes, link, processAttributes, type SpanOptions } from './parts.ts';

/** The root of a turn, or the agent span of a sub-agent: `invoke_agent {agent}`, INTERNAL. */
export function turnSpan(turn: Turn, options: SpanOptions): SpanRecord {
  const { conversation, agent, opener, usage } = turn;
  const a = new Attributes()
    .text('gen_ai.operation.name', 'invoke_agent')
    .text('gen_ai.agent.name', agent.service)
    .text('gen_ai.agent.id', conversation.agentId)
    .text('gen_ai.agent.version', opener.app?.version)
    .text('gen_ai.provider.name', opener.attrs?.['gen_ai.provider.name']);
  conversationAttributes(a, conversation, turn, options)
    .int('gen_ai.usage.input_tokens', usage.hasInput ? usage.input : undefined)
    .int('gen_ai.usage.output_tokens', usage.hasOutput ? usage.output : undefined)
    .int('gen_ai.usage.cache_read.input_tokens', usage.cached || undefined)
    .int('gen_ai.usage.cache_creation.input_tokens', usage.cacheCreation || undefined)
    .int('gen_ai.usage.reasoning.output_tokens', usage.reasoning || undefined)
    .double('oisp.cost.total_usd', usage.cost)
    .int('oisp.turn.index', turn.index)
    .int('oisp.turn.llm_calls', turn.modelCalls)
    .int('oisp.turn.side_calls', turn.sideCalls || undefined)
    .int('oisp.turn.tool_calls', turn.toolCalls)
    .int('oisp.housekeeping.files', turn.housekeeping.files || undefined)
    .int('oisp.housekeeping.connections', turn.housekeeping.connections || undefined)
    .text('oisp.span.end_reason', turn.endReason)
    .text('oisp.correlation.rule', turn.rule)
    .text('oisp.correlation.confidence', turn.confidence)
    .text('error.type', turn.failed?.type);
  actorAttributes(processAttributes(a, opener), opener);
  a.any('gen_ai.input.messages', lastMessage(opener));
  if (turn.lastAnswer) a.any('gen_ai.output.messages', outputMessages(turn.lastAnswer));
  return {
    traceId: turn.traceId,
    spanId: turn.spanId,
    ...(turn.parentSpanId !== undefined && { parentSpanId: turn.parentSpanId }),
    name: `invoke_agent ${agent.service}`,
    kind: SPAN_KIND.internal,
    start: turn.anchor.nanos(turn.start),
    end: turn.anchor.nanos(Math.max(turn.end, turn.start + 1)),
    attributes: a.list,
    ...(turn.steps.length > 0 && { events: [...turn.steps] }),
    ...(turn.links.length > 0 && { links: turn.links.map((l) => link(l.traceId, l.spanId, l.type)) }),
    ...(turn.failed && { status: { code: 'error' as const } }),
    resource: agent.resource,
  };
}
