import type { Message } from '../../../core/index.ts';
import type { AnswerEnding } from '../answer.ts';
import type { CallError, NormalRequest } from '../flavour.ts';
import { isObject, type Json, list, object, text } from '../json.ts';
import { base64Size, mediaPart, message, textPart } from '../normal.ts';
import { CallNames, Inputs, type SessionCalls, weightOf } from '../session-calls.ts';
import { defineSessionFlavour, type Session, type Span } from '../session-flavour.ts';
import type { Direction, Mark } from '../stream/mark.ts';
import { modalityOf, readContent, readRequest } from './google.ts';
import { LiveTurn } from './live-turn.ts';

/**
 * Gemini Live: `BidiGenerateContent` of the Gemini API and of Vertex AI. Each answer of the model is a call, ended by `turnComplete` or by the
 * results of the tools it asked for; its request holds what the client sent since the one before. Source: ai.google.dev/api/live (2026-11).
 */
export const googleLive = defineSessionFlavour({
  name: 'google.live',
  match: (head) =>
    head.method !== 'POST' && /[./]BidiGenerateContent(?:Constrained)?$/.test(head.path)
      ? { operation: 'generate_content', requestType: 'chat', streaming: true }
      : undefined,
  knows: (body) => KEYS.some((name) => fieldOf(body, name) !== undefined),
  begin: (calls) => new LiveSession(calls),
});

const KEYS = ['setup', 'clientContent', 'realtimeInput', 'toolResponse', 'setupComplete', 'serverContent', 'toolCall'];

/** A field by its JSON name, or the name that it has in protobuf, which clients may send as well. */
function fieldOf(body: Json, name: string): unknown {
  return body[name] ?? body[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)];
}

interface LiveInput {
  readonly message: Message;
  readonly size: number;
}

class LiveSession implements Session {
  readonly #calls: SessionCalls;
  #setup: Json = {};
  #setupSize = 0;
  #setupMark: Mark | undefined;
  #isSetUp = false;
  #sessionId: string | undefined;
  readonly #inputs: Inputs<LiveInput>;
  /** Bytes of the sounds and pictures since the last answer, by media type. */
  readonly #media = new Map<string, number>();
  #heard = '';
  /** Where the input began that asks for an answer. */
  #asked: Mark | undefined;
  /** Results of tools are what asks. */
  #isResulting = false;
  #turn: LiveTurn | undefined;
  #lostRequest = false;
  /** Since the last answer ended, messages of the server were lost. */
  #lostAnswer = false;
  /** Names of the calls that the model made. */
  readonly #names = new CallNames();

  constructor(calls: SessionCalls) {
    this.#calls = calls;
    this.#inputs = new Inputs(calls.info.limits.bodyBytes);
  }

  get size(): number {
    return 1024 + this.#setupSize + this.#inputs.size + this.#heard.length + (this.#turn?.size ?? 0);
  }

  get busy(): boolean {
    return this.#turn !== undefined || this.#asked !== undefined;
  }

  message(dir: Direction, body: Json, span: Span): void {
    if (dir === 'sent') this.#fromClient(body, span);
    else this.#fromServer(body, span);
  }

  lost(dir: Direction): void {
    if (dir === 'sent') this.#lostRequest = true;
    else if (this.#turn !== undefined) this.#turn.isDamaged = true;
    else {
      this.#lostAnswer = true;
      // it may have been what the user said
      if (this.#media.size > 0) this.#lostRequest = true;
    }
  }

  /** This API tells its errors in the reason of the close. */
  refused(code: number, reason: string, mark: Mark): void {
    const error = { type: 'websocket_close', message: reason, code: String(code) };
    const turn = this.#turn;
    this.#turn = undefined;
    if (turn !== undefined) turn.breakOff('torn', error);
    else if (!this.#isSetUp) this.#asked ??= this.#setupMark;
    this.#unanswered('unanswered', mark, error);
  }

  end(how: 'torn' | 'cut_off', mark: Mark): void {
    this.#turn?.breakOff(how, undefined);
    this.#turn = undefined;
    this.#unanswered(how === 'torn' ? 'unanswered' : how, mark, undefined);
  }

  /** What was asked gets no answer. */
  #unanswered(how: AnswerEnding, mark: Mark, error: CallError | undefined): void {
    const first = this.#asked;
    this.#asked = undefined;
    this.#isResulting = false;
    if (first === undefined) return;
    const request = this.#request(first);
    this.#calls.begin(request.read(), request.first, request.damage).end({ error }, how, mark);
  }

  #fromClient(body: Json, span: Span): void {
    const setup = fieldOf(body, 'setup');
    if (isObject(setup)) {
      this.#setup = setup;
      this.#setupSize = span.size;
      this.#setupMark = span.first;
    }
    const content = fieldOf(body, 'clientContent');
    if (isObject(content)) {
      const turns = list(content['turns']).filter(isObject);
      for (const turn of turns) this.#add(readContent(turn), span.size / turns.length);
      if (fieldOf(content, 'turnComplete') === true) this.#asked ??= span.first;
    }
    const answers = list(fieldOf(object(fieldOf(body, 'toolResponse')), 'functionResponses')).filter(isObject);
    if (answers.length > 0) this.#results(answers, span);
    const input = fieldOf(body, 'realtimeInput');
    if (isObject(input)) this.#realtime(input, span);
  }

  #results(answers: readonly Json[], span: Span): void {
    // a model that waits for its tools answers anew; one that went on speaking hears of them later
    if (this.#turn?.waits === true) this.#endTurn('toolCall');
    // results of calls that nobody saw: the answer that made them was lost
    else if (this.#turn === undefined && !this.#isResulting && !this.#isAsync)
      this.#unanswered('lost', span.last, undefined);
    const named = answers.map((answer) => {
      const name = text(answer['name']) ?? this.#names.get(text(answer['id']) ?? '');
      return { functionResponse: name === undefined ? answer : { ...answer, name } };
    });
    this.#add(readContent({ role: 'user', parts: named }), span.size);
    this.#isResulting = true;
    this.#asked ??= span.first;
  }

  #realtime(input: Json, span: Span): void {
    const words = text(input['text']);
    if (words !== undefined) {
      this.#add(message('user', [textPart(words)]), words.length);
      this.#asked ??= span.first;
    }
    if (fieldOf(input, 'activityEnd') !== undefined) this.#asked ??= span.first;
    const chunks = [input['audio'], input['video'], ...list(fieldOf(input, 'mediaChunks'))];
    for (const chunk of chunks) {
      if (!isObject(chunk)) continue;
      const mime = text(fieldOf(chunk, 'mimeType')) ?? 'application/octet-stream';
      if (this.#media.has(mime) || this.#media.size < 16)
        this.#media.set(mime, (this.#media.get(mime) ?? 0) + base64Size(chunk['data']));
    }
  }

  #add(words: Message, size: number): void {
    this.#inputs.add({ message: words, size: weightOf(words, size) });
  }

  #fromServer(body: Json, span: Span): void {
    const complete = body['setupComplete'];
    if (complete !== undefined) {
      this.#isSetUp = true;
      this.#sessionId = text(object(complete)['sessionId']);
    }
    const content = object(body['serverContent']);
    const heard = text(object(content['inputTranscription'])['text']);
    if (
      heard !== undefined &&
      this.#turn?.hear(heard) !== true &&
      this.#heard.length < this.#calls.info.limits.bodyBytes
    )
      this.#heard += heard;
    const calls = list(object(body['toolCall'])['functionCalls']).filter(isObject);
    if (calls.length > 0 || isObject(content['modelTurn']) || isObject(content['outputTranscription'])) {
      // the end of the answer before was lost: the client asked again since
      if (this.#turn?.isDamaged === true && this.#asked !== undefined) {
        this.#turn.breakOff('lost', undefined);
        this.#turn = undefined;
      }
      if (this.#turn?.waits === true && isObject(content['modelTurn']) && !this.#isAsync) this.#goesOn(this.#turn);
      this.#turn ??= this.#begin(span);
      this.#turn.content(content, span);
      for (const call of calls) this.#toolCall(call, this.#turn, span);
    }
    const usage = body['usageMetadata'];
    if (isObject(usage)) this.#turn?.usage(usage);
    if (content['generationComplete'] === true) this.#turn?.generated();
    if (content['interrupted'] === true) this.#turn?.interrupt();
    if (content['turnComplete'] !== true) return;
    this.#turn?.touch(span.last);
    this.#endTurn('turnComplete');
  }

  /** Tools whose results the model does not wait for. */
  get #isAsync(): boolean {
    for (const tool of list(this.#setup['tools']))
      for (const declared of list(fieldOf(object(tool), 'functionDeclarations')))
        if (object(declared)['behavior'] === 'NON_BLOCKING') return true;
    return false;
  }

  /** The model speaks though it waits for its tools: their results were lost, now or unnoticed. */
  #goesOn(turn: LiveTurn): void {
    if (this.#lostRequest) this.#endTurn('toolCall');
    else turn.isDamaged = true;
  }

  #toolCall(call: Json, turn: LiveTurn, span: Span): void {
    const id = text(call['id']);
    const name = text(call['name']);
    if (id !== undefined && name !== undefined) this.#names.set(id, name);
    turn.toolCall(call, span);
  }

  #begin(span: Span): LiveTurn {
    // nobody asked and nobody spoke: what did was lost
    this.#lostRequest ||= this.#asked === undefined && this.#media.size === 0 && this.#inputs.count === 0;
    const request = this.#request(this.#asked ?? span.first);
    this.#asked = undefined;
    this.#isResulting = false;
    const turn = new LiveTurn({
      begin: (heard, isDamaged) =>
        this.#calls.begin(request.read(heard), request.first, request.damage ?? (isDamaged ? 'lost' : undefined)),
      awaits: request.hasAudio && this.#transcribes,
      model: modelOf(this.#setup),
      maxBytes: this.#calls.info.limits.bodyBytes,
      mark: span.last,
    });
    turn.isDamaged = this.#lostAnswer;
    this.#lostAnswer = false;
    return turn;
  }

  get #transcribes(): boolean {
    return isObject(fieldOf(this.#setup, 'inputAudioTranscription'));
  }

  #endTurn(finish: string): void {
    this.#turn?.end(finish);
    this.#turn = undefined;
  }

  /** Takes what came since the last answer. */
  #request(first: Mark) {
    const { items, isCut } = this.#inputs.take();
    const media = [...this.#media];
    const early = this.#heard;
    // without its settings no request of a session is whole
    const isLost = this.#lostRequest || this.#setupMark === undefined;
    const damage = isLost ? ('lost' as const) : isCut ? ('too_large' as const) : undefined;
    this.#media.clear();
    this.#heard = '';
    this.#lostRequest = false;
    const setup = this.#setup;
    const conversationId = this.#sessionId ?? this.#calls.derivedId;
    const read = (heard = ''): NormalRequest => {
      const base = readRequest(setup, modelOf(setup), true);
      const messages = [...(base.messages ?? []), ...items.map((item) => item.message)];
      const words = early + heard;
      const parts = media.map(([mime, size]) => ({ ...mediaPart(modalityOf(mime), undefined, '', mime), size }));
      if (parts.length > 0 || words !== '')
        messages.push(message('user', [...parts, ...(words === '' ? [] : [textPart(words)])]));
      return { ...base, messages, conversationId };
    };
    return { read, first, damage, hasAudio: media.some(([mime]) => mime.startsWith('audio/')) };
  }
}

function modelOf(setup: Json): string | undefined {
  return text(setup['model'])?.replace(/^.*\//, '');
}
