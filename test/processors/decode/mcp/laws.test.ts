import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Meter, type OispEvent } from '../../../../core/index.ts';
import { makeContext } from '../../../../core/testing/index.ts';
import { Counters } from '../../../../processors/decode/counters.ts';
import { McpSession } from '../../../../processors/decode/mcp/session.ts';
import { McpSessions } from '../../../../processors/decode/mcp/sessions.ts';
import { decode, makeDecoder, Recorder, request, response, timeless } from '../capture.ts';

const HOST = 'mcp.example.com';
const OPEN = { sni: HOST, alpn: 'http/1.1' };
const rpc = (message: object): string => JSON.stringify({ jsonrpc: '2.0', ...message });
const post = (text: string, headers: Record<string, string>, path = '/mcp'): string =>
  request(HOST, path, text, headers);
const stream = (messages: readonly string[]): string => {
  const body = `: ping\r\n${messages.map((message) => `id: 1\r\ndata: ${message}\r\n\r\n`).join('')}`;
  return `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nmcp-session-id: s1\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
};

/** Each is one direction of one of two connections, and what went over it. */
const STEPS: readonly (readonly ['a' | 'b', 'sent' | 'received', string])[] = [
  ['a', 'sent', post(rpc({ id: 0, method: 'initialize', params: { protocolVersion: '2025-06-18' } }), {})],
  [
    'a',
    'received',
    stream([rpc({ id: 0, result: { protocolVersion: '2025-06-18', serverInfo: { name: 'wiki é' } } })]),
  ],
  [
    'b',
    'sent',
    post(rpc({ id: 1, method: 'tools/call', params: { name: 'add', _meta: { progressToken: 1 } } }), {
      'mcp-session-id': 's1',
    }),
  ],
  [
    'b',
    'received',
    stream([
      rpc({ method: 'notifications/progress', params: { progressToken: 1, progress: 0.5, message: 'hälf' } }),
      rpc({ id: 4, method: 'elicitation/create', params: {} }),
      rpc({ id: 1, result: { content: [{ type: 'text', text: 'größer' }] } }),
    ]),
  ],
  ['a', 'sent', post(rpc({ id: 2, method: 'resources/read', params: { uri: 'x:/ü' } }), { 'mcp-session-id': 's1' })],
  ['a', 'received', response(rpc({ id: 2, result: { contents: [{ uri: 'x:/ü', text: 'ö' }] } }))],
  ['b', 'sent', `DELETE /mcp HTTP/1.1\r\nHost: ${HOST}\r\nmcp-session-id: s1\r\n\r\n`],
  ['b', 'received', response('')],
];

/** The conversation in pieces: each message is cut at `cuts`, in per mille of its length. */
function recorded(
  cuts: readonly number[],
  change: (bytes: Buffer, step: number) => Buffer = (bytes) => bytes,
): OispEvent[] {
  const r = new Recorder().open('a', OPEN).open('b', OPEN);
  for (const [n, [conn, dir, text]] of STEPS.entries()) {
    const bytes = change(Buffer.from(text), n);
    const at = [...new Set(cuts.map((cut) => Math.floor((cut * bytes.length) / 1000)))].sort((x, y) => x - y);
    let from = 0;
    for (const to of [...at, bytes.length]) {
      if (to > from) r.data(conn, dir, bytes.subarray(from, to));
      from = to;
    }
  }
  return r.close('a').close('b').events;
}

const byKind = (events: readonly OispEvent[]): string[] => events.map((event) => event.event_type);
const WHOLE = ['agent.session', 'agent.tool_call', 'agent.tool_result', 'agent.rag_retrieve', 'agent.session'];

describe('MCP over HTTP, whatever happens to the bytes', () => {
  it('gives the same events however they are cut', () => {
    const whole = decode(recorded([])).out;
    expect(byKind(whole)).toEqual(WHOLE);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 1000 }), { maxLength: 12 }), (cuts) => {
        const untimed = (events: readonly OispEvent[]): string =>
          JSON.stringify(timeless(events)).replace(/"duration_ms":\d+,?/g, '');
        expect(untimed(decode(recorded(cuts)).out)).toBe(untimed(whole));
      }),
      { numRuns: 60 },
    );
  });

  it('never throws, leaks or makes up calls when bytes are changed', () => {
    fc.assert(
      fc.property(
        fc.nat({ max: STEPS.length - 1 }),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        fc.nat({ max: 40 }),
        (step, at, byte, gone) => {
          const made = decode(
            recorded([300, 700], (bytes, n) => {
              if (n !== step) return bytes;
              const place = at % bytes.length;
              return Buffer.concat([bytes.subarray(0, place), Buffer.from([byte]), bytes.subarray(place + gone)]);
            }),
          );
          const calls = made.out.filter((event) => event.event_type === 'agent.tool_call');
          expect(calls.length).toBeLessThanOrEqual(1);
          expect(made.decoder.bytes).toBe(0);
          expect(new Set(made.out.map((event) => event.event_id)).size).toBe(made.out.length);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('loses no more than what a lost record held', () => {
    fc.assert(
      fc.property(fc.nat({ max: 15 }), (lost) => {
        const events = recorded([500]).filter(
          (event) => event.event_type !== 'capture.data' || event.event_id !== `record-${lost + 2}`,
        );
        const made = decode(events);
        const calls = made.out.filter((event) => event.event_type === 'agent.tool_call').length;
        const results = made.out.filter((event) => event.event_type === 'agent.tool_result');
        expect(results.length).toBe(calls);
        if (lost < 4 || lost > 7)
          expect(results.map((event) => (event.data as { success?: boolean }).success)).toEqual([true]);
      }),
      { numRuns: 40 },
    );
  });
});

describe('MCP sessions have a bound', () => {
  it('holds a bounded number of sessions that nobody ends, and counts what they waited for', () => {
    const { decoder, count } = makeDecoder();
    const total = 6_000;
    for (let i = 0; i < total; i += 500) {
      const r = new Recorder().open(`c${i}`, OPEN);
      for (let n = i; n < i + 500; n++) {
        const call = rpc({ id: n, method: 'tools/call', params: { name: 'x' } });
        // the server takes the request and never answers it
        r.data(`c${i}`, 'sent', post(call, { 'mcp-session-id': `s${n}` }));
        r.data(`c${i}`, 'received', 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n');
      }
      expect(decoder.push(r.close(`c${i}`).events).events).toHaveLength(500);
      decoder.elapse(5000);
    }
    expect(count('evicted')).toBeGreaterThanOrEqual(total - 4096);
    expect(count('evicted')).toBeLessThanOrEqual(total - 3840);
    expect(count('lost_responses')).toBe(count('evicted'));
    expect(decoder.connections).toBe(0);
  });

  it('lets go of the sessions that were silent for longest, of 100,000', () => {
    const { context } = makeContext();
    const sessions = new McpSessions(new Counters(new Meter(), context.log, 'decode'));
    const first = new McpSession('first', false);
    sessions.put('first', first);
    for (let n = 0; n < 100_000; n++) {
      const session = new McpSession('server', false);
      sessions.put(`id ${n}`, session);
      sessions.put(`endpoint ${n % 7}`, session);
      sessions.touch(first);
    }
    expect(sessions.count).toBeLessThanOrEqual(4096);
    expect(sessions.count).toBeGreaterThanOrEqual(3840);
    expect(sessions.bytes).toBeLessThan(16 << 20);
    expect(sessions.get('first')).toBe(first);
    expect(sessions.get('id 0')).toBeUndefined();
    expect(sessions.get('id 99999')).toBeDefined();
    sessions.remove(first);
    expect(sessions.get('first')).toBeUndefined();
  });

  it('lets go of sessions that hold too many bytes', () => {
    const { context } = makeContext();
    const meter = new Meter();
    const sessions = new McpSessions(new Counters(meter, context.log, 'decode'), 1000, 10_000);
    for (let n = 0; n < 100; n++) sessions.put(`id ${n}`, new McpSession('server', false));
    expect(sessions.bytes).toBeLessThanOrEqual(10_000);
    expect(meter.samples().find((sample) => sample.name === 'oisp_decode_evicted')?.value).toBe(100 - sessions.count);
  });

  it('holds a bounded number of requests that are never answered', () => {
    const r = new Recorder().open('p', { protocol: 'stdio', child: { pid: 7 } });
    for (let i = 0; i < 1500; i++)
      r.data('p', 'sent', `${rpc({ id: i, method: 'tools/call', params: { name: 'x' } })}\n`).data(
        'p',
        'received',
        `${rpc({ id: i, method: 'roots/list' })}\n`,
      );
    const { decoder, count } = makeDecoder();
    decoder.push(r.events);
    expect(count('lost_responses')).toBe(1500 - 1024 + 1500 - 256);
    expect(decoder.bytes).toBeLessThan(2 << 20);
  });

  it('holds a bounded number of answers that nobody asked for', () => {
    const r = new Recorder().open('p', { protocol: 'stdio', child: { pid: 7 } });
    for (let i = 0; i < 1000; i++)
      r.data('p', 'received', `${rpc({ id: i, result: { content: 'x'.repeat(1000) } })}\n`);
    const { decoder, count } = makeDecoder();
    decoder.push(r.events);
    expect(count('lost_requests')).toBe(1000 - 16);
    expect(decoder.bytes).toBeLessThan(64 << 10);
  });

  it('reads on after an event that is too large', () => {
    const body = `data: ${'x'.repeat(5000)}\n\ndata: ${rpc({ id: 1, result: { content: [] } })}\n\n`;
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', post(rpc({ id: 1, method: 'tools/call', params: { name: 'x' } }), { 'mcp-session-id': 's' }))
      .data('a', 'received', `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n${body}`, 700)
      .close('a');
    const made = decode(r.events, { maxBodyBytes: 2000 });
    expect(byKind(made.out)).toEqual(['agent.tool_call', 'agent.tool_result']);
    expect(made.count('lost_lines')).toBeGreaterThan(0);
    expect(made.out[1]?.data).toMatchObject({ success: true });
  });
});
