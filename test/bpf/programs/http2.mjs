// HTTP/2 over TLS, both sides. usage: node http2.mjs serve CERT KEY   prints its port as JSON, answers a POST with what came, ends with its standard input
//                                    node http2.mjs call PORT CA PLAN   PLAN: one list of [path, bytes] per connection, one request after the other
import fs from 'node:fs';
import http2 from 'node:http2';

const [what, ...args] = process.argv.slice(2);

function serve([cert, key]) {
  const server = http2.createSecureServer({ cert: fs.readFileSync(cert), key: fs.readFileSync(key) });
  server.on('stream', (stream) => {
    stream.respond({ ':status': 200 });
    stream.pipe(stream);
  });
  server.listen(0, '127.0.0.1', () => console.log(JSON.stringify(server.address().port)));
  process.stdin.resume();
  process.stdin.on('end', () => process.exit(0));
}

async function call([port, ca, plan]) {
  for (const requests of JSON.parse(plan)) {
    const session = http2.connect(`https://localhost:${port}`, { ca: fs.readFileSync(ca) });
    for (const [path, bytes] of requests) {
      const request = session.request({ ':method': 'POST', ':path': path });
      request.end(Buffer.alloc(bytes, path));
      let received = 0;
      for await (const part of request) received += part.length;
      if (received !== bytes) throw new Error(`${path}: ${received} of ${bytes} bytes came back`);
    }
    await new Promise((closed) => session.close(closed));
  }
}

if (what === 'serve') serve(args);
else await call(args);
