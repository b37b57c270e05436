const EMPTY = Buffer.alloc(0);

/** Bytes that are put together. What was allocated is used again while it is small. */
export class Kept {
  #bytes: Buffer = EMPTY;
  length = 0;

  get size(): number {
    return this.#bytes.length;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  /** False when it becomes more than `most`: what is beyond is left out. */
  push(bytes: Buffer, from: number, to: number, most: number): boolean {
    const end = Math.min(to, from + most - this.length);
    const length = this.length + end - from;
    if (length > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(256, length * 2));
      this.#bytes.copy(grown, 0, 0, this.length);
      this.#bytes = grown;
    }
    bytes.copy(this.#bytes, this.length, from, end);
    this.length = length;
    return end === to;
  }

  clear(): void {
    this.length = 0;
    if (this.#bytes.length > 4096) this.#bytes = EMPTY;
  }
}
