import type { OispEvent, ProviderRegistry } from '../../../core/index.ts';
import { VERDICT_AI, VERDICT_OTHER } from '../kernel/layout.gen.ts';
import type { Ends, SensorRecord } from '../kernel/record.ts';
import { type Hello, readHello } from './client-hello.ts';
import type { Envelope } from './envelope.ts';
import type { Process, Processes } from './processes.ts';
import { HEAD_BYTES, PREFACE, stdioVerdictOf, verdictOf } from './verdict.ts';

type Of<T extends SensorRecord['type']> = Extract<SensorRecord, { type: T }>;

export interface StreamsOptions {
  readonly envelope: Envelope;
  readonly processes: Processes;
  /** Decides by hosts whose plaintext is looked at. */
  readonly registry: ProviderRegistry;
  readonly emit: (event: OispEvent) => void;
  /** Tells the kernel what it shall do with the rest of a connection. */
  readonly setVerdict: (conn: number, verdict: number) => void;
  /** The process that talks to `child` over its pipes, and the process that the pipes are meant for. */
  readonly ownerOf: (child: Process) => Process;
  /** Bytes of a connection to an AI model did not come; what reads its bytes sees the gap too. */
  readonly onLost: (bytes: number, conn: string) => void;
  /** A connection turned out to be one to an AI model. */
  readonly onAi: (process: Process) => void;
  /** How long a connection's first bytes wait for its remote address, nanoseconds. */
  readonly holdNs: number;
  readonly maxStreams: number;
  /** Bytes that wait, in all. */
  readonly maxHeld: number;
  readonly counts: StreamCounts;
}

export interface StreamCounts {
  ai: number;
  other: number;
  /** Connections that were let go because there were too many. */
  evicted: number;
  /** Connections whose remote address was not found in time. */
  unbound: number;
  /** Bytes of connections that are not for an AI model, seen before that was known. */
  leftOut: number;
  /** Bytes of connections to AI models that the kernel did not hand over. */
  lost: number;
}

/** How long the head of a request may take to come. */
const HEAD_WAIT_NS = 30e9;

interface Stream {
  readonly id: number;
  readonly name: string;
  readonly pid: number;
  readonly start: number;
  readonly isStdio: boolean;
  readonly since: number;
  verdict: 'ai' | 'other' | 'undecided';
  ends: Ends | undefined;
  sock: number | undefined;
  isBound: boolean;
  isOpened: boolean;
  head: string;
  held: Of<'data'>[];
  heldBytes: number;
  readonly seq: [number, number];
  /** Where the next bytes of each direction begin, if nothing is lost. */
  readonly next: [number, number];
}

/**
 * Turns plaintext into capture records: one stream per connection, its bytes held until it is known whether they are for an AI model and where
 * they go. A remote address is told only when it was seen, never guessed.
 */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #streams = new Map<number, Stream>();
  readonly #waiting = new Set<Stream>();
  readonly #hellos = new Map<number, { readonly hello: Hello; readonly pid: number }>();
  readonly #bySock = new Map<number, Stream>();
  /** Sockets whose plaintext was seen. */
  readonly #readable = new Set<number>();
  #heldBytes = 0;

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#streams.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  data(record: Of<'data'>): void {
    const stream = this.#streams.get(record.conn) ?? this.#begin(record);
    if (stream.verdict === 'other') {
      this.#options.counts.leftOut += record.bytes.length;
      return;
    }
    if (stream.sock !== undefined) this.#remember(stream.sock);
    if (stream.verdict === 'ai' && stream.isOpened) {
      this.#emit(stream, record);
      return;
    }
    stream.held.push(record);
    stream.heldBytes += record.bytes.length;
    this.#heldBytes += record.bytes.length;
    this.#waiting.add(stream);
    this.#look(stream, record);
    this.#settle(stream, record.ts);
    this.#bound();
  }

  bound(record: Of<'bound'>): void {
    const stream = this.#streams.get(record.conn) ?? this.#begin({ ...record, isStdio: false });
    stream.ends = record.ends;
    stream.sock = record.sock;
    stream.isBound = true;
    this.#bySock.set(record.sock, stream);
    drop(this.#bySock, this.#options.maxStreams);
    this.#remember(record.sock);
    this.#greet(stream);
    this.#settle(stream, record.ts);
  }

  close(record: Of<'close'>): void {
    const stream = this.#streams.get(record.conn);
    if (stream !== undefined) this.#end(stream, record.ts, 'eof');
  }

  hello(record: Of<'hello'>): void {
    const hello = readHello(record.bytes);
    if (hello === undefined) return;
    this.#readable.delete(record.sock); // the address of a socket is used again
    this.#hellos.delete(record.sock);
    this.#hellos.set(record.sock, { hello, pid: record.pid });
    drop(this.#hellos, this.#options.maxStreams);
    const stream = this.#bySock.get(record.sock);
    if (stream !== undefined) this.#greet(stream);
  }

  /** What the handshake on a socket said, if no plaintext of it was seen. */
  unread(sock: number): Hello | undefined {
    const hello = this.#hellos.get(sock)?.hello;
    this.#hellos.delete(sock);
    this.#bySock.delete(sock);
    return this.#readable.delete(sock) ? undefined : hello;
  }

  /** A process ended, and its connections with it. */
  exit(pid: number, start: number, ts: number): void {
    for (const stream of [...this.#streams.values()])
      if (stream.pid === pid && stream.start === start) this.#end(stream, ts, 'exit');
  }

  /** Time went on: what has waited for long enough goes on without what it waited for. */
  elapse(now: number): void {
    for (const stream of [...this.#waiting]) this.#settle(stream, now);
  }

  /** The end of the capture: what waits goes out as it is. */
  finish(now: number): void {
    for (const stream of [...this.#waiting]) this.#settle(stream, now + this.#options.holdNs);
  }

  #begin(record: Pick<Of<'data'>, 'conn' | 'pid' | 'start' | 'ts' | 'isStdio'>): Stream {
    const stream: Stream = {
      id: record.conn,
      // the sensor counts connections from its own start; a recording may hold several of them
      name: `${record.pid}-${Math.floor(record.ts / 1e6).toString(36)}-${record.conn.toString(36)}`,
      pid: record.pid,
      start: record.start,
      isStdio: record.isStdio,
      since: record.ts,
      verdict: 'undecided',
      ends: undefined,
      sock: undefined,
      isBound: record.isStdio,
      isOpened: false,
      head: '',
      held: [],
      heldBytes: 0,
      seq: [0, 0],
      next: [0, 0],
    };
    this.#streams.set(stream.id, stream);
    if (this.#streams.size > this.#options.maxStreams) {
      const [oldest] = this.#streams.values();
      if (oldest !== undefined) {
        this.#options.counts.evicted++;
        this.#end(oldest, record.ts, 'error');
      }
    }
    return stream;
  }

  /** A handshake that names a provider decides before the first byte: a large first request then passes whole. */
  #greet(stream: Stream): void {
    if (stream.verdict !== 'undecided' || stream.isStdio) return;
    const sni = this.#helloOf(stream)?.sni;
    if (sni !== undefined && this.#options.registry.providerOf(sni, stream.ends?.remote.port) !== undefined)
      this.#decide(stream, 'ai');
  }

  /** Looks at the first bytes that say whom they are for: those that were sent, on pipes those of either side. */
  #look(stream: Stream, record: Of<'data'>): void {
    if (stream.verdict !== 'undecided' || !(record.isSent || stream.isStdio)) return;
    if (stream.head.length < HEAD_BYTES)
      stream.head += Buffer.from(record.bytes.buffer, record.bytes.byteOffset, record.bytes.length)
        .subarray(0, HEAD_BYTES)
        .toString('latin1');
    const known = { sni: this.#helloOf(stream)?.sni, port: stream.ends?.remote.port };
    this.#decide(
      stream,
      stream.isStdio ? stdioVerdictOf(stream.head) : verdictOf(stream.head, known, this.#options.registry),
    );
  }

  #decide(stream: Stream, verdict: Stream['verdict']): void {
    if (verdict === 'undecided') return;
    stream.verdict = verdict;
    stream.head = '';
    this.#options.setVerdict(stream.id, verdict === 'ai' ? VERDICT_AI : VERDICT_OTHER);
    if (verdict === 'ai') {
      this.#options.counts.ai++;
      this.#options.onAi(this.#options.processes.of(stream.pid, stream.start));
    } else {
      this.#options.counts.other++;
      this.#options.counts.leftOut += stream.heldBytes;
      this.#release(stream);
      this.#waiting.delete(stream);
      // the kernel tells of this connection no more; what may come of it is another one
      this.#streams.delete(stream.id);
    }
  }

  #helloOf(stream: Stream): Hello | undefined {
    return stream.sock === undefined ? undefined : this.#hellos.get(stream.sock)?.hello;
  }

  /** Sends what waits, if there is nothing more to wait for. */
  #settle(stream: Stream, now: number): void {
    const isLate = now - stream.since >= this.#options.holdNs;
    if (stream.verdict === 'undecided' && stream.held.length > 0 && (stream.isBound || isLate)) {
      const known = { sni: this.#helloOf(stream)?.sni, port: stream.ends?.remote.port };
      if (!stream.isStdio && stream.head !== '')
        this.#decide(stream, verdictOf(stream.head, known, this.#options.registry));
      // a head that never ends, or somebody who only listens: no model is talked to; HTTP/2 may be set up long before the first request
      const isLateHead = now - stream.since >= HEAD_WAIT_NS && !stream.head.startsWith(PREFACE);
      if (stream.verdict === 'undecided' && isLateHead) this.#decide(stream, 'other');
    }
    if (stream.verdict !== 'ai' || stream.held.length === 0 || !(stream.isBound || isLate)) return;
    if (!stream.isBound) this.#options.counts.unbound++;
    this.#open(stream);
  }

  #open(stream: Stream): void {
    if (stream.isOpened) return;
    stream.isOpened = true;
    this.#waiting.delete(stream);
    const process = this.#options.processes.of(stream.pid, stream.start);
    const hello = this.#helloOf(stream);
    const first = stream.held[0]?.ts ?? stream.since;
    this.#event(stream, 'capture.open', first, {
      conn: stream.name,
      protocol: stream.isStdio ? 'stdio' : 'tls',
      ...(hello?.sni !== undefined && { sni: hello.sni }),
      ...(hello?.alpn.length === 1 && { alpn: hello.alpn[0] }),
      ...(stream.ends && { local: stream.ends.local, remote: stream.ends.remote }),
      ...(stream.isStdio && { child: { pid: process.pid, start_time: process.info.start_time } }),
    });
    const held = stream.held;
    this.#release(stream);
    for (const record of held) this.#emit(stream, record);
  }

  #emit(stream: Stream, record: Of<'data'>): void {
    const side = record.isSent ? 0 : 1;
    const seq = stream.seq[side]++;
    const missing = record.offset - stream.next[side] + record.cut;
    stream.next[side] = record.offset + record.bytes.length + record.cut;
    if (missing > 0) {
      this.#options.counts.lost += missing;
      this.#options.onLost(missing, stream.name);
    }
    this.#event(stream, 'capture.data', record.ts, {
      conn: stream.name,
      dir: record.isSent ? 'sent' : 'received',
      seq,
      offset: record.offset,
      bytes: record.bytes,
      ...(record.cut > 0 && { cut: record.cut }),
    });
  }

  #event(stream: Stream, type: string, ts: number, data: object): void {
    const { processes, envelope, emit, ownerOf } = this.#options;
    const process = processes.of(stream.pid, stream.start);
    const owner = stream.isStdio ? ownerOf(process) : process;
    emit(envelope.event(type, ts, owner.info, data));
  }

  #end(stream: Stream, ts: number, reason: 'eof' | 'error' | 'exit'): void {
    if (stream.verdict === 'ai' && (stream.isOpened || stream.held.length > 0)) {
      if (!stream.isBound && !stream.isOpened) this.#options.counts.unbound++;
      this.#open(stream);
      this.#event(stream, 'capture.close', ts, { conn: stream.name, reason });
    } else this.#options.counts.leftOut += stream.heldBytes;
    this.#release(stream);
    this.#waiting.delete(stream);
    this.#streams.delete(stream.id);
  }

  #release(stream: Stream): void {
    this.#heldBytes -= stream.heldBytes;
    stream.held = [];
    stream.heldBytes = 0;
  }

  /** Holds no more than it may: whoever waits for longest goes on, or is let go. */
  #bound(): void {
    while (this.#heldBytes > this.#options.maxHeld) {
      const [oldest] = this.#waiting;
      if (oldest === undefined) return;
      if (oldest.verdict === 'ai') this.#open(oldest);
      else {
        this.#options.counts.evicted++;
        this.#decide(oldest, 'other');
      }
      this.#waiting.delete(oldest);
    }
  }

  #remember(sock: number): void {
    this.#readable.add(sock);
    if (this.#readable.size <= this.#options.maxStreams) return;
    for (const oldest of this.#readable) {
      this.#readable.delete(oldest);
      return;
    }
  }
}

function drop(map: Map<unknown, unknown>, max: number): void {
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
