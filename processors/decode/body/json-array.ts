/**
 * Cuts the elements out of a JSON array, or values that stand one after the other (NDJSON), while it streams in: Gemini's answers
 * without `alt=sse`, Ollama's lines. Only objects are elements.
 */
export class JsonSplitter {
  readonly #onValue: (json: string) => void;
  /** Pieces of the value that is open. */
  #open: string[] = [];
  #depth = 0;
  #inString = false;
  #isEscaped = false;
  /** After a gap: values begin at the start of a line again. */
  #isLost = false;
  #isLineStart = false;
  #size = 0;

  constructor(onValue: (json: string) => void) {
    this.#onValue = onValue;
  }

  get size(): number {
    return this.#size;
  }

  push(text: string): void {
    let start = 0;
    let at = 0;
    if (this.#isLost) {
      at = this.#found(text);
      start = at;
    }
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (this.#inString) {
        if (this.#isEscaped) this.#isEscaped = false;
        else if (c === 92) this.#isEscaped = true;
        else if (c === 34) this.#inString = false;
      } else if (c === 34) this.#inString = this.#depth > 0;
      else if (c === 123) {
        if (this.#depth++ === 0) start = at;
      } else if (c === 125 && this.#depth > 0 && --this.#depth === 0) {
        this.#open.push(text.slice(start, at + 1));
        const json = this.#open.join('');
        this.#open = [];
        this.#size = 0;
        this.#onValue(json);
      }
    }
    if (this.#depth === 0) return;
    this.#open.push(start === 0 ? text : text.slice(start));
    this.#size += text.length - start;
    if (this.#open.length > 1024) this.#open = [this.#open.join('')];
  }

  /** Characters are missing here: goes on where an object begins a line. */
  gap(): void {
    this.#open = [];
    this.#size = 0;
    this.#depth = 0;
    this.#inString = false;
    this.#isEscaped = false;
    this.#isLost = true;
    this.#isLineStart = false;
  }

  /** The place in `text` where a line begins with an object; its end where none does. */
  #found(text: string): number {
    for (let at = 0; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (this.#isLineStart && c === 123) {
        this.#isLost = false;
        return at;
      }
      if (c === 10 || c === 13) this.#isLineStart = true;
      else if (c !== 44 && c !== 91) this.#isLineStart = false; // `,{` and `[{` begin an element too
    }
    return text.length;
  }
}
