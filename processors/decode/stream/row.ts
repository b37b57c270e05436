import { type CaptureDataData, isEvent, type OispEvent } from '../../../core/index.ts';
import type { Clock, Clocks } from './clocks.ts';
import { type Mark, markOf, msOf } from './mark.ts';
import { bytesOf, hostOf, weightOf } from './record.ts';

/**
 * Records of one direction of a connection that follow one another: no byte is missing and no other record came between them. What is done
 * for each of many small records is done once for a row.
 */
export class Row {
  readonly pieces: Buffer[] = [];
  /** Bytes of all pieces. */
  size = 0;
  readonly #events: readonly OispEvent[];
  readonly #first: number;

  /** The records are `events` from `first` on. */
  constructor(events: readonly OispEvent[], first: number) {
    this.#events = events;
    this.#first = first;
  }

  push(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
  }

  /** Made when it is asked for: most records of a stream bring nothing that has a time. */
  markOf(piece: number): Mark {
    return markOf(this.#events[this.#first + piece] as OispEvent);
  }
}

/** What the records of a row have in common, and where it ends. */
interface RowBounds {
  readonly pid: number | undefined;
  readonly clocks: Clocks;
  /** Goes on with the records. */
  readonly time: Clock;
  /** So long after `time.looked` those who wait are looked at before the next record. */
  readonly lookMs: number;
  /** Weight after which the connection is to be weighed. */
  readonly room: number;
}

/** The row that begins with a record; undefined where that is the only one. */
export function rowAt(
  events: readonly OispEvent[],
  first: number,
  { conn, dir, seq, offset }: CaptureDataData,
  { pid, clocks, time, lookMs, room }: RowBounds,
): Row | undefined {
  const row = new Row(events, first);
  let weight = 0;
  for (let at = first; at < events.length && weight < room; at++) {
    const event = events[at] as OispEvent;
    if (!isEvent(event, 'capture.data')) break;
    const { data } = event;
    if (data.seq !== seq + row.pieces.length || data.offset !== offset + row.size) break;
    if (data.conn !== conn || data.dir !== dir || event.process?.pid !== pid || (data.cut ?? 0) > 0) break;
    // one time line is one host and one boot
    if (clocks.of(event, hostOf(event)) !== time) break;
    const ms = msOf(event);
    if (Number.isNaN(ms) || ms - time.looked > lookMs) break;
    if (ms > time.ms) time.ms = ms;
    const bytes = bytesOf(data.bytes, data.b64);
    row.push(bytes);
    weight += weightOf(bytes);
  }
  return row.pieces.length > 1 ? row : undefined;
}

/** What a row holds of one body, joined. */
export class BodyRow {
  /** Good until the reader returns. */
  readonly bytes: Buffer;
  /** Where the share of each piece ends in `bytes`. */
  readonly ends: readonly number[];
  readonly #row: Row;

  constructor(bytes: Buffer, ends: readonly number[], row: Row) {
    this.bytes = bytes;
    this.ends = ends;
    this.#row = row;
  }

  piece(at: number): Buffer {
    return this.bytes.subarray(this.ends[at - 1] ?? 0, this.ends[at]);
  }

  markOf(piece: number): Mark {
    return this.#row.markOf(piece);
  }

  /** Of the last piece that brought bytes. */
  get last(): Mark {
    return this.markOf(pieceOf(this.ends, this.bytes.length));
  }
}

/** The piece in which the first `size` bytes, or characters, of a row come to their end. */
export function pieceOf(ends: readonly number[], size: number): number {
  let piece = 0;
  while (piece < ends.length - 1 && (ends[piece] as number) < size) piece++;
  return piece;
}
