// What client.py does, in Node: TLS in memory. usage: node client.mjs PLAN NOTES
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import tls from 'node:tls';

const [planFile, notesFile] = process.argv.slice(2);
const plan = JSON.parse(fs.readFileSync(planFile, 'utf8'));

function partsOf(name, { writes, answer = 2, pieces = 1 }) {
  const total = writes.reduce((a, b) => a + b, 0);
  const more = `${answer === 2 ? '' : `x-answer:${answer}\r\n`}${pieces === 1 ? '' : `x-pieces:${pieces}\r\n`}`;
  const headOf = (length) =>
    `POST /v1/messages${name ? `?c=${name}` : ''} HTTP/1.1\r\nhost:x\r\n${more}content-length:${String(length).padStart(9, '0')}\r\n\r\n`;
  const head = headOf(total - headOf(0).length);
  const whole = Buffer.alloc(total);
  whole.write(head);
  for (let i = head.length; i < total; i++) whole[i] = 97 + ((i * 7 + total) % 26);
  let at = 0;
  return writes.map((size) => {
    at += size;
    return whole.subarray(at - size, at);
  });
}

function run({ port, name, requests }) {
  return new Promise((done, failed) => {
    const hashes = { sent: createHash('sha256'), received: createHash('sha256') };
    const note = { name: name ?? '', local: 0, remote: port, sentBytes: 0, receivedBytes: 0 };
    const socket = tls.connect({ port, host: '127.0.0.1', servername: 'localhost' });
    socket.once('error', failed);
    socket.once('secureConnect', async () => {
      note.local = socket.localPort;
      for (const request of requests) {
        for (const part of partsOf(name, request)) {
          hashes.sent.update(part);
          note.sentBytes += part.length;
          socket.write(part);
        }
        await answered();
        if (!request.until) continue;
        console.log('waits');
        while (!fs.existsSync(request.until)) await new Promise((next) => setTimeout(next, 5));
      }
      socket.end();
      socket.once('close', () =>
        done({ ...note, sent: hashes.sent.digest('hex'), received: hashes.received.digest('hex') }),
      );
      socket.resume();
    });
    function answered() {
      let head = Buffer.alloc(0);
      let missing;
      return new Promise((whole) => {
        const take = (data) => {
          hashes.received.update(data);
          note.receivedBytes += data.length;
          if (missing === undefined) {
            head = Buffer.concat([head, data]);
            const end = head.indexOf('\r\n\r\n');
            if (end < 0) return;
            const length = Number(/content-length: *(\d+)/i.exec(head.toString('latin1', 0, end))?.[1]);
            missing = end + 4 + length - head.length;
          } else missing -= data.length;
          if (missing > 0) return;
          socket.off('data', take);
          whole();
        };
        socket.on('data', take);
      });
    }
  });
}

const notes = [];
const waiting = [...plan.connections.entries()];
await Promise.all(
  Array.from({ length: plan.atOnce ?? 1 }, async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) notes[next[0]] = await run(next[1]);
  }),
);
fs.writeFileSync(notesFile, JSON.stringify(notes));
console.log('done', notes.length);
