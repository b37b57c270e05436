import { describe, expect, test } from 'vitest';
import { EventRecords, isChosen, type OispEvent } from '../../../core/index.ts';

const base: OispEvent = {
  oisp_version: '0.1',
  event_id: '01JD0000000000000000000000',
  event_type: 'file.write',
  ts: '2026-01-02T03:04:05.000000006Z',
  source: { collector: 'test' },
  confidence: { level: 'high', completeness: 'full' },
  host: { device_id: 'dev-1', hostname: 'box', arch: 'x86_64', os: 'linux' },
  app: { app_id: 'cursor', version: '1.2' },
  process: {
    pid: 42,
    start_time: '2026-01-02T03:00:00Z',
    name: 'cargo',
    cmdline: 'cargo --token SECRET',
    cmdline_args: ['SECRET'],
  },
  data: { path: '/src/main.rs', bytes_written: 7 },
};

function recordOf(more: Partial<OispEvent> = {}) {
  const record = new EventRecords().record({ ...base, ...more });
  const attributes = Object.fromEntries(record.attributes.map(({ key, value }) => [key, value]));
  return { ...record, attributes };
}

test('a record is named by the event type and stands at the time of the event, in its trace', () => {
  const ids = { trace_id: '0af7651916cd43dd8448eb211c80319c', span_id: 'b7ad6b7169203331' };
  expect(recordOf({ trace_context: ids })).toMatchObject({
    eventName: 'file.write',
    time: 1_767_323_045_000_000_006n,
    severity: 9,
    traceId: ids.trace_id,
    spanId: ids.span_id,
    attributes: {
      'oisp.event.id': base.event_id,
      'oisp.event.type': 'file.write',
      'process.pid': 42,
      'process.creation.time': '2026-01-02T03:00:00Z',
      'file.path': '/src/main.rs',
      'oisp.file.bytes_written': 7,
    },
  });
});

test('what failed is a warning', () => {
  expect(recordOf({ data: { success: false } }).severity).toBe(13);
});

test.each(['', 'xyz', '0'.repeat(32), '0AF7651916CD43DD8448EB211C80319C', 7 as unknown as string])(
  'a trace id "%s" that is none is left out, with its span id',
  (trace_id) => {
    const record = recordOf({ trace_context: { trace_id, span_id: 'b7ad6b7169203331' } });
    expect([record.traceId, record.spanId]).toEqual([undefined, undefined]);
  },
);

describe('facts of', () => {
  test.each([
    {
      event_type: 'ai.request',
      data: {
        request_id: 'r',
        provider: { name: 'google' },
        model: { id: 'gemini' },
        request_type: 'embedding',
        streaming: false,
        conversation_id: 'c',
      },
      want: {
        'gen_ai.provider.name': 'gcp.gemini',
        'gen_ai.request.model': 'gemini',
        'gen_ai.operation.name': 'embeddings',
        'gen_ai.conversation.id': 'c',
      },
    },
    {
      event_type: 'ai.response',
      data: {
        request_id: 'r',
        provider: { name: 'openai' },
        success: true,
        status_code: 200,
        usage: { prompt_tokens: 3 },
        finish_reason: 'stop',
      },
      want: {
        'gen_ai.provider.name': 'openai',
        'http.response.status_code': 200,
        'gen_ai.usage.input_tokens': 3,
        'gen_ai.response.finish_reasons': ['stop'],
      },
    },
    {
      event_type: 'agent.tool_call',
      data: { tool: { name: 'read' }, call_id: 'call_1' },
      want: { 'gen_ai.tool.name': 'read', 'gen_ai.tool.call.id': 'call_1' },
    },
    {
      event_type: 'process.exec',
      data: { exe: '/bin/ls', args: ['SECRET'] },
      want: { 'process.executable.path': '/bin/ls' },
    },
    { event_type: 'process.exit', data: { exit_code: 1 }, want: { 'process.exit.code': 1 } },
    {
      event_type: 'file.rename',
      data: { old_path: '/a', new_path: '/b' },
      want: { 'file.path': '/b', 'oisp.file.old_path': '/a' },
    },
    {
      event_type: 'network.connect',
      data: { dest: { ip: '10.0.0.1', port: 443, domain: 'example.com' }, error: 'timeout' },
      want: {
        'server.address': 'example.com',
        'server.port': 443,
        'network.peer.address': '10.0.0.1',
        'error.type': 'timeout',
      },
    },
    { event_type: 'network.dns', data: { query_name: 'example.com' }, want: { 'dns.question.name': 'example.com' } },
    { event_type: 'acme.other', data: { anything: 1 }, want: { 'oisp.event.type': 'acme.other' } },
  ])('$event_type', ({ event_type, data, want }) => {
    expect(recordOf({ event_type, data }).attributes).toMatchObject(want);
  });

  test('events never hold messages, arguments, results, errors in words or command lines', () => {
    const data = {
      messages: [{ role: 'user', content: 'SECRET' }],
      choices: [{ message: { content: 'SECRET' } }],
      arguments: { a: 'SECRET' },
      result: 'SECRET',
      error: { type: 'x', message: 'SECRET' },
      args: ['SECRET'],
      tools: [{ name: 't', description: 'SECRET' }],
      bytes: Buffer.from('SECRET'),
      b64: 'SECRET',
    };
    for (const event_type of [
      'ai.request',
      'ai.response',
      'agent.tool_call',
      'agent.tool_result',
      'process.exec',
      'capture.data',
      'x',
    ]) {
      expect(JSON.stringify(recordOf({ event_type, data }).attributes)).not.toContain('SECRET');
    }
  });

  test('foreign events with values of another kind leave these out and never throw', () => {
    const odd = {
      request_id: 5,
      provider: 'x',
      model: null,
      usage: { prompt_tokens: 'many' },
      dest: [1],
      tool: 7,
      path: {},
    };
    for (const event_type of ['ai.response', 'agent.tool_call', 'file.read', 'network.connect', 'network.dns']) {
      const attributes = recordOf({
        event_type,
        data: odd,
        process: { pid: Number.NaN, exe: 4 as unknown as string },
      }).attributes;
      expect(Object.keys(attributes)).toEqual(['oisp.event.id', 'oisp.event.type']);
    }
  });
});

test('events of one host and app share one resource', () => {
  const records = new EventRecords();
  const first = records.record(base).resource;
  expect(records.record({ ...base, event_id: 'other' }).resource).toBe(first);
  expect(records.record({ ...base, app: { app_id: 'claude' } }).resource).not.toBe(first);
  expect(Object.fromEntries(first.attributes.map(({ key, value }) => [key, value]))).toEqual({
    'service.name': 'cursor',
    'service.version': '1.2',
    'service.namespace': 'oisp',
    'host.id': 'dev-1',
    'host.name': 'box',
    'host.arch': 'amd64',
    'os.type': 'linux',
  });
});

test('without an app the service is named by the program', () => {
  const { app: _, ...event } = base;
  const { resource } = new EventRecords().record({ ...event, process: { exe: 'C:\\bin\\agent.exe' } });
  expect(resource.attributes[0]).toEqual({ key: 'service.name', type: 'string', value: 'agent.exe' });
});

test.each([
  { type: 'file.read', late: false, want: ['effects', 'all'] },
  { type: 'ai.request', late: false, want: ['all'] },
  { type: 'ai.request', late: true, want: ['late', 'effects', 'all'] },
])('$type (late: $late) belongs to $want', ({ type, late, want }) => {
  const event = { ...base, event_type: type, attrs: { 'oisp.late': late } };
  expect((['none', 'late', 'effects', 'all'] as const).filter((choice) => isChosen(event, choice))).toEqual(want);
});
