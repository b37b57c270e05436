/** Frame types (RFC 9113 6) that readers tell apart. */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

export const FLAG = { END_STREAM: 0x1, ACK: 0x1, END_HEADERS: 0x4, PADDED: 0x8, PRIORITY: 0x20 } as const;

/** Bytes of a frame's head (RFC 9113 4.1): length (24 bits), type (8), flags (8), a reserved bit and the stream (31). */
export const FRAME_HEAD = 9;

/** The most that a payload has unless SETTINGS_MAX_FRAME_SIZE says otherwise. */
export const DEFAULT_MAX_FRAME = 16_384;

/** What the client of a connection sends before its first frame (RFC 9113 3.4). */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');

/** Which end of the connection wrote the bytes. */
export type Peer = 'client' | 'server';

/** What a frame's type allows: whether it is of a stream, of the connection or of either, and its length. */
interface Rule {
  readonly of: 'stream' | 'connection' | 'either';
  readonly length?: number;
  /** Flags that have a meaning. */
  readonly flags: number;
}

const RULES: readonly (Rule | undefined)[] = [
  { of: 'stream', flags: FLAG.END_STREAM | FLAG.PADDED },
  { of: 'stream', flags: FLAG.END_STREAM | FLAG.END_HEADERS | FLAG.PADDED | FLAG.PRIORITY },
  { of: 'stream', length: 5, flags: 0 },
  { of: 'stream', length: 4, flags: 0 },
  { of: 'connection', flags: FLAG.ACK },
  { of: 'stream', flags: FLAG.END_HEADERS | FLAG.PADDED },
  { of: 'connection', length: 8, flags: FLAG.ACK },
  { of: 'connection', flags: 0 },
  { of: 'either', length: 4, flags: 0 },
  { of: 'stream', flags: FLAG.END_HEADERS },
];

/** Frames of extensions that are in use: ALTSVC (RFC 7838), ORIGIN (RFC 8336), PRIORITY_UPDATE (RFC 9218). */
const EXTENSIONS = new Set([0x0a, 0x0c, 0x10]);
const EXTENSION: Rule = { of: 'either', flags: 0 };

/** Whether a frame with this head may be sent by `peer` (RFC 9113 4 to 6). A type that is not known may be anything. */
export function isFrameHead(
  peer: Peer,
  length: number,
  type: number,
  flags: number,
  stream: number,
  maxLength: number,
): boolean {
  if (length > maxLength) return false;
  const rule = RULES[type];
  if (rule === undefined) return true;
  if (rule.length !== undefined && length !== rule.length) return false;
  if (rule.of === 'stream' ? stream === 0 : rule.of === 'connection' && stream !== 0) return false;
  switch (type) {
    case FRAME.SETTINGS:
      return (flags & FLAG.ACK) === 0 ? length % 6 === 0 : length === 0;
    case FRAME.GOAWAY:
      return length >= 8;
    case FRAME.PUSH_PROMISE:
      return peer === 'server' && length >= 4;
    case FRAME.DATA:
    case FRAME.HEADERS:
    case FRAME.CONTINUATION:
      return peer === 'server' || stream % 2 === 1; // a client begins odd streams and answers none
    default:
      return true;
  }
}

/** Streams have numbers below this where frames are looked for among other bytes: nobody makes more on one connection. */
const MAX_STREAM = 1 << 24;

/** Whether the nine bytes at `at` can be nothing but a frame's head: only what is known, nothing reserved is set. */
export function isClearFrameHead(peer: Peer, bytes: Uint8Array, at: number, maxLength: number): boolean {
  const type = bytes[at + 3] as number;
  const rule = RULES[type] ?? (EXTENSIONS.has(type) ? EXTENSION : undefined);
  if (rule === undefined) return false;
  const flags = bytes[at + 4] as number;
  if ((flags & ~rule.flags) !== 0) return false;
  const length = uint24(bytes, at);
  const stream = uint32(bytes, at + 5);
  return stream < MAX_STREAM && isFrameHead(peer, length, type, flags, stream, maxLength);
}

export function uint24(bytes: Uint8Array, at: number): number {
  return ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
}

export function uint32(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 0x1000000 + uint24(bytes, at + 1);
}
