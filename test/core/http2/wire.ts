import http2 from 'node:http2';
import { Duplex } from 'node:stream';
import { FRAME, FrameReader, type HeaderBlock, HpackDecoder, type Peer } from '../../../core/index.ts';

export type Fields = readonly (readonly [name: string, value: string])[];

export function frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  const body = Buffer.from(payload);
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}

export function settings(...pairs: readonly (readonly [id: number, value: number])[]): Buffer {
  const body = Buffer.alloc(pairs.length * 6);
  for (const [at, [id, value]] of pairs.entries()) {
    body.writeUInt16BE(id, at * 6);
    body.writeUInt32BE(value, at * 6 + 2);
  }
  return frame(FRAME.SETTINGS, 0, 0, body);
}

function integer(prefix: number, first: number, value: number): Buffer {
  if (value < prefix) return Buffer.from([first | value]);
  const bytes = [first | prefix];
  let rest = value - prefix;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

const text = (value: string): Buffer => Buffer.concat([integer(127, 0, value.length), Buffer.from(value, 'latin1')]);

/** The parts of a header block (RFC 7541 6), without Huffman. `index` counts as the wire does: 62 is the newest dynamic entry. */
export const hpack = {
  indexed: (index: number): Buffer => integer(127, 0x80, index),
  resize: (size: number): Buffer => integer(31, 0x20, size),
  /** Goes into the table. */
  insert: (name: string | number, value: string): Buffer =>
    typeof name === 'number'
      ? Buffer.concat([integer(63, 0x40, name), text(value)])
      : Buffer.concat([integer(63, 0x40, 0), text(name), text(value)]),
  literal: (name: string | number, value: string): Buffer =>
    typeof name === 'number'
      ? Buffer.concat([integer(15, 0, name), text(value)])
      : Buffer.concat([integer(15, 0, 0), text(name), text(value)]),
  block: (fields: Fields): Buffer => Buffer.concat(fields.map(([name, value]) => hpack.literal(name, value))),
};

/** Cuts bytes where `cuts` say; an empty list leaves them whole. */
export function inPieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

/** What one direction says, as text: one line a call of the handler, pieces of a body joined. */
export function listener(peer: Peer, late = false) {
  const said: string[] = [];
  const pieces: Buffer[] = [];
  const blocks: { readonly stream: number; readonly block: HeaderBlock }[] = [];
  const decoder = new HpackDecoder();
  if (late) decoder.forget();
  let body = '';
  const flush = (): void => {
    if (body !== '') said.push(body);
    body = '';
  };
  const say = (line: string): void => {
    flush();
    said.push(line);
  };
  const onBlock = (stream: number, block: Buffer): HeaderBlock => {
    const decoded = decoder.decode(block);
    blocks.push({ stream, block: decoded });
    return decoded;
  };
  const words = ({ fields, unresolved, fault }: HeaderBlock): string =>
    [
      ...fields.map(({ name, value }) => `${name}=${value}`),
      ...(unresolved > 0 ? [`+${unresolved}`] : []),
      ...(fault ? [`!${fault}`] : []),
    ].join(' ');
  const reader = new FrameReader<number>(peer, late, {
    headers: (stream, block) => say(`headers ${stream} ${words(onBlock(stream, block))}`),
    promise: (stream, promised, block) => say(`promise ${stream} ${promised} ${words(onBlock(promised, block))}`),
    blockLost: (stream) => {
      decoder.forget();
      say(`block lost ${stream}`);
    },
    data: (stream, bytes, from, to) => {
      pieces.push(bytes);
      const start = `data ${stream} `;
      if (!body.startsWith(start)) flush();
      body = (body === '' ? start : body) + bytes.toString('latin1', from, to);
    },
    missing: (stream, size) => say(`missing ${stream} ${size}`),
    end: (stream) => say(`end ${stream}`),
    reset: (stream, code) => say(`reset ${stream} ${code}`),
    setting: (id, value) => say(`setting ${id} ${value}`),
    goaway: (last, code) => say(`goaway ${last} ${code}`),
    lost: () => {
      decoder.forget();
      say('lost');
    },
    refused: (reason) => say(`refused ${reason}`),
  });
  return {
    reader,
    decoder,
    blocks,
    /** The buffers that brought pieces of bodies. */
    pieces,
    said: () => {
      flush();
      return said;
    },
    feed: (pieces: Buffer | readonly Buffer[]) => {
      for (const piece of Buffer.isBuffer(pieces) ? [pieces] : pieces) reader.feed(piece, 0);
    },
  };
}

class Pipe extends Duplex {
  readonly written: Buffer[] = [];
  peer: Pipe | undefined;
  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(Buffer.from(chunk));
    setImmediate(() => {
      this.peer?.push(chunk);
      done();
    });
  }
  override _final(done: () => void): void {
    this.peer?.push(null);
    done();
  }
}

export interface Asked {
  readonly headers: http2.OutgoingHttpHeaders;
  readonly body: Buffer;
  readonly answer: http2.OutgoingHttpHeaders;
  readonly answerBody: Buffer;
  readonly trailers?: http2.OutgoingHttpHeaders;
  /** Settings that the client, the server sends before this one. */
  readonly client?: http2.Settings;
  readonly server?: http2.Settings;
}

/** What one end of a session understood. */
export interface Understood {
  readonly stream: number;
  /** Names and values, one after the other. */
  readonly raw: readonly string[];
}

/** A conversation between Node's own client and server: the bytes that each wrote, in the order of writing, and what the other understood. */
export async function session(
  asked: readonly Asked[],
  options: { readonly client?: http2.Settings; readonly server?: http2.Settings; readonly together?: boolean } = {},
) {
  const client = new Pipe();
  const server = new Pipe();
  client.peer = server;
  server.peer = client;
  const requests: Understood[] = [];
  const responses: Understood[] = [];
  const trailers: Understood[] = [];
  const listening = http2.createServer({ settings: { maxHeaderListSize: 1 << 20, ...options.server } });
  let serverSession: http2.ServerHttp2Session | undefined;
  listening.on('session', (made) => {
    serverSession = made;
  });
  listening.on('stream', (stream: http2.ServerHttp2Stream, _headers: unknown, _flags: unknown, raw: string[]) => {
    requests.push({ stream: stream.id ?? 0, raw });
    const one = asked[((stream.id ?? 1) - 1) / 2];
    stream.on('error', () => {}); // the test sees what is missing
    stream.resume();
    stream.on('end', () => {
      if (one === undefined) return;
      stream.respond(one.answer, { waitForTrailers: one.trailers !== undefined });
      stream.on('wantTrailers', () => stream.sendTrailers(one.trailers ?? {}));
      stream.end(one.answerBody);
    });
  });
  listening.emit('connection', server);
  const connection = http2.connect('http://x', {
    createConnection: () => client,
    settings: { enablePush: false, maxHeaderListSize: 1 << 20, ...options.client },
  });
  connection.on('error', () => {});
  const ask = async (one: Asked): Promise<void> => {
    if (one.client) await new Promise<void>((done) => connection.settings(one.client ?? {}, () => done()));
    if (one.server) await new Promise<void>((done) => serverSession?.settings(one.server ?? {}, () => done()));
    await new Promise<void>((done) => {
      const stream = connection.request(one.headers, { endStream: one.body.length === 0 });
      stream.on('error', () => {}); // as above
      stream.on('response', (_headers: unknown, _flags: unknown, raw: string[] | undefined) => {
        responses.push({ stream: stream.id ?? 0, raw: raw ?? [] });
      });
      stream.on('trailers', (_headers: unknown, _flags: unknown, raw: string[] | undefined) => {
        trailers.push({ stream: stream.id ?? 0, raw: raw ?? [] });
      });
      stream.resume();
      stream.on('close', () => done());
      if (one.body.length > 0) stream.end(one.body);
    });
  };
  if (options.together) await Promise.all(asked.map(ask));
  else for (const one of asked) await ask(one);
  await new Promise<void>((done) => connection.close(() => done()));
  listening.close();
  return { sent: client.written, received: server.written, requests, responses, trailers };
}
