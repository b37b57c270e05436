import { connect, createServer } from 'node:http2';
import { duplexPair } from 'node:stream';
import { constants, createGzip, gunzipSync } from 'node:zlib';
import type { OispEvent } from '../core/index.ts';

/** Captured bytes of one kind, and the JSON texts in them. */
export interface Load {
  readonly name: string;
  readonly events: readonly OispEvent[];
  readonly bodies: readonly Buffer[];
  /** Undoes the content codings of the bodies, and nothing else. */
  readonly inflate: () => void;
  /** Events that have to come out at least. */
  readonly expected: number;
  /** It is shown for comparison. */
  readonly hasNoBar?: true;
}

interface Written {
  readonly dir: 'sent' | 'received';
  readonly bytes: Buffer;
}

const WORDS = 'the quick brown fox reads a file, writes "another" one and runs the tests again; ';

/** What an agent sends with one turn of a conversation: `turns` questions, calls and results, 1 KB each. */
function requestBody(id: number, turns: number, stream: boolean): Buffer {
  const messages: unknown[] = [{ role: 'system', content: WORDS.repeat(20) }];
  const tools = ['read', 'write', 'run'].map((name) => ({
    type: 'function',
    function: { name, description: WORDS, parameters: { type: 'object', properties: { path: { type: 'string' } } } },
  }));
  for (let i = 0; i < turns; i++) {
    const call = { id: `call_${id}_${i}`, type: 'function', function: { name: 'read', arguments: '{"path":"a.ts"}' } };
    messages.push(
      { role: 'user', content: `${id}.${i} ${WORDS.repeat(4)}` },
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: call.id, content: WORDS.repeat(5) },
    );
  }
  return Buffer.from(JSON.stringify({ model: 'gpt-4o', messages, tools, stream, temperature: 0.2 }));
}

const answerBody = (n: number): Buffer =>
  Buffer.from(
    JSON.stringify({
      id: `chatcmpl-${n}`,
      object: 'chat.completion',
      model: 'gpt-4o-2024-08-06',
      choices: [{ index: 0, message: { role: 'assistant', content: WORDS }, finish_reason: 'stop' }],
      usage: { prompt_tokens: 5000, completion_tokens: 20, total_tokens: 5020 },
    }),
  );

function streamedEvents(n: number): Buffer[] {
  const about = {
    id: `chatcmpl-${n}`,
    object: 'chat.completion.chunk',
    created: 1_790_000_000,
    model: 'gpt-4o-2024-08-06',
  };
  const events: unknown[] = [];
  for (let i = 0; i < 200; i++)
    events.push({
      ...about,
      choices: [{ index: 0, delta: { content: WORDS.slice(i % 60, (i % 60) + 12) }, finish_reason: null }],
    });
  events.push({ ...about, choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: null });
  events.push({ ...about, choices: [], usage: { prompt_tokens: 5000, completion_tokens: 200, total_tokens: 5200 } });
  return events.map((event) => Buffer.from(JSON.stringify(event)));
}

const sseOf = (events: readonly Buffer[]): Buffer =>
  Buffer.concat([
    ...events.map((event) => Buffer.concat([Buffer.from('data: '), event, Buffer.from('\n\n')])),
    Buffer.from('data: [DONE]\n\n'),
  ]);

const requestHead = (body: Buffer): Buffer =>
  Buffer.from(
    `POST /v1/chat/completions HTTP/1.1\r\nHost: api.openai.com\r\nAuthorization: Bearer sk-none\r\nUser-Agent: OpenAI/JS 6.49.0\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
  );

function chunked(pieces: readonly Buffer[], type: string, coding?: string): Buffer {
  const parts: Buffer[] = [
    Buffer.from(
      `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\n${coding ? `Content-Encoding: ${coding}\r\n` : ''}Transfer-Encoding: chunked\r\n\r\n`,
    ),
  ];
  for (const piece of pieces) parts.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from('\r\n'));
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')]);
}

/** Gzip as a server flushes it: one piece an event. */
async function gzipped(events: readonly Buffer[]): Promise<Buffer[]> {
  const gzip = createGzip();
  const pieces: Buffer[] = [];
  gzip.on('data', (piece: Buffer) => pieces.push(piece));
  for (const event of events) {
    gzip.write(sseOf([event]));
    await new Promise<void>((done) => gzip.flush(constants.Z_SYNC_FLUSH, done));
  }
  await new Promise<void>((done) => {
    gzip.once('end', done);
    gzip.end();
  });
  return pieces;
}

/** Capture records of a few connections, in reads of `size` bytes. */
function recordsOf(conversations: readonly (readonly Written[])[], size: number, alpn: string): OispEvent[] {
  const events: OispEvent[] = [];
  let ns = 1_000_000_000;
  const record = (type: string, data: object): void => {
    ns += 1000;
    events.push({
      oisp_version: '0.1',
      event_id: '',
      event_type: type,
      ts: '2026-11-20T10:00:00.000000000Z',
      ts_mono: ns,
      source: { collector: 'oisp-collector', capture_method: 'ebpf_uprobe', clock: 'boottime' },
      confidence: { level: 'high', completeness: 'full' },
      process: { pid: 41 },
      data,
    });
  };
  for (const [index, written] of conversations.entries()) {
    const conn = `41-${index}`;
    const place = { sent: { seq: 0, offset: 0 }, received: { seq: 0, offset: 0 } };
    record('capture.open', { conn, protocol: 'tls', sni: 'api.openai.com', alpn });
    for (const { dir, bytes } of written)
      for (let at = 0; at < bytes.length; at += size) {
        const piece = bytes.subarray(at, at + size);
        const { seq, offset } = place[dir];
        place[dir] = { seq: seq + 1, offset: offset + piece.length };
        record('capture.data', { conn, dir, seq, offset, bytes: piece });
      }
    record('capture.close', { conn, reason: 'eof' });
  }
  return events;
}

/** The same exchanges as Node's own client and server put them on an HTTP/2 connection. */
async function overHttp2(
  exchanges: readonly { readonly request: Buffer; readonly answer: readonly Buffer[] }[],
): Promise<Written[]> {
  const written: Written[] = [];
  const [a, b] = duplexPair();
  a.on('data', (bytes: Buffer) => written.push({ dir: 'received', bytes }));
  b.on('data', (bytes: Buffer) => written.push({ dir: 'sent', bytes }));
  const server = createServer();
  let answers: readonly Buffer[] = [];
  server.on('stream', (stream) => {
    stream.resume();
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'text/event-stream' });
      for (const piece of answers) stream.write(piece);
      stream.end();
    });
  });
  server.emit('connection', b);
  const client = connect('http://api.openai.com', { createConnection: () => a });
  for (const { request, answer } of exchanges) {
    answers = answer;
    const stream = client.request({
      ':method': 'POST',
      ':path': '/v1/chat/completions',
      'content-type': 'application/json',
      authorization: 'Bearer sk-none',
      'user-agent': 'OpenAI/JS 6.49.0',
    });
    stream.end(request);
    stream.resume();
    await new Promise((done) => stream.once('close', done));
  }
  client.destroy();
  server.close();
  return written;
}

/** Every load, about 5 MB of JSON each. */
export async function loads(): Promise<Load[]> {
  const none = (): void => {};
  // ten agents, twenty turns each
  const requests = Array.from({ length: 200 }, (_, n) => requestBody(n % 10, 9 + Math.floor(n / 10), false));
  // nothing of which was sent before
  const first = requests.map((_, n) => requestBody(1000 + n, 18, false));
  const answers = requests.map((_, n) => answerBody(n));
  const exchanges = (bodies: readonly Buffer[]): Written[] =>
    bodies.flatMap((body, n): Written[] => [
      { dir: 'sent', bytes: Buffer.concat([requestHead(body), body]) },
      { dir: 'received', bytes: chunked([answers[n] ?? Buffer.alloc(0)], 'application/json') },
    ]);
  const small = requestBody(0, 1, true);
  const streams = Array.from({ length: 100 }, (_, n) => streamedEvents(n));
  const asked = { dir: 'sent', bytes: Buffer.concat([requestHead(small), small]) } as const;
  const sse = streams.flatMap((events): Written[] => [
    asked,
    {
      dir: 'received',
      bytes: chunked(
        events.map((event) => sseOf([event])),
        'text/event-stream',
      ),
    },
  ]);
  const coded: Buffer[][] = await Promise.all(streams.map(gzipped));
  const gzip = coded.flatMap((pieces): Written[] => [
    asked,
    { dir: 'received', bytes: chunked(pieces, 'text/event-stream', 'gzip') },
  ]);
  const whole = coded.map((pieces) => Buffer.concat(pieces));
  const h2 = await overHttp2([...requests.map((request, n) => ({ request, answer: [answers[n] ?? Buffer.alloc(0)] }))]);
  const h2sse = await overHttp2(
    streams.map((events) => ({ request: small, answer: events.map((event) => sseOf([event])) })),
  );
  const texts = [...streams.flat(), ...streams.map(() => small)];
  return [
    {
      name: 'requests of 23 KB, HTTP/1.1',
      events: recordsOf([exchanges(requests)], 16_384, 'http/1.1'),
      bodies: [...requests, ...answers],
      inflate: none,
      expected: 400,
    },
    {
      name: 'requests of 23 KB, never sent before',
      events: recordsOf([exchanges(first)], 16_384, 'http/1.1'),
      bodies: [...first, ...answers],
      inflate: none,
      expected: 400,
      hasNoBar: true,
    },
    {
      name: 'requests of 23 KB, HTTP/2',
      events: recordsOf([h2], 16_384, 'h2'),
      bodies: [...requests, ...answers],
      inflate: none,
      expected: 400,
    },
    {
      name: 'SSE in reads of 250 B, HTTP/1.1',
      events: recordsOf([sse], 250, 'http/1.1'),
      bodies: texts,
      inflate: none,
      expected: 200,
    },
    {
      name: 'SSE in reads of 250 B, HTTP/2',
      events: recordsOf([h2sse], 250, 'h2'),
      bodies: texts,
      inflate: none,
      expected: 200,
    },
    {
      name: 'gzip SSE in reads of 250 B',
      events: recordsOf([gzip], 250, 'http/1.1'),
      bodies: texts,
      inflate: () => {
        for (const bytes of whole) gunzipSync(bytes);
      },
      expected: 200,
    },
  ];
}
