import type { Batch, PipelineKind, Signal } from './batch.ts';
import type { Clock } from './clock.ts';
import type { ConfigOf, ConfigSchema } from './config/schema.ts';
import type { Matcher } from './event/match.ts';
import type { Log } from './log.ts';
import type { Meter } from './telemetry/meter.ts';

/** What the service offers to running components. */
export interface Host {
  /** The work of this component cannot go on: the service shuts down with exit code 1. */
  fatal(error: unknown): void;
  /** This receiver has read all its input. When every receiver has, the service shuts down cleanly. */
  finished(): void;
}

export interface Component {
  /** Gets ready and returns. Throws when it cannot: the service rolls back. */
  start(host: Host): Promise<void>;
  /** Stops taking, hands on, lets go. May be called twice, or without a start. `deadline` aborts when time is up. */
  shutdown(deadline: AbortSignal): Promise<void>;
}

/** Whoever takes batches. `consume` resolves when the batch is in good hands; awaiting it is the backpressure. */
export interface Consumer {
  consume(batch: Batch): Promise<void>;
}

export type Receiver = Component;
export type Processor = Component & Consumer;
export type Exporter = Component & Consumer;
export type Connector = Component & Consumer;
export type Extension = Component;

export type Kind = 'receiver' | 'processor' | 'exporter' | 'connector' | 'extension';
export type Stability = 'alpha' | 'beta' | 'stable';

/** What a component is made with. Time, logs and numbers come in here. */
export interface Context {
  /** `type/name` as configured. */
  readonly id: string;
  /** What the pipelines of this instance deliver (a processor, an exporter, a connector); receivers have none. */
  readonly pipeline?: PipelineKind;
  readonly log: Log;
  readonly clock: Clock;
  readonly meter: Meter;
  /** Numbers in [0, 1). Only for waiting times: ids are derived. */
  readonly random: () => number;
  readonly matcher: Matcher;
  readonly build: BuildInfo;
}

export interface BuildInfo {
  readonly name: string;
  readonly version: string;
}

/** A problem that only a component can see in its config (two keys that exclude one another, a file that is missing). */
export interface ConfigProblem {
  /** Keys below the component's own config, outermost first. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly hint?: string;
}

interface Common<S extends ConfigSchema> {
  readonly type: string;
  /** Older names that still work and are warned about. */
  readonly aliases?: readonly string[];
  readonly summary: string;
  readonly stability: Stability;
  readonly schema: S;
  /** More checks than the schema can say; run by `validate` and at start. May look at the file system, never at the network. */
  readonly check?: (config: ConfigOf<S>) => ConfigProblem[];
}

/** What travels on an edge, finer than the signal: raw capture records, OISP events without them, spans. */
export type Flow = 'capture' | 'events' | 'spans';

export interface ReceiverDefinition<S extends ConfigSchema = ConfigSchema> extends Common<S> {
  readonly kind: 'receiver';
  readonly emits: readonly Flow[];
  create(context: Context, config: ConfigOf<S>, next: Consumer): Receiver;
}

export interface ProcessorDefinition<S extends ConfigSchema = ConfigSchema> extends Common<S> {
  readonly kind: 'processor';
  /** What comes out for what goes in. */
  flow(incoming: ReadonlySet<Flow>): ReadonlySet<Flow>;
  /** Takes secrets out: an exporter that no such processor precedes is a config error. */
  readonly redacts?: boolean;
  create(context: Context, config: ConfigOf<S>, next: Consumer): Processor;
}

export interface ExporterDefinition<S extends ConfigSchema = ConfigSchema> extends Common<S> {
  readonly kind: 'exporter';
  /** Signals that it is handed in a pipeline of this kind with this config; others are never sent to it. Empty: not usable there. */
  takes(pipeline: PipelineKind, config: ConfigOf<S>): readonly Signal[];
  create(context: Context, config: ConfigOf<S>): Exporter;
}

export interface ConnectorDefinition<S extends ConfigSchema = ConfigSchema> extends Common<S> {
  readonly kind: 'connector';
  /** Whether it may stand between pipelines of these kinds. */
  joins(from: PipelineKind, to: PipelineKind): boolean;
  create(context: Context, config: ConfigOf<S>, next: Consumer): Connector;
}

export interface ExtensionDefinition<S extends ConfigSchema = ConfigSchema> extends Common<S> {
  readonly kind: 'extension';
  create(context: Context, config: ConfigOf<S>): Extension;
}

export type Definition =
  | ReceiverDefinition
  | ProcessorDefinition
  | ExporterDefinition
  | ConnectorDefinition
  | ExtensionDefinition;

const BRAND = Symbol.for('oisp.component');

function define<D extends { readonly kind: Kind }, O>(kind: Kind, definition: O): D {
  return Object.freeze({ ...definition, kind, [BRAND]: 1 }) as unknown as D;
}

/** Whether a value was made by one of the `define…` functions, of this copy of core or another. */
export function isDefinition(value: unknown): value is Definition {
  return typeof value === 'object' && value !== null && BRAND in value;
}

export function defineReceiver<const S extends ConfigSchema>(
  d: Omit<ReceiverDefinition<S>, 'kind'>,
): ReceiverDefinition {
  return define('receiver', d);
}
export function defineProcessor<const S extends ConfigSchema>(
  d: Omit<ProcessorDefinition<S>, 'kind'>,
): ProcessorDefinition {
  return define('processor', d);
}
export function defineExporter<const S extends ConfigSchema>(
  d: Omit<ExporterDefinition<S>, 'kind'>,
): ExporterDefinition {
  return define('exporter', d);
}
export function defineConnector<const S extends ConfigSchema>(
  d: Omit<ConnectorDefinition<S>, 'kind'>,
): ConnectorDefinition {
  return define('connector', d);
}
export function defineExtension<const S extends ConfigSchema>(
  d: Omit<ExtensionDefinition<S>, 'kind'>,
): ExtensionDefinition {
  return define('extension', d);
}
