import type { ConfigNode, Entry } from './node.ts';

/**
 * The later config laid over the earlier: maps merge key by key, everything else is replaced, a written null erases. A map that both
 * have keeps its place in the earlier text.
 */
export function mergeNodes(earlier: ConfigNode, later: ConfigNode): ConfigNode {
  if (earlier.kind !== 'map' || later.kind !== 'map') return later;
  const entries = new Map<string, Entry>(earlier.entries);
  for (const [key, entry] of later.entries) {
    const before = entries.get(key);
    if (before?.value.kind === 'map' && entry.value.kind === 'map') {
      entries.set(key, { key: before.key, value: mergeNodes(before.value, entry.value) });
    } else {
      entries.set(key, entry);
    }
  }
  return { kind: 'map', entries, origin: earlier.origin };
}
