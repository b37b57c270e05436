import type { CaptureDataData, CaptureOpenData, OispEvent, ProviderRegistry, Receipt } from '../../../core/index.ts';
import type { Histories } from '../body/history.ts';
import type { ConnectionInfo, EventOptions, Limits, Opened } from '../connection-info.ts';
import type { Counters } from '../counters.ts';
import type { Flavour } from '../flavour.ts';
import { Http1Protocol } from '../http1/protocol.ts';
import type { McpSessions } from '../mcp/sessions.ts';
import { McpStdio } from '../mcp/stdio.ts';
import type { Clock } from './clocks.ts';
import type { Direction, Mark } from './mark.ts';
import type { ConnectionProtocol } from './protocol.ts';
import { type Piece, Reorder } from './reorder.ts';
import type { Row } from './row.ts';
import { Undecided } from './undecided.ts';
import { http2Of } from './upgrade.ts';

/** What connections need from outside. */
export interface ConnectionOptions {
  readonly counters: Counters;
  readonly flavours: readonly Flavour[];
  readonly limits: Limits;
  readonly histories: Histories;
  readonly mcp: McpSessions;
  readonly registry: ProviderRegistry;
  readonly cost: boolean;
  readonly events: EventOptions;
  readonly emit: (event: OispEvent, connection: Connection) => void;
}

const UNKNOWN: Opened = {
  protocol: undefined,
  sni: undefined,
  alpn: undefined,
  remoteIp: undefined,
  remotePort: undefined,
  child: undefined,
};

/** How a line of JSON-RPC begins. */
const JSON_RPC = /^\s*\{\s*"(?:jsonrpc|id|method|params|result)"\s*:/;

/** Reads nothing. */
const NOTHING: ConnectionProtocol = {
  feed: () => {},
  gap: () => {},
  end: () => {},
  ready: () => true,
  busy: false,
  size: 0,
  ignored: true,
};

/** One captured connection: its records in order, and the protocol that reads them. */
export class Connection {
  readonly key: string;
  readonly clock: Clock;
  /** Input that must be read again for as long as this connection is open: what its ids hang on. */
  readonly receipts: readonly Receipt[];
  readonly #conn: string;
  readonly #options: ConnectionOptions;
  readonly #order: Record<Direction, Reorder> = { sent: new Reorder(), received: new Reorder() };
  #opened: Opened = UNKNOWN;
  #openMark: Mark | undefined;
  #first: Mark | undefined;
  #last: Mark;
  #protocol: ConnectionProtocol | undefined;
  #closing: { readonly mark: Mark; readonly torn: boolean } | undefined;
  /** Bytes held when last looked at, for the sum of all; bytes that came since, and whether it waited then. */
  counted = 0;
  unweighed = 0;
  wasWaiting = false;
  /** Grows with every record, for finding who was silent for longest. */
  touched = 0;

  constructor(
    key: string,
    clock: Clock,
    conn: string,
    mark: Mark,
    receipts: readonly Receipt[],
    options: ConnectionOptions,
  ) {
    this.key = key;
    this.clock = clock;
    this.#conn = conn;
    this.#last = mark;
    this.receipts = receipts;
    this.#options = options;
  }

  get isOpened(): boolean {
    return this.#openMark !== undefined;
  }

  get isClosing(): boolean {
    return this.#closing !== undefined;
  }

  /** Whether it waits for records or for the end of the window. */
  get isWaiting(): boolean {
    return this.#closing !== undefined || this.#order.sent.held > 0 || this.#order.received.held > 0;
  }

  get ignored(): boolean {
    return this.#protocol?.ignored === true;
  }

  get busy(): boolean {
    return this.#protocol?.busy === true;
  }

  get size(): number {
    return 512 + this.#order.sent.size + this.#order.received.size + (this.#protocol?.size ?? 0);
  }

  open(data: CaptureOpenData, mark: Mark): void {
    this.#opened = {
      protocol: data.protocol,
      sni: data.sni,
      alpn: data.alpn,
      remoteIp: data.remote?.ip,
      remotePort: data.remote?.port,
      child: data.child,
    };
    this.#openMark ??= mark;
    this.#last = mark;
    this.pump(Number.NEGATIVE_INFINITY);
  }

  data(dir: Direction, piece: Piece): void {
    this.#last = piece.mark;
    if (this.#first === undefined || piece.mark.ms < this.#first.ms) this.#first = piece.mark;
    const protocol = this.#protocol;
    const other = this.#order[dir === 'sent' ? 'received' : 'sent'];
    if (
      protocol !== undefined &&
      other.held === 0 &&
      protocol.ready(dir, piece.bytes) &&
      this.#order[dir].passes(piece)
    ) {
      if (piece.bytes.length > 0) protocol.feed(dir, piece.bytes, piece.mark);
      return;
    }
    if (!this.#order[dir].add(piece)) this.#options.counters.count('duplicate_records');
    else this.pump(Number.NEGATIVE_INFINITY);
  }

  /** Whether what is received may be read in rows now. */
  get readsRows(): boolean {
    return this.#protocol?.readsRows === true && !this.isWaiting;
  }

  /** Whether a record is the next one of what is received. */
  isNext({ dir, seq, offset }: CaptureDataData): boolean {
    return dir === 'received' && this.#order.received.isAt(seq, offset);
  }

  /** Reads as many records of a row, of which the first is the next one, as belong to one message; returns how many. */
  row(row: Row): number {
    const read = this.#protocol?.row?.(row) ?? 0;
    if (read === 0) return 0;
    this.#order.received.skip(row.pieces, read);
    this.#last = row.markOf(read - 1);
    return read;
  }

  close(mark: Mark, torn: boolean): void {
    this.#closing ??= { mark, torn };
    this.#last = mark;
  }

  /** Whether a window that ends at `pastMs` is over for the close. */
  isDone(pastMs: number): boolean {
    return this.#closing !== undefined && this.#closing.mark.ms < pastMs;
  }

  /**
   * Reads all that can be read in order. What has waited since before `pastMs` is read whatever is missing: a gap.
   */
  pump(pastMs: number): void {
    if (this.#protocol === undefined) {
      if (this.#openMark === undefined && pastMs === Number.NEGATIVE_INFINITY) return;
      // the open record tells protocol and identity: it may come a little later than the first bytes
      const first = Math.min(this.#order.sent.lowestMs(), this.#order.received.lowestMs());
      if (this.#openMark === undefined && first >= pastMs) return;
      this.#protocol = this.#begin();
    }
    const { sent, received } = this.#order;
    for (;;) {
      // what was written first is read first, as far as the order within each direction allows
      const first: Direction = received.nextMs(pastMs) < sent.nextMs(pastMs) ? 'received' : 'sent';
      if (!this.#step(first, pastMs) && !this.#step(first === 'sent' ? 'received' : 'sent', pastMs)) return;
    }
  }

  #step(dir: Direction, pastMs: number): boolean {
    const order = this.#order[dir];
    if (order.held === 0) return false;
    const protocol = this.#protocol;
    if (protocol === undefined) return false;
    let next = order.peek(false);
    if (next === undefined) {
      if (order.nextMs(pastMs) === Number.POSITIVE_INFINITY) return false;
      next = order.peek(true);
    }
    if (next === undefined) return false;
    const { piece, missing } = next;
    if (!protocol.ready(dir, piece.bytes) && piece.mark.ms >= pastMs) return false;
    if (protocol.interleaved === true && piece.mark.ms >= pastMs && this.#isBehind(dir, piece.mark)) return false;
    order.take(piece);
    if (missing !== undefined) {
      this.#options.counters.count('gaps', 'dir', dir);
      protocol.gap(dir, missing === 'unknown' ? undefined : missing, piece.mark);
    }
    if (piece.bytes.length > 0) protocol.feed(dir, piece.bytes, piece.mark);
    if (piece.cut > 0) {
      this.#options.counters.count('gaps', 'dir', dir);
      protocol.gap(dir, piece.cut, piece.mark);
    }
    return true;
  }

  /** Whether the other direction waits for a record before one that is older than `mark`. */
  #isBehind(dir: Direction, mark: Mark): boolean {
    const other = this.#order[dir === 'sent' ? 'received' : 'sent'];
    return other.held > 0 && other.peek(false) === undefined && other.lowestMs() < mark.ms;
  }

  #begin(): ConnectionProtocol {
    const { event } = this.#openMark ?? this.#first ?? this.#last;
    const { host, process } = event;
    const opened = (): Opened => this.#opened;
    const owner = [
      host?.device_id ?? host?.hostname ?? '',
      host?.boot_id ?? '',
      process?.pid ?? 0,
      process?.start_time ?? '',
    ].join('\0');
    const info: ConnectionInfo = {
      conn: this.#conn,
      get opened() {
        return opened(); // the open record may come late
      },
      counters: this.#options.counters,
      flavours: this.#options.flavours,
      limits: this.#options.limits,
      histories: this.#options.histories,
      // a key of the decoder names the process before its last part
      speaker: this.key.slice(0, this.key.lastIndexOf('\0')),
      mcp: this.#options.mcp,
      registry: this.#options.registry,
      cost: this.#options.cost,
      events: this.#options.events,
      process: owner,
      identity: `${owner}\0${this.#conn}\0${event.ts}`,
      emit: (made) => this.#options.emit(made, this),
    };
    if (this.#isStdio()) return new McpStdio(info);
    const { alpn } = this.#opened;
    const isLate = this.#openMark === undefined;
    if (alpn === undefined || alpn === '') return new Undecided(info, isLate);
    return alpn === 'h2' || alpn === 'h2c' ? http2Of(info, isLate) : new Http1Protocol(info);
  }

  #isStdio(): boolean {
    if (this.#opened.protocol !== undefined) return this.#opened.protocol === 'stdio';
    const { sent, received } = this.#order;
    const start = (sent.peek(true) ?? received.peek(true))?.piece.bytes;
    return start !== undefined && JSON_RPC.test(start.toString('latin1', 0, 64));
  }

  /** Nothing more is read of it. */
  abandon(): void {
    this.#protocol = NOTHING;
  }

  /** Reads what is left with its gaps and ends what is open. `ended`: the connection ended, not the input. */
  finish(ended: boolean): void {
    this.pump(Number.POSITIVE_INFINITY);
    const mark = this.#closing?.mark ?? this.#last;
    this.#protocol?.end(mark, { torn: this.#closing?.torn ?? !ended, ended: ended && this.#closing !== undefined });
  }
}
