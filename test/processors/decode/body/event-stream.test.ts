import { EventStreamCodec, Int64, type Message, type MessageHeaderValue } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awsEvent } from '../../../../processors/decode/body/aws-event.ts';
import { type EventMessage, EventStreamReader } from '../../../../processors/decode/body/event-stream.ts';

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

function read(bytes: Buffer, size: number) {
  const messages: EventMessage[] = [];
  const reader = new EventStreamReader((message) => messages.push(message));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return { messages, reader };
}

const encode = (headers: Message['headers'], body: unknown): Buffer =>
  Buffer.from(codec.encode({ headers, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) }));

const event = (type: string, body: unknown): Buffer =>
  encode({ ':event-type': { type: 'string', value: type }, ':message-type': { type: 'string', value: 'event' } }, body);

const value: fc.Arbitrary<MessageHeaderValue> = fc.oneof(
  fc.boolean().map((v) => ({ type: 'boolean' as const, value: v })),
  fc.integer({ min: -128, max: 127 }).map((v) => ({ type: 'byte' as const, value: v })),
  fc.integer({ min: -32_768, max: 32_767 }).map((v) => ({ type: 'short' as const, value: v })),
  fc.integer().map((v) => ({ type: 'integer' as const, value: v })),
  fc.maxSafeInteger().map((v) => ({ type: 'long' as const, value: Int64.fromNumber(v) })),
  fc.uint8Array({ maxLength: 50 }).map((v) => ({ type: 'binary' as const, value: v })),
  fc.string({ unit: 'grapheme', maxLength: 50 }).map((v) => ({ type: 'string' as const, value: v })),
  fc.date({ noInvalidDate: true }).map((v) => ({ type: 'timestamp' as const, value: v })),
  fc.uuid().map((v) => ({ type: 'uuid' as const, value: v })),
);
const message: fc.Arbitrary<Message> = fc.record({
  headers: fc.dictionary(fc.stringMatching(/^[:a-z-]{1,20}$/), value, { maxKeys: 5 }),
  body: fc.uint8Array({ maxLength: 200 }),
});

/** A value as ours says it. */
function plain(wire: MessageHeaderValue): unknown {
  switch (wire.type) {
    case 'long':
      return wire.value.valueOf();
    case 'timestamp':
      return wire.value.getTime();
    case 'binary':
      return Buffer.from(wire.value);
    default:
      return wire.value;
  }
}

describe('an AWS event stream', () => {
  it('is read as the codec of the AWS SDK reads it, however it is cut', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 5 }), fc.integer({ min: 1, max: 300 }), (wanted, size) => {
        const wire = wanted.map((one) => Buffer.from(codec.encode(one)));
        const { messages, reader } = read(Buffer.concat(wire), size);
        expect(messages.map((one) => ({ headers: Object.fromEntries(one.headers), payload: one.payload }))).toEqual(
          wire.map((bytes) => {
            const { headers, body } = codec.decode(bytes);
            const known = Object.entries(headers).map(([name, given]) => [name, plain(given)]);
            return { headers: Object.fromEntries(known), payload: Buffer.from(body) };
          }),
        );
        expect([reader.damaged, reader.size]).toEqual([0, 0]);
      }),
      { numRuns: 100 },
    );
  });

  it('loses the damaged message and no other', () => {
    const wire = [0, 1, 2, 3].map((n) => event('e', { n }));
    const second = wire[1] ?? Buffer.alloc(0);
    fc.assert(
      fc.property(
        fc.nat(second.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.integer({ min: 1, max: 200 }),
        (at, by, size) => {
          const damaged = Buffer.from(second);
          damaged[at] = (damaged[at] ?? 0) ^ by;
          const { messages, reader } = read(Buffer.concat([wire[0] ?? second, damaged, ...wire.slice(2)]), size);
          // a length that is too large may hold back what follows only if its checksum fits, which one changed byte cannot bring about
          expect(messages.map(({ payload }) => payload.toString())).toEqual(['{"n":0}', '{"n":2}', '{"n":3}']);
          expect(reader.damaged).toBe(1);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('goes on after a gap of any place and size', () => {
    const wire = [0, 1, 2, 3, 4].map((n) => event('e', { n }));
    const all = Buffer.concat(wire);
    const length = wire[0]?.length ?? 0;
    fc.assert(
      fc.property(fc.nat(2 * length - 1), fc.integer({ min: 1, max: 2 * length }), (from, lost) => {
        const found: string[] = [];
        const reader = new EventStreamReader(({ payload }) => found.push(payload.toString()));
        reader.push(all.subarray(0, from));
        reader.gap();
        reader.push(all.subarray(from + lost));
        const first = Math.ceil((from + lost) / length);
        const want = [0, 1, 2, 3, 4].filter((n) => n < Math.floor(from / length) || n >= first);
        expect(found).toEqual(want.map((n) => `{"n":${n}}`));
      }),
    );
  });

  it('never throws on any bytes, and holds no more than a message', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 400 })), (pieces) => {
        const { messages, reader } = read(Buffer.concat(pieces), 64);
        expect(messages).toEqual([]);
        expect(reader.size).toBeLessThan(12);
      }),
    );
  });
});

describe('what a message says', () => {
  const only = (bytes: Buffer) => {
    const [first] = read(bytes, 1000).messages;
    return first && awsEvent(first);
  };

  it('is its payload under its type', () => {
    expect(only(event('metadata', { a: 1 }))).toEqual({ event: { a: 1 }, name: 'metadata' });
    expect(only(event('metadata', 'no json'))).toBeUndefined();
  });

  it("is the model's own JSON where that is wrapped", () => {
    const inner = { type: 'message_stop' };
    const bytes = Buffer.from(JSON.stringify(inner)).toString('base64');
    expect(only(event('chunk', { bytes, p: 'abc' }))).toEqual({ event: inner, name: undefined });
    expect(only(event('chunk', { bytes: '!!' }))).toBeUndefined();
  });

  it('is an error for exceptions and errors', () => {
    const text = (given: string) => ({ type: 'string' as const, value: given });
    const thrown = { ':message-type': text('exception'), ':exception-type': text('throttlingException') };
    expect(only(encode(thrown, { message: 'Slow down' }))).toEqual({
      event: { type: 'error', error: { type: 'throttlingException', message: 'Slow down' } },
      name: 'error',
    });
    const failed = { ':message-type': text('error'), ':error-code': text('Internal'), ':error-message': text('Oh') };
    expect(only(encode(failed, ''))).toEqual({
      event: { type: 'error', error: { type: 'Internal', message: 'Oh' } },
      name: 'error',
    });
  });
});
