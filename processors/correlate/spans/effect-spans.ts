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
  type SpanRecord,
} from '../../../core/index.ts';
import { Attributes } from '../attributes.ts';
import type { Effect, ExecState, FileGroup, Fold, ToolState, Turn } from '../state.ts';
import { startOf } from '../tool-times.ts';
import { actorAttributes, fieldsOf, processAttributes, type SpanOptions, text } from './parts.ts';

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
    .int('process.group_leader.pid', event.process?.['pgid'])
    .int('process.session_leader.pid', event.process?.['sid'])
    .text('container.id', event.process?.['container_id'])
    .flag('oisp.process.is_shell', data.is_shell)
    .text('oisp.process.interpreter', data['interpreter'])
    .text('oisp.process.script_path', data['script_path'])
    .text('oisp.process.hash.sha256', fieldsOf(data['binary_hash'] ?? event.process?.['hash'])['sha256'])
    .int('process.exit.code', exit?.exit_code)
    .text('oisp.process.signal', exit?.signal_name)
    .int('oisp.process.cpu_user_ms', exit?.['cpu_user_ms'])
    .int('oisp.process.cpu_system_ms', exit?.['cpu_system_ms'])
    .int('oisp.process.max_rss_kb', exit?.['max_rss_kb'])
    .text('oisp.span.end_reason', endReason)
    .text('error.type', failed ? (exit.signal_name ?? 'exit_code') : undefined)
    .texts('oisp.event.ids', [event.event_id, ...(exec.exit ? [exec.exit.event_id] : [])]);
  signature(actorAttributes(a, event), data['code_signature'] ?? event.process?.['code_signature']);
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

function signature(a: Attributes, value: unknown): void {
  const signed = fieldsOf(value);
  a.flag('oisp.process.signature.valid', signed['valid'])
    .text('oisp.process.signature.signer', signed['signer'])
    .text('oisp.process.signature.team_id', signed['team_id']);
}

/** Operations of one kind on one file: `file.read`, `file.write`, … */
export function fileSpan(group: FileGroup, turn: Turn, options: SpanOptions): SpanRecord {
  const { event, at } = group.first;
  const path = pathOf(event);
  const file = path.slice(path.lastIndexOf('/') + 1);
  const dot = file.lastIndexOf('.');
  const info = fieldsOf(fieldsOf(event.data)['file']);
  const a = effectAttributes(event, group.tool, group.rule, group.confidence)
    .text('file.path', path)
    .text('file.name', file)
    .text('file.extension', dot > 0 ? file.slice(dot + 1) : undefined)
    .text('file.directory', path.slice(0, path.length - file.length - 1))
    .int('file.size', info['size'])
    .text('file.mode', typeof info['mode'] === 'number' ? info['mode'].toString(8) : info['mode'])
    .text('file.inode', typeof info['inode'] === 'number' ? String(info['inode']) : info['inode'])
    .text('oisp.file.content_hash', text(fieldsOf(event.data)['content_hash']))
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

interface NetworkPlace {
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
    moreOf(a, data);
  }
  a.text('error.type', failed).texts('oisp.event.ids', [event.event_id]);
  const start = Math.max(at - latency * 1e6, (place.tool && startOf(place.tool, at)) ?? turn.start);
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

function moreOf(a: Attributes, data: ConnectData): void {
  const src = fieldsOf(data['src']);
  const tls = fieldsOf(data['tls']);
  const ip = text(data.dest?.ip);
  a.text('network.type', ip && (ip.includes(':') ? 'ipv6' : 'ipv4'))
    .text('network.local.address', src['ip'])
    .int('network.local.port', src['port'])
    .text('tls.protocol.version', tls['version'])
    .text('tls.cipher', tls['cipher_suite'])
    .text('tls.next_protocol', Array.isArray(tls['alpn']) ? tls['alpn'][0] : tls['alpn']);
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

function errorOf(error: unknown): string {
  if (typeof error === 'string') return error;
  return text(fieldsOf(error)['type']) ?? 'connect_failed';
}
