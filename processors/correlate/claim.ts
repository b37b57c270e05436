import type { Receipt } from '../../core/index.ts';

/** The receipts of one input batch, held while anything made from the batch is kept. */
export class Claim {
  readonly receipts: readonly Receipt[];
  #held = 0;

  constructor(receipts: readonly Receipt[]) {
    this.receipts = receipts;
  }

  /** Whether an earlier run has read this input already. */
  get reread(): boolean {
    return this.receipts.some((receipt) => receipt.reread);
  }

  hold(): void {
    if (this.#held++ === 0) for (const receipt of this.receipts) receipt.hold();
  }

  release(): void {
    if (this.#held === 0) throw new Error('a claim was released more often than it was held');
    if (--this.#held === 0) for (const receipt of this.receipts) receipt.release();
  }
}
