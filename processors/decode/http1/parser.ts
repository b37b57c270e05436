import type { Mark } from '../stream/mark.ts';
import { BodyRow, type Row } from '../stream/row.ts';
import { type ChunkPlace, type Joined, joinChunks } from './chunks.ts';
import { type Framing, framingOf, type Head, parseHead } from './head.ts';

/** How a message ended: `whole`, `closed` (a body that ends with the connection), or `cut` with the reason. */
export type Ending = 'whole' | 'closed' | 'lost' | 'torn';

/** Who hears of the messages of one direction. */
export interface MessageHandler {
  /** `first` is where the message began. Returns the method of the request that a response answers, where it is known. */
  head(head: Head, first: Mark, mark: Mark): string;
  data(bytes: Buffer, mark: Mark): void;
  /** Bytes of the body are missing; the framing is intact. */
  missing(mark: Mark): void;
  end(how: Ending, mark: Mark): void;
  /**
   * The connection speaks something else from here on: `h2` (its preface was read), the name in `upgrade` of an answer (RFC 9110 7.8), or
   * `tunnel` (9.3.6).
   */
  upgraded(protocol: string, response: Head | undefined, mark: Mark): void;
  /** Bytes that belong to no message, or a message that is given up. */
  /** Bytes that come after the parser was stopped. */
  beyond(bytes: Buffer, mark: Mark): void;
  refused(reason: 'foreign' | 'head_too_large' | 'bad_head' | 'bad_chunk'): void;
}

const MAX_HEAD = 64 * 1024;
const MAX_LINE = 16 * 1024;
const SCAN_KEEP = 20 * 1024;
const REQUEST_LINE = /[A-Z][A-Z-]{2,19} [!-~]{1,16384} HTTP\/1\.[01]\r?\n/;
const RESPONSE_LINE = /HTTP\/1\.[01] [1-5]\d\d(?: [^\r\n]{0,256})?\r?\n/;
const METHODS = /(?:GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS|CONNECT|TRACE|PRI)$/;

type State = 'start' | 'head' | 'length' | 'size' | 'chunk' | 'crlf' | 'trailer' | 'close' | 'scan' | 'off';

/**
 * Reads one direction of an HTTP/1.1 connection (RFC 9112), piece by piece. A passive reader cannot ask again: after lost or foreign
 * bytes it looks for the next start line and goes on there. Never throws.
 */
export class Http1Parser {
  readonly #side: 'request' | 'response';
  readonly #handler: MessageHandler;
  #state: State = 'start';
  /** Head, chunk size line or trailer so far; while looking for a start line, the last bytes seen. Latin-1. */
  #text = '';
  #first: Mark | undefined;
  #left = 0;
  #open = false;
  /** Bytes to be read again before anything else. */
  #again: string | undefined;

  constructor(side: 'request' | 'response', handler: MessageHandler) {
    this.#side = side;
    this.#handler = handler;
  }

  get size(): number {
    return this.#text.length;
  }

  /** Between messages, with nothing read of the next one. */
  get idle(): boolean {
    return this.#state === 'start' && this.#text === '';
  }

  /** Inside a message whose head was read. */
  get open(): boolean {
    return this.#open;
  }

  stop(): void {
    this.#state = 'off';
    this.#text = '';
  }

  /** Begins anew: a tunnel carries another conversation. */
  restart(): void {
    this.#state = 'start';
    this.#text = '';
  }

  feed(bytes: Buffer, mark: Mark): void {
    let at = 0;
    while (at < bytes.length) {
      switch (this.#state) {
        case 'start':
          at = this.#start(bytes, at, mark);
          break;
        case 'head':
          at = this.#head(bytes, at, mark);
          break;
        case 'length': {
          const end = Math.min(bytes.length, at + this.#left);
          this.#handler.data(at === 0 && end === bytes.length ? bytes : bytes.subarray(at, end), mark);
          this.#left -= end - at;
          at = end;
          if (this.#left === 0) this.#end('whole', mark);
          break;
        }
        case 'chunk':
        case 'crlf':
        case 'size':
          at = this.#chunks(bytes, at, mark, this.#state);
          break;
        case 'trailer':
          at = this.#line(bytes, at, mark);
          break;
        case 'close':
          this.#handler.data(at === 0 ? bytes : bytes.subarray(at), mark);
          return;
        case 'scan':
          at = this.#scan(bytes, at, mark);
          break;
        case 'off':
          this.#handler.beyond(at === 0 ? bytes : bytes.subarray(at), mark);
          return;
        default:
          this.#state satisfies never;
      }
      const again = this.#again;
      if (again === undefined) continue;
      this.#again = undefined;
      this.feed(Buffer.from(again, 'latin1'), mark); // at most three deep: what is read again is shorter each time
    }
  }

  /** Whether it is inside of a chunked body. */
  get readsRows(): boolean {
    return this.#state === 'chunk' || this.#state === 'crlf' || this.#state === 'size';
  }

  /** Hands on the chunks of a row as one; returns how many pieces were read, the last of them to its end. */
  row(row: Row, onBody: (body: BodyRow) => void): number {
    const state = this.#state;
    if (state !== 'chunk' && state !== 'crlf' && state !== 'size') return 0;
    const { bytes, ends, at } = this.#join(row.pieces, 0, state);
    if (bytes.length > 0) onBody(new BodyRow(bytes, ends, row));
    const last = ends.length - 1;
    const piece = row.pieces[last];
    if (piece !== undefined && at < piece.length) this.feed(piece.subarray(at), row.markOf(last));
    return ends.length;
  }

  /** Hands on the chunks in these bytes as one: what follows costs by the piece. */
  #chunks(bytes: Buffer, from: number, mark: Mark, state: ChunkPlace['state']): number {
    if (state === 'chunk' && this.#left >= bytes.length - from) {
      this.#left -= bytes.length - from;
      if (this.#left === 0) this.#state = 'crlf';
      this.#handler.data(from === 0 ? bytes : bytes.subarray(from), mark);
      return bytes.length;
    }
    const joined = this.#join([bytes], from, state);
    if (joined.bytes.length > 0) this.#handler.data(joined.bytes, mark);
    return joined.at < bytes.length ? this.#line(bytes, joined.at, mark) : joined.at;
  }

  #join(pieces: readonly Buffer[], from: number, state: ChunkPlace['state']): Joined {
    const joined = joinChunks(pieces, from, { state, left: this.#left, text: this.#text });
    this.#state = joined.next.state;
    this.#left = joined.next.left;
    this.#text = joined.next.text;
    return joined;
  }

  gap(size: number | undefined, mark: Mark): void {
    const state = this.#state;
    if (state === 'off') return;
    if (state === 'close') {
      this.#handler.missing(mark);
      return;
    }
    if ((state === 'length' || state === 'chunk') && size !== undefined && size <= this.#left) {
      this.#left -= size;
      this.#handler.missing(mark);
      if (this.#left > 0) return;
      if (state === 'chunk') this.#state = 'crlf';
      else this.#end('lost', mark);
      return;
    }
    if (this.#open) this.#end('lost', mark);
    this.#resync('');
  }

  end(torn: boolean, mark: Mark): void {
    if (this.#open) this.#end(this.#state === 'close' && !torn ? 'closed' : 'torn', mark);
    this.stop();
  }

  #end(how: Ending, mark: Mark): void {
    this.#open = false;
    if (this.#state !== 'off') this.#state = 'start';
    this.#text = '';
    this.#handler.end(how, mark);
  }

  #resync(text: string): void {
    this.#state = 'scan';
    this.#text = text;
  }

  /** Empty lines before a message are skipped (RFC 9112 2.2). */
  #start(bytes: Buffer, from: number, mark: Mark): number {
    let at = from;
    while (at < bytes.length && (bytes[at] === 13 || bytes[at] === 10)) at++;
    if (at < bytes.length) {
      this.#first = mark;
      this.#state = 'head';
      this.#text = '';
    }
    return at;
  }

  #head(bytes: Buffer, from: number, mark: Mark): number {
    const before = this.#text.length;
    // one byte more than fits at most: the end of a head is looked for in what is new
    const end = headEnd(bytes, from, this.#text);
    const piece = bytes.toString('latin1', from, end < 0 ? bytes.length : end);
    this.#text += piece;
    if (before < 24 && !this.#isPlausible()) {
      this.#handler.refused('foreign');
      this.#again = this.#text; // a start line may stand further on
      this.#resync('');
      return from + piece.length;
    }
    if (end < 0) {
      if (this.#text.length > MAX_HEAD) {
        this.#handler.refused('head_too_large');
        this.#resync('');
      }
      return bytes.length;
    }
    const text = this.#text;
    this.#text = '';
    const head = parseHead(text, this.#side);
    if (head === undefined) {
      if (this.#side === 'request' && text.startsWith('PRI * HTTP/2.0')) {
        this.#handler.upgraded('h2', undefined, mark);
        return end;
      }
      this.#handler.refused('bad_head');
      this.#resync('');
      this.#again = this.#lastMessage(text.slice(text.indexOf('\n') + 1));
      return end;
    }
    this.#body(head, mark);
    return end;
  }

  #isPlausible(): boolean {
    const text = this.#text;
    if (this.#side === 'response') return text.length >= 7 ? text.startsWith('HTTP/1.') : 'HTTP/1.'.startsWith(text);
    for (let i = 0; i < text.length && i < 22; i++) {
      const c = text.charCodeAt(i);
      if (c === 32) return i >= 3;
      if ((c < 65 || c > 90) && c !== 45) return false;
    }
    return text.length < 22;
  }

  #body(head: Head, mark: Mark): void {
    this.#open = true;
    const method = this.#handler.head(head, this.#first ?? mark, mark);
    if (this.#state === 'off') return;
    if (
      this.#side === 'response' &&
      (head.status === 101 || (method === 'CONNECT' && head.status < 300 && head.status >= 200))
    ) {
      this.#end('whole', mark);
      const [name = ''] = (head.headers.get('upgrade') ?? 'unknown').toLowerCase().split(/[,\s]/);
      this.#handler.upgraded(head.status === 101 ? name : 'tunnel', head, mark);
      return;
    }
    const framing: Framing = framingOf(head, this.#side, method);
    if (framing.kind === 'none' || (framing.kind === 'length' && framing.length === 0)) this.#end('whole', mark);
    else if (framing.kind === 'length') {
      this.#left = framing.length;
      this.#state = 'length';
    } else this.#state = framing.kind === 'chunked' ? 'size' : 'close';
  }

  /** A line of the chunked coding (RFC 9112 7.1): a size with extensions, the end of a chunk, a trailer field. */
  #line(bytes: Buffer, from: number, mark: Mark): number {
    const lf = bytes.indexOf(10, from);
    const end = lf < 0 ? bytes.length : lf + 1;
    this.#text += bytes.toString('latin1', from, end);
    if (lf < 0) {
      if (this.#text.length > MAX_LINE) this.#badChunk(mark);
      return end;
    }
    const line = this.#text.trimEnd();
    switch (this.#state) {
      case 'crlf':
        if (line !== '') {
          this.#badChunk(mark);
          return end;
        }
        this.#text = '';
        this.#state = 'size';
        return end;
      case 'trailer':
        if (line === '') this.#end('whole', mark);
        this.#text = '';
        return end;
      default: {
        const size = /^\s*([0-9a-fA-F]{1,12})\s*(?:;.*)?$/.exec(line)?.[1];
        if (size === undefined) {
          this.#badChunk(mark);
          return end;
        }
        this.#text = '';
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? 'trailer' : 'chunk';
        return end;
      }
    }
  }

  #badChunk(mark: Mark): void {
    const text = this.#text;
    this.#handler.refused('bad_chunk');
    this.#end('lost', mark);
    this.#resync('');
    this.#again = text;
  }

  /** Looks for a start line. It ends with a line feed, so only bytes with one are looked at. */
  #scan(bytes: Buffer, from: number, mark: Mark): number {
    const piece = bytes.toString('latin1', from);
    const old = this.#text.length;
    this.#text += piece;
    if (!piece.includes('\n')) {
      if (this.#text.length > 2 * SCAN_KEEP) this.#text = this.#text.slice(-SCAN_KEEP);
      return bytes.length;
    }
    const found = this.#findLine(this.#text);
    if (found === undefined) {
      this.#text = this.#text.slice(Math.max(this.#text.lastIndexOf('\n') + 1, this.#text.length - SCAN_KEEP));
      return bytes.length;
    }
    const { start, end } = found;
    this.#text = this.#text.slice(start, end);
    this.#state = 'head';
    this.#first = mark;
    // the line's end lies in the new bytes: earlier ones held no such line
    return from + Math.max(0, end - old);
  }

  /** The last start line and what follows: of a head that is no good, only the last message in it can be whole. */
  #lastMessage(text: string): string | undefined {
    let from = -1;
    for (let at = 0; ; ) {
      const found = this.#findLine(text.slice(at));
      if (found === undefined) break;
      from = at + found.start;
      at += found.end;
    }
    return from < 0 ? undefined : text.slice(from);
  }

  #findLine(text: string): { start: number; end: number } | undefined {
    if (!text.includes('HTTP/1.')) return undefined;
    if (this.#side === 'response') {
      const match = RESPONSE_LINE.exec(text);
      return match === null ? undefined : { start: match.index, end: match.index + match[0].length };
    }
    const match = REQUEST_LINE.exec(text);
    if (match === null) return undefined;
    // letters of the body before may stand right before the method
    const space = match[0].indexOf(' ');
    const method = METHODS.exec(match[0].slice(0, space));
    return { start: match.index + (method?.index ?? 0), end: match.index + match[0].length };
  }
}

/** Where the empty line that ends a head ends in `bytes`, or -1. `before` is what of the head was read before. */
function headEnd(bytes: Buffer, from: number, before: string): number {
  const old = before.length;
  for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) {
    let i = at - 1;
    const back = (k: number): number => (k >= from ? (bytes[k] ?? -1) : before.charCodeAt(old - (from - k)));
    if (back(i) === 13) i--;
    if (back(i) === 10) return at + 1;
  }
  return -1;
}
