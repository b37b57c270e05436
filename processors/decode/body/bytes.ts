/** Bytes that grow: large pieces are kept as views unless they hold much more memory than they show, small ones are copied together. */
export class Bytes {
  readonly #parts: Buffer[] = [];
  #tail: Buffer | undefined;
  #used = 0;
  size = 0;

  push(bytes: Buffer): void {
    this.size += bytes.length;
    if (bytes.length >= 1024) {
      this.#seal();
      this.#parts.push(bytes.buffer.byteLength > 4 * bytes.length ? Buffer.from(bytes) : bytes);
      return;
    }
    if (this.#tail === undefined || this.#used + bytes.length > this.#tail.length) {
      this.#seal();
      this.#tail = Buffer.allocUnsafe(Math.min(65_536, Math.max(1024, bytes.length, this.size)));
      this.#used = 0;
    }
    bytes.copy(this.#tail, this.#used);
    this.#used += bytes.length;
  }

  /** All bytes as one buffer. */
  concat(): Buffer {
    this.#seal();
    const [first] = this.#parts;
    return this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
  }

  #seal(): void {
    if (this.#tail !== undefined && this.#used > 0) this.#parts.push(this.#tail.subarray(0, this.#used));
    this.#tail = undefined;
    this.#used = 0;
  }
}

/** Bytes that wait to be read from the front. Pieces are copied in, at a cost that does not grow with what waits. */
export class ByteQueue {
  #buffer: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  get size(): number {
    return this.#end - this.#start;
  }

  push(bytes: Buffer): void {
    if (this.#end + bytes.length > this.#buffer.length) {
      const size = this.size;
      const next = Buffer.allocUnsafe(Math.max(256, 2 * size, size + bytes.length));
      this.#buffer.copy(next, 0, this.#start, this.#end);
      this.#buffer = next;
      this.#start = 0;
      this.#end = size;
    }
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }

  /** What waits; good until the next `push`. */
  get view(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  take(n: number): void {
    this.#start += n;
    if (this.#start < this.#end) return;
    this.#start = 0;
    this.#end = 0;
    if (this.#buffer.length > 65_536) this.#buffer = Buffer.alloc(0);
  }

  clear(): void {
    this.take(this.size);
  }
}
