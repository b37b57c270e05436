import type { Log, Meter, OispEvent } from '../../../core/index.ts';
import type { Envelope } from '../observe/envelope.ts';
import type { Sensor, SensorCounts } from './sensor.ts';

export interface LossesOptions {
  readonly log: Log;
  readonly meter: Meter;
  readonly id: string;
  readonly sensor: Pick<Sensor, 'counts' | 'waiting'>;
  readonly envelope: Envelope;
  readonly emit: (event: OispEvent) => void;
}

const NONE: SensorCounts = {
  records: 0,
  drops: 0,
  dropBytes: 0,
  faultBytes: 0,
  cutBytes: 0,
  keptBytes: 0,
  mapFull: 0,
  sentBytes: 0,
  noEntry: 0,
  connections: 0,
};

/** Says what the kernel could not hand over: as numbers, as `capture.lost` records, and the first time in the log. */
export class Losses {
  readonly #options: LossesOptions;
  #seen: SensorCounts = NONE;
  #waiting = 0;

  constructor(options: LossesOptions) {
    this.#options = options;
    const { meter, id } = options;
    for (const kind of Object.keys(NONE) as (keyof SensorCounts)[])
      meter.gauge('oisp_ebpf_sensor', { receiver: id, kind }, () => this.#seen[kind]);
    meter.gauge('oisp_ebpf_ring_bytes', { receiver: id }, () => this.#waiting);
  }

  /** The answer is whether records were lost since the last look: with them the ends of processes may be. */
  look(): boolean {
    const now = this.#options.sensor.counts();
    const before = this.#seen;
    this.#seen = now;
    this.#waiting = this.#options.sensor.waiting();
    this.#lost('ring_full', now.drops - before.drops, now.dropBytes - before.dropBytes, before.drops === 0);
    this.#lost('fault', 0, now.faultBytes - before.faultBytes, before.faultBytes === 0);
    this.#lost('cut', 0, now.cutBytes - before.cutBytes, before.cutBytes === 0);
    this.#lost('map_full', now.mapFull - before.mapFull, 0, before.mapFull === 0);
    return now.drops > before.drops;
  }

  #lost(reason: string, records: number, bytes: number, isFirst: boolean): void {
    if (records === 0 && bytes === 0) return;
    const { log, envelope, emit } = this.#options;
    const about = { reason, ...(records > 0 && { records }), ...(bytes > 0 && { bytes }) };
    if (isFirst) log.warn('The kernel could not hand everything over; more is only counted.', about);
    emit(envelope.event('capture.lost', envelope.bootOf(Date.now()), { pid: process.pid }, about));
  }
}
