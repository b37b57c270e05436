import { createInflater, type Inflater } from './inflate.ts';

/** Why a body is not all there. */
export type Damage = 'lost' | 'too_large' | 'damaged_coding' | 'damaged_framing' | 'unsupported_coding';

/** Undoes the content codings of one body, up to a bound. After a gap, bytes of a coded body mean nothing any more. */
export class BodyDecoder {
  readonly #chain: Inflater[] = [];
  #left: number;
  #isBroken = false;
  damage: Damage | undefined;
  coding: string | undefined;

  constructor(codings: string | undefined, maxBytes: number) {
    this.#left = maxBytes;
    const named = codings === undefined ? [] : codings.split(',').reverse();
    for (const entry of named) {
      const coding = entry.trim().toLowerCase();
      if (coding === '' || coding === 'identity') continue;
      const inflater = createInflater(coding, maxBytes);
      if (inflater === undefined) {
        this.coding = coding;
        this.damage = 'unsupported_coding';
        this.#isBroken = true;
      } else this.#chain.push(inflater);
    }
    // recorders and proxies drop the field and keep the coding
    const last = this.#chain.length === 0 ? createInflater('identity', maxBytes) : undefined;
    if (last !== undefined) this.#chain.push(last);
  }

  /** Bytes held, roughly. */
  get size(): number {
    let size = 0;
    for (const inflater of this.#chain) size += inflater.size;
    return size;
  }

  /** Whether what goes in is not what comes out. */
  get isCoded(): boolean {
    return this.#chain.some((inflater) => inflater.isCoded);
  }

  /** The body is not coded as its head says. */
  get isMislabelled(): boolean {
    return this.#chain.some((inflater) => inflater.isOther);
  }

  /** The plain bytes that follow from these. */
  push(bytes: Buffer): Buffer | undefined {
    return this.#run(bytes, false);
  }

  /** Nothing more comes: the bytes that were held back. */
  end(): Buffer | undefined {
    return this.#run(undefined, true);
  }

  #run(bytes: Buffer | undefined, isEnd: boolean): Buffer | undefined {
    if (this.#isBroken) return undefined;
    let plain = bytes;
    for (const inflater of this.#chain) {
      const out: Buffer | undefined = plain === undefined ? undefined : inflater.push(plain);
      const rest = isEnd ? inflater.end() : undefined;
      plain = out !== undefined && rest !== undefined ? Buffer.concat([out, rest]) : (out ?? rest);
      if (inflater.failed === undefined) continue;
      this.#isBroken = true;
      this.damage ??= inflater.failed === 'too_large' ? 'too_large' : 'damaged_coding';
    }
    if (plain === undefined) return undefined;
    if (plain.length > this.#left) {
      plain = plain.subarray(0, this.#left);
      this.#isBroken = true;
      this.damage ??= 'too_large';
    }
    this.#left -= plain.length;
    return plain.length === 0 ? undefined : plain;
  }

  /** Bytes are missing here. */
  gap(): void {
    this.damage ??= 'lost';
    if (this.isCoded) this.#isBroken = true;
  }
}
