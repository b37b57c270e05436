import { Answer, type AnswerEnding } from '../answer.ts';
import type { ConnectionInfo } from '../connection-info.ts';
import type { ExchangeReader } from '../exchange.ts';
import { type CallHead, type CallMatch, defineFlavour } from '../flavour.ts';
import type { Head } from '../http1/head.ts';
import { emitRequest } from '../request.ts';
import type { SessionFlavour } from '../session-flavour.ts';
import type { Mark } from '../stream/mark.ts';

/** Where the request that would open a session stands. */
export interface HandshakeRequest {
  readonly head: CallHead;
  readonly flavour: SessionFlavour;
  readonly match: CallMatch;
  readonly first: Mark;
  readonly place: { readonly dir: 'sent'; readonly stream: number; readonly ordinal: number; readonly index: number };
}

/** Whether a request asks for a WebSocket (RFC 6455 4.1). */
export function asksForWebSocket(head: Head): boolean {
  return /(?:^|[,\s])websocket\b/i.test(head.headers.get('upgrade') ?? '');
}

/** A request to open a session, until it is answered: one that a known host refuses is a call that failed. An accepted one goes on elsewhere. */
export class HandshakeExchange implements ExchangeReader {
  readonly #info: ConnectionInfo;
  readonly #request: HandshakeRequest;
  #answer: Answer | undefined;

  constructor(info: ConnectionInfo, request: HandshakeRequest) {
    this.#info = info;
    this.#request = request;
  }

  get size(): number {
    return this.#answer?.size ?? 0;
  }

  requestData(): void {
    // a request to upgrade has no body that matters
  }

  requestMissing(): void {
    // as above
  }

  requestEnd(): void {
    // the answer decides
  }

  responseHead(head: Head, mark: Mark): void {
    const { flavour, match, head: callHead, first, place } = this.#request;
    if (head.status < 400 || callHead.provider === undefined) {
      this.#info.counters.count('ignored_requests', 'reason', 'no_upgrade');
      return;
    }
    const refused = defineFlavour({
      name: flavour.name,
      match: () => match,
      request: () => undefined,
      response: () => ({}),
      stream: () => ({ push: () => false, end: () => ({}) }),
    });
    const from = { head: callHead, flavour: refused, match, place, first };
    const call = emitRequest(this.#info, from, { streaming: true, model: match.model }, undefined);
    this.#answer = new Answer(call, head, mark);
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#answer?.data(bytes, mark);
  }

  responseMissing(): void {
    this.#answer?.gap();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    this.#answer?.end(how, mark);
    this.#answer = undefined;
  }
}
