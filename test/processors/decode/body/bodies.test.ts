import zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { AiRequestData, AiResponseData, OispEvent } from '../../../../core/index.ts';
import { decode, Recorder, request, response, timeless } from '../capture.ts';
import { openai } from '../samples.ts';

function exchange(sent: string | Buffer, received: string | Buffer, size?: number) {
  const { events } = new Recorder()
    .open('c', { sni: 'api.openai.com' })
    .data('c', 'sent', sent, size)
    .data('c', 'received', received, size)
    .close('c');
  return decode(events);
}

const dataOf = <T>(event: OispEvent | undefined): T => event?.data as T;

function coded(text: string | Buffer, coding: string, body: Buffer): Buffer {
  const head = text
    .toString()
    .split('\r\n\r\n')[0]
    ?.replace(/\r\nContent-Length: \d+/, '');
  return Buffer.concat([
    Buffer.from(`${head}\r\nContent-Encoding: ${coding}\r\nContent-Length: ${body.length}\r\n\r\n`),
    body,
  ]);
}

const bodyOf = (text: string | Buffer): Buffer => Buffer.from(text.toString().split('\r\n\r\n')[1] ?? '');

/** A zstd frame of one raw block (RFC 8878 3.1.1.2.2). */
function rawZstd(body: Buffer): Buffer {
  const head = Buffer.alloc(3);
  head.writeUIntLE(1 | (body.length << 3), 0, 3);
  return Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58]), head, body]);
}

describe('bodies of a call', () => {
  const plain = timeless(exchange(openai.sent, openai.received).out);

  it.each([
    ['gzip', zlib.gzipSync],
    ['br', zlib.brotliCompressSync],
    ['deflate', zlib.deflateSync],
    ['zstd', rawZstd],
  ])('in %s on both sides give the same events, however they are cut', (coding, pack) => {
    const sent = coded(openai.sent, coding, pack(bodyOf(openai.sent)));
    const received = coded(openai.received, coding, pack(bodyOf(openai.received)));
    for (const size of [1, 50, 10_000]) expect(timeless(exchange(sent, received, size).out)).toEqual(plain);
  });

  it('that are not coded as their head says are read, counted and marked', () => {
    const { of, count } = exchange(openai.sent, coded(openai.received, 'gzip', bodyOf(openai.received)));
    const [event] = of('ai.response');
    expect(dataOf<AiResponseData>(event).choices).toHaveLength(1);
    expect(event?.confidence).toMatchObject({ completeness: 'full' });
    expect(event?.confidence.reasons).toContain('body not coded as content-encoding says');
    expect(count('mislabelled_bodies')).toBe(1);
  });

  it('that break off inside of their coding yield what arrived', () => {
    const lines = Array.from({ length: 200 }, (_, i) => {
      const delta = { content: `${(i * 7919) % 1009} ` };
      return `data: ${JSON.stringify({ id: 'x', choices: [{ index: 0, delta }] })}\n\n`;
    });
    const packed = zlib.gzipSync(lines.join(''));
    const head = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Encoding: gzip\r\n';
    const received = Buffer.concat([
      Buffer.from(`${head}Content-Length: ${packed.length}\r\n\r\n`),
      packed.subarray(0, packed.length - 200),
    ]);
    const [event] = exchange(openai.sent, received).of('ai.response');
    const content = String(dataOf<AiResponseData>(event).choices?.[0]?.message.content);
    expect(content.startsWith('0 856 ')).toBe(true);
    expect(content.length).toBeGreaterThan(200);
    expect(event?.confidence.completeness).toBe('partial');
  });
});

it('an answer of media is told by its size and type, and not held', () => {
  const sent = request('api.openai.com', '/v1/audio/speech', { model: 'tts-x', input: 'Hello', voice: 'v' });
  const audio = Buffer.alloc(3_000_000, 7);
  const received = Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\nContent-Type: audio/mpeg\r\nContent-Length: ${audio.length}\r\n\r\n`),
    audio,
  ]);
  const { of, count } = exchange(sent, received, 100_000);
  const [event] = of('ai.response');
  expect(event?.attrs).toMatchObject({
    'http.response.body.size': 3_000_000,
    'http.response.header.content-type': ['audio/mpeg'],
  });
  expect(event?.data).toMatchObject({ success: true, model: { id: 'tts-x' } });
  expect(event?.confidence.completeness).toBe('full');
  expect(count('unreadable_bodies')).toBe(0);
});

it('a form is read for its fields; its file is only counted', () => {
  const part = (field: string, content: string) =>
    `--b0\r\nContent-Disposition: form-data; ${field}\r\n\r\n${content}\r\n`;
  const body = `${part('name="file"; filename="a.wav"', 'RIFF'.repeat(50_000))}${part('name="model"', 'whisper-x')}--b0--\r\n`;
  const sent = request('api.openai.com', '/v1/audio/transcriptions', body).replace(
    'application/json',
    'multipart/form-data; boundary=b0',
  );
  for (const size of [997, 1_000_000]) {
    const { of, out } = exchange(sent, response({ text: 'Hello' }), size);
    expect(of('ai.request')[0]?.data as AiRequestData).toMatchObject({
      model: { id: 'whisper-x' },
      request_type: 'audio',
    });
    expect(of('ai.request')[0]?.confidence.completeness).toBe('full');
    expect(JSON.stringify(out)).not.toContain('RIFF');
  }
});
