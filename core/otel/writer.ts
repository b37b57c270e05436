/** What a writer starts with, and goes back to after one very large message. */
const START_BYTES = 64 * 1024;
const KEEP_BYTES = 8 * 1024 * 1024;
/** Up to here three bytes for every UTF-16 unit are reserved; beyond it the exact length is counted first. */
const COUNT_FROM = 64 * 1024;
/** Strings below this length always fit a length of one byte (three bytes of UTF-8 per unit, 127 at most). */
const SHORT = 43;
/** Keys kept as bytes. Foreign keys are unbounded in number, so the table is not. */
const MAX_KEYS = 4096;
const MAX_KEY_LENGTH = 256;

const HEX = new Uint8Array(128);
for (let i = 0; i < 16; i++) {
  HEX['0123456789abcdef'.charCodeAt(i)] = i;
  HEX['0123456789ABCDEF'.charCodeAt(i)] = i;
}

/** Key with its head and text below this sum make a KeyValue below 128 bytes. */
const ALL_SHORT = 124;

const MAX_TIME = 0x7fff_ffff_ffff_ffffn;

/** Bytes of a varint that can hold `n`. */
function widthOf(n: number): number {
  if (n < 0x80) return 1;
  if (n < 0x4000) return 2;
  if (n < 0x20_0000) return 3;
  return n < 0x1000_0000 ? 4 : 5;
}

/** Tag, length and text of a key, as bytes and as little-endian words (the last one padded with zeros). */
interface Key {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/**
 * Writes the protobuf wire format (protobuf.dev, "Encoding") into one growing buffer. A length that is not known yet is reserved with the
 * width of its upper bound and padded with continuation bits, which every decoder reads; nothing is measured twice or moved.
 * Lone surrogates become U+FFFD.
 */
export class ProtoWriter {
  #buf: Buffer = Buffer.allocUnsafeSlow(START_BYTES);
  #view = viewOf(this.#buf);
  #pos = 0;
  readonly #keys = new Map<string, Key>();

  /** A copy of what was written since the last call. */
  take(): Buffer {
    const out = Buffer.from(this.#buf.subarray(0, this.#pos));
    this.#pos = 0;
    if (this.#buf.length > KEEP_BYTES) this.#use(Buffer.allocUnsafeSlow(START_BYTES));
    return out;
  }

  /** Forgets what was written: a message whose writing failed must not be in the next one. */
  reset(): void {
    this.#pos = 0;
  }

  /** Starts a message of any size; give the result to `close`. */
  open(tag: number): number {
    this.#room(6);
    this.#buf[this.#pos] = tag;
    this.#pos += 6;
    return this.#pos;
  }

  close(start: number): void {
    this.#pad(start - 5, 5, this.#pos - start);
  }

  raw(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#buf.set(bytes, this.#pos);
    this.#pos += bytes.length;
  }

  /** A varint field; `value` is a whole number from 0 to 2^53. */
  varint(tag: number, value: number): void {
    this.#room(11);
    this.#buf[this.#pos++] = tag;
    this.#varint(value);
  }

  /** Nanoseconds since 1970 as fixed64, held to 0 .. 2^63-1. */
  time(tag: number, nanos: bigint): void {
    this.#room(9);
    this.#buf[this.#pos] = tag;
    this.#view.setBigUint64(this.#pos + 1, nanos < 0n ? 0n : nanos > MAX_TIME ? MAX_TIME : nanos, true);
    this.#pos += 9;
  }

  /** A fixed32 field below number 16. */
  fixed32(tag: number, value: number): void {
    this.#room(5);
    this.#buf[this.#pos] = tag;
    this.#view.setUint32(this.#pos + 1, value, true);
    this.#pos += 5;
  }

  /** An id of hex digits as bytes. */
  hex(tag: number, digits: string): void {
    const bytes = digits.length >> 1;
    this.#room(bytes + 6);
    const buf = this.#buf;
    buf[this.#pos++] = tag;
    this.#varint(bytes);
    let pos = this.#pos;
    for (let i = 0; i < bytes * 2; i += 2) {
      buf[pos++] = ((HEX[digits.charCodeAt(i)] ?? 0) << 4) | (HEX[digits.charCodeAt(i + 1)] ?? 0);
    }
    this.#pos = pos;
  }

  string(tag: number, text: string): void {
    const bound = boundOf(text);
    this.#room(bound + 6);
    this.#buf[this.#pos++] = tag;
    this.#text(text, widthOf(bound));
  }

  /** A KeyValue with a string (opentelemetry-proto common.proto: KeyValue key = 1, value = 2; AnyValue string_value = 1). */
  keyString(tag: number, key: string, text: string): void {
    const name = this.#keys.get(key) ?? this.#key(key);
    if (name.bytes.length + text.length < ALL_SHORT && this.#keyAscii(tag, name, text)) return;
    const bound = boundOf(text);
    const ofText = widthOf(bound);
    const ofValue = widthOf(bound + 1 + ofText);
    const ofPair = widthOf(bound + 2 + ofText + ofValue + name.bytes.length);
    this.#room(bound + name.bytes.length + 24);
    this.#buf[this.#pos] = tag;
    const pair = this.#pos + 1 + ofPair;
    this.#pos = pair;
    this.#copy(name);
    this.#buf[this.#pos] = 0x12;
    const value = this.#pos + 1 + ofValue;
    this.#buf[value] = 0x0a;
    this.#pos = value + 1;
    this.#text(text, ofText);
    this.#pad(value - ofValue, ofValue, this.#pos - value);
    this.#pad(pair - ofPair, ofPair, this.#pos - pair);
  }

  /** The common case in one pass: ASCII whose pair fits lengths of one byte, all known before. False, and nothing written, for other text. */
  #keyAscii(tag: number, { bytes, words }: Key, text: string): boolean {
    const n = text.length;
    const named = bytes.length;
    this.#room(ALL_SHORT + 16);
    const buf = this.#buf;
    const view = this.#view;
    let pos = this.#pos;
    buf[pos] = tag;
    buf[pos + 1] = named + n + 4;
    pos += 2;
    // Up to three bytes too many: what follows is written over them.
    for (let i = 0; i < words.length; i++) view.setUint32(pos + i * 4, words[i] as number, true);
    pos += named;
    buf[pos] = 0x12;
    buf[pos + 1] = n + 2;
    buf[pos + 2] = 0x0a;
    buf[pos + 3] = n;
    pos += 4;
    for (let i = 0; i < n; i++) {
      const c = text.charCodeAt(i);
      if (c > 0x7f) return false;
      buf[pos + i] = c;
    }
    this.#pos = pos + n;
    return true;
  }

  keyBool(tag: number, key: string, value: boolean): void {
    this.#scalar(tag, key, 2);
    this.#buf[this.#pos++] = 0x10;
    this.#buf[this.#pos++] = value ? 1 : 0;
  }

  keyDouble(tag: number, key: string, value: number): void {
    this.#scalar(tag, key, 9);
    this.#buf[this.#pos] = 0x21;
    this.#view.setFloat64(this.#pos + 1, value, true);
    this.#pos += 9;
  }

  /** A KeyValue with int_value; `value` is whole and fits 64 bits. */
  keyInt(tag: number, key: string, value: number): void {
    if (value >= 0 && value <= 0x7f) {
      this.#scalar(tag, key, 2);
      this.#buf[this.#pos++] = 0x18;
      this.#buf[this.#pos++] = value;
      return;
    }
    let size = 10;
    if (value >= 0) {
      size = 1;
      for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) size++;
    }
    this.#scalar(tag, key, size + 1);
    this.#buf[this.#pos++] = 0x18;
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  /** An int64 field; `value` is whole and fits 64 bits. */
  int(tag: number, value: number): void {
    this.#room(12);
    this.#buf[this.#pos++] = tag;
    if (value >= 0) this.#varint(value);
    else this.#negative(value);
  }

  /** A double field. */
  double(tag: number, value: number): void {
    this.#room(9);
    this.#buf[this.#pos] = tag;
    this.#view.setFloat64(this.#pos + 1, value, true);
    this.#pos += 9;
  }

  /** A KeyValue whose AnyValue `write` makes. */
  keyValue(tag: number, key: string, write: () => void): void {
    const name = this.#key(key);
    this.#room(name.bytes.length + 24);
    const pair = this.open(tag);
    this.#copy(name);
    const value = this.open(0x12);
    write();
    this.close(value);
    this.close(pair);
  }

  /** A KeyValue with an array of strings. */
  keyStrings(tag: number, key: string, texts: readonly string[]): void {
    const name = this.#key(key);
    this.#room(name.bytes.length + 24);
    const pair = this.open(tag);
    this.#copy(name);
    const value = this.open(0x12);
    const array = this.open(0x2a);
    for (const text of texts) {
      const element = this.open(0x0a);
      this.string(0x0a, text);
      this.close(element);
    }
    this.close(array);
    this.close(value);
    this.close(pair);
  }

  /** Tag, lengths and key of a KeyValue whose AnyValue takes `size` bytes (at most 11). */
  #scalar(tag: number, key: string, size: number): void {
    const name = this.#key(key);
    this.#room(name.bytes.length + 32);
    this.#buf[this.#pos++] = tag;
    this.#varint(name.bytes.length + 2 + size);
    this.#copy(name);
    this.#buf[this.#pos++] = 0x12;
    this.#buf[this.#pos++] = size;
  }

  /** Length and bytes of a text for which there is room. */
  #text(text: string, width: number): void {
    const buf = this.#buf;
    const start = this.#pos + width;
    const n = text.length;
    let size = n;
    if (n < SHORT) {
      for (let i = 0; i < n; i++) {
        const c = text.charCodeAt(i);
        if (c > 0x7f) {
          size = buf.write(text, start);
          break;
        }
        buf[start + i] = c;
      }
    } else {
      size = buf.write(text, start);
    }
    this.#pad(this.#pos, width, size);
    this.#pos = start + size;
  }

  #pad(at: number, width: number, length: number): void {
    const buf = this.#buf;
    let rest = length;
    for (let i = 0; i < width - 1; i++) {
      buf[at + i] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    buf[at + width - 1] = rest;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 0x80) {
      this.#buf[this.#pos++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buf[this.#pos++] = rest;
  }

  /** Two's complement in ten bytes, as protobuf writes negative int64. */
  #negative(value: number): void {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest >= 0x80n) {
      this.#buf[this.#pos++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buf[this.#pos++] = Number(rest);
  }

  /** Tag, length and bytes of a key. */
  #key(key: string): Key {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const text = Buffer.from(key);
    const width = widthOf(text.length);
    const bytes = new Uint8Array(1 + width + text.length);
    bytes[0] = 0x0a;
    let rest = text.length;
    for (let i = 1; i <= width; i++) {
      bytes[i] = (rest & 0x7f) | (i < width ? 0x80 : 0);
      rest >>>= 7;
    }
    bytes.set(text, 1 + width);
    const padded = Buffer.alloc(Math.ceil(bytes.length / 4) * 4);
    padded.set(bytes);
    const words = Uint32Array.from({ length: padded.length / 4 }, (_, i) => padded.readUInt32LE(i * 4));
    const made = { bytes, words };
    if (this.#keys.size < MAX_KEYS && key.length <= MAX_KEY_LENGTH) this.#keys.set(key, made);
    return made;
  }

  /** A key, with up to three bytes more that are written over. */
  #copy({ bytes, words }: Key): void {
    const at = this.#pos;
    if (bytes.length > 64) this.#buf.set(bytes, at);
    else for (let i = 0; i < words.length; i++) this.#view.setUint32(at + i * 4, words[i] as number, true);
    this.#pos = at + bytes.length;
  }

  #room(bytes: number): void {
    const needed = this.#pos + bytes;
    if (needed <= this.#buf.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#buf.length * 2));
    grown.set(this.#buf.subarray(0, this.#pos));
    this.#use(grown);
  }

  #use(buf: Buffer): void {
    this.#buf = buf;
    this.#view = viewOf(buf);
  }
}

function boundOf(text: string): number {
  return text.length > COUNT_FROM ? Buffer.byteLength(text) : text.length * 3;
}

function viewOf(buf: Buffer): DataView {
  return new DataView(buf.buffer, buf.byteOffset, buf.byteLength);
}
