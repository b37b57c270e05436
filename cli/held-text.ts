import type { TextSink } from '../exporters/debug/sink.ts';

/** Most characters that wait. */
const LONGEST = 4 * 1024 * 1024;

/** Text for a terminal that somebody else may have for a while: meanwhile the last of it waits, from the begin of a line on. */
export class HeldText {
  readonly #write: (text: string) => void;
  readonly #limit: number;
  #waiting: string[] | undefined;
  #length = 0;
  #leftOut = 0;

  constructor(write: (text: string) => void, limit = LONGEST) {
    this.#write = write;
    this.#limit = limit;
  }

  write(text: string): void {
    if (this.#waiting === undefined) {
      this.#write(text);
      return;
    }
    this.#waiting.push(text);
    this.#length += text.length;
    while (this.#length > this.#limit) this.#shorten(this.#waiting);
  }

  /** From here on text waits. */
  hold(): void {
    this.#waiting ??= [];
  }

  /** Writes what waits, under a line that says how much was left out. */
  release(): void {
    const text = this.#waiting?.join('') ?? '';
    const head = this.#leftOut === 0 ? '' : `… ${this.#leftOut} characters before this were left out\n`;
    this.#waiting = undefined;
    this.#length = 0;
    this.#leftOut = 0;
    if (text !== '') this.#write(head + text);
  }

  #shorten(waiting: string[]): void {
    const first = waiting.shift() ?? '';
    const surplus = this.#length - this.#limit;
    const end = first.length <= surplus ? -1 : first.indexOf('\n', surplus - 1);
    const kept = end < 0 ? '' : first.slice(end + 1);
    if (kept !== '') waiting.unshift(kept);
    this.#length -= first.length - kept.length;
    this.#leftOut += first.length - kept.length;
  }
}

/** A sink whose text may wait. While it waits nobody hears that a reader has gone. */
export class HeldSink implements TextSink {
  readonly #sink: TextSink;
  readonly #held: HeldText;
  #last: Promise<void> = Promise.resolve();

  constructor(sink: TextSink) {
    this.#sink = sink;
    this.#held = new HeldText((text) => {
      this.#last = this.#sink.write(text);
      this.#last.catch(() => undefined); // whoever writes has the error
    });
  }

  /** A terminal that was never given a size says 0. */
  get columns(): number | undefined {
    return this.#sink.columns || undefined;
  }

  get isTerminal(): boolean {
    return this.#sink.isTerminal;
  }

  write(text: string): Promise<void> {
    this.#held.write(text);
    return this.#last;
  }

  hold(): void {
    this.#held.hold();
  }

  release(): Promise<void> {
    this.#held.release();
    return this.#last;
  }
}
