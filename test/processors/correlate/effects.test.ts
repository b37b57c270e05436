import { expect, test } from 'vitest';
import { attribute, correlate, drawn, result, Story, user } from './story.ts';

/** One turn of agent 10 whose single answer asks for `tools`; `act` tells what happens before their results go out. */
function turn(
  s: Story,
  tools: readonly { readonly id: string; readonly name: string; readonly arguments: unknown }[],
  act: () => void,
): void {
  const one = [user('do all of that for me')];
  s.ask(10, 'r1', one);
  const answer = s.answer(10, 'r1', '', tools);
  act();
  s.ask(10, 'r2', [...one, answer, ...tools.map(({ id }) => result(id, 'ok'))]);
  s.answer(10, 'r2', 'Done.');
}

const bash = (id: string, command: string) => ({ id, name: 'Bash', arguments: { command } });
const read = (id: string, file_path: string) => ({ id, name: 'Read', arguments: { file_path } });

/** The lines below one tool, without it. */
function below(lines: readonly string[], id: string): string[] {
  const at = lines.findIndex((line) => line.includes(`[${id}`));
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => !line.startsWith('    '));
  return (end < 0 ? rest : rest.slice(0, end)).map((line) => line.slice(4));
}

test('commands fed to one shell belong to the calls that name them, not to the one that started it', async () => {
  const s = new Story();
  const one = [user('build it, then test it')];
  s.ask(10, 'r1', one);
  const first = s.answer(10, 'r1', '', [bash('call_first_1', 'node build.js | tee log.txt')]);
  s.exec(20, 10, ['bash', '--norc', '-i']);
  s.exec(21, 20, ['node', 'build.js']);
  s.exec(22, 20, ['tee', 'log.txt']);
  s.exit(21, 20);
  s.exit(22, 20);
  const two = [...one, first, result('call_first_1', 'built')];
  s.ask(10, 'r2', two);
  const second = s.answer(10, 'r2', '', [bash('call_second_', 'for f in *.ts; do wc -l "$f"; done')]);
  s.exec(23, 20, ['wc', '-l', 'a.ts']);
  s.effect('file.read', 23, 20, { path: '/srv/app/a.ts', bytes_read: 3 });
  s.exit(23, 20);
  s.effect('file.write', 20, 10, { path: '/srv/app/.history', bytes_written: 3 });
  s.ask(10, 'r3', [...two, second, result('call_second_', '3 a.ts')]);
  s.answer(10, 'r3', 'Done.');
  const { spans } = await correlate(s.events);
  const lines = drawn(spans);
  expect(below(lines, 'call_first_1')).toEqual([
    'process.exec bash [only_open, detached]',
    '  process.exec node [argument]',
    '  process.exec tee [argument]',
  ]);
  expect(below(lines, 'call_second_')).toEqual([
    'process.exec wc [argument]',
    '  file.read [/srv/app/a.ts, process_tree]',
    'file.write [/srv/app/.history, process_tree]',
  ]);
  const first_ = spans.find(
    (x) => attribute(x, 'gen_ai.tool.call.id') === 'call_first_1' && x.name.startsWith('execute'),
  );
  expect(first_ && attribute(first_, 'oisp.tool.end_source')).toBe('process_exit');
});

test('a tool that runs several programs ends with the last of them', async () => {
  const s = new Story();
  let last = 0;
  turn(s, [bash('call_pipe_01', 'cat in.txt | sort -u')], () => {
    s.exec(30, 10, ['cat', 'in.txt']);
    s.exec(31, 10, ['sort', '-u']);
    s.exit(30, 10);
    s.wait(70).exit(31, 10);
    last = s.now;
    s.wait(300);
  });
  const { spans } = await correlate(s.events);
  const tool = spans.find((x) => x.name === 'execute_tool Bash');
  expect(tool && attribute(tool, 'oisp.tool.end_source')).toBe('process_exit');
  expect(Number((tool?.end ?? 0n) - 1_763_632_800_000_000_000n) / 1e6).toBeCloseTo(last, 3);
});

test('a tool begins with its answer, and waits until its first effect', async () => {
  const s = new Story();
  const one = [user('push it')];
  s.ask(10, 'r1', one);
  s.event('agent.tool_call', 10, {
    tool: { name: 'Bash' },
    call_id: 'call_push_01',
    arguments: { command: 'git push' },
    request_id: 'r1',
    index: 0,
  });
  s.wait(80);
  const message = {
    role: 'assistant' as const,
    parts: [{ type: 'tool_call' as const, id: 'call_push_01', name: 'Bash', arguments: { command: 'git push' } }],
  };
  s.event('ai.response', 10, {
    request_id: 'r1',
    provider: { name: 'anthropic' },
    success: true,
    status_code: 200,
    choices: [{ index: 0, message }],
    tool_calls_count: 1,
    tool_calls: [],
  });
  const answered = s.now;
  s.wait(4000).exec(30, 10, ['sh', '-c', 'git push']);
  s.exit(30, 10);
  s.ask(10, 'r2', [...one, message, result('call_push_01', 'ok')]);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  const tool = spans.find((x) => x.name === 'execute_tool Bash');
  expect(Number((tool?.start ?? 0n) - 1_763_632_800_000_000_000n) / 1e6).toBeCloseTo(answered, 3);
  expect(tool && attribute(tool, 'oisp.tool.wait_ms')).toBe(4002);
});

test('options, folders and words that everybody uses are no evidence', async () => {
  const s = new Story();
  const one = [user('look around')];
  s.ask(10, 'r1', one);
  const shell = (id: string, cmd: string) => ({
    id,
    name: 'shell',
    arguments: { command: ['bash', '-lc', cmd], workdir: '/srv/app' },
  });
  // the second call is still being written when its program runs
  s.event('agent.tool_call', 10, {
    tool: { name: 'shell' },
    call_id: 'call_one_001',
    arguments: shell('', 'cd pkg && node one.js').arguments,
    request_id: 'r1',
    index: 0,
  });
  s.exec(30, 10, ['sandbox', '--cwd', '/srv/app', '--', 'bash', '-lc', 'cd pkg && make two']);
  s.exit(30, 10);
  const answer = s.answer(
    10,
    'r1',
    '',
    [shell('call_one_001', 'cd pkg && node one.js'), shell('call_two_001', 'cd pkg && make two')].slice(1),
  );
  s.ask(10, 'r2', [...one, answer, result('call_two_001', 'ok')]);
  s.answer(10, 'r2', 'Done.');
  const { spans } = await correlate(s.events);
  expect(below(drawn(spans), 'call_two_001')).toEqual(['process.exec sandbox [argument]']);
  expect(below(drawn(spans), 'call_one_001')).toEqual([]);
});

test('a relative path counts from the folder that the agent was told of: another agent of the process has its own', async () => {
  const s = new Story();
  const told = (dir: string) => [user(`Working directory: ${dir}\nread the notes`)];
  s.ask(10, 'r1', told('/work/one'), { session: 's1' });
  s.ask(10, 'r2', told('/work/two'), { session: 's2' });
  s.answer(10, 'r1', '', [read('call_one_001', 'src/same.ts')]);
  s.answer(10, 'r2', '', [
    read('call_two_001', 'src/same.ts'),
    { id: 'call_two_002', name: 'Grep', arguments: { pattern: 'x', path: 'src' } },
  ]);
  s.effect('file.read', 10, 1, { path: '/work/two/src/same.ts', bytes_read: 2 });
  s.effect('file.read', 10, 1, { path: '/work/one/src/same.ts', bytes_read: 1 });
  s.effect('file.read', 10, 1, { path: '/work/one/src', bytes_read: 1 });
  const { spans } = await correlate(s.events);
  const lines = drawn(spans);
  expect(below(lines, 'call_one_001')).toEqual(['file.read [/work/one/src/same.ts, argument]']);
  expect(below(lines, 'call_two_001')).toEqual(['file.read [/work/two/src/same.ts, argument]']);
  expect(below(lines, 'call_two_002')).toEqual([]);
});

test.each([
  [
    'temporary name and rename',
    [
      ['file.write', '/srv/app/src/.tmp8f2a1b'],
      ['file.rename', '/srv/app/src/.tmp8f2a1b', '/srv/app/src/a.ts'],
    ],
  ],
  [
    'backup first, then in place',
    [
      ['file.rename', '/srv/app/src/a.ts', '/srv/app/src/a.ts~'],
      ['file.write', '/srv/app/src/a.ts'],
      ['file.delete', '/srv/app/src/a.ts~'],
    ],
  ],
  [
    'swap file beside it',
    [
      ['file.write', '/srv/app/src/.a.ts.swp'],
      ['file.write', '/srv/app/src/a.ts'],
      ['file.delete', '/srv/app/src/.a.ts.swp'],
    ],
  ],
  [
    'temporary file elsewhere',
    [
      ['file.write', '/tmp/x9'],
      ['file.rename', '/tmp/x9', '/srv/app/src/a.ts'],
    ],
  ],
])('saving by %s is the edit', async (_, steps) => {
  const s = new Story();
  turn(
    s,
    [
      { id: 'call_edit_01', name: 'Edit', arguments: { file_path: 'src/a.ts', new_string: 'b' } },
      read('call_read_01', 'src/b.ts'),
    ],
    () => {
      for (const [type = '', path, to] of steps)
        s.effect(type, 10, 1, to === undefined ? { path } : { old_path: path, new_path: to });
    },
  );
  const { spans } = await correlate(s.events);
  expect(below(drawn(spans), 'call_edit_01').length).toBe(steps.length);
});

test('reads below a folder belong to the call that looks through it, except what is hidden; writes do not', async () => {
  const s = new Story();
  turn(s, [{ id: 'call_grep_01', name: 'Grep', arguments: { pattern: 'needle', path: 'lib' } }], () => {
    s.effect('file.read', 10, 1, { path: '/srv/app/lib/deep/a.ts', bytes_read: 1 });
    s.effect('file.read', 10, 1, { path: '/srv/app/lib/.cache/b', bytes_read: 1 });
    s.effect('file.write', 10, 1, { path: '/srv/app/lib/agent.log', bytes_written: 1 });
  });
  const { spans } = await correlate(s.events);
  expect(below(drawn(spans), 'call_grep_01')).toEqual(['file.read [/srv/app/lib/deep/a.ts, argument]']);
  const file = spans.find((x) => x.name === 'file.read');
  expect(file && attribute(file, 'oisp.correlation.confidence')).toBe('low');
});

test('two calls read one file: who opened it reads it', async () => {
  const s = new Story();
  turn(s, [read('call_one_001', 'src/a.ts'), read('call_two_001', 'src/a.ts')], () => {
    for (const bytes of [10, 20]) {
      s.effect('file.open', 10, 1, { path: '/srv/app/src/a.ts', flags: ['read'] });
      s.effect('file.read', 10, 1, { path: '/srv/app/src/a.ts', bytes_read: bytes });
      s.effect('file.read', 10, 1, { path: '/srv/app/src/a.ts', bytes_read: bytes });
    }
  });
  const { spans } = await correlate(s.events);
  const files = spans.filter((x) => x.name === 'file.read');
  expect(new Set(files.map((x) => attribute(x, 'oisp.file.bytes')))).toEqual(new Set([20, 40]));
  expect(new Set(files.map((x) => x.parentSpanId)).size).toBe(2);
});

test('a daemon that forked away goes on for its call, whatever later calls name', async () => {
  const s = new Story();
  const one = [user('serve it')];
  const fork = (pid: number, parent: number, child: number): void => {
    const process = {
      pid,
      ppid: parent,
      start_time: `2026-11-20T10:00:${pid}Z`,
      exe: '/usr/bin/serve',
      cwd: '/srv/app',
    };
    s.event('process.fork', pid, { child_pid: child }, { process });
  };
  s.ask(10, 'r1', one);
  const first = s.answer(10, 'r1', '', [bash('call_serve_1', 'serve --daemon')]);
  s.exec(30, 10, ['sh', '-c', 'serve --daemon']);
  s.exec(31, 30, ['serve', '--daemon']);
  fork(31, 30, 32);
  fork(32, 31, 33);
  s.exit(32, 31);
  s.exit(31, 30);
  s.exit(30, 10);
  const two = [...one, first, result('call_serve_1', 'started')];
  s.ask(10, 'r2', two);
  s.answer(10, 'r2', '', [read('call_read_01', 'src/a.ts'), bash('call_make_01', 'make all')]);
  s.effect('file.read', 33, 1, { path: '/srv/app/src/a.ts', bytes_read: 1 });
  s.exec(34, 33, ['make', 'all']);
  const { spans } = await correlate(s.events);
  const lines = drawn(spans);
  expect(below(lines, 'call_serve_1').map((line) => line.trim())).toEqual([
    'process.exec sh [argument]',
    'process.exec serve [process_tree]',
    'file.read [/srv/app/src/a.ts, process_tree]',
    'process.exec make [process_tree, shutdown]',
  ]);
  expect(below(lines, 'call_read_01')).toEqual([]);
  expect(below(lines, 'call_make_01')).toEqual([]);
});

test('a pid that is forked again works for its new call, although its end was not seen', async () => {
  const s = new Story();
  const one = [user('one, then the other')];
  const fork = (): void => {
    s.event('process.fork', 10, { child_pid: 40 });
  };
  s.ask(10, 'r1', one);
  const first = s.answer(10, 'r1', '', [bash('call_one_001', 'node one.js')]);
  const anonymous = (argv: readonly string[]): void => {
    s.wait(1).event(
      'process.exec',
      40,
      { exe: `/usr/bin/${argv[0]}`, args: argv },
      { process: { pid: 40, ppid: 10, exe: '/usr/bin/x', cwd: '/srv/app' } },
    );
  };
  fork();
  anonymous(['node', 'one.js']);
  const two = [...one, first, result('call_one_001', 'ok')];
  s.wait(1500).ask(10, 'r2', two);
  s.answer(10, 'r2', '', [bash('call_two_001', 'node two.js')]);
  s.wait(1500);
  fork();
  anonymous(['node', 'two.js']);
  const { spans } = await correlate(s.events);
  expect(below(drawn(spans), 'call_two_001')).toEqual(['process.exec node [argument, shutdown]']);
});

test('a host that a fetch is sent on to is its own; where programs report to is not, nor where the agent was before', async () => {
  const s = new Story();
  s.effect('network.connect', 10, 1, {
    dest: { ip: '192.0.2.1', domain: 'models.example.net', port: 443 },
    success: true,
  });
  turn(s, [{ id: 'call_web_001', name: 'WebFetch', arguments: { url: 'http://short.example.org/x' } }], () => {
    s.effect('network.dns', 10, 1, {
      query_name: 'short.example.org',
      response_code: 'NOERROR',
      answers: [{ type: 'A', value: '192.0.2.7' }],
    });
    s.effect('network.connect', 10, 1, { dest: { ip: '192.0.2.7', port: 80 }, success: true });
    s.effect('network.connect', 10, 1, {
      dest: { ip: '192.0.2.8', domain: 'www.short.example.org', port: 443 },
      success: true,
    });
    s.effect('network.connect', 10, 1, {
      dest: { ip: '192.0.2.9', domain: 'long.example.com', port: 443 },
      success: true,
    });
    s.effect('network.connect', 10, 1, {
      dest: { ip: '192.0.2.10', domain: 'telemetry.example.com', port: 443 },
      success: true,
    });
    s.effect('network.connect', 10, 1, {
      dest: { ip: '192.0.2.1', domain: 'models.example.net', port: 443 },
      success: true,
    });
  });
  const { spans } = await correlate(s.events);
  const hosts = spans
    .filter((x) => x.name.startsWith('network.'))
    .map((x) => [
      attribute(x, 'server.address') ?? attribute(x, 'dns.question.name'),
      attribute(x, 'oisp.correlation.rule'),
      attribute(x, 'oisp.correlation.confidence'),
    ]);
  expect(hosts).toEqual([
    ['short.example.org', 'argument', 'high'],
    ['192.0.2.7', 'argument', 'high'],
    ['www.short.example.org', 'argument', 'medium'],
    ['long.example.com', 'time_window', 'low'],
  ]);
});

test("a terminal of the same editor runs what the call asks for; a command typed elsewhere is nobody's", async () => {
  const s = new Story();
  const of = (pid: number, ppid: number, exe: string) => ({
    process: { pid, ppid, exe, start_time: `2026-11-20T10:00:${pid}Z`, cwd: '/srv/app' },
  });
  s.event('process.exec', 5, { exe: '/usr/share/code/code', args: ['code', '.'] }, of(5, 1, '/usr/share/code/code'));
  s.event(
    'process.exec',
    6,
    { exe: '/usr/share/code/code', args: ['code', '--type=ptyHost'] },
    of(6, 5, '/usr/share/code/code'),
  );
  s.event('process.fork', 5, { child_pid: 10 }, of(5, 1, '/usr/share/code/code'));
  s.exec(7, 6, ['bash', '-i']);
  turn(s, [bash('call_term_01', 'npm run check'), bash('call_term_02', 'npm run build')], () => {
    s.exec(90, 1, ['npm', 'run', 'build']);
    s.exec(91, 7, ['npm', 'run', 'check']);
    s.effect('file.read', 91, 7, { path: '/srv/app/package.json', bytes_read: 1 });
    s.exit(91, 7);
  });
  const { spans } = await correlate(s.events);
  expect(below(drawn(spans), 'call_term_01')).toEqual([
    'process.exec npm [argument]',
    '  file.read [/srv/app/package.json, process_tree]',
  ]);
  expect(below(drawn(spans), 'call_term_02')).toEqual([]);
});

test('what nothing explains is folded with its count, and found again by its call', async () => {
  for (const isAsked of [false, true]) {
    const s = new Story();
    const one = [user('do it')];
    s.ask(10, 'r1', one);
    s.exec(50, 10, ['crawler', '--all']);
    for (let i = 0; i < 9; i++) s.effect('file.write', 50, 10, { path: `/srv/app/data/${i}`, bytes_written: 1 });
    for (let i = 0; i < 6; i++) s.exec(51 + i, 50, ['gzip', `data/${i}`]);
    s.answer(10, 'r1', '', isAsked ? [bash('call_crawl_1', 'crawler --all')] : []);
    const { spans } = await correlate(s.events, { max_effects_per_tool: 4 });
    const folded = spans.filter((x) => attribute(x, 'oisp.count') !== undefined);
    expect(folded.map((x) => [x.name, attribute(x, 'oisp.count')])).toEqual(
      expect.arrayContaining([
        ['file.write', 5],
        ['process.exec', 3],
      ]),
    );
    expect(spans.some((x) => attribute(x, 'oisp.effect.unexplained') === true)).toBe(!isAsked);
  }
});

test('the events of a program that waits for its call carry the trace in which it comes to lie', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('Working directory: /work/one\nhello')], { session: 's1' });
  s.ask(10, 'r2', [user('Working directory: /work/two\nhello')], { session: 's2' });
  s.exec(60, 10, ['make', 'two']);
  const exec = s.events.at(-1);
  s.answer(10, 'r2', 'Nothing to do.');
  s.answer(10, 'r1', '', [bash('call_make_01', 'make two')]);
  const { spans, events } = await correlate(s.events);
  const span = spans.find((x) => x.name === 'process.exec make');
  const event = events.find((e) => e.event_id === exec?.event_id);
  expect(below(drawn(spans), 'call_make_01')).toEqual(['process.exec make [argument, shutdown]']);
  expect(event?.trace_context).toEqual({ trace_id: span?.traceId, span_id: span?.spanId });
});

test('every tool and effect says by which rule it lies there and how sure that is', async () => {
  const s = new Story();
  turn(s, [bash('call_make_01', 'make all'), read('call_read_01', 'src/a.ts')], () => {
    s.exec(30, 10, ['sh', '-c', 'make all']);
    s.effect('file.write', 30, 10, { path: '/srv/app/out', bytes_written: 1 });
    s.effect('file.read', 10, 1, { path: '/srv/app/src/a.ts', bytes_read: 1 });
    s.exec(31, 10, ['left', 'over']);
    s.exit(30, 10);
  });
  const { spans } = await correlate(s.events);
  const said = spans.filter((x) => /^(?:execute_tool|process|file|network)/.test(x.name));
  expect(said.length).toBe(6);
  for (const span of said) {
    expect(attribute(span, 'oisp.correlation.rule')).toBeTypeOf('string');
    expect(['high', 'medium', 'low']).toContain(attribute(span, 'oisp.correlation.confidence'));
  }
});
