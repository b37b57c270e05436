/** What a server answered about permessage-deflate (RFC 7692 7.1). Window bits need not be known: a window of 15 bits reads all. */
export interface Deflate {
  /** The client begins each message with an empty window. */
  readonly clientResets: boolean;
  readonly serverResets: boolean;
}

/** The extensions of a connection, from `sec-websocket-extensions` of the answer (RFC 6455 9.1). */
export interface Extensions {
  readonly deflate: Deflate | undefined;
  /** An extension that is not known changes frames in ways that cannot be read. */
  readonly isKnown: boolean;
}

/** Reads the field; `undefined` where the answer has none. */
export function extensionsOf(field: string | undefined): Extensions {
  let deflate: Deflate | undefined;
  let isKnown = true;
  for (const entry of (field ?? '').split(',')) {
    const [name = '', ...parameters] = entry.split(';').map((part) => part.trim().toLowerCase());
    if (name === '') continue;
    if (name !== 'permessage-deflate' || deflate !== undefined) isKnown = false;
    else
      deflate = {
        clientResets: parameters.includes('client_no_context_takeover'),
        serverResets: parameters.includes('server_no_context_takeover'),
      };
  }
  return { deflate, isKnown };
}
