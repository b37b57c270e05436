import { FrameScanner, PREFACE } from '../../../core/index.ts';
import type { ConnectionInfo } from '../connection-info.ts';
import { Http1Protocol } from '../http1/protocol.ts';
import type { Direction, Mark } from './mark.ts';
import type { ConnectionProtocol } from './protocol.ts';
import type { Row } from './row.ts';
import { http2Of } from './upgrade.ts';

/** Bytes that are looked at before HTTP/1.1 is taken for granted: more than two frames of the usual size. */
const MAX_HELD = 64 * 1024;
/** What tells HTTP/2 from HTTP/1.1 in the first bytes of a client. */
const CLEAR_PREFACE = PREFACE.toString('latin1', 0, PREFACE.indexOf('\r'));
const METHOD = /^[A-Z][A-Z-]{2,19} /;
const BEGUN_METHOD = /^[A-Z][A-Z-]{0,19}$/;
const KEPT_START = 32;
const KEPT_TEXT = 512;
/** A start line, ended as only the wire ends it: a body that quotes one is JSON. */
const START_LINE = /(?:^|\n)HTTP\/1\.[01] [1-5]\d\d[^\r\n]{0,256}\r\n|[A-Z] [!-~]{1,400} HTTP\/1\.[01]\r\n/;

/** Bytes that a piece takes besides its own, roughly. */
const HELD_OVERHEAD = 256;

interface Held {
  readonly dir: Direction;
  readonly bytes: Buffer | undefined;
  /** Of a gap. */
  readonly missing: number | undefined;
  readonly mark: Mark;
}

/**
 * A connection whose version of HTTP nobody told: its bytes are kept until they do. From the start on the first bytes of the client say it;
 * a connection that was joined anywhere is HTTP/2 when frames follow one another in either direction, and HTTP/1.1 when a start line comes first.
 */
export class Undecided implements ConnectionProtocol {
  readonly #info: ConnectionInfo;
  #isLate: boolean;
  #next: ConnectionProtocol | undefined;
  #held: Held[] = [];
  #heldBytes = 0;
  /** The first characters that were sent. */
  #start = '';
  #isStartRead = false;
  readonly #scanners = { sent: new FrameScanner('client'), received: new FrameScanner('server') };
  readonly #texts = { sent: '', received: '' };

  constructor(info: ConnectionInfo, late: boolean) {
    this.#info = info;
    this.#isLate = late;
  }

  feed(dir: Direction, bytes: Buffer, mark: Mark): void {
    if (this.#next !== undefined) {
      this.#next.feed(dir, bytes, mark);
      return;
    }
    this.#held.push({ dir, bytes, missing: undefined, mark });
    this.#heldBytes += bytes.length;
    const version = this.#versionOf(dir, bytes) ?? (this.#heldBytes > MAX_HELD ? 1 : undefined);
    if (version !== undefined) this.#decide(version);
  }

  get readsRows(): boolean {
    return this.#next?.readsRows === true;
  }

  row(row: Row): number {
    return this.#next?.row?.(row) ?? 0;
  }

  gap(dir: Direction, size: number | undefined, mark: Mark): void {
    if (this.#next !== undefined) {
      this.#next.gap(dir, size, mark);
      return;
    }
    this.#isLate = true;
    if (dir === 'sent') this.#isStartRead = true;
    this.#held.push({ dir, bytes: undefined, missing: size, mark });
    this.#scanners[dir].reset();
    this.#texts[dir] = '';
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    if (this.#next === undefined) this.#decide(1);
    this.#next?.end(mark, how);
  }

  /** What is received waits for what is sent, which tells more. */
  ready(dir: Direction, next?: Buffer): boolean {
    return this.#next === undefined ? dir === 'sent' : this.#next.ready(dir, next);
  }

  get busy(): boolean {
    return this.#next?.busy === true;
  }

  get ignored(): boolean {
    return this.#next?.ignored === true;
  }

  get size(): number {
    return (
      this.#next?.size ??
      this.#heldBytes + this.#held.length * HELD_OVERHEAD + this.#scanners.sent.size + this.#scanners.received.size
    );
  }

  #versionOf(dir: Direction, bytes: Buffer): 1 | 2 | undefined {
    if (dir === 'sent' && !this.#isStartRead) {
      this.#start += bytes.toString('latin1', 0, KEPT_START);
      const start = this.#start;
      if (start.startsWith(CLEAR_PREFACE)) return 2;
      if (!CLEAR_PREFACE.startsWith(start)) {
        if (!this.#isLate && METHOD.test(start)) return 1;
        this.#isStartRead = this.#isLate || !BEGUN_METHOD.test(start);
        this.#isLate ||= this.#isStartRead;
      }
    }
    if (this.#scanners[dir].push(bytes, 0) !== undefined) return 2;
    const text = this.#texts[dir] + bytes.toString('latin1');
    this.#texts[dir] = text.slice(-KEPT_TEXT);
    return START_LINE.test(text) ? 1 : undefined;
  }

  #decide(version: 1 | 2): void {
    const isFromStart = !this.#isLate || this.#start.startsWith(CLEAR_PREFACE);
    const next = version === 1 ? new Http1Protocol(this.#info) : http2Of(this.#info, !isFromStart);
    this.#next = next;
    const held = this.#held;
    this.#held = [];
    for (const { dir, bytes, missing, mark } of held)
      if (bytes === undefined) next.gap(dir, missing, mark);
      else next.feed(dir, bytes, mark);
    for (const scanner of Object.values(this.#scanners)) scanner.reset();
  }
}
