import { eachOnce, ListMemo } from '../growing.ts';
import { Memo } from '../memo.ts';
import { merged } from '../merged.ts';
import { EffectKeys } from './effect-keys.ts';
import { HistorySums, type MessageKeys } from './history-keys.ts';
import { Hmac } from './hmac.ts';
import { type Key, MATCH_ATTR, type Matcher, type MatchKeys } from './match.ts';
import { isInterrupted, shapeOf } from './shape.ts';
import type {
  AiRequestData,
  AiResponseData,
  FileData,
  Message,
  OispEvent,
  Part,
  ToolCallData,
  ToolDefinition,
} from './types.ts';
import { isEvent } from './types.ts';

const BLOCK = 64;
const MAX_KEYS = 64;
const MIN_LINE = 16;
const MIN_TEXT = 8;
/** Of memoised texts, for each use. */
const MEMO_BYTES = 2 << 20;
const MAX_DEPTH = 32;
/** Of a text, for its lines. */
const MAX_LINES = 65_536;
/** The space between two sentences. */
const SENTENCE = /(?<=[.!?]) /;

/** A matcher under one local key of at least 16 bytes. Keys of two matchers with different keys never compare equal. */
export function createMatcher(key: Uint8Array): Matcher {
  return new HmacMatcher(key);
}

class HmacMatcher implements Matcher {
  readonly #hmac: Hmac;
  readonly #keys = new Memo<Key>(MEMO_BYTES);
  /** By a text as it stands, before it is brought into canonical form: agents send the same texts with every call. */
  readonly #texts = { a: new Memo<Key>(MEMO_BYTES), u: new Memo<Key>(MEMO_BYTES), s: new Memo<Key>(MEMO_BYTES / 4) };
  readonly #linesOf = new Memo<readonly Key[]>(MEMO_BYTES / 4);
  readonly #placesOf = new Memo<readonly Key[]>(MEMO_BYTES / 4);
  readonly #effects = new EffectKeys(
    (text) => this.key(text),
    (text) => this.#once(text),
    (text, into) => this.#lines(text, into),
  );
  readonly #toolsOf = new ListMemo<Key>();
  readonly #sums = new HistorySums();
  readonly #linesOfOpening = new ListMemo<readonly Key[]>();
  readonly #keysOfEach = eachOnce((message: Message) => this.#keysOfMessage(message));

  constructor(key: Uint8Array) {
    if (key.length < 16 || key.length > BLOCK) throw new RangeError('a match key needs 16 to 64 bytes');
    this.#hmac = new Hmac(key);
  }

  /** The digest of `text`, cut to 64 bits. */
  key(text: string): Key {
    const known = this.#keys.get(text);
    if (known !== undefined) return known;
    const key = this.#once(text);
    this.#keys.set(text, key);
    return key;
  }

  #once(text: string): Key {
    return this.#hmac.short(text);
  }

  hashOf(secret: string): string {
    return `hmac-sha256:${this.#hmac.hex(`k\0${secret}`)}`;
  }

  /** The key of a text of one side in canonical form; empty when there is nothing to compare. */
  #canonical(side: 'a' | 'u' | 's', text: string): Key {
    const memo = this.#texts[side];
    const known = memo.get(text);
    if (known !== undefined) return known;
    const plain = collapse(text);
    // an agent's own reminders move and vanish when a history is sent again
    const isNothing = plain === '' || plain.startsWith('<system-reminder>');
    const key = isNothing ? '' : this.#hmac.short(`${side}\0${plain}`); // remembered below
    memo.set(text, key);
    return key;
  }

  stamp(event: OispEvent): OispEvent {
    if (event.attrs !== undefined && MATCH_ATTR in event.attrs) return event;
    const keys = this.#keysOf(event);
    if (keys === undefined) return event;
    const stamped = { attrs: merged(event.attrs ?? {}, { [MATCH_ATTR]: keys }) };
    return event.attrs === undefined ? merged(event, stamped) : { ...event, ...stamped };
  }

  #keysOf(event: OispEvent): MatchKeys | undefined {
    if (isEvent(event, 'ai.request'))
      return Object.assign(this.#request(event.data), this.#effects.server(event.attrs));
    if (isEvent(event, 'ai.response')) return this.#response(event.data);
    const cwd = event.process?.cwd;
    if (isEvent(event, 'agent.tool_call')) return this.#toolCall(event.data, cwd);
    if (isEvent(event, 'process.exec')) return this.#effects.exec(event.data, cwd);
    if (isEvent(event, 'file.rename')) return this.#effects.rename(event.data, cwd);
    if (isEvent(event, 'network.connect')) return this.#effects.connect(event.data);
    if (isEvent(event, 'network.dns')) return this.#effects.lookup(event.data);
    if (event.event_type.startsWith('file.')) return this.#effects.file(event.data as FileData, cwd);
    return undefined;
  }

  #request(data: AiRequestData): MatchKeys {
    const history = this.#sums.of(data.messages === undefined ? [] : this.#keysOfEach(data.messages));
    const { answer, system, latest, weight, places } = history;
    const keys: { -readonly [K in keyof MatchKeys]: MatchKeys[K] } = { messages: history.keys };
    if (answer) keys.answer = answer;
    const shape = shapeOf(data, system, latest);
    if (shape) keys.shape = shape;
    if (latest.some(isInterrupted)) keys.interrupted = true;
    if (system.length > 0)
      keys.system = this.#canonical('s', system.length === 1 ? (system[0] as string) : system.join('\n'));
    const tools = data.tools && this.#tools(data.tools);
    if (tools) keys.tools = tools;
    let lines = this.#linesOfOpening.get(history.opening);
    if (lines === undefined) {
      lines = this.#linesOfAll(history.opening);
      this.#linesOfOpening.set(history.opening, lines);
    }
    if (lines.length > 0) keys.lines = lines;
    const words = answer === undefined ? [] : this.#linesOfAll(latest);
    if (words.length > 0) keys.latest = words;
    if (weight > 0) keys.weight = weight;
    if (places.length > 0) keys.places = places;
    return keys;
  }

  /** The key of the names of all tools; empty where they have none. */
  #tools(tools: readonly ToolDefinition[]): Key {
    let key = this.#toolsOf.get(tools);
    if (key === undefined) {
      const names = tools.map((tool) => tool.name).join('\0');
      key = names === '' ? '' : this.key(`t\0${names}`);
      this.#toolsOf.set(tools, key);
    }
    return key;
  }

  #linesOfAll(messages: readonly Message[]): readonly Key[] {
    const lines = new Set<Key>();
    for (const message of messages) this.#linesOfMessage(message, lines);
    return lines.size === 0 ? [] : [...lines];
  }

  #linesOfMessage(message: Message, into: Set<Key>): void {
    if (message.parts === undefined) this.#lines(message.content, into);
    else for (const part of message.parts) if (part.type === 'text') this.#lines(part.content, into);
  }

  #response(data: AiResponseData): MatchKeys | undefined {
    const message = data.choices?.[0]?.message;
    if (message === undefined) return undefined;
    const messages: Key[] = [];
    this.#readParts(message, messages);
    const lines = new Set<Key>();
    this.#linesOfMessage(message, lines);
    const weight = typeof message.content === 'string' ? message.content.length : 0;
    return { messages, ...(lines.size > 0 && { lines: [...lines] }), ...(weight > 0 && { weight }) };
  }

  #keysOfMessage(message: Message): MessageKeys {
    const { role, content } = message;
    const places = role === 'assistant' ? undefined : this.#places(message);
    if (role === 'system') return { message, keys: undefined, said: undefined, places };
    const keys: Key[] = [];
    this.#readParts(message, keys);
    const said = role !== 'assistant' ? undefined : typeof content === 'string' ? content.length : 0;
    return { message, keys, said, places };
  }

  /** One key per part: text, tool call, tool result (by its call alone, since agents clear old results). Reasoning is left out. */
  #readParts(message: Message, into: Key[]): void {
    const side = message.role === 'assistant' ? 'a' : 'u';
    if (message.parts === undefined) {
      if (typeof message.content === 'string') this.#text(side, message.content, into);
      return;
    }
    for (const part of message.parts) {
      switch (part.type) {
        case 'text':
          if (typeof part.content === 'string') this.#text(side, part.content, into);
          break;
        case 'tool_call':
          into.push(this.key(`c\0${part.name}\0${part.id ?? ''}\0${canonical(part.arguments)}`));
          break;
        case 'tool_call_response':
          into.push(this.key(`r\0${part.id ?? part.name ?? ''}`));
          break;
        case 'reasoning':
          break;
        default:
          into.push(this.key(`o\0${otherPart(part)}`));
      }
    }
  }

  #text(side: 'a' | 'u', text: string, into: Key[]): void {
    const key = this.#canonical(side, text);
    if (key !== '') into.push(key);
  }

  #lines(content: unknown, into: Set<Key>): void {
    if (typeof content !== 'string') return;
    let keys = this.#linesOf.get(content);
    if (keys === undefined) {
      keys = this.#keysOfLines(content);
      this.#linesOf.set(content, keys);
    }
    for (const key of keys) if (into.size < MAX_KEYS) into.add(key);
  }

  /** The whole text, and of each of its longer lines the whole, what follows the first colon, and the sentences. */
  #keysOfLines(content: string): Key[] {
    const plain = collapse(content);
    if (plain.length < MIN_TEXT) return [];
    const keys = new Set([this.key(`l\0${plain}`)]);
    const add = (text: string): void => {
      const piece = collapse(text);
      if (piece.length >= MIN_LINE && keys.size < MAX_KEYS) keys.add(this.key(`l\0${piece}`));
    };
    for (const line of content.length > MAX_LINES ? content.slice(0, MAX_LINES).split('\n') : content.split('\n')) {
      if (keys.size >= MAX_KEYS) break;
      add(line);
      const colon = line.indexOf(': ');
      if (colon > 0) add(line.slice(colon + 2));
      if (SENTENCE.test(line)) for (const sentence of line.split(SENTENCE)) add(sentence);
    }
    return [...keys];
  }

  #toolCall(data: ToolCallData, cwd: string | undefined): MatchKeys | undefined {
    if (typeof data.arguments === 'object' && data.arguments !== null && '$redacted' in data.arguments)
      return undefined;
    return this.#effects.toolCall(data, this.key(`j\0${canonical(data.arguments)}`), cwd);
  }

  /** Folders that the agent was told of: it counts relative paths from one of them. */
  #places({ content, parts }: Message): readonly Key[] | undefined {
    if (parts === undefined) return this.#placesIn(content);
    let places: readonly Key[] | undefined;
    for (const part of parts) {
      const more = part.type === 'text' ? this.#placesIn(part.content) : undefined;
      if (more !== undefined) places = places === undefined ? more : [...places, ...more];
    }
    return places;
  }

  #placesIn(text: unknown): readonly Key[] | undefined {
    if (typeof text !== 'string' || !text.includes('/')) return undefined;
    let known = this.#placesOf.get(text);
    if (known === undefined) {
      known = this.#effects.placesIn(text);
      this.#placesOf.set(text, known);
    }
    return known.length === 0 ? undefined : known;
  }
}

/** Whitespace runs as one space, none at the ends. */
export function collapse(text: string): string {
  // most texts have nothing to collapse, and looking costs a sixth of replacing
  return (/\s\s|[^\S ]/.test(text) ? text.replace(/\s+/g, ' ') : text).trim();
}

/** JSON with sorted keys; text that is a JSON object counts as that object. */
export function canonical(value: unknown, depth = 0): string {
  if (depth > MAX_DEPTH) return '…';
  if (typeof value === 'string' && depth === 0) {
    const text = value.trim();
    if (text === '') return '{}';
    if (!text.startsWith('{')) return JSON.stringify(text);
    try {
      return canonical(JSON.parse(text), 1);
    } catch {
      return JSON.stringify(text); // no JSON: compared as text
    }
  }
  if (value === undefined) return depth === 0 ? '{}' : 'null';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join(',')}]`;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record).sort((a, b) => (a < b ? -1 : 1));
  return `{${keys.map((k) => `${JSON.stringify(k)}:${canonical(record[k], depth + 1)}`).join(',')}}`;
}

function otherPart(part: Part): string {
  switch (part.type) {
    case 'file':
      return `file ${part.file_id}`;
    case 'uri':
      return `uri ${part.uri}`;
    case 'blob':
      return `blob ${part.modality} ${part.size ?? ''}`;
    default:
      return part.type;
  }
}
