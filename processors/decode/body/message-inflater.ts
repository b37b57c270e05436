import { createInflateRaw } from 'node:zlib';
import { SyncZlib } from './sync-zlib.ts';

const NOTHING = Buffer.alloc(0);
/** What a sender cuts off the end of a message (RFC 7692 7.2.1). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff]);

/**
 * Undoes raw deflate (RFC 1951) of messages that share one window, as permessage-deflate has it (RFC 7692 7.2.2). Never throws. After a failure
 * or a loss `reset` empties the window: what refers to before it fails then, so that nothing comes out that was not sent.
 */
export class MessageInflater {
  readonly #maxBytes: number;
  #zlib: SyncZlib | undefined;
  #isOver = false;
  #left: number;
  failed: 'damaged' | 'too_large' | undefined;

  /** At most `maxBytes` come out for one message. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#left = maxBytes;
  }

  push(bytes: Buffer): Buffer {
    if (this.failed !== undefined || this.#isOver || bytes.length === 0) return NOTHING;
    this.#zlib ??= new SyncZlib(createInflateRaw(), 'zlib');
    const parts: Buffer[] = [];
    const used = this.#zlib.run(bytes, (out) => {
      this.#left -= out.length;
      if (this.#left >= 0) parts.push(out);
      return this.#left >= 0;
    });
    if (this.#left < 0) this.failed = 'too_large';
    else if (used === undefined) this.failed = 'damaged';
    else this.#isOver = used < bytes.length;
    if (this.failed !== undefined) return NOTHING;
    return parts.length === 1 ? (parts[0] ?? NOTHING) : Buffer.concat(parts);
  }

  /** The message ends here: returns its last bytes. */
  end(): Buffer {
    const out = this.push(TAIL);
    // a final block (BFINAL) ends the deflate stream: what follows is a new one
    if (this.#isOver) this.#renew();
    this.#left = this.#maxBytes;
    return out;
  }

  /** Empties the window. */
  reset(): void {
    this.#renew();
    this.#left = this.#maxBytes;
    this.failed = undefined;
  }

  #renew(): void {
    this.#zlib?.close();
    this.#zlib = undefined;
    this.#isOver = false;
  }
}
