import { callHeadOf } from '../call-head.ts';
import type { ConnectionInfo } from '../connection-info.ts';
import { sessionFlavourOf } from '../flavours/sessions.ts';
import type { Head } from '../http1/head.ts';
import { isObject, parseJson } from '../json.ts';
import { SessionCalls } from '../session-calls.ts';
import type { Session, SessionFlavour } from '../session-flavour.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import type { ConnectionProtocol } from '../stream/protocol.ts';
import { extensionsOf } from './extensions.ts';
import { MessageReader } from './reader.ts';

/** The request that opened a WebSocket and its answer: an upgrade (RFC 6455 4) or an extended CONNECT (RFC 8441 5). */
export interface Handshake {
  readonly request: Head;
  readonly response: Head;
  /** First byte of the request. */
  readonly first: Mark;
  /** The HTTP/2 stream; 0 on a connection that was upgraded. */
  readonly stream: number;
  /** Place of the request among those of the connection. */
  readonly ordinal: number;
}

/** What reads the WebSocket; undefined when it is no AI API, or has an extension that nobody knows. */
export function websocketOf(info: ConnectionInfo, handshake: Handshake): WebSocketProtocol | undefined {
  const { request, response, first, stream, ordinal } = handshake;
  const head = callHeadOf(request, info);
  const found = sessionFlavourOf(head);
  if (found === undefined) return undefined;
  const extensions = extensionsOf(response.headers.get('sec-websocket-extensions'));
  if (!extensions.isKnown) {
    info.counters.warn(
      'A WebSocket of an AI API has an extension that is not known.',
      'unsupported',
      'protocol',
      'websocket_extension',
    );
    return undefined;
  }
  const calls = new SessionCalls(info, { head, ...found, first, stream, ordinal });
  return new WebSocketProtocol(info, found.flavour, calls, extensions.deflate);
}

/** A WebSocket connection (RFC 6455) over which an AI API is spoken. */
export class WebSocketProtocol implements ConnectionProtocol {
  readonly #info: ConnectionInfo;
  readonly #flavour: SessionFlavour;
  readonly #session: Session;
  readonly #readers: Readonly<Record<Direction, MessageReader>>;
  /** The session is one beyond doubt: its host is known, or its first message was. */
  #isKnown: boolean;
  #isIgnored = false;
  /** What the server said last about why it closes. */
  #last: Mark | undefined;

  constructor(
    info: ConnectionInfo,
    flavour: SessionFlavour,
    calls: SessionCalls,
    deflate: { readonly clientResets: boolean; readonly serverResets: boolean } | undefined,
  ) {
    this.#info = info;
    this.#flavour = flavour;
    this.#session = flavour.begin(calls);
    this.#isKnown = calls.opening.head.provider !== undefined;
    const reader = (dir: Direction, isMasked: boolean, resets: boolean): MessageReader =>
      new MessageReader(
        { isMasked, deflates: deflate !== undefined, resets, maxBytes: info.limits.bodyBytes },
        {
          message: (payload, isText, first, last) => this.#message(dir, payload, isText, first, last),
          close: (code, reason, mark) => {
            if (dir === 'received' && code !== 1000 && code !== 1005) this.#session.refused(code, reason, mark);
          },
          lost: (reason) => {
            info.counters.count('lost_messages', 'reason', reason);
            this.#session.lost(dir);
          },
          refused: (reason) => info.counters.count('websocket_refused', 'reason', reason),
        },
      );
    this.#readers = {
      sent: reader('sent', true, deflate?.clientResets === true),
      received: reader('received', false, deflate?.serverResets === true),
    };
  }

  feed(dir: Direction, bytes: Buffer, mark: Mark): void {
    if (this.#isIgnored) return;
    this.#last = mark;
    this.#readers[dir].feed(bytes, mark);
  }

  gap(dir: Direction, size: number | undefined, mark: Mark): void {
    if (!this.#isIgnored) this.#readers[dir].gap(size, mark);
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    if (this.#isIgnored) return;
    const last = this.#last ?? mark;
    this.#readers.sent.end(last);
    this.#readers.received.end(last);
    this.#session.end(how.ended ? 'torn' : 'cut_off', last);
    this.#isIgnored = true;
  }

  get interleaved(): boolean {
    return true;
  }

  ready(): boolean {
    return true;
  }

  get busy(): boolean {
    return this.#session.busy || this.#readers.sent.isOpen || this.#readers.received.isOpen;
  }

  get size(): number {
    return this.#session.size + this.#readers.sent.size + this.#readers.received.size;
  }

  get ignored(): boolean {
    return this.#isIgnored;
  }

  #message(dir: Direction, payload: Buffer, isText: boolean, first: Mark, last: Mark): void {
    if (this.#isIgnored) return;
    // Gemini's server sends JSON in binary messages
    const body = isText || payload[0] === 0x7b ? parseJson(payload.toString('utf8')) : undefined;
    if (!this.#isKnown && !(isObject(body) && this.#flavour.knows(body))) {
      this.#ignore();
      return;
    }
    this.#isKnown = true;
    if (isObject(body)) this.#session.message(dir, body, { first, last, size: payload.length });
    else this.#info.counters.count('unreadable_messages', 'kind', isText ? 'text' : 'binary');
  }

  #ignore(): void {
    this.#info.counters.count('ignored_requests', 'reason', 'other_shape');
    this.#isIgnored = true;
    this.#readers.sent.stop();
    this.#readers.received.stop();
  }
}
