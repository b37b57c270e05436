/** Encoded data, opaque to the queue: `bytes` are final and never change, whatever is tried again. */
export interface Payload {
  readonly bytes: Buffer;
  /** Spans or log records in it. */
  readonly items: number;
}

/** Told once what became of an entry. Entries of an earlier run have none. */
export interface Ticket {
  /** Delivered, or dropped and counted (then with the error). */
  settle(error?: unknown): void;
  /** Cut off by shutdown: lost, or left in a durable store. */
  lose(error: unknown): void;
}

export interface QueueEntry {
  readonly payload: Payload;
  readonly ticket?: Ticket;
}

/** What a store holds, in every unit that `sizer` knows. */
export interface StoredSize {
  readonly bytes: number;
  readonly items: number;
  readonly requests: number;
}

/**
 * Where queued payloads are. First in, first out; an entry is kept until `ack`, so a durable store gives what was in flight again after a
 * crash (at least once). Size limits are the queue's business. `take` is never called twice at the same time.
 */
export interface QueueStore {
  /** True where entries outlive the process: what is left at shutdown is then not lost. */
  readonly durable: boolean;
  /** Gets ready. Says what an earlier run left; `take` gives it first. */
  open(): Promise<StoredSize>;
  /** Entries that `take` would give. */
  readonly waiting: number;
  put(payload: Payload, ticket: Ticket): Promise<void>;
  /** The oldest waiting entry; undefined when there is none, or when it has more than `maxBytes`. */
  take(maxBytes: number): Promise<QueueEntry | undefined>;
  /** Forgets entries that are delivered or dropped. */
  ack(entries: readonly QueueEntry[]): Promise<void>;
  close(): Promise<void>;
}

/** Entries in memory. */
export class MemoryStore implements QueueStore {
  readonly durable = false;
  #entries: (QueueEntry | undefined)[] = [];
  #first = 0;

  async open(): Promise<StoredSize> {
    return { bytes: 0, items: 0, requests: 0 };
  }

  get waiting(): number {
    return this.#entries.length - this.#first;
  }

  async put(payload: Payload, ticket: Ticket): Promise<void> {
    this.#entries.push({ payload, ticket });
  }

  async take(maxBytes: number): Promise<QueueEntry | undefined> {
    const entry = this.#entries[this.#first];
    if (entry === undefined || entry.payload.bytes.length > maxBytes) return undefined;
    this.#entries[this.#first++] = undefined;
    if (this.#first > 1024 && this.#first * 2 > this.#entries.length) {
      this.#entries = this.#entries.slice(this.#first);
      this.#first = 0;
    }
    return entry;
  }

  async ack(): Promise<void> {
    // Nothing to forget: `take` has let go of the entry.
  }

  async close(): Promise<void> {
    this.#entries = [];
    this.#first = 0;
  }
}
