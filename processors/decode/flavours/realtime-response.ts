import type { Message } from '../../../core/index.ts';
import type { AnswerEnding } from '../answer.ts';
import type { CallError, NormalResponse } from '../flavour.ts';
import { isObject, type Json, list, number, object, text } from '../json.ts';
import { base64Size, message, textPart } from '../normal.ts';
import type { SessionCall } from '../session-calls.ts';
import type { Span } from '../session-flavour.ts';
import type { Mark } from '../stream/mark.ts';
import { audioPart, callOfItem, readResponse } from './realtime-items.ts';

/** An item that waits for the next response. */
export class RealtimeInput {
  id: string | undefined;
  /** Of audio. */
  readonly first: Mark | undefined;
  readonly size: number;
  #message: Message;
  /** What was said is being written down. */
  isAwaited = false;

  constructor(id: string | undefined, words: Message, size: number, first?: Mark) {
    this.id = id;
    this.#message = words;
    this.size = size;
    this.first = first;
  }

  /** Audio of the input buffer; `first` is where it was handed over. */
  static ofAudio(id: string | undefined, bytes: number, first: Mark): RealtimeInput {
    return new RealtimeInput(id, message('user', [audioPart(bytes)]), 256, first);
  }

  get isAudio(): boolean {
    return this.first !== undefined;
  }

  get message(): Message {
    return this.#message;
  }

  /** The transcript came, or never will. */
  heard(words: string | undefined): void {
    this.isAwaited = false;
    if (words !== undefined) this.#message = message('user', [...(this.#message.parts ?? []), textPart(words)]);
  }
}

export interface RealtimeResponseOptions {
  /** As `response.created` has it. */
  readonly response: Json;
  readonly inputs: readonly RealtimeInput[];
  /** Emits the request. */
  readonly begin: () => SessionCall;
  readonly model: string | undefined;
  readonly maxBytes: number;
  readonly mark: Mark;
}

/**
 * One response while it comes in. Its request is emitted when the transcripts of its input are there, at the latest with the first tool call or
 * the end: transcripts are made beside the response.
 */
export class RealtimeResponse {
  readonly #options: RealtimeResponseOptions;
  #call: SessionCall | undefined;
  #firstContent: Mark | undefined;
  #last: Mark;
  readonly #items = new Map<number, Json>();
  /** Text or transcript of items that are not done, by `output_index`. */
  readonly #words = new Map<number, string>();
  /** Bytes of audio by `item_id`. */
  readonly #audio = new Map<string, number>();
  #size = 0;
  /** Messages of it were lost. */
  isDamaged = false;
  #isCut = false;

  constructor(options: RealtimeResponseOptions) {
    this.#options = options;
    this.#last = options.mark;
    this.heard();
  }

  get size(): number {
    return 512 + this.#size;
  }

  /** Inputs that were not emitted yet. */
  get waiting(): readonly RealtimeInput[] {
    return this.#call === undefined ? this.#options.inputs : [];
  }

  /** A transcript may have come. */
  heard(): void {
    if (this.#call === undefined && !this.#options.inputs.some((input) => input.isAwaited)) this.#begin();
  }

  event(type: string, body: Json, span: Span): void {
    this.#last = span.last;
    const index = number(body['output_index']) ?? 0;
    switch (type) {
      case 'response.text.delta':
      case 'response.output_text.delta':
      case 'response.audio_transcript.delta':
      case 'response.output_audio_transcript.delta':
        this.#content(span.last);
        if (this.#grow(span.size)) this.#words.set(index, (this.#words.get(index) ?? '') + (text(body['delta']) ?? ''));
        return;
      case 'response.audio.delta':
      case 'response.output_audio.delta': {
        this.#content(span.last);
        const id = text(body['item_id']) ?? '';
        if (this.#audio.has(id) || this.#grow(64))
          this.#audio.set(id, (this.#audio.get(id) ?? 0) + base64Size(body['delta']));
        return;
      }
      case 'response.output_item.done': {
        const item = object(body['item']);
        if (this.#grow(span.size)) this.#items.set(index, item);
        this.#words.delete(index);
        const call = callOfItem(item);
        if (call !== undefined) this.#begin().toolCall(call, span.last);
        return;
      }
      default:
    }
  }

  /** `response.done` has the whole of it. */
  done(response: Json, mark: Mark): void {
    const output = list(response['output']).filter(isObject);
    const items = output.length > 0 ? output : this.#partial();
    this.#begin().end(this.#read(response, items), 'whole', mark);
  }

  /** Nothing more of it comes. */
  breakOff(how: AnswerEnding, error: CallError | undefined): void {
    const response = this.#read(this.#options.response, this.#partial());
    const damage = this.#isCut ? 'too_large' : this.isDamaged ? 'lost' : undefined;
    this.#begin().end({ ...response, ...(error && { error }) }, how, this.#last, { damage });
  }

  #begin(): SessionCall {
    if (this.#call !== undefined) return this.#call;
    this.#call = this.#options.begin();
    if (this.#firstContent !== undefined) this.#call.content(this.#firstContent);
    return this.#call;
  }

  #content(mark: Mark): void {
    this.#firstContent ??= mark;
    this.#call?.content(mark);
  }

  #grow(bytes: number): boolean {
    if (this.#size + bytes > this.#options.maxBytes) this.#isCut = true;
    else this.#size += bytes;
    return !this.#isCut;
  }

  #read(response: Json, items: readonly Json[]): NormalResponse {
    return readResponse(response, items, this.#options.model, (item) =>
      this.isDamaged ? 0 : (this.#audio.get(text(item['id']) ?? '') ?? 0),
    );
  }

  #partial(): Json[] {
    const items = new Map(this.#items);
    for (const [index, words] of this.#words)
      items.set(index, { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: words }] });
    return [...items].sort(([a], [b]) => a - b).map(([, item]) => item);
  }
}
