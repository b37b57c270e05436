import { Answer, type AnswerEnding, unanswered } from './answer.ts';
import { Bytes } from './body/bytes.ts';
import { BodyDecoder } from './body/reader.ts';
import { type Call, countDamage } from './call.ts';
import { callHeadOf } from './call-head.ts';
import type { ConnectionInfo } from './connection-info.ts';
import { flavourOf } from './flavours/index.ts';
import type { Head } from './http1/head.ts';
import type { Ending } from './http1/parser.ts';
import { beginCall, type Candidate } from './request.ts';
import type { Mark } from './stream/mark.ts';

/**
 * One request and its answer on one stream of a connection, whatever HTTP version carries them. What is no model call is known at the
 * head of the request, or on unknown hosts when its body is whole; then nothing of it is kept.
 */
export class Exchange {
  readonly #info: ConnectionInfo;
  readonly first: Mark;
  readonly method: string;
  #candidate: Candidate | undefined;
  #body: Bytes | undefined;
  #decoder: BodyDecoder | undefined;
  #call: Call | undefined;
  #answer: Answer | undefined;
  /** The request will not grow any more. */
  requestDone = false;

  constructor(info: ConnectionInfo, head: Head, first: Mark, stream: number, ordinal: number) {
    this.#info = info;
    this.first = first;
    this.method = head.method;
    const callHead = callHeadOf(head, info);
    const found = flavourOf(callHead, info.flavours);
    if (found === undefined) {
      info.counters.count('ignored_requests', 'reason', callHead.provider === undefined ? 'not_ai' : 'no_model_call');
      return;
    }
    this.#candidate = { head: callHead, ...found, first, place: { dir: 'sent', stream, ordinal, index: 0 } };
    this.#body = new Bytes();
    this.#decoder = new BodyDecoder(head.headers.get('content-encoding'), info.limits.bodyBytes);
  }

  /** Bytes held, roughly. */
  get size(): number {
    return 256 + (this.#body?.size ?? 0) + (this.#answer?.size ?? 0);
  }

  requestData(bytes: Buffer): void {
    if (this.#body === undefined) return;
    const plain = this.#decoder?.push(bytes);
    if (plain !== undefined) this.#body.push(plain);
  }

  requestMissing(): void {
    this.#decoder?.gap();
  }

  requestEnd(how: Ending): void {
    this.requestDone = true;
    const candidate = this.#candidate;
    const body = this.#body;
    const decoder = this.#decoder;
    this.#candidate = undefined;
    this.#body = undefined;
    this.#decoder = undefined;
    if (candidate === undefined || body === undefined || decoder === undefined) return;
    const damage = decoder.damage ?? (how === 'lost' || how === 'torn' ? 'lost' : undefined);
    countDamage(this.#info, damage, decoder);
    this.#call = beginCall(this.#info, candidate, body.concat(), damage);
  }

  responseHead(head: Head, mark: Mark): void {
    // an answer before the end of the request: the rest of the request tells no more
    if (!this.requestDone) this.requestEnd('lost');
    if (this.#call !== undefined) this.#answer = new Answer(this.#call, head, mark);
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#answer?.data(bytes, mark);
  }

  responseMissing(): void {
    this.#answer?.gap();
  }

  /** The answer is whole, or will never be. */
  responseEnd(how: AnswerEnding, mark: Mark): void {
    if (!this.requestDone) this.requestEnd('lost');
    const call = this.#call;
    const answer = this.#answer;
    this.#call = undefined;
    this.#answer = undefined;
    if (answer !== undefined) answer.end(how, mark);
    else if (call !== undefined) unanswered(call, how, mark);
  }
}
