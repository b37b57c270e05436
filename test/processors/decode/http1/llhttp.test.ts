import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Head } from '../../../../processors/decode/http1/head.ts';
import { Http1Parser } from '../../../../processors/decode/http1/parser.ts';
import { Recorder } from '../capture.ts';
import { type LlMessage, readWithLlhttp } from './llhttp.ts';

const RUNS = Math.min(20_000, Number(process.env['OISP_FUZZ'] ?? 1000));
const limit = { numRuns: RUNS, interruptAfterTimeLimit: 20_000 };
const mark = { event: new Recorder().record('capture.data', {}), ms: 0 };

interface Read {
  start: string;
  headers: Record<string, string>;
  body: string;
  isWhole: boolean;
}

function readWithOurs(side: 'request' | 'response', pieces: readonly Buffer[], isHead: (n: number) => boolean): Read[] {
  const messages: Read[] = [];
  const refused: string[] = [];
  const last = (): Read => messages.at(-1) as Read; // data and end come inside a message
  const parser = new Http1Parser(side, {
    head: (head: Head) => {
      const start = side === 'request' ? `${head.method} ${head.target}` : String(head.status);
      messages.push({ start, headers: Object.fromEntries(head.headers), body: '', isWhole: false });
      return isHead(messages.length - 1) ? 'HEAD' : 'GET';
    },
    data: (bytes) => {
      last().body += bytes.toString('latin1');
    },
    missing: () => expect.unreachable(),
    end: (how) => {
      last().isWhole = how === 'whole' || how === 'closed';
    },
    upgraded: () => expect.unreachable(),
    beyond: () => {},
    refused: (why) => refused.push(why),
  });
  for (const piece of pieces) parser.feed(piece, mark);
  parser.end(false, mark);
  expect(refused).toEqual([]);
  return messages;
}

/** As ours: names in lower case, fields that repeat joined. */
function joined({ start, headers, body, isWhole }: LlMessage): Read {
  const all: Record<string, string> = {};
  for (const [name, value] of headers) {
    const key = name.toLowerCase();
    all[key] = Object.hasOwn(all, key) ? `${all[key]}, ${value.trim()}` : value.trim();
  }
  return { start, headers: all, body, isWhole };
}

const token = fc.stringMatching(/^[A-Za-z][A-Za-z0-9!#$%&'*+.^_`|~-]{0,12}$/);
const visible = fc.stringMatching(/^[!-~][ -~\t]{0,30}[!-~]$/);
const reserved = /^(?:content-length|transfer-encoding|connection|upgrade|proxy-connection|host)$/i;
const fields = fc
  .array(fc.tuple(token, visible), { maxLength: 5 })
  .map((all) => all.filter(([name]) => !reserved.test(name)));
const text = fc.string({
  unit: fc.constantFrom('a', 'HTTP/1.1 200 OK\r\n', '\r\n', '\n', '0\r\n', 'POST / HTTP/1.1', 'é'),
});
const body = fc.oneof(
  fc.constant({ kind: 'none' as const }),
  text.map((words) => ({ kind: 'length' as const, words })),
  fc
    .tuple(fc.array(text, { maxLength: 5 }), fc.constantFrom('', ';a=b', ';x="y"'), fields)
    .map(([chunks, extension, trailers]) => ({ kind: 'chunked' as const, chunks, extension, trailers })),
);
const target = fc.stringMatching(/^\/[!-"$-~]{0,40}$/);
const request = fc.tuple(fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'), target, fields, body);
const response = fc.tuple(fc.constantFrom(200, 201, 204, 304, 400, 429, 500, 529), fields, body, fc.boolean());
const cuts = fc.array(fc.nat(2000), { maxLength: 12 });

type Body = (typeof body)['generate'] extends (...args: never[]) => { value: infer T } ? T : never;
const lines = (all: readonly (readonly [string, string])[]): string =>
  all.map(([name, value]) => `${name}: ${value}\r\n`).join('');

function message(start: string, all: readonly (readonly [string, string])[], of: Body): Buffer {
  if (of.kind === 'none') return Buffer.from(`${start}\r\n${lines(all)}Content-Length: 0\r\n\r\n`, 'latin1');
  if (of.kind === 'length') {
    const bytes = Buffer.from(of.words, 'latin1');
    return Buffer.concat([
      Buffer.from(`${start}\r\n${lines(all)}Content-Length: ${bytes.length}\r\n\r\n`, 'latin1'),
      bytes,
    ]);
  }
  const parts = [Buffer.from(`${start}\r\n${lines(all)}Transfer-Encoding: chunked\r\n\r\n`, 'latin1')];
  for (const chunk of of.chunks) {
    const bytes = Buffer.from(chunk, 'latin1');
    if (bytes.length > 0)
      parts.push(Buffer.from(`${bytes.length.toString(16)}${of.extension}\r\n`), bytes, Buffer.from('\r\n'));
  }
  parts.push(Buffer.from(`0\r\n${lines(of.trailers)}\r\n`, 'latin1'));
  return Buffer.concat(parts);
}

function cut(bytes: Buffer, at: readonly number[]): Buffer[] {
  const places = [...new Set(at.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const to of [...places, bytes.length]) {
    if (to > from) pieces.push(bytes.subarray(from, to));
    from = to;
  }
  return pieces;
}

test('requests are read as llhttp reads them, in pieces of any size', () => {
  void fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 5 }), cuts, (all, at) => {
      const bytes = Buffer.concat(
        all.map(([method, path, more, of]) => message(`${method} ${path} HTTP/1.1`, [['Host', 'a'], ...more], of)),
      );
      const { messages, error } = readWithLlhttp('request', [bytes]);
      expect(error).toBe(0);
      expect(messages).toHaveLength(all.length);
      expect(readWithOurs('request', cut(bytes, at), () => false)).toEqual(messages.map(joined));
    }),
    limit,
  );
});

test('responses are read as llhttp reads them, those without a body too', () => {
  void fc.assert(
    fc.property(fc.array(response, { minLength: 1, maxLength: 5 }), cuts, (all, at) => {
      const isBare = (n: number): boolean => all[n]?.[3] === true || all[n]?.[0] === 204 || all[n]?.[0] === 304;
      const bytes = Buffer.concat(
        all.map(([status, more, of], n) => {
          const whole = message(`HTTP/1.1 ${status} Because`, more, of);
          return isBare(n) ? whole.subarray(0, whole.indexOf('\r\n\r\n') + 4) : whole;
        }),
      );
      const isHead = (n: number): boolean => all[n]?.[3] === true;
      const { messages, error } = readWithLlhttp('response', [bytes], isHead);
      expect(error).toBe(0);
      expect(messages).toHaveLength(all.length);
      expect(readWithOurs('response', cut(bytes, at), isHead)).toEqual(messages.map(joined));
    }),
    limit,
  );
});
