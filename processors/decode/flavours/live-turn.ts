import type { Part, ToolCall } from '../../../core/index.ts';
import type { AnswerEnding } from '../answer.ts';
import type { CallError, NormalResponse } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { callPart, message, textPart } from '../normal.ts';
import type { SessionCall } from '../session-calls.ts';
import type { Span } from '../session-flavour.ts';
import type { Mark } from '../stream/mark.ts';
import { append, callOf, readParts, usageOf } from './google.ts';

export interface LiveTurnOptions {
  /**
   * Emits the request; `heard` is what of the user's speech was written down since the answer began. `isDamaged`: some of that was lost.
   */
  readonly begin: (heard: string, isDamaged: boolean) => SessionCall;
  /** The user's speech is being written down: the request waits for it until the answer is generated. */
  readonly awaits: boolean;
  readonly model: string | undefined;
  readonly maxBytes: number;
  readonly mark: Mark;
}

/** One answer of the model while it comes in. */
export class LiveTurn {
  readonly #options: LiveTurnOptions;
  #call: SessionCall | undefined;
  #firstContent: Mark | undefined;
  #last: Mark;
  #heard = '';
  readonly #parts: Part[] = [];
  readonly #calls: ToolCall[] = [];
  /** What the model said, written down. */
  #said = '';
  #usage: Json | undefined;
  #interrupted = false;
  #size = 0;
  /** Messages of it were lost. */
  isDamaged = false;
  #isCut = false;
  /** It asked for tools and said nothing since. */
  waits = false;

  constructor(options: LiveTurnOptions) {
    this.#options = options;
    this.#last = options.mark;
    if (!options.awaits) this.#begin();
  }

  get size(): number {
    return 512 + this.#size;
  }

  /** Speech of the user that was written down; false when the request is out already. */
  hear(words: string): boolean {
    if (this.#call !== undefined || !this.#grow(words.length)) return false;
    this.#heard += words;
    return true;
  }

  content(content: Json, span: Span): void {
    this.#last = span.last;
    const parts = list(object(content['modelTurn'])['parts']).filter(isObject);
    const said = text(object(content['outputTranscription'])['text']) ?? '';
    if (parts.length > 0 || said !== '') {
      this.waits = false;
      this.#firstContent ??= span.last;
      this.#call?.content(span.last);
    }
    for (const part of readParts(parts)) {
      const last = this.#parts.at(-1);
      if (part.type === 'blob' && last?.type === 'blob' && last.mime_type === part.mime_type)
        this.#parts[this.#parts.length - 1] = { ...last, size: (last.size ?? 0) + (part.size ?? 0) };
      else if (this.#grow(part.type === 'blob' ? 64 : span.size)) append(this.#parts, part);
    }
    if (said !== '' && this.#grow(said.length)) this.#said += said;
  }

  toolCall(wire: Json, span: Span): void {
    const call = callOf({ functionCall: wire });
    if (call === undefined) return;
    this.#last = span.last;
    this.waits = true;
    if (this.#grow(span.size)) this.#calls.push(call);
    this.#begin().toolCall(call, span.last);
  }

  /** Counts of tokens so far: later ones replace earlier ones. */
  usage(usage: Json): void {
    this.#usage = { ...this.#usage, ...usage };
  }

  generated(): void {
    this.#begin();
  }

  interrupt(): void {
    this.#interrupted = true;
    this.#begin();
  }

  touch(mark: Mark): void {
    this.#last = mark;
  }

  /** `finish` is the field of the API by which the answer ends. */
  end(finish: string): void {
    const word = this.#interrupted ? 'interrupted' : this.#calls.length > 0 && this.waits ? 'toolCall' : finish;
    this.#begin().end(this.#read(word), 'whole', this.#last, { damage: this.#damage });
  }

  /** Nothing more of it comes. A model that waits for its tools has said all. */
  breakOff(how: AnswerEnding, error: CallError | undefined): void {
    if (this.waits && error === undefined) this.end('toolCall');
    else
      this.#begin().end({ ...this.#read(undefined), ...(error && { error }) }, how, this.#last, {
        damage: this.#damage,
      });
  }

  get #damage(): 'lost' | 'too_large' | undefined {
    return this.#isCut ? 'too_large' : this.isDamaged ? 'lost' : undefined;
  }

  #begin(): SessionCall {
    if (this.#call !== undefined) return this.#call;
    this.#call = this.#options.begin(this.#heard, this.#options.awaits && this.isDamaged);
    if (this.#firstContent !== undefined) this.#call.content(this.#firstContent);
    return this.#call;
  }

  #grow(bytes: number): boolean {
    if (this.#size + bytes > this.#options.maxBytes) this.#isCut = true;
    else this.#size += bytes;
    return !this.#isCut;
  }

  #read(finish: string | undefined): NormalResponse {
    const parts = [...this.#parts];
    if (this.#said !== '') parts.push(textPart(this.#said));
    for (const call of this.#calls) parts.push(callPart(call));
    return {
      model: this.#options.model,
      choices: parts.length === 0 ? [] : [{ index: 0, message: message('assistant', parts), finish }],
      finishReasons: finish === undefined ? [] : [finish],
      toolCalls: this.#calls,
      usage: this.#usage && usageOfLive(this.#usage),
    };
  }
}

/** The answer's tokens have another name than in `generateContent`. */
function usageOfLive(usage: Json) {
  const answer = number(usage['responseTokenCount']) ?? number(usage['candidatesTokenCount']);
  const known = usageOf(usage);
  return { ...known, ...(answer !== undefined && { completion_tokens: answer }), provider: usage };
}
