import type { ConnectionInfo } from '../connection-info.ts';
import { Exchange } from '../exchange.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import type { ConnectionProtocol } from '../stream/protocol.ts';
import type { Row } from '../stream/row.ts';
import { http2Of, type Upgrade, upgraded } from '../stream/upgrade.ts';
import { looksLikeFrames } from '../websocket/frame.ts';
import type { Head } from './head.ts';
import { type Ending, Http1Parser } from './parser.ts';

/** Requests that may wait for their answers; more means that the other direction is not seen. */
const MAX_OUTSTANDING = 64;
/** Bytes of a connection on which nothing was ever recognised. */
const MAX_FOREIGN = 16 * 1024 * 1024;

/** Bytes at the beginning of a connection that are looked at for frames of a WebSocket. */
const MAX_LATE = 64 * 1024;

/** What of the preface of HTTP/2 (RFC 9113 3.4) looks like the head of a request. */
const PREFACE_HEAD = Buffer.from('PRI * HTTP/2.0\r\n\r\n');

/** An HTTP/1.1 connection: answers belong to requests in their order (RFC 9112 9.3). */
export class Http1Protocol implements ConnectionProtocol {
  readonly #info: ConnectionInfo;
  readonly #sent: Http1Parser;
  readonly #received: Http1Parser;
  readonly #waiting: Exchange[] = [];
  #sending: Exchange | undefined;
  #receiving: Exchange | undefined;
  #interim = false;
  #ordinal = 0;
  /** Answers whose request was not seen. */
  #orphans = 0;
  #receivedGap = false;
  /** The latest requests may not be all there were: bytes were lost or strange, or the connection is older than the capture. */
  #sentGap: boolean;
  #foreign = 0;
  #seen = false;
  #isLateSocket = false;
  /** The last request that asks for another protocol, until it is answered. */
  #asking: Omit<Upgrade, 'protocol' | 'response'> | undefined;
  /** What the connection speaks after an upgrade. */
  #next: ConnectionProtocol | undefined;
  #isIgnored = false;

  constructor(info: ConnectionInfo) {
    this.#info = info;
    const refused = (reason: string): void => info.counters.count('http_refused', 'reason', reason);
    this.#sentGap = info.opened.protocol === undefined;
    this.#sent = new Http1Parser('request', {
      head: (head, first) => this.#requestHead(head, first),
      data: (bytes) => this.#sending?.requestData(bytes),
      missing: () => this.#sending?.requestMissing(),
      end: (how) => this.#requestEnd(how),
      upgraded: (_name, _response, mark) => this.#preface(mark),
      beyond: (bytes, mark) => this.#next?.feed('sent', bytes, mark),
      refused: (reason) => {
        this.#sentGap = true;
        refused(reason);
      },
    });
    this.#received = new Http1Parser('response', {
      head: (head, first, mark) => this.#responseHead(head, first, mark),
      data: (bytes, mark) => this.#receiving?.responseData(bytes, mark),
      missing: () => this.#receiving?.responseMissing(),
      end: (how, mark) => this.#responseEnd(how, mark),
      upgraded: (protocol, response) => this.#upgraded(protocol, response),
      beyond: (bytes, mark) => this.#next?.feed('received', bytes, mark),
      refused,
    });
  }

  feed(dir: Direction, bytes: Buffer, mark: Mark): void {
    if (this.ignored) return;
    if (this.#next !== undefined) {
      this.#next.feed(dir, bytes, mark);
      return;
    }
    (dir === 'sent' ? this.#sent : this.#received).feed(bytes, mark);
    if (this.#seen) return;
    if (!this.#isLateSocket && this.#foreign < MAX_LATE && looksLikeFrames(bytes, dir === 'sent')) {
      this.#isLateSocket = true;
      const message = 'A WebSocket was joined in its middle: what it agreed on is not known.';
      this.#info.counters.warn(message, 'unsupported', 'protocol', 'websocket_late');
    }
    this.#foreign += bytes.length;
    if (this.#foreign > MAX_FOREIGN) this.#unsupported('unknown');
  }

  get readsRows(): boolean {
    return this.#received.readsRows && this.#receiving?.readsRows === true;
  }

  row(row: Row): number {
    return this.#received.row(row, (body) => this.#receiving?.responseRow(body));
  }

  gap(dir: Direction, size: number | undefined, mark: Mark): void {
    if (this.#next !== undefined) this.#next.gap(dir, size, mark);
    else if (dir === 'sent') {
      this.#sentGap = true;
      this.#sent.gap(size, mark);
    } else {
      this.#receivedGap = true;
      this.#received.gap(size, mark);
    }
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    this.#next?.end(mark, how);
    this.#sent.end(how.torn, mark);
    if (!how.ended && this.#receiving !== undefined) {
      const open = this.#receiving;
      this.#receiving = undefined;
      open.responseEnd('cut_off', mark);
    }
    this.#received.end(how.torn, mark);
    for (const exchange of this.#waiting.splice(0)) exchange.responseEnd(how.ended ? 'unanswered' : 'cut_off', mark);
  }

  get ignored(): boolean {
    return this.#isIgnored || this.#next?.ignored === true;
  }

  ready(dir: Direction, next?: Buffer): boolean {
    if (this.#next !== undefined) return this.#next.ready(dir, next);
    // what follows a request for another protocol is read when the answer says which it is
    if (dir === 'sent') return this.#asking === undefined || this.#sending !== undefined || this.ignored;
    return this.ignored || this.#received.open || this.#waiting[0]?.requestDone === true;
  }

  get interleaved(): boolean {
    return this.#next?.interleaved === true;
  }

  get busy(): boolean {
    return (
      this.#next?.busy === true ||
      this.#waiting.length > 0 ||
      this.#receiving !== undefined ||
      this.#sending !== undefined
    );
  }

  get size(): number {
    let size = this.#sent.size + this.#received.size + (this.#receiving?.size ?? 0) + (this.#next?.size ?? 0);
    for (const exchange of this.#waiting) size += exchange.size;
    return size;
  }

  /** HTTP/2 with prior knowledge (RFC 9113 3.3) inside a tunnel or after foreign bytes. */
  #preface(mark: Mark): void {
    this.#goOn(http2Of(this.#info), 'h2');
    this.#next?.feed('sent', PREFACE_HEAD, mark);
  }

  #upgraded(protocol: string, response: Head | undefined): void {
    if (protocol === 'tunnel') {
      this.#sent.restart();
      this.#received.restart();
      return;
    }
    const asked = this.#asking;
    this.#asking = undefined;
    const known = asked && response && upgraded(this.#info, { ...asked, protocol, response });
    this.#goOn(known, protocol);
  }

  #goOn(next: ConnectionProtocol | undefined, protocol: string): void {
    if (next === undefined) {
      this.#unsupported(protocol);
      return;
    }
    this.#next = next;
    this.#sent.stop();
    this.#received.stop();
  }

  #unsupported(protocol: string): void {
    const known =
      protocol === 'h2' || protocol === 'h2c' || protocol === 'websocket' ? protocol.replace('h2c', 'h2') : 'unknown';
    this.#info.counters.warn('A connection speaks a protocol that is not read.', 'unsupported', 'protocol', known);
    this.#isIgnored = true;
    this.#sent.stop();
    this.#received.stop();
    this.#waiting.length = 0;
    this.#sending = undefined;
    this.#receiving = undefined;
  }

  #requestHead(head: Head, first: Mark): string {
    this.#seen = true;
    const exchange = new Exchange(this.#info, head, first, 0, this.#ordinal);
    this.#sending = exchange;
    this.#waiting.push(exchange);
    if (head.headers.has('upgrade')) this.#asking = { request: head, first, exchange, ordinal: this.#ordinal };
    this.#ordinal++;
    if (this.#waiting.length > MAX_OUTSTANDING) {
      this.#info.counters.count('lost_responses');
      this.#waiting.shift()?.responseEnd('unanswered', first);
    }
    return '';
  }

  #requestEnd(how: Ending): void {
    this.#sending?.requestEnd(how);
    this.#sending = undefined;
  }

  #responseHead(head: Head, first: Mark, mark: Mark): string {
    this.#seen = true;
    this.#interim = head.status < 200 && head.status !== 101;
    if (this.#interim) return '';
    // after a loss in this direction, all but the latest request may have been answered by what was lost
    if (this.#receivedGap) {
      this.#receivedGap = false;
      while (this.#waiting.length > 1 && (this.#waiting[1]?.first.ms ?? Number.POSITIVE_INFINITY) <= mark.ms) {
        this.#info.counters.count('lost_responses');
        this.#waiting.shift()?.responseEnd('lost', mark);
      }
    }
    const next = this.#waiting[0];
    // after a loss in the other direction, an answer may be older than every request that is known
    if (next === undefined || (this.#sentGap && next.first.ms > mark.ms)) {
      this.#info.counters.count('lost_requests');
      const orphan = Exchange.orphan(this.#info, first, 0, this.#orphans++);
      orphan.responseHead(head, mark);
      this.#receiving = orphan.isRead ? orphan : undefined;
      return '';
    }
    this.#sentGap = false;
    this.#waiting.shift();
    if (head.status === 101 && this.#asking?.exchange === next) return next.method; // `#upgraded` follows
    if (this.#asking?.exchange === next) this.#asking = undefined;
    this.#receiving = next;
    next.responseHead(head, mark);
    return next.method;
  }

  #responseEnd(how: Ending, mark: Mark): void {
    if (this.#interim) {
      this.#interim = false;
      return;
    }
    this.#receiving?.responseEnd(how, mark);
    this.#receiving = undefined;
  }
}
