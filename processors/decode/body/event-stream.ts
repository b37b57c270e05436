import zlib from 'node:zlib';
import { ByteQueue } from './bytes.ts';

/** The value of a header: times are milliseconds, 64-bit numbers too large for a double stay bigint, UUIDs are text. */
export type HeaderValue = boolean | number | bigint | string | Buffer;

/** One message of an AWS event stream. */
export interface EventMessage {
  readonly headers: ReadonlyMap<string, HeaderValue>;
  /** Its own memory. */
  readonly payload: Buffer;
}

const PRELUDE = 12;
/** Prelude and the checksum of the message. */
const OVERHEAD = 16;
const MAX_HEADERS = 128 << 10;
const MAX_MESSAGE = (16 << 20) + MAX_HEADERS + OVERHEAD;

/**
 * Reads messages of `application/vnd.amazon.eventstream`: prelude (total length, length of the headers, CRC-32 of both), headers, payload,
 * CRC-32 of all before; big-endian. After a damaged message or a gap it goes on at the next prelude whose checksum fits. Source:
 * docs.aws.amazon.com/transcribe/latest/dg/streaming-setting-up.html#streaming-event-stream and smithy.io/2.0/aws/amazon-eventstream.html (2026-11).
 */
export class EventStreamReader {
  readonly #held = new ByteQueue();
  readonly #onMessage: (message: EventMessage) => void;
  #need = PRELUDE;
  #isLost = false;
  /** Messages, or rows of bytes that are none, that could not be read. */
  damaged = 0;

  constructor(onMessage: (message: EventMessage) => void) {
    this.#onMessage = onMessage;
  }

  get size(): number {
    return this.#held.size;
  }

  push(bytes: Buffer): void {
    this.#held.push(bytes);
    while (this.#held.size >= this.#need) {
      this.#need = PRELUDE;
      const used = this.#next(this.#held.view);
      if (used === 0) return;
      this.#held.take(used);
    }
  }

  /** Bytes are missing here: what began before is given up. */
  gap(): void {
    if (this.#held.size > 0 && !this.#isLost) this.damaged++;
    this.#held.clear();
    this.#need = PRELUDE;
    this.#isLost = true;
  }

  /** Nothing more comes: a message that is not whole is missing. */
  end(): void {
    this.gap();
  }

  /** Bytes that were read; 0 when `#need` says how many have to be there. */
  #next(held: Buffer): number {
    const total = totalOf(held, 0);
    if (total === undefined) return this.#search(held);
    if (held.length < total) {
      this.#need = total;
      return 0;
    }
    const message =
      zlib.crc32(held.subarray(0, total - 4)) === held.readUInt32BE(total - 4) ? read(held, total) : undefined;
    if (message === undefined) {
      // the prelude has a check of its own: its length is right, and what is in the message is looked at once
      this.damaged++;
      return total;
    }
    this.#isLost = false;
    this.#onMessage(message);
    return total;
  }

  /** Skips to the next place that may be a prelude, past the one at the front. */
  #search(held: Buffer): number {
    if (!this.#isLost) this.damaged++;
    this.#isLost = true;
    let at = 1;
    while (at + PRELUDE <= held.length && totalOf(held, at) === undefined) at++;
    return at;
  }
}

/** The length of the message whose prelude is here; undefined where there is none. */
function totalOf(bytes: Buffer, at: number): number | undefined {
  const total = bytes.readUInt32BE(at);
  const headers = bytes.readUInt32BE(at + 4);
  if (total < OVERHEAD || total > MAX_MESSAGE || headers > MAX_HEADERS || headers > total - OVERHEAD) return undefined;
  return zlib.crc32(bytes.subarray(at, at + 8)) === bytes.readUInt32BE(at + 8) ? total : undefined;
}

function read(bytes: Buffer, total: number): EventMessage | undefined {
  const end = PRELUDE + bytes.readUInt32BE(4);
  const headers = readHeaders(bytes.subarray(PRELUDE, end));
  return headers && { headers, payload: Buffer.from(bytes.subarray(end, total - 4)) };
}

function readHeaders(bytes: Buffer): Map<string, HeaderValue> | undefined {
  const headers = new Map<string, HeaderValue>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    if (nameEnd >= bytes.length) return undefined;
    const name = bytes.toString('utf8', at + 1, nameEnd);
    const type = bytes[nameEnd] ?? 0;
    const start = nameEnd + 1;
    const length = lengthOf(type, bytes, start);
    if (length === undefined || start + length > bytes.length) return undefined;
    headers.set(name, headerValue(type, bytes.subarray(start, start + length)));
    at = start + length;
  }
  return headers;
}

/** Bytes of a value by its type: true, false, byte, short, integer, long, byte array, string, timestamp, UUID. */
const FIXED: readonly (number | undefined)[] = [0, 0, 1, 2, 4, 8, undefined, undefined, 8, 16];

function lengthOf(type: number, bytes: Buffer, at: number): number | undefined {
  if (type === 6 || type === 7) return at + 2 > bytes.length ? undefined : 2 + bytes.readUInt16BE(at);
  return FIXED[type];
}

function headerValue(type: number, bytes: Buffer): HeaderValue {
  switch (type) {
    case 0:
    case 1:
      return type === 0;
    case 2:
      return bytes.readInt8(0);
    case 3:
      return bytes.readInt16BE(0);
    case 4:
      return bytes.readInt32BE(0);
    case 5:
      return numberOf(bytes.readBigInt64BE(0));
    case 6:
      return Buffer.from(bytes.subarray(2));
    case 7:
      return bytes.toString('utf8', 2);
    case 8:
      return Number(bytes.readBigInt64BE(0));
    default:
      return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  }
}

function numberOf(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
