import type { AnswerEnding } from './answer.ts';
import { callHeadOf } from './call-head.ts';
import type { ConnectionInfo } from './connection-info.ts';
import { flavourOf } from './flavours/index.ts';
import { otherOperations } from './flavours/operations.ts';
import { sessionFlavourOf } from './flavours/sessions.ts';
import type { Head } from './http1/head.ts';
import type { Ending } from './http1/parser.ts';
import { keyOfEndpoint } from './mcp/endpoint.ts';
import { likelihoodOf } from './mcp/evidence.ts';
import { McpExchange } from './mcp/http.ts';
import { Sniffer } from './mcp/sniff.ts';
import { ModelExchange } from './model-exchange.ts';
import { OrphanAnswer } from './orphan/answer.ts';
import { retrievalApiOf } from './retrieval/apis.ts';
import { RetrievalExchange } from './retrieval/exchange.ts';
import type { Mark } from './stream/mark.ts';
import type { BodyRow } from './stream/row.ts';
import { asksForWebSocket, HandshakeExchange } from './websocket/handshake.ts';

/** Reads one request and its answer. Bodies come as they are on the wire: content codings are the reader's. Never throws. */
export interface ExchangeReader {
  /** Bytes held, roughly. */
  readonly size: number;
  /** Nothing that comes is read any more. */
  readonly isIdle?: boolean;
  requestData(bytes: Buffer): void;
  /** Bytes of the request's body are missing here. */
  requestMissing(): void;
  requestEnd(how: Ending): void;
  /** The final head, not an interim one. Comes after `requestEnd`. */
  responseHead(head: Head, mark: Mark): void;
  responseData(bytes: Buffer, mark: Mark): void;
  /** Whether the answer may come in rows now. */
  readonly readsRows?: boolean;
  responseRow?(row: BodyRow): void;
  responseMissing(): void;
  /** The answer is whole, or will never be. Comes after `requestEnd`, and where there is no answer without a head. */
  responseEnd(how: AnswerEnding, mark: Mark): void;
}

/**
 * One request and its answer on one stream of a connection, whatever HTTP version carries them. Of what nobody reads, known at the head of
 * the request, nothing is kept.
 */
export class Exchange {
  readonly first: Mark;
  readonly method: string;
  #reader: ExchangeReader | undefined;
  /** The request will not grow any more. */
  requestDone = false;
  /** The request was not seen. */
  readonly isOrphan: boolean;

  constructor(info: ConnectionInfo, head: Head | undefined, first: Mark, stream: number, ordinal: number) {
    this.first = first;
    this.method = head?.method ?? '';
    this.isOrphan = head === undefined;
    if (head !== undefined) this.#reader = readerOf(info, head, first, stream, ordinal);
    else {
      this.requestDone = true;
      this.#reader = new OrphanAnswer(info, { dir: 'sent', stream, ordinal: -1 - ordinal, index: 0 }, first);
    }
  }

  /** An answer whose request was not seen, the `ordinal`th of its kind on the connection. */
  static orphan(info: ConnectionInfo, first: Mark, stream: number, ordinal: number): Exchange {
    return new Exchange(info, undefined, first, stream, ordinal);
  }

  /** Whether somebody reads it. */
  get isRead(): boolean {
    return this.#reader !== undefined && this.#reader.isIdle !== true;
  }

  /** Bytes held, roughly. */
  get size(): number {
    return 256 + (this.#reader?.size ?? 0);
  }

  requestData(bytes: Buffer): void {
    this.#reader?.requestData(bytes);
  }

  requestMissing(): void {
    this.#reader?.requestMissing();
  }

  requestEnd(how: Ending): void {
    if (this.requestDone) return;
    this.requestDone = true;
    this.#reader?.requestEnd(how);
  }

  responseHead(head: Head, mark: Mark): void {
    // an answer before the end of the request: the rest of the request tells no more
    this.requestEnd('lost');
    this.#reader?.responseHead(head, mark);
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#reader?.responseData(bytes, mark);
  }

  get readsRows(): boolean {
    return this.#reader?.readsRows === true;
  }

  responseRow(row: BodyRow): void {
    this.#reader?.responseRow?.(row);
  }

  responseMissing(): void {
    this.#reader?.responseMissing();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    this.requestEnd('lost');
    this.#reader?.responseEnd(how, mark);
    this.#reader = undefined;
  }
}

function readerOf(
  info: ConnectionInfo,
  head: Head,
  first: Mark,
  stream: number,
  ordinal: number,
): ExchangeReader | undefined {
  const callHead = callHeadOf(head, info);
  const place = { dir: 'sent', stream, ordinal, index: 0 } as const;
  const mcp = (isCertain: boolean): ExchangeReader =>
    new McpExchange(info, { head: callHead, first, place, isCertain });
  const likelihood = likelihoodOf(callHead);
  if (likelihood === 'certain') return mcp(true);
  const found = flavourOf(callHead, info.flavours);
  const other = (): ExchangeReader | undefined => {
    const isModel = found !== undefined && found.flavour !== otherOperations;
    const retrieval = isModel ? undefined : retrievalApiOf(callHead);
    if (retrieval === undefined && found !== undefined)
      return new ModelExchange(info, { head: callHead, ...found, first, place });
    if (retrieval !== undefined) return new RetrievalExchange(info, callHead, retrieval, place, first);
    const session = asksForWebSocket(head) ? sessionFlavourOf(callHead) : undefined;
    if (session !== undefined) return new HandshakeExchange(info, { head: callHead, ...session, first, place });
    const isHidden = head.target === '' && head.unresolved !== undefined; // the path may have been anything
    const reason = isHidden ? 'unresolved_path' : callHead.provider === undefined ? 'not_ai' : 'no_model_call';
    info.counters.count('ignored_requests', 'reason', reason);
    return undefined;
  };
  if (likelihood === 'no' || callHead.headers.has('content-encoding')) return other();
  if (callHead.method === 'POST') {
    const isKnown = info.mcp.get(keyOfEndpoint(info, callHead)) !== undefined;
    return new Sniffer({ mcp: () => mcp(true), other, isKnown }, info.limits.bodyBytes);
  }
  return found === undefined ? mcp(false) : other();
}
