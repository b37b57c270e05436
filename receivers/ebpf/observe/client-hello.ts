/** What a TLS ClientHello says in the clear. */
export interface Hello {
  /** Server name, lower case (RFC 6066 section 3). */
  readonly sni?: string;
  /** Protocols that the client offers, best first (RFC 7301). */
  readonly alpn: readonly string[];
}

/**
 * Reads a ClientHello from the bytes of a TLS record (RFC 8446 section 4.1.2, RFC 5246 section 7.4.1.2). Bytes that end early give what they
 * hold; undefined when it is no ClientHello. Never throws.
 */
export function readHello(bytes: Uint8Array): Hello | undefined {
  const at = (i: number): number => bytes[i] ?? -1;
  const two = (i: number): number => (i + 1 < bytes.length ? at(i) * 256 + at(i + 1) : -1);
  if (at(0) !== 0x16 || at(1) !== 3 || at(5) !== 1) return undefined;
  let i = 9 + 2 + 32; // record and handshake heads, version, random
  if (at(i) < 0) return undefined;
  i += 1 + at(i); // session id
  if (two(i) < 0) return undefined;
  i += 2 + two(i); // cipher suites
  if (at(i) < 0) return undefined;
  i += 1 + at(i); // compression methods
  const end = Math.min(bytes.length, i + 2 + Math.max(0, two(i)));
  i += 2;
  let sni: string | undefined;
  let alpn: string[] = [];
  while (i + 4 <= end) {
    const type = two(i);
    const length = two(i + 2);
    i += 4;
    if (i + length > end) break;
    if (type === 0 && length > 5 && at(i + 2) === 0) sni = ascii(bytes, i + 5, Math.min(two(i + 3), length - 5));
    if (type === 16) alpn = protocols(bytes, i + 2, i + length);
    i += length;
  }
  return { ...(sni !== undefined && sni !== '' && { sni: sni.toLowerCase() }), alpn };
}

function protocols(bytes: Uint8Array, from: number, end: number): string[] {
  const list: string[] = [];
  for (let i = from; i < end; ) {
    const length = bytes[i] ?? 0;
    if (length === 0 || i + 1 + length > end) break;
    list.push(ascii(bytes, i + 1, length));
    i += 1 + length;
  }
  return list;
}

function ascii(bytes: Uint8Array, from: number, length: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, Math.max(0, length)).toString('latin1');
}
