import type { PipelineKind } from '../batch.ts';
import type {
  ConnectorDefinition,
  ExporterDefinition,
  Kind,
  ProcessorDefinition,
  ReceiverDefinition,
} from '../component.ts';
import type { Configured, PipelineConfig, Problem, ServiceConfig } from '../config/types.ts';

interface NodeOf<K extends Kind> {
  /** Unique in a plan. */
  readonly key: string;
  readonly kind: K;
  /** `type/name`. */
  readonly id: string;
}

interface ReceiverNode extends NodeOf<'receiver'> {
  readonly configured: Configured<ReceiverDefinition>;
}
interface ProcessorNode extends NodeOf<'processor'> {
  readonly configured: Configured<ProcessorDefinition>;
  readonly pipeline: PipelineConfig;
}
export interface ExporterNode extends NodeOf<'exporter'> {
  readonly configured: Configured<ExporterDefinition>;
  readonly pipelineKind: PipelineKind;
}
export interface ConnectorNode extends NodeOf<'connector'> {
  readonly configured: Configured<ConnectorDefinition>;
  readonly from: PipelineKind;
  readonly to: PipelineKind;
}

/** One instance of a component. */
export type PlanNode = ReceiverNode | ProcessorNode | ExporterNode | ConnectorNode;

/** Who hands batches to whom, by key; `pipeline` is the id of the pipeline that the edge belongs to. */
interface PlanEdge {
  readonly from: string;
  readonly to: string;
  readonly pipeline: string;
}

/** What a config builds: nodes in topological order, receivers first. */
export interface Plan {
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
  /** Keys below a node, in the order of the config and without repetitions. */
  readonly next: ReadonlyMap<string, readonly string[]>;
}

export interface PlanResult {
  /** Absent when a problem is an error. */
  readonly plan?: Plan;
  readonly problems: readonly Problem[];
}

/**
 * Nodes and edges of a config. A receiver is one instance per id, a processor one per (pipeline, id), an exporter one per
 * (kind, id), a connector one per (from kind, to kind, id). Error texts are the Collector's (`service/internal/graph/graph.go`).
 */
export function plan(config: ServiceConfig): PlanResult {
  const problems: Problem[] = [];
  const nodes = new Map<string, PlanNode>();
  const edges: PlanEdge[] = [];
  const fed = connectorsByEnd(config, 'receivers');
  const feeding = connectorsByEnd(config, 'exporters');
  const instances = connectorInstances(config, feeding, fed, problems);

  for (const pipeline of config.pipelines) {
    const chain: string[] = [];
    for (const id of pipeline.processors) {
      const configured = config.processors.get(id);
      if (!configured) continue;
      const node: ProcessorNode = {
        key: `processor ${id} in ${pipeline.id}`,
        kind: 'processor',
        id,
        configured,
        pipeline,
      };
      nodes.set(node.key, node);
      chain.push(node.key);
    }
    const sources = sourcesOf(config, pipeline, instances, nodes);
    const sinks = sinksOf(config, pipeline, instances, nodes);
    const link = (from: string, to: string): void => {
      edges.push({ from, to, pipeline: pipeline.id });
    };
    const first = chain[0];
    const last = chain.at(-1);
    for (let i = 1; i < chain.length; i++) link(chain[i - 1] ?? '', chain[i] ?? '');
    for (const source of sources) for (const target of first === undefined ? sinks : [first]) link(source, target);
    if (last !== undefined) for (const sink of sinks) link(last, sink);
  }

  const next = nextOf(nodes, edges);
  const sorted = sort(nodes, next);
  if ('cycle' in sorted) {
    problems.push({
      message: `failed to build pipelines: cycle detected: ${sorted.cycle.map(nameOf).join(' -> ')}`,
      path: ['service', 'pipelines'],
      hint: 'a connector may only lead to pipelines that do not lead back to it',
      severity: 'error',
    });
    return { problems };
  }
  if (problems.some((problem) => problem.severity === 'error')) return { problems };
  return { plan: { nodes: sorted.nodes, edges, next }, problems };
}

/** How the Collector calls a node in its texts. */
export function nameOf(node: PlanNode): string {
  switch (node.kind) {
    case 'receiver':
      return `receiver "${node.id}"`;
    case 'processor':
      return `processor "${node.id}" in pipeline "${node.pipeline.id}"`;
    case 'exporter':
      return `exporter "${node.id}" (${node.pipelineKind})`;
    case 'connector':
      return `connector "${node.id}" (${node.from} to ${node.to})`;
    default:
      return node satisfies never;
  }
}

function connectorsByEnd(config: ServiceConfig, end: 'receivers' | 'exporters'): Map<string, PipelineConfig[]> {
  const used = new Map<string, PipelineConfig[]>();
  for (const pipeline of config.pipelines) {
    for (const id of pipeline[end]) {
      if (!config.connectors.has(id)) continue;
      used.set(id, [...(used.get(id) ?? []), pipeline]);
    }
  }
  return used;
}

function connectorInstances(
  config: ServiceConfig,
  feeding: ReadonlyMap<string, readonly PipelineConfig[]>,
  fed: ReadonlyMap<string, readonly PipelineConfig[]>,
  problems: Problem[],
): ConnectorNode[] {
  const instances = new Map<string, ConnectorNode>();
  for (const [id, configured] of config.connectors) {
    const before = feeding.get(id) ?? [];
    const after = fed.get(id) ?? [];
    const joins = (from: PipelineConfig, to: PipelineConfig): boolean =>
      configured.definition.joins(from.kind, to.kind);
    const half = (pipelines: readonly PipelineConfig[], end: 'exporter' | 'receiver'): void => {
      const [first] = pipelines;
      if (!first) return;
      const other = end === 'exporter' ? 'receiver' : 'exporter';
      const names = pipelines.map((pipeline) => pipeline.id).join(' ');
      problems.push({
        message: `failed to build pipelines: connector "${id}" used as ${end} in [${names}] pipeline but not used in any supported ${other} pipeline`,
        path: ['service', 'pipelines', first.id, `${end}s`, first[`${end}s`].indexOf(id)],
        hint: `add "${id}" to the ${other}s of another pipeline`,
        severity: 'error',
      });
    };
    half(
      before.filter((from) => !after.some((to) => joins(from, to))),
      'exporter',
    );
    half(
      after.filter((to) => !before.some((from) => joins(from, to))),
      'receiver',
    );
    for (const from of before) {
      for (const to of after) {
        if (!joins(from, to)) continue;
        const key = `connector ${id} ${from.kind} to ${to.kind}`;
        instances.set(key, { key, kind: 'connector', id, configured, from: from.kind, to: to.kind });
      }
    }
  }
  return [...instances.values()];
}

function sourcesOf(
  config: ServiceConfig,
  pipeline: PipelineConfig,
  connectors: readonly ConnectorNode[],
  nodes: Map<string, PlanNode>,
): string[] {
  const keys: string[] = [];
  for (const id of pipeline.receivers) {
    const configured = config.receivers.get(id);
    if (configured) keys.push(add(nodes, { key: `receiver ${id}`, kind: 'receiver', id, configured }));
    for (const node of connectors) if (node.id === id && node.to === pipeline.kind) keys.push(add(nodes, node));
  }
  return keys;
}

function sinksOf(
  config: ServiceConfig,
  pipeline: PipelineConfig,
  connectors: readonly ConnectorNode[],
  nodes: Map<string, PlanNode>,
): string[] {
  const keys: string[] = [];
  const pipelineKind = pipeline.kind;
  for (const id of pipeline.exporters) {
    const configured = config.exporters.get(id);
    const key = `exporter ${id} ${pipelineKind}`;
    if (configured) keys.push(add(nodes, { key, kind: 'exporter', id, configured, pipelineKind }));
    for (const node of connectors) if (node.id === id && node.from === pipelineKind) keys.push(add(nodes, node));
  }
  return keys;
}

function add(nodes: Map<string, PlanNode>, node: PlanNode): string {
  if (!nodes.has(node.key)) nodes.set(node.key, node);
  return node.key;
}

function nextOf(nodes: ReadonlyMap<string, PlanNode>, edges: readonly PlanEdge[]): Map<string, string[]> {
  const next = new Map<string, string[]>([...nodes.keys()].map((key) => [key, []]));
  for (const { from, to } of edges) {
    const keys = next.get(from);
    if (keys && !keys.includes(to)) keys.push(to);
  }
  return next;
}

/** Topological order with all receivers first, or the first cycle, which begins and ends at a connector. */
function sort(
  nodes: ReadonlyMap<string, PlanNode>,
  next: ReadonlyMap<string, readonly string[]>,
): { nodes: PlanNode[] } | { cycle: PlanNode[] } {
  const done = new Set<string>();
  const path: string[] = [];
  const order: string[] = [];
  const visit = (key: string): string[] | undefined => {
    if (done.has(key)) return undefined;
    const at = path.indexOf(key);
    if (at >= 0) return path.slice(at);
    path.push(key);
    for (const below of next.get(key) ?? []) {
      const cycle = visit(below);
      if (cycle) return cycle;
    }
    path.pop();
    done.add(key);
    order.unshift(key);
    return undefined;
  };
  for (const key of nodes.keys()) {
    const cycle = visit(key);
    if (!cycle) continue;
    const ring = cycle.flatMap((member) => nodes.get(member) ?? []);
    const start = Math.max(
      0,
      ring.findIndex((node) => node.kind === 'connector'),
    );
    const turned = [...ring.slice(start), ...ring.slice(0, start)];
    return { cycle: [...turned, ...turned.slice(0, 1)] };
  }
  const sorted = order.flatMap((key) => nodes.get(key) ?? []);
  return {
    nodes: [...sorted.filter((node) => node.kind === 'receiver'), ...sorted.filter((node) => node.kind !== 'receiver')],
  };
}
