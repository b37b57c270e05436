import { describe, expect, it } from 'vitest';
import type { OispEvent, ToolCallData, ToolResultData } from '../../../../core/index.ts';
import { decode, Recorder } from '../capture.ts';

const line = (message: object): string => `${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`;
const CHILD = { protocol: 'stdio', child: { pid: 77, start_time: '2026-11-20T09:59:00Z' } };

function session(size?: number): Recorder {
  return new Recorder()
    .open('p', CHILD)
    .data('p', 'sent', line({ id: 0, method: 'initialize', params: {} }), size)
    .data('p', 'received', `log line\n${line({ id: 0, result: { serverInfo: { name: 'db' } } })}`, size)
    .data('p', 'sent', line({ id: 1, method: 'tools/call', params: { name: 'query', arguments: { sql: 'é' } } }), size)
    .data('p', 'received', line({ id: 1, result: { content: [{ type: 'text', text: 'no' }], isError: true } }), size);
}

const of = (events: readonly OispEvent[], type: string): OispEvent[] => events.filter((e) => e.event_type === type);

describe('MCP over the pipes of a child', () => {
  it.each([undefined, 1, 7])('gives a call and its result (records of %s bytes)', (size) => {
    const { out } = decode(session(size).close('p').events);
    const [call] = of(out, 'agent.tool_call');
    const [result] = of(out, 'agent.tool_result');
    const [opened, closed] = of(out, 'agent.session');
    expect(out).toHaveLength(4);
    expect(closed?.data).toMatchObject({ action: 'end', agent: { name: 'db' }, stats: { tool_calls: 1 } });
    expect(opened?.data).toMatchObject({ action: 'start', agent: { name: 'db', type: 'server' } });
    expect(opened?.attrs).toMatchObject({ 'mcp.server.name': 'db', 'mcp.child.pid': 77 });
    expect(call?.data).toMatchObject({
      tool: { name: 'query', type: 'other', server: 'db', provider: 'mcp' },
      arguments: { sql: 'é' },
    });
    expect(call?.attrs).toMatchObject({
      'oisp.mcp': true,
      'oisp.call_id.derived': true,
      'mcp.method.name': 'tools/call',
      'mcp.request.id': '1',
      'mcp.child.pid': 77,
      'mcp.child.start_time': '2026-11-20T09:59:00Z',
    });
    expect(result?.data).toMatchObject({ success: false, error: { type: 'tool_error' } });
    const ids = [call, result].map((event) => (event?.data as ToolCallData | ToolResultData | undefined)?.call_id);
    expect(ids[0]).toBe(ids[1]);
    expect(result?.attrs?.['oisp.mcp']).toBe(true);
  });

  it('tells a protocol error by its code, and a call that nobody answered', () => {
    const r = session()
      .data('p', 'sent', line({ id: 'a', method: 'tools/call', params: { name: 'x' } }))
      .data('p', 'received', line({ id: 'a', error: { code: -32602, message: 'bad' } }))
      .data('p', 'sent', line({ id: 'b', method: 'tools/call', params: { name: 'y' } }));
    const results = of(decode(r.close('p').events).out, 'agent.tool_result').slice(1);
    expect(results.map((e) => (e.data as ToolResultData).error)).toEqual([
      { type: '-32602', message: 'bad' },
      { type: 'no_response' },
    ]);
  });

  it('is known without its open record, which may also come late', () => {
    const [open, ...rest] = session().events;
    const { out } = decode([...rest, ...(open ? [open] : [])]);
    expect(of(out, 'agent.tool_call')[0]?.attrs?.['mcp.child.pid']).toBe(77);
    expect(of(decode(rest).out, 'agent.tool_call')).toHaveLength(1);
  });

  it('reads on at the next line after a loss, and lets other programs alone', () => {
    const r = session().lose('p', 'received', 9).data('p', 'received', `rest of a line"}\n`);
    r.data('p', 'sent', line({ id: 2, method: 'tools/call', params: { name: 'z' } })).data(
      'p',
      'received',
      line({ id: 2, result: {} }),
    );
    const made = decode(r.close('p').events);
    expect(of(made.out, 'agent.tool_result')).toHaveLength(2);
    expect(made.count('lost_lines')).toBe(1);
    const other = new Recorder().open('q', CHILD);
    for (let i = 0; i < 40; i++) other.data('q', 'sent', `plain ${i}\n`);
    const quiet = decode(other.events);
    expect(quiet.out).toEqual([]);
    expect(quiet.count('unsupported')).toBe(1);
  });

  it('tells progress and cancellation, and pairs what the server asks for', () => {
    const r = session()
      .data('p', 'sent', line({ id: 2, method: 'tools/call', params: { name: 'x', _meta: { progressToken: 'a' } } }))
      .data('p', 'received', line({ id: 2, method: 'elicitation/create', params: {} }))
      .data('p', 'received', line({ method: 'notifications/progress', params: { progressToken: 'a', progress: 5 } }))
      .data('p', 'sent', line({ id: 2, result: { action: 'accept' } }))
      .data('p', 'sent', line({ method: 'notifications/cancelled', params: { requestId: 2 } }));
    const made = decode(r.close('p').events);
    const result = of(made.out, 'agent.tool_result')[1];
    expect(result?.data).toMatchObject({ success: false, error: { type: 'cancelled' } });
    expect(result?.attrs).toMatchObject({
      'mcp.progress.count': 1,
      'mcp.progress.last': 5,
      'network.transport': 'pipe',
    });
    expect(made.count('lost_requests') + made.count('lost_responses')).toBe(0);
  });

  it('says of a call whose answer may be in a loss only that it is not known', () => {
    const r = session()
      .data('p', 'sent', line({ id: 2, method: 'tools/call', params: { name: 'x' } }))
      .lose('p', 'received', 50)
      .data('p', 'received', line({ method: 'notifications/message', params: {} }));
    const result = of(decode(r.close('p').events).out, 'agent.tool_result')[1];
    expect(result?.data).not.toHaveProperty('error');
    expect(result?.confidence).toMatchObject({ completeness: 'partial', missing: ['response'] });
  });

  it('says nothing of an open session when the input ends before the pipes do', () => {
    const { out } = decode(session().events);
    expect(of(out, 'agent.session')).toHaveLength(1);
  });

  it.each([
    [
      'ACP',
      { protocolVersion: 1, clientCapabilities: {} },
      { protocolVersion: 1, agentCapabilities: {} },
      'session/new',
    ],
    ['LSP', { processId: 1, rootUri: null }, { capabilities: {}, serverInfo: { name: 'ls' } }, 'textDocument/hover'],
  ])('lets %s alone', (_name, params, result, method) => {
    const r = new Recorder()
      .open('p', CHILD)
      .data('p', 'sent', line({ id: 0, method: 'initialize', params }))
      .data('p', 'received', line({ id: 0, result }));
    for (let id = 1; id < 40; id++)
      r.data('p', 'sent', line({ id, method, params: {} })).data('p', 'received', line({ id, result: {} }));
    const made = decode(r.close('p').events);
    expect(made.out).toEqual([]);
    expect(made.count('mcp_messages')).toBe(0);
    expect(made.count('unsupported')).toBe(1);
  });
});
