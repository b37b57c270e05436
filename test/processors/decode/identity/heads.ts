import { DEFAULT_REGISTRY } from '../../../../core/index.ts';
import type { CallHead } from '../../../../processors/decode/flavour.ts';

/** The head of a call as flavours see it. */
export function headOf(host: string, headers: Readonly<Record<string, string>> = {}, target = '/v1/x'): CallHead {
  const mark = target.indexOf('?');
  return {
    method: 'POST',
    host,
    port: 443,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: new Map(Object.entries(headers)),
    provider: DEFAULT_REGISTRY.providerOf(host, 443),
  };
}

/** A JSON web token with these claims and no signature that anybody would take. */
export function tokenWith(claims: object): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'RS256' })}.${part(claims)}.c2lnbmF0dXJl`;
}
