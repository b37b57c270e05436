/**
 * The thread that empties the ring: nothing else may hold it up, or the kernel finds no room. It copies what is there every few milliseconds,
 * posts it, and waits with the next copy while too much is on its way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { loadNative } from './native.ts';

/** What the thread is started with. `shared` holds [bytes on their way, 1 when it shall end]. */
export interface DrainData {
  readonly nativePath: string;
  readonly handle: number;
  readonly everyMs: number;
  readonly maxAhead: number;
  readonly shared: Int32Array<SharedArrayBuffer>;
}

const AT_ONCE = 4 << 20;
const { nativePath, handle, everyMs, maxAhead, shared } = workerData as DrainData; // given by drain.ts
const native = loadNative(nativePath);
const buffer = new Uint8Array(AT_ONCE);

for (let isEnding = false; ; ) {
  // what came before the wish to end is still brought
  if (Atomics.load(shared, 1) === 1) isEnding = true;
  let n = 0;
  if (Atomics.load(shared, 0) < maxAhead) {
    n = native.drain(handle, buffer);
    if (n > 0) {
      const bytes = buffer.slice(0, n);
      Atomics.add(shared, 0, n);
      parentPort?.postMessage(bytes, [bytes.buffer]);
    }
  }
  if (n === 0 && isEnding && Atomics.load(shared, 0) < maxAhead) break;
  if (n < AT_ONCE / 2) await sleep(everyMs);
}
parentPort?.close();
