import fc from 'fast-check';
import { expect, test } from 'vitest';
import { effectKeys, OpenTools } from '../../../processors/correlate/open-tools.ts';
import type { ToolState } from '../../../processors/correlate/state.ts';

/** As much of a call as the index looks at. */
function tool(order: number, paths: readonly string[]): ToolState {
  return { order, keys: { paths, hosts: paths.slice(1) }, also: new Set<string>() } as unknown as ToolState;
}

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const step = fc.oneof(
  fc.record({ what: fc.constant('open' as const), keys: fc.array(key, { maxLength: 4 }) }),
  fc.record({ what: fc.constant('close' as const), nth: fc.nat(9) }),
  fc.record({ what: fc.constant('learn' as const), nth: fc.nat(9), key }),
);

test('the calls that are found are those that a look at every open call finds, in their order', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), fc.array(key, { maxLength: 3 }), (steps, asked) => {
      const index = new OpenTools(effectKeys);
      const open: ToolState[] = [];
      let order = 0;
      for (const s of steps) {
        const found = s.what === 'open' ? undefined : open[s.nth];
        if (s.what === 'open') {
          const made = tool(order++, s.keys);
          open.push(made);
          index.add(made);
        } else if (found && s.what === 'close') {
          open.splice(open.indexOf(found), 1);
          index.delete(found);
        } else if (found && s.what === 'learn') index.learn(found, s.key);
      }
      const want = open.filter((t) => asked.some((k) => t.keys.paths?.includes(k) || t.also.has(k)));
      expect(index.naming(asked)).toEqual(want);
      expect([...index]).toEqual(open);
      expect(index.size).toBe(open.length);
      for (const t of open) index.delete(t);
      expect(index.naming(['a', 'b', 'c', 'd', 'e', 'f'])).toEqual([]);
    }),
    { seed: 1, numRuns: 500 },
  );
});
