import {
  type Attribute,
  type ConnectData,
  type DnsData,
  type ExecData,
  type FileData,
  type OispEvent,
  type RenameData,
  type Resource,
  SPAN_KIND,
  type SpanRecord,
  spanId,
  traceId,
} from '../../core/index.ts';
import type { Seen, SeenCall, SeenEffect, SeenTool } from './naive-read.ts';

interface Trace {
  readonly id: string;
  readonly root: string;
  readonly calls: SeenCall[];
  readonly tools: SeenTool[];
  readonly below: SpanRecord[];
  readonly resource: Resource;
}

/** One trace per group of model calls: an agent span over all, model calls and tools below it, effects below the tool that is open. */
export function treesOf({ calls, tools, effects }: Seen, groupOf: (call: SeenCall) => string): SpanRecord[] {
  const traces = new Map<string, Trace>();
  const traceOf = (call: SeenCall): Trace => {
    const key = groupOf(call);
    let trace = traces.get(key);
    if (!trace) {
      const resource = resourceOf(call.request);
      trace = { id: traceId('naive', key), root: spanId('naive root', key), calls: [], tools: [], below: [], resource };
      traces.set(key, trace);
    }
    return trace;
  };
  const toolsOf = new Map<string, SeenTool[]>();
  const callsOf = new Map<string, SeenCall[]>();
  for (const call of calls) {
    traceOf(call).calls.push(call);
    push(callsOf, call.process, call);
  }
  for (const tool of tools) {
    traceOf(tool.call).tools.push(tool);
    push(toolsOf, tool.call.process, tool);
  }
  for (const trace of traces.values()) {
    const end = inOrder(trace.calls.map((call) => call.end)).at(-1);
    for (const tool of trace.tools) tool.end ??= end;
    for (const call of trace.calls) trace.below.push(chatSpan(call, trace));
    for (const tool of trace.tools) trace.below.push(toolSpan(tool, trace));
  }
  const places = new Map<SeenEffect, { readonly tool: SeenTool | undefined; readonly trace: Trace }>();
  for (const effect of effects) {
    const { program, agent, start } = effect;
    if (program) {
      // what a program does belongs to the tool that started it
      const place = places.get(program);
      if (!place) continue;
      places.set(effect, place);
      place.trace.below.push(effectSpan(effect, place.tool, place.trace));
      continue;
    }
    const tool = openAt(toolsOf.get(agent) ?? [], start);
    const call = tool?.call ?? callsOf.get(agent)?.findLast((one) => one.start <= start);
    // what the agent does itself outside its tools is its own business
    if (!call || (!tool && effect.process === agent)) continue;
    const trace = traceOf(call);
    places.set(effect, { tool, trace });
    trace.below.push(effectSpan(effect, tool, trace));
  }
  return [...traces.values()].flatMap((trace) => [rootSpan(trace), ...trace.below]);
}

/** The tool that is open at a moment; of several the one that began last. */
function openAt(tools: readonly SeenTool[], at: bigint): SeenTool | undefined {
  return tools.findLast((tool) => tool.start <= at && at <= (tool.end ?? at));
}

function rootSpan(trace: Trace): SpanRecord {
  const { calls, below } = trace;
  const [first] = calls;
  const sum = (key: 'prompt_tokens' | 'completion_tokens'): number =>
    calls.reduce((n, call) => n + (call.response?.data.usage?.[key] ?? 0), 0);
  return {
    traceId: trace.id,
    spanId: trace.root,
    name: 'invoke_agent agent',
    kind: SPAN_KIND.internal,
    start: inOrder(below.map((span) => span.start))[0] ?? 0n,
    end: inOrder(below.map((span) => span.end)).at(-1) ?? 0n,
    attributes: [
      text('gen_ai.operation.name', 'invoke_agent'),
      text('gen_ai.conversation.id', trace.id),
      int('gen_ai.usage.input_tokens', sum('prompt_tokens')),
      int('gen_ai.usage.output_tokens', sum('completion_tokens')),
      ...(first ? processOf(first.request) : []),
    ],
    resource: trace.resource,
  };
}

function chatSpan(call: SeenCall, trace: Trace): SpanRecord {
  const { request, response } = call;
  const usage = response?.data.usage;
  const id = response?.data.provider_request_id;
  const attributes: Attribute[] = [
    text('gen_ai.operation.name', 'chat'),
    text('gen_ai.request.model', request.data.model?.id ?? ''),
    text('gen_ai.conversation.id', trace.id),
    ...processOf(request),
  ];
  if (id !== undefined) attributes.push(text('gen_ai.response.id', id));
  if (usage?.prompt_tokens !== undefined) attributes.push(int('gen_ai.usage.input_tokens', usage.prompt_tokens));
  if (usage?.completion_tokens !== undefined)
    attributes.push(int('gen_ai.usage.output_tokens', usage.completion_tokens));
  return {
    ...placed(trace, trace.root, call.start, call.end),
    spanId: idOf(call.request),
    name: 'chat',
    kind: SPAN_KIND.client,
    attributes,
    ...(response?.data.success === false && { status: { code: 'error' as const } }),
  };
}

function toolSpan(tool: SeenTool, trace: Trace): SpanRecord {
  const { event } = tool;
  const id = event.attrs?.['oisp.call_id.derived'] === true ? [] : [text('gen_ai.tool.call.id', event.data.call_id)];
  return {
    ...placed(trace, trace.root, tool.start, tool.end ?? tool.start),
    spanId: idOf(event),
    name: `execute_tool ${event.data.tool.name}`,
    kind: SPAN_KIND.internal,
    attributes: [
      text('gen_ai.operation.name', 'execute_tool'),
      text('gen_ai.tool.name', event.data.tool.name),
      ...id,
      ...processOf(event),
    ],
    links: [
      {
        traceId: trace.id,
        spanId: idOf(tool.call.request),
        attributes: [text('oisp.link.type', 'requested_by')],
      },
    ],
  };
}

function effectSpan(effect: SeenEffect, tool: SeenTool | undefined, trace: Trace): SpanRecord {
  const { event, program, start, end } = effect;
  const parent = program ? idOf(program.event) : tool ? idOf(tool.event) : trace.root;
  const attributes: Attribute[] = [
    text('oisp.event.type', event.event_type),
    { key: 'oisp.event.ids', type: 'strings', value: [event.event_id] },
    ...processOf(event),
    ...named(event),
  ];
  if (!tool) attributes.push({ key: 'oisp.effect.unexplained', type: 'bool', value: true });
  return {
    ...placed(trace, parent, start, end),
    spanId: idOf(event),
    name: event.event_type,
    kind: SPAN_KIND.internal,
    attributes,
  };
}

function named({ event_type, data }: OispEvent): Attribute[] {
  if (event_type === 'process.exec') return [text('process.executable.name', (data as ExecData).exe)];
  if (event_type === 'file.rename') return [text('file.path', (data as RenameData).new_path)];
  if (event_type.startsWith('file.')) return [text('file.path', (data as FileData).path)];
  if (event_type === 'network.dns') return [text('dns.question.name', (data as DnsData).query_name)];
  const { ip = '', port = 0 } = (data as ConnectData).dest;
  return [text('network.peer.address', ip), int('network.peer.port', port)];
}

function placed(trace: Trace, parentSpanId: string, start: bigint, end: bigint) {
  return { traceId: trace.id, parentSpanId, start, end: end > start ? end : start + 1n, resource: trace.resource };
}

function idOf(event: OispEvent): string {
  return spanId('naive', event.event_id);
}

function resourceOf(event: OispEvent): Resource {
  return { attributes: [text('service.name', 'agent'), text('host.id', event.host?.device_id ?? '')] };
}

function processOf({ process }: OispEvent): Attribute[] {
  return [int('process.pid', process?.pid ?? 0), text('process.creation.time', process?.start_time ?? '')];
}

function inOrder(times: readonly bigint[]): bigint[] {
  return times.toSorted((a, b) => Number(a - b));
}

function push<T>(map: Map<string, T[]>, key: string, item: T): void {
  const list = map.get(key);
  if (list) list.push(item);
  else map.set(key, [item]);
}

const text = (key: string, value: string): Attribute => ({ key, type: 'string', value });
const int = (key: string, value: number): Attribute => ({ key, type: 'int', value });
