import { FrameReader, type HeaderBlock, HpackDecoder } from '../../../core/index.ts';
import type { ConnectionInfo } from '../connection-info.ts';
import { Exchange } from '../exchange.ts';
import type { Head } from '../http1/head.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import type { ConnectionProtocol } from '../stream/protocol.ts';
import type { Row } from '../stream/row.ts';
import type { Upgrade } from '../stream/upgrade.ts';
import { headOf, type StreamHead } from './head.ts';
import { RowBodies } from './row-bodies.ts';
import { Http2Stream } from './stream.ts';
import { OpenStreams } from './streams.ts';
import { Tunnel } from './tunnel.ts';

/** Streams that may be open; servers allow 100 to 250 (RFC 9113 5.1.2), more means that their ends are not seen. */
const MAX_STREAMS = 256;
/** Streams of which it is remembered that the client gave them up. */
const MAX_RESET = 64;
/** Bytes of a connection in a row among which no frames were found. */
const MAX_FOREIGN = 16 * 1024 * 1024;

const SETTINGS_MAX_FRAME_SIZE = 5;

/** How a connection begins. */
export interface Http2Start {
  /** Its bytes begin anywhere. */
  readonly late: boolean;
  /** Begins what a stream carries after an extended CONNECT (RFC 8441). */
  readonly upgraded: (info: ConnectionInfo, upgrade: Upgrade) => ConnectionProtocol | undefined;
  /** The request over HTTP/1.1 that stream 1 answers (RFC 7540 3.2). */
  readonly upgrade?: Upgrade;
}

/** Longer before its first request a connection was opened for no request in particular. */
const PREFACE_MS = 1000;

/** An HTTP/2 connection (RFC 9113): an answer belongs to the request on its stream. */
export class Http2Protocol implements ConnectionProtocol {
  readonly #info: ConnectionInfo;
  readonly #upgraded: Http2Start['upgraded'];
  readonly #readers: Readonly<Record<Direction, FrameReader<Mark>>>;
  readonly #hpack = { sent: new HpackDecoder(), received: new HpackDecoder() };
  readonly #streams = new OpenStreams();
  readonly #tunnels = new Map<number, Tunnel>();
  readonly #reset = new Set<number>();
  /** The highest stream of which a request was seen, or the place where one was. */
  #highest = 0;
  #highestOrphan = 0;
  #ordinal = 0;
  #foreign = 0;
  /** The stream that was answered last. */
  #answering: Http2Stream | undefined;
  /** While a row is read. */
  #bodies: RowBodies | undefined;
  /** Where the client began, when it was seen to. */
  #begun: Mark | undefined;
  readonly #isLate: boolean;
  ignored = false;

  constructor(info: ConnectionInfo, { late, upgraded, upgrade }: Http2Start) {
    this.#info = info;
    this.#isLate = late || upgrade !== undefined;
    this.#upgraded = upgraded;
    if (late) for (const hpack of Object.values(this.#hpack)) hpack.forget();
    const shared = (dir: Direction) => ({
      blockLost: (stream: number, mark: Mark) => {
        this.#flush();
        this.#blockLost(dir, stream, mark);
      },
      missing: (stream: number, size: number, mark: Mark) => this.#missing(dir, stream, size, mark),
      reset: (stream: number, _code: number, mark: Mark) => {
        this.#flush();
        this.#resetStream(dir, stream, mark);
      },
      setting: (id: number, value: number) => {
        if (id === SETTINGS_MAX_FRAME_SIZE) this.#readers[dir === 'sent' ? 'received' : 'sent'].maxFrame = value;
      },
      lost: (mark: Mark) => {
        this.#flush();
        this.#lost(dir, mark);
      },
      refused: (reason: string) => info.counters.count('http_refused', 'reason', reason),
      promise: (_stream: number, _promised: number, block: Buffer) => {
        this.#decode(dir, block);
        info.counters.count('ignored_requests', 'reason', 'pushed');
      },
    });
    this.#readers = {
      sent: new FrameReader('client', late, {
        ...shared('sent'),
        headers: (stream, block, first, mark) => this.#requestHead(stream, block, first, mark),
        data: (stream, bytes, from, to, mark) => this.#requestData(stream, bytes, from, to, mark),
        end: (stream, mark) => this.#requestEnd(stream, mark),
        goaway: () => {}, // speaks of streams that the server began
      }),
      received: new FrameReader('server', late, {
        ...shared('received'),
        headers: (stream, block, first, mark) => {
          this.#flush();
          this.#responseHead(stream, block, first, mark);
        },
        data: (stream, bytes, from, to, mark) => this.#responseData(stream, bytes, from, to, mark),
        end: (stream, mark) => {
          this.#flush();
          this.#responseEnd(stream, mark);
        },
        goaway: (last, _code, mark) => {
          this.#flush();
          this.#goaway(last, mark);
        },
      }),
    };
    if (upgrade === undefined) return;
    upgrade.exchange.requestEnd('whole');
    this.#streams.set(1, new Http2Stream(upgrade.exchange));
    this.#highest = 1;
    this.#ordinal = upgrade.ordinal + 1;
  }

  feed(dir: Direction, bytes: Buffer, mark: Mark): void {
    if (this.ignored) return;
    if (dir === 'sent' && !this.#isLate) this.#begun ??= mark;
    this.#readers[dir].feed(bytes, mark);
    this.#foreign = this.#readers[dir].isScanning ? this.#foreign + bytes.length : 0;
    if (this.#foreign <= MAX_FOREIGN) return;
    this.#info.counters.warn('A connection speaks a protocol that is not read.', 'unsupported', 'protocol', 'unknown');
    this.ignored = true;
  }

  get readsRows(): boolean {
    return this.#answering?.readsRows === true;
  }

  row(row: Row): number {
    const bodies = new RowBodies(row);
    this.#bodies = bodies;
    let read = 0;
    for (const piece of row.pieces) {
      if (!this.ready('received', piece)) break;
      bodies.piece = read;
      this.feed('received', piece, row.markOf(read));
      read++;
      if (!this.readsRows) break;
    }
    this.#flush();
    this.#bodies = undefined;
    return read;
  }

  /** Before anything but DATA is heard of: it came behind what was gathered. */
  #flush(): void {
    this.#bodies?.flush();
  }

  gap(dir: Direction, size: number | undefined, mark: Mark): void {
    this.#readers[dir].gap(size, mark);
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    for (const tunnel of this.#tunnels.values()) tunnel.end(mark, how);
    for (const [, stream] of this.#streams) stream.close(mark, how.ended);
    this.#tunnels.clear();
    this.#streams.clear();
  }

  /** Answers are read when the requests that they belong to were; settings and what else both sides send wait for nothing. */
  ready(dir: Direction, next?: Buffer): boolean {
    if (dir === 'sent' || next === undefined || this.ignored) return true;
    return this.#readers.received.highestOf(next) <= Math.max(this.#highest, this.#highestOrphan);
  }

  get busy(): boolean {
    if (this.#streams.count > 0) return true;
    for (const tunnel of this.#tunnels.values()) if (tunnel.busy) return true;
    return false;
  }

  get size(): number {
    const { sent, received } = this.#readers;
    let size = sent.size + received.size + this.#hpack.sent.size + this.#hpack.received.size + this.#streams.size;
    for (const tunnel of this.#tunnels.values()) size += tunnel.size;
    return size;
  }

  #decode(dir: Direction, block: Buffer): HeaderBlock {
    const decoded = this.#hpack[dir].decode(block);
    const { fault } = decoded;
    if (fault !== undefined)
      this.#info.counters.count('http_refused', 'reason', fault === 'damaged' ? 'bad_block' : 'head_too_large');
    return decoded;
  }

  #requestHead(id: number, block: Buffer, first: Mark, mark: Mark): void {
    const found = headOf(this.#decode('sent', block), 'request');
    if (id <= this.#highest) return; // a trailer section
    this.#highest = id;
    if (found === undefined) return;
    const exchange = new Exchange(this.#info, found.head, this.#firstOf(first), id, this.#ordinal);
    const ordinal = this.#ordinal++;
    this.#streams.get(id)?.evict(mark); // its answer came first: the clocks of the two directions differ
    if (this.#streams.count + this.#tunnels.size >= MAX_STREAMS) this.#evict(mark);
    this.#streams.set(id, new Http2Stream(exchange));
    if (found.head.method === 'CONNECT' && found.protocol !== undefined) {
      const asked = { protocol: found.protocol, request: found.head, first, exchange, ordinal, stream: id };
      this.#tunnels.set(id, new Tunnel(asked));
    }
  }

  /** The preface that opens a connection for its first request is the first of that request's bytes. */
  #firstOf(first: Mark): Mark {
    const begun = this.#begun;
    return this.#ordinal === 0 && begun && first.ms - begun.ms <= PREFACE_MS ? begun : first;
  }

  #requestData(id: number, bytes: Buffer, from: number, to: number, mark: Mark): void {
    const tunnel = this.#tunnels.get(id);
    if (tunnel !== undefined) tunnel.feed('sent', bytes.subarray(from, to), mark);
    else this.#streams.get(id)?.requestData(bytes, from, to);
  }

  #requestEnd(id: number, mark: Mark): void {
    this.#halfTunnel(id, mark);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.requestEnd('whole');
    if (stream.isDone) this.#streams.delete(id);
  }

  #responseHead(id: number, block: Buffer, first: Mark, mark: Mark): void {
    const found = headOf(this.#decode('received', block), 'response');
    const stream = this.#streams.get(id);
    if (found === undefined) {
      stream?.responseLost('head', mark); // a trailer section, which comes after the head
      return;
    }
    const { head } = found;
    if (head.status > 0 && head.status < 200) return;
    if (stream !== undefined) {
      if (this.#tunnels.has(id)) this.#answerTunnel(id, stream, found, mark);
      else stream.responseHead(head, mark);
    } else if (id % 2 === 1 && head.status > 0 && !this.#reset.has(id)) this.#orphan(id, head, first, mark);
  }

  /** An answer whose request was not seen. */
  #orphan(id: number, head: Head, first: Mark, mark: Mark): void {
    this.#info.counters.count('lost_requests');
    const stream = new Http2Stream(Exchange.orphan(this.#info, first, id, 0));
    stream.responseHead(head, mark);
    if (!stream.exchange.isRead) return;
    if (this.#streams.count + this.#tunnels.size >= MAX_STREAMS) this.#evict(mark);
    this.#streams.set(id, stream);
    if (id > this.#highestOrphan) this.#highestOrphan = id;
  }

  #responseData(id: number, bytes: Buffer, from: number, to: number, mark: Mark): void {
    const stream = this.#streams.get(id);
    this.#answering = stream;
    if (this.#bodies !== undefined && stream?.readsRows === true) {
      this.#bodies.add(stream, bytes, from, to, mark);
      return;
    }
    this.#flush();
    if (stream !== undefined) {
      stream.responseData(bytes, from, to, mark);
      if (stream.exchange.isOrphan && !stream.exchange.isRead) this.#streams.delete(id);
    } else this.#tunnels.get(id)?.feed('received', bytes.subarray(from, to), mark);
  }

  #responseEnd(id: number, mark: Mark): void {
    this.#halfTunnel(id, mark);
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    stream.responseEnd(mark);
    if (stream.isDone) this.#streams.delete(id);
  }

  /** An answer to an extended CONNECT: whoever reads what was asked for takes the exchange over. */
  #answerTunnel(id: number, stream: Http2Stream, { head }: StreamHead, mark: Mark): void {
    const tunnel = this.#tunnels.get(id);
    if (tunnel === undefined || head.status >= 300) {
      this.#tunnels.delete(id);
      stream.requestEnd('whole');
      stream.responseHead(head, mark);
      return;
    }
    this.#streams.delete(id);
    const next = this.#upgraded(this.#info, { ...tunnel.asked, response: head });
    tunnel.begin(next);
    if (next !== undefined) return;
    const known = tunnel.asked.protocol === 'websocket' ? 'websocket' : 'unknown';
    this.#info.counters.warn('A stream speaks a protocol that is not read.', 'unsupported', 'protocol', known);
    this.#tunnels.delete(id);
  }

  #halfTunnel(id: number, mark: Mark): void {
    const tunnel = this.#tunnels.get(id);
    if (tunnel === undefined) return;
    tunnel.half(mark);
    if (tunnel.isDone) this.#tunnels.delete(id);
  }

  #missing(dir: Direction, id: number, size: number, mark: Mark): void {
    const tunnel = this.#tunnels.get(id);
    if (tunnel !== undefined) tunnel.gap(dir, size, mark);
    const stream = this.#streams.get(id);
    if (dir === 'sent') stream?.requestMissing();
    else stream?.responseMissing(mark);
  }

  #resetStream(dir: Direction, id: number, mark: Mark): void {
    this.#tunnels.get(id)?.end(mark, { torn: true, ended: true });
    this.#tunnels.delete(id);
    this.#streams.get(id)?.reset(mark);
    this.#streams.delete(id);
    if (dir === 'received') return;
    this.#reset.add(id); // an answer may still be under way
    if (this.#reset.size <= MAX_RESET) return;
    for (const oldest of this.#reset) {
      this.#reset.delete(oldest);
      break;
    }
  }

  #goaway(last: number, mark: Mark): void {
    for (const [id, stream] of this.#streams) {
      if (id <= last) continue;
      stream.reset(mark);
      this.#streams.delete(id);
    }
  }

  /** A header block was not read: the frames around it were. */
  #blockLost(dir: Direction, id: number, mark: Mark): void {
    this.#hpack[dir].forget();
    if (dir === 'received') this.#streams.get(id)?.responseLost('head', mark);
    else if (id > this.#highest) this.#highest = id;
  }

  #lost(dir: Direction, mark: Mark): void {
    this.#hpack[dir].forget();
    for (const [, stream] of this.#streams)
      if (dir === 'sent') stream.requestLost();
      else stream.responseLost('any', mark);
    for (const tunnel of this.#tunnels.values()) tunnel.gap(dir, undefined, mark);
  }

  #evict(mark: Mark): void {
    this.#info.counters.warn(
      'Too many streams are open on a connection: the oldest is let go.',
      'evicted',
      'reason',
      'streams',
    );
    const oldest = this.#streams.oldest();
    if (oldest !== undefined) {
      const [id, stream] = oldest;
      stream.evict(mark);
      this.#streams.delete(id);
      this.#tunnels.delete(id);
      return;
    }
    for (const [id, tunnel] of this.#tunnels) {
      tunnel.end(mark, { torn: true, ended: false });
      this.#tunnels.delete(id);
      return;
    }
  }
}
