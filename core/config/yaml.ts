import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  parseDocument,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { mergeNodes } from './merge.ts';
import type { ConfigNode, Entry, MapNode, Origin, Source } from './node.ts';
import { resolveScalar } from './scalar.ts';

/** Longest config text, in UTF-16 units. */
const MAX_TEXT = 1024 * 1024;
/** Most values of a text after its aliases are written out. */
const MAX_NODES = 100_000;
const MAX_DEPTH = 200;
/** Longest key; each `::` in it is a level. */
const MAX_KEY = 1100;

interface YamlError {
  readonly message: string;
  readonly at: Origin;
}

export type YamlResult = { readonly node: ConfigNode } | { readonly errors: readonly YamlError[] };

/**
 * Parses the first YAML document of a text into nodes with places. Scalars get their types as in Go's yaml.v3; `<<` merges;
 * a key `a::b` stands for `b` inside `a`. Duplicate keys, tabs for indentation, keys that are not text, endless or
 * exploding aliases are errors.
 */
export function parseYaml(source: Source): YamlResult {
  const whole: Origin = { source, start: 0, end: 0 };
  if (source.text.length > MAX_TEXT)
    return { errors: [{ message: `text is longer than ${MAX_TEXT} characters`, at: whole }] };
  try {
    const lines = new LineCounter();
    const doc = parseDocument(source.text, {
      lineCounter: lines,
      keepSourceTokens: false,
      prettyErrors: false,
      schema: 'failsafe',
      stringKeys: false,
      uniqueKeys: false,
      logLevel: 'silent',
    });
    const broken = doc.errors.filter((error) => error.code !== 'MULTIPLE_DOCS');
    if (broken.length > 0) {
      return {
        errors: broken.slice(0, 10).map((error) => ({
          message: `yaml: line ${lines.linePos(error.pos[0]).line}: ${withoutContent(error.message)}`,
          at: { source, start: error.pos[0], end: error.pos[1] },
        })),
      };
    }
    const walk = new Walk(source, lines);
    const node = doc.contents === null ? nothing(whole) : walk.node(doc.contents, 0);
    return walk.errors.length > 0 ? { errors: walk.errors } : { node };
  } catch (error) {
    if (error instanceof TooMuch) return { errors: [{ message: error.message, at: error.at }] };
    // The parser recurses: text nested thousands of levels deep exhausts the stack.
    if (error instanceof RangeError) return { errors: [{ message: 'yaml: exceeded max depth', at: whole }] };
    throw error;
  }
}

class TooMuch extends Error {
  readonly at: Origin;
  constructor(message: string, at: Origin) {
    super(message);
    this.at = at;
  }
}

function nothing(origin: Origin): ConfigNode {
  return { kind: 'scalar', tag: 'null', value: null, origin };
}

/** A message of the parser without the piece of text that it may quote at its end. */
function withoutContent(message: string): string {
  const text = message.replace(/(?: token[^:]*)?:\s.*$/s, '');
  return text.charAt(0).toLowerCase() + text.slice(1);
}

class Walk {
  readonly errors: YamlError[] = [];
  readonly #source: Source;
  readonly #lines: LineCounter;
  readonly #anchors = new Map<string, unknown>();
  readonly #open = new Set<unknown>();
  #count = 0;

  constructor(source: Source, lines: LineCounter) {
    this.#source = source;
    this.#lines = lines;
  }

  /** A node of the parser as one of ours. */
  node(node: unknown, depth: number): ConfigNode {
    const origin = this.#origin(node);
    this.#count += 1;
    if (this.#count > MAX_NODES) throw new TooMuch('yaml: document contains excessive aliasing', origin);
    if (depth > MAX_DEPTH) throw new TooMuch('yaml: exceeded max depth', origin);
    if (isAlias(node)) return this.#alias(node, origin, depth);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return nothing(origin);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    this.#open.add(node);
    const result = isScalar(node)
      ? this.#scalar(node, origin)
      : isMap(node)
        ? this.#map(node, origin, depth)
        : this.#list(node, origin, depth);
    this.#open.delete(node);
    return result;
  }

  #alias(alias: Alias, origin: Origin, depth: number): ConfigNode {
    const target = this.#anchors.get(alias.source);
    if (target === undefined) return this.#fail(`yaml: unknown anchor '${alias.source}' referenced`, origin);
    if (this.#open.has(target)) return this.#fail(`yaml: anchor '${alias.source}' value contains itself`, origin);
    return this.node(target, depth + 1);
  }

  #scalar(node: Scalar, origin: Origin): ConfigNode {
    const text = typeof node.value === 'string' ? node.value : (node.source ?? '');
    const tag = node.tag;
    if (tag === undefined || tag === '!') {
      if (node.type !== 'PLAIN' || tag === '!') return { kind: 'scalar', tag: 'string', value: text, origin };
      return { kind: 'scalar', ...resolveScalar(text), origin };
    }
    if (tag === 'tag:yaml.org,2002:str') return { kind: 'scalar', tag: 'string', value: text, origin };
    const resolved = resolveScalar(text);
    const expected = SCALAR_TAGS.get(tag);
    if (expected === undefined) return this.#fail(`yaml: unsupported tag ${tag}`, origin);
    if (resolved.tag === expected) return { kind: 'scalar', ...resolved, origin };
    if (expected === 'float' && resolved.tag === 'int') return { kind: 'scalar', ...resolved, tag: 'float', origin };
    return this.#fail(`yaml: cannot decode value as a !!${expected}`, origin);
  }

  #list(node: YAMLSeq, origin: Origin, depth: number): ConfigNode {
    return { kind: 'list', items: node.items.map((item) => this.node(item, depth + 1)), origin };
  }

  #map(node: YAMLMap, origin: Origin, depth: number): ConfigNode {
    const own = new Map<string, Entry>();
    const merged: MapNode[] = [];
    for (const pair of node.items) this.#pair(pair, own, merged, depth);
    const entries = new Map<string, Entry>();
    for (const { entries: more } of merged)
      for (const [key, entry] of more) if (!entries.has(key)) entries.set(key, entry);
    for (const [key, entry] of own) entries.set(key, entry);
    return nested({ kind: 'map', entries, origin });
  }

  #pair(pair: Pair, own: Map<string, Entry>, merged: MapNode[], depth: number): void {
    const key = isAlias(pair.key) ? this.#anchors.get(pair.key.source) : pair.key;
    const at = this.#origin(pair.key);
    const value = pair.value === null ? nothing({ ...at, start: at.end }) : this.node(pair.value, depth + 1);
    if (!isScalar(key)) {
      this.#fail('yaml: a key has to be text', at);
      return;
    }
    if (key.anchor !== undefined) this.#anchors.set(key.anchor, key);
    const resolved = this.#scalar(key, at);
    if (key.type === 'PLAIN' && key.value === '<<') {
      this.#mergeKey(value, merged);
      return;
    }
    if (resolved.kind !== 'scalar' || resolved.tag !== 'string') {
      this.#fail(`yaml: a key has to be text; write ${JSON.stringify(String(key.source ?? key.value))}`, at);
      return;
    }
    const name = String(resolved.value);
    if (name.length > MAX_KEY) {
      this.#fail(`yaml: a key is longer than ${MAX_KEY} characters`, at);
      return;
    }
    const first = own.get(name);
    if (first !== undefined) {
      const { line } = this.#lines.linePos(first.key.start);
      this.#fail(`mapping key ${JSON.stringify(name)} already defined at line ${line}`, at);
      return;
    }
    own.set(name, { key: at, value });
  }

  #mergeKey(value: ConfigNode, merged: MapNode[]): void {
    for (const part of value.kind === 'list' ? value.items : [value]) {
      if (part.kind === 'map') merged.push(part);
      else this.#fail('yaml: map merge requires map or sequence of maps as the value', part.origin);
    }
  }

  #fail(message: string, at: Origin): ConfigNode {
    this.errors.push({ message, at });
    return { kind: 'broken', origin: at };
  }

  #origin(node: unknown): Origin {
    const range = isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range : undefined;
    return { source: this.#source, start: range?.[0] ?? 0, end: range?.[1] ?? 0 };
  }
}

const SCALAR_TAGS: ReadonlyMap<string, string> = new Map([
  ['tag:yaml.org,2002:int', 'int'],
  ['tag:yaml.org,2002:float', 'float'],
  ['tag:yaml.org,2002:bool', 'bool'],
  ['tag:yaml.org,2002:null', 'null'],
  ['tag:yaml.org,2002:timestamp', 'time'],
]);

/** Keys `a::b` written out as maps in maps; what is written later wins. */
function nested(map: MapNode): MapNode {
  if (![...map.entries.keys()].some((key) => key.includes('::'))) return map;
  const below = new Map<string, Map<string, Entry>>();
  const entries = new Map<string, Entry>();
  for (const [key, entry] of map.entries) {
    const split = key.indexOf('::');
    const head = split < 0 ? key : key.slice(0, split);
    if (!entries.has(head)) entries.set(head, entry);
    if (split < 0) continue;
    const rests = below.get(head) ?? new Map<string, Entry>();
    rests.set(key.slice(split + 2), entry);
    below.set(head, rests);
  }
  for (const [head, rests] of below) {
    const whole = map.entries.get(head);
    const key = entries.get(head)?.key ?? map.origin;
    const value = nested({ kind: 'map', entries: rests, origin: key });
    const isLater = whole !== undefined && whole.key !== key;
    if (whole === undefined) entries.set(head, { key, value });
    else entries.set(head, { key, value: isLater ? mergeNodes(value, whole.value) : mergeNodes(whole.value, value) });
  }
  return { ...map, entries };
}
