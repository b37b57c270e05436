/** The fields of `A` where `B` has none of that name, and those of `B`. */
type Merged<A, B> = Omit<A, keyof B> & B;

/**
 * A copy of `a` with the fields of `b` added or replaced, like `{ ...a, ...b }`. On the way of every event it is used in the place of a
 * spread that adds fields: V8 of Node 20 makes a hidden class for each object of such a spread, which costs microseconds and makes what
 * reads them slow.
 */
export function merged<A extends object, const B extends object>(a: A, b: B): Merged<A, B> {
  return Object.assign({}, a, b) as Merged<A, B>;
}
