import type { Direction, Mark } from '../stream/mark.ts';
import type { ConnectionProtocol } from '../stream/protocol.ts';
import type { Upgrade } from '../stream/upgrade.ts';

/** Bytes that are kept before the answer to an extended CONNECT says what they are. */
const MAX_EARLY = 64 * 1024;

/** A stream that carries another protocol after an extended CONNECT (RFC 8441). */
export class Tunnel {
  readonly asked: Omit<Upgrade, 'response'>;
  #next: ConnectionProtocol | undefined;
  #early: { readonly bytes: Buffer; readonly mark: Mark }[] = [];
  #earlyBytes = 0;
  #ends = 0;

  constructor(asked: Omit<Upgrade, 'response'>) {
    this.asked = asked;
  }

  get size(): number {
    return 512 + this.#earlyBytes + (this.#next?.size ?? 0);
  }

  get busy(): boolean {
    return this.#next?.busy === true;
  }

  /** Both sides have ended. */
  get isDone(): boolean {
    return this.#ends === 2;
  }

  /** The answer opened it. */
  begin(next: ConnectionProtocol | undefined): void {
    this.#next = next;
    const early = this.#early;
    this.#early = [];
    this.#earlyBytes = 0;
    for (const { bytes, mark } of early) next?.feed('sent', bytes, mark);
  }

  feed(dir: Direction, bytes: Buffer, mark: Mark): void {
    if (this.#next !== undefined) this.#next.feed(dir, bytes, mark);
    else if (dir === 'sent' && this.#earlyBytes + bytes.length <= MAX_EARLY) {
      this.#early.push({ bytes, mark });
      this.#earlyBytes += bytes.length;
    }
  }

  gap(dir: Direction, size: number | undefined, mark: Mark): void {
    this.#next?.gap(dir, size, mark);
  }

  /** One side ended its half. */
  half(mark: Mark): void {
    if (++this.#ends === 2) this.#next?.end(mark, { torn: false, ended: true });
  }

  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void {
    this.#next?.end(mark, how);
    this.#ends = 2;
  }
}
