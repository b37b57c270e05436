import {
  type ConnectData,
  type DnsData,
  type ExecData,
  type ExitData,
  type FileData,
  isEvent,
  type OispEvent,
  type RenameData,
  SPAN_KIND,
  type SpanLink,
  type SpanRecord,
  type ToolResultData,
} from '../../core/index.ts';
import { Attributes } from './attributes.ts';
import {
  type ContentOptions,
  inputMessages,
  jsonValue,
  lastMessage,
  outputMessages,
  systemInstructions,
} from './content.ts';
import type { Call, Effect, ExecState, FileGroup, Fold, ToolState, Turn } from './state.ts';
import type { Anchor } from './timeline.ts';

/** How spans are named and filled. A span lasts at least one nanosecond: Jaeger warns of spans that end when they start. */
export interface SpanOptions extends ContentOptions {
  /** `readable` puts the file, program or host into the name. */
  readonly names: 'low_cardinality' | 'readable';
}

function link(traceId: string, spanId: string, type: string): SpanLink {
  return { traceId, spanId, attributes: [{ key: 'oisp.link.type', type: 'string', value: type }] };
}

function processAttributes(attributes: Attributes, event: OispEvent): Attributes {
  return attributes
    .int('process.pid', event.process?.pid)
    .int('process.parent_pid', event.process?.ppid)
    .text('process.creation.time', event.process?.start_time);
}

/** The root of a turn, or the agent span of a sub-agent: `invoke_agent {agent}`, INTERNAL. */
export function turnSpan(turn: Turn, options: SpanOptions): SpanRecord {
  const { conversation, agent, opener, usage } = turn;
  const a = new Attributes()
    .text('gen_ai.operation.name', 'invoke_agent')
    .text('gen_ai.agent.name', agent.service)
    .text('gen_ai.agent.id', conversation.agentId)
    .text('gen_ai.provider.name', opener.attrs?.['gen_ai.provider.name'])
    .text('gen_ai.conversation.id', conversation.id)
    .text('session.id', conversation.sessionId)
    .int('gen_ai.usage.input_tokens', usage.hasInput ? usage.input : undefined)
    .int('gen_ai.usage.output_tokens', usage.hasOutput ? usage.output : undefined)
    .int('gen_ai.usage.cache_read.input_tokens', usage.cached || undefined)
    .int('gen_ai.usage.cache_creation.input_tokens', usage.cacheCreation || undefined)
    .int('gen_ai.usage.reasoning.output_tokens', usage.reasoning || undefined)
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
  processAttributes(a, opener);
  if (options.mode === 'span') {
    a.text('gen_ai.input.messages', lastMessage(opener, options));
    if (turn.lastAnswer) a.text('gen_ai.output.messages', outputMessages(turn.lastAnswer, options));
  }
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

export interface CallPlace {
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly anchor: Anchor;
  readonly end: number;
  readonly endReason: string | undefined;
}

function nameOf(operation: string, object: unknown): string {
  return typeof object === 'string' && object !== '' ? `${operation} ${object}` : operation;
}

/** One model call: `{operation} {model}`, CLIENT. */
export function callSpan(call: Call, place: CallPlace, options: SpanOptions): SpanRecord {
  const { request, response, conversation } = call;
  const q = request.data;
  const p = response?.data;
  const qa = request.attrs ?? {};
  const pa = response?.attrs ?? {};
  const operation = typeof qa['gen_ai.operation.name'] === 'string' ? qa['gen_ai.operation.name'] : q.request_type;
  const model = q.model?.id;
  // nothing but whom it was with was seen
  const isUnread = request.confidence.completeness === 'metadata_only';
  const usage = p?.usage;
  const params = q.parameters;
  const failed = p !== undefined && !p.success;
  const errorType = failed
    ? (p.error?.code ?? p.error?.type ?? text(pa['error.type']) ?? String(p.status_code ?? 'stream_interrupted'))
    : undefined;
  const a = new Attributes()
    .text('gen_ai.operation.name', operation)
    .text('gen_ai.provider.name', qa['gen_ai.provider.name'] ?? pa['gen_ai.provider.name'])
    .text('gen_ai.request.model', model)
    .text('gen_ai.response.model', p?.model?.id)
    .text('gen_ai.response.id', p?.provider_request_id)
    .texts('gen_ai.response.finish_reasons', pa['gen_ai.response.finish_reasons'])
    .text('gen_ai.conversation.id', conversation?.id)
    .text('session.id', call.view.sessionId)
    .int('gen_ai.usage.input_tokens', usage?.prompt_tokens)
    .int('gen_ai.usage.output_tokens', usage?.completion_tokens)
    .int('gen_ai.usage.cache_read.input_tokens', usage?.cached_tokens)
    .int('gen_ai.usage.cache_creation.input_tokens', usage?.cache_creation_tokens)
    .int('gen_ai.usage.reasoning.output_tokens', usage?.reasoning_tokens)
    .double('oisp.cost.input_usd', usage?.input_cost_usd)
    .double('oisp.cost.output_usd', usage?.output_cost_usd)
    .double('oisp.cost.total_usd', usage?.total_cost_usd)
    .text('oisp.cost.source', pa['oisp.cost.source'])
    .double('gen_ai.request.temperature', params?.temperature)
    .double('gen_ai.request.top_p', params?.top_p)
    .double('gen_ai.request.top_k', params?.top_k)
    .int('gen_ai.request.max_tokens', params?.max_tokens)
    .double('gen_ai.request.frequency_penalty', params?.frequency_penalty)
    .double('gen_ai.request.presence_penalty', params?.presence_penalty)
    .int('gen_ai.request.seed', params?.seed)
    .texts('gen_ai.request.stop_sequences', params?.stop)
    .flag('gen_ai.request.stream', q.streaming || undefined)
    .double(
      'gen_ai.response.time_to_first_chunk',
      p?.time_to_first_token_ms === undefined ? undefined : p.time_to_first_token_ms / 1000,
    )
    .text('server.address', qa['server.address'] ?? q.provider.endpoint)
    .int('server.port', qa['server.port'])
    .text('http.request.method', qa['http.request.method'])
    .int('http.response.status_code', p?.status_code)
    .int('http.request.resend_count', call.resend || undefined)
    .text('user_agent.original', qa['user_agent.original'])
    .int('oisp.request.messages.count', q.messages_count ?? q.messages?.length)
    .int('oisp.request.tools.count', q.tools_count ?? q.tools?.length)
    .int('oisp.gen_ai.input.messages.offset', call.offset || undefined)
    .text('oisp.auth.type', q.auth?.type)
    .text('oisp.auth.account_type', q.auth?.account_type)
    .flag('oisp.side_call', call.isSide || undefined)
    .flag('oisp.request.unseen', call.isUnseen || undefined)
    .text('oisp.correlation.rule', call.rule)
    .text('oisp.correlation.confidence', call.confidence)
    .text('oisp.span.end_reason', place.endReason)
    .text('oisp.confidence.level', request.confidence.level)
    .text('oisp.completeness', response?.confidence.completeness ?? request.confidence.completeness)
    .text('error.type', errorType)
    .texts('oisp.event.ids', [...(call.isUnseen ? [] : [request.event_id]), ...(response ? [response.event_id] : [])]);
  processAttributes(a, request);
  if (options.mode === 'span') {
    if (!call.isUnseen) a.text('gen_ai.input.messages', inputMessages(request, call.offset, options));
    if (call.offset === 0) a.text('gen_ai.system_instructions', systemInstructions(request, options));
    if (response) a.text('gen_ai.output.messages', outputMessages(response, options));
  }
  const message = typeof p?.error?.message === 'string' ? p.error.message : undefined;
  const traceparent = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}$/.exec(text(qa['traceparent']) ?? '');
  return {
    traceId: place.traceId,
    spanId: call.spanId,
    ...(place.parentSpanId !== undefined && { parentSpanId: place.parentSpanId }),
    name: nameOf(operation, model ?? (isUnread ? qa['server.address'] : call.isUnseen ? p?.model?.id : undefined)),
    kind: SPAN_KIND.client,
    start: place.anchor.nanos(call.at),
    end: place.anchor.nanos(Math.max(place.end, call.at + 1)),
    attributes: a.list,
    ...(traceparent?.[1] && traceparent[2] && { links: [link(traceparent[1], traceparent[2], 'app_trace')] }),
    ...(failed && { status: { code: 'error' as const, ...(message !== undefined && { message }) } }),
    resource: call.agent.resource,
  };
}

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
  const a = new Attributes()
    .text('gen_ai.operation.name', 'execute_tool')
    .text('gen_ai.tool.name', tool.name)
    .text('gen_ai.tool.call.id', tool.callId)
    .text('gen_ai.tool.type', 'function')
    .text('gen_ai.agent.name', tool.agent.service)
    .text('gen_ai.conversation.id', tool.conversation.id)
    .text('session.id', tool.conversation.sessionId)
    .text('oisp.tool.type', data.tool.type)
    .text('oisp.tool.server', mcp?.call.data.tool.server ?? data.tool.server)
    .text('mcp.method.name', mcp && 'tools/call')
    .text('jsonrpc.request.id', mcp && scalar(mcp.call.attrs?.['mcp.request.id']))
    .text('mcp.session.id', scalar(mcp?.call.attrs?.['mcp.session.id']))
    .text('mcp.protocol.version', scalar(mcp?.call.attrs?.['mcp.protocol.version']))
    .text('network.transport', scalar(mcp?.call.attrs?.['network.transport']) ?? (mcp?.server && 'pipe'))
    .text('oisp.tool.arguments_hash', data.arguments_hash)
    .text('oisp.tool.result_hash', result?.result_hash)
    .int('oisp.tool.result_size', result?.result_size_bytes)
    .int('oisp.tool.wait_ms', tool.firstEffect === undefined ? undefined : (tool.firstEffect - tool.start) / 1e6)
    .text('oisp.tool.end_source', tool.endSource)
    .text('oisp.correlation.rule', 'call_id')
    .text('oisp.correlation.confidence', tool.callId === undefined ? 'medium' : 'high')
    .text('oisp.span.end_reason', endReason)
    .text('error.type', tool.errorType)
    .texts('oisp.event.ids', [event.event_id, ...(tool.result ? [tool.result.event_id] : [])]);
  processAttributes(a, event);
  if (options.mode === 'span') {
    a.text('gen_ai.tool.call.arguments', jsonValue(data.arguments, options));
    a.text('gen_ai.tool.call.result', jsonValue(result?.result, options));
  }
  return {
    traceId: turn.traceId,
    spanId: tool.spanId,
    parentSpanId: turn.spanId,
    name: `execute_tool ${tool.name}`,
    kind: SPAN_KIND.internal,
    start: turn.anchor.nanos(tool.start),
    end: turn.anchor.nanos(Math.max(end, tool.start + 1)),
    attributes: a.list,
    links: [link(turn.traceId, tool.call.spanId, 'requested_by')],
    ...(tool.isError && { status: { code: 'error' as const } }),
    resource: tool.agent.resource,
  };
}

function effectAttributes(event: OispEvent, tool: ToolState | undefined, rule: string, confidence: string): Attributes {
  const a = new Attributes().text('oisp.event.type', event.event_type);
  processAttributes(a, event);
  a.text('gen_ai.tool.call.id', tool?.callId)
    .text('session.id', tool?.conversation.sessionId)
    .text('oisp.source.method', event.source.capture_method)
    .text('oisp.correlation.rule', rule)
    .text('oisp.correlation.confidence', confidence);
  if (rule === 'unexplained') a.flag('oisp.effect.unexplained', true);
  return a;
}

/** One program run: `process.exec {program}`. */
export function execSpan(exec: ExecState, end: number, endReason: string | undefined, name?: string): SpanRecord {
  const { event, turn } = exec;
  const data = event.data as ExecData;
  const program = data.exe.slice(data.exe.lastIndexOf('/') + 1);
  const exit = exec.exit?.data as ExitData | undefined;
  const failed = exit !== undefined && (exit.exit_code !== 0 || exit.signal !== undefined);
  const a = effectAttributes(event, exec.tool, exec.rule, exec.confidence)
    .text('process.executable.name', program)
    .text('process.executable.path', data.exe)
    .texts('process.command_args', data.args)
    .text('process.working_directory', data.cwd ?? event.process?.cwd)
    .flag('oisp.process.is_shell', data.is_shell)
    .int('process.exit.code', exit?.exit_code)
    .text('oisp.process.signal', exit?.signal_name)
    .text('oisp.span.end_reason', endReason)
    .text('error.type', failed ? (exit.signal_name ?? 'exit_code') : undefined)
    .texts('oisp.event.ids', [event.event_id, ...(exec.exit ? [exec.exit.event_id] : [])]);
  return {
    traceId: turn.traceId,
    spanId: exec.spanId,
    parentSpanId: exec.parentSpanId,
    name: name ?? `process.exec ${program}`,
    kind: SPAN_KIND.internal,
    start: turn.anchor.nanos(exec.start),
    end: turn.anchor.nanos(Math.max(end, exec.start + 1)),
    attributes: a.list,
    ...(failed && { status: { code: 'error' as const } }),
    resource: turn.agent.resource,
  };
}

/** Operations of one kind on one file: `file.read`, `file.write`, … */
export function fileSpan(group: FileGroup, turn: Turn, options: SpanOptions): SpanRecord {
  const { event, at } = group.first;
  const path = pathOf(event);
  const file = path.slice(path.lastIndexOf('/') + 1);
  const dot = file.lastIndexOf('.');
  const a = effectAttributes(event, group.tool, group.rule, group.confidence)
    .text('file.path', path)
    .text('file.name', file)
    .text('file.extension', dot > 0 ? file.slice(dot + 1) : undefined)
    .text('oisp.file.old_path', isEvent(event, 'file.rename') ? (event.data as RenameData).old_path : undefined)
    .int('oisp.file.op_count', group.count)
    .int('oisp.file.bytes', group.bytes || undefined)
    .flag('oisp.file.created', group.created || undefined)
    .flag('oisp.file.truncated', group.truncated || undefined)
    .texts('oisp.event.ids', group.eventIds);
  return {
    traceId: turn.traceId,
    spanId: group.spanId,
    parentSpanId: group.parentSpanId,
    name: options.names === 'readable' ? `${event.event_type} ${file}` : event.event_type,
    kind: SPAN_KIND.internal,
    start: turn.anchor.nanos(at),
    end: turn.anchor.nanos(Math.max(group.last, at + 1)),
    attributes: a.list,
    resource: turn.agent.resource,
  };
}

/** The path that a file event is about; of a rename the new one. */
export function pathOf(event: OispEvent): string {
  return isEvent(event, 'file.rename') ? event.data.new_path : String((event.data as FileData).path ?? '');
}

export interface NetworkPlace {
  readonly turn: Turn;
  readonly tool: ToolState | undefined;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly rule: string;
  readonly confidence: string;
}

/** A connection (`network.connect`) or a name lookup (`network.dns`), CLIENT; it starts its latency before the event. */
export function networkSpan(effect: Effect, place: NetworkPlace, options: SpanOptions): SpanRecord {
  const { event, at } = effect;
  const { turn } = place;
  const a = effectAttributes(event, place.tool, place.rule, place.confidence);
  let host: string | undefined;
  let latency = 0;
  let failed: string | undefined;
  if (isEvent(event, 'network.dns')) {
    const data: DnsData = event.data;
    host = data.query_name;
    latency = data.latency_ms ?? 0;
    failed = data.response_code !== undefined && data.response_code !== 'NOERROR' ? data.response_code : undefined;
    a.text('dns.question.name', data.query_name)
      .text('oisp.dns.type', data.query_type)
      .text('oisp.dns.rcode', data.response_code)
      .texts(
        'dns.answers',
        data.answers?.flatMap((x) => (x.value === undefined ? [] : [x.value])),
      );
  } else {
    const data = event.data as ConnectData;
    host = data.dest?.domain ?? data.dest?.ip;
    latency = data.latency_ms ?? 0;
    if (data.success === false) failed = errorOf(data.error);
    a.text('server.address', host)
      .int('server.port', data.dest?.port)
      .text('network.peer.address', data.dest?.ip)
      .int('network.peer.port', data.dest?.port)
      .text('network.transport', data.protocol);
  }
  a.text('error.type', failed).texts('oisp.event.ids', [event.event_id]);
  const start = Math.max(at - latency * 1e6, place.tool?.start ?? turn.start);
  return {
    traceId: turn.traceId,
    spanId: place.spanId,
    parentSpanId: place.parentSpanId,
    name: options.names === 'readable' && host ? `${event.event_type} ${host}` : event.event_type,
    kind: SPAN_KIND.client,
    start: turn.anchor.nanos(Math.min(start, at)),
    end: turn.anchor.nanos(at + 1),
    attributes: a.list,
    ...(failed !== undefined && { status: { code: 'error' as const } }),
    resource: turn.agent.resource,
  };
}

/** Several equal siblings beyond the cap, as one span with `oisp.count`. */
export function foldSpan(fold: Fold, turn: Turn): SpanRecord {
  const { event, at } = fold.first;
  const a = effectAttributes(event, fold.tool, fold.rule, fold.confidence)
    .int('oisp.count', fold.count)
    .texts('oisp.event.ids', [event.event_id]);
  if (event.event_type.startsWith('file.')) a.text('file.path', pathOf(event));
  return {
    traceId: turn.traceId,
    spanId: fold.spanId,
    parentSpanId: fold.parentSpanId,
    name: fold.name,
    kind: event.event_type.startsWith('network.') ? SPAN_KIND.client : SPAN_KIND.internal,
    start: turn.anchor.nanos(at),
    end: turn.anchor.nanos(Math.max(fold.end, at + 1)),
    attributes: a.list,
    resource: turn.agent.resource,
  };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function scalar(value: unknown): string | undefined {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

function errorOf(error: unknown): string {
  if (typeof error === 'string') return error;
  if (typeof error === 'object' && error !== null && 'type' in error && typeof error.type === 'string')
    return error.type;
  return 'connect_failed';
}
