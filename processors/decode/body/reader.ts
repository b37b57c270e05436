import { TextDecoder } from 'node:util';
import type { TextSink } from '../flavour.ts';
import { isObject, type Json, parseJson } from '../json.ts';
import { pieceOf } from '../stream/row.ts';
import { awsEvent } from './aws-event.ts';
import { Bytes } from './bytes.ts';
import { EventStreamReader } from './event-stream.ts';
import { JsonSplitter } from './json-array.ts';
import { Repeats } from './repeats.ts';
import { SseReader } from './sse.ts';
import { WordsReader } from './words.ts';

export { BodyDecoder, type Damage } from './coding.ts';

/** The events after which a stream of Anthropic's Messages or OpenAI's Responses has nothing more; others say `[DONE]` or nothing. */
const LAST = new Set(['message_stop', 'response.completed', 'response.incomplete', 'response.failed']);

/** What a streamed answer is made of, one after the other. */
export type OnEvent = (event: Json, name: string | undefined) => void;

/**
 * Reads the body of an answer. What it is shows in its first character, whatever `content-type` says: server-sent events, or JSON, and a
 * JSON array or lines of a streamed answer are read element by element. Only messages of an AWS event stream are known by their type.
 */
export class AnswerReader {
  readonly #onEvent: OnEvent;
  readonly #repeats: Repeats | undefined;
  readonly #streamed: boolean;
  readonly #contentType: string;
  readonly #text: TextDecoder;
  readonly #isUtf8: boolean;
  /** Of text in UTF-8. */
  readonly #words = new WordsReader();
  readonly #bytes = new Bytes();
  #mode: 'unknown' | 'sse' | 'values' | 'whole' | 'aws' = 'unknown';
  #sse: SseReader | undefined;
  #values: JsonSplitter | undefined;
  #aws: EventStreamReader | undefined;
  /** The only value so far, of a body that may be one JSON text or the first of several. */
  #first: string | undefined;
  #areMany = false;
  /** While a row is read: hears where in its text, behind what was held, the event ends that comes next. */
  #onEnd: ((end: number) => void) | undefined;
  #isLost = false;
  #unreadable = 0;
  /** The stream said itself that it is over: whoever reads it may close the connection before the body ends. */
  isOver = false;

  /** `streamed`: the request asked for a stream. `sinkOf`: where events that are like the one before may be added without `onEvent`. */
  constructor(
    contentType: string | undefined,
    streamed: boolean,
    onEvent: OnEvent,
    sinkOf?: () => TextSink | undefined,
  ) {
    this.#repeats = sinkOf && new Repeats(sinkOf);
    this.#onEvent = onEvent;
    this.#streamed = streamed;
    this.#contentType = contentType?.toLowerCase() ?? '';
    this.#text = decoderOf(contentType);
    this.#isUtf8 = this.#text.encoding === 'utf-8';
    if (!this.#contentType.includes('amazon.eventstream')) return;
    this.#mode = 'aws';
    this.#aws = new EventStreamReader((message) => {
      const found = awsEvent(message);
      if (found === undefined) this.#unreadable++;
      else onEvent(found.event, found.name);
    });
  }

  get size(): number {
    const held = this.#bytes.size + (this.#sse?.held ?? 0) + (this.#first?.length ?? 0);
    return held + (this.#values?.size ?? 0) + (this.#aws?.size ?? 0);
  }

  /** Whether events came one by one. */
  get isStream(): boolean {
    return this.#mode === 'sse' || this.#mode === 'aws' || (this.#mode === 'values' && this.#areMany);
  }

  /** Events whose data was no JSON object. */
  get unreadable(): number {
    return this.#unreadable + (this.#aws?.damaged ?? 0);
  }

  /** Bytes of the framing itself were damaged. */
  get isDamaged(): boolean {
    return (this.#aws?.damaged ?? 0) > 0;
  }

  push(bytes: Buffer): void {
    switch (this.#mode) {
      case 'whole':
        this.#bytes.push(bytes);
        return;
      case 'aws':
        this.#aws?.push(bytes);
        return;
      case 'unknown': {
        const at = this.#isUtf8 ? startOf(bytes) : 0;
        const first = bytes[at];
        if (first === undefined) return;
        this.#begin(first);
        this.push(at === 0 ? bytes : bytes.subarray(at));
        return;
      }
      default:
        this.#feed(this.#isUtf8 ? this.#words.push(bytes) : this.#text.decode(bytes, { stream: true }));
    }
  }

  /** Whether it reads server-sent events, whose bytes may come in rows. */
  get readsRows(): boolean {
    return this.#mode === 'sse' && this.#isUtf8;
  }

  /** Reads pieces that follow one another. `onPiece` says which one the next event ends in. */
  row(bytes: Buffer, bytesEnds: readonly number[], onPiece: (piece: number) => void): void {
    const sse = this.#sse;
    if (sse === undefined) return;
    const { text, ends } = this.#words.row(bytes, bytesEnds);
    const held = sse.held;
    this.#onEnd = (end) => onPiece(pieceOf(ends, end - held));
    let at = sse.plain(text);
    this.#onEnd = undefined;
    for (let piece = 0; at < text.length; piece++) {
      const end = ends[piece] as number;
      if (end <= at) continue;
      onPiece(piece);
      this.#feed(text.slice(at, end));
      at = end;
    }
  }

  #begin(first: number): void {
    const isObjectStart = first === 0x7b;
    const isArrayStart = first === 0x5b;
    const isLines = /ndjson|jsonl|json-seq/.test(this.#contentType);
    if (!this.#isUtf8 || (this.#isLost && !isLines))
      this.#mode = this.#contentType.includes('event-stream') ? 'sse' : 'whole';
    else if (isLines || ((isObjectStart || isArrayStart) && this.#streamed)) {
      this.#mode = 'values';
      this.#areMany = isLines || isArrayStart;
      this.#values = new JsonSplitter((json) => this.#value(json));
      if (this.#isLost) this.#values.gap();
    } else this.#mode = isObjectStart || isArrayStart || first === 0x3c || first === 0x22 ? 'whole' : 'sse';
    if (this.#mode !== 'sse') return;
    this.#sse = new SseReader((text, from, to, name) => {
      if (this.#repeats?.take(text, from, to, name) === true) return;
      this.#onEnd?.(to + 2);
      this.#event(text.slice(from, to), name);
    });
  }

  /** A second value makes the first one an event too. */
  #value(json: string): void {
    if (!this.#areMany && this.#first === undefined) {
      this.#first = json;
      return;
    }
    const first = this.#first;
    this.#first = undefined;
    this.#areMany = true;
    if (first !== undefined) this.#event(first, undefined);
    this.#event(json, undefined);
  }

  #feed(words: string): void {
    if (words === '') return;
    if (this.#values !== undefined) {
      this.#values.push(words);
      return;
    }
    this.#sse?.push(words);
  }

  #event(data: string, name: string | undefined): void {
    const isDone = data.length < 64 && data.trim() === '[DONE]';
    if (isDone) this.isOver = true;
    if (data === '' || isDone) return;
    const event = parseJson(data);
    if (isObject(event)) {
      if (typeof event['type'] === 'string' && LAST.has(event['type'])) this.isOver = true;
      this.#onEvent(event, name);
      this.#repeats?.learn(data, name, event);
    } else this.#unreadable++;
  }

  /** Bytes are missing here: the event that they belong to is given up. */
  gap(): void {
    this.#isLost = true;
    this.#aws?.gap();
    if (this.#mode === 'sse' || this.#mode === 'values') this.#rest();
    this.#values?.gap();
    this.#sse?.reset();
    this.#repeats?.reset();
  }

  #rest(): string {
    return this.#isUtf8 ? this.#words.end() : this.#text.decode();
  }

  /** Nothing more comes: the last event may lack its empty line. Returns the value of a body that is one JSON text. */
  end(): unknown {
    switch (this.#mode) {
      case 'sse':
        this.#feed(this.#rest());
        this.#feed('\n\n');
        return undefined;
      case 'values':
        this.#feed(this.#rest());
        return this.#first === undefined ? undefined : parseJson(this.#first);
      case 'whole': {
        const all = this.#text.decode(this.#bytes.concat());
        const value = parseJson(all);
        if (value !== undefined) return value;
        // lines of JSON that nobody announced
        this.#mode = 'values';
        new JsonSplitter((json) => this.#value(json)).push(all);
        return this.#first === undefined || this.#isLost ? undefined : parseJson(this.#first);
      }
      default:
        this.#aws?.end();
        return undefined;
    }
  }
}

/** The place of the first byte that is no white space or part of a byte order mark. */
function startOf(bytes: Buffer): number {
  let at = 0;
  for (; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) break;
  }
  return at;
}

/** Shared by all, for whole texts alone: what a part of one left in it would stand before the next text, whoever's that is. */
const UTF8 = new TextDecoder();

/** The decoder of a `charset`, UTF-8 where there is none or it is not known; for whole texts. */
export function decoderOf(contentType: string | undefined): TextDecoder {
  return charsetDecoder(contentType) ?? UTF8;
}

/** The same, for a text that comes in pieces. */
export function streamDecoderOf(contentType: string | undefined): TextDecoder {
  return charsetDecoder(contentType) ?? new TextDecoder();
}

function charsetDecoder(contentType: string | undefined): TextDecoder | undefined {
  if (contentType === undefined || !contentType.includes('=')) return undefined;
  const charset = /charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType)?.[1];
  if (charset === undefined || /^utf-?8$/i.test(charset)) return undefined;
  try {
    return new TextDecoder(charset);
  } catch {
    return undefined; // a name that nobody knows: UTF-8 it is, as JSON has to be (RFC 8259 8.1)
  }
}

/** Media that is no text: nothing of it is kept but its size. */
export function isBinary(contentType: string | undefined): boolean {
  return /^\s*(?:audio|image|video|font)\/(?!svg)|^\s*application\/(?:octet-stream|pdf|zip|gzip|x-tar|wasm|x-protobuf|grpc)\b/i.test(
    contentType ?? '',
  );
}
