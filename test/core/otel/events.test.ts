import { describe, expect, test } from 'vitest';
import { DETAILS_EVENT, EventRecords, isChosen, type OispEvent, SCHEMA_URL } from '../../../core/index.ts';
import { FACTS } from '../../../core/otel/event-facts.ts';

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
    {
      event_type: 'network.accept',
      data: { src: { ip: '10.0.0.9', port: 5000 }, dest: { ip: '10.0.0.1', port: 80 }, protocol: 'tcp' },
      want: { 'client.address': '10.0.0.9', 'network.local.port': 80, 'network.transport': 'tcp' },
    },
    {
      event_type: 'network.flow',
      data: { dest: { ip: '::1', port: 443 }, bytes_sent: 3, bytes_received: 4, direction: 'outbound' },
      want: { 'server.address': '::1', 'oisp.network.bytes_sent': 3, 'oisp.network.direction': 'outbound' },
    },
    { event_type: 'process.fork', data: { child_pid: 7 }, want: { 'oisp.process.child_pid': 7 } },
    { event_type: 'file.open', data: { path: '/a', flags: ['O_RDONLY'] }, want: { 'oisp.file.flags': ['O_RDONLY'] } },
    { event_type: 'file.delete', data: { path: '/a' }, want: { 'file.path': '/a' } },
    {
      event_type: 'ai.embedding',
      data: { provider: { name: 'openai' }, model: { id: 'e' }, total_tokens: 4, dimensions: 3 },
      want: { 'gen_ai.usage.input_tokens': 4, 'gen_ai.embeddings.dimension.count': 3, 'gen_ai.request.model': 'e' },
    },
    {
      event_type: 'ai.streaming_chunk',
      data: { request_id: 'r', chunk_index: 2, delta: { content: 'x' } },
      want: { 'oisp.request_id': 'r', 'oisp.chunk.index': 2 },
    },
    {
      event_type: 'agent.plan_step',
      data: { step_index: 1, step_type: 'planning', planned_actions: [{}, {}], call_id: 'c' },
      want: { 'oisp.plan.step.index': 1, 'oisp.plan.actions.count': 2, 'gen_ai.tool.call.id': 'c' },
    },
    {
      event_type: 'agent.rag_retrieve',
      data: { source: { type: 'vector_db', name: 'docs' }, query: 'q', results_count: 3 },
      want: { 'gen_ai.operation.name': 'retrieval', 'gen_ai.data_source.id': 'docs', 'oisp.retrieval.count': 3 },
    },
    {
      event_type: 'agent.tool_result',
      data: { call_id: 'c', success: false, error: { type: 'timeout', message: 'm' } },
      want: { 'error.type': 'timeout' },
    },
    {
      event_type: 'agent.session',
      data: {
        action: 'end',
        session_id: 's',
        agent: { name: 'coder', version: '1' },
        duration_ms: 9,
        stats: { llm_calls: 2, input_tokens: 5, estimated_cost_usd: 0.5 },
      },
      want: {
        'oisp.session.action': 'end',
        'session.id': 's',
        'gen_ai.agent.name': 'coder',
        'oisp.session.duration_ms': 9,
        'oisp.session.llm_calls': 2,
        'gen_ai.usage.input_tokens': 5,
        'oisp.cost.total_usd': 0.5,
      },
    },
    { event_type: 'capture.open', data: { conn: 'c', protocol: 'tls' }, want: { 'oisp.conn': 'c' } },
    { event_type: 'capture.lost', data: { reason: 'ring', records: 3 }, want: { 'oisp.lost.records': 3 } },
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
      delta: { content: 'SECRET' },
      description: 'SECRET',
      planned_actions: [{ action: 'SECRET' }],
      query: 'SECRET',
      results: [{ content_preview: 'SECRET' }],
      task_description: 'SECRET',
      content_preview: 'SECRET',
    };
    for (const event_type of [...Object.keys(FACTS), 'x']) {
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

test('the name of a record is the type of its event, of a session with our prefix', () => {
  expect(recordOf({ event_type: 'agent.tool_call' }).eventName).toBe('agent.tool_call');
  expect(recordOf({ event_type: 'agent.session' }).eventName).toBe('oisp.agent.session');
});

test('what the capture lost is a warning', () => {
  expect(recordOf({ event_type: 'capture.lost', data: { reason: 'ring' } }).severity).toBe(13);
});

test('keys that compare content are on no record', () => {
  const record = recordOf({ attrs: { 'oisp.match': { messages: ['KEY'] }, 'oisp.session.id': 's' } });
  expect(JSON.stringify(record, (_, v) => (typeof v === 'bigint' ? '' : v))).not.toContain('KEY');
  expect(record.attributes).toMatchObject({ 'session.id': 's' });
});

test('words of the provider are as on spans: the finish reasons, the code before the kind of an error', () => {
  const data = { provider: { name: 'google' }, success: false, finish_reason: 'stop', error: { type: 'a', code: 'b' } };
  const attrs = { 'gen_ai.response.finish_reasons': ['STOP'], 'gen_ai.provider.name': 'gcp.vertex_ai' };
  expect(recordOf({ event_type: 'ai.response', data, attrs }).attributes).toMatchObject({
    'gen_ai.response.finish_reasons': ['STOP'],
    'gen_ai.provider.name': 'gcp.vertex_ai',
    'error.type': 'b',
  });
  const broken = { provider: { name: 'x' }, success: false };
  expect(recordOf({ event_type: 'ai.response', data: broken }).attributes).toMatchObject({
    'error.type': 'stream_interrupted',
  });
});

test('names and schema follow semconv', () => {
  const data = { provider: { name: 'anthropic' }, usage: { cache_creation_tokens: 3 } };
  const keys = (semconv: '1.41' | 'genai-next' | 'dup'): unknown => {
    const { attributes, resource } = new EventRecords(semconv).record({ ...base, event_type: 'ai.response', data });
    return [attributes.filter((a) => a.key.includes('cache_')).map((a) => a.key), resource.schemaUrl ?? SCHEMA_URL];
  };
  const [old, next] = ['gen_ai.usage.cache_creation.input_tokens', 'gen_ai.usage.cache_write.input_tokens'];
  expect(keys('1.41')).toEqual([[old], SCHEMA_URL]);
  expect(keys('genai-next')).toEqual([[next], 'https://opentelemetry.io/schemas/gen-ai/1.42.0']);
  expect(keys('dup')).toEqual([[old, next], SCHEMA_URL]);
});

test('a resource says host, cloud, container, cluster and application', () => {
  const host = {
    device_id: 'h',
    cloud: { provider: 'aws', region: 'eu-1', instance_type: 'm5' },
    container: { id: 'c1', name: 'web', image: 'registry:5000/app:1.2', runtime: 'containerd' },
    k8s: {
      cluster_name: 'k',
      namespace: 'n',
      pod_name: 'p',
      pod_uid: 'u',
      node_name: 'x',
      deployment: 'd',
      labels: { app: 'a' },
    },
    tags: ['blue'],
    managed: true,
  };
  const app = { app_id: 'cursor', vendor: 'anysphere', tier: 'profiled', is_ai_app: true };
  const { resource } = new EventRecords().record({ ...base, host, app });
  expect(Object.fromEntries(resource.attributes.map(({ key, value }) => [key, value]))).toEqual({
    'service.name': 'cursor',
    'service.namespace': 'oisp',
    'host.id': 'h',
    'host.type': 'm5',
    'cloud.provider': 'aws',
    'cloud.region': 'eu-1',
    'container.id': 'c1',
    'container.name': 'web',
    'container.image.name': 'registry:5000/app',
    'container.image.tags': ['1.2'],
    'container.runtime.name': 'containerd',
    'k8s.cluster.name': 'k',
    'k8s.namespace.name': 'n',
    'k8s.node.name': 'x',
    'k8s.pod.name': 'p',
    'k8s.pod.uid': 'u',
    'k8s.deployment.name': 'd',
    'k8s.pod.label.app': 'a',
    'oisp.host.managed': true,
    'oisp.host.tags': ['blue'],
    'oisp.app.vendor': 'anysphere',
    'oisp.app.tier': 'profiled',
    'oisp.app.is_ai_app': true,
  });
});

describe('the content of a model call', () => {
  const attributes = [{ key: 'gen_ai.input.messages', type: 'any', value: [{ role: 'user' }] }];
  const details = {
    ...base,
    event_type: DETAILS_EVENT,
    data: { success: true, attributes, resource: { attributes: [] } },
  };

  test('is the record that was made for it', () => {
    const record = new EventRecords().record(details);
    expect(record).toMatchObject({ eventName: DETAILS_EVENT, severity: 9, attributes, resource: { attributes: [] } });
    expect(new EventRecords().record({ ...details, data: { ...details.data, success: false } }).severity).toBe(13);
  });

  test('belongs to every choice but none: who asks for it wants it', () => {
    expect((['none', 'late', 'effects', 'all'] as const).filter((choice) => isChosen(details, choice))).toEqual([
      'late',
      'effects',
      'all',
    ]);
  });

  test('is no content any more where it was taken out later', () => {
    const record = new EventRecords().record({ ...details, data: { success: true, attributes: { $redacted: {} } } });
    expect(record.attributes.map((a) => a.key)).not.toContain('gen_ai.input.messages');
    expect(record.resource.attributes[0]?.value).toBe('cursor');
  });
});

test('long texts are cut', () => {
  const record = recordOf({ data: { path: `/${'x'.repeat(100_000)}` } });
  expect(String(record.attributes['file.path']).length).toBe(16 * 1024);
});
