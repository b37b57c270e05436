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
