import { BUILD, eventId, type OispEvent, type ProcessInfo } from '../../../core/index.ts';

/** Makes events of what the sensor saw: times of the boot clock become wall times by one offset, so that their order and distances stay. */
export class Envelope {
  readonly #bootId: string;
  /** The offset, as whole seconds and nanoseconds: as one number it would be rounded. */
  readonly #seconds: number;
  readonly #nanos: number;
  #second = Number.NaN;
  #prefix = '';
  #ordinal = 0;

  /** `offset` is wall clock minus CLOCK_BOOTTIME in nanoseconds. */
  constructor(bootId: string, offset: bigint) {
    this.#bootId = bootId;
    this.#seconds = Number(offset / 1_000_000_000n);
    this.#nanos = Number(offset % 1_000_000_000n);
  }

  /** RFC 3339 with nine decimals. */
  time(boot: number): string {
    const whole = Math.floor(boot / 1e9);
    const nanos = boot - whole * 1e9 + this.#nanos;
    const carry = nanos >= 1e9 ? 1 : 0;
    const second = whole + this.#seconds + carry;
    if (second !== this.#second) {
      this.#second = second;
      this.#prefix = new Date(second * 1000).toISOString().slice(0, 20);
    }
    return `${this.#prefix}${String(nanos - carry * 1e9).padStart(9, '0')}Z`;
  }

  /** The time that a wall clock of milliseconds is on the boot clock. */
  bootOf(wallMs: number): number {
    return (wallMs - this.#seconds * 1000) * 1e6 - this.#nanos;
  }

  event(type: string, boot: number, process: ProcessInfo, data: object, more?: Partial<OispEvent>): OispEvent {
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
      ts_mono: boot,
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
