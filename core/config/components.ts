import type { ConfigProblem, Definition } from '../component.ts';
import { decode } from './decode.ts';
import { kindOf, plainValue, typeOf } from './describe.ts';
import { parseId } from './ids.ts';
import { type ConfigNode, type Entry, fromPlain, locate, type MapNode, toPlain } from './node.ts';
import type { Problems } from './problem.ts';
import { didYouMean } from './suggest.ts';
import type { Configured } from './types.ts';

/** The sections that hold components, and the kind of definition that each takes. */
export const SECTIONS = ['receivers', 'processors', 'exporters', 'connectors', 'extensions'] as const;
export type Section = (typeof SECTIONS)[number];

export interface DecodedSection<D extends Definition> {
  readonly components: ReadonlyMap<string, Configured<D>>;
  /** Every id that is written, also those whose config is wrong: a reference to them is no second problem. */
  readonly ids: ReadonlyMap<string, Entry>;
}

interface SectionOptions<D extends Definition> {
  readonly section: Section;
  readonly definitions: readonly D[];
  /** The section of a type that belongs elsewhere. */
  readonly sectionOf: (type: string) => Section | undefined;
  readonly problems: Problems;
}

/** Decodes one section of components. */
export function decodeSection<D extends Definition>(
  entry: Entry | undefined,
  options: SectionOptions<D>,
): DecodedSection<D> {
  const components = new Map<string, Configured<D>>();
  const ids = new Map<string, Entry>();
  const { section, problems } = options;
  const node = entry?.value;
  if (node === undefined || node.kind === 'broken' || (node.kind === 'scalar' && node.tag === 'null'))
    return { components, ids };
  if (node.kind !== 'map') {
    problems.hide(node.origin);
    problems.report({
      message: `'${section}' expected a map or struct, got "${kindOf(node)}"`,
      path: [section],
      at: node.origin,
    });
    return { components, ids };
  }
  for (const [written, component] of node.entries) {
    const path = [section, written];
    const id = parseId(written);
    if ('error' in id) {
      problems.hide(component.value.origin);
      problems.report({ message: `'${section}' '' ${id.error}`, path, at: component.key });
      continue;
    }
    if (ids.has(id.id)) {
      problems.hide(component.value.origin);
      problems.report({
        message: `'${section}' duplicate name ${JSON.stringify(id.id)} after trimming spaces`,
        path,
        at: component.key,
      });
      continue;
    }
    ids.set(id.id, component);
    const definition = find(options, id.type, written, component);
    if (definition === undefined) continue;
    const configured = decodeComponent(definition, id.id, written, component, options);
    if (configured !== undefined) components.set(id.id, configured);
  }
  return { components, ids };
}

function find<D extends Definition>(
  options: SectionOptions<D>,
  type: string,
  written: string,
  entry: Entry,
): D | undefined {
  const { definitions, section, problems } = options;
  const direct = definitions.find((definition) => definition.type === type);
  if (direct !== undefined) return direct;
  const path = [section, written];
  const aliased = definitions.find((definition) => definition.aliases?.includes(type));
  if (aliased !== undefined) {
    const message = `${JSON.stringify(type)} alias is deprecated; use ${JSON.stringify(aliased.type)} instead`;
    problems.report({ message, path, at: entry.key, severity: 'warning' });
    return aliased;
  }
  problems.hide(entry.value.origin);
  if (section === 'exporters' && type === 'logging') {
    const message = "'exporters' the logging exporter has been deprecated, use the debug exporter instead";
    problems.report({ message, path, at: entry.key });
    return undefined;
  }
  const types = definitions.map((definition) => definition.type).sort();
  const id = parseId(written);
  const shown = 'error' in id ? written : id.id;
  const elsewhere = options.sectionOf(type);
  problems.report({
    message: `'${section}' unknown type: ${JSON.stringify(type)} for id: ${JSON.stringify(shown)} (valid values: [${types.join(' ')}])`,
    path,
    at: entry.key,
    ...(elsewhere === undefined
      ? didYouMean(type, types)
      : { hint: `${JSON.stringify(type)} belongs under ${elsewhere}` }),
  });
  return undefined;
}

function decodeComponent<D extends Definition>(
  definition: D,
  id: string,
  written: string,
  entry: Entry,
  { section, problems }: SectionOptions<D>,
): Configured<D> | undefined {
  const path = [section, written];
  const { value: node, key } = entry;
  if (node.kind === 'broken') return undefined;
  const empty = node.kind === 'scalar' && node.tag === 'null';
  if (node.kind !== 'map' && !empty) {
    problems.hide(node.origin);
    const message = `'[${id}]' expected type 'map[string]interface {}', got unconvertible type '${typeOf(node)}'`;
    problems.report({ message, path, at: node.origin });
    return undefined;
  }
  const map: MapNode = node.kind === 'map' ? node : { kind: 'map', entries: new Map(), origin: node.origin };
  const before = problems.errors;
  const config = decode(map, definition.schema, { path, base: 2, key }, problems);
  if (problems.errors > before || holdsBroken(map)) return undefined;
  for (const found of runCheck(definition, config)) report(found, map, entry, section, written, id, problems);
  return problems.errors > before ? undefined : { id, definition, config, raw: toPlain(node) };
}

function runCheck(definition: Definition, config: unknown): readonly ConfigProblem[] {
  try {
    // The config was decoded by the schema of this very definition, which is what its check takes.
    return (definition.check as ((config: unknown) => ConfigProblem[]) | undefined)?.(config) ?? [];
  } catch (error) {
    return [{ path: [], message: `its own check failed: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

function report(
  found: ConfigProblem,
  map: MapNode,
  entry: Entry,
  section: Section,
  written: string,
  id: string,
  problems: Problems,
): void {
  const { node, key, exact } = locate(map, found.path);
  const scalar = exact && found.path.length > 0 && node.kind === 'scalar';
  problems.report({
    message: `${[section, id, ...found.path].join('::')}: ${found.message}`,
    path: [section, written, ...found.path],
    at: scalar ? node.origin : (key ?? entry.key),
    value: scalar && !problems.hides(node.origin) ? plainValue(node) : undefined,
    hint: found.hint,
  });
}

/** Whether a substitution failed somewhere inside. */
export function holdsBroken(node: ConfigNode): boolean {
  if (node.kind === 'broken') return true;
  if (node.kind === 'list') return node.items.some(holdsBroken);
  return node.kind === 'map' && [...node.entries.values()].some((entry) => holdsBroken(entry.value));
}

/** An entry for what is not written, at the start of the text. */
export function missing(parent: ConfigNode): Entry {
  const origin = { ...parent.origin, end: parent.origin.start };
  return { key: origin, value: fromPlain(null, origin) };
}
