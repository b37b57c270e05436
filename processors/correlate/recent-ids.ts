/** Ids of one generation; two are kept. */
const GENERATION = 16_384;

/** The ids of the events that came lately: at least 16,384, at most twice as many. */
export class RecentIds {
  #young = new Set<string>();
  #old = new Set<string>();

  /** Remembers an id; false when it was there. */
  add(id: string): boolean {
    if (this.#young.has(id) || this.#old.has(id)) return false;
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Set();
    }
    this.#young.add(id);
    return true;
  }
}
