import type { AiRequestData } from '../../core/index.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { CallHead } from './flavour.ts';
import type { Head } from './http1/head.ts';
import { authOf } from './identity/auth.ts';
import { type Caller, callerOf } from './identity/caller.ts';
import { credentialsOf } from './identity/credentials.ts';
import { id } from './identity/header-table.ts';
import { type Kept, keptOfRequest } from './identity/headers.ts';
import { cloudPlaceOf } from './identity/place.ts';

/** The head of a request as flavours see it. */
export function callHeadOf(head: Head, info: ConnectionInfo): CallHead {
  let target = head.target;
  let authority = head.headers.get('host') ?? info.opened.sni ?? info.opened.remoteIp ?? '';
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target); // a proxy's request (RFC 9112 3.2.2)
  if (absolute !== null) {
    authority = absolute[1] ?? authority;
    target = absolute[2] === '' ? '/' : (absolute[2] ?? '/');
  }
  const [, name = '', digits] = /^(?:[^@]*@)?(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(authority) ?? [];
  const host = name.toLowerCase();
  const port =
    digits === undefined
      ? (info.opened.remotePort ?? (info.opened.protocol === 'tls' ? 443 : undefined))
      : Number(digits);
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return {
    method: head.method,
    host,
    port,
    path: path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path,
    query: mark < 0 ? '' : target.slice(mark + 1),
    headers: head.headers,
    provider: info.registry.providerOf(host, port),
    guess: info.registry.guessOf(host, port),
    unresolved: head.unresolved,
  };
}

/** Who makes a call: credentials, account, program. Read once per request. */
export interface Identity {
  readonly auth: NonNullable<AiRequestData['auth']>;
  /** Attributes that the headers give. */
  readonly attrs: Readonly<Record<string, unknown>>;
  /** Fields of `data.provider`. */
  readonly provider: Kept['provider'];
  readonly caller: Caller;
}

/** What the head of a request tells about who makes it; nothing that authenticates is in it. */
export function identityOf(head: CallHead, info: ConnectionInfo): Identity {
  const credentials = credentialsOf(head);
  const secrets = credentials.map(({ secret }) => secret);
  const kept = keptOfRequest(head.headers, secrets);
  const place = cloudPlaceOf(head, credentials);
  return {
    auth: authOf(head, credentials, (secret) => info.events.hashOf(secret)),
    attrs: { ...kept.attrs, ...place.attrs },
    provider: { ...place.provider, ...kept.provider },
    caller: callerOf(head),
  };
}

/** Attributes from the head: where the call went and who made it. */
export function headAttrs(
  head: CallHead,
  info: ConnectionInfo,
  identity: Pick<Identity, 'attrs'> | undefined,
  ours: Record<string, unknown>,
): void {
  set(ours, 'server.address', head.host === '' ? undefined : head.host);
  set(ours, 'server.port', head.port);
  set(ours, 'http.request.method', head.method);
  set(ours, 'url.path', head.path);
  set(ours, 'oisp.conn', info.conn);
  set(ours, 'oisp.client.package', packageOf(head.headers, identity?.attrs['user_agent.original']));
  for (const [name, value] of Object.entries(identity?.attrs ?? {})) set(ours, name, value);
}

export function set(attrs: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined && value !== '') attrs[name] = value;
}

/** The SDK: `name/version` that a user agent begins with, its version from `x-stainless-package-version` where that is sent. */
function packageOf(headers: ReadonlyMap<string, string>, agent: unknown): string | undefined {
  const product = typeof agent === 'string' ? /^\S{1,128}/.exec(agent)?.[0] : undefined;
  const version = textOf(headers, 'x-stainless-package-version');
  if (version === undefined) return product;
  const name = product?.split('/')[0] ?? `stainless-${textOf(headers, 'x-stainless-lang') ?? 'sdk'}`;
  const language = product?.split('/')[1];
  return language !== undefined && !/^v?\d/.test(language) ? `${name}/${language} ${version}` : `${name}/${version}`;
}

function textOf(headers: ReadonlyMap<string, string>, name: string): string | undefined {
  const value = id(headers.get(name) ?? '');
  return typeof value === 'string' ? value : undefined;
}
