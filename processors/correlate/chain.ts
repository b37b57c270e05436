import type { Key } from '../../core/index.ts';

/** A history, folded: two 26-bit words mixed from the keys of its parts in order. Equal histories have equal chains. */
export type Chain = number;

export const EMPTY_CHAIN: Chain = 0;
/** Of a history that was not captured: no other is equal. */
export const UNSEEN_CHAIN: Chain = -2;

/** The chain of a history that goes on with one more part. */
export function extend(chain: Chain, key: Key): Chain {
  let high = Math.floor(chain / 0x4000000) ^ 0x9e3779b1;
  let low = (chain % 0x4000000) ^ 0x85ebca6b;
  for (let i = 0; i < key.length; i++) {
    const c = key.charCodeAt(i);
    high = Math.imul(high ^ c, 0x01000193);
    low = Math.imul(low + c, 0x5bd1e995) ^ (low >>> 15);
  }
  high = Math.imul(high ^ (low >>> 13), 0x85ebca6b);
  low = Math.imul(low ^ (high >>> 16), 0xc2b2ae35);
  return (high & 0x3ffffff) * 0x4000000 + (low & 0x3ffffff);
}

/** Chains after each part; item i is the history up to and with part i. */
export function chainsOf(keys: readonly Key[], from: Chain = EMPTY_CHAIN): Chain[] {
  const chains: Chain[] = [];
  let chain = from;
  for (const key of keys) {
    chain = extend(chain, key);
    chains.push(chain);
  }
  return chains;
}
