import type { Definition } from '../component.ts';
import { decodeSection, holdsBroken, SECTIONS, type Section } from './components.ts';
import { kindOf } from './describe.ts';
import { type ConfigNode, type Entry, locate, type MapNode } from './node.ts';
import type { Problems } from './problem.ts';
import { checkReferences } from './references.ts';
import { problemsOf, resolve } from './resolve.ts';
import { decodeService, plainPipelines } from './service.ts';
import { didYouMean } from './suggest.ts';
import type { LoadOptions, LoadResult, Registry, ServiceConfig } from './types.ts';

const TOP_KEYS = [...SECTIONS, 'service'];

/** Loads, substitutes, merges, decodes and checks a config. Never throws for what a config says: every problem comes back at once. */
export async function loadConfig(options: LoadOptions): Promise<LoadResult> {
  const problems = problemsOf(options.registry);
  const root = await resolve(options, problems);
  const config = root === undefined ? undefined : decodeRoot(root, options.registry, problems);
  if (root !== undefined && config !== undefined && problems.errors === 0) {
    for (const problem of options.check?.(config) ?? []) {
      const { node, key, exact } = locate(root, problem.path);
      problems.report({ ...problem, at: exact && node.kind === 'scalar' ? node.origin : (key ?? node.origin) });
    }
  }
  const found = problems.finish();
  return problems.errors > 0 || config === undefined ? { problems: found } : { config, problems: found };
}

function decodeRoot(root: ConfigNode, registry: Registry, problems: Problems): ServiceConfig | undefined {
  const empty = root.kind === 'scalar' && root.tag === 'null';
  if (root.kind !== 'map' && !empty) {
    const message = `cannot resolve the configuration: retrieved value (type=${kindOf(root)}) cannot be used as a Conf`;
    if (root.kind !== 'broken') problems.report({ message, path: [], at: root.origin });
    return undefined;
  }
  const start = { ...root.origin, start: 0, end: 0 };
  if (empty) problems.report({ message: 'empty configuration file', path: [], at: start });
  const map: MapNode = root.kind === 'map' ? root : { kind: 'map', entries: new Map(), origin: root.origin };
  unknownTopKeys(map, problems);
  const sectionOf = (type: string): Section | undefined =>
    SECTIONS.find((section) =>
      registry[section].some((definition) => definition.type === type || definition.aliases?.includes(type)),
    );
  const section = <D extends Definition>(name: Section, definitions: readonly D[]) =>
    decodeSection(map.entries.get(name), { section: name, definitions, sectionOf, problems });
  const receivers = section('receivers', registry.receivers);
  const processors = section('processors', registry.processors);
  const exporters = section('exporters', registry.exporters);
  const connectors = section('connectors', registry.connectors);
  const extensions = section('extensions', registry.extensions);
  const service = decodeService(map.entries.get('service'), root, problems);
  if (empty) {
    const message = 'service::pipelines: service must have at least one pipeline';
    problems.report({ message, path: ['service', 'pipelines'], at: start });
    return undefined;
  }
  const brokenSection = SECTIONS.some((name) => isBroken(map.entries.get(name)));
  if (!brokenSection) {
    const ids = {
      receivers: receivers.ids,
      processors: processors.ids,
      exporters: exporters.ids,
      connectors: connectors.ids,
      extensions: extensions.ids,
    };
    checkReferences(service, { ids, connectors: connectors.components, sectionOf, start, problems });
  }
  return {
    receivers: receivers.components,
    processors: processors.components,
    exporters: exporters.components,
    connectors: connectors.components,
    extensions: extensions.components,
    pipelines: plainPipelines(service.pipelines),
    extensionsInUse: [...new Set(service.extensions.map((reference) => reference.id))],
    telemetry: service.telemetry,
    shutdownDeadlineMs: service.shutdownDeadlineMs,
  };
}

/** A section that could not be read: references into it would all be wrong. */
function isBroken(entry: Entry | undefined): boolean {
  if (entry === undefined) return false;
  const { value } = entry;
  return (
    value.kind === 'broken' ||
    value.kind === 'list' ||
    (value.kind === 'scalar' && value.tag !== 'null') ||
    (value.kind === 'map' && value.entries.size === 0 && holdsBroken(value))
  );
}

function unknownTopKeys(map: MapNode, problems: Problems): void {
  for (const [key, entry] of map.entries) {
    if (TOP_KEYS.includes(key)) continue;
    problems.hide(entry.value.origin);
    const message = `'otelcol.configSettings' has invalid keys: ${key}`;
    problems.report({ message, path: [key], at: entry.key, ...didYouMean(key, TOP_KEYS) });
  }
}
