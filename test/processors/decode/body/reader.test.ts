import { EventStreamCodec } from '@smithy/eventstream-codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerReader, isBinary } from '../../../../processors/decode/body/reader.ts';

type Found = readonly [unknown, string | undefined];

interface Read {
  readonly events: readonly Found[];
  readonly value: unknown;
  readonly isStream: boolean;
  readonly unreadable: number;
}

function read(body: string | Buffer, size: number, type = 'text/event-stream', streamed = true): Read {
  const events: Found[] = [];
  const reader = new AnswerReader(type, streamed, (event, name) => events.push([event, name]));
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  const value = reader.end();
  return { events, value, isStream: reader.isStream, unreadable: reader.unreadable };
}

/** The rules of html.spec.whatwg.org/multipage/server-sent-events.html 9.2.6 in the plainest form; the last event is given as well. */
function whatwg(text: string): Found[] {
  const found: Found[] = [];
  let data: string[] = [];
  let type = '';
  for (const line of [...text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/), '']) {
    if (line === '') {
      if (data.length > 0) found.push([data.join('\n'), type === '' ? undefined : type]);
      data = [];
      type = '';
      continue;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    if (field === 'event') type = value;
  }
  return found.filter(([words]) => words !== '').map(([words, name]) => [JSON.parse(String(words)), name] as const);
}

const line = fc.oneof(
  fc.jsonValue().map((value) => `data: ${JSON.stringify({ value })}`),
  fc.jsonValue().map((value) =>
    JSON.stringify({ value }, null, 1)
      .split('\n')
      .map((row) => `data:${row}`)
      .join('\n'),
  ),
  fc.constantFrom(': comment', ':', 'event: delta', 'event:x', 'event', 'id: 7', 'retry: 10', 'other: 1', '', ''),
);

describe('server-sent events', () => {
  it('are those of the WHATWG rules, however lines end and the bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 20 }),
        fc.constantFrom('\n', '\r\n', '\r'),
        fc.boolean(),
        fc.integer({ min: 1, max: 60 }),
        (lines, end, hasMark, size) => {
          const body = lines.join('\n\n').split('\n').join(end);
          const text = `${hasMark ? '\ufeff' : ''}: start${end}${body}`;
          expect(read(text, size).events).toEqual(whatwg(text));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('need no last empty line and end with what marks their end', () => {
    for (const size of [1, 100])
      expect(read('data: {"a":1}\n\ndata: [DONE]\n\nevent: x\ndata: {"b":2}', size)).toEqual({
        events: [
          [{ a: 1 }, undefined],
          [{ b: 2 }, 'x'],
        ],
        value: undefined,
        isStream: true,
        unreadable: 0,
      });
  });

  it('count what is no JSON object', () => {
    expect(read('data: 1\n\ndata: {"a"\n\ndata: []\n\n', 3)).toMatchObject({ events: [], unreadable: 3 });
  });

  it('come in the charset that is said', () => {
    const words = (text: string) =>
      read(Buffer.from(text, 'latin1'), 1, 'text/event-stream; charset=iso-8859-1').events;
    expect(words('data: {"a":"ä"}\n\n')).toEqual([[{ a: 'ä' }, undefined]]);
    expect(read('data: {"a":"ä"}\n\n', 1, 'text/event-stream; charset=nonsense').events).toEqual([
      [{ a: 'ä' }, undefined],
    ]);
  });
});

describe('lines and arrays of JSON', () => {
  it('of a streamed answer come one by one, one whole value does not', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(
        fc.array(object, { minLength: 1 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 50 }),
        (values, asArray, size) => {
          const known = JSON.parse(JSON.stringify(values));
          const text = asArray
            ? JSON.stringify(values, null, 1)
            : values.map((one) => JSON.stringify(one)).join('\r\n');
          const found = read(text, size, 'application/json');
          const isWhole = !asArray && values.length === 1;
          expect(found.isStream).toBe(!isWhole);
          expect(found.value).toEqual(isWhole ? known[0] : undefined);
          expect(found.events.map(([event]) => event)).toEqual(isWhole ? [] : known);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('are events at once where the type says lines, also a single one', () => {
    const seen: unknown[] = [];
    const reader = new AnswerReader('application/x-ndjson', false, (event) => seen.push(event));
    reader.push(Buffer.from('{"a":1}\n{"b"'));
    expect(seen).toEqual([{ a: 1 }]);
    expect(read('{"a":1}\n', 2, 'application/x-ndjson', false)).toMatchObject({
      isStream: true,
      events: [[{ a: 1 }, undefined]],
    });
  });

  it('that nobody asked for or announced are found at the end', () => {
    expect(read('{"a":1}\n{"a":2}\n', 5, 'application/json', false)).toMatchObject({
      isStream: true,
      events: [
        [{ a: 1 }, undefined],
        [{ a: 2 }, undefined],
      ],
    });
    expect(read('{"a":1}', 5, 'application/json', false)).toMatchObject({ isStream: false, value: { a: 1 } });
  });

  it('go on at the next line after a gap', () => {
    const seen: unknown[] = [];
    const reader = new AnswerReader('application/json', true, (event) => seen.push(event));
    reader.push(Buffer.from('[{"a":1}\n,\n{"a":2,"b":{"c'));
    reader.gap();
    reader.push(Buffer.from('":{"x":1}}}\n,\n{"a":4}\n]'));
    reader.end();
    expect(seen).toEqual([{ a: 1 }, { a: 4 }]);
  });
});

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes as Uint8Array).toString(),
  (text) => Buffer.from(text),
);

function awsBody(events: readonly object[]): Buffer {
  const said = (value: string) => ({ type: 'string' as const, value });
  const headers = { ':message-type': said('event'), ':event-type': said('delta') };
  return Buffer.concat(events.map((body) => codec.encode({ headers, body: Buffer.from(JSON.stringify(body)) })));
}

describe('any body', () => {
  const values = [{ text: 'ä — ✓' }, { text: '\u{1f600}', deep: [{ a: '}\n' }] }, { last: true }];
  const bodies: Record<string, readonly [string, Buffer]> = {
    sse: ['text/event-stream', Buffer.from(values.map((v) => `event: e\ndata: ${JSON.stringify(v)}\n\n`).join(''))],
    lines: ['application/x-ndjson', Buffer.from(values.map((v) => `${JSON.stringify(v)}\n`).join(''))],
    array: ['application/json', Buffer.from(JSON.stringify(values))],
    json: ['application/json', Buffer.from(JSON.stringify(values[1], null, 2))],
    aws: ['application/vnd.amazon.eventstream', awsBody(values)],
  };

  it.each(Object.keys(bodies))('as %s gives the same however it is cut', (name) => {
    const [type, bytes] = bodies[name] ?? ['', Buffer.alloc(0)];
    const whole = read(bytes, bytes.length, type);
    expect(whole.events.length + (whole.value === undefined ? 0 : 1)).toBe(name === 'json' ? 1 : 3);
    for (let size = 1; size < 40; size++) expect(read(bytes, size, type)).toEqual(whole);
  });

  it.each(Object.keys(bodies))('as %s never throws and stays bounded, whatever it is changed to', (name) => {
    const [type, bytes] = bodies[name] ?? ['', Buffer.alloc(0)];
    const change = fc.tuple(fc.nat(bytes.length), fc.nat(30), fc.uint8Array({ maxLength: 30 }));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 4 }), fc.integer({ min: 1, max: 90 }), (changes, size) => {
        let body = bytes;
        for (const [at, gone, put] of changes)
          body = Buffer.concat([body.subarray(0, at), put, body.subarray(at + gone)]);
        let size1 = 0;
        const reader = new AnswerReader(type, true, () => {});
        for (let at = 0; at < body.length; at += size) {
          reader.push(body.subarray(at, at + size));
          if (at % 3 === 0) reader.gap();
          size1 = Math.max(size1, reader.size);
        }
        reader.end();
        expect(size1).toBeLessThanOrEqual(2 * body.length + 16);
      }),
      { numRuns: 100 },
    );
  });
});

it('knows media by its type', () => {
  for (const type of ['audio/mpeg', 'image/png; q=1', 'application/octet-stream', 'video/mp4'])
    expect(isBinary(type)).toBe(true);
  for (const type of ['application/json', 'text/event-stream', 'image/svg+xml', undefined])
    expect(isBinary(type)).toBe(false);
});
