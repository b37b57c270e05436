import type { ConnectionInfo } from '../connection-info.ts';
import type { CallHead } from '../flavour.ts';

/** Where a request goes: what of a head names an endpoint. */
export type Endpoint = Pick<CallHead, 'host' | 'port' | 'path' | 'query'>;

export function keyOfId(info: ConnectionInfo, id: string): string {
  return `${info.process}\0id\0${id}`;
}

export function keyOfEndpoint(info: ConnectionInfo, { host, port, path, query }: Endpoint): string {
  return `${info.process}\0at\0${host}:${port ?? ''}${path}?${query}`;
}

/** The name of a server that has not said its own: host, and port where it is not the usual one. */
export function serverNameOf({ host, port }: Endpoint): string {
  const name = host === '' ? 'unknown' : host;
  return port === undefined || port === 80 || port === 443 ? name : `${name}:${port}`;
}

/** The endpoint that an `endpoint` event names, relative to its stream (2024-11-05, basic/transports, HTTP with SSE). */
export function endpointOf(stream: Endpoint, data: string): Endpoint | undefined {
  let url: URL;
  try {
    url = new URL(data, `http://${stream.host === '' ? 'unknown' : stream.host}${stream.path}`);
  } catch {
    return undefined; // no address: POSTs are known by their own path then
  }
  const { pathname, search } = url;
  return {
    host: stream.host,
    port: stream.port,
    path: pathname.length > 1 && pathname.endsWith('/') ? pathname.slice(0, -1) : pathname,
    query: search.slice(1),
  };
}

/** The session id in the address of an endpoint, as the SDKs write it. */
export function sessionIdIn({ query }: Endpoint): string | undefined {
  const id = /(?:^|&)session_?id=([^&]{1,256})/i.exec(query)?.[1];
  return id === undefined ? undefined : id;
}
