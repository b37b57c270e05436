import { checkEvent, type Log, type OispEvent } from '../../core/index.ts';
import type { Place } from './checkpoint.ts';
import type { Counts } from './counts.ts';
import type { Input } from './input.ts';
import { LineCutter, type LineKind } from './lines.ts';
import type { Pace } from './pace.ts';

/** How lines become batches. Sizes in bytes of the file. */
export interface Limits {
  readonly maxLineBytes: number;
  readonly batchEvents: number;
  readonly batchBytes: number;
  readonly isChecked: boolean;
}

/** How much may be read now, and whether the input's end was met. */
export interface Chunks {
  left: number;
  isEnd: boolean;
}

export interface Filled {
  readonly events: readonly OispEvent[];
  /** The place after the last line that was read for it. */
  readonly end: Place;
  /** Wall time at which to hand it on; 0 for at once. */
  readonly dueMs: number;
  /** Whether an earlier run had read these lines. */
  readonly reread: boolean;
}

/** Turns the lines of one file into batches of events. Bad lines are counted; the first is shown by its number and reason. */
export class LineReader {
  readonly #input: Input;
  readonly #cutter: LineCutter;
  readonly #limits: Limits;
  readonly #counts: Counts;
  readonly #log: Log;
  readonly #pace: Pace | undefined;
  /** An earlier run had read up to here. */
  readonly #rereadTo: number;
  #held: { readonly event: OispEvent; readonly end: Place; readonly dueMs: number } | undefined;
  #end: Place;
  #bad = 0;
  #isCutShown = false;

  constructor(input: Input, from: Place, rereadTo: number, limits: Limits, counts: Counts, log: Log, pace?: Pace) {
    this.#input = input;
    this.#cutter = new LineCutter(limits.maxLineBytes, from.offset, from.line);
    this.#limits = limits;
    this.#counts = counts;
    this.#log = log;
    this.#pace = pace;
    this.#rereadTo = rereadTo;
    this.#end = from;
  }

  /** Lines that were no events. */
  get badLines(): number {
    return this.#bad;
  }

  /** Where the next byte will be read. */
  get position(): number {
    return this.#cutter.position;
  }

  /** Whether a line is there without its end. */
  get hasRest(): boolean {
    return this.#cutter.hasRest;
  }

  /**
   * Reads until a batch is full, `chunks` chunks are used up or the input ends. Undefined when nothing was read at all. Between two calls
   * of which the first was not `full`, no memory of the input's buffer is held.
   */
  async fill(chunks: Chunks, stop: AbortSignal): Promise<Filled | undefined> {
    const events: OispEvent[] = [];
    const start = this.#end;
    let { offset: endOffset, line: endLine } = start;
    let dueMs = 0;
    if (this.#held !== undefined) {
      events.push(this.#held.event);
      endOffset = this.#held.end.offset;
      endLine = this.#held.end.line;
      dueMs = this.#held.dueMs;
      this.#held = undefined;
    }
    const reread = start.offset < this.#rereadTo;
    const room = this.#limits.batchEvents;
    const full = start.offset + this.#limits.batchBytes;
    // a batch is either all read before or not at all
    const stopAt = reread ? Math.min(full, this.#rereadTo) : full;
    while (events.length < room && endOffset < stopAt) {
      const kind = this.#cutter.next();
      if (kind === undefined) {
        if (chunks.left <= 0 || chunks.isEnd || stop.aborted) break;
        const chunk = await this.#input.read();
        if (chunk === undefined) {
          chunks.isEnd = true;
          break;
        }
        chunks.left--;
        this.#counts.bytes.add(chunk.length);
        this.#cutter.push(chunk);
        continue;
      }
      const event = this.#parse(kind);
      if (event !== undefined && this.#pace !== undefined) {
        const due = this.#pace.due(event.ts);
        if (due > dueMs) {
          if (events.length > 0) {
            this.#held = { event, end: this.#here, dueMs: due };
            break;
          }
          dueMs = due;
        }
      }
      if (event !== undefined) events.push(event);
      endOffset = this.#cutter.end;
      endLine = this.#cutter.number;
    }
    if (endLine === start.line) return undefined;
    this.#end = { offset: endOffset, line: endLine };
    return { events, end: this.#end, dueMs, reread };
  }

  /** The last line where no LF ends it. Call when `fill` gives no more; undefined when nothing is left. */
  finish(): Filled | undefined {
    if (this.#input.isCut && !this.#isCutShown) {
      this.#isCutShown = true;
      this.#counts.fileError('cut_gzip');
      this.#log.error('A gzip file ends before its end mark; what came before was read.', {
        after_line: this.#cutter.number,
      });
    }
    const start = this.#end;
    const kind = this.#cutter.finish();
    if (kind === undefined) return undefined;
    const event = this.#parse(kind);
    this.#end = this.#here;
    const dueMs = event === undefined ? 0 : (this.#pace?.due(event.ts) ?? 0);
    return { events: event ? [event] : [], end: this.#end, dueMs, reread: start.offset < this.#rereadTo };
  }

  /** The place after the line that the cutter gave last. */
  get #here(): Place {
    return { offset: this.#cutter.end, line: this.#cutter.number };
  }

  #parse(kind: LineKind): OispEvent | undefined {
    if (kind === 'empty') return undefined;
    if (kind === 'too_long') return this.#refuse('too_long');
    if (kind === 'invalid_utf8') this.#counts.replaced.add();
    let value: unknown;
    try {
      value = JSON.parse(this.#cutter.text);
    } catch {
      return this.#refuse('not_json'); // the parser's own words quote the line
    }
    if (!this.#limits.isChecked) return isUsable(value) ? value : this.#refuse('not_object');
    const checked = checkEvent(value);
    if ('reason' in checked) return this.#refuse(checked.reason);
    if (checked.rounded) this.#counts.rounded.add();
    return checked.event;
  }

  #refuse(reason: string): undefined {
    this.#counts.bad(reason);
    if (this.#bad++ === 0)
      this.#log.warn('A line is no event and is left out; more of this file are only counted.', {
        line: this.#cutter.number,
        reason,
      });
    return undefined;
  }
}

/** What a file of our own surely has: enough to route an event. */
function isUsable(value: unknown): value is OispEvent {
  if (typeof value !== 'object' || value === null) return false;
  const { event_id, event_type, ts, data } = value as Record<string, unknown>;
  return (
    typeof event_id === 'string' &&
    typeof event_type === 'string' &&
    typeof ts === 'string' &&
    typeof data === 'object' &&
    data !== null
  );
}
