import type { Message } from '../../../core/index.ts';
import type { NormalRequest, StreamReader } from '../flavour.ts';
import { isObject, type Json, number, object, text } from '../json.ts';
import { Inputs, type SessionCall, type SessionCalls } from '../session-calls.ts';
import { defineSessionFlavour, type Session, type Span } from '../session-flavour.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import { openaiResponses, readInput } from './openai-responses.ts';

/**
 * OpenAI Responses over WebSocket, also as codex and xAI speak it: `response.create` holds the body of the HTTP request, the answer is the stream
 * of its events. Source: developers.openai.com/api/docs/guides/websocket-mode (2026-11).
 */
export const openaiResponsesSession = defineSessionFlavour({
  name: 'openai.responses.websocket',
  match: (head) =>
    head.method !== 'POST' && head.path.endsWith('/responses')
      ? { operation: 'chat', requestType: 'chat', streaming: true }
      : undefined,
  knows: (body) => /^(?:response\.|error$)/.test(text(body['type']) ?? ''),
  begin: (calls) => new ResponsesSession(calls),
});

/** Calls of one lane that may wait for their answers. */
const MAX_WAITING = 64;
const MAX_LANES = 256;

/** Messages that carry the whole answer and end it. */
const ENDS = new Set(['response.completed', 'response.incomplete', 'response.failed', 'response.cancelled']);

interface Turn {
  readonly call: SessionCall;
  readonly reader: StreamReader;
  last: Mark | undefined;
  size: number;
  isDamaged: boolean;
}

/** Calls with the same `stream_id` are answered in their order; those without one make a lane of their own. */
interface Lane {
  readonly turns: Turn[];
  /** What `response.steer` gave for the continuation. */
  readonly steered: Inputs<{ readonly message: Message; readonly size: number; readonly first: Mark }>;
}

class ResponsesSession implements Session {
  readonly #calls: SessionCalls;
  readonly #lanes = new Map<string, Lane>();
  #lostRequest = false;

  constructor(calls: SessionCalls) {
    this.#calls = calls;
  }

  get size(): number {
    let size = 256;
    for (const lane of this.#lanes.values()) {
      size += 128 + lane.steered.size;
      for (const turn of lane.turns) size += 512 + turn.size;
    }
    return size;
  }

  get busy(): boolean {
    for (const lane of this.#lanes.values()) if (lane.turns.length > 0) return true;
    return false;
  }

  message(dir: Direction, body: Json, span: Span): void {
    const type = text(body['type']) ?? '';
    const name = text(body['stream_id']) ?? (type === 'error' ? this.#onlyLane() : '');
    if (dir === 'received') this.#event(name, type, body, span);
    else if (type === 'response.create') this.#create(name, body, span);
    else if (type === 'response.steer') {
      const { steered } = this.#lane(name, span.last);
      for (const message of readInput(body['input'])) steered.add({ message, size: span.size, first: span.first });
    }
  }

  lost(dir: Direction): void {
    if (dir === 'sent') this.#lostRequest = true;
    else for (const lane of this.#lanes.values()) for (const turn of lane.turns) turn.isDamaged = true;
  }

  refused(code: number, reason: string, mark: Mark): void {
    for (const lane of this.#lanes.values())
      for (const turn of lane.turns.splice(0)) {
        const error = { type: 'websocket_close', message: reason, code: String(code) };
        const answered = turn.last !== undefined;
        turn.call.end({ ...turn.reader.end(), error }, answered ? 'torn' : 'unanswered', mark);
      }
  }

  end(how: 'torn' | 'cut_off', mark: Mark): void {
    for (const lane of this.#lanes.values())
      for (const turn of lane.turns.splice(0)) {
        if (turn.last === undefined) turn.call.end({}, how === 'torn' ? 'unanswered' : how, mark);
        else turn.call.end(turn.reader.end(), how, turn.last, { damage: turn.isDamaged ? 'lost' : undefined });
      }
    this.#lanes.clear();
  }

  /** The lane of an error that names none. */
  #onlyLane(): string {
    const busy = [...this.#lanes].filter(([, { turns }]) => turns.length > 0);
    return busy.length === 1 ? (busy[0]?.[0] ?? '') : '';
  }

  #lane(name: string, mark: Mark): Lane {
    let lane = this.#lanes.get(name);
    if (lane !== undefined) return lane;
    if (this.#lanes.size >= MAX_LANES)
      for (const [oldest, { turns }] of this.#lanes) {
        this.#lanes.delete(oldest);
        for (const turn of turns) this.#giveUp(turn, mark);
        break;
      }
    lane = { turns: [], steered: new Inputs(this.#calls.info.limits.bodyBytes) };
    this.#lanes.set(name, lane);
    return lane;
  }

  #giveUp(turn: Turn, mark: Mark): void {
    this.#calls.info.counters.count('lost_responses');
    turn.call.end(turn.reader.end(), turn.last === undefined ? 'unanswered' : 'lost', mark);
  }

  #create(name: string, event: Json, span: Span): void {
    const body = isObject(event['response']) ? event['response'] : event;
    const { head, match } = this.#calls.opening;
    const request = openaiResponses.request(body, head, match);
    if (request === undefined) this.#calls.info.counters.count('unreadable_bodies', 'side', 'request');
    this.#begin(name, { ...(request ?? { model: text(body['model']) }), streaming: true }, span);
  }

  #begin(name: string, request: NormalRequest, span: Pick<Span, 'first' | 'last'>): Turn {
    const lane = this.#lane(name, span.last);
    const { head, match } = this.#calls.opening;
    const damage = this.#lostRequest ? 'lost' : undefined;
    this.#lostRequest = false;
    const call = this.#calls.begin(request, span.first, damage);
    const turn = { call, reader: openaiResponses.stream(head, match), last: undefined, size: 0, isDamaged: false };
    lane.turns.push(turn);
    const [oldest] = lane.turns;
    if (lane.turns.length > MAX_WAITING && oldest !== undefined) {
      lane.turns.shift();
      this.#giveUp(oldest, span.last);
    }
    return turn;
  }

  #event(name: string, type: string, body: Json, span: Span): void {
    const turn = this.#lanes.get(name)?.turns[0] ?? this.#continued(name, type, body, span);
    if (turn === undefined) {
      if (type === 'error') this.#calls.info.counters.count('session_errors');
      return;
    }
    if (!type.startsWith('response.') && type !== 'error') return;
    // an answer whose end was lost: this one belongs to the next call
    const { turns } = this.#lane(name, span.last);
    if (type === 'response.created' && turn.isDamaged && (turn.last !== undefined || turns.length > 1)) {
      turns.shift();
      turn.call.end(turn.reader.end(), 'lost', turn.last ?? span.last, { damage: 'lost' });
      this.#event(name, type, body, span);
      return;
    }
    turn.last = span.last;
    if (turn.reader.push(body, type, (tool) => turn.call.toolCall(tool, span.last))) turn.call.content(span.last);
    turn.size += span.size;
    if (turn.size > this.#calls.info.limits.bodyBytes) {
      this.#finish(name, turn, span.last, { damage: 'too_large' }, 'lost');
      return;
    }
    if (!ENDS.has(type) && type !== 'error') return;
    const status = type === 'error' ? number(body['status']) : undefined;
    this.#finish(name, turn, span.last, { status, damage: turn.isDamaged ? 'lost' : undefined }, 'whole');
  }

  #finish(
    name: string,
    turn: Turn,
    mark: Mark,
    more: { readonly damage?: 'lost' | 'too_large' | undefined; readonly status?: number | undefined },
    how: 'whole' | 'lost',
  ): void {
    const lane = this.#lanes.get(name);
    lane?.turns.shift();
    if (lane?.turns.length === 0 && lane.steered.count === 0) this.#lanes.delete(name);
    turn.call.end(turn.reader.end(), how, mark, more);
  }

  /** An answer that nobody asked for begins: the continuation after `response.steer`, or its request was lost. */
  #continued(name: string, type: string, body: Json, span: Span): Turn | undefined {
    if (type !== 'response.created') return undefined;
    const { items, isCut } = this.#lane(name, span.last).steered.take();
    if (items.length === 0) this.#calls.info.counters.count('lost_requests');
    const response = object(body['response']);
    const request: NormalRequest = {
      model: text(response['model']),
      streaming: true,
      messages: items.map(({ message }) => message),
      previousResponseId: text(response['previous_response_id']),
    };
    this.#lostRequest ||= isCut || items.length === 0;
    return this.#begin(name, request, { first: items[0]?.first ?? span.first, last: span.last });
  }
}
