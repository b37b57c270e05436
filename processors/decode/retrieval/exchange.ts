import type { AnswerEnding } from '../answer.ts';
import { Bytes } from '../body/bytes.ts';
import { BodyDecoder, type Damage } from '../body/reader.ts';
import { countBody } from '../call.ts';
import { headAttrs, identityOf } from '../call-head.ts';
import { type ConnectionInfo, type Evidence, makeEvent, type Place } from '../connection-info.ts';
import type { ExchangeReader } from '../exchange.ts';
import type { CallHead } from '../flavour.ts';
import type { Head } from '../http1/head.ts';
import type { Ending } from '../http1/parser.ts';
import { isObject, type Json, parseJson } from '../json.ts';
import { elapsedMs, type Mark } from '../stream/mark.ts';
import type { RetrievalMatch } from './apis.ts';
import { retrieveDataOf } from './event.ts';

interface Body {
  readonly bytes: Bytes;
  readonly decoder: BodyDecoder;
}

/** A call to a retrieval API. It is one event, when its answer is there; a failed one is only counted. */
export class RetrievalExchange implements ExchangeReader {
  readonly #info: ConnectionInfo;
  readonly #head: CallHead;
  readonly #match: RetrievalMatch;
  readonly #place: Place;
  readonly #first: Mark;
  #request: Body | undefined;
  #response: Body | undefined;
  #query: { readonly text?: string | undefined } | undefined;
  #missing: string[] = [];
  #status = 0;

  constructor(info: ConnectionInfo, head: CallHead, match: RetrievalMatch, place: Place, first: Mark) {
    this.#info = info;
    this.#head = head;
    this.#match = match;
    this.#place = place;
    this.#first = first;
    this.#request = bodyOf(head.headers, info);
  }

  get size(): number {
    return (this.#request?.bytes.size ?? 0) + (this.#response?.bytes.size ?? 0);
  }

  requestData(bytes: Buffer): void {
    push(this.#request, bytes);
  }

  requestMissing(): void {
    this.#request?.decoder.gap();
  }

  requestEnd(how: Ending): void {
    const body = this.#request;
    this.#request = undefined;
    if (body === undefined) return;
    const value = this.#read(body, how);
    this.#query = value === undefined ? undefined : this.#match.api.query(value);
    if (value === undefined && this.#match.api.host !== undefined) {
      this.#missing.push('request body');
      this.#query = {};
    }
    if (this.#query === undefined) this.#info.counters.count('ignored_requests', 'reason', 'other_shape');
  }

  responseHead(head: Head): void {
    this.#status = head.status;
    if (this.#query !== undefined && head.status < 300) this.#response = bodyOf(head.headers, this.#info);
  }

  responseData(bytes: Buffer): void {
    push(this.#response, bytes);
  }

  responseMissing(): void {
    this.#response?.decoder.gap();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    const body = this.#response;
    const query = this.#query;
    this.#response = undefined;
    this.#query = undefined;
    if (query === undefined) return;
    const { api, name } = this.#match;
    const value = body === undefined || how === 'unanswered' ? undefined : this.#read(body, how);
    const found = value === undefined ? undefined : api.found(value);
    if (found === undefined && (api.host === undefined || body === undefined)) {
      this.#info.counters.count('ignored_requests', 'reason', this.#status >= 300 ? 'failed' : 'other_shape');
      return;
    }
    if (found === undefined) this.#missing.push('response body');
    const head = this.#head;
    const identity = identityOf(head, this.#info);
    const attrs: Record<string, unknown> = { 'gen_ai.operation.name': 'retrieval' };
    headAttrs(head, this.#info, identity, attrs);
    const data = {
      ...retrieveDataOf({ source: api.source, name, query: query.text, found }, api.provider),
      latency_ms: elapsedMs(this.#first, mark),
    };
    const evidence: Evidence = {
      level: api.host !== undefined || head.provider !== undefined ? 'high' : 'medium',
      reasons: [`path of ${api.provider}`, ...(api.host === undefined ? [] : [`host of ${api.provider}`])],
      method: api.host === undefined && head.provider === undefined ? 'payload_inspection' : 'known_endpoint',
      missing: this.#missing,
    };
    const place: Place = { ...this.#place, dir: 'received' };
    this.#info.emit(
      makeEvent(this.#info, 'agent.rag_retrieve', mark, place, evidence, data, attrs, undefined, identity.caller),
    );
  }

  #read({ bytes, decoder }: Body, how: AnswerEnding): Json | undefined {
    const damage: Damage | undefined = decoder.damage ?? (how === 'lost' || how === 'torn' ? 'lost' : undefined);
    countBody(this.#info, damage, decoder);
    const value = parseJson(bytes.concat().toString());
    return isObject(value) ? value : undefined;
  }
}

function bodyOf(headers: ReadonlyMap<string, string>, info: ConnectionInfo): Body {
  return { bytes: new Bytes(), decoder: new BodyDecoder(headers.get('content-encoding'), info.limits.bodyBytes) };
}

function push(body: Body | undefined, bytes: Buffer): void {
  const plain = body?.decoder.push(bytes);
  if (plain !== undefined) body?.bytes.push(plain);
}
