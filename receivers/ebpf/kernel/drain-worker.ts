/**
 * The thread that empties the ring: nothing else may hold it up, or the kernel finds no room. It copies what is there every few milliseconds,
 * posts it, and waits with the next copy while too much is on its way.
 */
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
/** After so many looks that found nothing, a look takes place less often: a program that begins to talk is seen a little later. */
const QUIET_LOOKS = 200;
const QUIET_FACTOR = 4;
const { nativePath, handle, everyMs, maxAhead, shared } = workerData as DrainData; // given by drain.ts
const native = loadNative(nativePath);
const buffer = new Uint8Array(AT_ONCE);

for (let quiet = 0, isEnding = false; ; ) {
  // what came before the wish to end is still brought
  if (Atomics.load(shared, 1) === 1) isEnding = true;
  const hasRoom = Atomics.load(shared, 0) < maxAhead;
  const n = hasRoom ? native.drain(handle, buffer) : 0;
  if (n > 0) {
    const bytes = buffer.slice(0, n);
    Atomics.add(shared, 0, n);
    parentPort?.postMessage(bytes, [bytes.buffer]);
  }
  if (n === 0 && isEnding && hasRoom) break;
  quiet = n > 0 ? 0 : quiet + 1;
  // a wait without an event loop: a third of the CPU of a timer
  if (n < AT_ONCE / 2)
    Atomics.wait(shared, 1, isEnding ? 1 : 0, quiet > QUIET_LOOKS ? everyMs * QUIET_FACTOR : everyMs);
}
parentPort?.close();
