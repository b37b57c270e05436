/** Where a list that goes on comes from: its first `kept` elements are those of `from`. */
interface Origin {
  readonly from: readonly unknown[];
  readonly kept: number;
}

/** What was worked out for a list, and by whom. */
interface Note {
  readonly by: object;
  readonly value: unknown;
  readonly next: Note | undefined;
}

/** Is the object that it is given: a class on it gives that object a private field. */
class Given {
  constructor(list: object) {
    // biome-ignore lint/correctness/noConstructorReturn: this is how a private field is given to an object of another class
    return list;
  }
}

/**
 * Notes in a private field of the list itself, where nothing that copies, compares or prints the list sees them. What a `WeakMap` holds outlives
 * each collection of the young generation, whether its key is in use or not: that was a tenth of what a request costs.
 */
class Noted extends Given {
  #origin: Origin | undefined;
  #first: Note | undefined;

  static originOf(list: object): Origin | undefined {
    return #origin in list ? list.#origin : undefined;
  }

  static setOrigin(list: object, origin: Origin | undefined): void {
    if (#origin in list) list.#origin = origin;
    else if (origin !== undefined) (new Noted(list) as Noted).#origin = origin;
  }

  static firstOf(list: object): Note | undefined {
    return #origin in list ? list.#first : undefined;
  }

  static add(list: object, by: object, value: unknown): void {
    const noted = #origin in list ? list : (new Noted(list) as Noted);
    noted.#first = { by, value, next: noted.#first };
  }
}

/** What was worked out for lists, which nobody may change; kept for as long as they are. The first value of a list stays. */
export class ListMemo<T> {
  get(list: readonly unknown[]): T | undefined {
    let note = Noted.firstOf(list);
    while (note !== undefined && note.by !== this) note = note.next;
    return note?.value as T | undefined;
  }

  /** Nothing is kept of an empty list, which may be one that all share, and nothing twice. */
  set(list: readonly unknown[], value: T): void {
    if (list.length > 0 && this.get(list) === undefined) Noted.add(list, this, value);
  }
}

/**
 * Says that the first `kept` elements of a list are the same objects as those of an earlier one: agents send their history with every call. What
 * was worked out for them element by element need not be worked out again. Nobody may change either list.
 */
export function goesOn(list: readonly unknown[], from: readonly unknown[], kept: number): void {
  Noted.setOrigin(from, undefined); // else each would hold all that were before it
  if (list !== from) Noted.setOrigin(list, { from, kept });
}

/** The earlier list of one that goes on. */
export function originOf(list: readonly unknown[]): Origin | undefined {
  return Noted.originOf(list);
}

/**
 * Works something out for each element of a list; elements that have nothing are left out. For a list that goes on, only what is new is looked at,
 * and what comes out goes on as well.
 */
export function eachOnce<E, T>(read: (element: E) => T | undefined): (list: readonly E[]) => readonly T[] {
  const known = new ListMemo<readonly T[]>();
  return (list) => {
    const before = known.get(list);
    if (before !== undefined) return before;
    const origin = originOf(list);
    const earlier = origin && known.get(origin.from);
    // where one was left out, places do not tell
    const isWhole = origin !== undefined && earlier?.length === origin.from.length;
    const kept = isWhole ? (origin.kept === earlier.length ? earlier : earlier.slice(0, origin.kept)) : [];
    const more: T[] = [];
    for (let i = kept.length; i < list.length; i++) {
      const value = read(list[i] as E);
      if (value !== undefined) more.push(value);
    }
    const values = kept.length === 0 ? more : kept.concat(more);
    if (isWhole) goesOn(values, earlier, origin.kept);
    known.set(list, values);
    return values;
  };
}
