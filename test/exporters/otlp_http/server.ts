import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';

export interface Received {
  readonly path: string;
  readonly method: string;
  readonly headers: http.IncomingHttpHeaders;
  /** As on the wire. */
  readonly raw: Buffer;
  /** Decompressed. */
  readonly body: Buffer;
}

/** What the server does with one request. */
export type Answer =
  | { readonly status: number; readonly headers?: http.OutgoingHttpHeaders; readonly body?: string | Buffer }
  | 'reset'
  | 'hang'
  | 'lostack';

export interface Server {
  readonly url: string;
  readonly received: Received[];
  /** Resolves when so many requests have come in. */
  got(n: number): Promise<void>;
  close(): Promise<void>;
}

/** A real HTTP server on a free port of this machine that answers as it is told. */
export async function serve(
  answer: (request: Received, n: number) => Answer = () => ({ status: 200 }),
): Promise<Server> {
  const received: Received[] = [];
  const waiting: { readonly n: number; readonly resolve: () => void }[] = [];
  const server = http.createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('error', () => undefined); // a client that went away is part of the tests
    request.on('end', () => {
      const raw = Buffer.concat(chunks);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      const one = { path: request.url ?? '', method: request.method ?? '', headers: request.headers, raw, body };
      received.push(one);
      const reply = answer(one, received.length);
      if (reply === 'reset' || reply === 'lostack') request.socket.resetAndDestroy();
      else if (reply !== 'hang') response.writeHead(reply.status, reply.headers).end(reply.body);
      for (const { n, resolve } of waiting) if (received.length >= n) resolve();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    got: (n) =>
      new Promise((resolve) => {
        if (received.length >= n) resolve();
        else waiting.push({ n, resolve });
      }),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
