import { isObject, type Json, parseJson } from '../json.ts';

/** Keys of the list that holds a conversation: Chat Completions and Anthropic, Responses, Gemini. */
const LISTS: ReadonlySet<string> = new Set(['messages', 'input', 'contents']);
/** Bodies smaller than this are parsed as they are. */
const MIN_BODY = 4096;
/** Conversations of one speaker that are remembered. */
const MAX_LINES = 32;
/** What a parsed body weighs, in bytes of its text: the text itself and its values. */
const WEIGHT = 3;

interface Known {
  readonly body: Buffer;
  readonly key: string;
  /** Where the list's `[` stands. */
  readonly start: number;
  /** Where each element ends. */
  readonly ends: readonly number[];
  readonly values: readonly unknown[];
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
    if (!Array.isArray(values) || values.length !== found.ends.length) return;
    const next: Known = { body, ...found, values };
    // a conversation that goes on takes the place of what it was
    const goesOn = known !== undefined && kept === known.ends.length;
    if (goesOn) this.#drop(lines, known);
    lines.push(next);
    this.#bytes += WEIGHT * body.length;
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
    this.#bytes -= WEIGHT * known.body.length;
  }
}

/** The known body that shares the most elements with a new one, and how many. */
function best(lines: readonly Known[], body: Buffer): { known: Known | undefined; kept: number } {
  let known: Known | undefined;
  let kept = 0;
  for (const line of lines) {
    const same = commonStart(line.body, body);
    let n = 0;
    // an object that ends where the common part does is whole, a number may go on
    while (
      n < line.ends.length &&
      ((line.ends[n] ?? 0) < same || ((line.ends[n] ?? 0) === same && isClosed(body, same)))
    )
      n++;
    if (n > kept) {
      known = line;
      kept = n;
    }
  }
  return { known, kept };
}

function isClosed(body: Buffer, end: number): boolean {
  const last = body[end - 1];
  return last === CLOSE_OBJECT || last === CLOSE_LIST || last === QUOTE;
}

/** Length of the common start of two buffers. */
function commonStart(a: Buffer, b: Buffer): number {
  const size = Math.min(a.length, b.length);
  let at = 0;
  for (let step = size; step >= 1; ) {
    const end = Math.min(size, at + step);
    if (end > at && a.compare(b, at, end, at, end) === 0) at = end;
    else step = step > 1024 ? step >> 1 : 0;
    if (at === size) return size;
  }
  while (at < size && a[at] === b[at]) at++;
  return at;
}

/** The value of a body whose first `kept` elements are known. Undefined when what is left is no JSON of that form. */
function continued(known: Known, kept: number, body: Buffer, decode: (bytes: Buffer) => string): Json | undefined {
  const end = known.ends[kept - 1] ?? 0;
  let at = skipSpace(body, end);
  if (body[at] === COMMA) at = skipSpace(body, at + 1);
  else if (body[at] !== CLOSE_LIST) return undefined;
  if (body[at] === COMMA) return undefined;
  const rest = parseJson(decode(Buffer.concat([body.subarray(0, known.start + 1), body.subarray(at)])));
  if (!isObject(rest)) return undefined;
  const values = rest[known.key];
  if (!Array.isArray(values)) return undefined;
  return { ...rest, [known.key]: [...known.values.slice(0, kept), ...values] };
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const COLON = 0x3a;

function skipSpace(body: Buffer, from: number): number {
  let at = from;
  while (body[at] === 0x20 || body[at] === 0x0a || body[at] === 0x0d || body[at] === 0x09) at++;
  return at;
}

/** Where a string ends, behind its closing quote; `from` is behind the opening one. */
function endOfString(body: Buffer, from: number): number {
  for (let at = body.indexOf(QUOTE, from); at >= 0; at = body.indexOf(QUOTE, at + 1)) {
    let slashes = 0;
    while (body[at - 1 - slashes] === BACKSLASH) slashes++;
    if (slashes % 2 === 0) return at + 1;
  }
  return body.length;
}

/** Where a value ends that begins at `from`. */
function endOfValue(body: Buffer, from: number): number {
  let depth = 0;
  let at = from;
  while (at < body.length) {
    const c = body[at];
    if (c === QUOTE) {
      at = endOfString(body, at + 1);
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
  if (known !== undefined && kept > 0)
    return { key: known.key, start: known.start, ends: endsOf(body, known.ends.slice(0, kept), known.start) };
  let at = skipSpace(body, 0);
  if (body[at] !== OPEN_OBJECT) return undefined;
  at = skipSpace(body, at + 1);
  while (body[at] === QUOTE) {
    const end = endOfString(body, at + 1);
    const key = body.toString('latin1', at + 1, end - 1);
    at = skipSpace(body, end);
    if (body[at] !== COLON) return undefined;
    at = skipSpace(body, at + 1);
    if (LISTS.has(key) && body[at] === OPEN_LIST) return { key, start: at, ends: endsOf(body, [], at) };
    at = skipSpace(body, endOfValue(body, at));
    if (body[at] !== COMMA) return undefined;
    at = skipSpace(body, at + 1);
  }
  return undefined;
}

/** `ends` with those of the elements that follow, up to the end of the list. */
function endsOf(body: Buffer, ends: number[], start: number): number[] {
  let at = skipSpace(body, ends.at(-1) ?? start + 1);
  if (ends.length > 0 && body[at] === COMMA) at = skipSpace(body, at + 1);
  while (at < body.length && body[at] !== CLOSE_LIST) {
    const end = endOfValue(body, at);
    if (end === at) break;
    ends.push(end);
    at = skipSpace(body, end);
    if (body[at] !== COMMA) break;
    at = skipSpace(body, at + 1);
  }
  return ends;
}
