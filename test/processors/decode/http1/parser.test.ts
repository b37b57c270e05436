import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Http1Parser } from '../../../../processors/decode/http1/parser.ts';
import { Recorder } from '../capture.ts';

interface Message {
  readonly start: string;
  readonly headers: Record<string, string>;
  body: string;
  how: string;
}

const mark = { event: new Recorder().record('capture.data', {}), ms: 0 };

function reader(side: 'request' | 'response', methods: readonly string[] = []) {
  const messages: Message[] = [];
  const refused: string[] = [];
  const upgrades: string[] = [];
  let responses = 0;
  const parser = new Http1Parser(side, {
    head: (head) => {
      const start = side === 'request' ? `${head.method} ${head.target}` : String(head.status);
      messages.push({ start, headers: Object.fromEntries(head.headers), body: '', how: 'open' });
      return head.status >= 200 || head.status === 101 ? (methods[responses++] ?? 'GET') : 'GET';
    },
    data: (bytes) => {
      const last = messages.at(-1);
      if (last) last.body += bytes.toString('latin1');
    },
    missing: () => {
      const last = messages.at(-1);
      if (last) last.body += '?';
    },
    end: (how) => {
      const last = messages.at(-1);
      if (last) last.how = how;
    },
    upgraded: (protocol) => upgrades.push(protocol),
    beyond: () => {},
    refused: (why) => refused.push(why),
  });
  const feed = (bytes: Buffer | string, size = Number.POSITIVE_INFINITY): void => {
    const all = Buffer.from(bytes);
    if (size >= all.length) parser.feed(all, mark);
    else for (let at = 0; at < all.length; at += size) parser.feed(all.subarray(at, at + size), mark);
  };
  return { parser, feed, messages, refused, upgrades };
}

const short = (messages: readonly Message[]): string[] => messages.map((m) => `${m.start} [${m.body}] ${m.how}`);

describe('responses', () => {
  const WIRE = [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;ext="a"\r\nabc\r\n0A\r\n0123456789\r\n0\r\nTrailer: x\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n',
    '\r\nHTTP/1.1 204 No Content\r\nContent-Length: 7\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\n\r\n',
    'HTTP/1.0 200 OK\r\n\r\nuntil the end',
  ].join('');
  const METHODS = ['GET', 'GET', 'HEAD', 'GET', 'GET', 'GET'];
  const EXPECTED = [
    '100 [] whole',
    '200 [hello] whole',
    '200 [abc0123456789] whole',
    '200 [] whole',
    '204 [] whole',
    '304 [] whole',
    '200 [until the end] closed',
  ];

  it('are framed as RFC 9112 says, in pieces of any size', () => {
    for (let size = 1; size < 80; size++) {
      const { feed, parser, messages, refused } = reader('response', METHODS);
      feed(WIRE, size);
      parser.end(false, mark);
      expect(short(messages)).toEqual(EXPECTED);
      expect(refused).toEqual([]);
    }
  });

  it('go on behind foreign bytes and behind a gap', () => {
    const { feed, parser, messages, refused } = reader('response');
    feed('junk\nmore junk');
    feed(WIRE.slice(25, 70));
    parser.gap(undefined, mark);
    feed('tail HTTP/1.1 2');
    feed('00 OK\r\nContent-Length: 2\r\n\r\nok');
    expect(short(messages).at(-1)).toBe('200 [ok] whole');
    expect(refused).toEqual(['foreign']);
  });

  it('keep their frame when the size of a gap is known', () => {
    const { feed, parser, messages } = reader('response');
    feed('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012');
    parser.gap(4, mark);
    feed('789HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nab');
    parser.gap(4, mark);
    feed('\r\n0\r\n\r\n');
    expect(short(messages)).toEqual(['200 [012?789] whole', '200 [ab?] whole']);
  });

  it('end as torn when the connection ends before they do', () => {
    const { feed, parser, messages } = reader('response');
    feed('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012');
    parser.end(false, mark);
    expect(short(messages)).toEqual(['200 [012] torn']);
  });
});

describe('requests', () => {
  it('are found in the middle of a stream, right behind the body of another', () => {
    for (let size = 1; size < 40; size++) {
      const { feed, messages } = reader('request');
      feed(
        'ntent":"GET / HTTP/1.1\\r\\n"}POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}GET /y HTTP/1.1\r\n\r\n',
        size,
      );
      expect(short(messages)).toEqual(['POST /x [{}] whole', 'GET /y [] whole']);
    }
  });

  it('with heads that are no good are given up, the next one is read', () => {
    const { feed, messages, refused } = reader('request');
    feed('GET /a HTTP/1.1\r\nno colon here\r\n\r\nGET /b HTTP/1.1\r\n\r\n');
    feed(`GET /c HTTP/1.1\r\nX: ${'y'.repeat(300_000)}\r\n\r\nGET /d HTTP/1.1\r\n\r\n`, 1400);
    expect(short(messages)).toEqual(['GET /b [] whole', 'GET /d [] whole']);
    expect(refused).toEqual(['bad_head', 'head_too_large']);
  });

  it('with a chunk size that is none end as lost', () => {
    const { feed, messages } = reader('request');
    feed('POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nGET /b HTTP/1.1\r\n\r\n');
    expect(short(messages)).toEqual(['POST /a [] lost', 'GET /b [] whole']);
  });

  it('tell HTTP/2 by its preface', () => {
    const { feed, upgrades } = reader('request');
    feed('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    expect(upgrades).toEqual(['h2']);
  });
});

it('never throws and never stops on any bytes', () => {
  const token = fc.constantFrom(
    'GET /',
    ' HTTP/1.1\r\n',
    'HTTP/1.1 200 OK\r\n',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    '\r\n',
    '5\r\n',
    '0\r\n\r\n',
    'abc',
    '\n',
    'PRI * HTTP/2.0\r\n\r\n',
    ': ',
    'POST /x HTTP/1.1\r\n',
  );
  fc.assert(
    fc.property(
      fc.array(fc.oneof(token, fc.string())),
      fc.constantFrom('request' as const, 'response' as const),
      fc.integer({ min: 1, max: 50 }),
      (parts, side, size) => {
        const { feed, parser, messages } = reader(side);
        feed(parts.join(''), size);
        parser.gap(undefined, mark);
        const before = messages.length;
        feed(side === 'request' ? 'GET /last HTTP/1.1\r\n\r\n' : 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
        parser.end(true, mark);
        expect(messages.every((message) => message.how !== 'open')).toBe(true);
        expect(messages.length).toBeGreaterThanOrEqual(before);
      },
    ),
    { numRuns: 500 },
  );
});

it("reads what Node's own client and server write to one another", async () => {
  const seen: { method: string; url: string; body: string; answer: string }[] = [];
  const server = http.createServer((req, res) => {
    let body = '';
    req.setEncoding('latin1');
    req.on('data', (piece: string) => {
      body += piece;
    });
    req.on('end', () => {
      const answer = 'x'.repeat(seen.length * 700);
      seen.push({ method: req.method ?? '', url: req.url ?? '', body, answer: req.method === 'HEAD' ? '' : answer });
      if (seen.length % 2 === 0) res.setHeader('Content-Length', answer.length);
      res.write(answer.slice(0, 100));
      res.end(answer.slice(100));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as net.AddressInfo).port;
  const sent: Buffer[] = [];
  const received: Buffer[] = [];
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  agent.createConnection = (): net.Socket => {
    const socket = net.connect(port, '127.0.0.1');
    const write = socket.write.bind(socket);
    socket.on('data', (bytes: Buffer) => received.push(Buffer.from(bytes)));
    socket.write = ((chunk: Buffer | string, encoding?: BufferEncoding, ...rest: never[]) => {
      sent.push(
        typeof chunk === 'string'
          ? Buffer.from(chunk, typeof encoding === 'string' ? encoding : 'utf8')
          : Buffer.from(chunk),
      );
      return write(chunk, encoding as BufferEncoding, ...rest);
    }) as typeof socket.write;
    return socket;
  };
  for (let i = 0; i < 12; i++) {
    const method = ['GET', 'POST', 'HEAD', 'PUT'][i % 4] ?? 'GET';
    const req = http.request({ agent, port, host: '127.0.0.1', method, path: `/${i}` });
    if (method === 'POST' || method === 'PUT') {
      req.write('a'.repeat(i * 300));
      req.write('b');
    }
    req.end();
    const [res] = (await once(req, 'response')) as [http.IncomingMessage];
    res.resume();
    await once(res, 'end');
  }
  agent.destroy();
  server.close();
  await once(server, 'close');
  expect(seen).toHaveLength(12);
  for (const size of [1, 13, 1400, 1 << 20]) {
    const requests = reader('request');
    requests.feed(Buffer.concat(sent), size);
    expect(requests.messages.map((m) => [m.start, m.body, m.how])).toEqual(
      seen.map((s) => [`${s.method} ${s.url}`, s.body, 'whole']),
    );
    const responses = reader(
      'response',
      seen.map((s) => s.method),
    );
    responses.feed(Buffer.concat(received), size);
    expect(responses.messages.map((m) => [m.body, m.how])).toEqual(seen.map((s) => [s.answer, 'whole']));
  }
});
