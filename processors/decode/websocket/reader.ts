import { Bytes } from '../body/bytes.ts';
import { MessageInflater } from '../body/message-inflater.ts';
import type { Mark } from '../stream/mark.ts';
import {
  CLOSE,
  CONTINUATION,
  type FrameFault,
  type FrameHead,
  type FrameRules,
  faultOf,
  findFrame,
  readHead,
  TEXT,
  unmask,
} from './frame.ts';

/** Why a message does not come out. */
export type MessageLoss = 'gap' | 'too_large' | 'damaged_coding' | 'framing';

/** Who hears of the messages of one direction. */
export interface MessageHandler {
  /** `first` and `last` are where its first frame began and its last one ended. Control frames may have come in between. */
  message(payload: Buffer, isText: boolean, first: Mark, last: Mark): void;
  /** The status code is 1005 where the frame has none (RFC 6455 7.1.5). */
  close(code: number, reason: string, mark: Mark): void;
  /** A message is given up, or after a gap an unknown number of them. */
  lost(reason: MessageLoss, mark: Mark): void;
  /** Bytes that are no frame, or the direction is given up (`lost_framing`). */
  refused(reason: FrameFault | 'lost_framing'): void;
}

export interface ReaderOptions {
  /** Whether this is the client's direction. */
  readonly isMasked: boolean;
  readonly deflates: boolean;
  /** Each message begins with an empty window (`*_no_context_takeover`). */
  readonly resets: boolean;
  /** Bytes of one message, decompressed. */
  readonly maxBytes: number;
}

/** Bytes looked at together when a frame is looked for. */
const SCAN_BYTES = 256 * 1024;
/** Bytes looked through before a direction is given up. */
const MAX_SCANNED = 8 * 1024 * 1024;

interface Open {
  readonly isText: boolean;
  readonly isDeflated: boolean;
  readonly first: Mark;
  readonly payload: Bytes;
  /** It is given up: the rest of its frames is passed over. */
  isLost: boolean;
}

/**
 * Reads the frames of one direction (RFC 6455 5, RFC 7692), piece by piece. A loss inside a payload of known size costs that message; after any
 * other, frames are looked for. Never throws, and never writes to the bytes it is fed.
 */
export class MessageReader {
  readonly #options: ReaderOptions;
  readonly #rules: FrameRules;
  readonly #handler: MessageHandler;
  readonly #inflater: MessageInflater;
  #state: 'head' | 'payload' | 'scan' | 'off' = 'head';
  readonly #headBytes = Buffer.alloc(14);
  #headSize = 0;
  #headMark: Mark | undefined;
  #head: FrameHead | undefined;
  /** Bytes of the payload that were read, or lost. */
  #at = 0;
  #open: Open | undefined;
  #control: Buffer | undefined;
  /** Pieces of a message whose beginning is not there are passed over. */
  #passesOver = false;
  #scan = new Bytes();
  #nextScan = 0;
  #scanned = 0;
  #hasInflated = false;

  constructor(options: ReaderOptions, handler: MessageHandler) {
    this.#options = options;
    this.#rules = { isMasked: options.isMasked, deflates: options.deflates };
    this.#handler = handler;
    this.#inflater = new MessageInflater(options.maxBytes);
  }

  /** Bytes held, roughly. */
  get size(): number {
    return (this.#open?.payload.size ?? 0) + this.#scan.size + (this.#hasInflated ? 65_536 : 0);
  }

  /** Inside a message or a frame. */
  get isOpen(): boolean {
    return this.#open !== undefined || this.#headSize > 0 || this.#state === 'payload';
  }

  get isOff(): boolean {
    return this.#state === 'off';
  }

  feed(fed: Buffer, mark: Mark): void {
    let bytes = fed;
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'head':
          at = this.#readHead(bytes, at, mark);
          break;
        case 'payload':
          at = this.#payload(bytes, at, mark);
          break;
        case 'scan': {
          const found = this.#look(at === 0 ? bytes : bytes.subarray(at), mark, false);
          if (found === undefined) return;
          bytes = found;
          at = 0;
          break;
        }
        case 'off':
          return;
        default:
          this.#state satisfies never;
      }
    }
  }

  gap(size: number | undefined, mark: Mark): void {
    if (this.#state === 'off') return;
    const head = this.#head;
    if (this.#state === 'payload' && head !== undefined && size !== undefined && size <= head.length - this.#at) {
      this.#at += size;
      if (this.#control !== undefined) this.#control = Buffer.alloc(0);
      else this.#lose('gap', mark);
      if (this.#at === head.length) this.#frameEnd(head, mark);
      return;
    }
    if (this.#open !== undefined && !this.#open.isLost) this.#lose('gap', mark);
    else this.#handler.lost('gap', mark);
    this.#resync();
  }

  /** Nothing more comes: a frame that was looked for may be whole. */
  end(mark: Mark): void {
    const found = this.#state === 'scan' ? this.#look(Buffer.alloc(0), mark, true) : undefined;
    if (found !== undefined) this.feed(found, mark);
    if (this.#open !== undefined && !this.#open.isLost) this.#lose('gap', mark);
    this.stop();
  }

  stop(): void {
    this.#state = 'off';
    this.#open = undefined;
    this.#control = undefined;
    this.#scan = new Bytes();
    this.#headSize = 0;
  }

  #readHead(bytes: Buffer, from: number, mark: Mark): number {
    let at = from;
    if (this.#headSize === 0) this.#headMark = mark;
    while (at < bytes.length) {
      this.#headBytes[this.#headSize++] = bytes[at++] ?? 0;
      const head = readHead(this.#headBytes, 0, this.#headSize);
      if (head === undefined) continue;
      const seen = this.#headSize;
      this.#headSize = 0;
      const fault = faultOf(head, this.#rules);
      if (fault !== undefined) {
        this.#handler.refused(fault);
        this.#lose('framing', mark);
        this.#resync();
        // a frame may begin inside of what was taken for a head
        const back = Math.min(seen - 1, at - from);
        this.#scan.push(Buffer.from(this.#headBytes.subarray(1, seen - back)));
        return at - back;
      }
      this.#begin(head, this.#headMark ?? mark);
      if (head.length === 0) this.#frameEnd(head, mark);
      return at;
    }
    return at;
  }

  #begin(head: FrameHead, mark: Mark): void {
    this.#head = head;
    this.#at = 0;
    this.#state = 'payload';
    if (head.opcode >= CLOSE) {
      this.#control = Buffer.alloc(head.length);
      return;
    }
    if (head.opcode === CONTINUATION) {
      if (this.#open !== undefined || this.#passesOver) return;
      this.#passesOver = true;
      this.#handler.lost('framing', mark);
      return;
    }
    if (this.#open !== undefined) this.#lose('framing', mark); // it was never finished
    this.#passesOver = false;
    this.#open = {
      isText: head.opcode === TEXT,
      isDeflated: head.reserved !== 0,
      first: mark,
      payload: new Bytes(),
      isLost: false,
    };
  }

  #payload(bytes: Buffer, from: number, mark: Mark): number {
    const head = this.#head;
    if (head === undefined) return bytes.length;
    const end = Math.min(bytes.length, from + head.length - this.#at);
    if (this.#control !== undefined || this.#open?.isLost === false) {
      const piece = bytes.subarray(from, end);
      const plain = head.key === undefined ? piece : unmask(piece, head.key, this.#at);
      if (this.#control !== undefined) plain.copy(this.#control, this.#at);
      else this.#take(plain, mark);
    }
    this.#at += end - from;
    if (this.#at === head.length) this.#frameEnd(head, mark);
    return end;
  }

  #take(bytes: Buffer, mark: Mark): void {
    const open = this.#open;
    if (open === undefined) return;
    if (!open.isDeflated) {
      if (open.payload.size + bytes.length > this.#options.maxBytes) this.#lose('too_large', mark);
      else open.payload.push(bytes);
      return;
    }
    this.#hasInflated = true;
    for (let at = 0; at < bytes.length && !open.isLost; at += 65_536)
      this.#inflated(open, this.#inflater.push(bytes.subarray(at, at + 65_536)), mark);
  }

  #inflated(open: Open, plain: Buffer, mark: Mark): void {
    const { failed } = this.#inflater;
    if (failed !== undefined) this.#lose(failed === 'too_large' ? 'too_large' : 'damaged_coding', mark);
    else if (plain.length > 0) open.payload.push(plain);
  }

  #frameEnd(head: FrameHead, mark: Mark): void {
    this.#state = 'head';
    this.#head = undefined;
    const control = this.#control;
    if (control !== undefined) {
      this.#control = undefined;
      if (head.opcode !== CLOSE) return;
      const code = control.length >= 2 ? control.readUInt16BE(0) : 1005;
      this.#handler.close(code, control.toString('utf8', 2), mark);
      return;
    }
    if (!head.fin) return;
    this.#passesOver = false;
    const open = this.#open;
    if (open === undefined) return;
    if (open.isDeflated && !open.isLost) {
      this.#inflated(open, this.#inflater.end(), mark);
      if (this.#options.resets) this.#inflater.reset();
    }
    this.#open = undefined;
    if (!open.isLost) this.#handler.message(open.payload.concat(), open.isText, open.first, mark);
  }

  /** Gives up the message that is open; its frames go on being read. */
  #lose(reason: MessageLoss, mark: Mark): void {
    const open = this.#open;
    if (open?.isLost === true) return;
    this.#handler.lost(reason, mark);
    if (open === undefined) return;
    if (open.isDeflated) this.#inflater.reset();
    this.#open = { ...open, payload: new Bytes(), isLost: true };
    open.isLost = true;
  }

  #resync(): void {
    this.#state = 'scan';
    this.#open = undefined;
    this.#control = undefined;
    this.#head = undefined;
    this.#headSize = 0;
    this.#passesOver = false;
    // a window with a hole: what refers to before it cannot be read
    this.#inflater.reset();
    this.#scan = new Bytes();
    this.#nextScan = 0;
  }

  /** Looks for a frame in what was kept and what is new; returns the bytes from it on. */
  #look(bytes: Buffer, mark: Mark, isLast: boolean): Buffer | undefined {
    const kept = this.#scan.size;
    // looking costs as much as there is: not for each byte that comes
    if (!isLast && kept + bytes.length < this.#nextScan) {
      this.#scan.push(bytes);
      return undefined;
    }
    if (kept > 0) this.#scan.push(bytes);
    const all = kept > 0 ? this.#scan.concat() : bytes;
    this.#scan = new Bytes();
    const at = findFrame(all, 0, this.#rules);
    if (at >= 0) {
      this.#scanned = 0;
      this.#state = 'head';
      return all.subarray(at);
    }
    this.#scanned += bytes.length;
    if (this.#scanned > MAX_SCANNED) {
      this.#handler.refused('lost_framing');
      this.#handler.lost('framing', mark);
      this.stop();
      return undefined;
    }
    this.#scan.push(all.length > SCAN_BYTES ? Buffer.from(all.subarray(-SCAN_BYTES / 2)) : all);
    this.#nextScan = this.#scan.size + Math.max(16, this.#scan.size >> 2);
    return undefined;
  }
}
