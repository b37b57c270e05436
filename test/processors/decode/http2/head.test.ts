import { describe, expect, it } from 'vitest';
import { HpackDecoder } from '../../../../core/index.ts';
import { headOf, withCoding } from '../../../../processors/decode/http2/head.ts';
import { type Fields, hpack } from '../../../core/http2/wire.ts';

const read = (side: 'request' | 'response', fields: Fields, more: Buffer = Buffer.alloc(0)) =>
  headOf(new HpackDecoder().decode(Buffer.concat([hpack.block(fields), more])), side);

describe('a head over HTTP/2', () => {
  it('is that of HTTP/1.1: the authority is the host, crumbs and fields that repeat are joined', () => {
    const found = read('request', [
      [':method', 'POST'],
      [':path', '/v1?a=b'],
      [':authority', 'api.example.com:8443'],
      ['host', 'other.example.com'],
      ['cookie', 'a=1'],
      ['accept', 'x/y'],
      ['cookie', 'b=2'],
      ['accept', 'z/*'],
    ]);
    expect(found?.head).toMatchObject({ method: 'POST', target: '/v1?a=b', status: 0, old: false });
    expect(found?.head).not.toHaveProperty('unresolved');
    expect(Object.fromEntries(found?.head.headers ?? [])).toEqual({
      host: 'api.example.com:8443',
      cookie: 'a=1; b=2',
      accept: 'x/y, z/*',
    });
  });

  it('of an answer has a status of three digits', () => {
    expect(read('response', [[':status', '429']])?.head.status).toBe(429);
    for (const status of ['', '99', '2000', 'ok']) expect(read('response', [[':status', status]])).toBeUndefined();
  });

  it('is none where only trailers are', () => {
    expect(read('request', [['grpc-status', '0']])).toBeUndefined();
    expect(read('response', [['grpc-status', '0']])).toBeUndefined();
  });

  it('says what is not known of it', () => {
    const post: Fields = [[':method', 'POST']];
    expect(read('request', post, Buffer.concat([hpack.indexed(62), hpack.indexed(99)]))?.head.unresolved).toBe(2);
    expect(read('response', [['server', 'x']], hpack.indexed(62))?.head).toMatchObject({ status: 0, unresolved: 1 });
    expect(read('request', post, Buffer.from([0x80]))?.head.unresolved).toBe('some');
  });
});

it('a content coding is told by the first bytes where they can only be that', () => {
  const head = { headers: new Map([['a', 'b']]), method: '', target: '', status: 200, old: false };
  const coding = (hex: string): string | undefined =>
    withCoding(head, Buffer.from(hex, 'hex')).headers.get('content-encoding');
  expect(['1f8b0800', '28b52ffd', '7b226964', '28b52f', ''].map(coding)).toEqual([
    'gzip',
    'zstd',
    undefined,
    undefined,
    undefined,
  ]);
});
