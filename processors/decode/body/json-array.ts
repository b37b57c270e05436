/**
 * Cuts the elements out of a JSON array, or values that stand one after the other (NDJSON), while it streams in: Gemini's answers
 * without `alt=sse`, Ollama's lines. Only objects are elements.
 */
export class JsonSplitter {
  readonly #onValue: (json: string) => void;
  #text = '';
  #at = 0;
  #depth = 0;
  #start = -1;
  #inString = false;
  #escaped = false;

  constructor(onValue: (json: string) => void) {
    this.#onValue = onValue;
  }

  get size(): number {
    return this.#text.length;
  }

  push(text: string): void {
    this.#text += text;
    const all = this.#text;
    for (; this.#at < all.length; this.#at++) {
      const c = all.charCodeAt(this.#at);
      if (this.#inString) {
        if (this.#escaped) this.#escaped = false;
        else if (c === 92) this.#escaped = true;
        else if (c === 34) this.#inString = false;
      } else if (c === 34) this.#inString = this.#depth > 0;
      else if (c === 123) {
        if (this.#depth++ === 0) this.#start = this.#at;
      } else if (c === 125 && this.#depth > 0 && --this.#depth === 0) {
        this.#onValue(all.slice(this.#start, this.#at + 1));
        this.#start = -1;
      }
    }
    this.#text = this.#start < 0 ? '' : all.slice(this.#start);
    this.#at = this.#text.length;
    if (this.#start >= 0) this.#start = 0;
  }
}
