// Preloaded into every Node process of the demo agent (`NODE_OPTIONS=--require`): writes down the plaintext of TLS connections and of the
// pipes of children that are talked to over stdin, as the bytes pass, before any SDK code sees them. One JSON line per fact, own file per process.
'use strict';
const fs = require('node:fs');
const tls = require('node:tls');
const childProcess = require('node:child_process');

const dir = process.env.OISP_TAP_DIR;
if (dir) install(fs.openSync(`${dir}/tap-${process.pid}.jsonl`, 'a'));

function install(out) {
  let connections = 0;
  const write = (type, data) =>
    fs.writeSync(out, `${JSON.stringify({ mono: String(process.hrtime.bigint()), pid: process.pid, type, data })}\n`);

  /** Counts records and bytes of one connection and direction. */
  class Side {
    seq = 0;
    offset = 0;
    constructor(conn, name) {
      this.conn = conn;
      this.name = name;
    }
    take(chunk, encoding) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : Buffer.from(chunk);
      if (bytes.length === 0) return;
      const data = {
        conn: this.conn,
        dir: this.name,
        seq: this.seq,
        offset: this.offset,
        b64: bytes.toString('base64'),
      };
      this.seq += 1;
      this.offset += bytes.length;
      write('capture.data', data);
    }
  }

  const watchWrites = (stream, side) => {
    const { _write, _writev } = stream;
    stream._write = function (chunk, encoding, done) {
      side.take(chunk, encoding);
      return _write.call(this, chunk, encoding, done);
    };
    if (!_writev) return;
    stream._writev = function (chunks, done) {
      for (const item of chunks) side.take(item.chunk ?? item, item.encoding);
      return _writev.call(this, chunks, done);
    };
  };
  const watchReads = (stream, side) => {
    const { push } = stream;
    stream.push = function (chunk, encoding) {
      if (chunk !== null) side.take(chunk, encoding);
      return push.call(this, chunk, encoding);
    };
  };

  const open = new Set();
  process.once('exit', () => {
    for (const conn of open) write('capture.close', { conn, reason: 'exit' });
  });

  const connect = tls.connect;
  tls.connect = function (...args) {
    const socket = connect.apply(this, args);
    const conn = `${process.pid}-${++connections}`;
    let reason;
    socket.once('secureConnect', () => {
      write('capture.open', {
        conn,
        protocol: 'tls',
        ...(typeof socket.servername === 'string' && { sni: socket.servername }),
        ...(socket.alpnProtocol && { alpn: socket.alpnProtocol }),
        local: { ip: socket.localAddress, port: socket.localPort },
        remote: { ip: socket.remoteAddress, port: socket.remotePort },
      });
      open.add(conn);
      socket.once('close', () => {
        if (open.delete(conn)) write('capture.close', { conn, reason: reason ?? 'eof' });
      });
    });
    socket.once('error', () => {
      reason = 'error';
    });
    watchWrites(socket, new Side(conn, 'sent'));
    watchReads(socket, new Side(conn, 'received'));
    return socket;
  };

  const spawn = childProcess.spawn;
  childProcess.spawn = function (...args) {
    const child = spawn.apply(this, args);
    if (!child.stdin || !child.stdout || child.pid === undefined) return child;
    const conn = `${process.pid}-${++connections}`;
    write('capture.open', { conn, protocol: 'stdio', child: { pid: child.pid } });
    watchWrites(child.stdin, new Side(conn, 'sent'));
    watchReads(child.stdout, new Side(conn, 'received'));
    child.once('close', () => write('capture.close', { conn, reason: 'exit' }));
    return child;
  };
  // `import { spawn } from 'node:child_process'` must see the watched function too
  require('node:module').syncBuiltinESMExports();
}
