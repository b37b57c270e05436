import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isPermanent, isRetryable } from '../../../core/index.ts';
import { type Answer, resultOf } from '../../../exporters/otlp_http/answer.ts';

const url = 'http://backend:4318/v1/traces';
const answer = (more: Partial<Answer>): Answer => ({
  status: 200,
  contentType: 'application/json',
  retryAfter: undefined,
  location: undefined,
  body: Buffer.alloc(0),
  isCut: false,
  ...more,
});
function errorOf(more: Partial<Answer>): unknown {
  try {
    resultOf(answer(more), url, 0);
  } catch (error) {
    return error;
  }
  throw new Error('no error');
}

test.each([429, 502, 503, 504])('%s may pass', (status) => {
  expect(isRetryable(errorOf({ status, retryAfter: '7' }))).toBe(true);
  expect(errorOf({ status, retryAfter: '7' })).toMatchObject({ retryAfterMs: 7000 });
});

test.each([300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 408, 413, 415, 500, 501])(
  '%s is permanent',
  (status) => {
    expect(isPermanent(errorOf({ status, location: 'http://other/' }))).toBe(true);
  },
);

test('a redirect says where to and why it is not followed, without the query', () => {
  const { message } = errorOf({ status: 301, location: 'https://other:1/v1/traces?key=secret' }) as Error;
  expect(message).toContain('redirect to https://other:1/v1/traces: redirects are not followed');
  expect(message).not.toContain('secret');
});

test('the text of an answer is bounded and on one line', () => {
  const { message } = errorOf({
    status: 400,
    contentType: 'text/plain',
    body: Buffer.from(`a\nb\r${'x'.repeat(9999)}`),
  }) as Error;
  expect(message).toMatch(/answered 400: a b x+$/);
  expect(message.length).toBeLessThan(300);
});

describe('a partial success', () => {
  const bytes = Buffer.from([0x0a, 0x07, 0x08, 0xac, 0x02, 0x12, 0x02, 0x6e, 0x6f]);
  test.each([
    { name: 'protobuf', contentType: 'application/x-protobuf', body: bytes },
    {
      name: 'JSON',
      contentType: 'application/json',
      body: Buffer.from('{"partialSuccess":{"rejectedSpans":"300","errorMessage":"no"}}'),
    },
    {
      name: 'JSON in capitals',
      contentType: 'Application/JSON',
      body: Buffer.from('{"partialSuccess":{"rejectedSpans":"300","errorMessage":"no"}}'),
    },
    {
      name: 'JSON of logs',
      contentType: 'application/json; charset=utf-8',
      body: Buffer.from('{"partialSuccess":{"rejectedLogRecords":300,"errorMessage":"no"}}'),
    },
  ])('is read from $name', ({ contentType, body }) => {
    expect(resultOf(answer({ contentType, body }), url, 0)).toEqual({ rejected: 300, reason: 'no' });
  });
});

test('a body that makes no sense says nothing, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 100 }),
      fc.constantFrom('application/json', 'application/x-protobuf', ''),
      (body, contentType) => {
        const result = resultOf(answer({ contentType, body: Buffer.from(body) }), url, 0);
        expect(Number.isFinite(result.rejected)).toBe(true);
      },
    ),
    { numRuns: 500 },
  );
});

describe('a success that does not say what was taken is one with a doubt', () => {
  const of = (contentType: string, body: string, isCut = false): unknown =>
    resultOf(answer({ contentType, body: Buffer.from(body), isCut }), url, 0);
  const doubt = (what: string): object => ({
    rejected: 0,
    doubt: `${url} answered 200 with ${what}: is this an OTLP endpoint?`,
  });

  test.each([
    ['another type', 'text/html; charset=utf-8', '<html>', 'text/html'],
    ['another type and no body', 'text/plain', '', 'text/plain'],
    ['a type that is a name of every object', 'constructor', 'x', 'constructor'],
    ['JSON that is none', 'application/json', '{', 'application/json as its type and a body that cannot be read'],
    [
      'JSON that is no object',
      'application/json',
      '"ok"',
      'application/json as its type and a body that cannot be read',
    ],
    [
      'a number that is none',
      'application/json',
      '{"partialSuccess":{"rejectedSpans":"x"}}',
      'application/json as its type and a body that cannot be read',
    ],
    [
      'HTML called protobuf',
      'application/x-protobuf',
      '<html>',
      'application/x-protobuf as its type and a body that cannot be read',
    ],
    ['a body without a type', '', '<html>', 'a body without a type that cannot be read'],
  ])('%s', (_, contentType, body, what) => {
    expect(of(contentType, body)).toEqual(doubt(what));
  });

  test('a body longer than what is read', () => {
    expect(of('application/json', '{', true)).toEqual(doubt('a body that is too long to read'));
    expect(of('text/html', '<html>', true)).toEqual(doubt('text/html'));
  });

  test.each(['', 'application/json', 'application/x-protobuf', 'Application/JSON ; charset=utf-8'])(
    'but an empty body of type "%s" is none',
    (contentType) => {
      expect(of(contentType, '')).toEqual({ rejected: 0 });
    },
  );
});
