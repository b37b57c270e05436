import { once } from 'node:events';
import { createServer } from 'node:net';
import { connect } from 'node:tls';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { readHello } from '../../../../receivers/ebpf/observe/client-hello.ts';

/** What Node's TLS client sends first. */
async function helloOf(options: { readonly servername?: string; readonly ALPNProtocols?: string[] }): Promise<Buffer> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const client = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...options });
  client.on('error', () => undefined);
  const [socket] = await once(server, 'connection');
  const [bytes] = await once(socket, 'data');
  client.destroy();
  socket.destroy();
  server.close();
  return bytes;
}

describe('a ClientHello', () => {
  let real: Buffer;
  beforeAll(async () => {
    real = await helloOf({ servername: 'API.OpenAI.com', ALPNProtocols: ['h2', 'http/1.1'] });
  });

  it('says the server name and the protocols', async () => {
    expect(readHello(real)).toEqual({ sni: 'api.openai.com', alpn: ['h2', 'http/1.1'] });
    expect(readHello(await helloOf({}))).toEqual({ alpn: [] });
  });

  it('is no other record', () => {
    expect(readHello(Buffer.from('POST / HTTP/1.1\r\n'))).toBeUndefined();
    expect(readHello(Buffer.alloc(0))).toBeUndefined();
    const finished = Buffer.from(real);
    finished[5] = 20;
    expect(readHello(finished)).toBeUndefined();
  });

  it('gives what it holds when it was cut, and never throws', () => {
    for (let n = 0; n <= real.length; n++) {
      const cut = readHello(real.subarray(0, n));
      expect([undefined, 'api.openai.com']).toContain(cut?.sni);
    }
    fc.assert(
      fc.property(fc.nat(real.length - 1), fc.nat(255), fc.nat(real.length - 1), fc.nat(255), (i, a, j, b) => {
        const bytes = Buffer.from(real);
        bytes[i] = a;
        bytes[j] = b;
        const hello = readHello(bytes);
        expect((hello?.sni ?? '').length).toBeLessThan(bytes.length);
      }),
    );
  });
});
