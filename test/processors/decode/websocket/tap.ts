import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { type ClientOptions, type PerMessageDeflateOptions, WebSocket, WebSocketServer } from 'ws';
import type { OispEvent } from '../../../../core/index.ts';
import { Recorder } from '../capture.ts';

/** Bytes of one direction, as they came together. */
export interface Chunk {
  readonly dir: 'sent' | 'received';
  readonly bytes: Buffer;
}

export interface TapOptions {
  readonly path?: string;
  readonly protocols?: readonly string[];
  readonly client?: ClientOptions;
  readonly deflate?: boolean | PerMessageDeflateOptions;
}

/** Runs a conversation between a `ws` client and a `ws` server over a local socket; returns all bytes in the order in which they passed. */
export async function tap(
  options: TapOptions,
  talk: (client: WebSocket, server: WebSocket) => Promise<void>,
): Promise<Chunk[]> {
  const chunks: Chunk[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: options.deflate ?? false });
  await once(server, 'listening');
  const proxy = net.createServer((near) => {
    const far = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
    near.on('data', (bytes) => {
      chunks.push({ dir: 'sent', bytes });
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      chunks.push({ dir: 'received', bytes });
      near.write(bytes);
    });
    near.on('error', () => far.destroy()); // an end that was torn on purpose
    far.on('error', () => near.destroy());
    near.on('close', () => far.destroy());
    far.on('close', () => near.destroy());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const connected = once(server, 'connection');
  const client = new WebSocket(
    `ws://127.0.0.1:${(proxy.address() as AddressInfo).port}${options.path ?? '/'}`,
    [...(options.protocols ?? [])],
    { perMessageDeflate: options.deflate ?? false, ...options.client },
  );
  try {
    await once(client, 'open');
    const [peer] = (await connected) as [WebSocket];
    await talk(client, peer);
  } finally {
    client.terminate();
    server.close();
    proxy.close();
    for (const peer of server.clients) peer.terminate();
  }
  return chunks;
}

/** The next messages, as they come. */
export function inbox(socket: WebSocket): () => Promise<{ readonly data: Buffer; readonly isBinary: boolean }> {
  const ready: { data: Buffer; isBinary: boolean }[] = [];
  const waiting: ((message: { data: Buffer; isBinary: boolean }) => void)[] = [];
  socket.on('message', (data: Buffer, isBinary) => {
    const next = waiting.shift();
    if (next === undefined) ready.push({ data, isBinary });
    else next({ data, isBinary });
  });
  return () => {
    const first = ready.shift();
    return first === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(first);
  };
}

/** Capture records of a conversation; each chunk is cut into records of `sizeOf()` bytes. */
export function recordsOf(
  chunks: readonly Chunk[],
  sizeOf: () => number = () => Number.POSITIVE_INFINITY,
  how: { readonly sni?: string; readonly close?: string | undefined } = {},
): OispEvent[] {
  const recorder = new Recorder().open('c', { sni: how.sni ?? 'api.openai.com', alpn: 'http/1.1' });
  for (const { dir, bytes } of chunks)
    for (let at = 0; at < bytes.length; ) {
      const size = Math.min(bytes.length - at, Math.max(1, sizeOf()));
      recorder.data('c', dir, bytes.subarray(at, at + size));
      at += size;
    }
  return recorder.close('c', how.close ?? 'eof').events;
}
