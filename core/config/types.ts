import type { PipelineKind } from '../batch.ts';
import type {
  ConnectorDefinition,
  Definition,
  ExporterDefinition,
  ExtensionDefinition,
  ProcessorDefinition,
  ReceiverDefinition,
} from '../component.ts';
import type { LogLevel } from '../log.ts';

/** The component types that a config may name. */
export interface Registry {
  readonly receivers: readonly ReceiverDefinition[];
  readonly processors: readonly ProcessorDefinition[];
  readonly exporters: readonly ExporterDefinition[];
  readonly connectors: readonly ConnectorDefinition[];
  readonly extensions: readonly ExtensionDefinition[];
}

/** One component as configured. */
export interface Configured<D extends Definition> {
  /** `type` or `type/name` as written, trimmed; where an alias is written, `definition.type` is the type it stands for. */
  readonly id: string;
  readonly definition: D;
  /** Decoded by `definition.schema`: defaults are there, durations are milliseconds, sizes are bytes. */
  readonly config: unknown;
  /** As written, after substitution and merging. May hold secrets. */
  readonly raw: unknown;
}

/** One pipeline: ids of components in the order written, receivers and exporters without repetitions. */
export interface PipelineConfig {
  readonly id: string;
  readonly kind: PipelineKind;
  readonly receivers: readonly string[];
  readonly processors: readonly string[];
  readonly exporters: readonly string[];
}

export interface TelemetryConfig {
  readonly logs: { readonly level: LogLevel; readonly encoding: 'console' | 'json' };
  readonly metrics: { readonly level: 'none' | 'basic' | 'normal' | 'detailed' };
}

/** A whole config that is free of errors. */
export interface ServiceConfig {
  readonly receivers: ReadonlyMap<string, Configured<ReceiverDefinition>>;
  readonly processors: ReadonlyMap<string, Configured<ProcessorDefinition>>;
  readonly exporters: ReadonlyMap<string, Configured<ExporterDefinition>>;
  readonly connectors: ReadonlyMap<string, Configured<ConnectorDefinition>>;
  readonly extensions: ReadonlyMap<string, Configured<ExtensionDefinition>>;
  readonly pipelines: readonly PipelineConfig[];
  /** `service::extensions`. */
  readonly extensionsInUse: readonly string[];
  readonly telemetry: TelemetryConfig;
  /** `service::shutdown_timeout`. */
  readonly shutdownDeadlineMs: number;
}

/** A place in a config text. */
export interface Position {
  /** As given on the command line, or `--set …`, `env:NAME`, `yaml:`. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** The line of the text with carets below; values that are or may be secret are `[REDACTED]`. */
  readonly frame: string;
}

/** Something wrong or odd in a config. Holds no secret. */
export interface Problem {
  /** The Collector's text where it has one. */
  readonly message: string;
  /** Keys from the top of the config. */
  readonly path: readonly (string | number)[];
  readonly at?: Position;
  /** What was written, unless it is a secret or came from an environment variable or a file. */
  readonly value?: unknown;
  /** What to write instead. */
  readonly hint?: string;
  readonly severity: 'error' | 'warning';
}

export interface LoadOptions {
  /** `--config` values, in order. */
  readonly sources: readonly string[];
  /** `--set` values, in order. */
  readonly sets: readonly string[];
  readonly registry: Registry;
  /** Looks at a config that is free of errors so far; its problems get the places of their paths. */
  readonly check?: (config: ServiceConfig) => readonly Problem[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
  readonly cwd: string;
  /** Effective user id. 0: config files that others may write are refused; needs `stat`. */
  readonly euid?: number;
  /** Mode bits and owner of a file, for the check above. */
  readonly stat?: (path: string) => Promise<{ readonly mode: number; readonly uid: number }>;
}

export interface LoadResult {
  /** Absent when any problem is an error. */
  readonly config?: ServiceConfig;
  /** Sorted by file and position. */
  readonly problems: readonly Problem[];
}
