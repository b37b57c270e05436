import { afterEach, describe, expect, test } from 'vitest';
import {
  type Batch,
  type Context,
  type Exporter,
  type OispEvent,
  type PipelineKind,
  type Signal,
  type SpanRecord,
  systemClock,
} from '../../../core/index.ts';
import { type Config, check, isLoopback } from '../../../exporters/otlp_http/config.ts';
import { otlpHttpExporter } from '../../../exporters/otlp_http/index.ts';
import { configOf, HOST, type Rig, receipts, rigOf } from '../../core/export/rig.ts';
import { decodeJson, decodeLogs, decodeTraces, recordsOf } from '../../core/otel/decode.ts';
import { spanOf } from '../../core/otel/spans.ts';
import { type Answer, type Received, type Server, serve } from './server.ts';

const never = new AbortController().signal;
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

const quick = { initial_interval: 1, max_interval: 5, randomization_factor: 0 };
const soon = { enabled: true, min_size: 1, max_size: 1024 * 1024, flush_timeout: 1 };

function configFor(url: string, more: Partial<Config> = {}): Config {
  return {
    endpoint: url,
    semconv: '1.41',
    encoding: 'proto',
    headers: {},
    tls: { insecure_skip_verify: false, min_version: '1.2' },
    max_idle_conns: 100,
    idle_conn_timeout: 90_000,
    ...configOf({ batch: soon }, quick),
    ...more,
  };
}

async function server(answer?: (request: Received, n: number) => Answer): Promise<Server> {
  const one = await serve(answer);
  open.push(one);
  return one;
}

/** The definition's own type is that of any config: too deep for the compiler to compare with this one. */
const { create, takes } = otlpHttpExporter as unknown as {
  create(context: Context, config: Config): Exporter;
  takes(pipeline: PipelineKind, config: Config): readonly Signal[];
};

async function exporter(config: Config, more: Partial<Context> = {}): Promise<Rig & { readonly exporter: Exporter }> {
  const rig = rigOf({ id: 'otlp_http', pipeline: 'traces', clock: systemClock, ...more });
  const made = create(rig.context, config);
  await made.start(HOST);
  open.push({ close: () => made.shutdown(AbortSignal.abort()) });
  return { ...rig, exporter: made };
}

const spansBatch = (...spans: SpanRecord[]): Batch => ({ signal: 'spans', spans });
const idsOf = (requests: readonly Received[]): number[] =>
  requests.flatMap((r) => recordsOf(decodeTraces(r.body)).map((s) => Number.parseInt(String(s['spanId']), 16) - 1));

function eventOf(n: number, more: Partial<OispEvent> = {}): OispEvent {
  return {
    oisp_version: '0.1',
    event_id: `id-${n}`,
    event_type: 'file.write',
    ts: '2026-01-01T00:00:00.000000001Z',
    source: { collector: 'test' },
    confidence: { level: 'high', completeness: 'full' },
    trace_context: { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' },
    data: { path: `/src/${n}` },
    ...more,
  };
}

describe('requests', () => {
  test('carry protobuf to /v1/traces with length, type and user agent', async () => {
    const s = await server();
    const { exporter: e } = await exporter(configFor(`${s.url}/base/`, { headers: { Authorization: 'Bearer k' } }));
    await e.consume(spansBatch(spanOf(1)));
    await e.shutdown(never);
    const [request] = s.received;
    expect(request).toMatchObject({
      path: '/base/v1/traces',
      method: 'POST',
      headers: { 'content-type': 'application/x-protobuf', authorization: 'Bearer k' },
    });
    expect(request?.headers['content-length']).toBe(String(request?.raw.length));
    expect(request?.headers['user-agent']).toMatch(/^oisp-collector\/0\.1\.0 \(/);
    expect(request?.headers['content-encoding']).toBeUndefined();
    expect(idsOf(s.received)).toEqual([1]);
  });

  test('are compressed where the config says so', async () => {
    const s = await server();
    const { exporter: e } = await exporter(configFor(s.url, { compression: 'gzip' }));
    await e.consume(spansBatch(spanOf(1, { name: 'x'.repeat(5000) })));
    await e.shutdown(never);
    expect(s.received[0]?.headers['content-encoding']).toBe('gzip');
    expect(s.received[0]?.raw.length).toBeLessThan(1000);
    expect(idsOf(s.received)).toEqual([1]);
  });

  test('in JSON are joined to one valid request', async () => {
    const s = await server();
    const { exporter: e } = await exporter(configFor(s.url, { encoding: 'json' }));
    await Promise.all([1, 2, 3].map((n) => e.consume(spansBatch(spanOf(n)))));
    await e.shutdown(never);
    expect(s.received.every((r) => r.headers['content-type'] === 'application/json')).toBe(true);
    expect(s.received.flatMap((r) => recordsOf(decodeJson(r.body)))).toHaveLength(3);
  });

  test('hold at most max_size bytes, however large the batch was', async () => {
    const s = await server();
    const batch = { enabled: true, min_size: 2000, max_size: 2000, flush_timeout: 1 };
    const { exporter: e, count } = await exporter(configFor(s.url, configOf({ batch }, quick)));
    await e.consume(spansBatch(...Array.from({ length: 100 }, (_, n) => spanOf(n))));
    await e.shutdown(never);
    expect(s.received.length).toBeGreaterThan(5);
    expect(Math.max(...s.received.map((r) => r.body.length))).toBeLessThanOrEqual(2000);
    expect(idsOf(s.received).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
    expect(count('otelcol_exporter_sent_spans')).toBe(100);
  });
});

describe('events', () => {
  const late = eventOf(1, { attrs: { 'oisp.late': true } });
  const logsOf = (s: Server): unknown[] =>
    s.received
      .filter((r) => r.path === '/v1/logs')
      .flatMap((r) => recordsOf(decodeLogs(r.body)).map((l) => l['eventName']));

  test('in a traces pipeline: late ones go out as log records with the ids of their span', async () => {
    const s = await server();
    const { exporter: e, count } = await exporter(configFor(s.url));
    await e.consume({ signal: 'events', events: [eventOf(0), late] });
    await e.shutdown(never);
    expect(s.received.map((r) => r.path)).toEqual(['/v1/logs']);
    expect(recordsOf(decodeLogs(s.received[0]?.body ?? Buffer.alloc(0)))).toMatchObject([
      { eventName: 'file.write', traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
    ]);
    expect(count('otelcol_exporter_sent_log_records')).toBe(1);
  });

  test.each([
    { pipeline: 'traces' as const, events: 'none' as const, want: 0 },
    { pipeline: 'traces' as const, events: 'effects' as const, want: 2 },
    { pipeline: 'traces' as const, events: 'all' as const, want: 3 },
    { pipeline: 'logs' as const, events: 'none' as const, want: 3 },
  ])('$events in a $pipeline pipeline sends $want of 3', async ({ pipeline, events, want }) => {
    const s = await server();
    const { exporter: e } = await exporter(configFor(s.url, { events }), { pipeline });
    await e.consume({ signal: 'events', events: [eventOf(0), late, eventOf(2, { event_type: 'ai.request' })] });
    await e.shutdown(never);
    expect(logsOf(s)).toHaveLength(want);
  });

  test('are not asked for without an address for log records', () => {
    const { endpoint: _, ...config } = configFor('http://x:1', { traces_endpoint: 'http://x:1/t' });
    expect(takes('traces', config)).toEqual(['spans']);
    expect(takes('logs', config)).toEqual([]);
    expect(takes('traces', configFor('http://x:1'))).toEqual(['spans', 'events']);
  });
});

describe('a server that', () => {
  const failing =
    (answer: Answer, times = 1) =>
    (_: Received, n: number) =>
      n <= times ? answer : { status: 200 };

  test.each([
    { name: 'is busy', answer: { status: 503 } as Answer },
    { name: 'asks to wait', answer: { status: 429, headers: { 'retry-after': '0' } } as Answer },
    { name: 'resets the connection', answer: 'reset' as Answer },
  ])('$name gets the same bytes again', async ({ answer }) => {
    const s = await server(failing(answer, 2));
    const { exporter: e, count } = await exporter(configFor(s.url, { compression: 'gzip' }));
    await e.consume(spansBatch(spanOf(1)));
    await s.got(3);
    await e.shutdown(never);
    expect(s.received[1]?.raw.equals(s.received[0]?.raw ?? Buffer.alloc(0))).toBe(true);
    expect(s.received[2]?.raw.equals(s.received[0]?.raw ?? Buffer.alloc(0))).toBe(true);
    expect(count('otelcol_exporter_sent_spans')).toBe(1);
  });

  test('hangs is given up after the timeout and tried again', async () => {
    const s = await server(failing('hang'));
    const { exporter: e, count } = await exporter(configFor(s.url, { timeout: 50 }));
    await e.consume(spansBatch(spanOf(1)));
    await s.got(2);
    await e.shutdown(never);
    expect(count('otelcol_exporter_sent_spans')).toBe(1);
  });

  test('drips its answer cannot hold a try beyond the timeout', async () => {
    const s = await server((_, n) =>
      n === 1 ? { status: 200, headers: { 'content-length': 10 }, body: 'a' } : { status: 200 },
    );
    const { exporter: e, count } = await exporter(configFor(s.url, { timeout: 50 }));
    await e.consume(spansBatch(spanOf(1)));
    await s.got(2);
    await e.shutdown(never);
    expect(count('otelcol_exporter_sent_spans')).toBe(1);
  });

  test('redirects gets nothing more, and the error says why', async () => {
    const target = await server();
    const s = await server(() => ({ status: 301, headers: { location: `${target.url}/v1/traces` } }));
    const { exporter: e, count, lines } = await exporter(configFor(s.url));
    await e.consume(spansBatch(spanOf(1)));
    await e.shutdown(never);
    expect([s.received.length, target.received.length, count('otelcol_exporter_send_failed_spans')]).toEqual([1, 0, 1]);
    expect(String(lines.find((line) => line.level === 'error')?.fields?.['error'])).toContain(
      'redirects are not followed',
    );
  });

  test('finds requests too large gets halves, and the one span too large is dropped and counted', async () => {
    const s = await server((r) => ({ status: r.body.length > 3000 ? 413 : 200 }));
    const { exporter: e, count } = await exporter(configFor(s.url));
    const spans = Array.from({ length: 20 }, (_, n) =>
      spanOf(n, n === 7 ? { name: 'x'.repeat(4000) } : { name: 'y'.repeat(300) }),
    );
    await e.consume(spansBatch(...spans));
    await e.shutdown(never);
    const taken = s.received.filter((r) => r.body.length <= 3000);
    expect(idsOf(taken)).toEqual(spans.map((_, n) => n).filter((n) => n !== 7));
    expect([count('otelcol_exporter_sent_spans'), count('otelcol_exporter_send_failed_spans')]).toEqual([19, 1]);
  });

  test('refuses a part is not asked again', async () => {
    const body = '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"too old"}}';
    const s = await server(() => ({ status: 200, headers: { 'content-type': 'application/json' }, body }));
    const { exporter: e, count, lines } = await exporter(configFor(s.url));
    await e.consume(spansBatch(spanOf(1), spanOf(2)));
    await e.shutdown(never);
    expect([s.received.length, count('otelcol_exporter_sent_spans'), count('oisp_exporter_rejected_spans')]).toEqual([
      1, 1, 1,
    ]);
    expect(lines).toMatchObject([{ level: 'error', fields: { rejected: 1, reason: 'too old' } }]);
  });

  test('answers without end is a success with a warning, and the body is not kept', async () => {
    const s = await server(() => ({ status: 200, body: Buffer.alloc(1024 * 1024) }));
    const { exporter: e, count, lines } = await exporter(configFor(s.url));
    await e.consume(spansBatch(spanOf(1)));
    await e.shutdown(never);
    expect(count('otelcol_exporter_sent_spans')).toBe(1);
    expect(lines).toMatchObject([{ level: 'warn' }]);
  });

  test('answers protobuf with JSON is read as JSON: what it refused is counted', async () => {
    const s = await server(() => ({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"partialSuccess":{"rejectedSpans":"1"}}',
    }));
    const { exporter: e, count, lines } = await exporter(configFor(s.url));
    await e.consume(spansBatch(spanOf(1), spanOf(2)));
    await e.shutdown(never);
    expect([count('otelcol_exporter_sent_spans'), count('oisp_exporter_rejected_spans')]).toEqual([1, 1]);
    expect(lines).toMatchObject([{ level: 'error', fields: { rejected: 1 } }]);
  });

  test('answers with a page gets one warning, and what was sent counts as sent', async () => {
    const s = await server(() => ({ status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }));
    const {
      exporter: e,
      count,
      lines,
    } = await exporter(configFor(s.url, configOf({ batch: { ...soon, enabled: false } })));
    await e.consume(spansBatch(spanOf(1)));
    await e.consume(spansBatch(spanOf(2)));
    await e.shutdown(never);
    expect(s.received).toHaveLength(2);
    expect([count('otelcol_exporter_sent_spans'), count('oisp_exporter_rejected_spans')]).toEqual([2, 0]);
    expect(lines).toMatchObject([{ level: 'warn' }]);
    expect(lines[0]?.fields?.['reason']).toBe(
      `${s.url}/v1/traces answered 200 with text/html: is this an OTLP endpoint?`,
    );
  });

  test('is not there is said with its address and code, although the exporter is shutting down', async () => {
    const s = await server();
    await s.close();
    const { exporter: e, lines } = await exporter(configFor(s.url));
    await e.consume(spansBatch(spanOf(1)));
    await e.shutdown(AbortSignal.timeout(300));
    const fields = { code: 'OTLP_UNREACHABLE', error: expect.stringContaining(`${s.url}/v1/traces (ECONNREFUSED)`) };
    expect(lines).toMatchObject([
      { level: 'warn', message: 'Exporting failed, trying again.', fields },
      { level: 'error', fields: { ...fields, spans: 1 } },
    ]);
  });

  test('is not there leaves the data queued, then counted as lost, with its receipts held', async () => {
    const s = await server();
    await s.close();
    const {
      exporter: e,
      count,
      lines,
    } = await exporter(configFor(s.url, configOf({ batch: soon }, { initial_interval: 60_000, max_interval: 60_000 })));
    const book = receipts();
    const receipt = book.open(1);
    await e.consume({ signal: 'spans', spans: [spanOf(1)], receipts: [receipt] });
    receipt.release();
    await e.shutdown(AbortSignal.timeout(300));
    expect([count('oisp_exporter_lost_spans'), book.lowWater]).toEqual([1, 0]);
    expect(lines.at(-1)?.message).toBe('Queued data could not be sent before shutdown and is lost.');
  });

  test('closed an idle connection costs no try', async () => {
    const s = await server((_, n) => (n === 2 ? 'reset' : { status: 200 }));
    const {
      exporter: e,
      count,
      lines,
    } = await exporter(
      configFor(s.url, configOf({ num_consumers: 1, batch: soon }, { initial_interval: 60_000, max_interval: 60_000 })),
    );
    await e.consume(spansBatch(spanOf(1)));
    await s.got(1);
    while (count('otelcol_exporter_sent_spans') < 1) await new Promise<void>((resolve) => setImmediate(resolve));
    await e.consume(spansBatch(spanOf(2)));
    await s.got(3);
    await e.shutdown(never);
    expect(count('otelcol_exporter_sent_spans')).toBe(2);
    expect(lines).toEqual([]);
  });
});

test('delivery: under random failures every span is stored or counted, and stored again only with equal bytes', async () => {
  let state = 42;
  const random = (): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
  const stored: Received[] = [];
  const s = await server((request) => {
    const roll = random();
    if (roll < 0.15) return { status: 503 };
    if (roll < 0.2) return { status: 429, headers: { 'retry-after': '0' } };
    if (roll < 0.3) return 'reset';
    if (roll < 0.32) return { status: 400 };
    stored.push(request);
    return roll < 0.4 ? 'lostack' : { status: 200 };
  });
  const config = configFor(s.url, {
    compression: 'gzip',
    ...configOf({ queue_size: 20_000, batch: { enabled: true, min_size: 1, max_size: 4000, flush_timeout: 1 } }, quick),
  });
  const { exporter: e, count } = await exporter(config);
  const total = 3000;
  const book = receipts();
  for (let n = 0; n < total; n += 5) {
    const receipt = book.open(n + 5);
    await e.consume({
      signal: 'spans',
      spans: [n, n + 1, n + 2, n + 3, n + 4].map((i) => spanOf(i)),
      receipts: [receipt],
    });
    receipt.release();
  }
  while (count('otelcol_exporter_queue_size') > 0) await new Promise<void>((resolve) => setTimeout(resolve, 5));
  await e.shutdown(never);
  const unique = new Set(idsOf(stored));
  const failed = count('otelcol_exporter_send_failed_spans');
  expect(failed).toBeGreaterThan(0);
  expect(count('otelcol_exporter_sent_spans') + failed).toBe(total);
  // A request stored although its answer was lost, then refused for good when tried again, is stored and counted as failed.
  expect(unique.size).toBeGreaterThanOrEqual(total - failed);
  expect(count('oisp_exporter_lost_spans')).toBe(0);
  expect(book.lowWater).toBe(total);
  const bytesById = new Map<number, string>();
  for (const request of stored) {
    const ids = idsOf([request]);
    expect(new Set(ids).size).toBe(ids.length);
    const bytes = request.raw.toString('base64');
    for (const id of ids) {
      expect(bytesById.get(id) ?? bytes).toBe(bytes);
      bytesById.set(id, bytes);
    }
  }
});

test('a batch that cannot be encoded is a permanent error and counted', async () => {
  const { exporter: e, count } = await exporter(configFor('http://127.0.0.1:1'));
  const start = 1 as unknown as bigint; // what a plugin without types may hand over
  await expect(e.consume(spansBatch(spanOf(1, { start }), spanOf(2)))).rejects.toMatchObject({ code: 'OTLP_ENCODE' });
  expect(count('otelcol_exporter_send_failed_spans')).toBe(2);
});

test('a batch after one that cannot be encoded is sent whole', async () => {
  const s = await server();
  const { exporter: e } = await exporter(configFor(s.url));
  await e.consume(spansBatch(spanOf(1), spanOf(2, { end: 1 as unknown as bigint }))).catch(() => undefined);
  await e.consume(spansBatch(spanOf(3)));
  await e.shutdown(never);
  expect(idsOf(s.received)).toEqual([3]);
});

describe('the config', () => {
  test.each([
    { change: { endpoint: '' }, path: '' },
    { change: { endpoint: 'localhost:4318' }, path: 'endpoint' },
    { change: { endpoint: 'ftp://x' }, path: 'endpoint' },
    { change: { headers: { 'x-key': 'a\nb' } }, path: 'headers.x-key' },
    { change: { headers: { 'x key': 'a' } }, path: 'headers.x key' },
    {
      change: { tls: { insecure_skip_verify: false, min_version: '1.2' as const, ca_file: '/does/not/exist' } },
      path: 'tls.ca_file',
    },
    {
      change: { tls: { insecure_skip_verify: false, min_version: '1.2' as const, cert_file: import.meta.filename } },
      path: 'tls',
    },
    { change: configOf({ sizer: 'items' }), path: 'sending_queue.queue_size' },
    { change: configOf({}, { max_elapsed_time: 1000 }), path: 'retry_on_failure.max_elapsed_time' },
  ])('with a problem at "$path" is refused there, without the value of a header', ({ change, path }) => {
    const problems = check(configFor('http://localhost:4318', change));
    expect(problems.map((problem) => problem.path.join('.'))).toEqual([path]);
    expect(JSON.stringify(problems)).not.toContain('a\\nb');
  });

  test('that is good has no problems', () => {
    expect(check(configFor('https://backend.example'))).toEqual([]);
  });

  test.each([
    ['http://localhost:4318', true],
    ['http://127.1.2.3', true],
    ['http://[::1]:4318', true],
    ['http://127.0.0.1.example.com', false],
    ['http://10.0.0.1', false],
  ])('%s is an address of this machine: %s', (url, want) => {
    expect(isLoopback(new URL(url))).toBe(want);
  });
});
