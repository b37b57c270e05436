import { Answer, type AnswerEnding } from '../answer.ts';
import { BodyDecoder } from '../body/reader.ts';
import type { Call } from '../call.ts';
import { callHeadOf, headAttrs, set } from '../call-head.ts';
import { type ConnectionInfo, type Place, requestIdOf } from '../connection-info.ts';
import type { ExchangeReader } from '../exchange.ts';
import type { CallHead, CallMatch } from '../flavour.ts';
import type { Head } from '../http1/head.ts';
import type { Mark } from '../stream/mark.ts';
import type { BodyRow } from '../stream/row.ts';
import { Beginning, MAX_BEGINNING } from './beginning.ts';
import { providerIn } from './provider.ts';
import { type Recognised, recognise } from './shapes.ts';

/** Bytes on the wire that are held until it is known what they are. */
const MAX_HELD = 4 * MAX_BEGINNING;

/** The head of the request as it is known: not at all. */
const NO_REQUEST: Head = { headers: new Map(), method: '', target: '', status: 0, old: false };

/** Types of answers of models; one that was not seen may be any. */
const TYPES = /json|event-stream|amazon\.eventstream/i;

/**
 * An answer whose request was not seen. It is one to a model call when it begins as only the answers of an API do; of everything else nothing
 * is kept.
 */
export class OrphanAnswer implements ExchangeReader {
  readonly #info: ConnectionInfo;
  readonly #place: Place;
  readonly #first: Mark;
  #head: Head | undefined;
  #isRefused = false;
  #decoder: BodyDecoder | undefined;
  #beginning: Beginning<Recognised> | undefined;
  #held: { readonly bytes: Buffer; readonly mark: Mark }[] = [];
  #heldBytes = 0;
  #headMark: Mark;
  #answer: Answer | undefined;

  constructor(info: ConnectionInfo, place: Place, first: Mark) {
    this.#info = info;
    this.#place = place;
    this.#first = first;
    this.#headMark = first;
  }

  get size(): number {
    const looking = (this.#decoder?.size ?? 0) + (this.#beginning?.size ?? 0);
    return looking + this.#heldBytes + 64 * this.#held.length + (this.#answer?.size ?? 0);
  }

  /** It is none of a model, or over. */
  get isIdle(): boolean {
    return this.#head === undefined ? this.#isRefused : this.#beginning === undefined && this.#answer === undefined;
  }

  requestData(): void {
    // the request was not seen
  }

  requestMissing(): void {
    // as above
  }

  requestEnd(): void {
    // as above
  }

  responseHead(head: Head, mark: Mark): void {
    this.#isRefused = !this.#mayBe(head);
    if (this.#isRefused) return;
    this.#head = head;
    this.#headMark = mark;
    this.#decoder = new BodyDecoder(head.headers.get('content-encoding'), MAX_HELD * 4);
    this.#beginning = new Beginning(head.headers.get('content-type'), (event, name, framing) =>
      recognise(event, name, framing, head),
    );
  }

  responseData(bytes: Buffer, mark: Mark): void {
    if (this.#answer !== undefined) {
      this.#answer.data(bytes, mark);
      return;
    }
    const beginning = this.#beginning;
    if (beginning === undefined) return;
    this.#held.push({ bytes, mark });
    const plain = this.#decoder?.push(bytes.subarray(0, MAX_HELD - this.#heldBytes));
    this.#heldBytes += bytes.length;
    if (plain !== undefined) beginning.push(plain);
    if (this.#heldBytes >= MAX_HELD) beginning.end();
    if (beginning.isDecided) this.#decide();
  }

  get readsRows(): boolean {
    return this.#answer?.readsRows === true;
  }

  responseRow(row: BodyRow): void {
    this.#answer?.row(row);
  }

  /** What follows a gap tells no more what it is. */
  responseMissing(): void {
    this.#settle();
    this.#answer?.gap();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    this.#settle();
    this.#answer?.end(how, mark);
    this.#answer = undefined;
  }

  /** Whether the head speaks against nothing: status, type, host. */
  #mayBe(head: Head): boolean {
    if (head.status !== 200) return false;
    const type = head.headers.get('content-type');
    if (type === undefined ? head.unresolved === undefined : !TYPES.test(type)) return false;
    const { provider, guess } = callHeadOf(NO_REQUEST, this.#info);
    return provider !== undefined || guess !== undefined || this.#info.opened.sni === undefined;
  }

  #settle(): void {
    const beginning = this.#beginning;
    if (beginning === undefined) return;
    const rest = this.#decoder?.end();
    if (rest !== undefined) beginning.push(rest);
    beginning.end();
    this.#decide();
  }

  #decide(): void {
    const found = this.#beginning?.found;
    const held = this.#held;
    const head = this.#head;
    this.#beginning = undefined;
    this.#decoder = undefined;
    this.#held = [];
    this.#heldBytes = 0;
    if (found === undefined || head === undefined) return;
    this.#info.counters.count('orphan_answers');
    this.#answer = new Answer(this.#callOf(found, head), head, this.#headMark);
    for (const { bytes, mark } of held) this.#answer.data(bytes, mark);
  }

  /** The call, as far as its answer tells. */
  #callOf({ flavour, match }: Recognised, answer: Head): Call {
    const info = this.#info;
    const head = callHeadOf(NO_REQUEST, info);
    const named = providerIn(answer.headers, info.registry);
    const known: CallMatch = named === undefined ? match : { ...match, provider: named };
    return {
      info,
      head,
      flavour,
      match: known,
      place: this.#place,
      first: this.#first,
      requestId: requestIdOf(info, this.#first, this.#place.stream, this.#place.ordinal),
      // a streamed answer shows as one by itself
      request: { streaming: true },
      attrs: attrsOf(info, head, known),
      lacks: ['request'],
      seen: { body: 'answer', model: undefined },
    };
  }
}

function attrsOf(info: ConnectionInfo, head: CallHead, match: CallMatch): Readonly<Record<string, unknown>> {
  const attrs: Record<string, unknown> = { 'gen_ai.operation.name': match.operation };
  const provider = head.provider ?? match.provider ?? head.guess;
  set(attrs, 'gen_ai.provider.name', provider?.otel ?? '_OTHER');
  set(attrs, 'oisp.provider.name', provider?.name);
  headAttrs(head, info, undefined, attrs);
  return attrs;
}
