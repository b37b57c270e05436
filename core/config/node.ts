/** One text that config values come from. */
export interface Source {
  /** As given on the command line: a path, `env:NAME`, `yaml:…`, `--set a.b`. */
  readonly name: string;
  readonly text: string;
  /** Place in the order of sources; problems are sorted by it. */
  readonly order: number;
}

/** Where a value is written: UTF-16 offsets into the text of its source. */
export interface Origin {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
  /** What a reference at this place brought in (`environment variable X`, `file x.yaml`). Such values are never shown. */
  readonly via?: string;
}

interface Common {
  readonly origin: Origin;
  /** The text of a value that one whole reference brought in: fields of type string take it instead of the value. */
  readonly original?: string;
}

/** YAML types as Go's yaml.v3 resolves plain scalars. */
export type ScalarTag = 'string' | 'int' | 'float' | 'bool' | 'null' | 'time';

export interface ScalarNode extends Common {
  readonly kind: 'scalar';
  readonly tag: ScalarTag;
  readonly value: string | number | boolean | null;
}

interface ListNode extends Common {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}

export interface Entry {
  readonly key: Origin;
  readonly value: ConfigNode;
}

export interface MapNode extends Common {
  readonly kind: 'map';
  readonly entries: ReadonlyMap<string, Entry>;
}

/** A value that could not be substituted; the problem is already reported, so whoever meets it says nothing more. */
interface BrokenNode extends Common {
  readonly kind: 'broken';
}

/** A config value with the place where it is written. */
export type ConfigNode = ScalarNode | ListNode | MapNode | BrokenNode;

/** Plain JavaScript value of a node. Keys such as `__proto__` become own keys of an object without prototype. */
export function toPlain(node: ConfigNode): unknown {
  switch (node.kind) {
    case 'scalar':
      return node.value;
    case 'list':
      return node.items.map(toPlain);
    case 'map': {
      const plain: Record<string, unknown> = Object.create(null);
      for (const [key, entry] of node.entries) plain[key] = toPlain(entry.value);
      return plain;
    }
    case 'broken':
      return undefined;
    default:
      return node satisfies never;
  }
}

/** A node that stands for a value of ours (a default), as if it were written at `origin`. */
export function fromPlain(value: unknown, origin: Origin): ConfigNode {
  if (Array.isArray(value)) return { kind: 'list', items: value.map((item) => fromPlain(item, origin)), origin };
  if (typeof value === 'object' && value !== null) {
    const entries = new Map<string, Entry>();
    for (const [key, item] of Object.entries(value)) entries.set(key, { key: origin, value: fromPlain(item, origin) });
    return { kind: 'map', entries, origin };
  }
  if (typeof value === 'string') return { kind: 'scalar', tag: 'string', value, origin };
  if (typeof value === 'number')
    return { kind: 'scalar', tag: Number.isInteger(value) ? 'int' : 'float', value, origin };
  if (typeof value === 'boolean') return { kind: 'scalar', tag: 'bool', value, origin };
  return { kind: 'scalar', tag: 'null', value: null, origin };
}

/** The node at a path, or the nearest one above it; for a key that is there, the origin of the key comes along. */
export function locate(
  root: ConfigNode,
  path: readonly (string | number)[],
): { node: ConfigNode; key?: Origin; exact: boolean } {
  let node = root;
  let key: Origin | undefined;
  for (const step of path) {
    if (node.kind === 'map') {
      const entry = node.entries.get(String(step));
      if (entry === undefined) return { node, ...(key && { key }), exact: false };
      node = entry.value;
      key = entry.key;
    } else if (node.kind === 'list' && typeof step === 'number') {
      const item = node.items[step];
      if (item === undefined) return { node, ...(key && { key }), exact: false };
      node = item;
      key = undefined;
    } else {
      return { node, ...(key && { key }), exact: false };
    }
  }
  return { node, ...(key && { key }), exact: true };
}
