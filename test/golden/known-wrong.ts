interface KnownWrong {
  readonly what: string;
  /** What the test of soundness says of its traces. */
  readonly faults?: readonly string[];
}

/**
 * Sessions whose tree.txt says what is right while the program says something else, with what is different. A session that comes out right fails the test:
 * take it from the list.
 */
export const KNOWN_WRONG: ReadonlyMap<string, KnownWrong> = new Map<string, KnownWrong>([
  [
    'mcp-stdio',
    {
      what: 'A server that still runs when the turn ends does not say that it was detached; the exec of its folded child has the ids of a span that never leaves.',
      faults: ['process.exec has the ids of no span'],
    },
  ],
  ['stray-program', { what: 'A file of an unexplained program has no bytes and a count of 1.' }],
]);
