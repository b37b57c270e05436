import type { AiRequestData } from '../../core/index.ts';
import type { ConnectionInfo, Opened } from './connection-info.ts';
import type { CallHead } from './flavour.ts';
import type { Head } from './http1/head.ts';
import { authOf } from './identity/auth.ts';
import { type Caller, callerOf } from './identity/caller.ts';
import { credentialsOf } from './identity/credentials.ts';
import { id } from './identity/header-table.ts';
import { type Kept, keptOfRequest } from './identity/headers.ts';
import { cloudPlaceOf } from './identity/place.ts';

/** The last head of each connection. Clients send the same one with every call, up to the length of its body. */
const LAST = new WeakMap<ConnectionInfo, { readonly head: Head; readonly opened: Opened; readonly call: CallHead }>();

/**
 * The head of a request as flavours see it. It is the same object for requests in a row whose heads are the same, so that what follows from a head
 * is worked out once; `content-length` in it is that of the first.
 */
export function callHeadOf(head: Head, info: ConnectionInfo): CallHead {
  const { opened } = info;
  const last = LAST.get(info);
  if (last !== undefined && last.opened === opened && isSame(last.head, head)) return last.call;
  const call = readHead(head, info);
  LAST.set(info, { head, opened, call });
  return call;
}

function isSame(a: Head, b: Head): boolean {
  if (a.target !== b.target || a.method !== b.method || a.unresolved !== b.unresolved) return false;
  if (a.headers.size !== b.headers.size) return false;
  for (const [name, value] of b.headers)
    if (a.headers.get(name) !== value && !(name === 'content-length' && a.headers.has(name))) return false;
  return true;
}

function readHead(head: Head, info: ConnectionInfo): CallHead {
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

const IDENTITIES = new WeakMap<CallHead, Identity>();

/** What the head of a request tells about who makes it; nothing that authenticates is in it. */
export function identityOf(head: CallHead, info: ConnectionInfo): Identity {
  let identity = IDENTITIES.get(head);
  if (identity !== undefined) return identity;
  const credentials = credentialsOf(head);
  const secrets = credentials.map(({ secret }) => secret);
  const kept = keptOfRequest(head.headers, secrets);
  const place = cloudPlaceOf(head, credentials);
  identity = {
    auth: authOf(head, credentials, (secret) => info.events.hashOf(secret)),
    attrs: { ...kept.attrs, ...place.attrs },
    provider: { ...place.provider, ...kept.provider },
    caller: callerOf(head),
  };
  IDENTITIES.set(head, identity);
  return identity;
}

/** A run of letters and digits that may be a key: some gateways have theirs in the path. Names of models have dots or dashes in between. */
const RUN = /[\w~+=%]{20,}/g;

function withoutKeys(path: string): string {
  return path.replace(RUN, (run) => (/\d/.test(run) && /[a-z]/i.test(run) ? '*' : run));
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
  set(ours, 'url.path', withoutKeys(head.path));
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
