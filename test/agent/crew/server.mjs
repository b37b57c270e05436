// The model server of the crew: Anthropic Messages, streamed, answers from script.mjs; and plain pages on ports of their own.
// usage: node server.mjs CERT KEY   prints {"port":N,"pages":[[N,...],...]} when all listen
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import { Ids, messages } from '../server/wire.mjs';
import { AGENTS, scriptOf, TURNS } from './script.mjs';

const [cert, key] = process.argv.slice(2);
const ids = new Ids(0xc4e3);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const listen = (server) => new Promise((found) => server.listen(0, '127.0.0.1', () => found(server.address().port)));

const pages = await Promise.all(
  Array.from({ length: AGENTS }, () =>
    Promise.all(
      Array.from({ length: TURNS }, () => listen(http.createServer((_, response) => response.end('a page')))),
    ),
  ),
);
const script = scriptOf(pages);

function stepOf({ messages: list }) {
  const at = list.findLastIndex((m) => m.role === 'user' && typeof m.content === 'string');
  return script[list[at].content][list.slice(at + 1).filter((m) => m.role === 'assistant').length];
}

async function answer(request, response) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const body = JSON.parse(Buffer.concat(parts).toString());
  await pause(20);
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
  for (const [i, event] of messages(ids, body, stepOf(body)).events.entries()) {
    response.write(event);
    if (i % 5 === 4) await pause(2);
  }
  response.end();
}

const options = { cert: fs.readFileSync(cert), key: fs.readFileSync(key), ALPNProtocols: ['http/1.1'] };
const port = await listen(https.createServer(options, answer));
console.log(JSON.stringify({ port, pages }));
process.stdin.resume();
process.stdin.on('end', () => process.exit(0));
