import type { Batch } from '../batch.ts';
import type { Consumer } from '../component.ts';

/** A consumer that freezes all of a batch before it hands it on, so that writing into it throws. For tests: it costs a walk per batch. */
export function freezing(next: Consumer): Consumer {
  const seen = new WeakSet<object>();
  return {
    consume: (batch: Batch) => {
      freeze(batch, seen);
      return next.consume(batch);
    },
  };
}

/** Freezes a batch and all that it holds, but not its receipts, which have a life of their own. */
export function deepFreeze(batch: Batch): void {
  freeze(batch, new WeakSet());
}

function freeze(root: object, seen: WeakSet<object>): void {
  const open: object[] = [root];
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    // the bytes of a typed array cannot be frozen
    if (seen.has(value) || ArrayBuffer.isView(value)) continue;
    seen.add(value);
    Object.freeze(value);
    for (const [key, inner] of Object.entries(value)) {
      if (key !== 'receipts' && typeof inner === 'object' && inner !== null) open.push(inner);
    }
  }
}
