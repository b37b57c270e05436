const NONE = Buffer.alloc(0);

/** Bytes that grow, in one buffer. A large first piece stays where it is until more comes, unless it holds much more memory than it shows. */
export class Bytes {
  readonly #expected: number;
  #buffer: Buffer = NONE;
  size = 0;

  /** `expected` is how many will come, where that was said: room is made for so many once a quarter of them is there. */
  constructor(expected = 0) {
    this.#expected = expected;
  }

  push(bytes: Buffer): void {
    const size = this.size + bytes.length;
    if (this.size === 0 && bytes.length >= 1024 && bytes.buffer.byteLength <= 4 * bytes.length) this.#buffer = bytes;
    else {
      if (size > this.#buffer.length) this.#grow(size);
      this.#buffer.set(bytes, this.size);
    }
    this.size = size;
  }

  #grow(size: number): void {
    const isNear = size <= this.#expected && this.#expected <= 4 * size;
    const next = Buffer.allocUnsafe(isNear ? this.#expected : Math.max(1024, size + (size >> 1)));
    next.set(this.concat());
    this.#buffer = next;
  }

  /** All bytes as one buffer. */
  concat(): Buffer {
    return this.#buffer.length === this.size ? this.#buffer : this.#buffer.subarray(0, this.size);
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
