import { expect, test } from 'vitest';
import { type OispEvent, PermanentError, ReceiptBook, RetryableError } from '../../../core/index.ts';
import { configFor, makeContext, makeHost } from '../../../core/testing/index.ts';
import { correlateProcessor } from '../../../processors/correlate/index.ts';
import { attribute, correlate, drawn, result, Story, user } from './story.ts';

/** A turn with two parallel tools; the shell reads a file and connects. */
function twoTools(): Story {
  const s = new Story();
  const history = [user('fix the test please')];
  s.ask(10, 'r1', history);
  const tools = [
    { id: 'call_shell_1', name: 'Bash', arguments: { command: 'npm test && curl https://example.com/x' } },
    { id: 'call_read_01', name: 'Read', arguments: { file_path: 'src/a.ts' } },
  ];
  const answer = s.answer(10, 'r1', 'I will look.', tools);
  s.exec(21, 10, ['sh', '-c', 'npm test && curl https://example.com/x']);
  s.effect('file.read', 10, 1, { path: '/srv/app/src/a.ts', bytes_read: 10 });
  s.exec(22, 21, ['npm', 'test']);
  s.effect('file.read', 22, 21, { path: '/srv/app/package.json', bytes_read: 5 });
  s.exit(22, 21, 1);
  s.effect('network.connect', 21, 10, { dest: { ip: '192.0.2.1', port: 443, domain: 'example.com' }, success: true });
  s.exit(21, 10);
  s.wait(30);
  s.ask(10, 'r2', [...history, answer, result('call_shell_1', 'ok'), result('call_read_01', 'text')]);
  s.answer(10, 'r2', 'Done.');
  return s;
}

test('parallel tools hold what they did; a turn is one tree', async () => {
  const { spans } = await correlate(twoTools().events);
  expect(drawn(spans)).toEqual([
    'invoke_agent coder',
    '  chat big-model',
    '  execute_tool Bash [call_shell_1]',
    '    process.exec sh [argument]',
    '      process.exec npm [process_tree, error]',
    '        file.read [/srv/app/package.json, process_tree]',
    '      network.connect [example.com, process_tree]',
    '  execute_tool Read [call_read_01]',
    '    file.read [/srv/app/src/a.ts, argument]',
    '  chat big-model',
  ]);
  const root = spans.find((s) => s.parentSpanId === undefined);
  expect(root && attribute(root, 'gen_ai.usage.input_tokens')).toBe(20);
  for (const span of spans) {
    expect(span.start >= (root?.start ?? 0n) && span.end <= (root?.end ?? 0n)).toBe(true);
    expect(span.end >= span.start).toBe(true);
  }
});

test('a tool ends when its program does, not when its result is sent', async () => {
  const { spans } = await correlate(twoTools().events);
  const tool = spans.find((s) => s.name === 'execute_tool Bash');
  const shell = spans.find((s) => s.name === 'process.exec sh');
  expect(tool?.end).toBe(shell?.end);
  expect(tool && attribute(tool, 'oisp.tool.end_source')).toBe('process_exit');
});

test('ids and trees are the same in any batches, and in any order within the window', async () => {
  const { events } = twoTools();
  const ids = (spans: readonly { traceId: string; spanId: string }[]): string[] =>
    spans.map((s) => `${s.traceId} ${s.spanId}`).sort((a, b) => (a < b ? -1 : 1));
  const want = await correlate(events);
  const shuffled = [...events].sort((a, b) => (a.event_id.slice(12) < b.event_id.slice(12) ? -1 : 1));
  for (const [list, size] of [
    [events, 1],
    [events, 1000],
    [shuffled, 3],
  ] as [OispEvent[], number][]) {
    const got = await correlate(list, {}, size);
    expect(ids(got.spans)).toEqual(ids(want.spans));
    expect(drawn(got.spans)).toEqual(drawn(want.spans));
  }
});

test('every event comes out again, those of a tree with the ids of their span', async () => {
  const { events } = twoTools();
  const told = await correlate(events);
  const sorted = (list: readonly OispEvent[]): string[] => list.map((e) => e.event_id).sort((a, b) => (a < b ? -1 : 1));
  expect(sorted(told.events.filter((e) => e.event_type !== 'agent.session'))).toEqual(sorted(events));
  const known = new Set(told.spans.map((s) => `${s.traceId} ${s.spanId}`));
  for (const { trace_context: at } of told.events) if (at) expect(known.has(`${at.trace_id} ${at.span_id}`)).toBe(true);
});

test('a new message of the user opens a new turn, linked to the one before', async () => {
  const s = new Story();
  const one = [user('hello there')];
  s.ask(10, 'r1', one);
  const hi = s.answer(10, 'r1', 'Hi.');
  s.wait(500).ask(10, 'r2', [...one, hi, user('and now the second')]);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat big-model', 'invoke_agent coder', '  chat big-model']);
  const roots = spans.filter((x) => x.parentSpanId === undefined);
  expect(roots[1]?.links?.[0]?.traceId).toBe(roots[0]?.traceId);
  expect(attribute(roots[1] as never, 'gen_ai.conversation.id')).toBe(
    attribute(roots[0] as never, 'gen_ai.conversation.id'),
  );
});

test('the conversation of a sub-agent hangs under the tool call that holds its task', async () => {
  const s = new Story();
  const one = [user('change everything')];
  s.ask(10, 'r1', one);
  const answer = s.answer(10, 'r1', '', [
    { id: 'call_task_01', name: 'Task', arguments: { prompt: 'Find all callers of the parser' } },
  ]);
  const sub = [user('Find all callers of the parser')];
  s.ask(10, 'r2', sub);
  const found = s.answer(10, 'r2', '', [
    { id: 'call_grep_01', name: 'Bash', arguments: { command: 'git grep parser' } },
  ]);
  s.exec(30, 10, ['bash', '-lc', 'git grep parser']);
  s.exit(30, 10);
  s.ask(10, 'r3', [...sub, found, result('call_grep_01', 'a.ts')]);
  s.answer(10, 'r3', 'In a.ts.');
  s.ask(10, 'r4', [...one, answer, result('call_task_01', 'In a.ts.')]);
  s.answer(10, 'r4', 'Done.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual([
    'invoke_agent coder',
    '  chat big-model',
    '  execute_tool Task [call_task_01]',
    '    invoke_agent coder',
    '      chat big-model',
    '      execute_tool Bash [call_grep_01]',
    '        process.exec bash [argument]',
    '      chat big-model',
    '  chat big-model',
  ]);
  const root = spans.find((x) => x.parentSpanId === undefined);
  expect(root && attribute(root, 'gen_ai.usage.input_tokens')).toBe(40);
});

test('a title asked for before the main request belongs to its turn; one that nobody follows stands alone', async () => {
  const s = new Story();
  s.ask(10, 't1', [user('Write a short title for: hello')], { tools: false, model: 'haiku', maxTokens: 64 });
  s.wait(20).ask(10, 'r1', [user('hello there')]);
  s.answer(10, 't1', 'Greeting');
  s.answer(10, 'r1', 'Hi.');
  s.wait(60_000).ask(10, 'q1', [user('quota')], { tools: false, model: 'haiku', maxTokens: 1 });
  s.answer(10, 'q1', '#');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat haiku [side]', '  chat big-model', 'chat haiku [side]']);
});

test('a plain chat with a small model is a turn of its own, not a side call', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('how tall is it')], { tools: false, model: 'gpt-mini' });
  s.answer(10, 'r1', 'Tall.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat gpt-mini']);
});

test('a failed call that is made again stays in its turn', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('go on then')]);
  s.answer(10, 'r1', '', [], { fails: 529 });
  s.wait(900).ask(10, 'r2', [user('go on then')]);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat big-model [error]', '  chat big-model']);
});

test('a program that no tool asked for is a finding', async () => {
  const s = new Story();
  const one = [user('read it for me')];
  s.ask(10, 'r1', one);
  const answer = s.answer(10, 'r1', '', [{ id: 'call_read_02', name: 'Read', arguments: { file_path: 'a.ts' } }]);
  s.effect('file.read', 10, 1, { path: '/srv/app/a.ts', bytes_read: 1 });
  s.ask(10, 'r2', [...one, answer, result('call_read_02', 'x')]);
  s.exec(40, 10, ['curl', 'https://drop.example.net']);
  s.effect('network.connect', 40, 10, { dest: { ip: '192.0.2.9', port: 443 }, success: true });
  s.exit(40, 10);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual([
    'invoke_agent coder',
    '  chat big-model',
    '  execute_tool Read [call_read_02]',
    '    file.read [/srv/app/a.ts, argument]',
    '  chat big-model',
    '  process.exec curl [unexplained]',
    '    network.connect [192.0.2.9, unexplained]',
  ]);
});

test('a server left running ends with its turn; what it does later is told as late facts with its ids', async () => {
  const s = new Story();
  const one = [user('start the server')];
  s.ask(10, 'r1', one);
  const answer = s.answer(10, 'r1', '', [
    { id: 'call_serve_1', name: 'Bash', arguments: { command: 'npm run dev &' } },
  ]);
  s.exec(50, 10, ['sh', '-c', 'npm run dev &']);
  s.exec(51, 50, ['npm', 'run', 'dev']);
  s.exit(50, 10);
  s.ask(10, 'r2', [...one, answer, result('call_serve_1', 'started')]);
  s.answer(10, 'r2', 'It runs.');
  s.wait(3000);
  const late = s.effect('file.write', 51, 50, { path: '/srv/app/dev.log', bytes_written: 5 });
  s.exit(51, 50, 143);
  const { spans, events } = await correlate(s.events);
  expect(drawn(spans)).toEqual([
    'invoke_agent coder',
    '  chat big-model',
    '  execute_tool Bash [call_serve_1]',
    '    process.exec sh [argument]',
    '      process.exec npm [process_tree, detached]',
    '  chat big-model',
  ]);
  const npm = spans.find((x) => x.name === 'process.exec npm');
  const fact = events.find((e) => e.event_id === late.event_id);
  expect(fact?.attrs?.['oisp.late']).toBe(true);
  expect(fact?.trace_context).toEqual({ trace_id: npm?.traceId, span_id: npm?.spanId });
});

test('equal effects beyond the cap are folded into one span with a count', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('install all of it')]);
  s.answer(10, 'r1', '', [{ id: 'call_inst_01', name: 'Bash', arguments: { command: 'npm install' } }]);
  s.exec(60, 10, ['sh', '-c', 'npm install']);
  for (let i = 0; i < 10; i++) s.effect('file.write', 60, 10, { path: `/srv/app/node_modules/${i}`, bytes_written: 1 });
  s.exit(60, 10);
  const { spans } = await correlate(s.events, { max_effects_per_tool: 4 });
  const files = spans.filter((x) => x.name === 'file.write');
  expect(files).toHaveLength(5);
  expect(files.map((x) => attribute(x, 'oisp.count')).filter(Boolean)).toEqual([6]);
});

test('receipts are held until the spans made from them are handed on, then let go', async () => {
  const book = new ReceiptBook(0);
  const receipt = book.open(1);
  const { spans } = await correlate(twoTools().events, {}, 1000, [receipt]);
  expect(spans.length).toBeGreaterThan(0);
  expect(book.held).toBe(1);
  receipt.release();
  expect(book.held).toBe(0);
});

test('a program that runs ahead of a tool call still being written finds its tool; the start of an MCP server is no finding', async () => {
  const s = new Story();
  const one = [user('be quick about it')];
  s.ask(10, 'r1', one);
  s.exec(70, 10, ['npx', '@tools/db']);
  s.exec(71, 70, ['node', 'server.js']);
  s.event(
    'agent.session',
    10,
    { server: 'db' },
    { attrs: { 'mcp.child.pid': 71, 'mcp.server.name': 'db', 'oisp.mcp': true } },
  );
  s.exec(72, 10, ['sh', '-c', 'make eager']);
  s.exit(72, 10);
  s.effect('file.read', 10, 1, { path: '/srv/app/early.ts', bytes_read: 4 });
  const answer = s.answer(10, 'r1', '', [
    { id: 'call_make_01', name: 'Bash', arguments: { command: 'make eager' } },
    { id: 'call_read_03', name: 'Read', arguments: { file_path: 'early.ts' } },
  ]);
  s.ask(10, 'r2', [...one, answer, result('call_make_01', 'ok'), result('call_read_03', 'x')]);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual([
    'invoke_agent coder',
    '  chat big-model',
    '  mcp.start db [detached]',
    '  execute_tool Bash [call_make_01]',
    '    process.exec sh [argument]',
    '  execute_tool Read [call_read_03]',
    '    file.read [/srv/app/early.ts, argument]',
    '  chat big-model',
  ]);
  expect(spans.some((x) => attribute(x, 'oisp.effect.unexplained') === true)).toBe(false);
});

test('a tool that an MCP server runs is one span, with what the server did, ended by its answer', async () => {
  const s = new Story();
  const one = [user('ask the database')];
  s.exec(80, 10, ['node', 'server.js']);
  s.ask(10, 'r1', one);
  const answer = s.answer(10, 'r1', '', [
    { id: 'call_query_1', name: 'mcp__db__query', arguments: { sql: 'select 1' } },
  ]);
  const attrs = { 'oisp.mcp': true, 'oisp.call_id.derived': true, 'mcp.child.pid': 80, 'mcp.request.id': '7' };
  s.wait(1).event(
    'agent.tool_call',
    10,
    { tool: { name: 'query', server: 'db' }, call_id: 'mcp_1', arguments: { sql: 'select 1' } },
    { attrs },
  );
  s.effect('file.read', 80, 10, { path: '/var/lib/main.db', bytes_read: 9 });
  const ended = s.wait(1).event('agent.tool_result', 10, { call_id: 'mcp_1', success: false }, { attrs });
  s.wait(400).ask(10, 'r2', [...one, answer, result('call_query_1', 'no table')]);
  s.effect('file.write', 80, 10, { path: '/var/log/db.log', bytes_written: 9 });
  s.answer(10, 'r2', 'It failed.');
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual([
    'invoke_agent coder',
    '  chat big-model',
    '  execute_tool mcp__db__query [call_query_1, error]',
    '    file.read [/var/lib/main.db, mcp]',
    '  chat big-model',
  ]);
  const tool = spans.find((x) => x.name.startsWith('execute_tool'));
  expect(tool && [attribute(tool, 'oisp.tool.end_source'), attribute(tool, 'mcp.method.name')]).toEqual([
    'mcp_answer',
    'tools/call',
  ]);
  expect(tool?.end).toBe(1_763_632_800_000_000_000n + BigInt(Number(ended.ts_mono) - 5_000_000_000));
});

test.each([
  ['pipe', '    file.read [/var/lib/main.db, mcp]'],
  ['tcp', undefined],
])('a child that acts while a call over %s is open is its server only over a pipe', async (transport, served) => {
  const s = new Story();
  const one = [user('ask the database')];
  s.exec(80, 10, ['node', 'server.js']);
  s.ask(10, 'r1', one);
  s.answer(10, 'r1', '', [{ id: 'call_query_1', name: 'mcp__db__query', arguments: {} }]);
  const attrs = {
    'oisp.mcp': true,
    'mcp.method.name': 'tools/call',
    'network.transport': transport,
    'mcp.session.id': 's1',
    'mcp.protocol.version': '2025-11-25',
  };
  const data = { tool: { name: 'query', server: 'db' }, call_id: 'mcp_1', arguments: {} };
  s.wait(1).event('agent.tool_call', 10, data, { attrs });
  s.effect('file.read', 80, 10, { path: '/var/lib/main.db', bytes_read: 9 });
  s.wait(1).event('agent.tool_result', 10, { call_id: 'mcp_1', success: true }, { attrs });
  const { spans } = await correlate(s.events);
  expect(drawn(spans).find((line) => line.includes('mcp]'))).toBe(served);
  const tool = spans.find((x) => x.name.startsWith('execute_tool'));
  const names = ['network.transport', 'mcp.session.id', 'mcp.protocol.version'];
  expect(tool && names.map((name) => attribute(tool, name))).toEqual([transport, 's1', '2025-11-25']);
});

test('a turn beyond its caps goes on in a trace of its own, linked to the one before', async () => {
  const s = new Story();
  let history = [user('go on for long')];
  for (let i = 0; i < 6; i++) {
    s.ask(10, `r${i}`, history);
    const answer = s.answer(10, `r${i}`, '', [
      { id: `call_long_${i}00`, name: 'Read', arguments: { file_path: `f${i}.ts` } },
    ]);
    history = [...history, answer, result(`call_long_${i}00`, 'x')];
  }
  s.ask(10, 'r6', history);
  s.answer(10, 'r6', 'Done.');
  const { spans } = await correlate(s.events, { max_spans_per_trace: 10 });
  const roots = spans.filter((x) => x.parentSpanId === undefined);
  expect(roots.length).toBe(2);
  const types = roots.flatMap((x) => x.links ?? []).map((l) => [l.traceId, l.attributes[0]?.value]);
  expect(types).toEqual([[roots[0]?.traceId, 'continued_from']]);
  const traces = new Map(spans.map((x) => [x.spanId, x.traceId]));
  for (const span of spans) if (span.parentSpanId) expect(traces.get(span.parentSpanId)).toBe(span.traceId);
});

test('a call that was never answered closes with its process and says so', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('are you there')]);
  s.wait(50).exit(10, 1, 1);
  const { spans } = await correlate(s.events);
  expect(drawn(spans)).toEqual(['invoke_agent coder [process_exit]', '  chat big-model [no_response]']);
});

test('what a shutdown cuts off keeps its receipts, what is refused for good does not', async () => {
  for (const [error, held] of [
    [new RetryableError('not now'), true],
    [new PermanentError('never'), false],
  ] as const) {
    const { context, clock, meter } = makeContext();
    const next = { consume: () => Promise.reject(error) };
    const node = correlateProcessor.create(context, configFor(correlateProcessor.schema), next);
    const book = new ReceiptBook(0);
    const receipt = book.open(1);
    await node.start(makeHost());
    const taken = node.consume({ signal: 'events', events: twoTools().events, receipts: [receipt] });
    const isDown = node.shutdown(AbortSignal.abort(new Error('time is up')));
    await clock.run(Promise.all([taken, isDown]));
    receipt.release();
    expect(book.lowWater).toBe(held ? 0 : 1);
    const dropped = meter.samples().filter((s) => s.name === 'oisp_correlate_dropped');
    expect(dropped.reduce((sum, s) => sum + s.value, 0)).toBeGreaterThan(10);
  }
});

test('a file that a task names and its sub-agent reads belongs to the sub-agent', async () => {
  const s = new Story();
  const one = [user('sum up the limits')];
  s.ask(10, 'r1', one);
  const task = 'Read docs/limits.md and sum it up in a line';
  const answer = s.answer(10, 'r1', '', [{ id: 'call_task_02', name: 'Task', arguments: { prompt: task } }]);
  s.ask(10, 'r2', [user(task)]);
  const read = s.answer(10, 'r2', '', [
    { id: 'call_read_04', name: 'Read', arguments: { file_path: 'docs/limits.md' } },
  ]);
  s.effect('file.read', 10, 1, { path: '/srv/app/docs/limits.md', bytes_read: 4 });
  s.ask(10, 'r3', [user(task), read, result('call_read_04', 'few')]);
  s.answer(10, 'r3', 'Few.');
  s.ask(10, 'r4', [...one, answer, result('call_task_02', 'Few.')]);
  s.answer(10, 'r4', 'Done.');
  const { spans } = await correlate(s.events);
  const file = spans.find((x) => x.name === 'file.read');
  expect(spans.find((x) => x.spanId === file?.parentSpanId)?.name).toBe('execute_tool Read');
});

test('events that are delivered twice make one tree, and are counted', async () => {
  const { events } = twoTools();
  const once = await correlate(events);
  for (const twice of [events.flatMap((event) => [event, event]), [...events, ...events]]) {
    const again = await correlate(twice);
    expect(again.spans).toEqual(once.spans);
  }
});
