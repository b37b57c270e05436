import type { AiRequestData } from '../../core/index.ts';
import type { ConnectionInfo } from './connection-info.ts';
import type { CallHead } from './flavour.ts';
import type { Head } from './http1/head.ts';
import { object, parseJson, text } from './json.ts';

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
  };
}

/** Browsers cannot set headers of a WebSocket: their key is the name of a subprotocol (OpenAI, xAI). */
const KEY_PROTOCOL = /(?:^|[,\s])(?:openai-insecure-api-key|xai-client-secret)\.([^,\s]+)/;

/** How a call says who it is: kind and at most eight characters of the key, never the key. */
export function authOf(head: CallHead): NonNullable<AiRequestData['auth']> {
  const { headers } = head;
  const authorization = headers.get('authorization');
  const bearer = authorization === undefined ? undefined : /^bearer\s+(\S+)$/i.exec(authorization)?.[1];
  const query = /(?:^|&)(?:key|api-key|access_token)=([^&]+)/.exec(head.query)?.[1];
  const protocol = KEY_PROTOCOL.exec(headers.get('sec-websocket-protocol') ?? '')?.[1];
  const key =
    headers.get('x-api-key') ?? headers.get('x-goog-api-key') ?? headers.get('api-key') ?? query ?? bearer ?? protocol;
  if (key === undefined || key === '') return { type: authorization === undefined ? 'none' : 'unknown' };
  // Google access tokens, Anthropic's OAuth tokens, JSON web tokens
  const isOauth = key === bearer && /^(?:ya29\.|sk-ant-oat|eyJ|gho_|ghu_)/.test(key);
  return { type: isOauth ? 'oauth' : 'api_key', key_prefix: key.slice(0, Math.min(8, Math.floor(key.length / 2))) };
}

/** Headers that name the session, of Claude Code, codex and others. */
const SESSION = ['x-claude-code-session-id', 'x-session-id', 'session_id', 'session-id', 'x-codex-session-id'];

/** Attributes from the head: where the call went and who made it. Only what is listed here is kept. */
export function headAttrs(head: CallHead, info: ConnectionInfo, ours: Record<string, unknown>): void {
  const { headers } = head;
  set(ours, 'server.address', head.host === '' ? undefined : head.host);
  set(ours, 'server.port', head.port);
  set(ours, 'http.request.method', head.method);
  set(ours, 'url.path', head.path);
  set(ours, 'oisp.conn', info.conn);
  const agent = headers.get('user-agent');
  set(ours, 'user_agent.original', agent);
  set(ours, 'oisp.client.package', packageOf(headers, agent));
  set(ours, 'oisp.session.id', sessionOf(headers));
  set(ours, 'oisp.agent.id', headers.get('x-claude-code-agent-id'));
  set(ours, 'traceparent', headers.get('traceparent'));
}

export function set(attrs: Record<string, unknown>, name: string, value: unknown): void {
  if (value !== undefined && value !== '') attrs[name] = value;
}

function sessionOf(headers: ReadonlyMap<string, string>): string | undefined {
  for (const name of SESSION) {
    const value = headers.get(name);
    if (value !== undefined && value !== '') return value;
  }
  const codex = headers.get('x-codex-turn-metadata');
  if (codex === undefined) return undefined;
  const turn = object(parseJson(codex));
  return text(turn['session_id']) ?? text(turn['thread_id']);
}

/** The SDK: `name/version` that a user agent begins with, its version from `x-stainless-package-version` where that is sent. */
function packageOf(headers: ReadonlyMap<string, string>, agent: string | undefined): string | undefined {
  const product = agent === undefined ? undefined : /^\S{1,128}/.exec(agent)?.[0];
  const version = headers.get('x-stainless-package-version');
  if (version === undefined) return product;
  const name = product?.split('/')[0] ?? `stainless-${headers.get('x-stainless-lang') ?? 'sdk'}`;
  const language = product?.split('/')[1];
  return language !== undefined && !/^v?\d/.test(language) ? `${name}/${language} ${version}` : `${name}/${version}`;
}
