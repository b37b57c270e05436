/**
 * Results by text, in two generations: when the young one holds `maxBytes / 2` of text it becomes the old one, and what was not asked for
 * since is let go. Agents send their history with every call, so most texts come again soon.
 */
export class Memo<T> {
  readonly #maxBytes: number;
  #young = new Map<string, T>();
  #old = new Map<string, T>();
  #bytes = 0;

  /** `maxBytes` counts two bytes per UTF-16 unit and 128 per entry. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(text: string): T | undefined {
    const young = this.#young.get(text);
    if (young !== undefined) return young;
    const old = this.#old.get(text);
    if (old !== undefined) this.set(text, old);
    return old;
  }

  set(text: string, value: T): void {
    const bytes = text.length * 2 + 128;
    if (bytes > this.#maxBytes / 2) return;
    if (this.#bytes + bytes > this.#maxBytes / 2) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#bytes = 0;
    }
    this.#young.set(text, value);
    this.#bytes += bytes;
  }
}
