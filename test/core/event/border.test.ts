import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { checkEvent, isDeeper, MAX_EVENT_DEPTH } from '../../../core/event/border.ts';

const RUNS = Number(process.env['OISP_FUZZ'] ?? 20_000);

const good = {
  oisp_version: '0.1',
  event_id: '01K0000000000000000000000A',
  event_type: 'capture.data',
  ts: '2026-11-20T10:00:00.000100000Z',
  ts_mono: 1100,
  process: { pid: 41, exe: '/usr/bin/node', start_time: '2026-11-20T09:00:00Z', cmdline_args: ['node', 'x'] },
  host: { hostname: 'h', boot_id: 'b' },
  source: { collector: 'oisp-collector', capture_method: 'ebpf_uprobe' },
  confidence: { level: 'high', completeness: 'full' },
  data: { conn: '41-1', dir: 'sent', seq: 0, offset: 0, b64: 'UE9TVA==' } as Record<string, unknown>,
};

function reasonOf(value: unknown): string | undefined {
  const checked = checkEvent(value);
  return 'reason' in checked ? checked.reason : undefined;
}

function eventOf(value: unknown) {
  const checked = checkEvent(value);
  if ('reason' in checked) throw new Error(checked.reason);
  return checked.event;
}

describe('checkEvent', () => {
  test('a whole event passes as it is, without a copy', () => {
    expect(eventOf(good)).toBe(good);
  });

  test.each([
    [undefined, 'not_object'],
    [null, 'not_object'],
    [[], 'not_object'],
    ['{}', 'not_object'],
    [{}, 'event_id'],
    [{ ...good, oisp_version: 1 }, 'oisp_version'],
    [{ ...good, event_id: '' }, 'event_id'],
    [{ ...good, event_type: 'Capture.data' }, 'event_type'],
    [{ ...good, event_type: 'a..b' }, 'event_type'],
    [{ ...good, ts: 'yesterday' }, 'ts'],
    [{ ...good, ts: 5 }, 'ts'],
    [{ ...good, ts_mono: -1 }, 'ts_mono'],
    [{ ...good, ts_mono: 1.5 }, 'ts_mono'],
    [{ ...good, ts_mono: '1' }, 'ts_mono'],
    [{ ...good, source: 'x' }, 'source'],
    [{ ...good, source: {} }, 'source'],
    [{ ...good, confidence: { level: 'sure', completeness: 'full' } }, 'confidence'],
    [{ ...good, process: { pid: '41' } }, 'process'],
    [{ ...good, process: { pid: -1 } }, 'process'],
    [{ ...good, process: { cmdline_args: 'node' } }, 'process'],
    [{ ...good, host: [] }, 'host'],
    [{ ...good, app: { name: 1 } }, 'app'],
    [{ ...good, attrs: 1 }, 'attrs'],
    [{ ...good, related_events: [{}] }, 'related_events'],
    [{ ...good, trace_context: { trace_id: 'a' } }, 'trace_context'],
    [{ ...good, data: [] }, 'data'],
    [{ ...good, data: null }, 'data'],
  ])('%j is refused as %s', (value, reason) => {
    expect(reasonOf(value)).toBe(reason);
  });

  test.each([
    ['capture.data', { conn: 1 }, 'data.conn'],
    ['capture.data', { dir: 'up' }, 'data.dir'],
    ['capture.data', { seq: -1 }, 'data.seq'],
    ['capture.data', { seq: 2 ** 53 }, 'data.seq'],
    ['capture.data', { offset: 0.5 }, 'data.offset'],
    ['capture.data', { offset: '0' }, 'data.offset'],
    ['capture.data', { cut: -1 }, 'data.cut'],
    ['capture.data', { b64: 5 }, 'data.b64'],
    ['capture.data', { b64: undefined }, 'data.b64'],
    ['capture.data', { bytes: { 0: 1 } }, 'data.bytes'],
    ['capture.open', { protocol: 'quic' }, 'data.protocol'],
    ['capture.open', { protocol: 'tls', remote: { port: 70_000 } }, 'data.remote'],
    ['capture.open', { protocol: 'stdio', child: { pid: 'x' } }, 'data.child'],
    ['capture.lost', { reason: 'fault', bytes: -5 }, 'data.bytes'],
    ['capture.lost', {}, 'data.reason'],
    ['capture.close', { conn: null }, 'data.conn'],
    ['ai.request', { messages: 5 }, 'data.messages'],
    ['ai.request', { messages: [{ role: 'user', parts: [null] }] }, 'data.messages'],
    ['ai.response', { choices: [{ index: 0 }] }, 'data.choices'],
    ['ai.response', { usage: { prompt_tokens: '5' } }, 'data.usage'],
    ['agent.tool_call', { tool: 'x' }, 'data.tool'],
    ['agent.tool_result', {}, 'data.call_id'],
    ['process.exec', {}, 'data.exe'],
    ['process.exec', { exe: 'x', args: [1] }, 'data.args'],
    ['process.exit', { exit_code: '0' }, 'data.exit_code'],
    ['file.write', { path: 1 }, 'data.path'],
    ['file.rename', { old_path: 'a' }, 'data.new_path'],
    ['network.connect', { dest: null }, 'data.dest'],
    ['network.dns', { query_name: 'x', answers: [1] }, 'data.answers'],
  ])('%s with %j is refused as %s', (event_type, data, reason) => {
    expect(reasonOf({ ...good, event_type, data: { ...good.data, ...data } })).toBe(reason);
  });

  test('what the spec leaves optional is filled in', () => {
    const { event_id, ts } = good;
    const event = eventOf({ event_id, ts, event_type: 'ai.request' });
    expect(event).toMatchObject({
      oisp_version: '0.1',
      source: { collector: 'unknown' },
      confidence: { level: 'low', completeness: 'partial' },
      data: { request_id: event_id, provider: { name: 'other' }, request_type: 'other', streaming: false },
    });
  });

  test('types that are not known pass with any data', () => {
    expect(eventOf({ ...good, event_type: 'agent.plan_step', data: { step_index: 'x' } }).data).toEqual({
      step_index: 'x',
    });
  });

  test('match keys of another run are taken off and the other attributes stay', () => {
    const given = { ...good, attrs: { a: 1, 'oisp.match': 5 } };
    expect(eventOf(given).attrs).toEqual({ a: 1 });
    expect(given.attrs['oisp.match']).toBe(5);
  });

  test('a monotonic time over 2^53 is said to be rounded', () => {
    expect(checkEvent({ ...good, ts_mono: 2 ** 53 + 2 })).toMatchObject({ rounded: true });
    expect(checkEvent({ ...good, ts_mono: 2 ** 53 - 1 })).not.toHaveProperty('rounded');
  });

  test('nesting is refused over the limit, at any depth, without a crash', () => {
    const nested = (depth: number): unknown => JSON.parse(`${'['.repeat(depth)}${']'.repeat(depth)}`);
    const withDepth = (depth: number): unknown => ({ ...good, ext: { x: nested(depth) } });
    expect(reasonOf(withDepth(MAX_EVENT_DEPTH - 2))).toBeUndefined();
    expect(reasonOf(withDepth(MAX_EVENT_DEPTH - 1))).toBe('too_deep');
    expect(reasonOf(withDepth(20_000))).toBe('too_deep');
    expect(reasonOf(JSON.parse(`${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`))).toBe('too_deep');
    expect(isDeeper([[[]]], 2)).toBe(true);
    expect(isDeeper([[[]]], 3)).toBe(false);
  });

  test('any JSON ends in an event or a reason', async () => {
    await fc.assert(
      fc.property(
        fc.jsonValue(),
        fc.constantFrom(...Object.keys(good)),
        fc.constantFrom(...TYPES),
        (value, key, type) => {
          for (const one of [
            value,
            { ...good, event_type: type, [key]: value },
            { ...good, event_type: type, data: value },
          ]) {
            const checked = checkEvent(one);
            if ('reason' in checked) expect(checked.reason).toMatch(/^[a-z_.0-9]{2,40}$/);
            else expect(typeof checked.event.data).toBe('object');
          }
        },
      ),
      { seed: 3, numRuns: Math.max(100, RUNS / 10) },
    );
  });
});

const TYPES = [
  'capture.open',
  'capture.data',
  'capture.lost',
  'capture.close',
  'ai.request',
  'ai.response',
  'agent.tool_call',
  'agent.tool_result',
  'process.exec',
  'process.exit',
  'process.fork',
  'file.open',
  'file.rename',
  'network.connect',
  'network.dns',
];
