import { goesOn } from '../../../core/index.ts';
import { isObject, type Json, parseJson } from '../json.ts';

/** Keys of the list that holds a conversation: Chat Completions and Anthropic, Responses, Gemini. */
const LISTS: ReadonlySet<string> = new Set(['messages', 'input', 'contents']);
/** Bodies smaller than this are parsed as they are. */
const MIN_BODY = 4096;
/** Conversations of one speaker that are remembered. */
const MAX_LINES = 32;
/** What a parsed body weighs, in bytes of its text, the text itself and its values; and what each element weighs besides. */
const WEIGHT = 3;
const ELEMENT_WEIGHT = 512;
/** Elements of a list that are remembered one by one. */
const MAX_ELEMENTS = 4096;

/** Where the list of a conversation stands in a body. */
interface Elements {
  readonly key: string;
  /** Its `[`, and its `]`. */
  readonly start: number;
  readonly end: number;
  /** Where each element ends. */
  readonly ends: readonly number[];
}

interface Known extends Elements {
  readonly body: Buffer;
  readonly value: Json;
  /** The elements of the list. */
  readonly values: readonly unknown[];
  readonly weight: number;
}

/**
 * Parses the bodies of requests. Agents send their whole conversation with every call: elements of its list that are the same bytes as in an
 * earlier body are not parsed again, and are the same objects, which nobody may change; so is what stands beside the list where all of it is
 * the same. Holds `maxBytes` at most, the oldest is let go first.
 */
export class Histories {
  readonly #maxBytes: number;
  readonly #speakers = new Map<string, Known[]>();
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#bytes;
  }

  /** The value of a body; undefined when it is no JSON. `speaker` says whose it is: nothing is shared between two of them. `decode` gives its text. */
  parse(body: Buffer, speaker: string, decode: (bytes: Buffer) => string): unknown {
    if (body.length < MIN_BODY) return parseJson(decode(body));
    const lines = this.#speakers.get(speaker) ?? [];
    const { known, kept } = best(lines, body);
    let found = known && elementsBehind(body, known, kept);
    let value = known && found && continued(known, kept, body, found, decode);
    if (value === undefined) {
      const parsed = parseJson(decode(body));
      if (!isObject(parsed)) return parsed;
      value = parsed;
      found = elementsOf(body);
    }
    if (found !== undefined) this.#remember(speaker, lines, known, kept, body, value, found);
    return value;
  }

  #remember(
    speaker: string,
    lines: Known[],
    known: Known | undefined,
    kept: number,
    body: Buffer,
    value: Json,
    { key, start, end, ends }: Elements,
  ): void {
    const values = value[key];
    if (!Array.isArray(values) || values.length !== ends.length || values.length > MAX_ELEMENTS) return;
    const weight = WEIGHT * body.length + ELEMENT_WEIGHT * values.length;
    const next: Known = { body, key, start, end, ends, value, values, weight };
    // a conversation that goes on takes the place of what it was
    const goesOn = known !== undefined && kept === known.ends.length;
    if (goesOn) this.#drop(lines, known);
    lines.push(next);
    this.#bytes += weight;
    if (lines.length > MAX_LINES) this.#drop(lines, lines[0]);
    this.#speakers.delete(speaker);
    this.#speakers.set(speaker, lines);
    while (this.#bytes > this.#maxBytes) {
      const [oldest] = this.#speakers;
      if (oldest === undefined) return;
      this.#drop(oldest[1], oldest[1][0]);
      if (oldest[1].length === 0) this.#speakers.delete(oldest[0]);
    }
  }

  #drop(lines: Known[], known: Known | undefined): void {
    const at = known === undefined ? -1 : lines.indexOf(known);
    if (at < 0 || known === undefined) return;
    lines.splice(at, 1);
    this.#bytes -= known.weight;
  }
}

/** The known body that shares the most elements with a new one, and how many. One that goes on as it was is taken at once. */
function best(lines: readonly Known[], body: Buffer): { known: Known | undefined; kept: number } {
  let known = lines.findLast((line) => isGoingOn(line, body));
  if (known !== undefined) return { known, kept: known.ends.length };
  let kept = 0;
  for (let i = lines.length - 1; i >= 0; i--) {
    const line = lines[i] as Known;
    const shared = sharedBy(line, body);
    if (shared <= kept) continue;
    known = line;
    kept = shared;
    if (kept === line.ends.length) break;
  }
  return { known, kept };
}

/** The last bytes that tell most conversations apart. */
const LAST_BYTES = 64;

/** Whether all elements of a known body stand in a new one, and end there as they do. */
function isGoingOn({ body: known, ends }: Known, body: Buffer): boolean {
  const end = ends.at(-1) ?? 0;
  if (end === 0 || end > body.length || !isClosed(known, end)) return false;
  const near = Math.max(0, end - LAST_BYTES);
  return known.compare(body, near, end, near, end) === 0 && known.compare(body, 0, near, 0, near) === 0;
}

/** How many elements of a known body are the same bytes in a new one, and what stands before them. */
function sharedBy(line: Known, body: Buffer): number {
  const { ends } = line;
  let low = 0;
  let high = ends.length;
  let same = 0;
  for (let n = high; low < high; n = (low + high + 1) >> 1) {
    const end = ends[n - 1] ?? 0;
    if (end <= body.length && line.body.compare(body, same, end, same, end) === 0) {
      low = n;
      same = end;
    } else high = n - 1;
  }
  // an element that has a closing mark is whole, a number may go on
  return low > 0 && !isClosed(body, same) && line.body[same] !== body[same] ? low - 1 : low;
}

function isClosed(body: Buffer, end: number): boolean {
  const last = body[end - 1];
  return last === CLOSE_OBJECT || last === CLOSE_LIST || last === QUOTE;
}

/** The value of a body whose first `kept` elements are known. Undefined when what is left is no JSON of that form. */
function continued(
  known: Known,
  kept: number,
  body: Buffer,
  found: Elements,
  decode: (bytes: Buffer) => string,
): Json | undefined {
  // what is decoded begins with the comma: a byte order mark behind it is no white space
  const from = body.indexOf(COMMA, known.ends[kept - 1]);
  const isMore = found.ends.length > kept;
  if (isSameBehind(known, body, found)) {
    const more = isMore ? parseJson(`[${decode(body.subarray(from, found.end)).slice(1)}]`) : [];
    return Array.isArray(more) ? withList(known.value, known, kept, more) : undefined;
  }
  if (!isOnly(body.toString('latin1', found.end + 1), 0, known.key)) return undefined;
  const tail = body.subarray(isMore ? from + 1 : found.end);
  const rest = parseJson(decode(Buffer.concat([body.subarray(0, known.start + 1), tail])));
  const more = isObject(rest) ? rest[known.key] : undefined;
  return isObject(rest) && Array.isArray(more) ? withList(rest, known, kept, more) : undefined;
}

/** Whether what follows the list is the same: model, tools and settings of one agent mostly are. */
function isSameBehind(known: Known, body: Buffer, { end }: Elements): boolean {
  const size = known.body.length - known.end;
  return body.length - end === size && known.body.compare(body, end, body.length, known.end, known.body.length) === 0;
}

function withList(rest: Json, known: Known, kept: number, more: readonly unknown[]): Json {
  const before = kept === known.values.length ? known.values : known.values.slice(0, kept);
  const all = before.concat(more);
  goesOn(all, known.values, kept);
  return { ...rest, [known.key]: all };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;

// texts below are the bytes of a body as Latin-1: places in them are places in the body

function skipSpace(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const c = text.charCodeAt(at);
    if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) break;
  }
  return at;
}

/** Where a string ends, behind its closing quote; `from` is behind the opening one. */
function endOfString(text: string, from: number): number {
  for (let at = text.indexOf('"', from); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0;
    while (text.charCodeAt(at - 1 - slashes) === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return text.length;
}

/** Where a value ends that begins at `from`. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let at = from;
  while (at < text.length) {
    const c = text.charCodeAt(at);
    if (c === QUOTE) {
      at = endOfString(text, at + 1);
      if (depth === 0) return at;
      continue;
    }
    if (c === OPEN_OBJECT || c === OPEN_LIST) depth++;
    else if (c === CLOSE_OBJECT || c === CLOSE_LIST) {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (depth === 0 && (c === COMMA || c === 0x20 || c === 0x0a || c === 0x0d || c === 0x09)) return at;
    at++;
  }
  return at;
}

/** What stands behind the `kept` elements that are known from another body. Undefined where that is no list of elements. */
function elementsBehind(body: Buffer, known: Known, kept: number): Elements | undefined {
  const from = known.ends[kept - 1] ?? 0;
  const tail = body.toString('latin1', from);
  const next = skipSpace(tail, 0);
  const isMore = tail.charCodeAt(next) === COMMA;
  const more = endsOf(tail, isMore ? next + 1 : next);
  if (more === undefined || isMore !== more.ends.length > 0) return undefined;
  const before = kept === known.ends.length ? known.ends : known.ends.slice(0, kept);
  const ends = before.concat(more.ends.map((end) => from + end));
  return { key: known.key, start: known.start, ends, end: from + more.end };
}

/** The list of the conversation. */
function elementsOf(body: Buffer): Elements | undefined {
  const text = body.toString('latin1');
  let at = skipSpace(text, 0);
  if (text.charCodeAt(at) !== OPEN_OBJECT) return undefined;
  at = skipSpace(text, at + 1);
  while (text.charCodeAt(at) === QUOTE) {
    const end = endOfString(text, at + 1);
    const key = text.slice(at + 1, end - 1);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COLON) return undefined;
    at = skipSpace(text, at + 1);
    if (LISTS.has(key) && text.charCodeAt(at) === OPEN_LIST) {
      const found = endsOf(text, at + 1);
      return found && isOnly(text, found.end + 1, key) ? { key, start: at, ...found } : undefined;
    }
    at = skipSpace(text, endOfValue(text, at));
    if (text.charCodeAt(at) !== COMMA) return undefined;
    at = skipSpace(text, at + 1);
  }
  return undefined;
}

/** Whether no key behind the value that ends at `from` is the same: of several the last one counts, and one with escapes may be it. */
function isOnly(text: string, from: number, key: string): boolean {
  for (let at = skipSpace(text, from); text.charCodeAt(at) === COMMA; ) {
    at = skipSpace(text, at + 1);
    const end = endOfString(text, at + 1);
    const other = text.slice(at + 1, end - 1);
    if (other === key || other.includes('\\')) return false;
    at = skipSpace(text, skipSpace(text, end) + 1); // behind the colon
    at = skipSpace(text, endOfValue(text, at));
  }
  return true;
}

/** Where elements end that begin at `from`, and the `]` of their list. Undefined where there is none. */
function endsOf(text: string, from: number): Pick<Elements, 'ends' | 'end'> | undefined {
  const ends: number[] = [];
  let at = skipSpace(text, from);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_LIST) {
    const end = endOfValue(text, at);
    if (end === at) return undefined;
    ends.push(end);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  return text.charCodeAt(at) === CLOSE_LIST ? { ends, end: at } : undefined;
}
