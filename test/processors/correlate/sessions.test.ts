import { describe, expect, test } from 'vitest';
import { type Batch, type OispEvent, ReceiptBook } from '../../../core/index.ts';
import { configFor, makeContext } from '../../../core/testing/index.ts';
import { lineOf } from '../../../exporters/jsonl/lines.ts';
import { correlateProcessor } from '../../../processors/correlate/index.ts';
import { hasSpec, specValidator } from '../../pipeline/schema.ts';
import { skipsWithoutData } from '../../require.ts';
import { correlate, result, Story, type Told, user } from './story.ts';

interface SessionData {
  readonly action: string;
  readonly session_id: string;
  readonly agent: { readonly name: string };
  readonly duration_ms?: number;
  readonly stats?: Readonly<Record<string, number>>;
}

function sessionsOf(told: Told): (OispEvent & { data: SessionData })[] {
  return told.events.filter((e) => e.event_type === 'agent.session') as (OispEvent & { data: SessionData })[];
}

const said = (told: Told): string[] =>
  sessionsOf(told).map(({ data, attrs }) => {
    const why = attrs?.['oisp.session.end_reason'];
    return `${data.action} ${data.session_id}${why === undefined ? '' : ` ${String(why)}`}`;
  });

/** One turn with a shell tool that reads and writes, in a session. */
function story(session = 's-1', pid = 10): Story {
  const s = new Story();
  const one = [user('please fix the broken test of this project')];
  s.ask(pid, 'r1', one, { session });
  const asked = s.answer(pid, 'r1', '', [{ id: 't1', name: 'Bash', arguments: { command: 'fix it.txt' } }]);
  s.exec(20, pid, ['fix', 'it.txt']);
  s.effect('file.read', 20, pid, { path: '/srv/app/it.txt', bytes_read: 5 });
  s.effect('file.write', 20, pid, { path: '/srv/app/it.txt', bytes_written: 7 });
  s.exit(20, pid);
  s.ask(pid, 'r2', [...one, asked, result('t1', 'ok')], { session });
  s.answer(pid, 'r2', 'Fixed.');
  return s;
}

test('a session starts with its first turn and ends with its process, with sums over its turns', async () => {
  const s = story();
  const endedAt = s.now;
  s.wait(1000).exit(10, 1);
  const told = await correlate(s.events);
  expect(said(told)).toEqual(['start s-1', 'end s-1 process_exit']);
  const [start, end] = sessionsOf(told);
  expect(start?.ts).toBe(s.events[0]?.ts);
  expect(start?.process?.pid).toBe(10);
  const root = told.spans.find((x) => x.name === 'invoke_agent coder');
  for (const event of [start, end]) {
    expect(event?.trace_context).toEqual({ trace_id: root?.traceId, span_id: root?.spanId });
    expect(event?.data.agent).toEqual({ name: 'coder', session_id: 's-1' });
    expect(event?.attrs?.['gen_ai.conversation.id']).toMatch(/^[\da-f]{32}$/);
  }
  expect(end?.data.duration_ms).toBe(Math.round(endedAt + 1002 - 5));
  expect(end?.data.stats).toEqual({
    llm_calls: 2,
    tool_calls: 1,
    files_read: 1,
    files_written: 1,
    tokens_used: 24,
    turns: 1,
    input_tokens: 20,
    output_tokens: 4,
  });
});

test('without a session in the headers the conversation is the session; costs are summed', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('what is the time of the day in Paris')]);
  s.answer(10, 'r1', 'Noon.');
  const events = s.events.map((e) =>
    e.event_type === 'ai.response'
      ? { ...e, data: { ...e.data, usage: { prompt_tokens: 1, total_cost_usd: 0.1 } } }
      : e,
  );
  const told = await correlate(events);
  const [start, end] = sessionsOf(told);
  expect(start?.data.session_id).toBe(start?.attrs?.['gen_ai.conversation.id']);
  expect(end?.data.stats).toMatchObject({ estimated_cost_usd: 0.1, tokens_used: 1 });
  expect(end?.attrs?.['oisp.session.end_reason']).toBe('shutdown');
});

test('a session that is silent ends when its time is over; going on with it resumes', async () => {
  const s = new Story();
  const one = [user('a question that is long enough to be one')];
  s.ask(10, 'r1', one, { session: 's-1' });
  const hi = s.answer(10, 'r1', 'An answer.');
  s.wait(3_600_000);
  s.ask(10, 'r2', [...one, hi, user('and another question after lunch')], { session: 's-1' });
  s.answer(10, 'r2', 'Another answer.');
  const told = await correlate(s.events);
  expect(said(told)).toEqual(['start s-1', 'end s-1 idle_timeout', 'resume s-1', 'end s-1 shutdown']);
  // it ended when it fell silent, not when that was noticed
  expect(sessionsOf(told)[1]?.data.duration_ms).toBe(100);
});

test('a session of several processes ends with the last of them, and sub-agents belong to it', async () => {
  const s = new Story();
  s.ask(10, 'r1', [user('first question of the first process')], { session: 's-1' });
  const asked = s.answer(10, 'r1', '', [
    { id: 't1', name: 'Task', arguments: { prompt: 'look into every corner of the house please' } },
  ]);
  s.ask(10, 'r2', [user('look into every corner of the house please')], { session: 's-1' });
  s.answer(10, 'r2', 'Nothing there.');
  s.ask(10, 'r3', [user('first question of the first process'), asked, result('t1', 'Nothing there.')], {
    session: 's-1',
  });
  s.answer(10, 'r3', 'Empty.');
  s.ask(30, 'r4', [user('a question of another process')], { session: 's-1' });
  s.answer(30, 'r4', 'An answer.');
  s.exit(10, 1);
  s.wait(10_000);
  s.ask(30, 'r5', [user('one more question of that process')], { session: 's-1' });
  s.answer(30, 'r5', 'One more answer.');
  const told = await correlate(s.events);
  expect(said(told)).toEqual(['start s-1', 'end s-1 shutdown']);
  expect(sessionsOf(told)[1]?.data.stats).toMatchObject({ turns: 3, llm_calls: 5, tool_calls: 1 });
});

test('beyond the bound the one that opened a turn longest ago ends early', async () => {
  const s = new Story();
  for (let i = 0; i < 4; i++) {
    s.ask(10, `r${i}`, [user(`question number ${i} that begins a conversation`)], { session: `s-${i}` });
    s.answer(10, `r${i}`, `Answer ${i}.`);
  }
  expect(said(await correlate(s.events, { max_conversations: 2 })).filter((x) => x.includes('evicted'))).toEqual([
    'end s-0 evicted',
    'end s-1 evicted',
  ]);
});

describe('ids', () => {
  const s = story();
  s.wait(1000).exit(10, 1);

  test('are the same in any order within the window and for any batch', async () => {
    const want = sessionsOf(await correlate(s.events));
    const shuffled = [...s.events].sort((a, b) => (a.event_id < b.event_id ? 1 : -1));
    for (const [events, size] of [
      [s.events, 1],
      [shuffled, 3],
      [shuffled, 1000],
    ] as const) {
      expect(sessionsOf(await correlate(events, { reorder_window: '10s' }, size))).toEqual(want);
    }
  });

  test('of events that are read back are the same, and they come once', async () => {
    const first = await correlate(s.events);
    const again = await correlate(first.events);
    expect(sessionsOf(again).map((e) => e.event_id)).toEqual(sessionsOf(first).map((e) => e.event_id));
  });

  test('are the same after a crash: the input of the start is held until the end is told', async () => {
    const book = new ReceiptBook(0);
    const before: Told = { spans: [], events: [] };
    const node = correlateProcessor.create(makeContext().context, configFor(correlateProcessor.schema, {}) as never, {
      consume: async (batch: Batch) => {
        if (batch.signal === 'events') before.events.push(...batch.events);
      },
    });
    // another conversation of another process makes the time go on: the first has nothing under way
    const other = new Story();
    other.now = 60_000;
    other.ask(40, 'x1', [user('a question of somebody else')]);
    other.answer(40, 'x1', 'An answer.');
    for (const [i, event] of [...s.events.slice(0, -1), ...other.events].entries()) {
      const receipt = book.open(i + 1);
      await node.consume({ signal: 'events', events: [event], receipts: [receipt] });
      receipt.release();
    }
    expect(said(before)).toEqual(['start s-1']);
    expect(book.lowWater).toBe(0);
    await node.shutdown(AbortSignal.timeout(1000));
    expect(book.lowWater).toBe(s.events.length + 1);
    const after = await correlate(s.events);
    expect(sessionsOf(after)[0]?.event_id).toBe(sessionsOf(before)[0]?.event_id);
  });
});

test.skipIf(skipsWithoutData('../shared/data/oisp-spec', hasSpec))(
  'every one is valid by the schema of the spec',
  async () => {
    const check = specValidator();
    const s = story();
    s.wait(1000).exit(10, 1);
    const events = sessionsOf(await correlate(s.events));
    expect(events).toHaveLength(2);
    for (const event of events) expect(check(JSON.parse(lineOf(event)))).toEqual([]);
  },
);
