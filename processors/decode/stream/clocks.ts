import type { OispEvent } from '../../../core/index.ts';

/** The time line that records are ordered by: of one host, one boot, one clock. */
export interface Clock {
  /** The latest time seen, in milliseconds. */
  ms: number;
  /** `ms` when waiting connections were last looked at. */
  looked: number;
}

const MAX_CLOCKS = 10_000;

/** The time lines of all sources. */
export class Clocks {
  readonly #clocks = new Map<string, Clock>();
  #last: { host: string; boot: string | undefined; clock: string; time: Clock } | undefined;

  /** The time line of an event of a host. Events of one source come in rows: the last answer is mostly the next one too. */
  of(event: OispEvent, host: string): Clock {
    const boot = event.host?.boot_id;
    const clock = event.ts_mono === undefined ? 'wall' : (event.source.clock ?? 'mono');
    const last = this.#last;
    if (last !== undefined && last.host === host && last.boot === boot && last.clock === clock) return last.time;
    const time = this.#named(`${host}\0${boot ?? ''}\0${clock}`);
    this.#last = { host, boot, clock, time };
    return time;
  }

  /** Time went on for all of them. */
  elapse(ms: number): void {
    for (const clock of this.#clocks.values()) clock.ms += ms;
  }

  #named(name: string): Clock {
    let time = this.#clocks.get(name);
    if (time === undefined) {
      if (this.#clocks.size >= MAX_CLOCKS)
        for (const oldest of this.#clocks.keys()) {
          this.#clocks.delete(oldest);
          break;
        }
      time = { ms: Number.NEGATIVE_INFINITY, looked: Number.NEGATIVE_INFINITY };
      this.#clocks.set(name, time);
    }
    return time;
  }
}
