/** The candidate within two edits of what was written, the nearest first; undefined when there is none. */
export function nearest(written: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = 3;
  for (const candidate of candidates) {
    if (candidate === written || Math.abs(candidate.length - written.length) > 2) continue;
    const distance = candidate.toLowerCase() === written.toLowerCase() ? 0 : edits(written, candidate);
    // Two edits turn any two-letter word into any other.
    if (distance < least && distance < Math.max(written.length, candidate.length) - 1) {
      best = candidate;
      least = distance;
    }
  }
  return best;
}

/** `did you mean "x"?` as a hint, or nothing. */
export function didYouMean(written: string, candidates: Iterable<string>): { readonly hint?: string } {
  const best = nearest(written, candidates);
  return best === undefined ? {} : { hint: `did you mean ${JSON.stringify(best)}?` };
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one text to the other. */
export function edits(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(at(previous, j) + 1, at(row, j - 1) + 1, at(previous, j - 1) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, at(before, j - 2) + 1);
      row.push(cost);
    }
    before = previous;
    previous = row;
  }
  return at(previous, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0;
}
