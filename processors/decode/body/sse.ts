import { createParser, type EventSourceParser } from 'eventsource-parser';

/** One event: its data is `text[from, to)`. */
export type OnData = (text: string, from: number, to: number, name: string | undefined) => void;

const LF = 10;
const SPACE = 32;

/**
 * Reads server-sent events (WHATWG HTML 9.2). Providers write them as one line of data, maybe with the line of their name before it, and an empty
 * line: that is read here. From anything else on, `eventsource-parser` reads the stream.
 */
export class SseReader {
  readonly #onData: OnData;
  #parser: EventSourceParser | undefined;
  /** An event that is not whole. */
  #rest = '';
  /** Nothing was read before: a byte order mark may stand here. */
  #isFirst = true;

  constructor(onData: OnData) {
    this.#onData = onData;
  }

  push(words: string): void {
    if (this.#parser !== undefined) this.#parser.feed(words);
    else if (words.includes('\r')) this.#fallBack(this.#rest + words);
    else if (this.#rest === '') this.#read(words);
    else if (words.includes('\n')) this.#read(this.#rest + words);
    else this.#rest += words; // nothing ends here
  }

  /** Forgets what is not whole: bytes are missing. */
  reset(): void {
    this.#rest = '';
    this.#isFirst = true;
    this.#parser?.reset();
  }

  #read(text: string): void {
    let at = 0;
    for (;;) {
      let name: string | undefined;
      let start = at;
      let end = text.indexOf('\n', start);
      if (end >= 0 && text.slice(start, start + 6) === 'event:') {
        name = text.slice(afterSpace(text, start + 6), end) || undefined;
        start = end + 1;
        end = text.indexOf('\n', start);
      }
      if (end < 0 || (end + 1 === text.length && end > at)) break;
      const isEmpty = end === start; // what is named and has no data is no event
      const isOne = text.charCodeAt(end + 1) === LF && text.slice(start, start + 5) === 'data:';
      if (!isEmpty && !isOne) {
        this.#isFirst &&= at === 0;
        this.#fallBack(text.slice(at));
        return;
      }
      if (isOne) this.#onData(text, afterSpace(text, start + 5), end, name);
      at = isOne ? end + 2 : end + 1;
    }
    if (at > 0) this.#isFirst = false;
    this.#rest = text.slice(at);
  }

  #fallBack(text: string): void {
    this.#parser = createParser({ onEvent: ({ data, event }) => this.#onData(data, 0, data.length, event) });
    if (!this.#isFirst) this.#parser.feed('');
    this.#rest = '';
    this.#parser.feed(text);
  }
}

function afterSpace(text: string, at: number): number {
  return text.charCodeAt(at) === SPACE ? at + 1 : at;
}
