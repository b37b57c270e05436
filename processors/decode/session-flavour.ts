import type { CallHead, CallMatch } from './flavour.ts';
import type { Json } from './json.ts';
import type { SessionCalls } from './session-calls.ts';
import type { Direction, Mark } from './stream/mark.ts';

/** Where a message of a session lies in its direction, and how large it was. */
export interface Span {
  readonly first: Mark;
  readonly last: Mark;
  /** Bytes, decompressed. */
  readonly size: number;
}

/** Reads the messages of one connection and emits the calls that they make. Never throws and reads foreign JSON with care. */
export interface Session {
  /** Bytes held, roughly. */
  readonly size: number;
  /** Whether a call is open that later messages may complete. */
  readonly busy: boolean;
  message(dir: Direction, body: Json, span: Span): void;
  /** One or more messages of this direction are missing here. */
  lost(dir: Direction): void;
  /** The server says why it closes the connection (RFC 6455 7.4). */
  refused(code: number, reason: string, mark: Mark): void;
  /** Nothing more comes: open calls are `torn` when the connection ended, `cut_off` when only the input did. */
  end(how: 'torn' | 'cut_off', mark: Mark): void;
}

/** One API that is spoken in JSON messages of both directions over one connection. */
export interface SessionFlavour {
  readonly name: string;
  match(head: CallHead): CallMatch | undefined;
  /** Whether a message is one of this API: asked for the first one on hosts that nobody knows. */
  knows(body: Json): boolean;
  begin(calls: SessionCalls): Session;
}

/** Declares a session flavour. The first whose `match` answers takes the connection. */
export function defineSessionFlavour(flavour: SessionFlavour): SessionFlavour {
  return Object.freeze(flavour);
}
