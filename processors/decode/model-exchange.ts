import { Answer, type AnswerEnding, unanswered } from './answer.ts';
import { RequestBodyReader } from './body/request-body.ts';
import { type Call, countBody } from './call.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { ExchangeReader } from './exchange.ts';
import type { Head } from './http1/head.ts';
import type { Ending } from './http1/parser.ts';
import { beginCall, type Candidate } from './request.ts';
import type { Mark } from './stream/mark.ts';
import type { BodyRow } from './stream/row.ts';

/** A call to an AI model. On hosts that nobody knows the body of the request tells whether it is one; else nothing more is kept of it. */
export class ModelExchange implements ExchangeReader {
  readonly #info: ConnectionInfo;
  #candidate: Candidate | undefined;
  #body: RequestBodyReader | undefined;
  #call: Call | undefined;
  #answer: Answer | undefined;

  constructor(info: ConnectionInfo, candidate: Candidate) {
    this.#info = info;
    this.#candidate = candidate;
    const { headers, host } = candidate.head;
    this.#body = new RequestBodyReader(headers, info.limits.bodyBytes, (body, decode) =>
      info.histories.parse(body, `${info.speaker}\0${host}`, decode),
    );
  }

  get size(): number {
    return (this.#body?.size ?? 0) + (this.#answer?.size ?? 0);
  }

  requestData(bytes: Buffer): void {
    this.#body?.push(bytes);
  }

  requestMissing(): void {
    this.#body?.gap();
  }

  requestEnd(how: Ending): void {
    const candidate = this.#candidate;
    const body = this.#body?.end(how === 'lost' || how === 'torn');
    this.#candidate = undefined;
    this.#body = undefined;
    if (candidate === undefined || body === undefined) return;
    countBody(this.#info, body.damage, body.decoder);
    this.#call = beginCall(this.#info, candidate, body);
  }

  responseHead(head: Head, mark: Mark): void {
    if (this.#call !== undefined) this.#answer = new Answer(this.#call, head, mark);
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#answer?.data(bytes, mark);
  }

  get readsRows(): boolean {
    return this.#answer?.readsRows === true;
  }

  responseRow(row: BodyRow): void {
    this.#answer?.row(row);
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
