import http2, { type OutgoingHttpHeaders } from 'node:http2';
import { Duplex } from 'node:stream';
import { setImmediate } from 'node:timers/promises';

/** What Node's client sends first on an HTTP/2 connection with one request. */
export async function firstBytes(headers: OutgoingHttpHeaders, body?: string): Promise<Buffer> {
  const sent: Buffer[] = [];
  const socket = new Duplex({
    read: () => undefined,
    write(bytes: Buffer, _coding, done) {
      sent.push(bytes);
      done();
    },
  });
  const session = http2.connect('http://localhost', { createConnection: () => socket });
  const request = session.request(headers, { endStream: body === undefined });
  request.on('error', () => undefined); // it is never answered
  if (body !== undefined) request.end(body);
  const isWhole = (): boolean => body === undefined || Buffer.concat(sent).includes(body);
  for (let turn = 0; turn < 100 && (turn < 10 || !isWhole()); turn++) await setImmediate();
  session.destroy();
  return Buffer.concat(sent);
}
