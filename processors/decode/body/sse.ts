import { createParser, type EventSourceParser } from 'eventsource-parser';

/** One event: its data is `text[from, to)`. */
export type OnData = (text: string, from: number, to: number, name: string | undefined) => void;

const LF = 10;
const SPACE = 32;
const LETTER_E = 101;

/**
 * Reads server-sent events (WHATWG HTML 9.2). Providers write them as one line of data, maybe with the line of their name before it, and an empty
 * line: that is read here. From anything else on, `eventsource-parser` reads the stream.
 */
export class SseReader {
  readonly #onData: OnData;
  #parser: EventSourceParser | undefined;
  /** An event that is not whole. */
  #rest = '';
  /** Characters that the parser was given since the last event. */
  #fed = 0;
  /** Nothing was read before: a byte order mark may stand here. */
  #isFirst = true;

  constructor(onData: OnData) {
    this.#onData = onData;
  }

  /** Characters of an event that is not whole. */
  get held(): number {
    return this.#parser === undefined ? this.#rest.length : this.#fed;
  }

  push(words: string): void {
    if (this.#parser !== undefined) {
      this.#fed += words.length;
      this.#parser.feed(words);
    } else if (words.includes('\r')) this.#fallBack(this.#rest + words);
    else if (this.#rest !== '' && !words.includes('\n'))
      this.#rest += words; // nothing ends here
    else {
      const text = this.#rest + words;
      const odd = this.#read(text);
      if (odd >= 0) this.#fallBack(text.slice(odd));
    }
  }

  /** Reads what is of that form at the begin of these words; returns how many characters that is. The others have to be pushed. */
  plain(words: string): number {
    if (this.#parser !== undefined || words.includes('\r')) return 0;
    const held = this.#rest.length;
    const odd = this.#read(this.#rest + words);
    if (odd < 0) return words.length;
    this.#rest = this.#rest.slice(odd);
    return Math.max(0, odd - held);
  }

  /** Forgets what is not whole: bytes are missing. */
  reset(): void {
    this.#rest = '';
    this.#fed = 0;
    this.#isFirst = true;
    this.#parser?.reset();
  }

  /** Returns where something else begins, -1 where nothing does. */
  #read(text: string): number {
    let at = 0;
    for (;;) {
      let name: string | undefined;
      let start = at;
      let end = text.indexOf('\n', start);
      if (end >= 0 && text.charCodeAt(start) === LETTER_E && text.slice(start, start + 6) === 'event:') {
        name = text.slice(afterSpace(text, start + 6), end) || undefined;
        start = end + 1;
        end = text.indexOf('\n', start);
      }
      if (end < 0 || (end + 1 === text.length && end > at)) break;
      const isEmpty = end === start; // what is named and has no data is no event
      const isOne = text.charCodeAt(end + 1) === LF && text.slice(start, start + 5) === 'data:';
      if (!isEmpty && !isOne) {
        this.#isFirst &&= at === 0;
        return at;
      }
      if (isOne) this.#onData(text, afterSpace(text, start + 5), end, name);
      at = isOne ? end + 2 : end + 1;
    }
    if (at > 0) this.#isFirst = false;
    this.#rest = text.slice(at);
    return -1;
  }

  #fallBack(text: string): void {
    this.#parser = createParser({
      onEvent: ({ data, event }) => {
        this.#fed = 0;
        this.#onData(data, 0, data.length, event);
      },
    });
    if (!this.#isFirst) this.#parser.feed('');
    this.#rest = '';
    this.#fed = text.length;
    this.#parser.feed(text);
  }
}

function afterSpace(text: string, at: number): number {
  return text.charCodeAt(at) === SPACE ? at + 1 : at;
}
