import type { Direction, Mark } from './mark.ts';
import type { Row } from './row.ts';

/**
 * What reads the two byte streams of one connection: HTTP/1.1, MCP over stdio. Every method takes any bytes and never throws.
 * A parser may keep views of the bytes that it is fed.
 */
export interface ConnectionProtocol {
  feed(dir: Direction, bytes: Buffer, mark: Mark): void;
  /** Bytes are missing here: how many, where that is known. */
  gap(dir: Direction, size: number | undefined, mark: Mark): void;
  /** Nothing more will come. `torn` tells an end that was an error; `ended` is false where the input ended, not the connection. */
  end(mark: Mark, how: { readonly torn: boolean; readonly ended: boolean }): void;
  /** Whether `next`, the next bytes of this direction, can be read now; false while what they answer has not been read. */
  ready(dir: Direction, next?: Buffer): boolean;
  /** Messages of both directions answer each other: neither is read ahead while the other waits for a record. */
  readonly interleaved?: boolean;
  /** Whether what is received may come in rows: inside a message whose reader takes them. */
  readonly readsRows?: boolean;
  /** Reads what is received, from the first piece on as far as all of it belongs to that message; returns how many pieces that were. */
  row?(row: Row): number;
  /** Whether something unfinished is open that later bytes may complete. */
  readonly busy: boolean;
  /** Bytes held, roughly. */
  readonly size: number;
  /** Set once it is known that nothing here will ever be read: bytes need not be fed any more. */
  readonly ignored: boolean;
}
