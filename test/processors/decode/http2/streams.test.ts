import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FLAG, FRAME, Meter } from '../../../../core/index.ts';
import { makeContext } from '../../../../core/testing/index.ts';
import { Counters } from '../../../../processors/decode/counters.ts';
import { flavours } from '../../../../processors/decode/flavours/index.ts';
import { Http2Protocol } from '../../../../processors/decode/http2/protocol.ts';
import { frame, hpack } from '../../../core/http2/wire.ts';
import { connectionInfo, Recorder } from '../capture.ts';
import { Conversation, type Dir, OK, POST } from './conversation.ts';

const mark = { event: new Recorder().record('capture.data', {}), ms: 0 };

/** Bytes on the wire, or a number of bytes that are missing. */
type Step = { readonly dir: Dir; readonly bytes: Buffer } | { readonly dir: Dir; readonly missing: number | undefined };

const step = fc
  .record({
    dir: fc.constantFrom('sent', 'received'),
    stream: fc.integer({ min: 0, max: 5 }).map((n) => 2 * n + 1),
    kind: fc.constantFrom('head', 'head', 'data', 'data', 'data', 'end', 'reset', 'goaway', 'gap', 'lost'),
    size: fc.integer({ min: 0, max: 3000 }),
  })
  .map(({ dir, stream, kind, size }): Step => {
    switch (kind) {
      case 'head': {
        const block = hpack.block(dir === 'sent' ? POST : OK);
        return { dir, bytes: frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, block) };
      }
      case 'reset':
        return { dir, bytes: frame(FRAME.RST_STREAM, 0, stream, Buffer.alloc(4)) };
      case 'goaway':
        return { dir: 'received', bytes: frame(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, stream, 0, 0, 0, 0])) };
      case 'gap':
        return { dir, missing: size };
      case 'lost':
        return { dir, missing: undefined };
      default:
        return { dir, bytes: frame(FRAME.DATA, kind === 'end' ? FLAG.END_STREAM : 0, stream, '{'.padEnd(size, 'x')) };
    }
  });

/** What a connection holds after all steps; with `often`, it was asked after each of them as well. */
function heldAfter(steps: readonly Step[], often: boolean): { open: number; ended: number } {
  const info = connectionInfo(new Counters(new Meter(), makeContext().context.log, 'decode'), { flavours });
  const protocol = new Http2Protocol(info, { late: false, upgraded: () => undefined });
  for (const { dir, bytes } of new Conversation().parts) protocol.feed(dir, bytes, mark);
  for (const one of steps) {
    if ('bytes' in one) protocol.feed(one.dir, one.bytes, mark);
    else protocol.gap(one.dir, one.missing, mark);
    if (often) expect(protocol.size).toBeGreaterThanOrEqual(0);
  }
  const open = protocol.size;
  protocol.end(mark, { torn: false, ended: true });
  return { open, ended: protocol.size };
}

it('what the streams of a connection hold does not hang on how often it is asked for', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      expect(heldAfter(steps, true)).toEqual(heldAfter(steps, false));
    }),
    { numRuns: 150, interruptAfterTimeLimit: 10_000 },
  );
});

it('what a stream holds is counted until the stream is over', () => {
  const body = Buffer.from('{'.padEnd(1500, 'x'));
  const head = (stream: number): Step => ({
    dir: 'sent',
    bytes: frame(FRAME.HEADERS, FLAG.END_HEADERS, stream, hpack.block(POST)),
  });
  const data = (stream: number): Step => ({ dir: 'sent', bytes: frame(FRAME.DATA, 0, stream, body) });
  const none = heldAfter([], true).open;
  const two = heldAfter([head(1), head(3), data(1), data(3)], true).open;
  const one = heldAfter(
    [head(1), head(3), data(1), data(3), { dir: 'sent', bytes: frame(3, 0, 1, Buffer.alloc(4)) }],
    true,
  );
  expect(two - none).toBeGreaterThanOrEqual(2 * body.length);
  expect(one.open - none).toBe((two - none) / 2);
  expect(one.ended).toBe(none);
});
