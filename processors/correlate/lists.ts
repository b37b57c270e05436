/** Short lists by key, oldest first; of a full one the oldest item leaves. */
export class Lists<T> {
  readonly #most: number;
  readonly #lists = new Map<string, T[]>();

  constructor(most: number) {
    this.#most = most;
  }

  get(key: string): readonly T[] {
    return this.#lists.get(key) ?? NONE;
  }

  add(key: string, item: T): void {
    const list = this.#lists.get(key);
    if (!list) this.#lists.set(key, [item]);
    else if (!list.includes(item)) {
      list.push(item);
      if (list.length > this.#most) list.shift();
    }
  }

  remove(key: string, isGone: (item: T) => boolean): void {
    const list = this.#lists.get(key);
    if (!list) return;
    const left = list.filter((item) => !isGone(item));
    if (left.length === 0) this.#lists.delete(key);
    else this.#lists.set(key, left);
  }
}

const NONE: readonly never[] = [];
