import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { makeDecoder, Recorder, request, response } from './capture.ts';

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** Bytes that are alive in the heap and in buffers. */
function alive(): number {
  collect();
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const BOUND = 8 << 20;
const CONNECTIONS = 10_000;
const chat = (n: number): string =>
  request('api.openai.com', '/v1/chat/completions', {
    model: 'gpt-4o',
    stream: true,
    messages: [{ role: 'user', content: `${n} ${'words '.repeat(180)}` }],
  });

/** What each connection has sent and received when all of them stand still. */
const KINDS: readonly (readonly [string, (recorder: Recorder, conn: string, n: number) => void])[] = [
  ['in the middle of a request', (recorder, conn, n) => recorder.data(conn, 'sent', chat(n).slice(0, 1100))],
  [
    'in the middle of a streamed answer',
    (recorder, conn, n) => {
      recorder.data(conn, 'sent', chat(n));
      const event = `data: {"choices":[{"index":0,"delta":{"content":"${'x'.repeat(150)}"}}]}\n\n`;
      recorder.data(
        conn,
        'received',
        `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n${event.repeat(5)}data: {"choi`,
      );
    },
  ],
  [
    'behind a loss',
    (recorder, conn, n) => {
      recorder.lose(conn, 'sent', 10);
      recorder.data(conn, 'sent', chat(n));
      recorder.data(conn, 'received', response({ id: 'a' }));
    },
  ],
];

describe('10,000 open connections', () => {
  it.each(KINDS)('%s hold no more than their bound', (_name, write) => {
    const { decoder, count } = makeDecoder({ maxConnections: CONNECTIONS, maxTotalBytes: BOUND });
    const before = alive();
    let highest = 0;
    for (let n = 0; n < CONNECTIONS; n += 100) {
      const recorder = new Recorder();
      for (let k = n; k < n + 100; k++) {
        recorder.open(`c${k}`);
        write(recorder, `c${k}`, k);
      }
      decoder.push(recorder.events);
      highest = Math.max(highest, decoder.bytes);
    }
    expect(highest).toBeLessThanOrEqual(BOUND + (1 << 19));
    expect(count('evicted')).toBeGreaterThan(0);
    // texts in the heap weigh more than their bytes, and some KB a connection are its own
    expect(alive() - before).toBeLessThan(2 * BOUND + CONNECTIONS * 6144);
    expect(decoder.finish().events.length).toBeGreaterThan(0);
    expect(decoder.bytes).toBe(0);
  });
});
