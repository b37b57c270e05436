import type { Definition } from '../../../core/component.ts';
import type { Configured, PipelineConfig, ServiceConfig } from '../../../core/config/types.ts';
import {
  type Batch,
  type ConfigSchema,
  type Consumer,
  defineConnector,
  defineExporter,
  defineProcessor,
  defineReceiver,
  type Flow,
  type Host,
  type PipelineKind,
  type Signal,
} from '../../../core/index.ts';

const schema = { type: 'object', properties: {} } as const satisfies ConfigSchema;

/** What the components of one test did, in order: `start otlp`, `stop redact`. */
type Journal = string[];

/** Behaviour of one component by id. */
export interface Script {
  readonly start?: (host: Host, next: Consumer | undefined) => Promise<void>;
  readonly shutdown?: (deadline: AbortSignal) => Promise<void>;
  readonly consume?: (batch: Batch, next: Consumer | undefined) => Promise<void>;
}

export interface Kit {
  readonly journal: Journal;
  readonly scripts: Record<string, Script>;
  readonly made: string[];
}

export function kit(scripts: Record<string, Script> = {}): Kit {
  return { journal: [], scripts, made: [] };
}

function component(kit: Kit, id: string, next?: Consumer) {
  kit.made.push(id);
  const script = kit.scripts[id] ?? {};
  return {
    start: async (host: Host) => {
      kit.journal.push(`start ${id}`);
      await script.start?.(host, next);
    },
    shutdown: async (deadline: AbortSignal) => {
      kit.journal.push(`stop ${id}`);
      await script.shutdown?.(deadline);
    },
    consume: async (batch: Batch) => {
      if (script.consume) return script.consume(batch, next);
      return next?.consume(batch);
    },
  };
}

export const receiver = (kit: Kit, emits: readonly Flow[] = ['events']) =>
  defineReceiver({
    type: 'r',
    summary: 'r',
    stability: 'alpha',
    schema,
    emits,
    create: (ctx, _config, next) => component(kit, ctx.id, next),
  });

export const processor = (
  kit: Kit,
  type: string,
  flow: (incoming: ReadonlySet<Flow>) => ReadonlySet<Flow> = (incoming) => incoming,
  redacts = false,
) =>
  defineProcessor({
    type,
    summary: type,
    stability: 'alpha',
    schema,
    flow,
    redacts,
    create: (ctx, _config, next) => component(kit, ctx.id, next),
  });

export const exporter = (kit: Kit, takes: (kind: PipelineKind) => readonly Signal[] = () => ['events', 'spans']) =>
  defineExporter({
    type: 'e',
    summary: 'e',
    stability: 'alpha',
    schema,
    takes,
    create: (ctx) => component(kit, ctx.id),
  });

export const connector = (kit: Kit, joins: (from: PipelineKind, to: PipelineKind) => boolean = () => true) =>
  defineConnector({
    type: 'forward',
    summary: 'forward',
    stability: 'alpha',
    schema,
    joins,
    create: (ctx, _config, next) => component(kit, ctx.id, next),
  });

export interface Parts {
  readonly receivers?: Record<string, ReturnType<typeof defineReceiver>>;
  readonly processors?: Record<string, ReturnType<typeof defineProcessor>>;
  readonly exporters?: Record<string, ReturnType<typeof defineExporter>>;
  readonly connectors?: Record<string, ReturnType<typeof defineConnector>>;
  /** `id: [receivers, processors, exporters]`, ids separated by blanks. */
  readonly pipelines: Record<string, readonly [string, string, string]>;
  readonly shutdownDeadlineMs?: number;
}

function configured<D extends Definition>(all: Record<string, D> = {}): Map<string, Configured<D>> {
  return new Map(Object.entries(all).map(([id, definition]) => [id, { id, definition, config: {}, raw: null }]));
}

/** A config as `loadConfig` would give it. */
export function serviceConfig(parts: Parts): ServiceConfig {
  const ids = (text: string): string[] => text.split(' ').filter((id) => id !== '');
  return {
    receivers: configured(parts.receivers),
    processors: configured(parts.processors),
    exporters: configured(parts.exporters),
    connectors: configured(parts.connectors),
    extensions: new Map(),
    pipelines: Object.entries(parts.pipelines).map(
      ([id, [receivers, processors, exporters]]): PipelineConfig => ({
        id,
        kind: id.startsWith('logs') ? 'logs' : id.startsWith('metrics') ? 'metrics' : 'traces',
        receivers: ids(receivers),
        processors: ids(processors),
        exporters: ids(exporters),
      }),
    ),
    extensionsInUse: [],
    telemetry: { logs: { level: 'info', encoding: 'json' }, metrics: { level: 'normal' } },
    shutdownDeadlineMs: parts.shutdownDeadlineMs ?? 10_000,
  };
}

export const decodeFlow = (incoming: ReadonlySet<Flow>): ReadonlySet<Flow> =>
  new Set([...incoming].map((flow) => (flow === 'capture' ? 'events' : flow)));

export const correlateFlow = (incoming: ReadonlySet<Flow>): ReadonlySet<Flow> => new Set([...incoming, 'spans']);
