import { type OispEvent, parseTime } from '../../core/index.ts';

/**
 * One order of time for all events of a host, in nanoseconds since a second of its own. The monotonic clock decides where there is one,
 * so that a step of the wall clock changes nothing; several clocks of a host are laid side by side by their first wall times.
 */
export class Timeline {
  #epoch: number | undefined;
  readonly #bases = new Map<string, number>();

  /** The place of an event on the timeline; undefined when its `ts` is no time. */
  at(event: OispEvent): number | undefined {
    const time = parseTime(event.ts);
    if (time === undefined) return undefined;
    this.#epoch ??= time.seconds;
    const wall = (time.seconds - this.#epoch) * 1e9 + time.nanos;
    if (event.ts_mono === undefined) return wall;
    const clock = `${event.host?.boot_id ?? ''} ${event.source.clock ?? ''}`;
    let base = this.#bases.get(clock);
    if (base === undefined) {
      base = wall - event.ts_mono;
      this.#bases.set(clock, base);
    }
    return event.ts_mono + base;
  }
}

/** Turns places on a timeline into wall time, anchored at one event: all spans of a turn share the anchor and so never run backwards. */
export class Anchor {
  readonly #zero: bigint;

  constructor(at: number, wall: bigint) {
    this.#zero = wall - BigInt(Math.round(at));
  }

  /** Nanoseconds since 1970. */
  nanos(at: number): bigint {
    return this.#zero + BigInt(Math.round(at));
  }
}
