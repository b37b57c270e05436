import { TextDecoder } from 'node:util';
import { createParser, type EventSourceParser } from 'eventsource-parser';

export interface StreamEvent {
  readonly name: string | undefined;
  readonly data: string;
}

/**
 * Reads server-sent events (WHATWG HTML 9.2) of a stream that may be open for days: what is bounded is one event, not the stream. An event
 * over the bound, or one that bytes are missing of, is left out.
 */
export class EventStream {
  readonly #onLost: () => void;
  readonly #parser: EventSourceParser;
  readonly #text = new TextDecoder();
  /** Characters since the last event. */
  #pending = 0;
  /** Bytes of one event. */
  maxBytes: number;
  /** Whether events have ids: then the stream may go on in another request. */
  isResumable = false;

  constructor(maxBytes: number, onEvent: (event: StreamEvent) => void, onLost: () => void) {
    this.maxBytes = maxBytes;
    this.#onLost = onLost;
    this.#parser = createParser({
      onEvent: ({ event, data, id }) => {
        this.#pending = 0;
        if (id !== undefined && id !== '') this.isResumable = true;
        if (data !== '') onEvent({ name: event, data });
      },
    });
  }

  get size(): number {
    return this.#pending;
  }

  push(bytes: Buffer): void {
    const words = this.#text.decode(bytes, { stream: true });
    // in pieces, so that one long piece of many events does not look like one long event
    for (let at = 0; at < words.length; at += 65_536) {
      const piece = words.slice(at, at + 65_536);
      this.#pending += piece.length;
      this.#parser.feed(piece);
      if (this.#pending > this.maxBytes) this.gap();
    }
  }

  /** Bytes are missing here. */
  gap(): void {
    this.#text.decode();
    this.#parser.reset();
    this.#pending = 0;
    this.#onLost();
  }

  /** Nothing more comes: the last event may lack its empty line. */
  end(): void {
    this.#parser.feed(this.#text.decode());
    this.#parser.feed('\n\n');
  }
}
