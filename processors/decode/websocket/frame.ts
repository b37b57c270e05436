/** The head of a frame (RFC 6455 5.2). */
export interface FrameHead {
  readonly fin: boolean;
  /** RSV1 to RSV3, as the three bits 0x40, 0x20, 0x10. */
  readonly reserved: number;
  readonly opcode: number;
  /** The masking key; a frame without mask has none. */
  readonly key: Buffer | undefined;
  /** Bytes of the payload; infinite where the number is over 2^53. */
  readonly length: number;
  /** The length could be written in fewer bytes. */
  readonly isPadded: boolean;
  /** Bytes of the head itself. */
  readonly size: number;
}

/** Opcodes (RFC 6455 11.8). */
export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;

/** Bytes of a frame that nobody would send in one: more means that framing was lost. */
const MAX_LENGTH = 2 ** 32;

/** The head at `at`; undefined when it is not whole. The key is a copy. */
export function readHead(bytes: Buffer, at: number, end: number): FrameHead | undefined {
  if (end - at < 2) return undefined;
  const first = bytes[at] ?? 0;
  const second = bytes[at + 1] ?? 0;
  const short = second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const isMasked = (second & 0x80) !== 0;
  const size = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (end - at < size) return undefined;
  const length =
    lengthBytes === 0
      ? short
      : lengthBytes === 2
        ? bytes.readUInt16BE(at + 2)
        : bytes.readUInt32BE(at + 2) * 2 ** 32 + bytes.readUInt32BE(at + 6);
  return {
    fin: (first & 0x80) !== 0,
    reserved: first & 0x70,
    opcode: first & 0x0f,
    key: isMasked ? Buffer.from(bytes.subarray(at + size - 4, at + size)) : undefined,
    length: length > Number.MAX_SAFE_INTEGER ? Number.POSITIVE_INFINITY : length,
    isPadded: (lengthBytes === 2 && length < 126) || (lengthBytes === 8 && length < 65_536),
    size,
  };
}

/** What makes a frame of one direction invalid. */
export interface FrameRules {
  /** A client masks all its frames, a server none (RFC 6455 5.1). */
  readonly isMasked: boolean;
  /** RSV1 marks a compressed message (RFC 7692 6). */
  readonly deflates: boolean;
}

/** Why a head is none. */
export type FrameFault = 'mask' | 'opcode' | 'reserved_bits' | 'control' | 'length';

/** What is wrong with a head (RFC 6455 5.2, 5.5); undefined when nothing is. */
export function faultOf(head: FrameHead, rules: FrameRules): FrameFault | undefined {
  const { opcode } = head;
  if ((opcode > BINARY && opcode < CLOSE) || opcode > 10) return 'opcode';
  if ((head.key !== undefined) !== rules.isMasked) return 'mask';
  const mayDeflate = rules.deflates && (opcode === TEXT || opcode === BINARY);
  if (head.reserved !== 0 && !(mayDeflate && head.reserved === 0x40)) return 'reserved_bits';
  if (opcode >= CLOSE && (!head.fin || head.length > 125)) return 'control';
  return head.length > MAX_LENGTH ? 'length' : undefined;
}

/** Whether bytes that begin a record are frames, up to its end: bytes of HTTP/1.1 never are. */
export function looksLikeFrames(bytes: Buffer, isMasked: boolean): boolean {
  let at = 0;
  while (at < bytes.length) {
    const head = readHead(bytes, at, bytes.length);
    if (head === undefined) return at > 0;
    if (head.isPadded || !head.fin || head.opcode === CONTINUATION) return false;
    if (faultOf(head, { isMasked, deflates: true }) !== undefined) return false;
    at += head.size + head.length;
  }
  return at === bytes.length;
}

/** The payload without its mask, as a copy: captured bytes are shared. `offset` is the place of `bytes` in the payload. */
export function unmask(bytes: Buffer, key: Buffer, offset: number): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  for (let i = 0; i < bytes.length; i++) out[i] = (bytes[i] ?? 0) ^ (key[(offset + i) & 3] ?? 0);
  return out;
}

/** Heads that have to follow each other where the payload itself does not show that it is one. */
const CHAIN = 4;

/**
 * The first place in `bytes`, from `from` on, where a message begins beyond doubt: a whole frame that holds a JSON object, or a chain of frames.
 * -1 when there is none.
 */
export function findFrame(bytes: Buffer, from: number, rules: FrameRules): number {
  for (let at = from; at < bytes.length; at++) if (isMessage(bytes, at, rules)) return at;
  return -1;
}

function isMessage(bytes: Buffer, at: number, rules: FrameRules): boolean {
  const first = bytes[at] ?? 0;
  if ((first & 0xb0) !== 0x80 || ((first & 0x0f) !== TEXT && (first & 0x0f) !== BINARY)) return false;
  const head = readHead(bytes, at, bytes.length);
  if (head === undefined || head.isPadded || head.length < 2 || faultOf(head, rules) !== undefined) return false;
  const start = at + head.size;
  const end = start + head.length;
  if (end > bytes.length) return false;
  if (head.reserved === 0) {
    const open = (bytes[start] ?? 0) ^ (head.key?.[0] ?? 0);
    const close = (bytes[end - 1] ?? 0) ^ (head.key?.[(head.length - 1) & 3] ?? 0);
    if (open === 0x7b && close === 0x7d) return true;
  }
  let next = end;
  for (let n = 1; n < CHAIN; n++) {
    const follower = readHead(bytes, next, bytes.length);
    if (follower === undefined || follower.isPadded || faultOf(follower, rules) !== undefined) return false;
    next += follower.size + follower.length;
  }
  return true;
}
