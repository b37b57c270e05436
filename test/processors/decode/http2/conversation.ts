import { FLAG, FRAME, PREFACE } from '../../../../core/index.ts';
import { type Fields, frame, hpack, settings } from '../../../core/http2/wire.ts';
import { Recorder } from '../capture.ts';

const END = FLAG.END_STREAM;
const WHOLE = FLAG.END_HEADERS;

export type Dir = 'sent' | 'received';

/** The frames of one connection in the order in which they were written. */
export class Conversation {
  readonly parts: { readonly dir: Dir; readonly bytes: Buffer }[] = [];

  /** `preface`: the connection is seen from its start. */
  constructor(preface = true) {
    if (!preface) return;
    this.add('sent', Buffer.concat([PREFACE, settings([4, 65_535])]));
    this.add('received', settings([3, 100]));
    this.add('sent', frame(FRAME.SETTINGS, FLAG.ACK, 0));
  }

  add(dir: Dir, bytes: Buffer): this {
    this.parts.push({ dir, bytes });
    return this;
  }

  head(dir: Dir, stream: number, fields: Fields | Buffer, end = false): this {
    const block = Buffer.isBuffer(fields) ? fields : hpack.block(fields);
    return this.add(dir, frame(FRAME.HEADERS, WHOLE | (end ? END : 0), stream, block));
  }

  data(dir: Dir, stream: number, body: Buffer | string, end = false): this {
    return this.add(dir, frame(FRAME.DATA, end ? END : 0, stream, body));
  }

  reset(dir: Dir, stream: number, code: number): this {
    return this.add(dir, frame(FRAME.RST_STREAM, 0, stream, Buffer.from([0, 0, 0, code])));
  }

  request(stream: number, body: unknown, fields: Fields = [], end = true): this {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.head('sent', stream, [...POST, ...fields]).data('sent', stream, text, end);
  }

  response(stream: number, body: unknown, fields: Fields = [], end = true): this {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    return this.head('received', stream, [...OK, ...fields]).data('received', stream, text, end);
  }

  /** As records of one connection, each frame cut into `size` bytes; `lost` parts are missing. */
  record(
    over: {
      readonly open?: object | false;
      readonly size?: number;
      readonly lost?: readonly number[];
      readonly reason?: string;
    } = {},
  ): Recorder {
    const recorder = new Recorder();
    if (over.open !== false) recorder.open('c', over.open ?? { sni: HOST, alpn: 'h2' });
    for (const [at, { dir, bytes }] of this.parts.entries())
      if (over.lost?.includes(at)) recorder.lose('c', dir, bytes.length);
      else recorder.data('c', dir, bytes, over.size);
    return recorder.close('c', over.reason);
  }
}

export const HOST = 'api.openai.com';
export const POST: Fields = [
  [':method', 'POST'],
  [':scheme', 'https'],
  [':path', '/v1/chat/completions'],
  [':authority', HOST],
  ['content-type', 'application/json'],
];
export const OK: Fields = [
  [':status', '200'],
  ['content-type', 'application/json'],
];

export const ask = (model: string, more: object = {}): object => ({
  model,
  messages: [{ role: 'user', content: `What is ${model}?` }],
  ...more,
});
export const answer = (model: string): object => ({
  id: `id-${model}`,
  model,
  choices: [{ index: 0, message: { role: 'assistant', content: `It is ${model}.` }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 },
});
