import type { Http2Stream } from './stream.ts';

/**
 * The open streams of a connection by their numbers, the one that was opened first in front, and what they hold together. A stream grows by its own
 * frames only: whoever takes one out of here may make it grow, and no other has to be weighed again.
 */
export class OpenStreams {
  readonly #streams = new Map<number, Http2Stream>();
  /** Those that were taken out since all were weighed, and some that are not open any more. */
  #unweighed: Http2Stream[] = [];
  #bytes = 0;

  get count(): number {
    return this.#streams.size;
  }

  /** Bytes held, roughly. */
  get size(): number {
    for (const stream of this.#unweighed) {
      if (!stream.isUnweighed) continue;
      stream.isUnweighed = false;
      const { size } = stream;
      this.#bytes += size - stream.weighed;
      stream.weighed = size;
    }
    this.#unweighed.length = 0;
    return this.#bytes;
  }

  get(id: number): Http2Stream | undefined {
    const stream = this.#streams.get(id);
    if (stream !== undefined && !stream.isUnweighed) this.#touch(stream);
    return stream;
  }

  /** The one that was opened first, of answers without a request where there are any: what those are is not even sure. */
  oldest(): readonly [id: number, stream: Http2Stream] | undefined {
    let first: readonly [number, Http2Stream] | undefined;
    for (const entry of this.#streams) {
      if (entry[1].exchange.isOrphan) return entry;
      first ??= entry;
    }
    return first;
  }

  /** One that has this number is let go. */
  set(id: number, stream: Http2Stream): void {
    this.#leave(this.#streams.get(id));
    this.#streams.set(id, stream);
    this.#touch(stream);
  }

  delete(id: number): void {
    this.#leave(this.#streams.get(id));
    this.#streams.delete(id);
  }

  clear(): void {
    for (const stream of this.#streams.values()) this.#leave(stream);
    this.#streams.clear();
  }

  /** All of them, to be changed. */
  *[Symbol.iterator](): IterableIterator<[number, Http2Stream]> {
    for (const entry of this.#streams) {
      if (!entry[1].isUnweighed) this.#touch(entry[1]);
      yield entry;
    }
  }

  #touch(stream: Http2Stream): void {
    stream.isUnweighed = true;
    this.#unweighed.push(stream);
  }

  #leave(stream: Http2Stream | undefined): void {
    if (stream === undefined) return;
    this.#bytes -= stream.weighed;
    stream.isUnweighed = false;
  }
}
