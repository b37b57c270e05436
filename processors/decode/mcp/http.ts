import type { AnswerEnding } from '../answer.ts';
import { Bytes } from '../body/bytes.ts';
import { BodyDecoder, type Damage, decoderOf } from '../body/reader.ts';
import { countBody } from '../call.ts';
import { headAttrs, identityOf } from '../call-head.ts';
import type { ConnectionInfo, Place } from '../connection-info.ts';
import type { ExchangeReader } from '../exchange.ts';
import type { CallHead } from '../flavour.ts';
import type { Head } from '../http1/head.ts';
import type { Ending } from '../http1/parser.ts';
import { isObject, type Json, parseJson } from '../json.ts';
import type { Mark } from '../stream/mark.ts';
import type { At, Call, Failure } from './call.ts';
import { endpointOf, keyOfEndpoint, keyOfId, serverNameOf, sessionIdIn } from './endpoint.ts';
import { EventStream, type StreamEvent } from './event-stream.ts';
import { evidenceOf } from './evidence.ts';
import { isMcp, messagesOf, salvage, UNKNOWN_ID } from './messages.ts';
import { McpSession } from './session.ts';

/** A request that is MCP, as far as its head tells. */
export interface McpRequest {
  readonly head: CallHead;
  readonly first: Mark;
  readonly place: Place;
  /** False where only the first event of the answer can say whether it is MCP at all. */
  readonly isCertain: boolean;
}

/**
 * One HTTP exchange of MCP: streamable HTTP (since 2025-03-26), where the answer of a POST brings the answers to its requests as JSON or as
 * events, and the older HTTP with SSE (2024-11-05), where they come on the stream of a GET whose first event names the path for POSTs.
 */
export class McpExchange implements ExchangeReader {
  readonly #info: ConnectionInfo;
  readonly #request: McpRequest;
  readonly #decoder: BodyDecoder;
  #body: Bytes | undefined = new Bytes();
  #session: McpSession | undefined;
  /** Requests of this exchange that wait. */
  readonly #open = new Map<string, Call>();
  #isInitialize = false;
  /** The stream of an old SSE session: the session ends with it. */
  #isSse = false;
  #status: number | undefined;
  #answerDecoder: BodyDecoder | undefined;
  #answer: EventStream | Bytes | undefined;
  #mark: Mark;
  #attrs: Readonly<Record<string, unknown>> | undefined;
  #isDropped = false;

  constructor(info: ConnectionInfo, request: McpRequest) {
    this.#info = info;
    this.#request = request;
    this.#mark = request.first;
    this.#decoder = new BodyDecoder(request.head.headers.get('content-encoding'), info.limits.bodyBytes);
  }

  get size(): number {
    return 512 + (this.#body?.size ?? 0) + (this.#answer?.size ?? 0) + this.#open.size * 768;
  }

  requestData(bytes: Buffer): void {
    const plain = this.#decoder.push(bytes);
    if (plain !== undefined) this.#body?.push(plain);
  }

  requestMissing(): void {
    this.#decoder.gap();
  }

  requestEnd(how: Ending): void {
    const { head, first } = this.#request;
    const body = this.#body;
    this.#body = undefined;
    const damage = this.#decoder.damage ?? (how === 'lost' || how === 'torn' ? 'lost' : undefined);
    countBody(this.#info, damage, this.#decoder);
    switch (head.method) {
      case 'POST':
        this.#read(body?.concat() ?? Buffer.alloc(0), damage);
        break;
      case 'DELETE':
        this.#over(this.#find(), first);
        break;
    }
  }

  #read(body: Buffer, damage: Damage | undefined): void {
    const { head, first } = this.#request;
    const words = decoderOf(head.headers.get('content-type')).decode(body);
    let messages = messagesOf(parseJson(words));
    if (messages.length === 0 && damage !== undefined) {
      const rest = salvage(words, (name) => head.headers.get(name));
      messages = rest === undefined ? [] : [rest];
    }
    if (messages.length === 0) {
      this.#info.counters.count('unreadable_bodies', 'side', 'request');
      this.#isDropped = true;
      return;
    }
    this.#isInitialize = messages.some((message) => message['method'] === 'initialize');
    const session = this.#isInitialize ? this.#begin() : this.#find();
    const missing = damage === undefined ? [] : [`request body: ${damage.replaceAll('_', ' ')}`];
    for (const [index, message] of messages.entries()) {
      // an answer finds a request without an id by being the only one
      const isNamed = 'id' in message || damage === undefined || String(message['method']).startsWith('notifications/');
      session.read(
        'client',
        isNamed ? message : { ...message, id: UNKNOWN_ID },
        this.#at(first, index, body.length, missing),
      );
    }
    this.#info.mcp.touch(session);
  }

  responseHead(head: Head, mark: Mark): void {
    this.#mark = mark;
    this.#status = head.status;
    if (this.#isDropped || head.status === 202 || head.status === 204) return;
    const id = head.headers.get('mcp-session-id');
    if (this.#isInitialize && head.status < 300) this.#register(id);
    const isStream = /^text\/event-stream/i.test(head.headers.get('content-type') ?? '');
    if (this.#request.head.method !== 'POST' && !isStream) return;
    const { bodyBytes } = this.#info.limits;
    const limit = isStream ? Number.MAX_SAFE_INTEGER : bodyBytes;
    this.#answerDecoder = new BodyDecoder(head.headers.get('content-encoding'), limit);
    this.#answer = isStream
      ? new EventStream(
          this.#isOurs ? bodyBytes : MAX_FIRST_EVENT,
          (event) => this.#event(event),
          () => this.#lost(),
        )
      : new Bytes();
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#mark = mark;
    const plain = this.#answer === undefined ? undefined : this.#answerDecoder?.push(bytes);
    if (plain !== undefined) this.#answer?.push(plain);
    if (this.#session !== undefined) this.#info.mcp.touch(this.#session);
  }

  responseMissing(): void {
    this.#answerDecoder?.gap();
    if (this.#answer instanceof EventStream) this.#answer.gap();
    if (this.#isSse) this.#session?.lost();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    if (how === 'whole') this.#mark = mark; // the end of a chunked body is a byte of it
    const answer = this.#answer;
    const decoder = this.#answerDecoder;
    const damage = decoder?.damage ?? (how === 'lost' ? 'lost' : undefined);
    if (decoder !== undefined) countBody(this.#info, damage, decoder);
    let refusal: Failure | undefined;
    if (answer instanceof EventStream) answer.end();
    else if (answer !== undefined) refusal = this.#whole(answer.concat());
    this.#answer = undefined;
    const isForgotten = this.#status === 404 && this.#request.head.headers.has('mcp-session-id');
    const session = this.#session ?? (isForgotten ? this.#find() : undefined);
    if (session === undefined) {
      if (!this.#request.isCertain && !this.#isDropped) this.#drop();
      return;
    }
    if (this.#isSse) {
      const end = this.#at(mark, 0, 0);
      session.end(end, how !== 'cut_off');
      this.#info.mcp.remove(session);
      return;
    }
    const goesOn = this.#status === 202 || (answer instanceof EventStream && answer.isResumable);
    if (!goesOn || how === 'cut_off') {
      const failure = how === 'cut_off' ? undefined : (refusal ?? this.#failure(how, damage));
      for (const call of [...this.#open.values()]) {
        if (this.#isMoved) session.move(call, this.#at(mark, 0, 0));
        else session.fail(call, failure, this.#at(mark, 0, 0));
      }
    }
    this.#info.mcp.touch(session);
    // the server has forgotten the session (2025-03-26, basic/transports, session management)
    if (isForgotten) this.#over(session, mark);
  }

  /** Whether the server sent the client elsewhere (RFC 9110 15.4): `/mcp` to `/mcp/` mostly. */
  get #isMoved(): boolean {
    return this.#status !== undefined && this.#status >= 300 && this.#status < 400;
  }

  /** Whether it is known to be MCP. */
  get #isOurs(): boolean {
    return this.#request.isCertain || this.#session !== undefined;
  }

  /** Bytes of the stream are missing, or an event is too large. */
  #lost(): void {
    if (this.#isOurs) this.#info.counters.count('lost_lines');
    else this.#drop();
  }

  #failure(how: AnswerEnding, damage: Damage | undefined): Failure {
    const status = this.#status;
    if (status !== undefined && status >= 400) return { type: String(status), status };
    if (damage !== undefined) return { type: 'lost' };
    return { type: how === 'torn' ? 'connection_closed' : 'no_response' };
  }

  /** Reads a body that is no stream. Returns the error of one that refuses the whole request. */
  #whole(body: Buffer): Failure | undefined {
    const words = body.toString('utf8');
    const messages = messagesOf(parseJson(words));
    for (const message of messages) this.#received(message, body.length);
    const [only] = messages;
    const error = only?.['error'];
    if (messages.length !== 1 || !isObject(error) || (only?.['id'] ?? null) !== null) return undefined;
    const message = error['message'];
    return {
      type: typeof error['code'] === 'number' ? String(error['code']) : 'rpc_error',
      ...(typeof message === 'string' && { message }),
      status: this.#status,
    };
  }

  #event(event: StreamEvent): void {
    if (this.#isDropped) return;
    if (event.name === 'endpoint') {
      this.#listen(event.data);
      return;
    }
    const messages = messagesOf(parseJson(event.data));
    if (messages.length === 0) {
      if (this.#session === undefined) this.#drop();
      else this.#info.counters.count('unreadable_events');
      return;
    }
    if (this.#session === undefined) {
      if (!this.#request.isCertain && !messages.some(isMcp)) {
        this.#drop();
        return;
      }
      this.#find();
    }
    this.#settle();
    for (const message of messages) this.#received(message, event.data.length);
  }

  /** The stream is MCP: its events may be as large as any. */
  #settle(): void {
    if (this.#answer instanceof EventStream) this.#answer.maxBytes = this.#info.limits.bodyBytes;
  }

  /** The answer of a GET is something else. */
  #drop(): void {
    this.#isDropped = true;
    this.#answer = undefined;
    const reason = this.#request.head.provider === undefined ? 'not_ai' : 'no_model_call';
    this.#info.counters.count('ignored_requests', 'reason', reason);
  }

  #received(message: Json, size: number): void {
    const key = this.#open.get(JSON.stringify(UNKNOWN_ID));
    const isAnswer = !('method' in message) && key !== undefined && message['id'] !== undefined;
    const known = isAnswer ? { ...message, id: UNKNOWN_ID } : message;
    this.#session?.read('server', known, this.#at(this.#mark, 0, size));
  }

  /** A new session, found again once its answer names it. */
  #begin(): McpSession {
    this.#session = new McpSession(serverNameOf(this.#request.head), false);
    // the old transport answers a POST elsewhere: there the session is known by its endpoint
    const known = this.#info.mcp.get(keyOfEndpoint(this.#info, this.#request.head));
    if (known?.isSse === true) this.#session = known;
    return this.#session;
  }

  #register(id: string | undefined): void {
    const session = this.#session;
    if (session === undefined || session.isSse) return;
    const { head } = this.#request;
    session.id = id;
    if (id !== undefined) this.#info.mcp.put(keyOfId(this.#info, id), session);
    this.#info.mcp.put(keyOfEndpoint(this.#info, head), session);
  }

  /** The session that a request belongs to. */
  #find(): McpSession {
    const { head } = this.#request;
    const { mcp } = this.#info;
    const id = head.headers.get('mcp-session-id');
    const endpoint = keyOfEndpoint(this.#info, head);
    const key = id === undefined ? endpoint : keyOfId(this.#info, id);
    let session = mcp.get(key);
    if (session === undefined) {
      session = new McpSession(serverNameOf(head), false);
      session.id = id;
      const other = mcp.get(endpoint);
      if (other !== undefined) session.learn(other);
      mcp.put(key, session);
    }
    session.agree(head.headers.get('mcp-protocol-version'));
    this.#session = session;
    return session;
  }

  /** The first event of an old SSE stream: where the client sends its messages. */
  #listen(data: string): void {
    const { head } = this.#request;
    const endpoint = endpointOf(head, data);
    if (endpoint === undefined || this.#session !== undefined) return;
    const key = keyOfEndpoint(this.#info, endpoint);
    const session = this.#info.mcp.get(key) ?? new McpSession(serverNameOf(endpoint), true);
    session.becomeSse(sessionIdIn(endpoint));
    this.#isSse = true;
    this.#session = session;
    this.#settle();
    this.#info.mcp.put(key, session);
  }

  #over(session: McpSession, mark: Mark): void {
    session.end(this.#at(mark, 0, 0), true);
    this.#info.mcp.remove(session);
  }

  #at(mark: Mark, index: number, size: number, missing: readonly string[] = []): At {
    const { head, place } = this.#request;
    const session = this.#session;
    const isSse = session?.isSse === true;
    const evidence = evidenceOf(head, session?.isKnown === true);
    this.#attrs ??= attrsOf(head, this.#info);
    return {
      info: this.#info,
      mark,
      place: { ...place, index },
      evidence: { ...evidence, missing },
      attrs: { ...this.#attrs, 'mcp.transport': isSse ? 'sse' : 'streamable_http' },
      size,
      open: this.#open,
    };
  }
}

/** Bytes of the first event of a stream of which nobody knows whether it is MCP. */
const MAX_FIRST_EVENT = 65_536;

function attrsOf(head: CallHead, info: ConnectionInfo): Record<string, unknown> {
  const attrs: Record<string, unknown> = { 'network.transport': 'tcp', 'network.protocol.name': 'http' };
  headAttrs(head, info, identityOf(head, info), attrs);
  delete attrs['url.path']; // the addresses that services give out for MCP have their keys in the path
  return attrs;
}
