import type { CallError, NormalRequest } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { base64Size, errorOf, message, parametersOf, textPart } from '../normal.ts';
import { CallNames, Inputs, type SessionCall, type SessionCalls, systemMessage, weightOf } from '../session-calls.ts';
import { defineSessionFlavour, type Session, type Span } from '../session-flavour.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import { callOfItem, readItem, readTools, usageOf } from './realtime-items.ts';
import { RealtimeInput, RealtimeResponse } from './realtime-response.ts';

/**
 * OpenAI Realtime, GA and beta, also of Azure, xAI and all who copy it. Each response of the model is a call: its request holds the items since
 * the one before. In a session that only writes down what it hears, each transcript is a call. Source: developers.openai.com/api/docs/guides/realtime-websocket (2026-11).
 */
export const openaiRealtime = defineSessionFlavour({
  name: 'openai.realtime',
  match: (head) => {
    if (head.method === 'POST' || !head.path.endsWith('/realtime')) return undefined;
    const query = new URLSearchParams(head.query);
    if (query.get('intent') === 'transcription')
      return { operation: 'transcription', requestType: 'audio', streaming: true };
    const model = query.get('model') ?? query.get('deployment');
    return { operation: 'chat', requestType: 'chat', streaming: true, ...(model && { model }) };
  },
  knows: (body) => EVENT.test(text(body['type']) ?? ''),
  begin: (calls) => new RealtimeSession(calls),
});

const EVENT =
  /^(?:error$|(?:session|transcription_session|conversation|response|input_audio_buffer|output_audio_buffer)\.)/;

/** Requests or responses open at a time. */
const MAX_OPEN = 64;

/** A `response.create` that no response was created for yet. */
interface Asked {
  readonly first: Mark;
  readonly eventId: string | undefined;
  readonly params: Json;
  readonly inputs: readonly RealtimeInput[];
  readonly isCut: boolean;
  readonly isLost: boolean;
  /** Its answer may have been lost. */
  isUncertain: boolean;
}

class RealtimeSession implements Session {
  readonly #calls: SessionCalls;
  #config: Json = {};
  #configSize = 0;
  #sessionId: string | undefined;
  readonly #inputs: Inputs<RealtimeInput>;
  /** Bytes of audio since the last commit. */
  #audioBytes = 0;
  /** Where the input ended that the server answers by itself. */
  #committed: Mark | undefined;
  readonly #asked: Asked[] = [];
  readonly #open = new Map<string, RealtimeResponse>();
  readonly #names = new CallNames();
  #lostRequest = false;
  /** Since the last response was created, messages of the server were lost. */
  #lostAnswer = false;

  constructor(calls: SessionCalls) {
    this.#calls = calls;
    this.#inputs = new Inputs(calls.info.limits.bodyBytes);
  }

  get size(): number {
    let size = 1024 + this.#configSize + this.#inputs.size;
    for (const asked of this.#asked) for (const input of asked.inputs) size += input.size;
    for (const response of this.#open.values()) size += response.size;
    return size;
  }

  get busy(): boolean {
    return this.#asked.length > 0 || this.#open.size > 0;
  }

  message(dir: Direction, body: Json, span: Span): void {
    const type = text(body['type']) ?? '';
    if (dir === 'sent') this.#fromClient(type, body, span);
    else this.#fromServer(type, body, span);
  }

  lost(dir: Direction): void {
    if (dir === 'sent') this.#lostRequest = true;
    else {
      this.#lostAnswer = true;
      for (const response of this.#open.values()) response.isDamaged = true;
      for (const asked of this.#asked) asked.isUncertain = true;
    }
  }

  refused(code: number, reason: string, mark: Mark): void {
    const error = { type: 'websocket_close', message: reason, code: String(code) };
    this.#finishAll('torn', mark, error);
  }

  end(how: 'torn' | 'cut_off', mark: Mark): void {
    this.#finishAll(how, mark, undefined);
  }

  #finishAll(how: 'torn' | 'cut_off', mark: Mark, error: CallError | undefined): void {
    for (const response of this.#open.values()) response.breakOff(how, error);
    this.#open.clear();
    for (const asked of this.#asked.splice(0))
      this.#begin(asked).end({ error }, how === 'torn' ? 'unanswered' : how, mark);
  }

  #fromClient(type: string, body: Json, span: Span): void {
    switch (type) {
      case 'session.update':
      case 'transcription_session.update':
        this.#configure(body['session'], span);
        return;
      case 'conversation.item.create':
        this.#inputs.add(this.#ownInput(object(body['item']), span));
        return;
      case 'conversation.item.delete':
        this.#inputs.remove((input) => input.id === body['item_id']);
        return;
      case 'input_audio_buffer.append':
        this.#audioBytes += base64Size(body['audio']);
        return;
      case 'input_audio_buffer.clear':
        this.#audioBytes = 0;
        return;
      case 'input_audio_buffer.commit':
        this.#commit(undefined, span.first);
        return;
      case 'response.create':
        this.#ask(body, span);
        return;
      default:
    }
  }

  #fromServer(type: string, body: Json, span: Span): void {
    switch (type) {
      case 'session.created':
      case 'session.updated':
      case 'transcription_session.created':
      case 'transcription_session.updated':
        this.#sessionId = text(object(body['session'])['id']) ?? this.#sessionId;
        this.#configure(body['session'], span);
        return;
      case 'input_audio_buffer.committed': {
        // what the client committed, or what the server found to be the end of a turn
        const own = this.#input((input) => input.isAudio && input.id === undefined);
        const id = text(body['item_id']);
        if (own === undefined) this.#commit(id, span.first);
        else own.id = id;
        this.#committed = span.last;
        return;
      }
      case 'conversation.item.input_audio_transcription.completed':
      case 'conversation.item.input_audio_transcription.failed':
        if (this.#calls.opening.match.requestType === 'audio') this.#transcribed(body, span);
        else this.#heard(text(body['item_id']), text(body['transcript']), span);
        return;
      case 'response.created':
        this.#created(object(body['response']), span);
        return;
      case 'response.done':
        this.#done(object(body['response']), span);
        return;
      case 'error':
        this.#failed(body, span.last);
        return;
      default:
        if (type.startsWith('response.')) this.#responseEvent(type, body, span);
    }
  }

  #configure(session: unknown, span: Span): void {
    if (!isObject(session)) return;
    this.#config = { ...this.#config, ...session };
    this.#configSize = span.size;
  }

  #commit(id: string | undefined, first: Mark): void {
    const input = RealtimeInput.ofAudio(id, this.#audioBytes, first);
    input.isAwaited = Object.keys(this.#transcription).length > 0;
    this.#audioBytes = 0;
    this.#inputs.add(input);
  }

  /** How the user's speech is written down; empty where it is not. */
  get #transcription(): Json {
    const audio = object(object(this.#config['audio'])['input']);
    return object(this.#config['input_audio_transcription'] ?? audio['transcription']);
  }

  /** Among all that was not emitted yet. */
  #input(is: (input: RealtimeInput) => boolean): RealtimeInput | undefined {
    for (const asked of this.#asked) {
      const found = asked.inputs.find(is);
      if (found !== undefined) return found;
    }
    for (const response of this.#open.values()) {
      const found = response.waiting.find(is);
      if (found !== undefined) return found;
    }
    return this.#inputs.find(is);
  }

  #transcribed(body: Json, span: Span): void {
    const is = (input: RealtimeInput): boolean => input.id !== undefined && input.id === body['item_id'];
    const input = this.#inputs.find(is);
    this.#inputs.remove(is);
    const request: NormalRequest = {
      model: text(this.#transcription['model']),
      streaming: true,
      messages: input === undefined ? [] : [input.message],
      conversationId: this.#sessionId ?? this.#calls.derivedId,
    };
    const call = this.#calls.begin(request, input?.first ?? span.first, this.#lostRequest ? 'lost' : undefined);
    this.#lostRequest = false;
    const words = text(body['transcript']);
    const choices = words === undefined ? [] : [{ index: 0, message: message('assistant', [textPart(words)]) }];
    call.end({ choices, usage: usageOf(body['usage']), error: errorOf(body) }, 'whole', span.last);
  }

  #heard(id: string | undefined, words: string | undefined, span: Span): void {
    const input = id === undefined ? undefined : this.#input((known) => known.id === id);
    if (input !== undefined) {
      input.heard(words);
      for (const response of this.#open.values()) response.heard();
    } else if (words !== undefined)
      // its request is out: the words come with the next one
      this.#inputs.add(new RealtimeInput(id, message('user', [textPart(words)]), span.size));
  }

  #ask(body: Json, span: Span): void {
    const params = object(body['response']);
    // an input of its own leaves the conversation as it is
    const own = params['input'];
    const taken = Array.isArray(own)
      ? {
          items: list(own)
            .filter(isObject)
            .map((item) => this.#ownInput(item, span)),
          isCut: false,
        }
      : this.#inputs.take();
    this.#asked.push({
      first: span.first,
      eventId: text(body['event_id']),
      params,
      inputs: taken.items,
      isCut: taken.isCut,
      isLost: this.#lostRequest,
      isUncertain: false,
    });
    this.#lostRequest = false;
    this.#committed = undefined;
    if (this.#asked.length > MAX_OPEN) this.#giveUp(span.last);
  }

  #ownInput(item: Json, span: Span): RealtimeInput {
    const words = readItem(item, (id) => this.#names.get(id));
    return new RealtimeInput(text(item['id']), words, weightOf(words, span.size));
  }

  #giveUp(mark: Mark): void {
    const oldest = this.#asked.shift();
    if (oldest === undefined) return;
    this.#calls.info.counters.count('lost_responses');
    this.#begin(oldest).end({}, oldest.isUncertain ? 'lost' : 'unanswered', mark);
  }

  #created(response: Json, span: Span): void {
    const own = text(response['id']) ?? '';
    // the end of what was open in the conversation got lost
    for (const [id, open] of this.#open) {
      if (!open.isDamaged && id !== own && this.#open.size < MAX_OPEN) continue;
      this.#open.delete(id);
      open.breakOff('lost', undefined);
    }
    this.#lostAnswer = false;
    while (this.#asked.length > 1 && this.#asked[0]?.isUncertain === true) this.#giveUp(span.last);
    const asked = this.#asked.shift() ?? this.#unasked(span);
    const open = new RealtimeResponse({
      response,
      inputs: asked.inputs,
      begin: () => this.#begin(asked),
      model: text(asked.params['model']) ?? text(this.#config['model']) ?? this.#calls.opening.match.model,
      maxBytes: this.#calls.info.limits.bodyBytes,
      mark: span.last,
    });
    this.#open.set(own, open);
  }

  /** The server answers by itself when the user stops speaking; else what asked it was lost. */
  #unasked(span: Span): Asked {
    const { items, isCut } = this.#inputs.take();
    const asked = {
      first: this.#committed ?? span.first,
      eventId: undefined,
      params: {},
      inputs: items,
      isCut,
      isLost: this.#lostRequest || this.#committed === undefined,
      isUncertain: false,
    };
    this.#committed = undefined;
    this.#lostRequest = false;
    return asked;
  }

  #responseEvent(type: string, body: Json, span: Span): void {
    const open = this.#openOf(body['response_id'], span);
    if (open === undefined) return;
    open.event(type, body, span);
    const item = type === 'response.output_item.done' ? callOfItem(object(body['item'])) : undefined;
    if (item?.id !== undefined) this.#names.set(item.id, item.name);
  }

  #done(response: Json, span: Span): void {
    const open = this.#openOf(response['id'], span);
    if (open === undefined) {
      this.#calls.info.counters.count('lost_requests');
      return;
    }
    this.#open.delete(text(response['id']) ?? '');
    open.done(response, span.last);
  }

  /** The response of an event; one whose `response.created` was lost begins here. */
  #openOf(id: unknown, span: Span): RealtimeResponse | undefined {
    const name = text(id) ?? '';
    if (this.#lostAnswer && name !== '' && !this.#open.has(name)) {
      this.#created({ id: name }, span);
      const open = this.#open.get(name);
      if (open !== undefined) open.isDamaged = true;
    }
    return this.#open.get(name);
  }

  /** Most errors leave the session as it is; those of a `response.create` are the end of its call. */
  #failed(body: Json, mark: Mark): void {
    const error = errorOf(body) ?? {};
    const cause = text(object(body['error'])['event_id']);
    const param = text(object(body['error'])['param']) ?? '';
    let at = this.#asked.findIndex(({ eventId }) => eventId !== undefined && eventId === cause);
    const isOther = cause !== undefined || /^(?:session|item|audio)\b/.test(param);
    if (at < 0 && !isOther && this.#asked[0]?.eventId === undefined) at = this.#asked.length > 0 ? 0 : -1;
    const [asked] = at < 0 ? [] : this.#asked.splice(at, 1);
    if (asked === undefined) this.#calls.info.counters.count('session_errors');
    else this.#begin(asked).end({ error: { ...error, type: error.type ?? error.code ?? 'error' } }, 'whole', mark);
  }

  #begin(asked: Asked): SessionCall {
    const { params } = asked;
    const setting = (name: string): unknown => params[name] ?? this.#config[name];
    const instructions = text(setting('instructions'));
    const messages = asked.inputs.map((input) => input.message);
    const request: NormalRequest = {
      model: text(setting('model')) ?? this.#calls.opening.match.model,
      streaming: true,
      messages: instructions === undefined ? messages : [systemMessage(instructions), ...messages],
      tools: readTools(setting('tools')),
      toolChoice: setting('tool_choice'),
      parameters: parametersOf({
        temperature: setting('temperature'),
        max_output_tokens: number(setting('max_output_tokens') ?? setting('max_response_output_tokens')),
      }),
      conversationId: this.#sessionId ?? this.#calls.derivedId,
    };
    return this.#calls.begin(request, asked.first, asked.isLost ? 'lost' : asked.isCut ? 'too_large' : undefined);
  }
}
