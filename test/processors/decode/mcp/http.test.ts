import { describe, expect, it } from 'vitest';
import type { OispEvent, ToolCallData, ToolResultData } from '../../../../core/index.ts';
import { decode, Recorder, request, response, timeless } from '../capture.ts';

const HOST = 'mcp.example.com';
const OPEN = { sni: HOST, alpn: 'http/1.1' };
const SID = 'dd994550-5f84-417a-a1b5-eb68f485f8a8';
const BOTH = { accept: 'application/json, text/event-stream' };
const LATER = { ...BOTH, 'mcp-session-id': SID, 'mcp-protocol-version': '2025-11-25' };

const rpc = (message: object): object => ({ ...message, jsonrpc: '2.0' });
const initialize = rpc({
  method: 'initialize',
  params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'cli', version: '0.9' } },
  id: 0,
});
const initialized = rpc({
  id: 0,
  result: { protocolVersion: '2025-11-25', capabilities: {}, serverInfo: { name: 'wiki', version: '1.2' } },
});
const call = (id: number | string, name = 'add', more: object = {}): object =>
  rpc({ method: 'tools/call', params: { name, arguments: { a: 1 }, ...more }, id });
const answer = (id: number | string, result: object = { content: [{ type: 'text', text: '3' }] }): object =>
  rpc({ id, result });

const post = (body: unknown, headers: Record<string, string> = LATER, path = '/mcp'): string =>
  request(HOST, path, body, headers);

function get(path = '/mcp', headers: Record<string, string> = LATER): string {
  const lines = Object.entries({ ...headers, accept: 'text/event-stream' }).map(([k, v]) => `${k}: ${v}\r\n`);
  return `GET ${path} HTTP/1.1\r\nHost: ${HOST}\r\n${lines.join('')}\r\n`;
}

const remove = (): string => `DELETE /mcp HTTP/1.1\r\nHost: ${HOST}\r\nmcp-session-id: ${SID}\r\n\r\n`;
const accepted = 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n';

const chunk = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
const event = (message: object, id?: string): string =>
  chunk(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(message)}\n\n`);
const head = (sid?: string): string =>
  `HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n${sid === undefined ? '' : `mcp-session-id: ${sid}\r\n`}Transfer-Encoding: chunked\r\n\r\n`;
const END = '0\r\n\r\n';
const stream = (messages: readonly object[], sid?: string): string =>
  `${head(sid)}${messages.map((message) => event(message)).join('')}${END}`;

const of = (events: readonly OispEvent[], type: string): OispEvent[] => events.filter((e) => e.event_type === type);
const results = (events: readonly OispEvent[]): ToolResultData[] =>
  of(events, 'agent.tool_result').map((e) => e.data as ToolResultData);

function session(size?: number): Recorder {
  return new Recorder()
    .open('a', OPEN)
    .data('a', 'sent', post(initialize, BOTH), size)
    .data('a', 'received', stream([initialized], SID), size)
    .open('b', OPEN)
    .data('b', 'sent', post(rpc({ method: 'notifications/initialized' })), size)
    .data('b', 'received', accepted, size);
}

describe('MCP over streamable HTTP', () => {
  it.each([undefined, 1, 11])(
    'gives a session, a call on another connection and its result (records of %s bytes)',
    (size) => {
      const r = session(size)
        .data('b', 'sent', post(call(1, 'add', { _meta: { progressToken: 7, traceparent: '00-ab-cd-01' } })), size)
        .data(
          'b',
          'received',
          stream([
            rpc({
              method: 'notifications/progress',
              params: { progressToken: 7, progress: 1, total: 2, message: 'one' },
            }),
            rpc({
              method: 'notifications/progress',
              params: { progressToken: 7, progress: 2, total: 2, message: 'two' },
            }),
            rpc({ method: 'sampling/createMessage', params: { messages: [] }, id: 0 }),
            answer(1),
          ]),
          size,
        )
        .data('a', 'sent', post(rpc({ id: 0, result: { model: 'm' } })), size)
        .data('a', 'received', accepted, size)
        .data('a', 'sent', remove(), size)
        .data('a', 'received', 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n', size)
        .close('a')
        .close('b');
      const made = decode(r.events);
      const [opened, closed] = of(made.out, 'agent.session');
      expect(made.out).toHaveLength(4);
      expect(opened?.data).toEqual({ action: 'start', agent: { name: 'wiki', type: 'server', version: '1.2' } });
      expect(opened?.attrs).toMatchObject({
        'oisp.mcp': true,
        'mcp.method.name': 'initialize',
        'mcp.server.name': 'wiki',
        'mcp.client.name': 'cli',
        'mcp.client.version': '0.9',
        'mcp.protocol.version': '2025-11-25',
        'mcp.session.id': SID,
        'mcp.transport': 'streamable_http',
        'network.transport': 'tcp',
        'server.address': HOST,
      });
      expect(closed?.data).toMatchObject({ action: 'end', agent: { name: 'wiki' }, stats: { tool_calls: 1 } });
      const [one] = of(made.out, 'agent.tool_call');
      expect(one?.data).toMatchObject({
        tool: { name: 'add', type: 'other', server: 'wiki', provider: 'mcp' },
        arguments: { a: 1 },
      });
      expect(one?.attrs).toMatchObject({
        'oisp.call_id.derived': true,
        'mcp.method.name': 'tools/call',
        'mcp.request.id': '1',
        'jsonrpc.request.id': '1',
        'mcp.session.id': SID,
        'gen_ai.tool.name': 'add',
        traceparent: '00-ab-cd-01',
        'oisp.conn': 'b',
      });
      expect(one?.confidence).toMatchObject({ level: 'high', completeness: 'full' });
      const [result] = of(made.out, 'agent.tool_result');
      expect(result?.data).toMatchObject({ success: true, result: { content: [{ type: 'text', text: '3' }] } });
      expect(result?.data).toMatchObject({ call_id: (one?.data as ToolCallData | undefined)?.call_id });
      expect(result?.related_events?.[0]?.event_id).toBe(one?.event_id);
      expect(result?.attrs).toMatchObject({
        'mcp.progress.count': 2,
        'mcp.progress.last': 2,
        'mcp.progress.total': 2,
        'mcp.progress.message': 'two',
      });
      expect(made.count('lost_requests')).toBe(0);
      expect(made.count('lost_responses')).toBe(0);
      expect(made.decoder.bytes).toBe(0);
    },
  );

  it('reads JSON answers, batches and errors', () => {
    const r = session()
      .data(
        'a',
        'sent',
        post([call(1, 'x'), call('1', 'y'), rpc({ method: 'tools/call', params: { name: 'z' }, id: 3 })]),
      )
      .data(
        'a',
        'received',
        response([
          answer('1', { content: [], isError: true }),
          rpc({ id: 3, error: { code: -32602, message: 'no' } }),
          answer(1),
        ]),
      );
    const { out } = decode(r.events);
    expect(of(out, 'agent.tool_call').map((e) => (e.data as ToolCallData).tool.name)).toEqual(['x', 'y', 'z']);
    expect(new Set(out.map((e) => e.event_id)).size).toBe(out.length);
    expect(results(out).map(({ tool, success, error }) => [tool?.name, success, error?.type])).toEqual([
      ['y', false, 'tool_error'],
      ['z', false, '-32602'],
      ['x', true, undefined],
    ]);
  });

  it('ends a cancelled call at once, and counts the answer that comes all the same', () => {
    const cancel = rpc({ method: 'notifications/cancelled', params: { requestId: 1, reason: 'enough' } });
    const r = session()
      .data('a', 'sent', post(call(1)))
      .data('a', 'received', head(SID))
      .data('b', 'sent', post(cancel))
      .data('b', 'received', accepted)
      .data('a', 'received', `${event(answer(1))}${END}`);
    const made = decode(r.close('a').events);
    expect(results(made.out)).toMatchObject([{ success: false, error: { type: 'cancelled', message: 'enough' } }]);
    expect(made.count('lost_requests')).toBe(1);
  });

  it('says how a call without an answer ended', () => {
    const r = session()
      .data('a', 'sent', post(call(1)))
      .data('a', 'received', stream([]))
      .data('a', 'sent', post(call(2)))
      .data('a', 'received', response('busy', 503))
      .data('a', 'sent', post(call(3)))
      .data('a', 'received', response(rpc({ id: null, error: { code: -32000, message: 'bad version' } }), 400))
      .data('a', 'sent', post(call(4)))
      .data('a', 'received', head(SID))
      .close('a', 'error')
      .data('b', 'sent', post(call(5)))
      .close('b');
    expect(results(decode(r.events).out).map(({ error }) => error)).toEqual([
      { type: 'no_response' },
      { type: '503' },
      { type: '-32000', message: 'bad version' },
      { type: 'connection_closed' },
      { type: 'no_response' },
    ]);
  });

  it('takes an answer from a stream that goes on after its connection', () => {
    const r = session()
      .data('a', 'sent', post(call(1)))
      .data('a', 'received', `${head(SID)}${chunk('id: 5\ndata: \n\n')}`)
      .close('a', 'error')
      .open('c', OPEN)
      .data('c', 'sent', get('/mcp', { ...LATER, 'last-event-id': '5' }))
      .data('c', 'received', `${head(SID)}${event(answer(1), '6')}`)
      .wait(5000)
      .close('c');
    const { out } = decode(r.events);
    expect(results(out)).toMatchObject([{ success: true }]);
    expect(of(out, 'agent.tool_result')[0]?.attrs?.['oisp.conn']).toBe('a');
  });

  it('ends the session that the server has forgotten', () => {
    const r = session()
      .data('a', 'sent', post(call(1)))
      .data('a', 'received', response(rpc({ error: { code: -32001, message: 'Session not found' }, id: null }), 404));
    const { out } = decode(r.events);
    expect(of(out, 'agent.session').map((e) => (e.data as { action: string }).action)).toEqual(['start', 'end']);
    expect(results(out)).toMatchObject([{ success: false, error: { type: '-32001' } }]);
  });

  it('ends the session as well where its stream is not found', () => {
    const r = session().data('a', 'sent', get()).data('a', 'received', response('', 404));
    expect(of(decode(r.events).out, 'agent.session')).toHaveLength(2);
  });

  it('takes a call that is sent elsewhere for one call', () => {
    const r = session()
      .data('a', 'sent', post(call(1)))
      .data('a', 'received', 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /mcp/\r\nContent-Length: 0\r\n\r\n')
      .data('a', 'sent', post(call(1), LATER, '/mcp/'))
      .data('a', 'received', stream([answer(1)], SID))
      .data('a', 'sent', post(call(2)))
      .data('a', 'received', 'HTTP/1.1 307 Temporary Redirect\r\nLocation: /mcp/\r\nContent-Length: 0\r\n\r\n')
      .data('a', 'sent', remove());
    const { out } = decode(r.events);
    expect(of(out, 'agent.tool_call')).toHaveLength(2);
    expect(results(out)).toMatchObject([{ success: true }, { success: false, error: { type: 'no_response' } }]);
  });

  it('keeps nothing of keys in headers, query and path', () => {
    const path = '/s/sk-secret-1/mcp?key=sk-secret-2';
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', post(initialize, { ...BOTH, authorization: 'Bearer sk-secret-3' }, path))
      .data('a', 'received', stream([initialized], SID))
      .data('a', 'sent', post(call(1), { ...LATER, 'x-api-key': 'sk-secret-4' }, path))
      .data('a', 'received', stream([answer(1)]));
    const { out } = decode(r.events);
    expect(out).toHaveLength(3);
    expect(JSON.stringify(out)).not.toContain('sk-secret');
  });

  it('tells a resource that was read', () => {
    const uri = 'file:///r.txt';
    const r = session()
      .data('a', 'sent', post(rpc({ method: 'resources/read', params: { uri }, id: 1 })))
      .data('a', 'received', stream([answer(1, { contents: [{ uri, text: 'body' }] })]));
    const [read] = of(decode(r.events).out, 'agent.rag_retrieve');
    expect(read?.data).toMatchObject({
      source: { type: 'other', name: 'wiki', provider: 'mcp' },
      query: uri,
      results_count: 1,
      results: [{ source: uri, content_preview: 'body' }],
    });
    expect(read?.attrs).toMatchObject({ 'mcp.method.name': 'resources/read', 'mcp.resource.uri': uri });
  });

  it('knows tools by their list', () => {
    const r = session()
      .data('a', 'sent', post(rpc({ method: 'tools/list', id: 1 })))
      .data('a', 'received', response(answer(1, { tools: [{ name: 'add', description: 'Adds numbers' }] })))
      .data('a', 'sent', post(call(2)));
    const [one] = of(decode(r.events).out, 'agent.tool_call');
    expect(one?.data).toMatchObject({ tool: { description: 'Adds numbers' } });
  });

  it('joins the rounds of a call that the server wanted input for (2026-07-28)', () => {
    const fields = { ...BOTH, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'add' };
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', post(call(1, 'add', { _meta: meta }), fields))
      .data(
        'a',
        'received',
        response(answer(1, { resultType: 'input_required', requestState: 's', inputRequests: {} })),
      )
      .data('a', 'sent', post(call(2, 'add', { _meta: meta, requestState: 's', inputResponses: {} }), fields))
      .data(
        'a',
        'received',
        response(answer(2, { content: [], _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'new' } } })),
      );
    const { out } = decode(r.events);
    expect(out).toHaveLength(2);
    expect(of(out, 'agent.tool_call')[0]?.data).toMatchObject({ tool: { server: HOST } });
    expect(of(out, 'agent.tool_result')[0]?.data).toMatchObject({ success: true, tool: { server: 'new' } });
    expect(of(out, 'agent.tool_result')[0]?.attrs).toMatchObject({
      'mcp.protocol.version': '2026-07-28',
      'mcp.input_required.count': 1,
    });
  });

  it('is known by the body alone at any path, with less confidence', () => {
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', post(call(1), {}, '/api/tools'))
      .data('a', 'received', response(answer(1)));
    const { out } = decode(r.events);
    expect(out.map((e) => [e.event_type, e.confidence.level])).toEqual([
      ['agent.tool_call', 'medium'],
      ['agent.tool_result', 'medium'],
    ]);
    expect(out[0]?.data).toMatchObject({ tool: { server: HOST } });
  });

  it('is MCP where the path is that of a model call', () => {
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', post(call(1), {}, '/v1/responses'))
      .data('a', 'received', response(answer(1)))
      .data('a', 'sent', post({ model: 'm', input: 'hi' }, {}, '/v1/responses/'))
      .data('a', 'received', response({ id: 'r', object: 'response', output: [] }));
    expect(decode(r.events).out.map((e) => e.event_type)).toEqual([
      'agent.tool_call',
      'agent.tool_result',
      'ai.request',
      'ai.response',
    ]);
  });

  it('gives nothing of JSON-RPC that is not MCP, and of other streams', () => {
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', post(rpc({ method: 'eth_blockNumber', params: [], id: 1 }), {}, '/'))
      .data('a', 'received', response(answer(1)))
      .data('a', 'sent', post(rpc({ method: 'initialize', params: { processId: 1, rootUri: null }, id: 1 }), {}, '/'))
      .data('a', 'received', response(rpc({ id: 1, result: { serverInfo: { name: 'lsp' } } })))
      .data('a', 'sent', post(rpc({ method: 'message/send', params: {}, id: 1 }), BOTH, '/a2a'))
      .data('a', 'received', response(answer(1)))
      .data('a', 'sent', get('/events', {}))
      .data('a', 'received', `${head()}${chunk('data: {"n":1}\n\n')}${END}`);
    const made = decode(r.events);
    expect(made.out).toEqual([]);
    expect(made.count('ignored_requests')).toBe(4);
    expect(made.count('mcp_messages')).toBe(0);
  });

  it('holds nothing of a large body that does not begin like JSON-RPC', () => {
    const r = new Recorder().open('a', OPEN);
    const large = JSON.stringify({ rows: 'x'.repeat(1 << 20) });
    r.data('a', 'sent', post(large, {}, '/rows').slice(0, 500_000), 1400);
    const { decoder } = decode(r.events);
    expect(decoder.bytes).toBe(0);
    const open = decode(new Recorder().events).decoder;
    open.push(r.events);
    expect(open.bytes).toBeLessThan(4096);
  });

  it('tells a call whose request has a hole, by its headers and what is left', () => {
    const fields = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'add' };
    const bytes = post(call(1), fields);
    const cut = bytes.indexOf('{') + 4;
    const r = new Recorder()
      .open('a', OPEN)
      .data('a', 'sent', bytes.slice(0, cut))
      .lose('a', 'sent', bytes.length - cut)
      .wait(10_000)
      .data('a', 'received', response(answer(1)));
    const { out } = decode(r.events);
    expect(out.map((e) => [e.event_type, e.confidence.completeness])).toEqual([
      ['agent.tool_call', 'partial'],
      ['agent.tool_result', 'full'],
    ]);
    expect(out[0]?.data).toMatchObject({ tool: { name: 'add' } });
    expect(out[0]?.attrs).not.toHaveProperty('mcp.request.id');
  });

  it('does not call an answer missing that was lost on the way', () => {
    const r = session()
      .data('a', 'sent', post(call(1)))
      .data('a', 'received', head(SID))
      .lose('a', 'received', 100)
      .data('a', 'received', `:\n\r\n${END}`)
      .wait(10_000)
      .close('a');
    const [result] = of(decode(r.events).out, 'agent.tool_result');
    expect(result?.data).not.toHaveProperty('success');
    expect(result?.confidence).toMatchObject({ completeness: 'partial', missing: ['response'] });
  });
});

describe('MCP over the older HTTP with SSE', () => {
  const path = '/messages?sessionId=55091051';
  const sse = (size?: number): Recorder =>
    new Recorder()
      .open('g', OPEN)
      .data('g', 'sent', get('/sse', {}), size)
      .data('g', 'received', `${head()}${chunk(`event: endpoint\ndata: ${path}\n\n`)}`, size)
      .open('p', OPEN)
      .data('p', 'sent', post(initialize, {}, path), size)
      .data('p', 'received', accepted, size)
      .data('g', 'received', event(initialized), size)
      .data('p', 'sent', post(call(1), {}, path), size)
      .data('p', 'received', accepted, size);

  it.each([undefined, 1, 13])('joins calls and the stream that answers them (records of %s bytes)', (size) => {
    const r = sse(size)
      .data('g', 'received', `${event(answer(1))}${END}`, size)
      .close('g')
      .close('p');
    const made = decode(r.events);
    expect(made.out.map((e) => e.event_type)).toEqual([
      'agent.session',
      'agent.tool_call',
      'agent.tool_result',
      'agent.session',
    ]);
    expect(made.out[1]?.attrs).toMatchObject({ 'mcp.transport': 'sse', 'mcp.session.id': '55091051' });
    expect(results(made.out)).toMatchObject([{ success: true, tool: { server: 'wiki' } }]);
  });

  it('ends what is open with its stream', () => {
    const { out } = decode(sse().close('g').events);
    expect(results(out)).toMatchObject([{ error: { type: 'no_response' } }]);
    expect(of(out, 'agent.session')).toHaveLength(2);
  });

  it('takes an answer that is read before its request', () => {
    const r = sse();
    const held = post(call(2), {}, path);
    r.data('p', 'sent', held.slice(0, 40));
    const rest = r.events.length;
    r.data('p', 'sent', held.slice(40));
    const late = r.events.splice(rest, 1);
    r.data('g', 'received', event(answer(2)));
    const made = decode([...r.events, ...late]);
    expect(results(made.out)).toMatchObject([{ success: true }]);
    expect(made.count('lost_requests')).toBe(0);
  });
});

it('events of MCP are the same however the bytes are cut', () => {
  const whole = timeless(decode(session().close('a').close('b').events).out);
  for (const size of [1, 2, 3, 5, 64, 1000])
    expect(timeless(decode(session(size).close('a').close('b').events).out)).toEqual(whole);
});
