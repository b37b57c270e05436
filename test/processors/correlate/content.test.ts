import { describe, expect, test } from 'vitest';
import {
  DETAILS_EVENT,
  type Message,
  type OispEvent,
  type SpanRecord,
  type ToolDefinition,
} from '../../../core/index.ts';
import { recording, through } from '../../pipeline/lab.ts';
import { attribute, correlate, result, Story, user } from './story.ts';

const json = (value: unknown): unknown => JSON.parse(String(value));
const said = (list: { parts: { content: string }[] }[]): string[] => list.flatMap((m) => m.parts.map((p) => p.content));

test('the second call shows only what the first had not sent, also beside a separate system prompt', async () => {
  const s = new Story();
  const system: Message = { role: 'system', content: 'Be brief.', attrs: { separate: true } };
  const one = [system, user('hello there')];
  s.ask(10, 'r1', one);
  const hi = s.answer(10, 'r1', 'Hi.');
  s.ask(10, 'r2', [...one, hi, user('and now the second')]);
  s.answer(10, 'r2', 'Done.');
  const shown = async (config: object): Promise<string[][]> => {
    const { spans } = await correlate(s.events, config);
    const calls = spans.filter((x) => x.name === 'chat big-model');
    return calls.map((x) => said(json(attribute(x, 'gen_ai.input.messages')) as never));
  };
  expect(await shown({})).toEqual([['hello there'], ['Hi.', 'and now the second']]);
  expect(await shown({ content: { input_messages: 'full' } })).toEqual([
    ['hello there'],
    ['hello there', 'Hi.', 'and now the second'],
  ]);
  const { spans } = await correlate(s.events);
  const roots = spans.filter((x) => x.parentSpanId === undefined);
  expect(roots.map((x) => said(json(attribute(x, 'gen_ai.input.messages')) as never))).toEqual([
    ['hello there'],
    ['and now the second'],
  ]);
  const instructions = spans.flatMap((x) => attribute(x, 'gen_ai.system_instructions') ?? []);
  expect(instructions).toEqual(['[{"type":"text","content":"Be brief."}]']);
});

function withTools(s: Story, tools: readonly ToolDefinition[], id: string): void {
  const at = s.events.findIndex(
    (e) => e.event_type === 'ai.request' && (e.data as { request_id?: string }).request_id === id,
  );
  const event = s.events[at] as OispEvent;
  s.events[at] = { ...event, data: { ...event.data, tools } };
}

test('tool definitions are on a span when they are new to the conversation; their hash always is', async () => {
  const ls: ToolDefinition = { name: 'ls', description: 'Lists.', parameters: { type: 'object' } };
  const cat: ToolDefinition = { name: 'cat' };
  const s = new Story();
  const messages = [user('a question that is long enough to be one')];
  for (const [i, tools] of [[ls], [ls], [ls, cat]].entries()) {
    s.ask(10, `r${i}`, messages);
    withTools(s, tools, `r${i}`);
    messages.push(s.answer(10, `r${i}`, `Answer ${i}.`), user(`question ${i} that goes on with it`));
  }
  const { spans } = await correlate(s.events);
  const calls = spans.filter((x) => x.name === 'chat big-model');
  const lsShown = { type: 'function', name: 'ls', description: 'Lists.', parameters: { type: 'object' } };
  expect(calls.map((x) => attribute(x, 'gen_ai.tool.definitions')).map((v) => v && json(v))).toEqual([
    [lsShown],
    undefined,
    [lsShown, { type: 'function', name: 'cat' }],
  ]);
  const hashes = calls.map((x) => attribute(x, 'oisp.request.tools.hash'));
  expect(hashes[0]).toMatch(/^[\da-f]{16}$/);
  expect(hashes[1]).toBe(hashes[0]);
  expect(hashes[2]).not.toBe(hashes[0]);
});

const CONTENT =
  /^gen_ai\.(?:input|output)\.messages$|^gen_ai\.system_instructions$|^gen_ai\.tool\.(?:definitions|description|call\.(?:arguments|result))$/;

describe('content mode', () => {
  const s = new Story();
  const one = [user('please list the files of this project')];
  s.ask(10, 'r1', one);
  const asked = s.answer(10, 'r1', '', [{ id: 't1', name: 'Bash', arguments: { command: 'ls' } }]);
  s.ask(10, 'r2', [...one, asked, result('t1', 'a b c')]);
  s.answer(10, 'r2', 'Three files.');

  test.each([
    ['off', false, 0],
    ['span', true, 0],
    ['event', false, 2],
    ['both', true, 2],
  ] as const)('%s', async (mode, onSpans, records) => {
    const told = await correlate(s.events, { content: { mode } });
    const shown = told.spans.flatMap((x) =>
      x.attributes.filter(({ key }) => CONTENT.test(key)).map((a) => `${x.name} ${a.key}`),
    );
    expect(shown).toEqual(
      onSpans
        ? expect.arrayContaining([
            'chat big-model gen_ai.output.messages',
            'execute_tool Bash gen_ai.tool.call.arguments',
          ])
        : [],
    );
    const details = told.events.filter((e) => e.event_type === DETAILS_EVENT);
    expect(details).toHaveLength(records);
    if (records === 0) return;
    const calls = told.spans.filter((x) => x.name === 'chat big-model');
    expect(details.map((e) => e.trace_context)).toEqual(calls.map((x) => ({ trace_id: x.traceId, span_id: x.spanId })));
    const { attributes } = (details[0] as OispEvent).data as {
      attributes: { key: string; type: string; value: unknown }[];
    };
    const of = (key: string) => attributes.find((a) => a.key === key);
    expect(of('gen_ai.request.model')?.value).toBe('big-model');
    expect(of('gen_ai.input.messages')).toEqual({
      key: 'gen_ai.input.messages',
      type: 'any',
      value: [{ role: 'user', parts: [{ type: 'text', content: 'please list the files of this project' }] }],
    });
    expect(attributes.every(({ key }) => !key.startsWith('process.'))).toBe(true);
    const again = await correlate(s.events, { content: { mode } }, 1);
    expect(again.events.filter((e) => e.event_type === DETAILS_EVENT)).toEqual(details);
  });
});

/** Every string of every attribute of a span, its resource, events, links and status. */
function stringsOf(span: SpanRecord): { key: string; value: string | readonly string[] }[] {
  const lists = [span.attributes, span.resource.attributes, ...(span.events ?? []), ...(span.links ?? [])];
  const flat = lists.flatMap((l) => ('attributes' in l ? l.attributes : (l as SpanRecord['attributes'])));
  const found = flat.flatMap((a) =>
    a.type === 'string' || a.type === 'strings' ? [{ key: a.key, value: a.value }] : [],
  );
  return [...found, { key: 'status', value: span.status?.message ?? '' }];
}

function longest(spans: readonly SpanRecord[]): number {
  const sizes = spans.flatMap(stringsOf).map(({ value }) => {
    const texts = typeof value === 'string' ? [value] : value;
    return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  });
  return Math.max(...sizes);
}

describe('preset', () => {
  const long = 'ü'.repeat(20_000);
  const s = new Story();
  const one = [user(`please ${long}`)];
  s.ask(10, 'r1', one, { session: 'session-1' });
  const asked = s.answer(10, 'r1', long, [
    { id: 't1', name: 'Bash', arguments: { command: `ls ${long}`, more: [long, long] } },
  ]);
  s.exec(20, 10, ['ls', long]);
  s.effect('file.write', 20, 10, { path: `/srv/${long}`, bytes_written: 1 });
  s.exit(20, 10, 1);
  s.ask(10, 'r2', [...one, asked, result('t1', long, true)], { session: 'session-1' });
  s.answer(10, 'r2', '', [], { fails: 529 });
  const last = s.events.at(-1) as OispEvent;
  s.events[s.events.length - 1] = { ...last, data: { ...last.data, error: { type: 'overloaded', message: long } } };

  test.each([
    ['jaeger', 16 * 1024],
    ['tempo', 2000],
    ['langfuse', 16 * 1024],
  ])('%s: no text of any span is longer than %d bytes, and JSON stays JSON', async (preset, max) => {
    const { spans } = await correlate(s.events, { content: { preset } });
    expect(spans.map((x) => x.name)).toContain('process.exec ls');
    expect(longest(spans)).toBeLessThanOrEqual(max);
    expect(longest(spans)).toBeGreaterThan(max * 0.9);
    for (const { key, value } of spans.flatMap(stringsOf)) {
      if (CONTENT.test(key) && key !== 'gen_ai.tool.call.result') expect(() => json(value)).not.toThrow();
    }
  });

  test('a bound that is set wins, and one that is too small is refused', async () => {
    const { spans } = await correlate(s.events, { content: { preset: 'tempo', max_attribute_bytes: '1KiB' } });
    expect(longest(spans)).toBeLessThanOrEqual(1024);
    const { correlateProcessor } = await import('../../../processors/correlate/index.ts');
    const content = { mode: 'span', preset: 'jaeger', input_messages: 'delta', max_attribute_bytes: 511 };
    expect(correlateProcessor.check?.({ content } as never)).toHaveLength(1);
    expect(correlateProcessor.check?.({ content: { ...content, max_attribute_bytes: 512 } } as never)).toEqual([]);
  });

  test('langfuse: kinds, the session and user of the trace, usage that is not counted twice, cost', async () => {
    const { spans } = await through(recording);
    expect(spans.flatMap((x) => x.attributes).filter(({ key }) => key.startsWith('langfuse.'))).toEqual([]);
    const events = s.events.map((e) => ({
      ...e,
      actor: { user: 'ada', uid: 1000 },
      ...(e.event_type !== 'ai.response' || (e.data as { success?: boolean }).success === false
        ? {}
        : {
            data: {
              ...e.data,
              time_to_first_token_ms: 40,
              usage: {
                prompt_tokens: 100,
                completion_tokens: 30,
                cached_tokens: 60,
                cache_creation_tokens: 10,
                reasoning_tokens: 5,
                input_cost_usd: 0.25,
                output_cost_usd: 0.5,
                total_cost_usd: 0.75,
              },
            },
          }),
    }));
    const told = (await correlate(events, { content: { preset: 'langfuse' } })).spans;
    const of = (name: string) => told.find((x) => x.name.startsWith(name)) as SpanRecord;
    const kinds = ['invoke_agent', 'chat', 'execute_tool', 'process.exec', 'file.write'];
    expect(kinds.map((name) => attribute(of(name), 'langfuse.observation.type'))).toEqual([
      'agent',
      'generation',
      'tool',
      'span',
      'span',
    ]);
    const root = of('invoke_agent');
    expect(attribute(root, 'langfuse.trace.name')).toBe('coder');
    expect(attribute(root, 'langfuse.session.id')).toBe('session-1');
    expect(attribute(root, 'langfuse.user.id')).toBe('ada');
    expect(attribute(root, 'gen_ai.usage.input_tokens')).toBe(100);
    expect(attribute(root, 'oisp.cost.total_usd')).toBe(0.75);
    expect(attribute(root, 'langfuse.observation.usage_details')).toBe('{}');
    const call = told
      .filter((x) => x.name.startsWith('chat'))
      .find((x) => attribute(x, 'oisp.cost.total_usd')) as SpanRecord;
    expect(json(attribute(call, 'langfuse.observation.usage_details'))).toEqual({
      input: 30,
      output: 25,
      input_cached_tokens: 60,
      input_cache_creation: 10,
      output_reasoning_tokens: 5,
      total: 130,
    });
    expect(json(attribute(call, 'langfuse.observation.cost_details'))).toEqual({
      input: 0.25,
      output: 0.5,
      total: 0.75,
    });
    const started = Number(call.start / 1_000_000n);
    expect(Date.parse(String(attribute(call, 'langfuse.observation.completion_start_time')))).toBe(started + 40);
    expect(call.events?.map((e) => [e.name, e.time - call.start])).toEqual([['gen_ai.first_chunk', 40_000_000n]]);
  });
});
