import {
  type CaptureDataData,
  DEFAULT_REGISTRY,
  isEvent,
  type Matcher,
  type OispEvent,
  type ProviderRegistry,
  type Receipt,
} from '../../core/index.ts';
import { Histories } from './body/history.ts';
import type { Counters } from './counters.ts';
import type { Flavour } from './flavour.ts';
import { credentialHash } from './identity/hash.ts';
import { McpSessions } from './mcp/sessions.ts';
import { type Clock, Clocks } from './stream/clocks.ts';
import { Connection, type ConnectionOptions } from './stream/connection.ts';
import { type Mark, markOf, msOf } from './stream/mark.ts';
import { bytesOf, hostOf, keyOf, lossLabel, weightOf } from './stream/record.ts';
import { type Row, rowAt } from './stream/row.ts';

/** Bounds and windows of a decoder. */
export interface DecoderOptions {
  readonly reorderWindowMs: number;
  readonly maxConnections: number;
  readonly maxConnectionBytes: number;
  readonly maxTotalBytes: number;
  readonly maxBodyBytes: number;
  readonly flavours: readonly Flavour[];
  readonly counters: Counters;
  readonly matcher: Matcher;
  /** Default: what ships with the program. */
  readonly registry?: ProviderRegistry;
  /** Whether answers carry what they cost; default: yes. */
  readonly cost?: boolean;
  /** Key of the hashes of credentials; without it they are the matcher's. */
  readonly hashKey?: string | undefined;
  readonly streamingChunks?: boolean;
  readonly embeddingEvents?: boolean;
}

/** Bytes of bodies that are remembered, so that what is sent again is not parsed again. */
const MAX_HISTORY = 16 << 20;

/** A connection is weighed again after so many bytes; seldom while its records may come in rows: it then holds texts of an answer and no more. */
const WEIGHED = 1024;
const WEIGHED_IN_ROWS = 8192;

/** What came out of some input. */
export interface Decoded {
  readonly events: readonly OispEvent[];
  /** Receipts of earlier input that these events were made from as well. */
  readonly receipts: ReadonlySet<Receipt>;
  /** Receipts to be released once the events are delivered. */
  readonly done: readonly Receipt[];
}

/** Turns capture records into events, in the order of the bytes. Everything else passes. Never throws on what records hold. */
export class Decoder {
  readonly #options: DecoderOptions;
  /** Time after which those who wait are looked at again. */
  readonly #lookMs: number;
  readonly #counters: Counters;
  readonly #connections = new Map<string, Connection>();
  readonly #waiting = new Set<Connection>();
  readonly #ignored = new Set<string>();
  readonly #clocks = new Clocks();
  readonly #forConnections: ConnectionOptions;
  #bytes = 0;
  #touches = 0;
  #last: { conn: string; pid: number | undefined; connection: Connection } | undefined;
  #out: OispEvent[] = [];
  #receipts = new Set<Receipt>();
  #done: Receipt[] = [];

  constructor(options: DecoderOptions) {
    this.#options = options;
    this.#lookMs = options.reorderWindowMs / 4;
    this.#counters = options.counters;
    this.#forConnections = {
      counters: options.counters,
      flavours: options.flavours,
      limits: { bodyBytes: options.maxBodyBytes },
      histories: new Histories(Math.min(MAX_HISTORY, options.maxTotalBytes / 4)),
      mcp: new McpSessions(options.counters),
      registry: options.registry ?? DEFAULT_REGISTRY,
      cost: options.cost ?? true,
      events: {
        hashOf: credentialHash(options.matcher, options.hashKey),
        streamingChunks: options.streamingChunks === true,
        embeddingEvents: options.embeddingEvents === true,
      },
      emit: (event, connection) => {
        this.#out.push(options.matcher.stamp(event));
        for (const receipt of connection.receipts) this.#receipts.add(receipt);
      },
    };
  }

  /** Connections that are known. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Bytes that connections hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether time alone may bring events. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  push(events: readonly OispEvent[], receipts: readonly Receipt[] = []): Decoded {
    for (let at = 0, behind = 0; at < events.length; at++) {
      const event = events[at] as OispEvent;
      const type = event.event_type;
      const isCapture = type === 'capture.data' || type.startsWith('capture.');
      const ms = msOf(event);
      const host = hostOf(event);
      const time = this.#clocks.of(event, host);
      if (ms > time.ms) time.ms = ms;
      // looking at all who wait is not free: four times a window is often enough. Before the event that moved the clock, so that what time
      // decides comes first; never at the end of a batch: where batches end must not change what is decided
      if (time.ms - time.looked > this.#lookMs) {
        time.looked = time.ms;
        this.#look();
      }
      if (!isCapture) this.#out.push(this.#options.matcher.stamp(event));
      else if (Number.isNaN(ms))
        this.#counters.warn('A capture record has no valid time.', 'bad_records', 'reason', 'ts');
      else {
        // what of a row could not be read as such is read record by record
        const row = at < behind ? undefined : this.#rowAt(events, at, time);
        if (row !== undefined) behind = at + row.pieces.length;
        const read = row === undefined ? 0 : this.#readRow(row);
        if (read > 0) at += read - 1;
        else this.#record(event, markOf(event, ms), host, time, receipts);
      }
    }
    return this.#take();
  }

  /** Time went on without records: `ms` milliseconds since the last ones of every host. */
  elapse(ms: number): Decoded {
    this.#clocks.elapse(ms);
    this.#look();
    return this.#take();
  }

  /** The input ended: what is open comes out as it is. */
  finish(): Decoded {
    for (const connection of [...this.#connections.values()]) this.#end(connection, connection.isClosing);
    this.#forConnections.mcp.clear();
    return this.#take();
  }

  /** The row that begins with a record, where its connection reads rows. It ends where something else is to be done: weighing, looking. */
  #rowAt(events: readonly OispEvent[], first: number, time: Clock): Row | undefined {
    const last = this.#last;
    if (first + 1 === events.length || last?.connection.readsRows !== true) return undefined;
    const { connection, conn, pid } = last;
    const begin = events[first] as OispEvent;
    if (!isEvent(begin, 'capture.data') || begin.data.conn !== conn || !connection.isNext(begin.data)) return undefined;
    if (connection.clock !== time) return undefined;
    return rowAt(events, first, begin.data, {
      pid,
      time,
      clocks: this.#clocks,
      lookMs: this.#lookMs,
      room: WEIGHED_IN_ROWS - connection.unweighed,
    });
  }

  /** Returns how many records were read. */
  #readRow(row: Row): number {
    const connection = this.#last?.connection;
    if (connection === undefined) return 0;
    let read: number;
    try {
      read = connection.row(row);
    } catch (error) {
      this.#giveUp(connection, error);
      return row.pieces.length;
    }
    if (read === 0) return 0;
    connection.touched = ++this.#touches;
    for (let i = 0; i < read; i++) connection.unweighed += weightOf(row.pieces[i]);
    this.#weighIfGrown(connection);
    return read;
  }

  #record(event: OispEvent, mark: Mark, host: string, time: Clock, receipts: readonly Receipt[]): void {
    if (isEvent(event, 'capture.data')) {
      const { data } = event;
      const connection = this.#connectionOf(event, host, data, mark, time, receipts);
      if (connection === undefined) return;
      if (connection.ignored) return; // its bytes are not even decoded
      const { seq, offset, cut = 0 } = data;
      const bytes = bytesOf(data.bytes, data.b64);
      try {
        connection.data(data.dir, { seq, offset, bytes, cut, mark });
      } catch (error) {
        this.#giveUp(connection, error);
        return;
      }
      connection.touched = ++this.#touches;
      connection.unweighed += weightOf(bytes);
      this.#weighIfGrown(connection);
      return;
    }
    if (isEvent(event, 'capture.open')) {
      const key = keyOf(event, host, event.data.conn);
      let connection = this.#connections.get(key);
      // the same name again: the one before is over
      if (connection?.isOpened) {
        this.#end(connection, true);
        connection = undefined;
      }
      this.#ignored.delete(key);
      connection ??= this.#create(key, time, event.data.conn, mark, receipts);
      connection.open(event.data, mark);
      this.#after(connection);
      return;
    }
    if (isEvent(event, 'capture.close')) {
      const key = keyOf(event, host, event.data.conn);
      if (this.#ignored.delete(key)) return;
      const connection = this.#connections.get(key);
      if (connection === undefined) return;
      connection.close(mark, event.data.reason === 'error' || event.data.reason === 'exit');
      this.#after(connection);
      return;
    }
    if (isEvent(event, 'capture.lost')) {
      // what is missing shows in seq and offset as well: here it is only counted
      this.#counters.warn(
        'The source lost records.',
        'source_losses',
        'reason',
        lossLabel(event.data.reason),
        event.data.records ?? 1,
      );
      return;
    }
    this.#counters.count('bad_records', 'reason', 'type');
  }

  /** The connection of a data record. Records of one connection come in rows: the last answer is mostly the next one too. */
  #connectionOf(
    event: OispEvent,
    host: string,
    data: CaptureDataData,
    mark: Mark,
    time: Clock,
    receipts: readonly Receipt[],
  ): Connection | undefined {
    const { conn } = data;
    const last = this.#last;
    const pid = event.process?.pid;
    // one time line is one host and one boot
    if (last !== undefined && last.conn === conn && last.pid === pid && last.connection.clock === time)
      return last.connection;
    const key = keyOf(event, host, conn);
    const connection = this.#connections.get(key) ?? this.#late(key, time, data, mark, receipts);
    this.#last = connection && { conn, pid, connection };
    return connection;
  }

  /**
   * A connection of which no open record was seen. Where the input was read by an earlier run, one that begins in the middle (what is
   * received first answers something) was delivered then.
   */
  #late(
    key: string,
    clock: Clock,
    data: CaptureDataData,
    mark: Mark,
    receipts: readonly Receipt[],
  ): Connection | undefined {
    if (this.#ignored.has(key)) return undefined;
    if ((data.seq > 0 || data.dir === 'received') && receipts.some((receipt) => receipt.reread)) {
      this.#counters.count('reread_skipped');
      this.#ignored.add(key);
      if (this.#ignored.size > this.#options.maxConnections)
        for (const oldest of this.#ignored) {
          this.#ignored.delete(oldest);
          break;
        }
      return undefined;
    }
    return this.#create(key, clock, data.conn, mark, receipts);
  }

  #create(key: string, clock: Clock, conn: string, mark: Mark, receipts: readonly Receipt[]): Connection {
    if (this.#connections.size >= this.#options.maxConnections)
      this.#evict(Math.ceil(this.#options.maxConnections / 10));
    for (const receipt of receipts) receipt.hold();
    const connection = new Connection(key, clock, conn, mark, receipts, this.#forConnections);
    this.#connections.set(key, connection);
    return connection;
  }

  #after(connection: Connection): void {
    connection.touched = ++this.#touches;
    this.#weigh(connection);
  }

  /** What is held is asked of all who hold: not for each of many small records. */
  #weighIfGrown(connection: Connection): void {
    const most = connection.unweighed >= WEIGHED && connection.readsRows ? WEIGHED_IN_ROWS : WEIGHED;
    if (connection.unweighed >= most || connection.isWaiting !== connection.wasWaiting) this.#weigh(connection);
  }

  #weigh(connection: Connection): void {
    const size = connection.size;
    this.#bytes += size - connection.counted;
    connection.counted = size;
    connection.unweighed = 0;
    connection.wasWaiting = connection.isWaiting;
    if (connection.wasWaiting) this.#waiting.add(connection);
    else this.#waiting.delete(connection);
    if (size > this.#options.maxConnectionBytes) {
      this.#counters.warn(
        'A connection holds too many bytes: what is open on it is let go.',
        'evicted',
        'reason',
        'connection_bytes',
      );
      this.#end(connection, false);
    }
    if (this.#bytes > this.#options.maxTotalBytes) this.#bound();
  }

  #look(): void {
    for (const connection of this.#waiting) {
      const pastMs = connection.clock.ms - this.#options.reorderWindowMs;
      if (connection.isDone(pastMs)) {
        this.#end(connection, true);
        continue;
      }
      try {
        connection.pump(pastMs);
      } catch (error) {
        this.#giveUp(connection, error);
        continue;
      }
      this.#weigh(connection);
    }
  }

  /** What bytes bring about on one connection is no matter of the others: one whose reading fails is let go and counted. */
  #giveUp(connection: Connection, error: unknown): void {
    this.#fail(error);
    connection.abandon();
    this.#end(connection, false);
  }

  #fail(error: unknown): void {
    const kind = error instanceof RangeError ? 'range' : 'other'; // its text may hold content
    this.#counters.warn(
      'The bytes of a connection could not be read: it is let go.',
      'failed_connections',
      'error',
      kind,
    );
  }

  #end(connection: Connection, ended: boolean): void {
    try {
      connection.finish(ended);
    } catch (error) {
      this.#fail(error);
    }
    this.#connections.delete(connection.key);
    if (this.#last?.connection === connection) this.#last = undefined;
    this.#waiting.delete(connection);
    this.#bytes -= connection.counted;
    this.#done.push(...connection.receipts);
  }

  /** Lets go of those that were silent for longest, a tenth of the bound at once: looking for them is not free. */
  #bound(): void {
    const { maxTotalBytes } = this.#options;
    const all = [...this.#connections.values()].sort((a, b) => a.touched - b.touched);
    for (const connection of all) {
      if (this.#bytes <= maxTotalBytes * 0.9) return;
      this.#counters.warn(
        'Connections hold too many bytes: the one that was silent for longest is let go.',
        'evicted',
        'reason',
        'total_bytes',
      );
      this.#end(connection, false);
    }
  }

  /** Lets go of the connections that were silent for longest. */
  #evict(n: number): void {
    const silent = [...this.#connections.values()].sort((a, b) => a.touched - b.touched).slice(0, n);
    for (const connection of silent) {
      if (connection.busy)
        this.#counters.warn(
          'Too many connections: the one that was silent for longest is let go.',
          'evicted',
          'reason',
          'connections',
        );
      this.#end(connection, false);
    }
  }

  #take(): Decoded {
    const taken = { events: this.#out, receipts: this.#receipts, done: this.#done };
    this.#out = [];
    this.#receipts = new Set();
    this.#done = [];
    return taken;
  }
}
