/** The start line and the header fields of a message. Names are in lower case; fields that repeat are joined by `, ` (RFC 9110 5.3). */
export interface Head {
  readonly headers: ReadonlyMap<string, string>;
  /** Of a request. */
  readonly method: string;
  readonly target: string;
  /** Of a response; 0 for a request. */
  readonly status: number;
  /** HTTP/1.0: the connection ends with the message unless it says otherwise. */
  readonly old: boolean;
  /** HTTP/2: header fields that are not known because the table entries that they refer to were not seen. */
  readonly unresolved?: number | 'some' | 'all';
}

const REQUEST = /^([A-Z][A-Z-]{1,19}) (\S{1,16384}) HTTP\/1\.([01])$/;
const RESPONSE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: [^\r\n]*)?$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Reads a head (RFC 9112 2 to 5); `text` ends before the empty line. Undefined when it is none. */
export function parseHead(text: string, side: 'request' | 'response'): Head | undefined {
  let at = text.indexOf('\n');
  const first = lineOf(text, 0, at < 0 ? text.length : at);
  const match = (side === 'request' ? REQUEST : RESPONSE).exec(first);
  if (match === null) return undefined;
  const headers = new Map<string, string>();
  let last: string | undefined;
  while (at >= 0) {
    const start = at + 1;
    at = text.indexOf('\n', start);
    const line = lineOf(text, start, at < 0 ? text.length : at);
    if (line === '') continue;
    const c = line.charCodeAt(0);
    if ((c === 32 || c === 9) && last !== undefined) {
      headers.set(last, `${headers.get(last)} ${line.trim()}`); // obs-fold, RFC 9112 5.2
      continue;
    }
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0));
    if (!NAME.test(name)) return undefined;
    last = name.toLowerCase();
    const value = line.slice(colon + 1).trim();
    const before = headers.get(last);
    headers.set(last, before === undefined ? value : `${before}, ${value}`);
  }
  return side === 'request'
    ? { headers, method: match[1] ?? '', target: match[2] ?? '', status: 0, old: match[3] === '0' }
    : { headers, method: '', target: '', status: Number(match[2]), old: match[1] === '0' };
}

function lineOf(text: string, start: number, end: number): string {
  return text.slice(start, end > start && text.charCodeAt(end - 1) === 13 ? end - 1 : end);
}

/** How the body of a message ends (RFC 9112 6.3). */
export type Framing =
  | { readonly kind: 'none' | 'chunked' | 'close' }
  | { readonly kind: 'length'; readonly length: number };

const NONE: Framing = { kind: 'none' };
const CHUNKED: Framing = { kind: 'chunked' };
const CLOSE: Framing = { kind: 'close' };

const LENGTH = /^\d{1,15}$/;

/** `method` is that of the request which a response answers. */
export function framingOf(head: Head, side: 'request' | 'response', method: string): Framing {
  if (side === 'response') {
    if (method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304) return NONE;
    if (method === 'CONNECT' && head.status < 300) return NONE;
  }
  const coding = head.headers.get('transfer-encoding');
  if (coding !== undefined) {
    if (/(?:^|,)\s*chunked\s*$/i.test(coding)) return CHUNKED;
    return side === 'response' ? CLOSE : NONE;
  }
  const length = head.headers.get('content-length');
  if (length !== undefined) {
    if (LENGTH.test(length)) return { kind: 'length', length: Number(length) };
    const values = new Set(length.split(',').map((text) => text.trim()));
    const [only] = values;
    if (values.size === 1 && only !== undefined && LENGTH.test(only)) return { kind: 'length', length: Number(only) };
  }
  return side === 'response' ? CLOSE : NONE;
}
