import type { AnswerEnding } from '../answer.ts';
import { Bytes } from '../body/bytes.ts';
import type { ExchangeReader } from '../exchange.ts';
import type { Head } from '../http1/head.ts';
import type { Ending } from '../http1/parser.ts';
import { parseJson } from '../json.ts';
import type { Mark } from '../stream/mark.ts';
import type { BodyRow } from '../stream/row.ts';
import { beginsLikeRpc, isMcp, messagesOf, START_BYTES } from './messages.ts';

/** Who may read an exchange. */
export interface Choice {
  /** Whether MCP was spoken at this endpoint before: then any JSON-RPC is MCP. */
  readonly isKnown: boolean;
  readonly mcp: () => ExchangeReader;
  /** Undefined where nobody reads what is not MCP. */
  readonly other: () => ExchangeReader | undefined;
}

/**
 * Reads a request whose head does not tell whether it is MCP, until its body does. Of a body that does not begin like JSON-RPC no more than
 * its first bytes are held.
 */
export class Sniffer implements ExchangeReader {
  readonly #choice: Choice;
  readonly #maxBytes: number;
  #held: Bytes | undefined = new Bytes();
  #looksLike = false;
  #reader: ExchangeReader | undefined;

  constructor(choice: Choice, maxBytes: number) {
    this.#choice = choice;
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return (this.#held?.size ?? 0) + (this.#reader?.size ?? 0);
  }

  requestData(bytes: Buffer): void {
    const held = this.#held;
    if (held === undefined) {
      this.#reader?.requestData(bytes);
      return;
    }
    if (held.size === 0 && bytes.length >= START_BYTES && !beginsLikeRpc(bytes.toString('latin1', 0, START_BYTES))) {
      this.#choose(this.#choice.other());
      this.#reader?.requestData(bytes);
      return;
    }
    held.push(bytes);
    if (this.#looksLike) {
      if (held.size > this.#maxBytes) this.#choose(this.#choice.other());
      return;
    }
    if (held.size < START_BYTES) return;
    this.#looksLike = beginsLikeRpc(held.concat().toString('latin1', 0, START_BYTES));
    if (!this.#looksLike) this.#choose(this.#choice.other());
  }

  requestMissing(): void {
    // what comes behind the hole may be what tells: it is decided by what is there
    if (this.#held !== undefined) this.#choose(this.#guess());
    this.#reader?.requestMissing();
  }

  requestEnd(how: Ending): void {
    const held = this.#held;
    if (held !== undefined) {
      const isRead = this.#isMcp(held);
      this.#choose(
        isRead ? this.#choice.mcp() : how === 'whole' || how === 'closed' ? this.#choice.other() : this.#guess(),
      );
    }
    this.#reader?.requestEnd(how);
  }

  responseHead(head: Head, mark: Mark): void {
    this.#reader?.responseHead(head, mark);
  }

  responseData(bytes: Buffer, mark: Mark): void {
    this.#reader?.responseData(bytes, mark);
  }

  get readsRows(): boolean {
    return this.#reader?.readsRows === true;
  }

  responseRow(row: BodyRow): void {
    this.#reader?.responseRow?.(row);
  }

  responseMissing(): void {
    this.#reader?.responseMissing();
  }

  responseEnd(how: AnswerEnding, mark: Mark): void {
    this.#reader?.responseEnd(how, mark);
  }

  #isMcp(body: Bytes): boolean {
    const messages = messagesOf(parseJson(body.concat().toString('utf8')));
    return this.#choice.isKnown ? messages.length > 0 : messages.some(isMcp);
  }

  /** By the method in what there is of a body that is not whole. */
  #guess(): ExchangeReader | undefined {
    const words = this.#held?.concat().toString('utf8') ?? '';
    const method = beginsLikeRpc(words) ? /"method"\s*:\s*"([a-zA-Z/_]{1,64})"/.exec(words)?.[1] : undefined;
    return method !== undefined && isMcp({ method }) ? this.#choice.mcp() : this.#choice.other();
  }

  #choose(reader: ExchangeReader | undefined): void {
    const held = this.#held;
    this.#held = undefined;
    this.#reader = reader;
    if (held !== undefined && held.size > 0) reader?.requestData(held.concat());
  }
}
