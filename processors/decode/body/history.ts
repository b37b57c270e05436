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

interface Known {
  readonly body: Buffer;
  readonly key: string;
  /** Where the list's `[` stands. */
  readonly start: number;
  /** Where each element ends. */
  readonly ends: readonly number[];
  readonly values: readonly unknown[];
  readonly weight: number;
}

/**
 * Parses the bodies of requests. Agents send their whole conversation with every call: elements of its list that are the same bytes as in an
 * earlier body are not parsed again, and are the same objects, which nobody may change. Holds `maxBytes` at most, the oldest is let go first.
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
    const value = (kept > 0 && known && continued(known, kept, body, decode)) || parseJson(decode(body));
    if (isObject(value)) this.#remember(speaker, lines, known, kept, body, value);
    return value;
  }

  #remember(speaker: string, lines: Known[], known: Known | undefined, kept: number, body: Buffer, value: Json): void {
    const found = elementsOf(body, known, kept);
    if (found === undefined) return;
    const values = value[found.key];
    if (!Array.isArray(values) || values.length !== found.ends.length || values.length > MAX_ELEMENTS) return;
    const weight = WEIGHT * body.length + ELEMENT_WEIGHT * values.length;
    const next: Known = { body, ...found, values, weight };
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
  let known: Known | undefined;
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
function continued(known: Known, kept: number, body: Buffer, decode: (bytes: Buffer) => string): Json | undefined {
  const end = known.ends[kept - 1] ?? 0;
  const tail = body.toString('latin1', end);
  let at = skipSpace(tail, 0);
  if (tail.charCodeAt(at) === COMMA) at = skipSpace(tail, at + 1);
  else if (tail.charCodeAt(at) !== CLOSE_LIST) return undefined;
  if (tail.charCodeAt(at) === COMMA) return undefined;
  const rest = parseJson(decode(Buffer.concat([body.subarray(0, known.start + 1), body.subarray(end + at)])));
  if (!isObject(rest)) return undefined;
  const values = rest[known.key];
  if (!Array.isArray(values)) return undefined;
  const all = known.values.slice(0, kept).concat(values);
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

/** The list of the conversation and where its elements end. The first `kept` are known from another body. */
function elementsOf(
  body: Buffer,
  known: Known | undefined,
  kept: number,
): Pick<Known, 'key' | 'start' | 'ends'> | undefined {
  if (known !== undefined && kept > 0) {
    const ends = known.ends.slice(0, kept);
    const from = ends[kept - 1] ?? 0;
    const tail = body.toString('latin1', from);
    const next = skipSpace(tail, 0);
    const isMore = tail.charCodeAt(next) === COMMA;
    for (const end of endsOf(tail, isMore ? next + 1 : next)) ends.push(from + end);
    return { key: known.key, start: known.start, ends };
  }
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
    if (LISTS.has(key) && text.charCodeAt(at) === OPEN_LIST) return { key, start: at, ends: endsOf(text, at + 1) };
    at = skipSpace(text, endOfValue(text, at));
    if (text.charCodeAt(at) !== COMMA) return undefined;
    at = skipSpace(text, at + 1);
  }
  return undefined;
}

/** Where elements end that begin at `from`, up to the end of their list. */
function endsOf(text: string, from: number): number[] {
  const ends: number[] = [];
  let at = skipSpace(text, from);
  while (at < text.length && text.charCodeAt(at) !== CLOSE_LIST) {
    const end = endOfValue(text, at);
    if (end === at) break;
    ends.push(end);
    at = skipSpace(text, end);
    if (text.charCodeAt(at) !== COMMA) break;
    at = skipSpace(text, at + 1);
  }
  return ends;
}
