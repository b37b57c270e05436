import { Bytes } from '../body/bytes.ts';

/** Cuts a byte stream into lines. A line over the bound, or one that bytes are missing of, is left out. */
export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #onLost: () => void;
  readonly #maxBytes: number;
  #bytes = new Bytes();
  #skip = false;

  constructor(maxBytes: number, onLine: (line: string) => void, onLost: () => void) {
    this.#maxBytes = maxBytes;
    this.#onLine = onLine;
    this.#onLost = onLost;
  }

  get size(): number {
    return this.#bytes.size;
  }

  feed(bytes: Buffer): void {
    let at = 0;
    for (let lf = bytes.indexOf(10); lf >= 0; lf = bytes.indexOf(10, at)) {
      this.#add(bytes.subarray(at, lf));
      at = lf + 1;
      const line = this.#skip ? '' : this.#bytes.concat().toString('utf8').trim();
      this.#drop();
      this.#skip = false;
      if (line !== '') this.#onLine(line);
    }
    if (at < bytes.length) this.#add(bytes.subarray(at));
  }

  gap(): void {
    this.#drop();
    this.#skip = true;
    this.#onLost();
  }

  #add(bytes: Buffer): void {
    if (this.#skip || bytes.length === 0) return;
    this.#bytes.push(bytes);
    if (this.#bytes.size > this.#maxBytes) this.gap();
  }

  #drop(): void {
    this.#bytes = new Bytes();
  }
}
