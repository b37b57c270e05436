import { expect, test } from 'vitest';
import { attribute, correlate, drawn, Story, user } from './story.ts';

const PLAN = {
  step_index: 1,
  step_type: 'revision',
  description: 'a secret of the plan',
  planned_actions: [{ action: 'a secret of the plan', status: 'completed' }, { action: 'B' }],
  request_id: 'r1',
  call_id: 'call_plan',
};
const LOOKUP = {
  source: { type: 'web_search', name: 'web_search', provider: 'openai' },
  query: 'a question',
  results_count: 3,
};

function turn(tell: (story: Story) => void): Story {
  const story = new Story();
  story.ask(10, 'r1', [user('fix the test please')]);
  story.wait(20);
  tell(story);
  story.answer(10, 'r1', 'Done.');
  return story;
}

test('a step of a plan is an event on the span of its turn, without its texts', async () => {
  const { spans, events } = await correlate(turn((story) => story.event('agent.plan_step', 10, PLAN)).events);
  const root = spans.find((span) => span.parentSpanId === undefined);
  expect(root?.events).toEqual([
    {
      name: 'oisp.plan_step',
      time: expect.any(BigInt),
      attributes: [
        { key: 'oisp.plan.step.index', type: 'int', value: 1 },
        { key: 'oisp.plan.step.type', type: 'string', value: 'revision' },
        { key: 'oisp.plan.actions.count', type: 'int', value: 2 },
        { key: 'gen_ai.tool.call.id', type: 'string', value: 'call_plan' },
      ],
    },
  ]);
  const time = root?.events?.[0]?.time ?? 0n;
  expect(time > (root?.start ?? 0n) && time < (root?.end ?? 0n)).toBe(true);
  const [step] = events.filter((event) => event.event_type === 'agent.plan_step');
  expect(step?.trace_context).toEqual({ trace_id: root?.traceId, span_id: root?.spanId });
  expect(step?.data).toEqual(PLAN);
  expect(JSON.stringify(spans, (_, v) => (typeof v === 'bigint' ? String(v) : v))).not.toContain('secret of the plan');
});

test('a turn tells of 64 steps at most; every one is an event all the same', async () => {
  const { spans, events } = await correlate(
    turn((story) => {
      for (let n = 0; n < 100; n++) story.event('agent.plan_step', 10, { ...PLAN, step_index: n });
    }).events,
  );
  expect(spans.find((span) => span.parentSpanId === undefined)?.events).toHaveLength(64);
  expect(events.filter((event) => event.event_type === 'agent.plan_step')).toHaveLength(100);
});

test.each([
  { mode: 'span', query: 'a question' },
  { mode: 'off', query: undefined },
])('a look-up by the provider is a span below its model call, content $mode', async ({ mode, query }) => {
  const { spans, events } = await correlate(
    turn((story) => story.event('agent.rag_retrieve', 10, { ...LOOKUP, request_id: 'r1' })).events,
    { content: { mode } },
  );
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat big-model', '    retrieval web_search']);
  const span = spans.find(({ name }) => name === 'retrieval web_search');
  expect(span).toMatchObject({ kind: 3 });
  if (span === undefined) throw new Error('no span');
  expect(attribute(span, 'gen_ai.operation.name')).toBe('retrieval');
  expect(attribute(span, 'gen_ai.data_source.id')).toBe('web_search');
  expect(attribute(span, 'oisp.retrieval.count')).toBe(3);
  expect(attribute(span, 'gen_ai.retrieval.query.text')).toBe(query);
  const [event] = events.filter((one) => one.event_type === 'agent.rag_retrieve');
  expect(event?.trace_context).toEqual({ trace_id: span.traceId, span_id: span.spanId });
});

test('a look-up by the agent is a span of its turn that lasts its latency', async () => {
  const { spans } = await correlate(
    turn((story) => story.event('agent.rag_retrieve', 10, { ...LOOKUP, latency_ms: 15 })).events,
  );
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat big-model', '  retrieval web_search']);
  const span = spans.find(({ name }) => name === 'retrieval web_search');
  expect((span?.end ?? 0n) - (span?.start ?? 0n)).toBe(15_000_000n);
});

test('what belongs to no turn passes as it is', async () => {
  const story = new Story();
  for (const type of ['agent.plan_step', 'agent.rag_retrieve', 'ai.streaming_chunk', 'ai.embedding'])
    story.wait(1).event(type, 10, { request_id: 'r9', source: null, planned_actions: 'x' });
  const { spans, events } = await correlate(story.events);
  expect(spans).toEqual([]);
  expect(events).toEqual(story.events);
});

test('chunks and embeddings of a turn pass as they are', async () => {
  const story = turn((s) => {
    s.event('ai.streaming_chunk', 10, { request_id: 'r1', chunk_index: 0, delta: { content: 'D' } });
    s.event('ai.embedding', 10, { request_id: 'r1', input_count: 1 });
  });
  const { spans, events } = await correlate(story.events);
  expect(drawn(spans)).toEqual(['invoke_agent coder', '  chat big-model']);
  for (const type of ['ai.streaming_chunk', 'ai.embedding'])
    expect(events.filter((event) => event.event_type === type)).toEqual(
      story.events.filter((event) => event.event_type === type),
    );
});
