import { SPAN_KIND, type SpanLink, type SpanRecord, type ToolResultData } from '../../../core/index.ts';
import { Attributes } from '../attributes.ts';
import { contentOf } from '../content.ts';
import type { ToolState } from '../state.ts';
import { startOf } from '../tool-times.ts';
import { traceParentOf } from '../trace-context.ts';
import { conversationAttributes, fieldsOf, link, processAttributes, type SpanOptions, scalar } from './parts.ts';

/** One tool execution: `execute_tool {tool}`, INTERNAL, child of the agent span, linked to the call that asked for it. */
export function toolSpan(
  tool: ToolState,
  end: number,
  endReason: string | undefined,
  options: SpanOptions,
): SpanRecord {
  const { event, turn } = tool;
  const { data } = event;
  const result = tool.result?.data as ToolResultData | undefined;
  const mcp = tool.mcp;
  const more = fieldsOf(data);
  const start = startOf(tool, end);
  const a = new Attributes()
    .text('gen_ai.operation.name', 'execute_tool')
    .text('gen_ai.tool.name', tool.name)
    .text('gen_ai.tool.call.id', tool.callId)
    .text('gen_ai.tool.type', 'function')
    .any('gen_ai.tool.description', mcp?.call.data.tool.description ?? data.tool.description)
    .text('gen_ai.agent.name', tool.agent.service);
  conversationAttributes(a, tool.conversation, turn, options)
    .text('oisp.tool.type', data.tool.type)
    .text('oisp.tool.provider', data.tool.provider)
    .text('oisp.tool.server', mcp?.call.data.tool.server ?? data.tool.server)
    .text('mcp.method.name', mcp && 'tools/call')
    .text('jsonrpc.request.id', mcp && scalar(mcp.call.attrs?.['mcp.request.id']))
    .text('mcp.session.id', scalar(mcp?.call.attrs?.['mcp.session.id']))
    .text('mcp.protocol.version', scalar(mcp?.call.attrs?.['mcp.protocol.version']))
    .text('network.transport', scalar(mcp?.call.attrs?.['network.transport']) ?? (mcp?.server && 'pipe'))
    .text('oisp.tool.arguments_hash', data.arguments_hash)
    .text('oisp.tool.result_hash', result?.result_hash)
    .int('oisp.tool.result_size', result?.result_size_bytes)
    .flag('oisp.tool.requires_approval', more['requires_approval'])
    .flag('oisp.tool.approved', more['approved'])
    .text('oisp.tool.approver', more['approver'])
    .text('oisp.risk.level', more['risk_level'])
    .texts('oisp.risk.reasons', more['risk_reasons'])
    .int(
      'oisp.tool.wait_ms',
      tool.firstEffect === undefined ? undefined : Math.round(Math.max(0, tool.firstEffect - start) / 1e6),
    )
    .text('oisp.tool.end_source', tool.endSource)
    .text('oisp.correlation.rule', 'call_id')
    .text('oisp.correlation.confidence', tool.callId === undefined ? 'medium' : 'high')
    .text('oisp.span.end_reason', endReason)
    .text('error.type', tool.errorType)
    .texts('oisp.event.ids', [event.event_id, ...(tool.result ? [tool.result.event_id] : [])]);
  processAttributes(a, event)
    .any('gen_ai.tool.call.arguments', contentOf(data.arguments))
    .any('gen_ai.tool.call.result', contentOf(result?.result));
  return {
    traceId: turn.traceId,
    spanId: tool.spanId,
    parentSpanId: turn.spanId,
    name: `execute_tool ${tool.name}`,
    kind: SPAN_KIND.internal,
    start: turn.anchor.nanos(start),
    end: turn.anchor.nanos(Math.max(end, start + 1)),
    attributes: a.list,
    links: linksOf(tool, options),
    ...(tool.isError && { status: { code: 'error' as const } }),
    resource: tool.agent.resource,
  };
}

/** To the model call that asked for it, and to the client's own span of its `tools/call`, where that says so in its `_meta`. */
function linksOf(tool: ToolState, { traceContext }: SpanOptions): SpanLink[] {
  const links = [link(tool.turn.traceId, tool.call.spanId, 'requested_by')];
  const app = traceContext === 'ignore' || !tool.mcp ? undefined : traceParentOf(tool.mcp.call);
  if (app && app.spanId !== tool.turn.spanId) links.push(link(app.traceId, app.spanId, 'app_trace'));
  return links;
}
