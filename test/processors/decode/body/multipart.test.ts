import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { boundaryOf, type FormPart, MultipartReader } from '../../../../processors/decode/body/multipart.ts';
import { type ParseBody, RequestBodyReader } from '../../../../processors/decode/body/request-body.ts';
import { parseJson } from '../../../../processors/decode/json.ts';

const BOUNDARY = '----formdata-0123';

interface Given {
  readonly name: string;
  readonly filename: string | undefined;
  readonly content: Buffer;
}

function write(parts: readonly Given[]): Buffer {
  const out = parts.flatMap(({ name, filename, content }) => [
    Buffer.from(`--${BOUNDARY}\r\nContent-Disposition: form-data; name="${name}"`),
    Buffer.from(filename === undefined ? '\r\n\r\n' : `; filename="${filename}"\r\nContent-Type: audio/wav\r\n\r\n`),
    content,
    Buffer.from('\r\n'),
  ]);
  return Buffer.concat([...out, Buffer.from(`--${BOUNDARY}--\r\n`)]);
}

function read(bytes: Buffer, size: number): readonly FormPart[] {
  const reader = new MultipartReader(BOUNDARY);
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  return reader.end();
}

/** The same by splitting the whole text. */
function split(bytes: Buffer): FormPart[] {
  const rows = `\r\n${bytes.toString('latin1')}`.split(`\r\n--${BOUNDARY}`).slice(1, -1);
  return rows.map((row) => {
    const end = row.indexOf('\r\n\r\n');
    const head = row.slice(0, end);
    const content = row.slice(end + 4);
    const filename = /filename="([^"]*)"/.exec(head)?.[1];
    return {
      name: / name="([^"]*)"/.exec(head)?.[1] ?? '',
      ...(filename === undefined
        ? { text: Buffer.from(content, 'latin1').toString() }
        : { filename, contentType: 'audio/wav' }),
      sizeBytes: content.length,
      isCut: false,
    };
  });
}

const word = fc.stringMatching(/^[a-z][a-z0-9_.]{0,12}$/);
/** Contents with what looks like delimiters. */
const content = fc
  .array(
    fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom('\r\n', '--', '\r\n--', `\r\n--${BOUNDARY.slice(0, 9)}`, `--${BOUNDARY}`),
    ),
    {
      maxLength: 8,
    },
  )
  .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))))
  .filter((bytes) => !Buffer.concat([Buffer.from('\r\n'), bytes]).includes(`\r\n--${BOUNDARY}`));

describe('a form', () => {
  it('is read as by splitting it whole, however it is cut', () => {
    const part = fc.record({ name: word, filename: fc.option(word, { nil: undefined }), content });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), fc.integer({ min: 1, max: 120 }), (parts, size) => {
        const bytes = write(parts);
        expect(read(bytes, size)).toEqual(split(bytes));
        expect(split(bytes)).toHaveLength(parts.length);
      }),
      { numRuns: 200 },
    );
  });

  it('never holds a file', () => {
    const reader = new MultipartReader(BOUNDARY);
    reader.push(write([{ name: 'file', filename: 'a.wav', content: Buffer.alloc(0) }]).subarray(0, -25));
    let most = 0;
    for (let i = 0; i < 200; i++) {
      reader.push(Buffer.alloc(100_000, i));
      most = Math.max(most, reader.size);
    }
    expect(most).toBeLessThan(1000);
    expect(reader.end()).toMatchObject([{ filename: 'a.wav', isCut: true }]);
    expect(reader.parts[0]?.sizeBytes).toBeGreaterThan(19_900_000);
  });

  it('keeps fields up to a bound', () => {
    const [part] = read(write([{ name: 'prompt', filename: undefined, content: Buffer.alloc(200_000, 97) }]), 9999);
    expect(part?.text).toHaveLength(65_536);
    expect(part?.sizeBytes).toBe(200_000);
  });

  it('marks the part that a gap fell into and finds the next', () => {
    const bytes = write([
      { name: 'file', filename: 'a.wav', content: Buffer.alloc(5000) },
      { name: 'model', filename: undefined, content: Buffer.from('whisper-1') },
    ]);
    const reader = new MultipartReader(BOUNDARY);
    reader.push(bytes.subarray(0, 1000));
    reader.gap();
    reader.push(bytes.subarray(3000));
    expect(reader.end()).toMatchObject([
      { name: 'file', isCut: true },
      { name: 'model', text: 'whisper-1', isCut: false },
    ]);
  });

  it('reads names and boundaries in every spelling', () => {
    expect(boundaryOf('multipart/form-data; boundary="a b"; x=1')).toBe('a b');
    expect(boundaryOf('Multipart/Form-Data; Boundary=abc')).toBe('abc');
    expect(boundaryOf('application/json; boundary=abc')).toBeUndefined();
    const head = (field: string) =>
      read(
        Buffer.from(`--${BOUNDARY}  \r\ncontent-disposition: form-data; ${field}\r\n\r\nx\r\n--${BOUNDARY}--`),
        3,
      )[0];
    expect(head('name=plain; filename="a\\"b.wav"')).toMatchObject({ name: 'plain', filename: 'a"b.wav' });
    expect(head('name="file"; filename*=utf-8\'\'%c3%a4.wav')).toMatchObject({ filename: 'ä.wav', sizeBytes: 1 });
    expect(head('filename="a"')).toBeUndefined();
  });

  it('never throws, whatever it is changed to', () => {
    const bytes = write([{ name: 'a', filename: undefined, content: Buffer.from('b') }]);
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.nat(20), fc.uint8Array({ maxLength: 20 }), (at, gone, put) => {
        read(Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + gone)]), 7);
      }),
    );
  });
});

describe('the body of a request', () => {
  const form = write([
    { name: 'file', filename: 'a.wav', content: Buffer.from('RIFF....') },
    { name: 'model', filename: undefined, content: Buffer.from('whisper-1') },
    { name: 'timestamp_granularities[]', filename: undefined, content: Buffer.from('word') },
    { name: 'tag', filename: undefined, content: Buffer.from('x') },
    { name: 'tag', filename: undefined, content: Buffer.from('y') },
  ]);
  const parse: ParseBody = (body, text) => parseJson(text(body));
  const headers = new Map([['content-type', `multipart/form-data; boundary=${BOUNDARY}`]]);

  it('that is a form is an object, also beyond the bound of a body', () => {
    const reader = new RequestBodyReader(headers, 10, parse);
    for (const byte of form) reader.push(Buffer.from([byte]));
    expect(reader.end(false)).toMatchObject({
      value: {
        file: { filename: 'a.wav', content_type: 'audio/wav', size: 8 },
        model: 'whisper-1',
        timestamp_granularities: ['word'],
        tag: ['x', 'y'],
      },
      damage: undefined,
    });
  });

  it('that is media is its size', () => {
    const reader = new RequestBodyReader(new Map([['content-type', 'audio/wav']]), 10, parse);
    reader.push(Buffer.alloc(1000));
    expect(reader.end(false)).toMatchObject({ value: { content_type: 'audio/wav', size: 1000 }, damage: undefined });
    expect(reader.size).toBe(0);
  });

  it('that is JSON is held up to its bound', () => {
    const reader = new RequestBodyReader(new Map(), 10, parse);
    reader.push(Buffer.from('{"model":"some-model"}'));
    const body = reader.end(false);
    expect(body).toMatchObject({ value: undefined, damage: 'too_large' });
    expect(body.wordsOf()).toBe('{"model":"');
  });
});
