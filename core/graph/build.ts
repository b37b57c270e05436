import type { Clock } from '../clock.ts';
import type { BuildInfo, Component, Consumer, Context } from '../component.ts';
import type { ConfigOf, ConfigSchema } from '../config/schema.ts';
import type { Matcher } from '../event/match.ts';
import type { Log } from '../log.ts';
import type { Meter } from '../telemetry/meter.ts';
import { meterExporter, meterIn, meterOut, onlySignals } from './edge.ts';
import { FanOut } from './fan-out.ts';
import { takesOf } from './flow.ts';
import { freezing } from './freeze.ts';
import type { Plan, PlanNode } from './plan.ts';

/** What components are made with. */
export interface BuildOptions {
  readonly log: Log;
  readonly clock: Clock;
  readonly meter: Meter;
  readonly random: () => number;
  readonly matcher: Matcher;
  readonly build: BuildInfo;
  /** Aborts when the time for shutdown is up. */
  readonly stop: AbortSignal;
  /** Freeze every batch on every edge: for tests. */
  readonly freeze?: boolean;
}

/** One instance and its place in the plan. */
export interface BuiltNode {
  readonly node: PlanNode;
  readonly component: Component;
  /** Completes its numbers when everything has stopped. */
  readonly settle: () => void;
}

/** What is below an exporter. */
const NOWHERE: Consumer = { consume: () => Promise.resolve() };

/** Makes every component of a plan, those below first. The answer is in the plan's order: receivers first. */
export function build(plan: Plan, options: BuildOptions): BuiltNode[] {
  const targets = new Map<string, Consumer>();
  const built: BuiltNode[] = [];
  for (const node of [...plan.nodes].reverse()) {
    const below = (plan.next.get(node.key) ?? []).flatMap((key) => targets.get(key) ?? []);
    const next = node.kind === 'exporter' ? NOWHERE : outOf(node, below, options);
    const { component, consumer, settle = () => {} } = create(node, next, options);
    built.push({ node, component, settle });
    if (consumer) targets.set(node.key, consumer);
  }
  return built.reverse();
}

/** What a node hands its batches to: everything below it, metered. */
function outOf(node: PlanNode, below: readonly Consumer[], options: BuildOptions): Consumer {
  const target = joined(node, below, options);
  return meterOut(node, options.freeze ? freezing(target) : target, options.meter);
}

function joined(node: PlanNode, below: readonly Consumer[], { clock, random, stop, meter }: BuildOptions): Consumer {
  const [only, ...others] = below;
  if (only && others.length === 0) return only;
  const retries = meter.counter('oisp_fanout_retries', { [node.kind]: node.id });
  return new FanOut(below, { clock, random, stop, onRetry: () => retries.add() });
}

/** The context of a component: its log lines and numbers carry its id and kind. */
export function contextOf(
  node: Pick<PlanNode, 'kind' | 'id'> | { kind: 'extension'; id: string },
  options: BuildOptions,
): Context {
  const { clock, meter, random, matcher } = options;
  const log = options.log.with({ 'otelcol.component.id': node.id, 'otelcol.component.kind': node.kind });
  return { id: node.id, log, clock, meter, random, matcher, build: options.build };
}

interface Made {
  readonly component: Component;
  /** What the nodes above hand their batches to; receivers have none. */
  readonly consumer?: Consumer;
  readonly settle?: () => void;
}

function create(node: PlanNode, next: Consumer, options: BuildOptions): Made {
  const { meter, stop } = options;
  const context = contextOf(node, options);
  // the config was decoded by this definition's own schema
  const config = node.configured.config as ConfigOf<ConfigSchema>;
  switch (node.kind) {
    case 'receiver':
      return { component: node.configured.definition.create(context, config, next) };
    case 'processor': {
      const made = node.configured.definition.create({ ...context, pipeline: node.pipeline.kind }, config, next);
      const edge = meterIn(node, made, meter, stop);
      return { component: made, consumer: edge, settle: edge.settle };
    }
    case 'connector': {
      const made = node.configured.definition.create({ ...context, pipeline: node.to }, config, next);
      const edge = meterIn(node, made, meter, stop);
      return { component: made, consumer: edge, settle: edge.settle };
    }
    case 'exporter': {
      const own = { ...context, pipeline: node.pipelineKind };
      const made = node.configured.definition.create(own, config);
      const edge = meterExporter(node, made, own, stop);
      return { component: made, consumer: onlySignals(takesOf(node), edge), settle: edge.settle };
    }
    default:
      return node satisfies never;
  }
}
