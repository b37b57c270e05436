import { describe, expect, test } from 'vitest';
import { Meter } from '../../../core/index.ts';
import { makeContext } from '../../../core/testing/index.ts';
import { callHeadOf, identityOf } from '../../../processors/decode/call-head.ts';
import { Counters } from '../../../processors/decode/counters.ts';
import { parseHead } from '../../../processors/decode/http1/head.ts';
import { connectionInfo } from './capture.ts';

const counters = new Counters(new Meter(), makeContext().context.log, 'decode');
const BASE = [
  'POST /v1/messages?beta=true HTTP/1.1',
  'host: api.anthropic.com',
  'x-api-key: sk-ant-1',
  'content-length: 10',
];

function headOf(lines: readonly string[]) {
  const head = parseHead(lines.join('\r\n'), 'request');
  if (head === undefined) throw new Error('no head');
  return head;
}

describe('the head of the next request of a connection', () => {
  const info = connectionInfo(counters, {
    events: { hashOf: (key) => key, streamingChunks: false, embeddingEvents: false },
  });
  const first = callHeadOf(headOf(BASE), info);

  test('is the one before where only the length of the body is another', () => {
    expect(callHeadOf(headOf(BASE.map((line) => line.replace('10', '11'))), info)).toBe(first);
  });

  test.each([
    ['another key', BASE.map((line) => line.replace('sk-ant-1', 'sk-ant-2'))],
    ['another path', BASE.map((line) => line.replace('messages', 'complete'))],
    ['another query', BASE.map((line) => line.replace('true', 'false'))],
    ['another method', BASE.map((line) => line.replace('POST', 'PUT'))],
    ['another host', BASE.map((line) => line.replace('anthropic', 'openai'))],
    ['a field more', [...BASE, 'x-app: cli']],
    ['a field less', BASE.slice(0, 3)],
    ['another field of the same value', BASE.map((line) => line.replace('x-api-key', 'api-key'))],
  ])('is its own with %s', (_name, lines) => {
    callHeadOf(headOf(BASE), info);
    const next = callHeadOf(headOf(lines), info);
    const alone = connectionInfo(counters, { events: info.events });
    expect(next).toEqual(callHeadOf(headOf(lines), alone));
    expect(identityOf(next, info)).toEqual(identityOf(callHeadOf(headOf(lines), alone), alone));
    expect(next).not.toBe(first);
  });

  test('is its own on another connection', () => {
    expect(callHeadOf(headOf(BASE), connectionInfo(counters))).not.toBe(first);
  });
});
