import type { ConnectorDefinition } from '../component.ts';
import type { Section } from './components.ts';
import type { Entry, Origin } from './node.ts';
import type { Problems } from './problem.ts';
import type { DecodedService, PipelineDraft, Reference } from './service.ts';
import { nearest } from './suggest.ts';
import type { Configured } from './types.ts';

/** Most ids that a mistyped one is compared with. */
const MAX_CANDIDATES = 1000;

type Ids = ReadonlyMap<string, Entry>;

export interface ReferenceOptions {
  readonly ids: Readonly<Record<Section, Ids>>;
  readonly connectors: ReadonlyMap<string, Configured<ConnectorDefinition>>;
  /** The section that a component type belongs to. */
  readonly sectionOf: (type: string) => Section | undefined;
  /** Where the config begins, for what is missing. */
  readonly start: Origin;
  readonly problems: Problems;
}

/** Checks what a config says across its sections: every reference, every pipeline, every connector. */
export function checkReferences(service: DecodedService, options: ReferenceOptions): void {
  const { ids, problems, start } = options;
  if (ids.receivers.size === 0)
    problems.report({ message: 'no receiver configuration specified in config', path: [], at: start });
  if (ids.exporters.size === 0)
    problems.report({ message: 'no exporter configuration specified in config', path: [], at: start });
  checkAmbiguous(options);
  for (const extension of service.extensions) {
    if (!ids.extensions.has(extension.id))
      undefinedReference('service::extensions', 'extension', extension, ['extensions'], options);
  }
  if (service.pipelines.length === 0 && !service.broken) {
    const message = 'service::pipelines: service must have at least one pipeline';
    problems.report({ message, path: ['service', 'pipelines'], at: start });
  }
  for (const pipeline of service.pipelines) checkPipeline(pipeline, options);
  checkConnectors(service.pipelines, options);
}

function checkAmbiguous({ ids, problems }: ReferenceOptions): void {
  for (const [id, entry] of ids.connectors) {
    for (const [kind, others] of [
      ['receiver', ids.receivers],
      ['exporter', ids.exporters],
    ] as const) {
      if (!others.has(id)) continue;
      const message =
        `connectors::${id}: ambiguous ID: Found both "${id}" ${kind} and "${id}" connector. ` +
        `Change one of the components' IDs to eliminate ambiguity (e.g. rename "${id}" connector to "${id}/connector")`;
      problems.report({ message, path: ['connectors', id], at: entry.key });
    }
  }
}

function checkPipeline(pipeline: PipelineDraft, options: ReferenceOptions): void {
  const { problems } = options;
  const where = `service::pipelines::${pipeline.id}`;
  for (const kind of ['receiver', 'exporter'] as const) {
    if (pipeline.lists[`${kind}s`].length > 0 || pipeline.broken.has(`${kind}s`)) continue;
    problems.report({ message: `${where}: must have at least one ${kind}`, path: pipeline.path, at: pipeline.key });
  }
  for (const kind of ['receiver', 'processor', 'exporter'] as const) {
    const section: Section = `${kind}s`;
    const places: Section[] = kind === 'processor' ? ['processors'] : [section, 'connectors'];
    const seen = new Set<string>();
    for (const reference of pipeline.lists[section]) {
      if (kind === 'processor' && seen.has(reference.id)) {
        const message = `${where}: references processor ${JSON.stringify(reference.id)} multiple times`;
        problems.report({ message, path: reference.path, at: reference.at, value: reference.id });
      } else if (!places.some((place) => options.ids[place].has(reference.id))) {
        undefinedReference(where, kind, reference, places, options);
      }
      seen.add(reference.id);
    }
  }
}

function undefinedReference(
  where: string,
  kind: string,
  reference: Reference,
  places: readonly Section[],
  options: ReferenceOptions,
): void {
  // A look takes time in proportion to what is configured; for problems that are not shown it would be for nothing.
  const best = options.problems.isFull ? undefined : nearest(reference.id, candidates(places, options));
  const type = reference.id.split('/')[0] ?? reference.id;
  const section = options.sectionOf(type);
  const fits = section !== undefined && places.includes(section);
  let hint: string | undefined;
  if (best !== undefined) hint = `did you mean ${JSON.stringify(best)}?`;
  else if (fits) hint = `add "${reference.id}:" under ${section}`;
  else if (section !== undefined) hint = `${JSON.stringify(type)} belongs under ${section}`;
  options.problems.report({
    message: `${where}: references ${kind} ${JSON.stringify(reference.id)} which is not configured`,
    path: reference.path,
    at: reference.at,
    value: reference.id,
    hint,
  });
}

function* candidates(places: readonly Section[], { ids }: ReferenceOptions): Generator<string> {
  let count = 0;
  for (const place of places) {
    for (const id of ids[place].keys()) {
      count += 1;
      if (count > MAX_CANDIDATES) return;
      yield id;
    }
  }
}

interface Use {
  readonly pipeline: PipelineDraft;
  readonly reference: Reference;
}

/** Each use of a connector as exporter needs a use as receiver that it can reach, and the other way round. */
function checkConnectors(pipelines: readonly PipelineDraft[], { connectors, problems }: ReferenceOptions): void {
  const uses = { receivers: new Map<string, Use[]>(), exporters: new Map<string, Use[]>() };
  for (const pipeline of pipelines) {
    for (const list of ['receivers', 'exporters'] as const) {
      for (const reference of pipeline.lists[list]) {
        if (!connectors.has(reference.id)) continue;
        const found = uses[list].get(reference.id) ?? [];
        found.push({ pipeline, reference });
        uses[list].set(reference.id, found);
      }
    }
  }
  for (const [id, { definition }] of connectors) {
    const incoming = uses.exporters.get(id) ?? [];
    const outgoing = uses.receivers.get(id) ?? [];
    const from = new Set(incoming.map((use) => use.pipeline.kind));
    const to = new Set(outgoing.map((use) => use.pipeline.kind));
    for (const use of incoming) {
      if (![...to].some((kind) => definition.joins(use.pipeline.kind, kind)))
        half(id, 'exporter', 'receiver', use, problems);
    }
    for (const use of outgoing) {
      if (![...from].some((kind) => definition.joins(kind, use.pipeline.kind)))
        half(id, 'receiver', 'exporter', use, problems);
    }
  }
}

function half(id: string, used: string, lacking: string, { pipeline, reference }: Use, problems: Problems): void {
  const message =
    `failed to build pipelines: connector ${JSON.stringify(id)} used as ${used} in [${pipeline.id}] pipeline ` +
    `but not used in any supported ${lacking} pipeline`;
  problems.report({ message, path: reference.path, at: reference.at, value: id });
}
