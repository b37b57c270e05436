// A TLS server for HTTP/1.1 and HTTP/2 (by ALPN) with the APIs of answers.mjs. usage: node server.mjs CERT KEY
// Prints {"port"} when it listens, then one line of JSON for each answer; ends with its standard input. How an answer is encoded changes from
// one to the next, among what the client offers.
import { readFileSync } from 'node:fs';
import http2 from 'node:http2';
import { createInterface } from 'node:readline';
import zlib from 'node:zlib';
import { answerOf, readRequest } from './answers.mjs';

const [cert, key] = process.argv.slice(2).map((file) => readFileSync(file));
const CODERS = {
  gzip: () => zlib.createGzip(),
  deflate: () => zlib.createDeflate(),
  br: () => zlib.createBrotliCompress(),
  ...(zlib.createZstdCompress && { zstd: () => zlib.createZstdCompress() }),
};
const pause = () => new Promise((resolve) => setTimeout(resolve, 2));
let count = 0;

function codingOf(offered, ordinal) {
  const known = (offered ?? '').split(',').map((one) => one.trim().split(';')[0]);
  const all = ['identity', ...['gzip', 'br', 'zstd', 'deflate'].filter((one) => known.includes(one) && CODERS[one])];
  return all[ordinal % all.length];
}

async function answer(request, response) {
  let body = '';
  for await (const part of request.setEncoding('utf8')) body += part;
  const asked = readRequest(request.method, request.url, body === '' ? {} : JSON.parse(body));
  if (asked === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' });
    return response.end('{"error":{"message":"no such path","type":"invalid_request_error"}}');
  }
  const n = ++count;
  const { id, model, body: whole, events, array } = answerOf(n, asked);
  const coding = codingOf(request.headers['accept-encoding'], asked.ordinal);
  const coder = coding === 'identity' ? undefined : CODERS[coding]();
  response.writeHead(200, {
    'content-type': events ? 'text/event-stream; charset=utf-8' : 'application/json',
    'x-request-id': `req_${n}`,
    ...(coder && { 'content-encoding': coding }),
  });
  coder?.pipe(response);
  const out = coder ?? response;
  const write = async (text) => {
    out.write(text);
    if (coder?.flush) await new Promise((done) => coder.flush(done));
    await pause();
  };
  if (whole) out.end(JSON.stringify(whole));
  else if (array) {
    for (const [i, one] of array.entries()) await write(`${i === 0 ? '[' : ','}${JSON.stringify(one)}\r\n`);
    out.end(']');
  } else {
    const lines = events.map(
      ([name, data]) =>
        `${name ? `event: ${name}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`,
    );
    // a few events at a time, as real servers write them
    for (let at = 0, size = 1; at < lines.length; at += size, size = (size * 3) % 11 || 1)
      await write(lines.slice(at, at + size).join(''));
    out.end();
  }
  console.log(
    JSON.stringify({
      n,
      id,
      model,
      protocol: request.httpVersion,
      coding,
      host: request.headers[':authority'] ?? request.headers.host,
    }),
  );
}

const server = http2.createSecureServer({ cert, key, allowHTTP1: true }, (request, response) => {
  answer(request, response).catch((error) => {
    console.error(error);
    response.destroy();
  });
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
createInterface({ input: process.stdin }).once('close', () => process.exit(0));
