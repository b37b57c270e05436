// Two requests on one connection, the first to nobody we look for. usage: node keepalive.mjs PORT
import tls from 'node:tls';

const socket = tls.connect({ port: Number(process.argv[2]), host: '127.0.0.1', servername: 'localhost' });
const ask = (path) =>
  new Promise((answered) => {
    socket.once('data', answered);
    socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}`);
  });
await new Promise((ready) => socket.once('secureConnect', ready));
await ask('/telemetry');
await new Promise((later) => setTimeout(later, 200));
await ask('/v1/messages');
socket.end();
