import type { Counters } from '../counters.ts';
import type { McpSession } from './session.ts';

const MAX_SESSIONS = 4096;
const MAX_BYTES = 32 * 1024 * 1024;

interface Entry {
  readonly session: McpSession;
  readonly keys: Set<string>;
  counted: number;
}

/**
 * The MCP sessions over HTTP of all processes: a session goes on over many connections. Known by the process and what names the session
 * on the wire: the id that the server gave, or the address of its endpoint. Those that were silent for longest are let go first.
 */
export class McpSessions {
  readonly #counters: Counters;
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #entries = new Map<McpSession, Entry>();
  readonly #byKey = new Map<string, Entry>();
  #bytes = 0;

  constructor(counters: Counters, maxSessions = MAX_SESSIONS, maxBytes = MAX_BYTES) {
    this.#counters = counters;
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxBytes;
  }

  /** Sessions that are known. */
  get count(): number {
    return this.#entries.size;
  }

  /** Bytes held, roughly. */
  get bytes(): number {
    return this.#bytes;
  }

  get(key: string): McpSession | undefined {
    return this.#byKey.get(key)?.session;
  }

  /** Makes a session known by a key as well; who was known by it before is not any more. */
  put(key: string, session: McpSession): void {
    const before = this.#byKey.get(key);
    if (before?.session === session) return;
    if (before !== undefined) {
      before.keys.delete(key);
      if (before.keys.size === 0) this.remove(before.session);
    }
    let entry = this.#entries.get(session);
    if (entry === undefined) {
      entry = { session, keys: new Set(), counted: 0 };
      this.#entries.set(session, entry);
    }
    entry.keys.add(key);
    this.#byKey.set(key, entry);
    this.touch(session);
  }

  /** Says that a session was used: its size may have changed. */
  touch(session: McpSession): void {
    const entry = this.#entries.get(session);
    if (entry === undefined) return;
    this.#entries.delete(session);
    this.#entries.set(session, entry);
    let size = session.size;
    for (const key of entry.keys) size += 128 + key.length;
    this.#bytes += size - entry.counted;
    entry.counted = size;
    if (this.#isWithin(1)) return;
    // some at a time: to find the oldest of a map whose oldest were deleted is not free
    for (const oldest of this.#entries.keys()) {
      this.#counters.warn(
        'Too many MCP sessions: the one that was silent for longest is let go.',
        'evicted',
        'reason',
        'mcp_sessions',
      );
      this.remove(oldest);
      oldest.forget(this.#counters);
      if (this.#isWithin(15 / 16)) return;
    }
  }

  /** Whether no more than a part of what may be held is held. */
  #isWithin(part: number): boolean {
    return this.#entries.size <= this.#maxSessions * part && this.#bytes <= this.#maxBytes * part;
  }

  /** The input is at its end: nobody waits any more. */
  clear(): void {
    for (const session of [...this.#entries.keys()]) {
      this.remove(session);
      session.forget(this.#counters);
    }
  }

  /** Forgets a session that is over. */
  remove(session: McpSession): void {
    const entry = this.#entries.get(session);
    if (entry === undefined) return;
    this.#entries.delete(session);
    this.#bytes -= entry.counted;
    for (const key of entry.keys) this.#byKey.delete(key);
  }
}
