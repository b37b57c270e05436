import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { expect, test } from 'vitest';
import { JsonEncoder } from '../../../core/otel/json.ts';
import { toReadableSpan } from '../../../core/otel/readable-span.ts';
import type { SpanRecord } from '../../../core/otel/span.ts';
import { makeSpan } from '../../../core/testing/index.ts';

const scope = { name: 'oisp-collector', version: '1' };

interface Json {
  readonly [key: string]: Json[] & Json & string;
}

/** What both sides must agree on: one span as OTLP/JSON, without what is a default. */
function spanIn(request: Json): Record<string, unknown> {
  const span = (request['resourceSpans']?.[0]?.['scopeSpans']?.[0]?.['spans']?.[0] ?? {}) as Record<string, unknown>;
  const isDefault = (v: unknown): boolean =>
    v === 0 ||
    v === '' ||
    (Array.isArray(v) && v.length === 0) ||
    (typeof v === 'object' && v !== null && Object.keys(v).length === 0);
  return Object.fromEntries(
    Object.entries(span).filter(
      ([key, v]) => !isDefault(v) && !(key === 'status' && (v as { code?: number }).code === 0),
    ),
  );
}

test('the exporter of the SDK sends what our encoder writes', async () => {
  const bodies: Buffer[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks));
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const exporter = new OTLPTraceExporter({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`,
  });
  const span: SpanRecord = makeSpan(1, {
    parentSpanId: '00f067aa0ba902b7',
    kind: 3,
    attributes: [
      { key: 's', type: 'string', value: 'text "quoted" é' },
      { key: 'i', type: 'int', value: 42 },
      { key: 'd', type: 'double', value: 0.5 },
      { key: 'b', type: 'bool', value: true },
      { key: 'l', type: 'strings', value: ['a', 'b'] },
    ],
    links: [
      { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), attributes: [{ key: 't', type: 'string', value: 'x' }] },
    ],
    status: { code: 'error', message: 'broken' },
  });
  try {
    const result = await new Promise<{ code: number }>((done) => exporter.export([toReadableSpan(span, scope)], done));
    expect(result.code).toBe(0);
  } finally {
    await exporter.shutdown();
    server.close();
  }
  const theirs = spanIn(JSON.parse(bodies[0]?.toString() ?? '{}'));
  const ours = spanIn(JSON.parse(new JsonEncoder(scope).spans([span]).toString()));
  const withoutFlags = (s: Record<string, unknown>): unknown =>
    JSON.parse(JSON.stringify(s, (key, v) => (key === 'flags' || key === 'droppedAttributesCount' ? undefined : v)));
  // the SDK writes 64-bit integers as numbers, OTLP/JSON asks for strings; both are read alike
  const asRead = (s: unknown): unknown =>
    JSON.parse(JSON.stringify(s, (key, v) => (key === 'intValue' ? String(v) : v)));
  expect(asRead(withoutFlags(ours))).toEqual(asRead(withoutFlags(theirs)));
});
