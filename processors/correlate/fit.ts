import type { Attribute } from '../../core/index.ts';
import type { OutMessage } from './content.ts';

/** The smallest bound that the functions here keep: two emptied messages and a mark between them. */
export const MIN_ATTRIBUTE_BYTES = 512;

const encoder = new TextEncoder();
/** Remembers nothing. */
const NO_SIZES = { text: (text: string): number => Buffer.byteLength(text) };

/** The longest beginning of a text within `maxBytes` of UTF-8; never half a surrogate pair. */
export function cut(text: string, maxBytes: number): string {
  if (maxBytes <= 0) return '';
  if (text.length * 3 <= maxBytes) return text;
  const { read } = encoder.encodeInto(text, new Uint8Array(Math.min(maxBytes, text.length * 3)));
  return text.slice(0, read);
}

/** A plain text within `maxBytes`: its beginning, and how many bytes are missing. */
export function fitText(text: string, maxBytes: number, sizes = NO_SIZES): string {
  if (text.length * 3 <= maxBytes) return text;
  const bytes = sizes.text(text);
  if (bytes <= maxBytes) return text;
  const head = cut(text, maxBytes - ` [+${bytes} bytes]`.length);
  return `${head} [+${bytes - Buffer.byteLength(head)} bytes]`;
}

/** A list of texts that together take at most `maxBytes`: the first ones, and how many are missing. */
export function fitTexts(texts: readonly string[], maxBytes: number): readonly string[] {
  let bytes = 0;
  for (const text of texts) bytes += Buffer.byteLength(text);
  if (bytes <= maxBytes) return texts;
  const mark = (n: number): string => `[+${n} of ${texts.length}]`;
  const kept: string[] = [];
  let left = maxBytes - mark(texts.length).length;
  for (const text of texts) {
    const size = Buffer.byteLength(text);
    if (size > left) {
      // one long word, such as a script: its beginning says more than nothing
      if (left < 64) break;
      const head = fitText(text, left);
      left -= Buffer.byteLength(head);
      kept.push(head);
      continue;
    }
    kept.push(text);
    left -= size;
  }
  return kept.length === texts.length ? kept : [...kept, mark(texts.length - kept.length)];
}

/** An attribute whose texts take at most `maxBytes`; the same one where they do. */
export function bounded(attribute: Attribute, maxBytes: number): Attribute {
  if (attribute.type === 'string') {
    const value = fitText(attribute.value, maxBytes);
    return value === attribute.value ? attribute : { ...attribute, value };
  }
  if (attribute.type !== 'strings') return attribute;
  const value = fitTexts(attribute.value, maxBytes);
  return value === attribute.value ? attribute : { ...attribute, value };
}

/** Sizes in bytes of the long texts and objects of one value: a search for what fits asks for them again and again. */
class Sizes {
  readonly #texts = new Map<string, number>();
  readonly #objects = new Map<object, number>();

  text(text: string): number {
    if (text.length < 1024) return Buffer.byteLength(text);
    let bytes = this.#texts.get(text);
    if (bytes === undefined) {
      bytes = Buffer.byteLength(text);
      this.#texts.set(text, bytes);
    }
    return bytes;
  }

  json(value: unknown): number {
    if (typeof value !== 'object' || value === null) return sizeOf(value);
    let bytes = this.#objects.get(value);
    if (bytes === undefined) {
      bytes = sizeOf(value);
      this.#objects.set(value, bytes);
    }
    return bytes;
  }
}

/** What stands in the place of content that is missing. */
const truncated = (bytes: number, more: object = {}): object => ({ type: 'oisp.truncated', ...more, bytes });

/**
 * Messages whose JSON takes at most `maxBytes` of UTF-8, 512 and more. The first and the last message stay, and as many before the last as
 * there is room for; a system message with one `oisp.truncated` part says how many messages and bytes are missing between. Then the longest
 * contents are shortened, each followed by such a part with its missing bytes.
 */
export function fitMessages(messages: readonly OutMessage[], maxBytes: number): readonly OutMessage[] {
  const each = messages.map(sizeOf);
  const whole = each.reduce((sum, size) => sum + size + 1, 1);
  if (whole <= maxBytes) return messages;
  const { list, fits } = withoutMiddle(messages, each, maxBytes);
  if (fits) return list;
  const sizes = new Sizes();
  return (
    capped((cap) => list.map((m) => ({ ...m, parts: m.parts.flatMap((p) => shortPart(p, cap, sizes)) })), maxBytes) ??
    capped((cap) => list.map((m) => ({ ...m, parts: outerParts(m.parts, cap, sizes) })), maxBytes) ??
    list.map((m) => emptied(m))
  );
}

/** The parts of one message (`gen_ai.system_instructions`) in the same way. */
export function fitParts(parts: readonly unknown[], maxBytes: number): readonly unknown[] {
  if (sizeOf(parts) <= maxBytes) return parts;
  const sizes = new Sizes();
  return (
    capped((cap) => parts.flatMap((p) => shortPart(p, cap, sizes)), maxBytes) ??
    capped((cap) => outerParts(parts, cap, sizes), maxBytes) ?? [truncated(sizeOf(parts), { parts: parts.length })]
  );
}

/**
 * Any value as a text of at most `maxBytes`: texts as they are, other values as JSON. Of a long value the long texts in it are shortened;
 * where that is not enough, and for a long text, it is `{"type":"oisp.truncated","bytes":…,"head":…}` with the beginning.
 */
export function fitValue(value: unknown, maxBytes: number): string | undefined {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text === undefined) return undefined;
  const bytes = text.length * 3 <= maxBytes ? 0 : Buffer.byteLength(text);
  if (bytes <= maxBytes) return text;
  const sizes = new Sizes();
  const short = typeof value === 'string' ? undefined : capped((cap) => shortLeaves(value, cap, 0, sizes), maxBytes);
  if (short !== undefined) return JSON.stringify(short);
  return JSON.stringify(capped((cap) => truncated(bytes, { head: cut(text, cap) }), maxBytes) ?? truncated(bytes));
}

/** Tool definitions: without what is long in them, then as many as there is room for. */
export function fitDefinitions(tools: readonly unknown[], maxBytes: number): readonly unknown[] {
  if (sizeOf(tools) <= maxBytes) return tools;
  const sizes = new Sizes();
  const short = capped((cap) => tools.map((tool) => shortDefinition(tool, cap, sizes)), maxBytes);
  if (short) return short;
  const bytes = sizeOf(tools);
  const names = tools.map((tool) => shortDefinition(tool, 0, sizes));
  const mark = (left: number): object => ({ type: 'oisp.truncated', name: 'oisp.truncated', tools: left, bytes });
  let n = names.length;
  while (n > 0 && sizeOf([...names.slice(0, n), mark(names.length - n)]) > maxBytes) n = Math.floor(n / 2);
  return [...names.slice(0, n), mark(names.length - n)];
}

function sizeOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value) ?? '');
}

/** What `shorten` makes with the largest cap up to `maxBytes` that fits; undefined where not even 0 does. */
function capped<T>(shorten: (cap: number) => T, maxBytes: number): T | undefined {
  let best = shorten(0);
  if (sizeOf(best) > maxBytes) return undefined;
  let low = 0;
  let high = maxBytes + 1;
  while (high - low > 1) {
    const cap = (low + high) >> 1;
    const tried = shorten(cap);
    if (sizeOf(tried) <= maxBytes) {
      best = tried;
      low = cap;
    } else high = cap;
  }
  return best;
}

function withoutMiddle(
  messages: readonly OutMessage[],
  sizes: readonly number[],
  maxBytes: number,
): { readonly list: readonly OutMessage[]; readonly fits: boolean } {
  const [first, last] = [messages[0], messages.at(-1)];
  if (messages.length < 3 || !first || !last) return { list: messages.map(plain), fits: false };
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const mark = (n: number, bytes: number): OutMessage => ({
    role: 'system',
    parts: [truncated(bytes, { messages: n })],
  });
  let from = messages.length - 1;
  let room = maxBytes - 4 - sizeOf(mark(messages.length, total)) - (sizes[0] ?? 0) - (sizes[from] ?? 0);
  const fits = room >= 0;
  while (fits && from > 2 && (sizes[from - 1] ?? 0) + 1 <= room) {
    from--;
    room -= (sizes[from] ?? 0) + 1;
  }
  const missing = sizes.slice(1, from).reduce((sum, size) => sum + size, 0);
  const list = [first, mark(from - 1, missing), ...messages.slice(from)];
  return { list: fits ? list : list.map(plain), fits };
}

/** Words of a message that the provider chose. */
function plain(message: OutMessage): OutMessage {
  const { role, parts, finish_reason } = message;
  return {
    role: word(role),
    parts,
    ...(finish_reason !== undefined && { finish_reason: word(finish_reason) }),
  };
}

const word = (text: string): string => text.slice(0, 32).replace(/[^\w-]/g, '_');

function emptied(message: OutMessage): OutMessage {
  const { parts } = message;
  const isMark = parts.length === 1 && typeOf(parts[0]) === 'oisp.truncated';
  return isMark ? message : { ...message, parts: [truncated(sizeOf(parts), { parts: parts.length })] };
}

/** The first and the last part, and a mark for those between. */
function outerParts(parts: readonly unknown[], cap: number, sizes: Sizes): unknown[] {
  if (parts.length < 3) return parts.flatMap((p) => shortPart(p, cap, sizes));
  const between = parts.slice(1, -1);
  return [
    ...shortPart(parts[0], cap, sizes),
    truncated(sizeOf(between), { parts: between.length }),
    ...shortPart(parts.at(-1), cap, sizes),
  ];
}

const typeOf = (part: unknown): unknown => (part as { readonly type?: unknown } | null | undefined)?.type;

/** A part whose content takes at most `cap` bytes, and behind it how much is missing. */
function shortPart(part: unknown, cap: number, sizes: Sizes): unknown[] {
  const type = typeOf(part);
  if (type === 'oisp.truncated' || type === 'oisp.redacted') return [part];
  const fields = part as Readonly<Record<string, unknown>>;
  if (type === 'text' || type === 'reasoning') return shortText(fields, 'content', cap, sizes);
  if (type === 'tool_call_response' && typeof fields['response'] === 'string') {
    return shortText(named(fields), 'response', cap, sizes);
  }
  const bytes = sizes.json(part);
  if (bytes <= cap) return [part];
  const key = type === 'tool_call' ? 'arguments' : type === 'tool_call_response' ? 'response' : undefined;
  if (key === undefined || cap < 64) return [truncated(bytes)];
  const value = fields[key];
  return [{ ...named(fields), [key]: shortLeaves(value, cap >> 2, 0, sizes) }];
}

function shortText(part: Readonly<Record<string, unknown>>, key: string, cap: number, sizes: Sizes): unknown[] {
  const text = String(part[key]);
  const bytes = sizes.text(text);
  if (bytes <= cap) return [part];
  const head = cut(text, cap);
  const mark = truncated(bytes - Buffer.byteLength(head));
  return head === '' ? [mark] : [{ ...part, [key]: head }, mark];
}

/** Ids and names as far as they can be one. */
function named(part: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const out: Record<string, unknown> = { ...part };
  for (const key of ['id', 'name']) if (typeof out[key] === 'string') out[key] = fitText(out[key], 128);
  return out;
}

function shortDefinition(tool: unknown, cap: number, sizes: Sizes): unknown {
  const { type, name, ...more } = tool as Readonly<Record<string, unknown>>;
  const head = { type: fitText(String(type), 64), name: fitText(String(name), 64) };
  const bytes = sizes.json(tool);
  if (bytes <= cap) return { ...head, ...more };
  const { description } = more;
  const isText = typeof description === 'string' && cap >= 64;
  return { ...head, ...(isText && { description: fitText(description, cap >> 1, sizes) }), 'oisp.truncated': bytes };
}

/** A value with its long texts shortened; lists and objects lose what is beyond `cap` entries. */
function shortLeaves(value: unknown, cap: number, depth: number, sizes: Sizes): unknown {
  if (typeof value === 'string') return fitText(value, Math.max(cap, 24), sizes);
  if (typeof value !== 'object' || value === null) return value;
  if (depth > 16) return truncated(sizeOf(value));
  const most = Math.max(1, cap >> 2);
  if (Array.isArray(value)) {
    const kept = value.slice(0, most).map((v) => shortLeaves(v, cap, depth + 1, sizes));
    return value.length > most ? [...kept, truncated(sizeOf(value.slice(most)), { items: value.length - most })] : kept;
  }
  const entries = Object.entries(value);
  const kept = entries.slice(0, most).map(([k, v]) => [fitText(k, 64), shortLeaves(v, cap, depth + 1, sizes)]);
  if (entries.length > most) kept.push(['oisp.truncated', entries.length - most]);
  return Object.fromEntries(kept);
}
