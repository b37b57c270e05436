import type { Message, ToolCall } from '../../core/index.ts';
import { toolEvents } from './agent-events.ts';
import { type AnswerEnding, emitResponse } from './answer.ts';
import type { Damage } from './body/reader.ts';
import { type Call, missingWord, type Named } from './call.ts';
import { type ConnectionInfo, requestIdOf } from './connection-info.ts';
import type { CallHead, CallMatch, NormalRequest, NormalResponse } from './flavour.ts';
import { emitRequest } from './request.ts';
import type { Mark } from './stream/mark.ts';

/** The request that opened a session. */
export interface Opening {
  readonly head: CallHead;
  readonly flavour: Named;
  readonly match: CallMatch;
  readonly first: Mark;
  /** The HTTP/2 stream; 0 on a connection that was upgraded. */
  readonly stream: number;
  /** Place of the request among those of the connection: the calls of the session take this one and the following. */
  readonly ordinal: number;
}

/** Makes the calls of one session: each has a place of its own in the connection. */
export class SessionCalls {
  readonly info: ConnectionInfo;
  readonly opening: Opening;
  #made = 0;

  constructor(info: ConnectionInfo, opening: Opening) {
    this.info = info;
    this.opening = opening;
  }

  /** An id of the session for APIs that give none: the same bytes, the same id. */
  get derivedId(): string {
    const { first, stream, ordinal } = this.opening;
    return `session_${requestIdOf(this.info, first, stream, ordinal)}`;
  }

  /** Emits the request of a call. */
  begin(request: NormalRequest, first: Mark, damage: Damage | undefined): SessionCall {
    const { head, flavour, match, stream, ordinal } = this.opening;
    const place = { dir: 'sent', stream, ordinal: ordinal + this.#made++, index: 0 } as const;
    if (damage !== undefined) this.info.counters.count('damaged_bodies', 'reason', damage);
    return new SessionCall(emitRequest(this.info, { head, flavour, match, place, first }, request, damage));
  }
}

/** One call of a session, from its request to the end of its answer. */
export class SessionCall {
  readonly #call: Call<Named>;
  #firstToken: Mark | undefined;
  #calls = 0;

  constructor(call: Call<Named>) {
    this.#call = call;
  }

  /** Content of the answer came. */
  content(mark: Mark): void {
    this.#firstToken ??= mark;
  }

  /** A tool call's block ended. */
  toolCall(tool: ToolCall, mark: Mark): void {
    this.#firstToken ??= mark;
    for (const event of toolEvents(this.#call, tool, this.#calls++, mark)) this.#call.info.emit(event);
  }

  /** Emits the answer; `mark` is its last byte. `status` is what an error message tells beside the error. */
  end(
    response: NormalResponse,
    how: AnswerEnding,
    mark: Mark,
    more: { readonly damage?: Damage | undefined; readonly status?: number | undefined } = {},
  ): void {
    const { damage } = more;
    if (damage !== undefined) this.#call.info.counters.count('damaged_bodies', 'reason', damage);
    for (const tool of (response.toolCalls ?? []).slice(this.#calls)) this.toolCall(tool, mark);
    const missing = how === 'unanswered' ? ['response'] : [];
    emitResponse(this.#call, response, {
      status: more.status,
      retryAfter: undefined,
      how,
      mark,
      firstToken: this.#firstToken,
      streamed: how !== 'unanswered',
      missing: damage === undefined ? missing : [...missing, missingWord('response', damage)],
    });
  }
}

/** What a message weighs once it is kept: `size` is that of the JSON that brought it. Sounds and pictures are not kept. */
export function weightOf(words: Message, size: number): number {
  const parts = words.parts ?? [];
  if (!parts.some((part) => part.type === 'blob')) return size;
  let weight = 0;
  for (const part of parts)
    weight += part.type === 'text' && typeof part.content === 'string' ? part.content.length : 64;
  return Math.min(size, weight);
}

/** The names of the tools of the latest calls of a session, by the calls' ids: results come without. */
export class CallNames {
  readonly #names = new Map<string, string>();

  set(id: string, name: string): void {
    this.#names.set(id, name);
    if (this.#names.size > 1000)
      for (const oldest of this.#names.keys()) {
        this.#names.delete(oldest);
        break;
      }
  }

  get(id: string): string | undefined {
    return this.#names.get(id);
  }
}

/** Inputs that may wait for one call. */
const MAX_INPUTS = 10_000;

/** Bounds what waits for the next call of a session: the oldest goes first. */
export class Inputs<T extends { readonly size: number }> {
  readonly #maxBytes: number;
  #items: T[] = [];
  #size = 0;
  #isCut = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#size;
  }

  get count(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#items.push(item);
    this.#size += item.size + 64;
    while ((this.#size > this.#maxBytes && this.#items.length > 1) || this.#items.length > MAX_INPUTS) {
      this.#isCut = true;
      this.#size -= (this.#items.shift()?.size ?? 0) + 64;
    }
  }

  find(is: (item: T) => boolean): T | undefined {
    return this.#items.find(is);
  }

  remove(is: (item: T) => boolean): void {
    const at = this.#items.findIndex(is);
    if (at >= 0) for (const { size } of this.#items.splice(at, 1)) this.#size -= size + 64;
  }

  /** All of it, and whether some had to go. */
  take(): { readonly items: readonly T[]; readonly isCut: boolean } {
    const taken = { items: this.#items, isCut: this.#isCut };
    this.#items = [];
    this.#size = 0;
    this.#isCut = false;
    return taken;
  }
}

/** The system prompt of a session, which stands beside its messages. */
export function systemMessage(words: string): Message {
  return { role: 'system', content: words, parts: [{ type: 'text', content: words }], attrs: { separate: true } };
}
