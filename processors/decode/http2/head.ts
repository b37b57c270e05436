import type { HeaderBlock } from '../../../core/index.ts';
import type { Head } from '../http1/head.ts';

/** Pseudo-header fields (RFC 9113 8.3) that are no part of a `Head`. */
export interface StreamHead {
  readonly head: Head;
  /** `:protocol` of an extended CONNECT (RFC 8441 4), in lower case. */
  readonly protocol: string | undefined;
}

/**
 * The head that a header block says: `:authority` becomes `host`, `:path` the target, cookie crumbs are joined (RFC 9113 8.2.3), fields that
 * repeat as well (RFC 9110 5.3). Undefined when it begins no message: a trailer section, or a request whose method is not known. The status of an
 * answer is 0 where it is not known; what reads like that may be a trailer section as well.
 */
export function headOf(block: HeaderBlock, side: 'request' | 'response'): StreamHead | undefined {
  const headers = new Map<string, string>();
  let method: string | undefined;
  let target = '';
  let status: number | undefined;
  let protocol: string | undefined;
  let authority: string | undefined;
  for (const { name, value } of block.fields) {
    if (name.charCodeAt(0) === 58) {
      if (name === ':method') method ??= value;
      else if (name === ':path') target ||= value;
      else if (name === ':authority') authority ??= value;
      else if (name === ':status' && /^[1-9]\d\d$/.test(value)) status ??= Number(value);
      else if (name === ':protocol') protocol ??= value.toLowerCase();
      continue;
    }
    const before = headers.get(name);
    if (before === undefined) headers.set(name, value);
    else headers.set(name, `${before}${name === 'cookie' ? '; ' : ', '}${value}`);
  }
  if (authority !== undefined && authority !== '') headers.set('host', authority);
  const unresolved = block.fault !== undefined ? 'some' : block.unresolved;
  if (side === 'request' ? method === undefined : status === undefined && unresolved === 0) return undefined;
  const head: Head = {
    headers,
    method: method ?? '',
    target,
    status: status ?? 0,
    old: false,
    ...(unresolved !== 0 && { unresolved }),
  };
  return { head, protocol };
}

/** The head of an answer of which only the body was seen. */
export const LOST_HEAD: Head = { headers: new Map(), method: '', target: '', status: 0, old: false, unresolved: 'all' };

/** Bytes that tell a content coding. */
export const CODING_MARK = 4;

/** The head with the content coding that the first bytes of its body tell, where its own field may be one of those that are not known. */
export function withCoding(head: Head, body: Buffer): Head {
  const coding =
    body[0] === 0x1f && body[1] === 0x8b
      ? 'gzip' // RFC 1952 2.3.1
      : body.length >= CODING_MARK && body.readUInt32LE(0) === 0xfd2fb528
        ? 'zstd' // RFC 8878 3.1.1
        : undefined;
  return coding === undefined ? head : { ...head, headers: new Map([...head.headers, ['content-encoding', coding]]) };
}
