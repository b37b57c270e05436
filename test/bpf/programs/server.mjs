// TLS servers on free ports of this machine. Each answers a POST with as many bytes as `x-answer` asks for, in `x-pieces` pieces a few
// milliseconds apart; one with `x-stall` is neither read to its end nor answered. usage: node server.mjs CERT KEY COUNT   prints the ports as JSON when all listen, ends with its standard input
import fs from 'node:fs';
import https from 'node:https';

const [cert, key, count] = process.argv.slice(2);
const options = { cert: fs.readFileSync(cert), key: fs.readFileSync(key), ALPNProtocols: ['http/1.1'] };
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const letters = Buffer.from('abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHIJKLMNOPQRSTUVWXYZ');

function bytes(length) {
  const out = Buffer.alloc(length);
  let state = length;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    out[i] = letters[state >>> 26];
  }
  return out;
}

async function answer(request, response) {
  if (request.headers['x-stall']) return void request.pause();
  for await (const _ of request);
  const length = Number(request.headers['x-answer'] ?? 2);
  const pieces = Number(request.headers['x-pieces'] ?? 1);
  response.sendDate = false; // the same bytes in every run
  response.writeHead(200, { 'content-length': length, 'content-type': 'application/octet-stream' });
  const body = bytes(length);
  const size = Math.ceil(length / pieces) || 1;
  for (let at = 0; at < length; at += size) {
    if (at > 0) await pause(3);
    response.write(body.subarray(at, at + size));
  }
  response.end();
}

const servers = Array.from({ length: Number(count) }, () => https.createServer(options, answer));
const ports = await Promise.all(
  servers.map(
    (server) => new Promise((found) => server.listen(0, '127.0.0.1', 1024, () => found(server.address().port))),
  ),
);
console.log(JSON.stringify(ports));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
