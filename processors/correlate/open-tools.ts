import type { Key, MatchKeys } from '../../core/index.ts';
import type { ToolState } from './state.ts';

/** Open tool calls, found by what their arguments name: the cost of a look-up does not grow with their number. */
export class OpenTools implements Iterable<ToolState> {
  readonly #all = new Set<ToolState>();
  readonly #byKey = new Map<Key, Set<ToolState>>();
  /** Of each tool, so that closing it needs no search. */
  readonly #keysOf = new Map<ToolState, Set<Key>>();
  readonly #listsOf: (keys: MatchKeys) => readonly (readonly Key[])[];

  /** `listsOf`: the keys by which calls are found. */
  constructor(listsOf: (keys: MatchKeys) => readonly (readonly Key[])[]) {
    this.#listsOf = listsOf;
  }

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<ToolState> {
    return this.#all.values();
  }

  add(tool: ToolState): void {
    this.#all.add(tool);
    for (const list of this.#listsOf(tool.keys)) for (const key of list) this.#put(key, tool);
  }

  /** A name that turned out to be the tool's as well: a temporary file, an address that a host name stands for. */
  learn(tool: ToolState, key: Key): void {
    if (!this.#all.has(tool) || tool.also.size >= MAX_LEARNED) return;
    tool.also.add(key);
    this.#put(key, tool);
  }

  delete(tool: ToolState): void {
    this.#all.delete(tool);
    for (const key of this.#keysOf.get(tool) ?? []) {
      const tools = this.#byKey.get(key);
      tools?.delete(tool);
      if (tools?.size === 0) this.#byKey.delete(key);
    }
    this.#keysOf.delete(tool);
  }

  /** The open calls that name one of `keys`, in the order in which they were asked for. */
  naming(...lists: readonly (readonly Key[] | undefined)[]): readonly ToolState[] {
    let found: Set<ToolState> | undefined;
    for (const list of lists)
      for (const key of list ?? []) {
        const tools = this.#byKey.get(key);
        if (!tools) continue;
        found ??= new Set();
        for (const tool of tools) found.add(tool);
      }
    if (found === undefined) return [];
    return found.size === 1 ? [...found] : [...found].sort((a, b) => a.order - b.order);
  }

  #put(key: Key, tool: ToolState): void {
    let tools = this.#byKey.get(key);
    if (!tools) {
      tools = new Set();
      this.#byKey.set(key, tools);
    }
    tools.add(tool);
    let keys = this.#keysOf.get(tool);
    if (!keys) {
      keys = new Set();
      this.#keysOf.set(tool, keys);
    }
    keys.add(key);
  }
}

const MAX_LEARNED = 64;

/** The keys of all that effects can name. */
export function effectKeys(keys: MatchKeys): (readonly Key[])[] {
  const {
    strings = [],
    words = [],
    commands = [],
    programs = [],
    paths = [],
    tails = [],
    folders = [],
    hosts = [],
  } = keys;
  return [strings, words, commands, programs, paths, tails, folders, hosts];
}
