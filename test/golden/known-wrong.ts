interface KnownWrong {
  readonly what: string;
  /** What the test of soundness says of its traces. */
  readonly faults?: readonly string[];
}

/**
 * Sessions whose tree.txt says what is right while the program says something else, with what is different. A session that comes out right fails the test:
 * take it from the list.
 */
export const KNOWN_WRONG: ReadonlyMap<string, KnownWrong> = new Map<string, KnownWrong>();
