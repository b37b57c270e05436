import { PassThrough } from 'node:stream';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Attribute,
  type Context,
  createLog,
  createMatcher,
  Meter,
  type OispEvent,
  SPAN_KIND,
  type SpanRecord,
  systemClock,
} from '../../../core/index.ts';
import { type Config, DebugExporter } from '../../../exporters/debug/exporter.ts';
import { debugExporter } from '../../../exporters/debug/index.ts';
import { streamSink, type TextSink } from '../../../exporters/debug/sink.ts';

const MS = 1_000_000n;
const resource = { attributes: [] };

type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>;

function attributesOf(values: Values): Attribute[] {
  return Object.entries(values).map(([key, value]): Attribute => {
    if (typeof value === 'string') return { key, type: 'string', value };
    if (typeof value === 'boolean') return { key, type: 'bool', value };
    if (typeof value === 'number') return { key, type: Number.isInteger(value) ? 'int' : 'double', value };
    return { key, type: 'strings', value };
  });
}

function span(
  id: string,
  parent: string | undefined,
  name: string,
  from: number,
  to: number,
  values: Values = {},
): SpanRecord {
  return {
    traceId: 't'.repeat(32),
    spanId: id,
    ...(parent !== undefined && { parentSpanId: parent }),
    name,
    kind: SPAN_KIND.internal,
    start: BigInt(from) * MS,
    end: BigInt(to) * MS,
    attributes: attributesOf(values),
    resource,
  };
}

class Screen implements TextSink {
  text = '';
  readonly columns: number | undefined;
  readonly isTerminal: boolean;

  constructor(columns?: number) {
    this.columns = columns;
    this.isTerminal = columns !== undefined;
  }

  async write(text: string): Promise<void> {
    this.text += text;
  }

  get lines(): string[] {
    return this.text.split('\n').map((l) => l.trimEnd());
  }
}

function make(given: Partial<Config> = {}, sink: TextSink = new Screen(), env: Record<string, string> = {}) {
  const meter = new Meter();
  const logs: string[] = [];
  const context: Context = {
    id: 'debug',
    log: createLog({ level: 'debug', encoding: 'json', write: (l) => logs.push(l), now: () => 0 }),
    clock: systemClock,
    meter,
    random: () => 0.5,
    matcher: createMatcher(new Uint8Array(32)),
    build: { name: 'test', version: '0' },
  };
  const config: Config = { verbosity: 'normal', format: 'tree', color: 'auto', max_pending_spans: 10_000, ...given };
  const count = (name: string): number => meter.samples().find((s) => s.name === name)?.value ?? 0;
  return { exporter: new DebugExporter(context, config, sink, env), count, logs };
}

const never = new AbortController().signal;

const turn: SpanRecord[] = [
  span('c1', 'root', 'chat gpt-4o', 10, 1210, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 1200,
    'gen_ai.usage.output_tokens': 34,
    'gen_ai.response.finish_reasons': ['tool_calls'],
    'oisp.cost.total_usd': 0.03,
  }),
  span('f1', 't1', 'file.read /src/main.rs', 1220, 1222, { 'file.path': '/src/main.rs', 'oisp.file.bytes': 4096 }),
  {
    ...span('t1', 'root', 'execute_tool read_file', 1219, 1222, {
      'gen_ai.operation.name': 'execute_tool',
      'gen_ai.tool.name': 'read_file',
      'gen_ai.tool.call.id': 'call_1',
    }),
    links: [{ traceId: 't'.repeat(32), spanId: 'c1', attributes: [] }],
  },
  span('n1', 'p1', 'network.connect', 3000, 3010, { 'server.address': 'example.com', 'server.port': 443 }),
  {
    ...span('p1', 't2', 'process.exec cargo', 2000, 4000, {
      'process.executable.name': 'cargo',
      'process.exit.code': 101,
      'process.command_args': ['cargo', 'test', '-q'],
      'oisp.correlation.rule': 'argument',
      'oisp.correlation.confidence': 'high',
      'error.type': '101',
    }),
    status: { code: 'error' },
  },
  span('t2', 'root', 'execute_tool execute', 1500, 6700, {
    'gen_ai.operation.name': 'execute_tool',
    'gen_ai.tool.call.id': 'call_2',
  }),
  span('sc', 'sub', 'chat haiku', 7000, 7900, {
    'gen_ai.operation.name': 'chat',
    'gen_ai.usage.input_tokens': 100,
    'gen_ai.usage.output_tokens': 6,
    'gen_ai.response.finish_reasons': ['stop'],
    'oisp.side_call': true,
  }),
  span('sub', 'root', 'invoke_agent helper', 6900, 8000, { 'gen_ai.operation.name': 'invoke_agent' }),
  span('u1', 'root', 'file.write /etc/x', 8100, 8101, { 'oisp.effect.unexplained': true, 'oisp.count': 12 }),
];
const root = span('root', undefined, 'invoke_agent cursor', 0, 12_300, { 'gen_ai.operation.name': 'invoke_agent' });

describe('debug exporter', () => {
  test('a tree is printed when its root arrives, children by start under their parents, with what matters', async () => {
    const screen = new Screen();
    const { exporter } = make({}, screen);
    for (const one of turn) await exporter.consume({ signal: 'spans', spans: [one] });
    expect(screen.text).toBe('');
    await exporter.consume({ signal: 'spans', spans: [root] });
    expect(screen.lines).toEqual([
      'invoke_agent cursor                 12.3 s  1,340 tokens  $0.03',
      '├─ chat gpt-4o                       1.2 s  1,200 → 34 tokens  $0.03  finish: tool_calls',
      '├─ execute_tool read_file             3 ms  call_1  requested by chat gpt-4o',
      '│  └─ file.read /src/main.rs          2 ms  4,096 bytes',
      '├─ execute_tool execute              5.2 s  call_2',
      '│  └─ process.exec cargo             2.0 s  ✗ 101  exit 101  test -q',
      '│     └─ network.connect             10 ms  example.com:443',
      '├─ invoke_agent helper               1.1 s  sub-agent  106 tokens',
      '│  └─ chat haiku                    900 ms  side call  100 → 6 tokens  finish: stop',
      '└─ file.write /etc/x                  1 ms  ⚠ unexplained  ×12',
      '',
      '',
    ]);
  });

  test('the tree is the same in whatever order and batches the spans of a turn arrive', async () => {
    const whole = async (batches: readonly (readonly SpanRecord[])[]): Promise<string> => {
      const screen = new Screen();
      const { exporter } = make({}, screen);
      for (const spans of batches) await exporter.consume({ signal: 'spans', spans });
      return screen.text;
    };
    const want = await whole([[root, ...turn]]);
    await fc.assert(
      fc.asyncProperty(
        fc.shuffledSubarray(turn, { minLength: turn.length }),
        fc.nat(turn.length),
        async (spans, cut) => {
          expect(await whole([spans.slice(0, cut), [...spans.slice(cut), root]])).toBe(want);
        },
      ),
      { seed: 3, numRuns: 100 },
    );
  });

  test('detailed adds evidence and ids, basic leaves only names, durations and marks', async () => {
    const detailed = new Screen();
    await make({ verbosity: 'detailed' }, detailed).exporter.consume({ signal: 'spans', spans: [...turn, root] });
    expect(detailed.text).toContain('(evidence: argument, high)');
    expect(detailed.lines[0]).toBe(`trace ${'t'.repeat(32)}`);
    const basic = new Screen();
    await make({ verbosity: 'basic' }, basic).exporter.consume({ signal: 'spans', spans: [...turn, root] });
    expect(basic.text).toContain('✗ 101');
    expect(basic.text).toContain('⚠ unexplained');
    expect(basic.text).not.toContain('tokens');
  });

  test('content cannot drive the terminal', async () => {
    const screen = new Screen(200);
    const { exporter } = make({}, screen, { NO_COLOR: '1' });
    const bad = 'a\x1b[2J\r\nb\u202e\u009b31m\ud800';
    const one: SpanRecord = {
      ...span('r', undefined, bad, 0, 1, {
        'gen_ai.tool.call.id': bad,
        'process.command_args': ['x', bad],
        'error.type': bad,
      }),
      status: { code: 'error', message: bad },
    };
    await exporter.consume({ signal: 'spans', spans: [one] });
    const event = {
      event_type: bad,
      ts: bad,
      data: { path: bad },
      process: { pid: 1, name: bad },
    } as unknown as OispEvent;
    await exporter.consume({ signal: 'events', events: [event] });
    expect(screen.lines).toHaveLength(4);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    expect(screen.text.replaceAll('\n', '')).not.toMatch(/[\x00-\x1f\x7f-\x9f\u202e]/);
    expect(screen.text).toContain('a\\x1b[2J\\r\\nb\\u202e\\x9b31m\\ud800');
  });

  test('no line is wider than the terminal', async () => {
    const wide = [...turn, { ...root, name: `invoke_agent ${'漢字😀'.repeat(40)}` }];
    for (const columns of [20, 40, 80, 81]) {
      const screen = new Screen(columns);
      await make({}, screen, { NO_COLOR: '1' }).exporter.consume({ signal: 'spans', spans: wide });
      for (const line of screen.lines) {
        const shown = [...line].reduce((n, c) => n + (/[漢字😀]/u.test(c) ? 2 : 1), 0);
        expect(shown).toBeLessThanOrEqual(columns);
      }
    }
  });

  test('colours are for terminals without NO_COLOR', async () => {
    const spans = [...turn, root];
    const text = async (screen: Screen, env: Record<string, string>, given: Partial<Config> = {}): Promise<string> => {
      await make(given, screen, env).exporter.consume({ signal: 'spans', spans });
      return screen.text;
    };
    expect(await text(new Screen(120), {})).toContain('\x1b[31m✗ 101\x1b[0m');
    expect(await text(new Screen(120), { NO_COLOR: '1' })).not.toContain('\x1b');
    expect(await text(new Screen(120), { TERM: 'dumb' })).not.toContain('\x1b');
    expect(await text(new Screen(), {})).not.toContain('\x1b');
    expect(await text(new Screen(), {}, { color: 'always' })).toContain('\x1b');
  });

  test('spans without a root are printed at the end as unfinished', async () => {
    const screen = new Screen();
    const { exporter } = make({}, screen);
    await exporter.consume({ signal: 'spans', spans: turn.slice(0, 3) });
    await exporter.shutdown(never);
    await exporter.shutdown(never);
    expect(screen.lines[0]).toContain('unfinished');
    expect(screen.text).toContain('execute_tool read_file');
    expect(screen.text).toContain('└─ file.read');
  });

  test('a span whose parent never came is printed, and one that comes after the root too', async () => {
    const screen = new Screen();
    const { exporter } = make({}, screen);
    await exporter.consume({ signal: 'spans', spans: [span('x', 'nobody', 'file.read /a', 1, 2), root] });
    await exporter.consume({ signal: 'spans', spans: [span('y', 'root', 'process.exec server', 1, 2)] });
    expect(screen.lines[1]).toBe('┄ parent not seen');
    expect(screen.lines[2]).toContain('file.read /a');
    expect(screen.text).toContain('later, in the trace of invoke_agent cursor');
    expect(screen.text).toContain('process.exec server');
  });

  test('waiting spans are bounded, and what gives way is counted and said', async () => {
    const screen = new Screen();
    const { exporter, count, logs } = make({ max_pending_spans: 100 }, screen);
    for (let i = 0; i < 1000; i++)
      await exporter.consume({
        signal: 'spans',
        spans: [{ ...span(`s${i}`, 'root', 'x', 0, 1), traceId: `trace${i >> 3}` }],
      });
    expect(count('oisp_debug_pending_spans')).toBeLessThanOrEqual(100);
    expect(count('oisp_debug_evicted_spans') + count('oisp_debug_pending_spans')).toBe(1000);
    expect(logs).toHaveLength(1);
    await exporter.consume({ signal: 'spans', spans: [{ ...root, traceId: 'trace50' }] });
    expect(screen.text).toContain('… 8 spans were not kept');
  });

  test('a span that waits holds none of its content', async () => {
    const { exporter } = make({}, new Screen());
    const content = (i: number): string => `${i}${'x'.repeat(1 << 20)}`;
    const before = process.memoryUsage().heapUsed;
    for (let i = 0; i < 300; i++)
      await exporter.consume({
        signal: 'spans',
        spans: [
          span(`s${i}`, 'root', `chat ${content(i)}`, 0, 1, {
            'gen_ai.input.messages': content(i),
            'file.path': content(i),
          }),
        ],
      });
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(200 << 20);
  });

  test('any parents, circles and long chains too, print every span once', async () => {
    const spansOf = fc.array(fc.tuple(fc.nat(9), fc.option(fc.nat(9), { nil: undefined })), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(spansOf, async (pairs) => {
        const screen = new Screen();
        const { exporter } = make({}, screen);
        const spans = pairs.map(([id, parent]) =>
          span(`i${id}`, parent === undefined ? undefined : `i${parent}`, `n${id}.`, 0, 1),
        );
        await exporter.consume({ signal: 'spans', spans });
        await exporter.shutdown(never);
        for (const id of new Set(pairs.map(([i]) => i))) expect(screen.text.split(`n${id}.`).length - 1).toBe(1);
      }),
      { seed: 3, numRuns: 500 },
    );
    const screen = new Screen();
    const { exporter } = make({ max_pending_spans: 30_000 }, screen);
    const chain = Array.from({ length: 20_000 }, (_, i) => span(`i${i}`, i === 0 ? undefined : `i${i - 1}`, 'n', 0, 1));
    await exporter.consume({ signal: 'spans', spans: chain });
    expect(screen.lines.length).toBeGreaterThan(20_000);
  });

  test('format lines prints each span as it ends', async () => {
    const screen = new Screen();
    await make({ format: 'lines' }, screen).exporter.consume({ signal: 'spans', spans: turn.slice(0, 2) });
    expect(screen.lines.slice(0, 2).map((l) => l.split('  ')[0])).toEqual(['chat gpt-4o', 'file.read /src/main.rs']);
  });

  test('a reader that goes away stops the printing and nothing else', async () => {
    const pipe = new PassThrough();
    pipe.destroy();
    const { exporter, count, logs } = make({}, streamSink(pipe));
    await exporter.consume({ signal: 'spans', spans: [root] });
    await exporter.consume({ signal: 'spans', spans: [root] });
    expect(count('oisp_debug_unwritten_prints')).toBe(2);
    expect(logs).toHaveLength(1);
  });

  test('it takes spans in traces and events in logs', () => {
    const config = {} as never;
    expect(debugExporter.takes('traces', config)).toEqual(['spans']);
    expect(debugExporter.takes('logs', config)).toEqual(['events']);
    expect(debugExporter.takes('metrics', config)).toEqual([]);
  });
});
