import { expect, test } from 'vitest';
import { ProtobufEncoder } from '../../../core/otel/protobuf.ts';
import { sizeOf } from '../../../processors/correlate/trace-size.ts';
import { recordedLines, throughLines } from '../../pipeline/lab.ts';
import { correlate, result, Story, user } from './story.ts';

/** Spans and bytes of each trace. */
function sizes(spans: Awaited<ReturnType<typeof correlate>>['spans']): { spans: number; bytes: number }[] {
  const out = new Map<string, { spans: number; bytes: number }>();
  for (const span of spans) {
    const size = out.get(span.traceId) ?? { spans: 0, bytes: 0 };
    out.set(span.traceId, size);
    size.spans++;
    size.bytes += sizeOf(span);
  }
  return [...out.values()];
}

const continued = (spans: Awaited<ReturnType<typeof correlate>>['spans']): string[] =>
  spans.flatMap((span) =>
    (span.links ?? []).filter((l) => l.attributes[0]?.value === 'continued_from').map((l) => l.traceId),
  );

test('the size of a span is at least that of its bytes, and not twice as much', async () => {
  const { spans } = await throughLines(recordedLines());
  const encoder = new ProtobufEncoder({ name: 'test', version: '1' });
  let [about, exact] = [0, 0];
  for (const span of spans) {
    const bytes = encoder.spans([span, span]).length - encoder.spans([span]).length;
    expect(sizeOf(span)).toBeGreaterThanOrEqual(bytes);
    about += sizeOf(span);
    exact += bytes;
  }
  expect(about).toBeLessThan(2 * exact);
});

test('a cap in bytes holds for text of three bytes a character as for any other', async () => {
  const s = new Story();
  let history = [user('go on for long')];
  for (let i = 0; i < 30; i++) {
    s.ask(10, `r${i}`, history);
    const args = { file_path: `f${i}.ts`, text: '日'.repeat(4000) };
    const answer = s.answer(10, `r${i}`, '', [{ id: `call_long_${i}00`, name: 'Write', arguments: args }]);
    history = [...history, answer, result(`call_long_${i}00`, 'x')];
  }
  s.ask(10, 'r30', history);
  s.answer(10, 'r30', 'Done.');
  const { spans } = await correlate(s.events, { max_bytes_per_trace: '200kB' });
  expect(sizes(spans).length).toBeGreaterThan(2);
  // what the last model call before the end brought comes on top
  for (const { bytes } of sizes(spans)) expect(bytes).toBeLessThan(250_000);
});

test('programs that no tool explains count before the end of the turn shows them', async () => {
  const s = new Story();
  let history = [user('go on for long')];
  for (let i = 0; i < 20; i++) {
    s.ask(10, `r${i}`, history);
    const asked = [0, 1].map((n) => ({ id: `call_${i}_${n}`, name: 'Think', arguments: { about: `${i}-${n}` } }));
    const answer = s.answer(10, `r${i}`, '', asked);
    for (let p = 0; p < 5; p++) {
      s.exec(1000 + i * 5 + p, 10, ['daemon', `${i}`, `${p}`]);
      s.exit(1000 + i * 5 + p, 10);
    }
    history = [...history, answer, ...asked.map(({ id }) => result(id, 'x'))];
  }
  s.ask(10, 'r20', history);
  s.answer(10, 'r20', 'Done.');
  const { spans } = await correlate(s.events, { max_spans_per_trace: 40 });
  expect(spans.filter((span) => span.name === 'process.exec daemon')).toHaveLength(100);
  for (const size of sizes(spans)) expect(size.spans).toBeLessThan(60);
});

test('the caps are those of a trace with its sub-agents: one that goes on for long goes on in a trace of its own', async () => {
  const s = new Story();
  const task = 'Look through every module for calls of the old interface.';
  const ask = [user('use a helper')];
  s.ask(10, 'a0', ask);
  const called = s.answer(10, 'a0', '', [{ id: 'call_task_1', name: 'Task', arguments: { prompt: task } }]);
  let history = [user(task)];
  for (let i = 0; i < 30; i++) {
    s.ask(10, `b${i}`, history);
    const answer = s.answer(10, `b${i}`, '', [{ id: `call_b_${i}`, name: 'Read', arguments: { file_path: `f${i}` } }]);
    history = [...history, answer, result(`call_b_${i}`, 'x')];
  }
  s.ask(10, 'b30', history);
  s.answer(10, 'b30', 'All looked at.');
  s.ask(10, 'a1', [...ask, called, result('call_task_1', 'All looked at.')]);
  s.answer(10, 'a1', 'Done.');
  const { spans } = await correlate(s.events, { max_spans_per_trace: 20 });
  for (const size of sizes(spans)) expect(size.spans).toBeLessThan(30);
  expect(sizes(spans).length).toBeGreaterThan(2);
  // each trace but the first leads back to one that is there
  const traces = new Set(spans.map((span) => span.traceId));
  expect(continued(spans)).toHaveLength(traces.size - 1);
  for (const id of continued(spans)) expect(traces.has(id)).toBe(true);
  // nothing is lost, nothing is there twice, every parent is in its own trace
  expect(spans.filter((span) => span.name.startsWith('chat'))).toHaveLength(33);
  const ids = new Map(spans.map((span) => [span.spanId, span.traceId]));
  expect(ids.size).toBe(spans.length);
  for (const span of spans) if (span.parentSpanId) expect(ids.get(span.parentSpanId)).toBe(span.traceId);
});

test('effects of the tools of one model call are folded when their trace is far beyond its caps', async () => {
  const s = new Story();
  const ask = user('check everything at once');
  s.ask(10, 'r0', [ask]);
  const asked = Array.from({ length: 30 }, (_, n) => ({
    id: `call_all_${n}`,
    name: 'Bash',
    arguments: { command: `make part-${n}` },
  }));
  const answer = s.answer(10, 'r0', '', asked);
  for (let n = 0; n < 30; n++) {
    s.exec(1000 + n * 100, 10, ['make', `part-${n}`]);
    for (let p = 1; p <= 20; p++) {
      s.exec(1000 + n * 100 + p, 1000 + n * 100, ['cc', `${n}-${p}.c`]);
      s.exit(1000 + n * 100 + p, 1000 + n * 100);
    }
    s.exit(1000 + n * 100, 10);
  }
  s.ask(10, 'r1', [ask, answer, ...asked.map(({ id }) => result(id, 'ok'))]);
  s.answer(10, 'r1', 'Done.');
  const { spans } = await correlate(s.events, { max_spans_per_trace: 200 });
  // 250, then a tool and at most two folds for each that is left
  for (const size of sizes(spans)) expect(size.spans).toBeLessThan(340);
  const programs = spans.filter((span) => span.name.startsWith('process.exec'));
  const count = (span: (typeof spans)[number]): number =>
    Number(span.attributes.find(({ key }) => key === 'oisp.count')?.value ?? 1);
  expect(programs.reduce((n, span) => n + count(span), 0)).toBe(30 * 21);
  expect(programs.length).toBeLessThan(300);
});
