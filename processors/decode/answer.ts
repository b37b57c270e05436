import { type AiResponseData, merged, type ToolCall } from '../../core/index.ts';
import { retrievalEvents, toolEvents } from './agent-events.ts';
import { AnswerReader, BodyDecoder, type Damage, isBinary } from './body/reader.ts';
import {
  type Call,
  callEvent,
  chunkEvent,
  countBody,
  missingHeaders,
  missingWord,
  type Named,
  providerData,
} from './call.ts';
import { set } from './call-head.ts';
import { Chunks } from './chunks.ts';
import type { Draft } from './connection-info.ts';
import { costOfAnswer, pricedUsage } from './cost.ts';
import { embeddingEvent } from './embedding.ts';
import type { CallError, NormalResponse, StreamReader } from './flavour.ts';
import type { Head } from './http1/head.ts';
import type { Ending } from './http1/parser.ts';
import { keptOfResponse } from './identity/headers.ts';
import { isObject, type Json } from './json.ts';
import { failureOf, finishOf } from './normal.ts';
import { SearchBeside } from './retrieval/built-in.ts';
import { elapsedMs, type Mark } from './stream/mark.ts';
import type { BodyRow } from './stream/row.ts';

/** How an answer ended: as its message did; it never began (`unanswered`); or the input ended before it (`cut_off`). */
export type AnswerEnding = Ending | 'unanswered' | 'cut_off';

/** The answer to one model call, while it comes in. */
export class Answer {
  readonly #call: Call;
  readonly #head: Head;
  readonly #decoder: BodyDecoder;
  readonly #reader: AnswerReader;
  readonly #stream: StreamReader;
  readonly #onCall: (tool: ToolCall) => void;
  #mark: Mark;
  #firstToken: Mark | undefined;
  readonly #chunks: Chunks | undefined;
  readonly #search: SearchBeside | undefined;
  #calls = 0;
  /** How often a tool call of an id, or of a name where it has none, was told. */
  readonly #told = new Map<string, number>();
  #streamed = 0;
  /** Media is not held: its size is all that is told of it. */
  readonly #isBinary: boolean;
  #sizeBytes = 0;

  constructor(call: Call, head: Head, mark: Mark) {
    this.#call = call;
    this.#head = head;
    this.#mark = mark;
    this.#decoder = new BodyDecoder(head.headers.get('content-encoding'), call.info.limits.bodyBytes);
    this.#stream = call.flavour.stream(call.head, call.match, head);
    this.#isBinary = head.status < 400 && isBinary(head.headers.get('content-type'));
    this.#chunks = call.info.events.streamingChunks ? new Chunks(call.requestId) : undefined;
    this.#search = searchesBeside(call) ? new SearchBeside() : undefined;
    this.#onCall = (tool) => {
      const key = tool.id ?? tool.name;
      this.#told.set(key, (this.#told.get(key) ?? 0) + 1);
      for (const event of toolEvents(call, tool, this.#calls++, this.#mark)) call.info.emit(event);
    };
    const onEvent = (event: Json, name: string | undefined): void => {
      if (this.#chunks !== undefined)
        for (const chunk of this.#chunks.push(event, name)) call.info.emit(chunkEvent(call, chunk, this.#mark));
      this.#search?.push(event);
      if (this.#stream.push(event, name, this.#onCall)) this.#firstToken ??= this.#mark;
    };
    // who looks at every event needs it whole
    const isWhole = this.#chunks !== undefined || this.#search !== undefined;
    const sinkOf = isWhole ? undefined : () => (this.#firstToken === undefined ? undefined : this.#stream.sink);
    this.#reader = new AnswerReader(head.headers.get('content-type'), call.request.streaming, onEvent, sinkOf);
  }

  get size(): number {
    // what a stream has brought is kept as texts
    return 512 + this.#decoder.size + this.#reader.size + (this.#reader.isStream ? this.#streamed : 0);
  }

  data(bytes: Buffer, mark: Mark): void {
    this.#mark = mark;
    this.#sizeBytes += bytes.length;
    if (this.#isBinary) {
      this.#firstToken ??= mark;
      return;
    }
    const plain = this.#decoder.push(bytes);
    if (plain === undefined) return;
    this.#streamed += plain.length;
    this.#reader.push(plain);
  }

  get readsRows(): boolean {
    return this.#reader.readsRows;
  }

  /** Bytes of several records, while they are read as events: each event has the mark of the record that it ends in. */
  row(row: BodyRow): void {
    if (this.#decoder.isCoded) {
      for (let piece = 0; piece < row.ends.length; piece++) {
        const bytes = row.piece(piece);
        if (bytes.length > 0) this.data(bytes, row.markOf(piece));
      }
      return;
    }
    const plain = this.#decoder.push(row.bytes);
    if (plain !== undefined) {
      this.#streamed += plain.length;
      this.#reader.row(plain, row.ends, (piece) => {
        this.#mark = row.markOf(piece);
      });
    }
    this.#mark = row.last;
  }

  gap(): void {
    this.#decoder.gap();
    this.#reader.gap();
  }

  end(how: AnswerEnding, mark: Mark): void {
    if (how === 'whole') this.#mark = mark; // the end of a chunked body is a byte of it
    const rest = this.#decoder.end();
    if (rest !== undefined) this.#reader.push(rest);
    const value = this.#reader.end();
    const { info } = this.#call;
    const damage = this.#damage(how);
    countBody(info, damage, this.#decoder);
    if (this.#reader.unreadable > 0)
      info.counters.count('unreadable_events', undefined, undefined, this.#reader.unreadable);
    const response = this.#reader.isStream
      ? this.#stream.end()
      : this.#whole(value, damage === undefined && how === 'whole');
    for (const tool of this.#untold(response.toolCalls ?? [])) this.#onCall(tool);
    let missing = missingHeaders('response', this.#head.unresolved);
    if (damage !== undefined) missing = [...missing, missingWord('response', damage)];
    emitResponse(
      this.#call,
      response.retrievals === undefined && this.#search !== undefined
        ? merged(response, { retrievals: this.#search.end() })
        : response,
      {
        status: this.#head.status || undefined, // 0: the head was lost
        retryAfter: retryAfterOf(this.#head),
        headers: this.#head.headers,
        how: this.#reader.isOver && (how === 'torn' || how === 'cut_off') ? 'whole' : how,
        mark: this.#mark,
        firstToken: this.#firstToken,
        streamed: this.#reader.isStream,
        missing,
        attrs: this.#attrs(),
        isMislabelled: this.#decoder.isMislabelled,
      },
    );
  }

  /** Those of all tool calls of which no event was made when they ended: their order need not be that of their ends. */
  #untold(tools: readonly ToolCall[]): ToolCall[] {
    if (tools.length === 0) return [];
    const told = new Map(this.#told);
    return tools.filter(({ id, name }) => {
      const times = told.get(id ?? name) ?? 0;
      if (times > 0) told.set(id ?? name, times - 1);
      return times === 0;
    });
  }

  #damage(how: AnswerEnding): Damage | undefined {
    if (this.#decoder.damage !== undefined) return this.#decoder.damage;
    if (how === 'lost') return 'lost';
    return this.#reader.isDamaged && how === 'whole' ? 'damaged_framing' : undefined;
  }

  /** Size (RFC 9110 8.6, on the wire) and type of media. */
  #attrs(): Readonly<Record<string, unknown>> {
    if (!this.#isBinary) return {};
    const type = this.#head.headers.get('content-type');
    return { 'http.response.body.size': this.#sizeBytes, 'http.response.header.content-type': [type] };
  }

  #whole(value: unknown, isWhole: boolean): NormalResponse {
    const body = Array.isArray(value) ? value[0] : value;
    const { flavour, head, match, info } = this.#call;
    if (this.#head.status >= 400) return { error: failureIn(body, this.#head) };
    if (isObject(body)) {
      this.#search?.push(body);
      const response = flavour.response(body, head, match, this.#head);
      if (match.requestType === 'embedding' && info.events.embeddingEvents)
        info.emit(embeddingEvent(this.#call, response, body, this.#mark));
      return response;
    }
    if (isWhole && !this.#isBinary && CONTENT.has(match.requestType))
      info.counters.count('unreadable_bodies', 'side', 'response');
    return {};
  }
}

/** Whether answers of this API may hold searches that its flavour does not read. */
function searchesBeside({ flavour, head }: Call): boolean {
  return (
    flavour.name.startsWith('cohere.') || (flavour.name === 'openai.chat' && !SEARCHLESS.has(head.provider?.name ?? ''))
  );
}

/** Providers of Chat Completions whose answers hold no search. */
const SEARCHLESS = new Set([
  'openai',
  'azure_openai',
  'groq',
  'mistral',
  'together',
  'fireworks',
  'deepseek',
  'ollama',
]);

/** Types of calls that are answered in JSON; the others may bring images, sounds and files. */
const CONTENT = new Set(['chat', 'completion', 'embedding', 'moderation']);

/** Seconds or a date (RFC 9110 10.2.3); OpenAI and Azure say it in milliseconds too. */
function retryAfterOf(head: Head): string | undefined {
  const ms = head.headers.get('retry-after-ms');
  return (
    head.headers.get('retry-after') ??
    (ms !== undefined && /^\d{1,9}$/.test(ms) ? String(Number(ms) / 1000) : undefined)
  );
}

/** The error of a failed call; AWS names its type in a header as `Name:uri` or `ns#Name` (smithy.io, restJson1 errors, 2026-11). */
function failureIn(body: unknown, head: Head): CallError {
  const error = failureOf(body) ?? {};
  const named = head.headers.get('x-amzn-errortype')?.split(':')[0]?.split('#').at(-1)?.trim();
  return named === undefined || named === '' || error.type !== undefined ? error : { ...error, type: named };
}

interface Ended {
  readonly status: number | undefined;
  readonly retryAfter: string | undefined;
  readonly headers?: ReadonlyMap<string, string>;
  readonly how: AnswerEnding;
  readonly mark: Mark;
  readonly firstToken: Mark | undefined;
  readonly streamed: boolean;
  readonly missing: readonly string[];
  readonly attrs?: Readonly<Record<string, unknown>>;
  readonly isMislabelled?: boolean;
}

/** A call that got no answer: its event says so. */
export function unanswered(call: Call, how: AnswerEnding, mark: Mark): void {
  const missing = ['response'];
  emitResponse(
    call,
    {},
    {
      status: undefined,
      retryAfter: undefined,
      how,
      mark,
      firstToken: undefined,
      streamed: false,
      missing,
    },
  );
}

/** Emits `ai.response`. */
export function emitResponse(call: Call<Named>, response: NormalResponse, ended: Ended): void {
  const { status } = ended;
  for (const event of retrievalEvents(call, response.retrievals ?? [], ended.mark)) call.info.emit(event);
  const error = errorIn(response, ended);
  const kept = ended.headers && keptOfResponse(ended.headers);
  const attrs: Record<string, unknown> = Object.assign({}, call.attrs, kept?.attrs, response.attrs, ended.attrs);
  const words = response.finishReasons ?? [];
  if (words.length > 0) attrs['gen_ai.response.finish_reasons'] = words;
  set(attrs, 'http.response.status_code', status);
  set(attrs, 'error.type', error?.type);
  set(attrs, 'retry_after', ended.retryAfter);
  if (call.lacks !== undefined) attrs['oisp.response.duration_ms'] = elapsedMs(call.first, ended.mark);
  const conversation = response.conversationId ?? call.request.conversationId;
  const finish = response.choices?.[0]?.finish ?? words[0];
  const tools = response.toolCalls ?? [];
  // a usage that more of the stream would have changed has no cost yet
  const isAnswered = error === undefined && (finish !== undefined || ended.how === 'whole' || ended.how === 'closed');
  const cost = isAnswered ? costOfAnswer(call, response, ended.mark.event.ts) : undefined;
  const usage = pricedUsage(response.usage, cost);
  set(attrs, 'oisp.cost.source', cost?.source);
  const data: Partial<Draft<AiResponseData>> & Pick<AiResponseData, 'request_id'> = { request_id: call.requestId };
  if (conversation !== undefined) data.conversation_id = conversation;
  if (response.id !== undefined) data.provider_request_id = response.id;
  data.provider = providerData(call.head, call.match, call.identity, kept?.provider);
  // the model of a call that failed is the one it asked for
  const model = response.model ?? call.request.model ?? call.match.model;
  if (model !== undefined) data.model = { id: model };
  if (status !== undefined) data.status_code = status;
  data.success = error === undefined;
  if (error) data.error = error;
  if (response.choices && response.choices.length > 0)
    data.choices = response.choices.map(({ index, message, finish: word }) =>
      word === undefined ? { index, message } : { index, message, finish_reason: finishOf(word) },
    );
  if (tools.length > 0) {
    data.tool_calls = tools;
    data.tool_calls_count = tools.length;
  }
  if (usage) data.usage = usage;
  if (call.lacks === undefined) {
    data.latency_ms = elapsedMs(call.first, ended.mark);
    if (ended.firstToken) data.time_to_first_token_ms = elapsedMs(call.first, ended.firstToken);
  }
  if (finish !== undefined) data.finish_reason = finishOf(finish);
  data.streaming = ended.streamed;
  const missing =
    ended.how === 'whole' || ended.how === 'closed'
      ? ended.missing
      : [...new Set([...ended.missing, MISSING[ended.how]])];
  const place = { ...call.place, dir: 'received' as const };
  const also = ended.isMislabelled ? ['body not coded as content-encoding says'] : [];
  call.info.emit(callEvent(call, 'ai.response', ended.mark, place, missing, data, attrs, also));
}

const MISSING: Readonly<Record<Exclude<AnswerEnding, 'whole' | 'closed'>, string>> = {
  lost: 'response body: lost',
  torn: 'end of response',
  unanswered: 'response',
  cut_off: 'end of response',
};

/** The provider's own error, also one inside a stream that began well; else what the connection shows. */
function errorIn(response: NormalResponse, ended: Ended): AiResponseData['error'] {
  const given: CallError | undefined = response.error;
  const failed = ended.status !== undefined && ended.status >= 400;
  let type = given?.type ?? given?.code;
  if (given === undefined && !failed) {
    if (ended.how === 'torn') type = 'connection_closed';
    else if (ended.how === 'unanswered') type = 'no_response';
    else if (ended.how === 'cut_off' && ended.status === undefined && !ended.streamed) type = 'no_response';
    else return undefined;
  }
  type ??= ended.status === undefined || !failed ? '_OTHER' : String(ended.status);
  return {
    type,
    ...(given?.message !== undefined && { message: given.message }),
    ...(given?.code !== undefined && { code: given.code }),
  };
}
