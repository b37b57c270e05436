import type { FrameHandler } from './frame-handler.ts';
import {
  DEFAULT_MAX_FRAME,
  FLAG,
  FRAME,
  FRAME_HEAD,
  isFrameHead,
  type Peer,
  PREFACE,
  uint24,
  uint32,
} from './frame-head.ts';
import { FrameScanner } from './frame-scanner.ts';
import { Kept } from './kept.ts';

/** Bytes of a header block. */
const MAX_BLOCK = 256 * 1024;
/** Bytes of other payloads that are kept: more settings than there are, and what GOAWAY begins with. */
const MAX_KEPT = 1024;

/** A header block that is being read. */
interface Block<Mark> {
  readonly stream: number;
  /** Of PUSH_PROMISE. */
  readonly promised: number | undefined;
  readonly ends: boolean;
  readonly first: Mark;
  isLost: boolean;
}

type State = 'preface' | 'head' | 'pad' | 'data' | 'keep' | 'skip' | 'scan';

/**
 * Reads the frames of one direction (RFC 9113), in any pieces. Payloads of DATA are handed on as they come, those that matter besides are kept up
 * to a bound. After a gap it goes on where the size of the gap tells where it is, and else where two frame heads in a row are found. Never throws.
 */
export class FrameReader<Mark> {
  readonly #peer: Peer;
  readonly #handler: FrameHandler<Mark>;
  readonly #scanner: FrameScanner;
  #state: State;
  /** Frames are where they are because every byte before them was read. */
  #isCertain: boolean;
  /** The next frame is the first one: SETTINGS (RFC 9113 3.4). */
  #isFirst: boolean;
  #maxFrame = DEFAULT_MAX_FRAME;
  readonly #head = Buffer.alloc(FRAME_HEAD);
  /** Bytes of the preface or of the head that were read. */
  #read = 0;
  #first: Mark | undefined;
  #type = 0;
  #flags = 0;
  #stream = 0;
  /** Bytes of the payload to come, without the padding of DATA, and that padding. */
  #left = 0;
  #padding = 0;
  readonly #payload = new Kept();
  /** The header block that CONTINUATIONs go on with. */
  #open: Block<Mark> | undefined;
  readonly #block = new Kept();

  /** `late`: the bytes begin anywhere. */
  constructor(peer: Peer, late: boolean, handler: FrameHandler<Mark>) {
    this.#peer = peer;
    this.#handler = handler;
    this.#scanner = new FrameScanner(peer);
    this.#isCertain = !late;
    this.#isFirst = !late;
    this.#state = late ? 'scan' : peer === 'client' ? 'preface' : 'head';
  }

  /** Bytes held. */
  get size(): number {
    return this.#payload.size + this.#block.size + this.#scanner.size;
  }

  /** Whether it looks for frames. */
  get isScanning(): boolean {
    return this.#state === 'scan';
  }

  /** SETTINGS_MAX_FRAME_SIZE of the other end. */
  set maxFrame(bytes: number) {
    this.#maxFrame = Math.max(this.#maxFrame, bytes);
    this.#scanner.maxFrame = bytes;
  }

  feed(bytes: Buffer, mark: Mark): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'preface':
          at = this.#preface(bytes, at, mark);
          break;
        case 'head':
          at = this.#frameHead(bytes, at, mark);
          break;
        case 'pad':
          this.#padding = bytes[at++] as number;
          if (this.#padding > --this.#left) this.#padding = this.#left;
          this.#left -= this.#padding;
          this.#state = 'data';
          if (this.#left + this.#padding === 0) this.#frameEnd(bytes, 0, 0, mark);
          break;
        case 'data':
        case 'skip':
        case 'keep':
          at = this.#some(bytes, at, mark);
          break;
        case 'scan': {
          const found = this.#scanner.push(bytes, at);
          if (found === undefined) return;
          at = found.next;
          this.#state = 'head';
          this.#read = 0;
          this.feed(found.frames, mark); // ends behind a head that is one: it is not looked for again in there
          break;
        }
        default:
          this.#state satisfies never;
      }
    }
  }

  gap(size: number | undefined, mark: Mark): void {
    if (this.#state === 'scan') {
      this.#scanner.reset();
      return;
    }
    const rest = this.#left + this.#padding;
    const isInside =
      this.#state === 'data' || this.#state === 'pad' || this.#state === 'skip' || this.#state === 'keep';
    if (size === undefined || !isInside || size > rest) {
      this.#lose(mark);
      return;
    }
    if (this.#type === FRAME.DATA) {
      // where the length of the padding is lost, padding and body cannot be told apart
      if (this.#left > 0) this.#handler.missing(this.#stream, Math.min(size, this.#left), mark);
      if (this.#state === 'pad') this.#state = 'skip';
    } else if (this.#state === 'keep') {
      this.#state = 'skip';
      this.#payload.clear();
    }
    const ofBody = Math.min(size, this.#left);
    this.#left -= ofBody;
    this.#padding -= size - ofBody;
    if (this.#left + this.#padding === 0) this.#frameEnd(EMPTY, 0, 0, mark);
  }

  /**
   * The highest stream of the client that a HEADERS frame begun in `bytes` is for, were they fed next; 0 when there is none or it cannot be told.
   */
  highestOf(bytes: Buffer): number {
    if (this.#state === 'scan' || this.#state === 'preface') return 0;
    let highest = 0;
    let at = this.#left + this.#padding;
    if (this.#state === 'head' && this.#read > 0) {
      if (this.#read + bytes.length < FRAME_HEAD) return 0;
      const head = Buffer.concat([this.#head.subarray(0, this.#read), bytes.subarray(0, FRAME_HEAD - this.#read)]);
      if (head[3] === FRAME.HEADERS) highest = oddOf(head, 5);
      at = FRAME_HEAD - this.#read + uint24(head, 0);
    }
    while (at + FRAME_HEAD <= bytes.length) {
      if (bytes[at + 3] === FRAME.HEADERS) highest = Math.max(highest, oddOf(bytes, at + 5));
      at += FRAME_HEAD + uint24(bytes, at);
    }
    return highest;
  }

  /** What a connection begins with: of the client the preface, of the server SETTINGS. Anything else is the middle of one. */
  #preface(bytes: Buffer, from: number, mark: Mark): number {
    let at = from;
    while (at < bytes.length && this.#read < PREFACE.length && bytes[at] === PREFACE[this.#read]) {
      at++;
      this.#read++;
    }
    if (this.#read === PREFACE.length) {
      this.#state = 'head';
      this.#read = 0;
    } else if (at < bytes.length) {
      const read = this.#read;
      this.#lose(mark);
      this.feed(PREFACE.subarray(0, read), mark);
    }
    return at;
  }

  #frameHead(bytes: Buffer, from: number, mark: Mark): number {
    if (this.#read === 0) this.#first = mark;
    let head = bytes;
    let at = from;
    let end = from + FRAME_HEAD;
    if (this.#read > 0 || end > bytes.length) {
      end = Math.min(bytes.length, from + FRAME_HEAD - this.#read);
      bytes.copy(this.#head, this.#read, from, end);
      this.#read += end - from;
      if (this.#read < FRAME_HEAD) return end;
      head = this.#head;
      at = 0;
    }
    this.#read = 0;
    const length = uint24(head, at);
    this.#type = head[at + 3] as number;
    this.#flags = head[at + 4] as number;
    this.#stream = uint32(head, at + 5) & 0x7fffffff;
    const most = this.#isCertain ? 0xffffff : this.#maxFrame;
    const isExpected = !this.#isFirst || this.#type === FRAME.SETTINGS;
    this.#isFirst = false;
    if (!isExpected || !isFrameHead(this.#peer, length, this.#type, this.#flags, this.#stream, most)) {
      this.#handler.refused('bad_frame');
      const again = Buffer.from(head.subarray(at, at + FRAME_HEAD)); // frames may begin inside of it
      this.#lose(mark);
      this.feed(again, mark);
      return end;
    }
    this.#begin(length, mark);
    return end;
  }

  #begin(length: number, mark: Mark): void {
    this.#left = length;
    this.#padding = 0;
    if (this.#open !== undefined && (this.#type !== FRAME.CONTINUATION || this.#stream !== this.#open.stream)) {
      // nothing may come between (RFC 9113 6.10)
      this.#handler.refused('bad_block');
      this.#dropBlock(mark);
    }
    switch (this.#type) {
      case FRAME.DATA:
        this.#state = (this.#flags & FLAG.PADDED) !== 0 && length > 0 ? 'pad' : 'data';
        break;
      case FRAME.HEADERS:
      case FRAME.CONTINUATION:
      case FRAME.PUSH_PROMISE:
        this.#state = length <= MAX_BLOCK ? 'keep' : 'skip';
        if (length > MAX_BLOCK) this.#handler.refused('block_too_large');
        break;
      case FRAME.SETTINGS:
      case FRAME.RST_STREAM:
      case FRAME.GOAWAY:
        this.#state = 'keep';
        break;
      default:
        this.#state = 'skip';
    }
    if (length === 0) this.#frameEnd(EMPTY, 0, 0, mark);
  }

  /** Bytes of a payload. */
  #some(bytes: Buffer, from: number, mark: Mark): number {
    const to = Math.min(bytes.length, from + this.#left);
    const isKept = this.#state === 'keep';
    if (this.#state === 'data' && to > from) this.#handler.data(this.#stream, bytes, from, to, mark);
    this.#left -= to - from;
    const end = Math.min(bytes.length, to + this.#padding);
    this.#padding -= end - to;
    const isWhole = this.#left === 0 && this.#padding === 0;
    if (isKept && !(isWhole && this.#payload.length === 0))
      this.#payload.push(bytes, from, to, this.#isOfBlock() ? MAX_BLOCK : MAX_KEPT);
    if (isWhole) this.#frameEnd(bytes, from, to, mark);
    return end;
  }

  #isOfBlock(): boolean {
    return this.#type === FRAME.HEADERS || this.#type === FRAME.CONTINUATION || this.#type === FRAME.PUSH_PROMISE;
  }

  /** A frame is over. Where its payload was kept and came in one piece, it is `bytes[from, to)`. */
  #frameEnd(bytes: Buffer, from: number, to: number, mark: Mark): void {
    const isKept = this.#state === 'keep';
    this.#state = 'head';
    if (this.#type === FRAME.DATA) {
      if ((this.#flags & FLAG.END_STREAM) !== 0) this.#handler.end(this.#stream, mark);
      return;
    }
    if (this.#isOfBlock()) {
      const payload = isKept ? this.#take(bytes, from, to) : undefined;
      this.#fragment(payload, mark);
      this.#payload.clear();
      return;
    }
    if (!isKept) return;
    const payload = this.#take(bytes, from, to);
    switch (this.#type) {
      case FRAME.SETTINGS:
        for (let at = 0; at + 6 <= payload.length; at += 6)
          this.#handler.setting(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
        break;
      case FRAME.RST_STREAM:
        this.#handler.reset(this.#stream, uint32(payload, 0), mark);
        break;
      case FRAME.GOAWAY:
        this.#handler.goaway(uint32(payload, 0) & 0x7fffffff, uint32(payload, 4), mark);
        break;
    }
    this.#payload.clear();
  }

  #take(bytes: Buffer, from: number, to: number): Buffer {
    if (this.#payload.length > 0) return this.#payload.bytes;
    return bytes.subarray(from, this.#isOfBlock() ? to : Math.min(to, from + MAX_KEPT));
  }

  /** A part of a header block came, or was lost. */
  #fragment(payload: Buffer | undefined, mark: Mark): void {
    const open = this.#open;
    if (this.#type === FRAME.CONTINUATION && open === undefined) {
      this.#handler.blockLost(0, mark);
      return;
    }
    let fragment = payload;
    let promised: number | undefined;
    if (payload !== undefined && this.#type !== FRAME.CONTINUATION) {
      const padded = (this.#flags & FLAG.PADDED) !== 0;
      let from = padded ? 1 : 0;
      if (this.#type === FRAME.PUSH_PROMISE) {
        promised = payload.length >= from + 4 ? uint32(payload, from) & 0x7fffffff : 0;
        from += 4;
      } else if ((this.#flags & FLAG.PRIORITY) !== 0) from += 5;
      const to = payload.length - (padded ? (payload[0] ?? 0) : 0);
      fragment = from <= to ? payload.subarray(from, to) : undefined;
    }
    const ends = this.#type === FRAME.HEADERS && (this.#flags & FLAG.END_STREAM) !== 0;
    const first = this.#first ?? mark;
    const block: Block<Mark> = open ?? { stream: this.#stream, promised, ends, first, isLost: false };
    if (fragment === undefined) block.isLost = true;
    if ((this.#flags & FLAG.END_HEADERS) === 0) {
      this.#open = block;
      if (fragment === undefined || block.isLost) return;
      if (this.#block.push(fragment, 0, fragment.length, MAX_BLOCK)) return;
      this.#handler.refused('block_too_large');
      block.isLost = true;
      this.#block.clear();
      return;
    }
    if (open !== undefined && fragment !== undefined && !block.isLost) {
      if (!this.#block.push(fragment, 0, fragment.length, MAX_BLOCK)) {
        this.#handler.refused('block_too_large');
        block.isLost = true;
      }
      fragment = this.#block.bytes;
    }
    this.#open = undefined;
    if (block.isLost || fragment === undefined) this.#handler.blockLost(block.stream, mark);
    else if (block.promised !== undefined) this.#handler.promise(block.stream, block.promised, fragment);
    else this.#handler.headers(block.stream, fragment, block.first, mark);
    this.#block.clear();
    if (block.ends) this.#handler.end(block.stream, mark);
  }

  #dropBlock(mark: Mark): void {
    const open = this.#open;
    this.#open = undefined;
    this.#block.clear();
    if (open !== undefined) this.#handler.blockLost(open.stream, mark);
  }

  /** Where frames begin is not known any more. */
  #lose(mark: Mark): void {
    this.#open = undefined;
    this.#block.clear();
    this.#payload.clear();
    this.#scanner.reset();
    this.#state = 'scan';
    this.#isCertain = false;
    this.#isFirst = false;
    this.#read = 0;
    this.#left = 0;
    this.#padding = 0;
    this.#handler.lost(mark);
  }
}

const EMPTY = Buffer.alloc(0);

/** The stream named at `at` where it is one of the client's, else 0. */
function oddOf(bytes: Uint8Array, at: number): number {
  const stream = uint32(bytes, at) & 0x7fffffff;
  return stream % 2 === 1 ? stream : 0;
}
