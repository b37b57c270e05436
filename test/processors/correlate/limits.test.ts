import { expect, test } from 'vitest';
import { problemsOf } from '../../../processors/correlate/limits.ts';

const GOOD = {
  reorder_window: 2000,
  idle_timeout: 1_800_000,
  side_call_wait: 10_000,
  max_turn_duration: 1_800_000,
  max_bytes_per_trace: 3_000_000,
  content: { preset: 'jaeger', max_attribute_bytes: 16_384 },
};

test('good limits are no problem', () => {
  expect(problemsOf(GOOD)).toEqual([]);
  expect(problemsOf({ ...GOOD, content: { preset: 'tempo' } })).toEqual([]);
  expect(problemsOf({ ...GOOD, content: { preset: 'tempo', max_attribute_bytes: 2000 } })).toEqual([]);
});

test.each([
  ['reorder_window', { reorder_window: -1 }],
  ['reorder_window', { reorder_window: 3_600_000 }],
  ['idle_timeout', { idle_timeout: 0 }],
  ['side_call_wait', { side_call_wait: -5 }],
  ['max_turn_duration', { max_turn_duration: 0 }],
  ['max_bytes_per_trace', { max_bytes_per_trace: 1 }],
  ['content.max_attribute_bytes', { content: { preset: 'jaeger', max_attribute_bytes: 100 } }],
  ['content.max_attribute_bytes', { content: { preset: 'tempo', max_attribute_bytes: 16_384 } }],
  ['content.max_attribute_bytes', { content: { preset: 'langfuse', max_attribute_bytes: 1e12 } }],
])('%s is refused, with what to write', (path, over) => {
  const problems = problemsOf({ ...GOOD, ...over });
  expect(problems.map((problem) => problem.path.join('.'))).toEqual([path]);
  expect(problems[0]?.hint).toMatch(/^write \S+$/);
});
