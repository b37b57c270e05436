import zlib from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AiRequestData, type AiResponseData, FLAG, FRAME, type OispEvent } from '../../../../core/index.ts';
import { type Fields, frame, hpack, inPieces } from '../../../core/http2/wire.ts';
import { decode, makeDecoder, Recorder, sseText, timeless } from '../capture.ts';
import { ANTHROPIC_EVENTS, ANTHROPIC_REQUEST, anthropic } from '../samples.ts';
import { answer, ask, Conversation, HOST, OK, POST } from './conversation.ts';

const RUNS = Number(process.env['OISP_FUZZ'] ?? 250);
const SLICE = { interruptAfterTimeLimit: 20_000 };

const data = <T>(event: OispEvent | undefined): T => event?.data as T;
const types = (events: readonly OispEvent[]): string[] => events.map((event) => event.event_type);
const models = (events: readonly OispEvent[]): (string | undefined)[] =>
  events.map((event) => data<AiResponseData>(event).model?.id);
const sorted = (events: readonly OispEvent[]): OispEvent[] =>
  [...events].sort((a, b) => (a.event_id < b.event_id ? -1 : 1));

/** Four calls at once, streamed and not, and a request that is none. */
function crowd(): Conversation {
  const c = new Conversation();
  for (const stream of [1, 3, 5, 7]) c.head('sent', stream, POST);
  c.head(
    'sent',
    9,
    [
      [':method', 'GET'],
      [':path', '/favicon.ico'],
      [':authority', HOST],
    ],
    true,
  );
  for (const stream of [7, 1, 5, 3])
    for (const [part, body] of [
      JSON.stringify(ask(`m${stream}`)).slice(0, 20),
      JSON.stringify(ask(`m${stream}`)).slice(20),
    ].entries())
      c.data('sent', stream, body, part === 1);
  c.head('received', 5, OK).head('received', 9, OK).head('received', 1, OK);
  const cut = (stream: number): [string, string] => {
    const body = JSON.stringify(answer(`m${stream}`));
    return [body.slice(0, 30), body.slice(30)];
  };
  c.data('received', 5, cut(5)[0]).data('received', 1, cut(1)[0]).data('received', 9, 'icon', true);
  c.data('received', 5, cut(5)[1], true).response(3, answer('m3')).data('received', 1, cut(1)[1]);
  c.head('received', 1, [['grpc-status', '0']], true).response(7, answer('m7'));
  return c;
}

describe('calls over HTTP/2', () => {
  it('give the events that HTTP/1.1 gives', () => {
    const fields: Fields = [
      [':method', 'POST'],
      [':scheme', 'https'],
      [':authority', anthropic.host],
      [':path', '/v1/messages?beta=true'],
      ['content-type', 'application/json'],
      ['x-api-key', 'sk-ant-api03-secretsecret'],
      ['user-agent', 'claude-cli/2.0 (external)'],
    ];
    const c = new Conversation();
    c.head('sent', 1, fields).data('sent', 1, JSON.stringify(ANTHROPIC_REQUEST), true);
    c.head('received', 1, [
      [':status', '103'],
      ['link', '</x>'],
    ]);
    c.head('received', 1, [
      [':status', '200'],
      ['content-type', 'text/event-stream'],
    ]);
    for (const event of ANTHROPIC_EVENTS) c.data('received', 1, sseText(event));
    c.data('received', 1, '', true);
    const h1 = new Recorder()
      .open('c', { sni: anthropic.host })
      .data('c', 'sent', anthropic.sent)
      .data('c', 'received', anthropic.received);
    const { out } = decode(c.record({ open: { sni: anthropic.host, alpn: 'h2' } }).events);
    expect(timeless(out)).toEqual(timeless(decode(h1.close('c').events).out));
    expect(out).toHaveLength(4);
  });

  it('keep their streams apart, however the bytes are cut', () => {
    const expected = decode(crowd().record().events);
    expect(models(expected.of('ai.response'))).toEqual(['m5', 'm3', 'm1', 'm7']);
    expect(expected.of('ai.response').every((event) => event.confidence.completeness === 'full')).toBe(true);
    expect(expected.count('ignored_requests')).toBe(1);
    const ids = new Set(expected.out.map((event) => event.event_id));
    expect(ids.size).toBe(expected.out.length);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (size) => {
        expect(timeless(decode(crowd().record({ size }).events).out)).toEqual(timeless(expected.out));
      }),
      { numRuns: 30, examples: [[1], [2]] },
    );
  });

  it('are the same in any order of delivery', () => {
    const events = crowd().record({ size: 50 }).events;
    const expected = sorted(decode(events).out);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: events.length, maxLength: events.length }), (weights) => {
        const shuffled = events
          .map((event, i) => ({ event, weight: weights[i] ?? 0 }))
          .sort((a, b) => a.weight - b.weight)
          .map(({ event }) => event);
        const got = decode(shuffled);
        expect(sorted(got.out)).toEqual(expected);
        expect(got.count('lost_requests')).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  it('join cookie crumbs and take the authority for the host', () => {
    const c = new Conversation();
    c.request(1, ask('m'), [
      ['cookie', 'a=1'],
      ['host', 'wrong.example.com'],
      ['cookie', 'b=2'],
      ['x-session-id', 's1'],
    ]);
    const [event] = decode(c.record().events).of('ai.request');
    expect(event?.attrs).toMatchObject({ 'server.address': HOST, 'oisp.session.id': 's1' });
  });

  it('are told an answer that comes before the request is over when it is', () => {
    const body = JSON.stringify(ask('m'));
    const c = new Conversation();
    c.head('sent', 1, POST).data('sent', 1, body.slice(0, 10)).response(1, answer('m'));
    c.data('sent', 1, body.slice(10), true);
    const { of, out } = decode(c.record().events);
    expect(types(out)).toEqual(['ai.request', 'ai.response']);
    expect(of('ai.request')[0]?.confidence.completeness).toBe('full');
    expect(of('ai.response')[0]?.confidence.completeness).toBe('full');
    expect((of('ai.response')[0]?.ts ?? '') > (of('ai.request')[0]?.ts ?? '')).toBe(true);
  });

  it('come out when the server ends the request that it has answered', () => {
    const refusal = { error: { type: 'invalid_request_error', message: 'Too long.' } };
    const c = new Conversation();
    c.head('sent', 1, POST).data('sent', 1, JSON.stringify(ask('m')).slice(0, 40));
    c.head('received', 1, [
      [':status', '413'],
      ['content-type', 'application/json'],
    ]);
    c.data('received', 1, JSON.stringify(refusal), true).reset('received', 1, 0);
    const { of } = decode(c.record().events);
    expect(of('ai.request')[0]?.confidence).toMatchObject({ missing: ['request body: lost'] });
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({
      status_code: 413,
      error: { type: 'invalid_request_error' },
    });
  });

  it('are torn when their stream is reset, unanswered when it never began or GOAWAY leaves it out', () => {
    const c = new Conversation();
    for (const stream of [1, 3, 5, 7]) c.request(stream, ask(`m${stream}`));
    c.response(1, '{"id":"x', [], false).reset('sent', 1, 8).reset('received', 3, 7);
    c.head('received', 1, OK); // was under way
    c.add('received', frame(FRAME.GOAWAY, 0, 0, Buffer.from([0, 0, 0, 5, 0, 0, 0, 0])));
    c.response(5, answer('m5'));
    const { of, count } = decode(c.record().events);
    const found = of('ai.response').map((event) => [models([event])[0], data<AiResponseData>(event).error?.type]);
    expect(found).toEqual([
      ['m1', 'connection_closed'],
      ['m3', 'no_response'],
      ['m7', 'no_response'],
      ['m5', undefined],
    ]);
    expect(count('lost_requests')).toBe(0);
  });

  it('are torn, unanswered or cut off with their connection', () => {
    const c = new Conversation();
    c.request(1, ask('m1')).request(3, ask('m3')).response(1, '{"id":"x', [], false);
    const { of } = decode(c.record().events);
    expect(of('ai.response').map((event) => event.confidence.missing)).toEqual([['end of response'], ['response']]);
    expect(data<AiResponseData>(of('ai.response')[0]).error?.type).toBe('connection_closed');
    const open = decode(c.record().events.slice(0, -1)).of('ai.response');
    expect(data<AiResponseData>(open[0]).success).toBe(true);
    expect(open.map((event) => event.confidence.missing)).toEqual([
      ['end of response'],
      ['response', 'end of response'],
    ]);
  });

  it('leave alone what the server pushes', () => {
    const c = new Conversation().request(1, ask('m'));
    c.add(
      'received',
      frame(
        FRAME.PUSH_PROMISE,
        FLAG.END_HEADERS,
        1,
        Buffer.concat([Buffer.from([0, 0, 0, 2]), hpack.insert('x-a', 'b')]),
      ),
    );
    c.head('received', 2, OK).data('received', 2, 'pushed', true);
    c.head('received', 1, Buffer.concat([hpack.indexed(8), hpack.indexed(62)])).data(
      'received',
      1,
      JSON.stringify(answer('m')),
      true,
    );
    const { of, count } = decode(c.record().events);
    expect(of('ai.response')[0]?.confidence.completeness).toBe('full');
    expect(count('ignored_requests')).toBe(1);
    expect(count('lost_requests')).toBe(0);
  });
});

describe('a connection that is seen late', () => {
  const text = JSON.stringify(answer('m3'));
  /** What is left of a connection: the table's entries were inserted before. */
  function late(body: Buffer | string): Conversation {
    const c = new Conversation(false);
    c.data('sent', 1, 'the end of a body', true).head('received', 1, OK).data('received', 1, '{}', true);
    const block = Buffer.concat([
      hpack.indexed(3),
      hpack.literal(4, '/v1/chat/completions'),
      hpack.indexed(62),
      hpack.indexed(65),
    ]);
    c.head('sent', 3, block).data('sent', 3, JSON.stringify(ask('m3')), true);
    c.head('received', 3, Buffer.concat([hpack.indexed(8), hpack.indexed(70), hpack.indexed(71)]));
    return c.data('received', 3, body, true);
  }

  it('says how many header fields are not known, and takes the host from elsewhere', () => {
    const { of, count } = decode(late(text).record({ open: false }).events);
    expect(of('ai.request')[0]?.confidence).toMatchObject({
      level: 'low',
      missing: ['request headers: 2 unresolved'],
    });
    expect(of('ai.response')[0]?.confidence.missing).toEqual(['response headers: 2 unresolved']);
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({ status_code: 200, model: { id: 'm3' } });
    expect(count('lost_requests')).toBe(1);
    const named = decode(late(text).record({ open: { sni: HOST } }).events).of('ai.request');
    expect(named[0]?.confidence).toMatchObject({ level: 'high' });
    expect(named[0]?.attrs?.['server.address']).toBe(HOST);
  });

  it.each([1, 2, 7])('knows gzip by its first bytes where the field is not known, in pieces of %d', (size) => {
    const { of } = decode(late(zlib.gzipSync(text)).record({ open: false, size }).events);
    expect(data<AiResponseData>(of('ai.response')[0])).toMatchObject({ model: { id: 'm3' } });
  });

  it.each([1, 1400, 1 << 20])('is found behind the rest of a large body, in pieces of %d', (size) => {
    const c = new Conversation(false).add('sent', Buffer.alloc(12_000, 'x'));
    for (const part of crowd().parts.slice(3)) c.add(part.dir, part.bytes);
    expect(decode(c.record({ open: false, size }).events).of('ai.response')).toHaveLength(4);
  });

  it('reads an answer whose status is not known', () => {
    const c = new Conversation(false).data('sent', 1, 'x', true).request(3, ask('m'));
    c.head('received', 3, Buffer.concat([hpack.indexed(62), hpack.literal('content-type', 'application/json')]));
    c.data('received', 3, JSON.stringify(answer('m'))).head('received', 3, hpack.indexed(70), true);
    const [event] = decode(c.record({ open: { sni: HOST } }).events).of('ai.response');
    expect(data<AiResponseData>(event)).toMatchObject({ success: true, provider_request_id: 'id-m' });
    expect(data<AiResponseData>(event)).not.toHaveProperty('status_code');
    expect(event?.confidence.missing).toEqual(['response headers: 1 unresolved']);
  });

  it('counts a request whose path is not known', () => {
    const c = new Conversation(false).data('sent', 1, 'x', true);
    c.head('sent', 3, Buffer.concat([hpack.indexed(3), hpack.indexed(62)])).data(
      'sent',
      3,
      JSON.stringify(ask('m')),
      true,
    );
    const { out, count } = decode(c.record({ open: false }).events);
    expect(out).toEqual([]);
    expect(count('ignored_requests')).toBe(1);
  });

  it('is told from HTTP/1.1 at any byte and in any pieces', () => {
    const whole = crowd();
    const sides = { sent: Buffer.alloc(0), received: Buffer.alloc(0) };
    for (const { dir, bytes } of whole.parts) sides[dir] = Buffer.concat([sides[dir], bytes]);
    fc.assert(
      fc.property(fc.nat(sides.sent.length), fc.nat(200), fc.array(fc.nat(2000)), (a, b, cuts) => {
        const r = new Recorder();
        for (const piece of inPieces(sides.sent.subarray(a), cuts)) r.data('c', 'sent', piece);
        for (const piece of inPieces(sides.received.subarray(b), cuts)) r.data('c', 'received', piece);
        const { of, count } = decode(r.close('c').events);
        // what is found is right; nothing of it was taken for HTTP/1.1
        for (const event of of('ai.response')) {
          const { choices, provider_request_id: id = '' } = data<AiResponseData>(event);
          expect(choices?.[0]?.message.content ?? '').toBe(id === '' ? '' : `It is ${id.slice(3)}.`);
        }
        for (const event of of('ai.request'))
          expect(data<AiRequestData>(event).messages?.[0]?.content ?? '').toBe(`What is ${models([event])[0]}?`);
        expect(count('unsupported')).toBe(0);
        if (a === 0) expect(of('ai.request')).toHaveLength(4);
      }),
      {
        numRuns: 100,
        examples: [
          [0, 0, []],
          [0, 150, [1, 2, 3]],
        ],
      },
    );
  });
});

describe('losses', () => {
  it('inside of a body leave the stream and those beside it in order', () => {
    const c = crowd();
    const whole = c.record().events;
    const at = whole.findIndex(({ data: d }) =>
      Buffer.from((d as { b64?: string }).b64 ?? '', 'base64').includes('It is m3'),
    );
    const hit = whole[at];
    const record = hit?.data as { b64: string; cut?: number };
    const bytes = Buffer.from(record.b64, 'base64');
    const events = whole.with(at, {
      ...hit,
      data: { ...record, b64: bytes.subarray(0, 60).toString('base64'), cut: bytes.length - 60 },
    } as OispEvent);
    const { of } = decode(events);
    const complete = of('ai.response').map((event) => [models([event])[0], event.confidence.completeness]);
    expect(new Map(complete as [string, string][])).toEqual(
      new Map([
        ['m5', 'full'],
        ['m3', 'partial'],
        ['m1', 'full'],
        ['m7', 'full'],
      ]),
    );
  });

  it('of any one record never mix streams up, and each call is found or counted', () => {
    const parts = crowd().parts.length;
    fc.assert(
      fc.property(fc.nat(parts - 1), (at) => {
        const { of, out } = decode(crowd().record({ lost: [at] }).events);
        for (const event of of('ai.response')) {
          const { choices, provider_request_id: id } = data<AiResponseData>(event);
          const content = choices?.[0]?.message.content;
          if (content !== undefined && id !== undefined) expect(content).toBe(`It is ${id.slice(3)}.`);
        }
        const whole = of('ai.response').filter((event) => event.confidence.completeness === 'full').length;
        const first = crowd().parts[at]?.dir;
        // what follows a loss outside of a body can be damaged only on streams that are open
        expect(
          whole + out.filter((event) => event.confidence.completeness === 'partial').length,
        ).toBeGreaterThanOrEqual(first === 'sent' ? 2 : 4);
      }),
      { numRuns: parts * 2, examples: Array.from({ length: parts }, (_, at): [number] => [at]) },
    );
  });

  it('of the head of an answer leave its body', () => {
    const c = new Conversation().request(1, ask('m'));
    c.head('received', 1, [...OK, ['content-encoding', 'gzip']]);
    c.data('received', 1, zlib.gzipSync(JSON.stringify(answer('m'))), true);
    c.add('received', frame(FRAME.PING, 0, 0, Buffer.alloc(8)));
    const lost = c.parts.findIndex(({ dir, bytes }) => dir === 'received' && bytes[3] === FRAME.HEADERS);
    const [event] = decode(c.record({ lost: [lost] }).events).of('ai.response');
    expect(event?.confidence.missing).toContain('response headers: all unresolved');
    expect(data<AiResponseData>(event)).not.toHaveProperty('status_code');
  });
});

describe('connections whose version nobody told', () => {
  it.each([1, 5, 1000])('are read when the preface says it, in pieces of %d', (size) => {
    const expected = timeless(decode(crowd().record().events).out);
    const plain = decode(crowd().record({ open: { sni: HOST }, size }).events);
    expect(timeless(plain.out)).toEqual(expected);
    const wrong = decode(crowd().record({ open: { sni: HOST, alpn: 'http/1.1' }, size }).events);
    expect(timeless(wrong.out)).toEqual(expected);
  });

  it('go on with stream 1 after an upgrade to h2c', () => {
    const body = JSON.stringify(ask('m'));
    const c = new Conversation(false);
    c.add(
      'sent',
      Buffer.from(
        `POST /v1/chat/completions HTTP/1.1\r\nHost: ${HOST}\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    );
    c.add('received', Buffer.from('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n'));
    c.parts.push(...new Conversation().parts);
    c.response(1, answer('m')).request(3, ask('m3')).response(3, answer('m3'));
    for (const size of [1, 10_000]) {
      const { of, out } = decode(c.record({ open: { protocol: 'plain' }, size }).events);
      expect(models(of('ai.response'))).toEqual(['m', 'm3']);
      expect(out.every((event) => event.confidence.completeness === 'full')).toBe(true);
    }
  });

  it('hand a stream over that an extended CONNECT opens', () => {
    const c = new Conversation();
    c.head('sent', 1, [
      [':method', 'CONNECT'],
      [':protocol', 'unheard-of'],
      [':scheme', 'https'],
      [':path', '/v1/notices'],
      [':authority', HOST],
    ]);
    c.head('received', 1, [[':status', '200']])
      .data('received', 1, '\u0081\u0001x')
      .data('sent', 1, 'y');
    c.request(3, ask('m')).response(3, answer('m'));
    const { of, count, lines } = decode(c.record().events);
    expect(of('ai.response')).toHaveLength(1);
    expect(count('unsupported')).toBe(1);
    expect(lines).toHaveLength(1);
  });
});

describe('bounds of HTTP/2', () => {
  it('keep nothing of streams that are no calls', () => {
    const c = new Conversation();
    c.head('sent', 1, [
      [':method', 'POST'],
      [':path', '/upload'],
      [':authority', 'files.example.com'],
    ]);
    for (let i = 0; i < 100; i++)
      c.data('sent', 1, Buffer.alloc(16_384, 'x')).data('received', 1, Buffer.alloc(16_384, 'y'));
    const { decoder } = makeDecoder();
    decoder.push(c.record().events.slice(0, -1));
    expect(decoder.bytes).toBeLessThan(16 * 1024);
  });

  it('let go of the oldest stream under a flood of them', () => {
    const c = new Conversation();
    for (let i = 0; i < 2000; i++) c.head('sent', 2 * i + 1, POST);
    const { decoder, count } = makeDecoder();
    const events = c.record().events;
    decoder.push(events.slice(0, -1));
    expect(decoder.bytes).toBeLessThan(1 << 20);
    expect(count('evicted')).toBe(2000 - 256);
    decoder.push(events.slice(-1));
    decoder.finish();
    expect(decoder.bytes).toBe(0);
  });

  it('let go of an answer without a request before any call', () => {
    const c = new Conversation().request(1, ask('m'));
    for (let i = 2; i <= 255; i++) c.head('sent', 2 * i + 1, POST);
    c.head('received', 3, OK).head('sent', 801, POST).response(1, answer('m'));
    const { of, count } = decode(c.record().events);
    expect(count('evicted')).toBe(1);
    expect(of('ai.request')).toHaveLength(256);
    expect(models(of('ai.response'))[0]).toBe('m');
  });

  it('take a request as it is when its answer grows too long before it ends', () => {
    const c = new Conversation().head('sent', 1, POST).data('sent', 1, JSON.stringify(ask('m')));
    c.head('received', 1, OK);
    for (let i = 0; i < 40; i++) c.data('received', 1, ' '.repeat(16_000));
    c.data('received', 1, JSON.stringify(answer('m')), true);
    const { of } = decode(c.record().events);
    expect(of('ai.request')[0]?.confidence.missing).toEqual(['request body: lost']);
    expect(of('ai.response')[0]?.confidence.completeness).toBe('full');
  });

  it('hold for any bytes, any losses and any end', () => {
    const wire = crowd().record({ size: 40 }).events;
    const change = fc.tuple(fc.nat(wire.length - 1), fc.nat(), fc.nat(255));
    fc.assert(
      fc.property(
        fc.array(change, { maxLength: 12 }),
        fc.array(fc.nat(wire.length - 1), { maxLength: 3 }),
        fc.boolean(),
        (changes, lost, opened) => {
          const events = wire.map((event) => structuredClone(event));
          for (const [at, place, byte] of changes) {
            const d = events[at]?.data as { b64?: string };
            if (d.b64 === undefined) continue;
            const bytes = Buffer.from(d.b64, 'base64');
            bytes[place % bytes.length] = byte;
            d.b64 = bytes.toString('base64');
          }
          const { decoder, lines } = decode(events.filter((_, at) => !lost.includes(at) && (opened || at > 0)));
          expect(decoder.bytes).toBe(0);
          expect(decoder.connections).toBe(0);
          expect(JSON.stringify(lines)).not.toContain('What is');
        },
      ),
      { numRuns: RUNS, ...SLICE },
    );
  });
});
