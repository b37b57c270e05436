import { BUILD, eventId, formatNanos, type OispEvent, type ProcessInfo } from '../../core/index.ts';

/** Makes events of what the sensor saw: times of the boot clock become wall times by one offset, so that their order and distances stay. */
export class Envelope {
  readonly #bootId: string;
  readonly #offset: bigint;
  #ordinal = 0;

  /** `offset` is wall clock minus CLOCK_BOOTTIME in nanoseconds. */
  constructor(bootId: string, offset: bigint) {
    this.#bootId = bootId;
    this.#offset = offset;
  }

  /** RFC 3339 with nine decimals. */
  time(boot: bigint): string {
    return formatNanos(boot + this.#offset);
  }

  /** The time that a wall clock of milliseconds is on the boot clock. */
  bootOf(wallMs: number): bigint {
    return BigInt(Math.round(wallMs * 1000)) * 1000n - this.#offset;
  }

  event(type: string, boot: bigint, process: ProcessInfo, data: object, more?: Partial<OispEvent>): OispEvent {
    const ts = this.time(boot);
    const isCapture = type.startsWith('capture.');
    const ordinal = this.#ordinal++;
    return {
      oisp_version: '0.1',
      // capture records are many and leave only in raw recordings: unique is enough for them
      event_id: isCapture
        ? `${boot}-${ordinal}`
        : eventId(ts, this.#bootId, process.pid ?? 0, process.start_time ?? '', type, String(boot), ordinal),
      event_type: type,
      ts,
      ts_mono: Number(boot),
      process,
      source: isCapture ? UPROBE : TRACEPOINT,
      confidence: FULL,
      data,
      ...more,
    };
  }
}

const source = (method: string): OispEvent['source'] =>
  Object.freeze({
    collector: BUILD.name,
    collector_version: BUILD.version,
    capture_method: method,
    clock: 'boottime',
  });
const UPROBE = source('ebpf_uprobe');
const TRACEPOINT = source('ebpf_tracepoint');
const FULL: OispEvent['confidence'] = Object.freeze({ level: 'high', completeness: 'full' });
