import { isRedacted, Memo, merged, type OispEvent, type Redacted } from '../../core/index.ts';
import { redactArgv, redactCommandLine } from './argv.ts';
import { canonical, codePoints, hashOf, trimmed } from './content.ts';
import type { Engine } from './engine/engine.ts';
import type { Finding } from './engine/rule.ts';
import { isPlaceholder, type KeyKind, labelFor, secretKey } from './secret-keys.ts';
import { type Action, dataShape, ENVELOPE, type Node } from './shape.ts';

export type Mode = 'safe' | 'full' | 'minimal';

export interface RedactorOptions {
  readonly engine: Engine;
  readonly mode: Mode;
  readonly hashKey: Uint8Array;
  /** Bytes of text whose results are kept. */
  readonly memoBytes: number;
  /** Characters of one event that may be searched, and values that may be visited. */
  readonly maxChars: number;
  readonly maxValues: number;
  /** A finding of this type was replaced. */
  readonly onFinding?: (type: string, count: number) => void;
}

/** The event is outside what the redactor may spend on it. The message names the limit, never content. */
export class BudgetError extends Error {}

const MAX_DEPTH = 64;
/** Shorter texts are searched again: a look-up would cost as much. */
const MEMO_MIN = 128;
/** Names of fields that hold a command. */
const COMMAND_KEY = /^(?:command|cmd|script|shell|args|argv|commands?_?line|cmdline)$/i;
const QUOTE = '[CONTENT_REDACTED]';
/** What providers call their errors. */
const WORD = /^[\w.:/-]{1,80}$/;
const PATH = '[PATH_REDACTED]';

interface Known {
  readonly text: string;
  readonly types: readonly { readonly type: string; readonly count: number }[];
  /** Made when first needed. */
  marker?: Redacted;
}

/** What one event has cost so far, and what was done to it. */
interface Run {
  chars: number;
  values: number;
  isChanged: boolean;
  /** Content or metadata went as a whole. */
  isRemoved: boolean;
}

type Values = Record<string, unknown>;

/** Redacts one event after the other. Keeps results by text, no events. */
export class Redactor {
  readonly #engine: Engine;
  readonly #mode: Mode;
  readonly #options: RedactorOptions;
  readonly #memo: Memo<Known>;
  readonly #keys = new Map<string, { readonly kind: KeyKind; readonly name: string }>();
  #run: Run = { chars: 0, values: 0, isChanged: false, isRemoved: false };
  readonly #rules = (text: string): string => this.#text(text);
  readonly #argument = (text: string): string =>
    text.includes(' ') ? redactCommandLine(text, this.#rules, this.#foundPassword) : this.#text(text);
  readonly #foundPassword = (): void => {
    this.#run.isChanged = true;
    this.#options.onFinding?.('password', 1);
  };

  constructor(options: RedactorOptions) {
    this.#options = options;
    this.#engine = options.engine;
    this.#mode = options.mode;
    this.#memo = new Memo(options.memoBytes);
  }

  /** A new event without secrets, and without content in the modes `safe` and `minimal`. Throws when it cannot: then nothing may pass. */
  redact(event: OispEvent): OispEvent {
    const run: Run = { chars: 0, values: 0, isChanged: false, isRemoved: false };
    this.#run = run;
    // both shapes give an object for an object
    const envelope = this.#node(event, ENVELOPE, 0) as OispEvent;
    const data = 'data' in event ? this.#data(event.event_type, event.data) : undefined;
    const { confidence } = event;
    const judged = merged(this.#confidence(confidence), {
      redaction_applied: run.isChanged || confidence.redaction_applied === true,
      redaction_profile: run.isChanged ? this.#mode : (confidence.redaction_profile ?? this.#mode),
    });
    const changed = { confidence: run.isRemoved ? merged(judged, { completeness: 'redacted' as const }) : judged };
    return data === undefined ? { ...envelope, ...changed } : { ...envelope, data, ...changed };
  }

  #confidence(confidence: OispEvent['confidence']): OispEvent['confidence'] {
    // words only: what the rules leave of an object has the same fields
    return this.#deep(confidence, 1) as OispEvent['confidence'];
  }

  #data(type: string, data: object): object {
    const shape = dataShape(type);
    const out = this.#node(data, shape, 1) as Values;
    if (this.#mode === 'full') return out;
    if (type === 'agent.tool_call') return this.#hashed(data, out, 'arguments');
    if (type === 'agent.tool_result') return this.#hashed(data, out, 'result');
    if (type === 'ai.response') return this.#hashedCalls(data, out);
    return out;
  }

  #hashedCalls(data: object, out: Values): Values {
    const before = 'tool_calls' in data ? data.tool_calls : undefined;
    const after = out['tool_calls'];
    if (!Array.isArray(before) || !Array.isArray(after)) return out;
    const calls: unknown[] = before.map((call: unknown, i) =>
      isObject(call) && isObject(after[i]) ? this.#hashed(call, after[i], 'arguments') : after[i],
    );
    return { ...out, tool_calls: calls };
  }

  /** `name_hash` for content that was left out, and for a result its size. */
  #hashed(from: object, out: Values, name: 'arguments' | 'result'): Values {
    const value = (from as Values)[name];
    if (value === undefined || name in out) return out;
    const marker = isRedacted(value) ? trimmed(value).$redacted : undefined;
    const text = marker === undefined ? canonical(value) : '';
    const hash = marker === undefined ? hashOf(text, this.#options.hashKey) : marker.hash;
    const more: Values = {};
    if (hash !== undefined && out[`${name}_hash`] === undefined) more[`${name}_hash`] = hash;
    if (name === 'result' && marker === undefined && out['result_size_bytes'] === undefined) {
      more['result_size_bytes'] = Buffer.byteLength(text);
    }
    return merged(out, more);
  }

  #node(value: unknown, node: Node, depth: number): unknown {
    if (value === undefined || value === null) return value;
    if (typeof node === 'string') return this.#act(value, node, depth);
    this.#visit(depth);
    if ('each' in node) {
      if (!Array.isArray(value)) return this.#act(value, node.otherwise, depth);
      return this.#list(value, node.each, depth);
    }
    if (!isObject(value)) return this.#act(value, node.rest, depth);
    if (isRedacted(value)) return this.#mode === 'full' ? this.#deep(value, depth) : trimmed(value);
    let out: Values | undefined;
    for (const key in value) {
      const before = value[key];
      const of = node.fields.get(key);
      if (of === 'keep' && typeof before !== 'object') continue;
      const name = of === undefined ? this.#key(key).name : key;
      if (name !== key) {
        // a secret as a name; below content, where nobody knows the names, the field goes as a whole
        out ??= { ...value };
        delete out[key];
        const isKept = this.#mode === 'full' || (node.rest !== 'content' && node.rest !== 'text');
        if (isKept) out[name] = this.#named(key, before, node.rest, depth);
        continue;
      }
      const after = of === undefined ? this.#named(key, before, node.rest, depth) : this.#node(before, of, depth + 1);
      if (after === before) continue;
      out ??= { ...value };
      if (after === undefined) delete out[key];
      else out[key] = after;
    }
    return out ?? value;
  }

  #list(values: readonly unknown[], node: Node, depth: number): unknown {
    let out: unknown[] | undefined;
    for (let i = 0; i < values.length; i++) {
      const after = this.#node(values[i], node, depth + 1);
      if (after !== values[i]) {
        out ??= values.slice();
        out[i] = after;
      }
    }
    return out === undefined ? values : out.filter((v) => v !== undefined);
  }

  #act(value: unknown, action: Action, depth: number): unknown {
    switch (action) {
      case 'opaque':
        return value;
      case 'keep':
        return typeof value === 'object' ? this.#deep(value, depth) : value;
      case 'word':
        return typeof value !== 'string' || WORD.test(value)
          ? this.#deep(value, depth)
          : this.#content(value, 'quote', depth);
      case 'meta':
        return this.#deep(value, depth);
      case 'exe': {
        const exe = this.#deep(value, depth);
        return this.#mode === 'minimal' && typeof exe === 'string' ? this.#replaced(exe, withoutHome(exe)) : exe;
      }
      case 'path':
        if (this.#mode !== 'minimal') return this.#deep(value, depth);
        return this.#replaced(value, typeof value === 'string' ? PATH + ending(value) : undefined);
      case 'uri': {
        const uri = this.#mode === 'minimal' ? undefined : this.#deep(value, depth);
        return uri === value ? value : this.#replaced(value, undefined);
      }
      case 'argv':
        if (!isWords(value)) return this.#act(value, 'text', depth);
        if (this.#mode === 'minimal')
          return value.length < 2 ? this.#words(value) : this.#replaced(value, this.#words(value.slice(0, 1)));
        return this.#words(value);
      case 'cmdline':
        if (typeof value !== 'string') return this.#act(value, 'text', depth);
        if (this.#mode === 'minimal') return this.#replaced(value, undefined);
        this.#spend(value.length);
        return redactCommandLine(value, this.#rules, this.#foundPassword);
      case 'text':
        if (this.#mode !== 'minimal' || typeof value === 'number' || typeof value === 'boolean')
          return this.#deep(value, depth);
        return this.#replaced(value, undefined);
      case 'content':
      case 'quote':
      case 'gone':
        return this.#content(value, action, depth);
      default:
        return action satisfies never;
    }
  }

  #words(args: readonly string[]): readonly string[] {
    return redactArgv(args, this.#argument, this.#foundPassword);
  }

  #content(value: unknown, action: 'content' | 'quote' | 'gone', depth: number): unknown {
    if (this.#mode === 'full') return this.#deep(value, depth);
    if (value === '' || (action !== 'gone' && (typeof value === 'number' || typeof value === 'boolean'))) return value;
    this.#run.isChanged = true;
    this.#run.isRemoved = true;
    if (this.#mode === 'minimal' || action === 'gone') return undefined;
    if (action === 'quote') return QUOTE;
    return isRedacted(value) ? trimmed(value) : this.#marker(canonical(value));
  }

  /** What stands for a text in the mode `safe`; one object for equal texts. */
  #marker(text: string): Redacted {
    const known = this.#search(text);
    known.marker ??= Object.freeze({
      $redacted: Object.freeze({
        reason: 'safe_mode',
        detector: 'mode',
        original_length: codePoints(text),
        hash: hashOf(text, this.#options.hashKey),
        redaction_profile: this.#mode,
        ...(known.types.length === 0 ? {} : { findings: known.types }),
      }),
    });
    return known.marker;
  }

  /** Rules over every text below. The same value when nothing was found. */
  #deep(value: unknown, depth: number): unknown {
    if (typeof value === 'string') return this.#text(value);
    if (typeof value !== 'object' || value === null) return value;
    this.#visit(depth);
    if (Array.isArray(value)) {
      let list: unknown[] | undefined;
      for (let i = 0; i < value.length; i++) {
        const before: unknown = value[i];
        const after = this.#deep(before, depth + 1);
        if (after !== before) {
          list ??= value.slice();
          list[i] = after;
        }
      }
      return list ?? value;
    }
    if (ArrayBuffer.isView(value)) throw new BudgetError('an event holds raw bytes');
    const from = value as Values;
    const pair = pairKind(from);
    let out: Values | undefined;
    for (const key in from) {
      const before = from[key];
      const { kind, name } = this.#key(key);
      const secret = kind ?? (key === 'value' ? pair : undefined);
      const after =
        secret !== undefined
          ? this.#secret(before, secret, depth + 1)
          : COMMAND_KEY.test(key)
            ? this.#command(before, depth + 1)
            : this.#deep(before, depth + 1);
      if (after === before && name === key) continue;
      out ??= { ...from };
      if (name !== key) delete out[key];
      out[name] = after;
    }
    return out ?? value;
  }

  /** A value whose name says that it is a command: a line, a script, or a list of words. */
  #command(value: unknown, depth: number): unknown {
    if (typeof value === 'string') {
      if (value.includes(' ')) this.#spend(value.length);
      return this.#argument(value);
    }
    if (!isWords(value)) return this.#deep(value, depth);
    this.#visit(depth);
    return this.#words(value);
  }

  #named(key: string, value: unknown, action: Action, depth: number): unknown {
    const isSearched = action === 'meta' || (action === 'text' && this.#mode !== 'minimal');
    const { kind } = this.#key(key);
    if (isSearched && kind !== undefined) return this.#secret(value, kind, depth + 1);
    return isSearched && COMMAND_KEY.test(key) ? this.#command(value, depth + 1) : this.#act(value, action, depth + 1);
  }

  /** A value whose name says that it is a secret. */
  #secret(value: unknown, kind: Exclude<KeyKind, undefined>, depth: number): unknown {
    if (typeof value === 'string') {
      if (isPlaceholder(value)) return value;
      const label = labelFor(kind, value);
      if (label !== value) {
        this.#run.isChanged = true;
        this.#options.onFinding?.(kind, 1);
      }
      return label;
    }
    if (!Array.isArray(value)) return this.#deep(value, depth);
    this.#visit(depth);
    return value.map((v: unknown) => this.#secret(v, kind, depth + 1));
  }

  #key(key: string): { readonly kind: KeyKind; readonly name: string } {
    let known = this.#keys.get(key);
    if (known === undefined) {
      if (this.#keys.size >= 4096) this.#keys.clear();
      known = { kind: secretKey(key), name: key.length < 12 ? key : this.#text(key) };
      if (key.length <= 256) this.#keys.set(key, known);
    }
    if (known.name !== key) this.#run.isChanged = true;
    return known;
  }

  #text(text: string): string {
    if (text.length < 6) return text;
    if (text.length >= MEMO_MIN) {
      const known = this.#search(text);
      if (known.types.length > 0) {
        this.#run.isChanged = true;
        for (const { type, count } of known.types) this.#options.onFinding?.(type, count);
      }
      return known.text;
    }
    this.#spend(text.length);
    const { text: after, findings } = this.#engine.replace(text);
    if (findings.length > 0) {
      this.#run.isChanged = true;
      for (const { rule } of findings) this.#options.onFinding?.(rule.type, 1);
    }
    return after;
  }

  #search(text: string): Known {
    const memo = this.#memo.get(text);
    if (memo !== undefined) return memo;
    this.#spend(text.length);
    const { text: after, findings } = this.#engine.replace(text);
    const known: Known = { text: after, types: countByType(findings) };
    this.#memo.set(text, known);
    return known;
  }

  #replaced(before: unknown, after: unknown): unknown {
    if (after !== before) {
      this.#run.isChanged = true;
      this.#run.isRemoved = true;
    }
    return after;
  }

  #spend(chars: number): void {
    this.#run.chars += chars;
    if (this.#run.chars > this.#options.maxChars)
      throw new BudgetError(`an event has more than ${this.#options.maxChars} characters`);
  }

  #visit(depth: number): void {
    if (depth > MAX_DEPTH) throw new BudgetError(`an event has more than ${MAX_DEPTH} levels`);
    if (++this.#run.values > this.#options.maxValues)
      throw new BudgetError(`an event has more than ${this.#options.maxValues} values`);
  }
}

function countByType(findings: readonly Finding[]): readonly { readonly type: string; readonly count: number }[] {
  if (findings.length === 0) return [];
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule.type, (counts.get(rule.type) ?? 0) + 1);
  return [...counts].map(([type, count]) => ({ type, count }));
}

/** `{ name: 'authorization', value: '…' }`, as lists of headers are written. */
function pairKind(of: Values): KeyKind {
  const name = of['name'] ?? of['key'];
  return 'value' in of && typeof name === 'string' ? secretKey(name) : undefined;
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isWords(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((v) => typeof v === 'string');
}

function withoutHome(path: string): string {
  return path.replace(/^(?:\/home\/[^/]+|\/Users\/[^/]+|\/root(?=\/)|[A-Za-z]:\\Users\\[^\\]+)/, '~');
}

function ending(path: string): string {
  return /\.[A-Za-z0-9]{1,8}$/.exec(path)?.[0] ?? '';
}
