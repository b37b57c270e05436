import type { TextSink } from '../flavour.ts';
import { isObject, type Json, parseJson } from '../json.ts';

/** Events that have to be taken for each one in which a form is looked for, but for the first eight. */
const PRICE = 16;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Values that differ between two deltas and that nobody reads: OpenAI's counter, and its padding (platform.openai.com, streaming events, 2026-11). */
const COUNTER = /"sequence_number":\s?(?=\d)/g;
const PADDING = /"obfuscation":\s?"/g;

type Slot = 'text' | 'padding' | 'counter';

/** What stands around the values that change, in the text of an event: one part more than slots. */
interface Form {
  readonly name: string | undefined;
  readonly parts: readonly string[];
  readonly slots: readonly Slot[];
  readonly sink: TextSink;
}

/**
 * Most of a stream are events that differ from the one before in a text alone. Once such a form is known, the text is taken from between what
 * stands around it, without parsing: there is nothing else in the event that `JSON.parse` would tell.
 */
export class Repeats {
  readonly #sinkOf: () => TextSink | undefined;
  #form: Form | undefined;
  #sink: TextSink | undefined;
  /** Length of the sink's text. */
  #length = 0;
  #credit = 8 * PRICE;

  /** `sinkOf` gives where the text of the last event went, when that is all that the event brought. */
  constructor(sinkOf: () => TextSink | undefined) {
    this.#sinkOf = sinkOf;
  }

  /** Takes the event `data[from, to)` if it has the form of the one before. False, and nothing done, when it is another one. */
  take(data: string, from: number, to: number, name: string | undefined): boolean {
    const form = this.#form;
    if (form === undefined || form.name !== name) return false;
    const { parts, slots } = form;
    let text = '';
    let at = from;
    for (let i = 0; i < slots.length; i++) {
      const part = parts[i] as string;
      const start = at + part.length;
      if (data.slice(at, start) !== part) return false; // measured: several times as fast as startsWith
      const slot = slots[i];
      at =
        slot === 'counter'
          ? endOfCounter(data, start)
          : slot === 'text'
            ? endOfString(data, start)
            : endOfText(data, start);
      if (at < 0) return false;
      if (slot !== 'text') continue;
      const found = stringOf(data.slice(start, at));
      if (found === undefined || found === '') return false;
      text = found;
    }
    const last = parts[slots.length] as string;
    if (data.slice(at, to) !== last) return false;
    form.sink.text += text;
    this.#length += text.length;
    this.#credit++;
    return true;
  }

  /** Looks at an event that was read. */
  learn(data: string, name: string | undefined, event: Json): void {
    const sink = this.#sinkOf();
    if (sink === undefined || sink !== this.#sink) {
      this.#form = undefined;
      this.#sink = sink;
      this.#length = sink?.text.length ?? 0;
      return;
    }
    const before = this.#length;
    this.#length = sink.text.length;
    if (this.#credit < PRICE || data.includes('\\')) return; // a form that is known holds on
    this.#credit -= PRICE;
    const text = sink.text.slice(before);
    this.#form = formOf(data, name, event, text, sink) ?? this.#form;
  }

  /** Bytes are missing: nothing in a row any more. */
  reset(): void {
    this.#form = undefined;
    this.#sink = undefined;
  }
}

/** The form of an event that brought `text`; undefined where the text does not stand in it exactly once and without escapes. */
function formOf(data: string, name: string | undefined, event: Json, text: string, sink: TextSink): Form | undefined {
  const found: { readonly slot: Slot; readonly start: number; readonly end: number }[] = [];
  for (const [slot, pattern] of [
    ['counter', COUNTER],
    ['padding', PADDING],
  ] as const)
    for (const { index, 0: key } of data.matchAll(pattern)) {
      const start = index + key.length;
      const end = slot === 'counter' ? endOfCounter(data, start) : endOfText(data, start);
      if (end < 0) return undefined;
      found.push({ slot, start, end });
    }
  const isPadding = (at: number): boolean => found.some(({ start }) => start === at);
  const quoted = `"${text}"`;
  for (let at = data.indexOf(quoted); at >= 0; at = data.indexOf(quoted, at + 1)) {
    if (isPadding(at + 1)) continue;
    if (found.some(({ slot }) => slot === 'text')) return undefined;
    if (endOfText(data, at + 1) !== at + 1 + text.length) return undefined;
    found.push({ slot: 'text', start: at + 1, end: at + 1 + text.length });
  }
  found.sort((a, b) => a.start - b.start);
  const parts: string[] = [];
  let at = 0;
  for (const { start, end } of found) {
    parts.push(data.slice(at, start));
    at = end;
  }
  parts.push(data.slice(at));
  const slots = found.map(({ slot }) => slot);
  if (text === '' || !slots.includes('text')) return undefined;
  const form: Form = { name, parts, slots, sink };
  return isForm(form, event, text) ? form : undefined;
}

/** Whether other values in the slots change these values of the event, and nothing else. */
function isForm({ parts, slots }: Form, event: Json, text: string): boolean {
  const other = { text: `${text}.`, padding: '.', counter: '4294967296' } as const;
  const filled = parts.map((part, i) => part + (slots[i] === undefined ? '' : other[slots[i]])).join('');
  let texts = 0;
  const isSame = (a: unknown, b: unknown, key: string): boolean => {
    if (a === b) return true;
    if (key === 'sequence_number') return b === 4_294_967_296;
    if (key === 'obfuscation') return b === other.padding;
    if (typeof a === 'string') return a === text && b === other.text && ++texts === 1;
    if (Array.isArray(a))
      return Array.isArray(b) && a.length === b.length && a.every((value, i) => isSame(value, b[i], ''));
    if (!isObject(a) || !isObject(b)) return false;
    const keys = Object.keys(a);
    return keys.length === Object.keys(b).length && keys.every((name) => isSame(a[name], b[name], name));
  };
  return isSame(event, parseJson(filled), '') && texts === 1;
}

/** The closing quote of a string without escapes that begins at `from`; -1 where it has some, or is none. */
function endOfText(data: string, from: number): number {
  for (let at = from; at < data.length; at++) {
    const c = data.charCodeAt(at);
    if (c === QUOTE) return at;
    if (c === BACKSLASH || c < 0x20) return -1;
  }
  return -1;
}

/** The closing quote of a string that begins at `from`; -1 where there is none. */
function endOfString(data: string, from: number): number {
  for (let at = from; at < data.length; at++) {
    const c = data.charCodeAt(at);
    if (c === QUOTE) return at;
    if (c === BACKSLASH) at++;
    else if (c < 0x20) return -1;
  }
  return -1;
}

/** What a letter behind a backslash stands for (RFC 8259 7), by its code; `u` needs more than one. */
const ESCAPED = new Map([...'"\\/bfnrt'].map((letter, i) => [letter.charCodeAt(0), '"\\/\b\f\n\r\t'.charAt(i)]));

/** What stands between the quotes of a string; undefined where that is none. */
function stringOf(inside: string): string | undefined {
  let text = '';
  let from = 0;
  for (let at = inside.indexOf('\\'); at >= 0; at = inside.indexOf('\\', from)) {
    const plain = ESCAPED.get(inside.charCodeAt(at + 1));
    if (plain === undefined) {
      const value = parseJson(`"${inside}"`);
      return typeof value === 'string' ? value : undefined;
    }
    text += inside.slice(from, at) + plain;
    from = at + 2;
  }
  return from === 0 ? inside : text + inside.slice(from);
}

/** Where the digits end that begin at `from`; -1 where there is no plain whole number. */
function endOfCounter(data: string, from: number): number {
  let at = from;
  while (at < data.length && isDigit(data.charCodeAt(at))) at++;
  const isWhole = at > from && (at === from + 1 || data.charCodeAt(from) !== 0x30);
  return isWhole && at - from <= 15 ? at : -1;
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}
