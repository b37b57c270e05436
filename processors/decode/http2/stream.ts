import type { Exchange } from '../exchange.ts';
import type { Head } from '../http1/head.ts';
import type { Ending } from '../http1/parser.ts';
import type { Mark } from '../stream/mark.ts';
import { CODING_MARK, LOST_HEAD, withCoding } from './head.ts';

/** Bytes of an answer that waits for the end of its request; beyond, the request is taken as it is. */
const MAX_HELD = 256 * 1024;

/**
 * One stream of a connection (RFC 9113 5): a request and its answer, which may come before the request is over. The exchange hears of them one
 * after the other.
 */
export class Http2Stream {
  readonly exchange: Exchange;
  /** What it held when it was weighed last. */
  weighed = 0;
  /** It may have grown since. */
  isUnweighed = false;
  /** The request may lack bytes or its end. */
  #isRequestLost = false;
  /** The answer may lack its head; with `any`, also bytes or its end. */
  #lost: 'nothing' | 'head' | 'any' = 'nothing';
  #isAnswered = false;
  #hasEnded = false;
  /** What came of the answer before the request was over. */
  #held: (() => void)[] = [];
  #heldBytes = 0;
  /** A head whose content coding is not known, until the body begins. */
  #unsure: { readonly head: Head; readonly mark: Mark; bytes: Buffer } | undefined;

  constructor(exchange: Exchange) {
    this.exchange = exchange;
  }

  get size(): number {
    return this.exchange.size + this.#heldBytes;
  }

  /** Nothing more can come of it. */
  get isDone(): boolean {
    return this.#hasEnded && (this.#held.length === 0 || !this.exchange.isRead);
  }

  requestData(bytes: Buffer, from: number, to: number): void {
    const { exchange } = this;
    if (exchange.isRead && !exchange.requestDone) exchange.requestData(pieceOf(bytes, from, to));
  }

  requestMissing(): void {
    if (!this.exchange.requestDone) this.exchange.requestMissing();
  }

  /** Any part of the request may be missing. */
  requestLost(): void {
    if (this.exchange.requestDone) return;
    this.#isRequestLost = true;
    this.exchange.requestMissing();
    if (this.#held.length > 0) this.requestEnd('lost');
  }

  requestEnd(how: Ending): void {
    this.exchange.requestEnd(how);
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    for (const act of held) act();
  }

  responseHead(head: Head, mark: Mark): void {
    if (this.#isAnswered || this.#hasEnded) return;
    this.#isAnswered = true;
    if (head !== LOST_HEAD) this.#lost = 'nothing'; // what was lost came before
    this.#inTurn(0, () => {
      if (head.unresolved === undefined || head.headers.has('content-encoding')) this.exchange.responseHead(head, mark);
      else this.#unsure = { head, mark, bytes: Buffer.alloc(0) };
    });
  }

  responseData(bytes: Buffer, from: number, to: number, mark: Mark): void {
    const { exchange } = this;
    if (!exchange.isRead || this.#hasEnded) return;
    if (!this.#isAnswered && !this.#beginLost(mark)) return;
    const piece = pieceOf(bytes, from, to);
    if (exchange.requestDone) this.#data(piece, mark);
    else this.#inTurn(piece.length, () => this.#data(piece, mark));
  }

  /** Whether its answer may come in rows now. */
  get readsRows(): boolean {
    return this.exchange.requestDone && this.exchange.readsRows;
  }

  responseMissing(mark: Mark): void {
    if (!this.exchange.isRead || this.#hasEnded) return;
    if (!this.#isAnswered && !this.#beginLost(mark)) return;
    this.#inTurn(0, () => {
      this.#settle();
      this.exchange.responseMissing();
    });
  }

  /** The head of the answer is missing; with `any`, any part of the answer may be. */
  responseLost(what: 'head' | 'any', mark: Mark): void {
    if (this.#lost !== 'any') this.#lost = what;
    if (what === 'any' && this.#isAnswered) this.responseMissing(mark);
  }

  responseEnd(mark: Mark): void {
    this.#end(this.#isAnswered ? 'whole' : this.#lost === 'nothing' ? 'unanswered' : 'lost', mark);
  }

  /** RST_STREAM, or a GOAWAY that leaves the stream out. */
  reset(mark: Mark): void {
    this.requestEnd('torn');
    this.#end(this.#isAnswered ? 'torn' : 'unanswered', mark);
  }

  /** There is no room for it any more. */
  evict(mark: Mark): void {
    this.requestEnd('lost');
    this.#end('lost', mark);
  }

  /** The connection or the input is over. */
  close(mark: Mark, ended: boolean): void {
    this.requestEnd('torn');
    if (!ended) this.#end('cut_off', mark);
    else this.#end(this.#lost === 'any' ? 'lost' : this.#isAnswered ? 'torn' : 'unanswered', mark);
  }

  #end(how: Ending | 'unanswered' | 'cut_off', mark: Mark): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#inTurn(0, () => {
      this.#settle();
      this.exchange.responseEnd(how, mark);
    });
  }

  /** A body without a head is read where that was lost. */
  #beginLost(mark: Mark): boolean {
    if (this.#lost === 'nothing') return false;
    this.responseHead(LOST_HEAD, mark);
    if (this.#lost === 'any') this.responseMissing(mark);
    return true;
  }

  /** Does what the answer brings, or keeps it for when the request is over. */
  #inTurn(size: number, act: () => void): void {
    const { exchange } = this;
    if (this.#isRequestLost && !exchange.requestDone) this.requestEnd('lost');
    if (exchange.requestDone || !exchange.isRead) {
      act();
      return;
    }
    this.#held.push(act);
    this.#heldBytes += size + 64;
    if (this.#heldBytes > MAX_HELD) this.requestEnd('lost');
  }

  #data(bytes: Buffer, mark: Mark): void {
    const unsure = this.#unsure;
    if (unsure === undefined) {
      this.exchange.responseData(bytes, mark);
      return;
    }
    unsure.bytes = Buffer.concat([unsure.bytes, bytes]);
    if (unsure.bytes.length < CODING_MARK) return;
    this.#settle();
  }

  /** Takes the content coding for what the first bytes say. */
  #settle(): void {
    const unsure = this.#unsure;
    if (unsure === undefined) return;
    this.#unsure = undefined;
    this.exchange.responseHead(withCoding(unsure.head, unsure.bytes), unsure.mark);
    if (unsure.bytes.length > 0) this.exchange.responseData(unsure.bytes, unsure.mark);
  }
}

function pieceOf(bytes: Buffer, from: number, to: number): Buffer {
  return from === 0 && to === bytes.length ? bytes : bytes.subarray(from, to);
}
