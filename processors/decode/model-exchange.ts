import { Answer, type AnswerEnding, unanswered } from './answer.ts';
import { Bytes } from './body/bytes.ts';
import { BodyDecoder } from './body/reader.ts';
import { type Call, countDamage } from './call.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { ExchangeReader } from './exchange.ts';
import type { Head } from './http1/head.ts';
import type { Ending } from './http1/parser.ts';
import { beginCall, type Candidate } from './request.ts';
import type { Mark } from './stream/mark.ts';

/** A call to an AI model. On hosts that nobody knows the body of the request tells whether it is one; else nothing more is kept of it. */
export class ModelExchange implements ExchangeReader {
  readonly #info: ConnectionInfo;
  #candidate: Candidate | undefined;
  #body: Bytes | undefined;
  #decoder: BodyDecoder | undefined;
  #call: Call | undefined;
  #answer: Answer | undefined;
  constructor(info: ConnectionInfo, candidate: Candidate) {
    this.#info = info;
    this.#candidate = candidate;
    this.#body = new Bytes();
    this.#decoder = new BodyDecoder(candidate.head.headers.get('content-encoding'), info.limits.bodyBytes);
  }

  get size(): number {
    return (this.#body?.size ?? 0) + (this.#answer?.size ?? 0);
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
    if (this.#call !== undefined) this.#answer = new Answer(this.#call, head, mark);
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#answer?.data(bytes, mark);
  }

  responseMissing(): void {
    this.#answer?.gap();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    const call = this.#call;
    const answer = this.#answer;
    this.#call = undefined;
    this.#answer = undefined;
    if (answer !== undefined) answer.end(how, mark);
    else if (call !== undefined) unanswered(call, how, mark);
  }
}
