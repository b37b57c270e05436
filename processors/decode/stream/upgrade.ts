import type { ConnectionInfo } from '../connection-info.ts';
import type { Exchange } from '../exchange.ts';
import type { Head } from '../http1/head.ts';
import { Http2Protocol } from '../http2/protocol.ts';
import { websocketOf } from '../websocket/protocol.ts';
import type { Mark } from './mark.ts';
import type { ConnectionProtocol } from './protocol.ts';

/** The request after which a connection speaks another protocol than HTTP/1.1 (RFC 9110 7.8), and its answer. */
export interface Upgrade {
  /** The first name in the `upgrade` field of the answer, in lower case: `websocket`, `h2c`. */
  readonly protocol: string;
  readonly request: Head;
  readonly response: Head;
  /** First byte of the request. */
  readonly first: Mark;
  /** The exchange of the request; nobody ends it but who takes the connection over. With `h2c` stream 1 brings its answer. */
  readonly exchange: Exchange;
  /** Place of the request among those of the connection. */
  readonly ordinal: number;
  /** Stream of the request where HTTP/2 brought it (RFC 8441). */
  readonly stream?: number;
}

/** Begins the protocol that a connection goes on with; undefined when nobody reads it. */
export function upgraded(info: ConnectionInfo, upgrade: Upgrade): ConnectionProtocol | undefined {
  if (upgrade.protocol === 'websocket') return websocketOf(info, { ...upgrade, stream: upgrade.stream ?? 0 });
  if (upgrade.protocol === 'h2c' && upgrade.stream === undefined)
    return new Http2Protocol(info, { late: false, upgraded, upgrade });
  return undefined;
}

/** HTTP/2 from its first byte on, or from anywhere. */
export function http2Of(info: ConnectionInfo, late = false): ConnectionProtocol {
  return new Http2Protocol(info, { late, upgraded });
}
