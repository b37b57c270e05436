import type { ConfigNode, Entry, Origin, ScalarNode, Source } from './node.ts';
import type { Problems } from './problem.ts';
import { type Location, parseUri, retrieve, withoutUser } from './sources.ts';
import type { LoadOptions } from './types.ts';
import { parseYaml } from './yaml.ts';

const MAX_ROUNDS = 1000;
const MAX_DEPTH = 100;
const MAX_PATH = 1000;
const MAX_TEXT = 1024 * 1024;
/** Bounds for one whole config, against references that multiply. */
const MAX_RETRIEVALS = 10_000;
const MAX_WORK = 64 * 1024 * 1024;
const TOO_MANY = 'too many recursive expansions';

type Path = readonly (string | number)[];

/**
 * Replaces `${scheme:value}` in every text of a config, as the Collector does (opentelemetry-collector `confmap/expand.go`): a value
 * that is one whole reference takes the YAML type of what it refers to and keeps its text beside; inside other text the text is put in.
 * `$$` stays `$`. What fails becomes a broken node.
 */
export async function expand(root: ConfigNode, options: LoadOptions, problems: Problems): Promise<ConfigNode> {
  return unescaped(await new Expander(options, problems).node(root, [], 0));
}

interface Failure {
  readonly error: string;
  readonly hint?: string | undefined;
}

class Expander {
  readonly #options: LoadOptions;
  readonly #problems: Problems;
  readonly #warned = new Set<string>();
  readonly #seen = new Set<string>();
  #retrievals = 0;
  #work = 0;

  constructor(options: LoadOptions, problems: Problems) {
    this.#options = options;
    this.#problems = problems;
  }

  async node(node: ConfigNode, path: Path, depth: number): Promise<ConfigNode> {
    switch (node.kind) {
      case 'map': {
        const entries = new Map<string, Entry>();
        for (const [key, entry] of node.entries) {
          entries.set(key, { key: entry.key, value: await this.node(entry.value, [...path, key], depth) });
        }
        return { ...node, entries };
      }
      case 'list': {
        const items: ConfigNode[] = [];
        for (const [index, item] of node.items.entries()) items.push(await this.node(item, [...path, index], depth));
        return { ...node, items };
      }
      case 'scalar': {
        if (node.tag !== 'string' || findUri(String(node.value)) === undefined) return node;
        const result = await this.#text(String(node.value), node.origin, path, depth);
        if (!('error' in result)) return result;
        const { error, hint } = result;
        this.#problems.report({ message: `cannot resolve the configuration: ${error}`, path, at: node.origin, hint });
        return { kind: 'broken', origin: node.origin };
      }
      case 'broken':
        return node;
      default:
        return node satisfies never;
    }
  }

  /** The value of a text with references. */
  async #text(start: string, from: Origin, path: Path, depth: number): Promise<ConfigNode | Failure> {
    let text = start;
    let origin = from;
    let whole = false;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      this.#work += text.length;
      if (text.length > MAX_TEXT || this.#work > MAX_WORK || depth > MAX_DEPTH || path.length > MAX_PATH)
        return { error: TOO_MANY };
      const uri = findUri(text);
      if (uri === undefined) {
        const node: ScalarNode = { kind: 'scalar', tag: 'string', value: text, origin };
        return whole ? { ...node, original: text } : node;
      }
      const got = await this.#retrieve(uri, origin, path);
      if ('error' in got) return got;
      origin =
        got.via === undefined || origin.via?.includes(got.via) ? origin : { ...origin, via: and(origin.via, got.via) };
      if (uri !== text) {
        text = text.split(uri).join(got.text);
        continue;
      }
      if (got.via === undefined && uri.endsWith(':-}')) return { kind: 'scalar', tag: 'string', value: '', origin };
      if (got.unset) return { kind: 'scalar', tag: 'null', value: null, origin };
      const parsed = parseReferred(got.text, origin);
      if (parsed.kind !== 'scalar' || parsed.tag !== 'string')
        return await this.#structure(parsed, got.text, origin, path, depth);
      whole = true;
      text = got.text;
    }
    return { error: TOO_MANY };
  }

  /** A reference to something other than text: the value, and the text for fields that want text. */
  async #structure(parsed: ConfigNode, text: string, origin: Origin, path: Path, depth: number): Promise<ConfigNode> {
    const value = await this.node(parsed, path, depth + 1);
    const original = text.includes('${') ? await this.#inline(text, origin, path, depth + 1) : text;
    return original === undefined ? value : { ...value, original };
  }

  /** A text with every reference in it replaced as text; undefined when one of them fails. */
  async #inline(start: string, origin: Origin, path: Path, depth: number): Promise<string | undefined> {
    let text = start;
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      this.#work += text.length;
      if (text.length > MAX_TEXT || this.#work > MAX_WORK || depth > MAX_DEPTH) return undefined;
      const uri = findUri(text);
      if (uri === undefined) return text;
      const got = await this.#retrieve(uri, origin, path);
      if ('error' in got) return undefined;
      text = text.split(uri).join(got.text);
    }
    return undefined;
  }

  async #retrieve(
    uri: string,
    origin: Origin,
    path: Path,
  ): Promise<{ text: string; unset: boolean; via?: string } | Failure> {
    const inner = uri.slice(2, -1);
    // A name that another variable supplied may be its secret.
    const shown = JSON.stringify(origin.via === undefined ? withoutUser(inner) : '[REDACTED]');
    const location: Location | undefined = inner.includes(':') ? parseUri(inner) : { scheme: 'env', opaque: inner };
    const hint =
      /^[a-zA-Z_][a-zA-Z0-9_]*:-/.test(inner) && origin.via === undefined ? `write \${env:${inner}}` : undefined;
    if (location === undefined) return { error: `invalid uri: ${shown}`, hint };
    if (location.opaque.replace(/:-[\s\S]*$/, '').includes('$'))
      return { error: `the uri ${shown} contains unsupported characters ('$')` };
    this.#retrievals += 1;
    if (this.#retrievals > MAX_RETRIEVALS) return { error: TOO_MANY };
    const got = await retrieve(location, this.#options);
    if ('error' in got) {
      if (origin.via !== undefined) return { error: `a reference in the value of ${origin.via} cannot be resolved` };
      return { error: got.error, hint: got.hint ?? hint };
    }
    if (got.unset !== undefined) this.#warnUnset(got.unset, origin, path);
    if (got.via !== undefined) this.#brought(got.text);
    // Editors end files with a newline; in a key or a header it would be wrong.
    const text = location.scheme === 'file' ? got.text.replace(/\r?\n$/, '') : got.text;
    return { text, unset: got.unset !== undefined, ...(got.via === undefined ? {} : { via: got.via }) };
  }

  /** Keeps what a reference brought in out of every problem: the text, and each piece of it that YAML makes of it. */
  #brought(text: string): void {
    const { brought } = this.#problems;
    if (this.#seen.has(text)) return;
    this.#seen.add(text);
    brought.add(text);
    const parsed = parseYaml({ name: '', text, order: -1 });
    if (!('errors' in parsed)) eachPiece(parsed.node, (piece) => brought.add(piece));
  }

  #warnUnset(name: string, origin: Origin, path: Path): void {
    const id = `${origin.source.order}:${origin.start}:${name}`;
    if (this.#warned.has(id)) return;
    this.#warned.add(id);
    const shown = origin.via === undefined ? name : '[REDACTED]';
    this.#problems.report({
      message: `Configuration references unset environment variable ${JSON.stringify(shown)}`,
      path,
      at: origin,
      hint: origin.via === undefined ? `set it, or write \${env:${name}:-default}` : undefined,
      severity: 'warning',
    });
  }
}

/**
 * The first reference that can be replaced: the innermost before the first `}`. An odd number of `$` before it escapes it, and ends the
 * search for this text, as in the Collector.
 */
function findUri(input: string): string | undefined {
  let from = 0;
  for (;;) {
    const close = input.indexOf('}', from);
    if (close < 0) return undefined;
    // Only what was not searched yet: the whole text for each brace would take quadratic time.
    const open = from + input.slice(from, close + 1).lastIndexOf('${');
    if (open >= from) {
      let dollars = 0;
      while (open - 1 - dollars >= from && input[open - 1 - dollars] === '$') dollars += 1;
      return dollars % 2 === 0 ? input.slice(open, close + 1) : around(input, from, open, close);
    }
    from = close + 1;
  }
}

/** The reference whose default holds an escaped one: `${env:X:-$${Y}}`. */
function around(input: string, from: number, open: number, close: number): string | undefined {
  const outer = input.lastIndexOf('${', open - 2);
  if (outer < from || input[outer - 1] === '$' || !/:-\$+$/.test(input.slice(outer, open))) return undefined;
  const end = input.indexOf('}', close + 1);
  return end < 0 || input.slice(close, end).includes('${') ? undefined : input.slice(outer, end + 1);
}

/** What a reference brought in, parsed as YAML and placed where the reference stands. Text that is no YAML is text. */
function parseReferred(text: string, origin: Origin): ConfigNode {
  const source: Source = { name: '', text, order: -1 };
  const parsed = parseYaml(source);
  return 'errors' in parsed ? { kind: 'scalar', tag: 'string', value: text, origin } : moved(parsed.node, origin);
}

/** Every key and scalar. */
function eachPiece(node: ConfigNode, take: (piece: string) => void): void {
  if (node.kind === 'scalar') {
    if (node.value !== null) take(String(node.value));
  } else if (node.kind === 'list') {
    for (const item of node.items) eachPiece(item, take);
  } else if (node.kind === 'map') {
    for (const [key, entry] of node.entries) {
      take(key);
      eachPiece(entry.value, take);
    }
  }
}

function moved(node: ConfigNode, origin: Origin): ConfigNode {
  switch (node.kind) {
    case 'map': {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of node.entries) entries.set(key, { key: origin, value: moved(entry.value, origin) });
      return { ...node, entries, origin };
    }
    case 'list':
      return { ...node, items: node.items.map((item) => moved(item, origin)), origin };
    default:
      return { ...node, origin };
  }
}

function and(before: string | undefined, more: string): string {
  return before === undefined ? more : `${before} and ${more}`;
}

function unescaped(node: ConfigNode): ConfigNode {
  const original = node.original === undefined ? {} : { original: node.original.replaceAll('$$', () => '$') };
  switch (node.kind) {
    case 'map': {
      const entries = new Map<string, Entry>();
      for (const [key, entry] of node.entries) entries.set(key, { key: entry.key, value: unescaped(entry.value) });
      return { ...node, ...original, entries };
    }
    case 'list':
      return { ...node, ...original, items: node.items.map(unescaped) };
    case 'scalar':
      if (node.tag !== 'string') return { ...node, ...original };
      return { ...node, ...original, value: String(node.value).replaceAll('$$', () => '$') };
    default:
      return node;
  }
}
