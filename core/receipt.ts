/**
 * A claim on one stretch of a source's input. The receiver opens it; whoever keeps data that was made from the stretch after
 * its `consume` has resolved calls `hold`, and `release` when that data is delivered or given up. The source's checkpoint
 * moves past the stretch only when nobody holds it nor any stretch before it.
 */
export interface Receipt {
  hold(): void;
  release(): void;
  /**
   * True where the stretch was read before by an earlier run: it lies between the checkpoint (lowest receipt then held) and
   * the place up to which that run had read. State that began before the checkpoint and is unknown now was delivered then.
   */
  readonly reread: boolean;
}

interface Entry<P> {
  readonly end: P;
  held: number;
}

/** Receipts of one source in order, and the position up to which everything is done. `P` is the source's own position. */
export class ReceiptBook<P> {
  readonly #open: Entry<P>[] = [];
  #first = 0;
  #done: P;
  readonly #onMove: ((done: P) => void) | undefined;

  constructor(start: P, onMove?: (done: P) => void) {
    this.#done = start;
    this.#onMove = onMove;
  }

  /** A receipt for the stretch that ends at `end`, held once by the caller. Call in the order of the input. */
  open(end: P, reread = false): Receipt {
    const entry: Entry<P> = { end, held: 1 };
    this.#open.push(entry);
    return {
      reread,
      hold: () => {
        if (entry.held === 0) throw new Error('a released receipt cannot be held again');
        entry.held++;
      },
      release: () => {
        if (entry.held === 0) throw new Error('a receipt was released more often than it was held');
        entry.held--;
        if (entry.held === 0) this.#advance();
      },
    };
  }

  /** Everything before this position is done: the place to read on from after a crash. */
  get lowWater(): P {
    return this.#done;
  }

  /** Stretches that somebody still holds. */
  get held(): number {
    return this.#open.length - this.#first;
  }

  #advance(): void {
    let moved = false;
    for (let entry = this.#open[this.#first]; entry?.held === 0; entry = this.#open[this.#first]) {
      this.#done = entry.end;
      this.#first++;
      moved = true;
    }
    if (this.#first > 1024 && this.#first * 2 > this.#open.length) {
      this.#open.splice(0, this.#first);
      this.#first = 0;
    }
    if (moved) this.#onMove?.(this.#done);
  }
}
