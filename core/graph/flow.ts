import type { Signal } from '../batch.ts';
import type { Flow } from '../component.ts';
import type { ConfigOf, ConfigSchema } from '../config/schema.ts';
import type { PipelineConfig, Problem } from '../config/types.ts';
import type { ConnectorNode, ExporterNode, Plan, PlanNode } from './plan.ts';

/** Signals that an exporter is handed. */
export function takesOf(node: ExporterNode): readonly Signal[] {
  // the config was decoded by this definition's own schema
  const config = node.configured.config as ConfigOf<ConfigSchema>;
  return node.configured.definition.takes(node.pipelineKind, config);
}

function signalOf(flow: Flow): Signal {
  return flow === 'spans' ? 'spans' : 'events';
}

/** What can be on the way into a node. */
interface Arrival {
  readonly flows: Set<Flow>;
  /** A path without a processor that redacts leads here. */
  unredacted: boolean;
}

/**
 * What would arrive unread, never arrive, or arrive with its secrets. Works on sets of flows: what may travel, not what will.
 */
export function checkFlow(plan: Plan, pipelines: readonly PipelineConfig[]): Problem[] {
  const arrivals = arrivalsOf(plan);
  return [
    ...plan.nodes.flatMap((node) => (node.kind === 'exporter' ? checkExporter(node, plan, arrivals, pipelines) : [])),
    ...pipelines.flatMap((pipeline) => unreadSpans(pipeline, plan, arrivals)),
    ...decodedTwice(plan, pipelines),
  ];
}

function arrivalsOf(plan: Plan): Map<string, Arrival> {
  const arrivals = new Map<string, Arrival>(
    plan.nodes.map((node) => [node.key, { flows: new Set<Flow>(), unredacted: false }]),
  );
  for (const node of plan.nodes) {
    const here = arrivals.get(node.key);
    if (!here) continue;
    const out = flowsOut(node, here.flows);
    const redacts = node.kind === 'processor' && node.configured.definition.redacts === true;
    const unredacted = node.kind === 'receiver' || (here.unredacted && !redacts);
    for (const key of plan.next.get(node.key) ?? []) {
      const below = arrivals.get(key);
      if (!below) continue;
      for (const flow of out) below.flows.add(flow);
      below.unredacted ||= unredacted;
    }
  }
  return arrivals;
}

function flowsOut(node: PlanNode, incoming: ReadonlySet<Flow>): ReadonlySet<Flow> {
  switch (node.kind) {
    case 'receiver':
      return new Set(node.configured.definition.emits);
    case 'processor':
      return node.configured.definition.flow(incoming);
    case 'connector':
      return incoming;
    case 'exporter':
      return new Set();
    default:
      return node satisfies never;
  }
}

/** Where an exporter is named: its first pipeline of its kind. */
function placeOf(node: ExporterNode | ConnectorNode, pipelines: readonly PipelineConfig[]) {
  const kind = node.kind === 'exporter' ? node.pipelineKind : node.from;
  const pipeline = pipelines.find((one) => one.kind === kind && one.exporters.includes(node.id));
  const id = pipeline?.id ?? kind;
  const path = ['service', 'pipelines', id, 'exporters', pipeline?.exporters.indexOf(node.id) ?? 0];
  return { id, path, pipeline };
}

function checkExporter(
  node: ExporterNode,
  plan: Plan,
  arrivals: ReadonlyMap<string, Arrival>,
  pipelines: readonly PipelineConfig[],
): Problem[] {
  const arrival = arrivals.get(node.key);
  if (!arrival) return [];
  const { id, path, pipeline } = placeOf(node, pipelines);
  const where = `service::pipelines::${id}`;
  const takes = takesOf(node);
  const problems: Problem[] = [];
  if (takes.length === 0) {
    return [
      {
        message: `${where}: exporter "${node.id}" cannot be used in a ${node.pipelineKind} pipeline`,
        path,
        severity: 'error',
        hint: 'as configured it takes nothing there',
      },
    ];
  }
  const arriving = new Set([...arrival.flows].map(signalOf));
  const makesSpans = plan.nodes.some(
    (other) =>
      other.kind === 'processor' &&
      !arrivals.get(other.key)?.flows.has('spans') &&
      flowsBelow(other, arrivals).has('spans'),
  );
  const spansHint = makesSpans
    ? 'move it to the pipeline that holds "correlate", or join the two with the connector "forward"'
    : 'add the processor "correlate", which makes spans of events';
  if (!takes.some((signal) => arriving.has(signal))) {
    const some = arriving.size === 0 ? 'nothing arrives' : `only ${[...arriving].join(' and ')} arrive`;
    problems.push({
      message: `${where}: exporter "${node.id}" takes ${takes.join(' and ')}, but ${some}`,
      path,
      severity: 'error',
      ...(takes.includes('spans') ? { hint: spansHint } : {}),
    });
  } else if (node.pipelineKind === 'traces' && takes.includes('spans') && !arriving.has('spans')) {
    problems.push({
      message: `${where}: no spans arrive at exporter "${node.id}"`,
      path,
      severity: 'error',
      hint: spansHint,
    });
  } else if (takes.includes('events') && arrival.flows.has('capture')) {
    problems.push({
      message: `${where}: captured bytes arrive undecoded at exporter "${node.id}"`,
      path,
      severity: 'warning',
      hint: 'add the processor "decode"',
    });
  }
  if (arrival.unredacted) {
    problems.push({
      message: `${where}: no processor that redacts precedes exporter "${node.id}"`,
      path,
      severity: 'error',
      hint: `write "processors: [${[...redactedChain(pipeline)].join(', ')}]"; to send content, write it there too and set "redact: {mode: full}"`,
    });
  }
  return problems;
}

/** Processors of a pipeline with "redact" after what decodes, else first. */
function redactedChain(pipeline: PipelineConfig | undefined): string[] {
  const chain = [...(pipeline?.processors ?? [])];
  const decode = chain.findIndex((id) => id === 'decode' || id.startsWith('decode/'));
  chain.splice(decode + 1, 0, 'redact');
  return chain;
}

function flowsBelow(node: PlanNode, arrivals: ReadonlyMap<string, Arrival>): ReadonlySet<Flow> {
  return flowsOut(node, arrivals.get(node.key)?.flows ?? new Set());
}

/** Spans that a pipeline makes or receives first-hand, and that no exporter of it nor of the pipelines behind it takes. */
function unreadSpans(pipeline: PipelineConfig, plan: Plan, arrivals: ReadonlyMap<string, Arrival>): Problem[] {
  const members = plan.nodes.filter((node) => isMember(node, pipeline, plan));
  const origin = members.some(
    (node) =>
      (node.kind === 'receiver' && node.configured.definition.emits.includes('spans')) ||
      (node.kind === 'processor' &&
        !arrivals.get(node.key)?.flows.has('spans') &&
        flowsBelow(node, arrivals).has('spans')),
  );
  if (!origin) return [];
  const sinks = members.filter(
    (node) => node.kind === 'exporter' || (node.kind === 'connector' && feeds(node, pipeline)),
  );
  if (!sinks.some((node) => arrivals.get(node.key)?.flows.has('spans'))) return [];
  if (sinks.some((node) => isRead(node, plan))) return [];
  return [
    {
      message: `service::pipelines::${pipeline.id}: spans arrive at its end, and none of its exporters takes them`,
      path: ['service', 'pipelines', pipeline.id, 'exporters'],
      severity: 'warning',
      hint: 'add an exporter that takes spans, or take out the processor "correlate"',
    },
  ];
}

function isMember(node: PlanNode, pipeline: PipelineConfig, plan: Plan): boolean {
  if (node.kind === 'processor') return node.pipeline.id === pipeline.id;
  return plan.edges.some((edge) => edge.pipeline === pipeline.id && (edge.from === node.key || edge.to === node.key));
}

function feeds(node: ConnectorNode, pipeline: PipelineConfig): boolean {
  return node.from === pipeline.kind && pipeline.exporters.includes(node.id);
}

function isRead(node: PlanNode, plan: Plan): boolean {
  if (node.kind === 'exporter') return takesOf(node).includes('spans');
  const below = plan.nodes.filter((other) => plan.next.get(node.key)?.includes(other.key));
  return below.some((other) => isRead(other, plan));
}

/** A receiver whose bytes enter two processors that decode: two states, twice the work, every event twice. */
function decodedTwice(plan: Plan, pipelines: readonly PipelineConfig[]): Problem[] {
  const decodes = (pipeline: PipelineConfig): boolean =>
    plan.nodes.some(
      (node) =>
        node.kind === 'processor' &&
        node.pipeline.id === pipeline.id &&
        node.configured.definition.flow(new Set<Flow>(['capture'])).has('events'),
    );
  return plan.nodes.flatMap((node): Problem[] => {
    if (node.kind !== 'receiver' || !node.configured.definition.emits.includes('capture')) return [];
    const twice = pipelines.filter((pipeline) => pipeline.receivers.includes(node.id) && decodes(pipeline));
    const [first, second] = twice;
    if (!first || !second) return [];
    return [
      {
        message: `receiver "${node.id}" is decoded in ${twice.length} pipelines: ${twice.map((one) => one.id).join(', ')}`,
        path: ['service', 'pipelines', second.id, 'receivers', second.receivers.indexOf(node.id)],
        severity: 'warning',
        hint: `use "forward": name the connector in the exporters of ${first.id} and in the receivers of ${second.id}`,
      },
    ];
  });
}
