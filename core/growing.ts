/** Where a list that goes on comes from: its first `kept` elements are those of `from`. */
interface Origin {
  readonly from: readonly unknown[];
  readonly kept: number;
}

const ORIGINS = new WeakMap<readonly unknown[], Origin>();

/**
 * Says that the first `kept` elements of a list are the same objects as those of an earlier one: agents send their history with every call. What
 * was worked out for them element by element need not be worked out again. Nobody may change either list.
 */
export function goesOn(list: readonly unknown[], from: readonly unknown[], kept: number): void {
  ORIGINS.delete(from); // else each would hold all that were before it
  if (list !== from) ORIGINS.set(list, { from, kept });
}

/** The earlier list of one that goes on. */
export function originOf(list: readonly unknown[]): Origin | undefined {
  return ORIGINS.get(list);
}

/**
 * Works something out for each element of a list; elements that have nothing are left out. For a list that goes on, only what is new is looked at,
 * and what comes out goes on as well.
 */
export function eachOnce<E, T>(read: (element: E) => T | undefined): (list: readonly E[]) => readonly T[] {
  const known = new WeakMap<readonly unknown[], readonly T[]>();
  return (list) => {
    const before = known.get(list);
    if (before !== undefined) return before;
    const origin = ORIGINS.get(list);
    const earlier = origin && known.get(origin.from);
    // where one was left out, places do not tell
    const isWhole = origin !== undefined && earlier?.length === origin.from.length;
    const values = isWhole ? earlier.slice(0, origin.kept) : [];
    for (let i = values.length; i < list.length; i++) {
      const value = read(list[i] as E);
      if (value !== undefined) values.push(value);
    }
    if (isWhole) goesOn(values, earlier, origin.kept);
    known.set(list, values);
    return values;
  };
}
