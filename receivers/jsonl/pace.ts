import { type Clock, parseMillis } from '../../core/index.ts';

/** When events of a recording are due, at a multiple of the speed they were recorded at. */
export class Pace {
  readonly #clock: Clock;
  readonly #speed: number;
  readonly #maxGapMs: number;
  #latest = Number.NaN;
  #dueMs = 0;

  constructor(clock: Clock, speed: number, maxGapMs: number) {
    this.#clock = clock;
    this.#speed = speed;
    this.#maxGapMs = maxGapMs;
  }

  /** Wall time in milliseconds at which an event recorded at `ts` is due. One that is older than the latest is due with it. */
  due(ts: string): number {
    const at = parseMillis(ts);
    if (Number.isNaN(this.#latest)) {
      this.#latest = at;
      this.#dueMs = this.#clock.now();
    } else if (at > this.#latest) {
      this.#dueMs += Math.min((at - this.#latest) / this.#speed, this.#maxGapMs);
      this.#latest = at;
    }
    return this.#dueMs;
  }
}
