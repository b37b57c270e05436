import { describe, expect, test } from 'vitest';
import type { OispEvent, SpanRecord } from '../../../core/index.ts';
import { correlate, attribute as of, result, Story, user } from './story.ts';

const attribute = (span: SpanRecord | undefined, key: string): unknown => span && of(span, key);

const MISSED = { confidence: { level: 'medium', completeness: 'partial', missing: ['request'] } } as const;
const ATTRS = { 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'anthropic' };

/** What is seen of a call whose request was lost: its tool calls, and 100 ms after the first byte the end of its answer. */
function answered(
  story: Story,
  id: string,
  tools: readonly { id: string; name: string; arguments: unknown }[],
  more: object = {},
): void {
  story.wait(50);
  for (const [index, { id: call_id, name, arguments: args }] of tools.entries())
    story.event('agent.tool_call', 10, { tool: { name }, call_id, arguments: args, request_id: id, index }, MISSED);
  story.wait(50);
  story.event(
    'ai.response',
    10,
    {
      request_id: id,
      provider: { name: 'anthropic' },
      model: { id: 'big-model-1' },
      success: true,
      status_code: 200,
      choices: [{ index: 0, message: { role: 'assistant', content: 'Done.' } }],
      tool_calls: tools,
      tool_calls_count: tools.length,
      usage: { prompt_tokens: 10, completion_tokens: 2 },
    },
    { ...MISSED, attrs: { ...ATTRS, 'oisp.response.duration_ms': 100 }, ...more },
  );
}

const RUN = { id: 'toolu_0123456789ab', name: 'Bash', arguments: { command: 'make all' } };
const ms = (span: { start: bigint; end: bigint } | undefined): number =>
  Number((span?.end ?? 0n) - (span?.start ?? 0n)) / 1e6;
const requests = (events: readonly OispEvent[]): number =>
  events.filter(({ event_type }) => event_type === 'ai.request').length;

describe('an answer whose request was not captured', () => {
  test('is a call in a turn of its own, from its first byte on, marked as partial', async () => {
    const story = new Story();
    answered(story, 'r1', []);
    const { spans, events } = await correlate(story.events);
    const [chat, ...others] = spans.filter(({ name }) => name.startsWith('chat'));
    expect(others).toEqual([]);
    expect(chat?.name).toBe('chat big-model-1');
    expect(ms(chat)).toBeCloseTo(100, 3);
    expect(attribute(chat, 'oisp.completeness')).toBe('partial');
    expect(attribute(chat, 'oisp.request.unseen')).toBe(true);
    expect(attribute(chat, 'gen_ai.response.model')).toBe('big-model-1');
    expect(attribute(chat, 'gen_ai.request.model')).toBeUndefined();
    expect(attribute(chat, 'gen_ai.usage.input_tokens')).toBe(10);
    const root = spans.find(({ name }) => name.startsWith('invoke_agent'));
    expect(chat?.parentSpanId).toBe(root?.spanId);
    expect(attribute(root, 'oisp.span.end_reason')).toBeUndefined();
    expect(attribute(root, 'gen_ai.provider.name')).toBe('anthropic');
    expect(ms(root)).toBeCloseTo(100, 3);
    // no request is invented, and its id is not told
    expect(requests(events)).toBe(0);
    expect(attribute(chat, 'oisp.event.ids')).toEqual([
      events.find(({ event_type }) => event_type === 'ai.response')?.event_id,
    ]);
  });

  test('is no tree where it is the end of a turn of which nothing else was seen', async () => {
    const story = new Story();
    answered(story, 'r1', []);
    const end = story.events.map((event) =>
      event.event_type === 'ai.response' ? { ...event, data: { ...event.data, finish_reason: 'stop' } } : event,
    );
    const { spans, events } = await correlate(end);
    expect(spans).toEqual([]);
    expect(events.filter(({ event_type }) => event_type === 'ai.response')).toHaveLength(1);
  });

  test('has tools, and what they do lies under them; the next request goes on with its turn', async () => {
    const story = new Story();
    answered(story, 'r1', [RUN]);
    story.exec(20, 10, ['make', 'all']);
    story.exit(20, 10);
    const said = { role: 'assistant' as const, content: '', parts: [{ type: 'tool_call' as const, ...RUN }] };
    story.ask(10, 'r2', [user('Build it.'), said, result(RUN.id, 'built')]);
    story.answer(10, 'r2', 'It is built.');
    const { spans, events } = await correlate(story.events);
    const tool = spans.find(({ name }) => name === 'execute_tool Bash');
    const exec = spans.find(({ name }) => name === 'process.exec make');
    expect(exec?.parentSpanId).toBe(tool?.spanId);
    expect(attribute(exec, 'oisp.correlation.rule')).toBe('argument');
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots).toHaveLength(1);
    expect(attribute(roots[0], 'oisp.turn.llm_calls')).toBe(2);
    expect(tool?.parentSpanId).toBe(roots[0]?.spanId);
    const chats = spans.filter(({ name }) => name.startsWith('chat'));
    expect(chats.map((span) => attribute(span, 'oisp.completeness'))).toEqual(['partial', 'full']);
    expect(roots[0]?.start).toBe(chats[0]?.start);
    expect(requests(events)).toBe(1);
  });

  test('goes on with the only open turn of its process that waits for a call', async () => {
    const story = new Story();
    story.ask(10, 'r1', [user('Build it.')]);
    story.answer(10, 'r1', '', [RUN]);
    answered(story, 'r2', []);
    const { spans } = await correlate(story.events);
    const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
    expect(roots).toHaveLength(1);
    expect(attribute(roots[0], 'oisp.turn.llm_calls')).toBe(2);
    const unseen = spans.find((span) => attribute(span, 'oisp.completeness') === 'partial');
    expect(attribute(unseen, 'oisp.correlation.rule')).toBe('only_open');
    expect(attribute(unseen, 'oisp.correlation.confidence')).toBe('low');
    expect(unseen?.parentSpanId).toBe(roots[0]?.spanId);
  });

  test('does not end a turn in which another call is under way', async () => {
    const story = new Story();
    story.ask(10, 'r1', [user('Build it.')]);
    answered(story, 'r2', []);
    story.answer(10, 'r1', 'Built.');
    const { spans } = await correlate(story.events);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === undefined)).toHaveLength(2);
    const chats = spans.filter(({ name }) => name.startsWith('chat'));
    expect(new Set(chats.map(({ traceId }) => traceId)).size).toBe(2);
  });

  test('that broke off leaves its turn open for what follows', async () => {
    const story = new Story();
    const confidence = { level: 'low', completeness: 'partial', missing: ['request', 'end of response'] } as const;
    answered(story, 'r1', [], { confidence });
    const { spans } = await correlate(story.events);
    expect(
      attribute(
        spans.find(({ name }) => name.startsWith('invoke_agent')),
        'oisp.span.end_reason',
      ),
    ).toBe('shutdown');
  });

  test('of an embedding stands alone and is no agent', async () => {
    const story = new Story();
    answered(story, 'r1', [], { attrs: { ...ATTRS, 'gen_ai.operation.name': 'embeddings' } });
    const { spans, events } = await correlate(story.events);
    expect(spans.map(({ name }) => name)).toEqual(['embeddings big-model-1']);
    expect(requests(events)).toBe(0);
  });

  test('is not taken for one where only the capture of the request came to nothing', async () => {
    const story = new Story();
    answered(story, 'r1', [], { confidence: { level: 'high', completeness: 'full' } });
    const { spans, events } = await correlate(story.events);
    expect(spans).toEqual([]);
    expect(events).toHaveLength(1);
  });

  test('gives the same spans in any batches', async () => {
    const story = new Story();
    answered(story, 'r1', [RUN]);
    story.exec(20, 10, ['make', 'all']);
    story.exit(20, 10);
    const want = await correlate(story.events, {}, 1);
    expect((await correlate(story.events, {}, 100)).spans).toEqual(want.spans);
  });
});
