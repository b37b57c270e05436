import { awsEvent } from '../body/aws-event.ts';
import { EventStreamReader } from '../body/event-stream.ts';
import { streamDecoderOf } from '../body/reader.ts';
import { isObject, type Json, parseJson } from '../json.ts';
import { jsonStart } from './json-start.ts';

/** Characters of a body, or bytes of an AWS event stream, that are looked at. */
export const MAX_BEGINNING = 4096;
/** Events that are looked at: some servers send one of their own before the model's first. */
const MAX_EVENTS = 4;

/** How the events of a body are framed. */
export type Framing = 'json' | 'sse' | 'aws';

/** What is asked of each event; the first answer counts. */
export type Ask<T> = (event: Json, name: string | undefined, framing: Framing) => T | undefined;

/**
 * Looks at the plain beginning of an answer for what its first events are: server-sent events, JSON (one object, a list or lines of them), or
 * an AWS event stream. Decides at the same byte however the bytes are cut, at the latest after `MAX_BEGINNING`.
 */
export class Beginning<T> {
  readonly #ask: Ask<T>;
  readonly #text: ReturnType<typeof streamDecoderOf>;
  readonly #aws: EventStreamReader | undefined;
  #start = '';
  #awsBytes = 0;
  #events = 0;
  found: T | undefined;
  /** Nothing that comes changes `found` any more. */
  isDecided = false;

  constructor(contentType: string | undefined, ask: Ask<T>) {
    this.#ask = ask;
    this.#text = streamDecoderOf(contentType);
    if (contentType?.toLowerCase().includes('amazon.eventstream') !== true) return;
    this.#aws = new EventStreamReader((message) => {
      const read = awsEvent(message);
      if (read !== undefined) this.#event(read.event, read.name, 'aws');
    });
  }

  get size(): number {
    return this.#start.length + (this.#aws?.size ?? 0);
  }

  push(plain: Buffer): void {
    if (this.isDecided) return;
    if (this.#aws !== undefined) {
      this.#aws.push(plain.subarray(0, MAX_BEGINNING - this.#awsBytes));
      this.#awsBytes += plain.length;
      if (this.#awsBytes >= MAX_BEGINNING) this.isDecided = true;
      return;
    }
    this.#start = (this.#start + this.#text.decode(plain, { stream: true })).slice(0, MAX_BEGINNING);
    this.#look(this.#start.length >= MAX_BEGINNING);
  }

  /** Nothing more comes, or what comes does not follow: an event that is not whole is taken as it is. */
  end(): void {
    if (!this.isDecided && this.#aws === undefined) this.#look(true);
    this.isDecided = true;
  }

  #look(isAll: boolean): void {
    const text = this.#start.trimStart();
    const first = text[0];
    if (first === '{' || first === '[') this.#lookAtJson(text, isAll);
    else if (first === '<' || first === '"') this.isDecided = true;
    else if (first !== undefined) this.#lookAtLines(text, isAll);
    if (isAll) this.isDecided = true;
  }

  #lookAtJson(text: string, isAll: boolean): void {
    const start = jsonStart(text);
    if (start === undefined || (!start.isWhole && !isAll)) return;
    if (start.value !== undefined) this.#event(start.value, undefined, 'json');
    this.isDecided = true;
  }

  /** Server-sent events (HTML, 9.2.6), those that are new since the last look. */
  #lookAtLines(text: string, isAll: boolean): void {
    const blocks = text.split(/(?:\r\n){2}|\n\n|\r\r(?!\n)/);
    const rest = blocks.pop() ?? '';
    let events = 0;
    for (const block of blocks) {
      const read = eventIn(block);
      if (read === undefined || ++events <= this.#events) continue;
      this.#event(parseJson(read.data), read.name, 'sse');
      if (this.isDecided) return;
    }
    const last = isAll ? eventIn(rest) : undefined;
    const start = last && jsonStart(last.data);
    if (start?.value !== undefined) this.#event(start.value, last?.name, 'sse');
  }

  #event(event: unknown, name: string | undefined, framing: Framing): void {
    if (this.isDecided) return;
    this.#events++;
    if (isObject(event)) this.found = this.#ask(event, name, framing);
    this.isDecided = this.found !== undefined || this.#events >= MAX_EVENTS;
  }
}

/** The data and the name of a block of lines; undefined where it has no data. */
function eventIn(block: string): { readonly data: string; readonly name: string | undefined } | undefined {
  const data: string[] = [];
  let name: string | undefined;
  for (const line of block.split(/\r\n|\n|\r/)) {
    const [, field, value = ''] = /^(data|event): ?(.*)$/.exec(line) ?? [];
    if (field === 'data') data.push(value);
    else if (field === 'event') name = value;
  }
  return data.length === 0 ? undefined : { data: data.join('\n'), name };
}
