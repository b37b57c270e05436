import { TextDecoder } from 'node:util';
import { createParser, type EventSourceParser } from 'eventsource-parser';
import { isObject, type Json, parseJson } from '../json.ts';
import { Bytes } from './bytes.ts';
import { createInflater, type Inflater } from './inflate.ts';
import { JsonSplitter } from './json-array.ts';

/** Why a body is not all there. */
export type Damage = 'lost' | 'too_large' | 'damaged_coding' | 'unsupported_coding';

/** Undoes the content codings of one body, up to a bound. After a gap, bytes of a coded body mean nothing any more. */
export class BodyDecoder {
  readonly #chain: Inflater[] = [];
  #left: number;
  #broken = false;
  damage: Damage | undefined;
  coding: string | undefined;

  constructor(codings: string | undefined, maxBytes: number) {
    this.#left = maxBytes;
    for (const entry of (codings ?? '').split(',').reverse()) {
      const coding = entry.trim().toLowerCase();
      if (coding === '' || coding === 'identity') continue;
      const inflater = createInflater(coding, maxBytes);
      if (inflater === undefined) {
        this.coding = coding;
        this.damage = 'unsupported_coding';
        this.#broken = true;
      } else this.#chain.push(inflater);
    }
  }

  /** The plain bytes that follow from these. */
  push(bytes: Buffer): Buffer | undefined {
    if (this.#broken) return undefined;
    let plain = bytes;
    for (const inflater of this.#chain) {
      plain = inflater.push(plain);
      if (inflater.failed === undefined) continue;
      this.#broken = true;
      this.damage ??= inflater.failed === 'too_large' ? 'too_large' : 'damaged_coding';
    }
    if (plain.length > this.#left) {
      plain = plain.subarray(0, this.#left);
      this.#broken = true;
      this.damage ??= 'too_large';
    }
    this.#left -= plain.length;
    return plain.length === 0 ? undefined : plain;
  }

  /** Bytes are missing here. */
  gap(): void {
    this.damage ??= 'lost';
    if (this.#chain.length > 0) this.#broken = true;
  }
}

/** What a streamed answer is made of, one after the other. */
export type OnEvent = (event: Json, name: string | undefined) => void;

/**
 * Reads the body of an answer. What it is shows in its first character, whatever `content-type` says: server-sent events, or JSON, and a
 * JSON array or lines of a streamed answer are read element by element.
 */
export class AnswerReader {
  readonly #onEvent: OnEvent;
  readonly #streamed: boolean;
  readonly #text: TextDecoder;
  readonly #bytes = new Bytes();
  #mode: 'unknown' | 'sse' | 'values' | 'whole' = 'unknown';
  #sse: EventSourceParser | undefined;
  #values: JsonSplitter | undefined;
  #pending = 0;
  /** Events whose data was no JSON object. */
  unreadable = 0;

  /** `streamed`: the request asked for a stream. */
  constructor(contentType: string | undefined, streamed: boolean, onEvent: OnEvent) {
    this.#onEvent = onEvent;
    this.#streamed = streamed;
    this.#text = decoderOf(contentType);
  }

  get size(): number {
    return this.#bytes.size + this.#pending + (this.#values?.size ?? 0);
  }

  /** Whether events came one by one. */
  get isStream(): boolean {
    return this.#mode === 'sse' || this.#mode === 'values';
  }

  push(bytes: Buffer): void {
    switch (this.#mode) {
      case 'whole':
        this.#bytes.push(bytes);
        return;
      case 'unknown': {
        const first = firstMark(bytes);
        if (first === undefined) return;
        this.#begin(first);
        this.push(bytes);
        return;
      }
      default:
        this.#feed(this.#text.decode(bytes, { stream: true }));
    }
  }

  #begin(first: number): void {
    const isObjectStart = first === 0x7b;
    const isArrayStart = first === 0x5b;
    if (!isObjectStart && !isArrayStart) {
      this.#mode = 'sse';
      this.#sse = createParser({ onEvent: (event) => this.#event(event.data, event.event) });
    } else if (isArrayStart && this.#streamed) {
      this.#mode = 'values';
      this.#values = new JsonSplitter((json) => this.#event(json, undefined));
    } else this.#mode = 'whole';
  }

  #feed(words: string): void {
    if (words === '') return;
    if (this.#values !== undefined) {
      this.#values.push(words);
      return;
    }
    const last = words.lastIndexOf('\n');
    this.#pending = last < 0 ? this.#pending + words.length : words.length - last;
    this.#sse?.feed(words);
  }

  #event(data: string, name: string | undefined): void {
    if (data === '[DONE]' || data === '') return;
    const event = parseJson(data);
    if (isObject(event)) this.#onEvent(event, name);
    else this.unreadable++;
  }

  /** Bytes are missing here: the event that they belong to is given up. */
  gap(): void {
    if (this.#mode !== 'sse' || this.#sse === undefined) return;
    this.#text.decode();
    this.#sse.reset();
    this.#pending = 0;
  }

  /** Nothing more comes: the last event may lack its empty line. Returns the value of a body that is one JSON text. */
  end(): unknown {
    if (this.#mode === 'sse') {
      this.#feed(this.#text.decode());
      this.#feed('\n\n');
      return undefined;
    }
    if (this.#mode !== 'whole') return undefined;
    const all = this.#text.decode(this.#bytes.concat());
    const value = parseJson(all);
    if (value !== undefined || !this.#streamed) return value;
    // lines of JSON
    this.#mode = 'values';
    new JsonSplitter((json) => this.#event(json, undefined)).push(all);
    return undefined;
  }
}

/** The first byte that is no white space or byte order mark. */
function firstMark(bytes: Buffer): number | undefined {
  for (const byte of bytes) if (byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf) return byte;
  return undefined;
}

/** The decoder of a `charset`; UTF-8 where there is none or it is not known. */
export function decoderOf(contentType: string | undefined): TextDecoder {
  const charset = /charset\s*=\s*"?([\w.:-]+)/i.exec(contentType ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    try {
      return new TextDecoder(charset);
    } catch {
      // a name that nobody knows: UTF-8 it is, as JSON has to be (RFC 8259 8.1)
    }
  }
  return new TextDecoder();
}
