import { PIPELINE_KINDS, type PipelineKind } from '../batch.ts';
import type { LogLevel } from '../log.ts';
import { missing } from './components.ts';
import { decode } from './decode.ts';
import { kindOf } from './describe.ts';
import { parseId } from './ids.ts';
import type { ConfigNode, Entry, MapNode, Origin } from './node.ts';
import type { Problems } from './problem.ts';
import type { ConfigOf, ObjectSchema } from './schema.ts';
import { didYouMean } from './suggest.ts';
import type { PipelineConfig, TelemetryConfig } from './types.ts';

/** `service::telemetry` and the other fixed keys of `service`. */
export const TELEMETRY_SCHEMA = {
  type: 'object',
  description: 'Logs and metrics of the collector itself.',
  properties: {
    logs: {
      type: 'object',
      description: 'Its log, on standard error.',
      properties: {
        level: {
          type: 'string',
          enum: ['debug', 'info', 'warn', 'error'],
          default: 'info',
          description: 'Least severity written.',
        },
        encoding: {
          type: 'string',
          enum: ['console', 'json'],
          default: 'console',
          description: 'Shape of a log line.',
        },
      },
    },
    metrics: {
      type: 'object',
      description: 'Its metrics.',
      properties: {
        level: {
          type: 'string',
          enum: ['none', 'basic', 'normal', 'detailed'],
          default: 'normal',
          description: 'How much is measured.',
        },
      },
    },
  },
} as const satisfies ObjectSchema;

export const SHUTDOWN_SCHEMA = {
  type: 'string',
  format: 'duration',
  default: '10s',
  description: 'Longest time from the signal to the end of the process.',
} as const;

/** Keys of a pipeline. */
export const PIPELINE_LISTS = ['receivers', 'processors', 'exporters'] as const;
type PipelineList = (typeof PIPELINE_LISTS)[number];

const SERVICE_KEYS = ['telemetry', 'extensions', 'pipelines', 'shutdown_timeout'];

/** A reference to a component, with its place. */
export interface Reference {
  readonly id: string;
  readonly at: Origin;
  readonly path: readonly (string | number)[];
}

/** A pipeline before its references are checked. */
export interface PipelineDraft {
  readonly id: string;
  readonly kind: PipelineKind;
  readonly key: Origin;
  readonly path: readonly (string | number)[];
  readonly lists: Readonly<Record<PipelineList, readonly Reference[]>>;
  /** Lists that could not be read: their being empty is no second problem. */
  readonly broken: ReadonlySet<PipelineList>;
}

export interface DecodedService {
  readonly telemetry: TelemetryConfig;
  readonly shutdownDeadlineMs: number;
  readonly extensions: readonly Reference[];
  readonly pipelines: readonly PipelineDraft[];
  /** Whether pipelines are written but could not be read. */
  readonly broken: boolean;
}

const DEFAULT_TELEMETRY: TelemetryConfig = {
  logs: { level: 'info', encoding: 'console' },
  metrics: { level: 'normal' },
};
const DEFAULT_SHUTDOWN_MS = 10_000;

/** Decodes the `service` section, all but what its references point to. */
export function decodeService(entry: Entry | undefined, root: ConfigNode, problems: Problems): DecodedService {
  const here = entry ?? missing(root);
  const map = asMap(here.value, 'service', ['service'], problems);
  const empty = {
    telemetry: DEFAULT_TELEMETRY,
    shutdownDeadlineMs: DEFAULT_SHUTDOWN_MS,
    extensions: [],
    pipelines: [],
  };
  if (map === undefined) return { ...empty, broken: true };
  unknownKeys(map, 'service', ['service'], SERVICE_KEYS, problems);
  const before = problems.errors;
  const telemetryEntry = map.entries.get('telemetry') ?? missing(map);
  const telemetry = decode(
    telemetryEntry.value,
    TELEMETRY_SCHEMA,
    { path: ['service', 'telemetry'], base: 0, key: telemetryEntry.key },
    problems,
  ) as ConfigOf<typeof TELEMETRY_SCHEMA> | undefined;
  const deadlineEntry = map.entries.get('shutdown_timeout') ?? missing(map);
  const deadline = decode(
    deadlineEntry.value,
    SHUTDOWN_SCHEMA,
    { path: ['service', 'shutdown_timeout'], base: 0, key: deadlineEntry.key },
    problems,
  );
  if (typeof deadline === 'number' && deadline <= 0) {
    const message = 'service::shutdown_timeout: must be greater than zero';
    problems.report({ message, path: ['service', 'shutdown_timeout'], at: deadlineEntry.value.origin });
  }
  const fine = problems.errors === before;
  const extensions = references(
    map.entries.get('extensions'),
    'service.extensions',
    ['service', 'extensions'],
    problems,
  );
  const pipelinesEntry = map.entries.get('pipelines');
  const pipelines = pipelinesEntry === undefined ? [] : decodePipelines(pipelinesEntry, problems);
  return {
    telemetry: fine && telemetry !== undefined ? narrow(telemetry) : DEFAULT_TELEMETRY,
    shutdownDeadlineMs: typeof deadline === 'number' ? deadline : DEFAULT_SHUTDOWN_MS,
    extensions: extensions ?? [],
    pipelines: pipelines ?? [],
    broken: pipelines === undefined,
  };
}

function narrow(telemetry: ConfigOf<typeof TELEMETRY_SCHEMA>): TelemetryConfig {
  const level: LogLevel = telemetry.logs.level;
  return { logs: { level, encoding: telemetry.logs.encoding }, metrics: { level: telemetry.metrics.level } };
}

function decodePipelines(entry: Entry, problems: Problems): PipelineDraft[] | undefined {
  const map = asMap(entry.value, 'service.pipelines', ['service', 'pipelines'], problems);
  if (map === undefined) return undefined;
  const drafts: PipelineDraft[] = [];
  const seen = new Set<string>();
  let broken = false;
  for (const [written, pipeline] of map.entries) {
    const path = ['service', 'pipelines', written];
    const parsed = parseId(written);
    if ('error' in parsed) {
      broken = true;
      problems.report({ message: `'service.pipelines' ${parsed.error}`, path, at: pipeline.key });
      continue;
    }
    const kind = PIPELINE_KINDS.find((candidate) => candidate === parsed.type);
    if (kind === undefined) {
      broken = true;
      const message = `'service.pipelines' in ${JSON.stringify(written)} id: unknown pipeline signal: ${JSON.stringify(parsed.type)}`;
      const guess = didYouMean(parsed.type, PIPELINE_KINDS);
      problems.report({ message, path, at: pipeline.key, hint: guess.hint ?? `write ${PIPELINE_KINDS.join(', ')}` });
      continue;
    }
    if (seen.has(parsed.id)) {
      const message = `'service.pipelines' duplicate name ${JSON.stringify(parsed.id)} after trimming spaces`;
      problems.report({ message, path, at: pipeline.key });
      continue;
    }
    seen.add(parsed.id);
    drafts.push(decodePipeline(parsed.id, kind, pipeline, path, problems));
  }
  return broken && drafts.length === 0 ? undefined : drafts;
}

function decodePipeline(
  id: string,
  kind: PipelineKind,
  entry: Entry,
  path: readonly string[],
  problems: Problems,
): PipelineDraft {
  const name = `service.pipelines[${id}]`;
  const broken = new Set<PipelineList>();
  const lists: Record<PipelineList, readonly Reference[]> = { receivers: [], processors: [], exporters: [] };
  const map = asMap(entry.value, name, path, problems);
  if (map === undefined) for (const list of PIPELINE_LISTS) broken.add(list);
  else {
    unknownKeys(map, name, path, PIPELINE_LISTS, problems);
    for (const list of PIPELINE_LISTS) {
      const found = references(map.entries.get(list), `${name}.${list}`, [...path, list], problems);
      if (found === undefined) broken.add(list);
      else lists[list] = found;
    }
  }
  return { id, kind, key: entry.key, path, lists, broken };
}

/** A list of component ids; undefined when it could not be read. */
function references(
  entry: Entry | undefined,
  name: string,
  path: readonly (string | number)[],
  problems: Problems,
): readonly Reference[] | undefined {
  const node = entry?.value;
  if (node === undefined || (node.kind === 'scalar' && node.tag === 'null')) return [];
  if (node.kind === 'broken') return undefined;
  if (node.kind !== 'list') {
    const hint =
      node.kind === 'scalar' && node.origin.via === undefined ? `write [${node.value}]` : 'write a list of ids';
    problems.report({
      message: `'${name}' source data must be an array or slice, got ${kindOf(node)}`,
      path,
      at: node.origin,
      hint,
    });
    return undefined;
  }
  const found: Reference[] = [];
  let broken = false;
  node.items.forEach((item, index) => {
    const at = item.origin;
    const text = item.kind === 'scalar' && item.tag === 'string' ? String(item.value) : undefined;
    if (text === undefined) {
      broken = true;
      if (item.kind === 'broken') return;
      problems.report({
        message: `'${name}[${index}]' expected type 'string', got '${kindOf(item)}'`,
        path: [...path, index],
        at,
      });
      return;
    }
    const id = parseId(text);
    if ('error' in id) {
      broken = true;
      const said = at.via === undefined ? id.error : `the value of ${at.via} is not a component id`;
      problems.report({ message: `'${name}[${index}]' ${said}`, path: [...path, index], at });
      return;
    }
    found.push({ id: id.id, at, path: [...path, index] });
  });
  return broken ? undefined : found;
}

function unknownKeys(
  map: MapNode,
  name: string,
  path: readonly string[],
  known: readonly string[],
  problems: Problems,
): void {
  for (const [key, entry] of map.entries) {
    if (known.includes(key)) continue;
    problems.hide(entry.value.origin);
    problems.report({
      message: `'${name}' has invalid keys: ${key}`,
      path: [...path, key],
      at: entry.key,
      ...didYouMean(key, known),
    });
  }
}

function asMap(node: ConfigNode, name: string, path: readonly string[], problems: Problems): MapNode | undefined {
  if (node.kind === 'map') return node;
  if (node.kind === 'broken') return undefined;
  if (node.kind === 'scalar' && node.tag === 'null') return { kind: 'map', entries: new Map(), origin: node.origin };
  problems.report({ message: `'${name}' expected a map or struct, got "${kindOf(node)}"`, path, at: node.origin });
  return undefined;
}

/** The pipelines without places; receivers and exporters without repetitions, as in the Collector. */
export function plainPipelines(drafts: readonly PipelineDraft[]): PipelineConfig[] {
  const ids = (list: readonly Reference[]): string[] => [...new Set(list.map((reference) => reference.id))];
  return drafts.map(({ id, kind, lists }) => ({
    id,
    kind,
    receivers: ids(lists.receivers),
    processors: ids(lists.processors),
    exporters: ids(lists.exporters),
  }));
}
