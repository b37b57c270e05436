import fc from 'fast-check';
import { expect, test } from 'vitest';
import { planStepOf } from '../../../processors/decode/plan.ts';
import { decode, Recorder, request, response } from './capture.ts';

test.each([
  {
    name: 'TodoWrite', // Claude Code
    args: {
      todos: [
        { content: 'Read', status: 'completed', activeForm: 'Reading' },
        { content: 'Write', status: 'in_progress', activeForm: 'Writing' },
        { content: 'Test', status: 'pending', activeForm: 'Testing' },
      ],
    },
    want: {
      step_index: 1,
      step_type: 'revision',
      description: 'Write',
      planned_actions: [
        { action: 'Read', status: 'completed' },
        { action: 'Write', status: 'in_progress' },
        { action: 'Test', status: 'pending' },
      ],
    },
  },
  {
    name: 'update_plan', // codex
    args: {
      explanation: 'Start',
      plan: [
        { step: 'A', status: 'in_progress' },
        { step: 'B', status: 'pending' },
      ],
    },
    want: {
      step_index: 0,
      step_type: 'planning',
      description: 'Start',
      planned_actions: [
        { action: 'A', status: 'in_progress' },
        { action: 'B', status: 'pending' },
      ],
    },
  },
  {
    name: 'functions.write_todos', // Gemini CLI
    args: {
      todos: [
        { description: 'A', status: 'completed' },
        { description: 'B', status: 'completed' },
      ],
    },
    want: {
      step_index: 1,
      step_type: 'revision',
      planned_actions: [
        { action: 'A', status: 'completed' },
        { action: 'B', status: 'completed' },
      ],
    },
  },
  {
    name: 'update_todo_list', // Roo Code
    args: { todos: '[x] no list\n- [x] A\n- [-] B\n- [ ] C\n' },
    want: {
      step_index: 1,
      step_type: 'revision',
      description: 'B',
      planned_actions: [
        { action: 'A', status: 'completed' },
        { action: 'B', status: 'in_progress' },
        { action: 'C', status: 'pending' },
      ],
    },
  },
  {
    name: 'todo__todo_write', // Goose
    args: { content: 'All of it' },
    want: { step_index: 0, step_type: 'planning', planned_actions: [{ action: 'All of it' }] },
  },
  {
    name: 'TaskCreate',
    args: { subject: 'Fix', description: 'The bug' },
    want: { step_type: 'planning', description: 'Fix', planned_actions: [{ action: 'Fix', status: 'pending' }] },
  },
  {
    name: 'TaskUpdate',
    args: { taskId: '3', status: 'completed' },
    want: { step_type: 'revision', planned_actions: [{ status: 'completed' }] },
  },
  {
    name: 'ExitPlanMode',
    args: { plan: '# Plan\n1. A\n2. B' },
    want: {
      step_type: 'decision',
      description: '# Plan\n1. A\n2. B',
      planned_actions: [{ action: 'A' }, { action: 'B' }],
    },
  },
  {
    name: 'exit_plan_mode', // Gemini CLI
    args: { plan_path: '/tmp/plan.md' },
    want: { step_type: 'decision', context_files: ['/tmp/plan.md'] },
  },
  { name: 'enter_plan_mode', args: {}, want: { step_type: 'planning' } },
  { name: 'plan_mode_respond', args: { response: 'I would' }, want: { step_type: 'planning', description: 'I would' } },
  {
    name: 'mcp__seq__sequentialthinking',
    args: { thought: 'Hm', thoughtNumber: 2, isRevision: true },
    want: { step_index: 1, step_type: 'revision', description: 'Hm' },
  },
  { name: 'think', args: { thought: 'Hm' }, want: { step_type: 'reasoning', description: 'Hm' } },
  { name: 'TodoWrite', args: { todos: [] }, want: undefined },
  { name: 'TodoWrite', args: 'not json', want: undefined },
  { name: 'think', args: { topic: 'x' }, want: undefined },
  { name: 'TaskUpdate', args: { status: 'completed' }, want: undefined },
  { name: 'Bash', args: { command: 'ls', todos: [{ content: 'A' }] }, want: undefined },
  { name: 'constructor', args: {}, want: undefined },
  { name: '', args: {}, want: undefined },
])('$name with $args', ({ name, args, want }) => {
  expect(planStepOf({ name, arguments: args })).toEqual(want);
});

test('arguments of any form are read or left, and what is taken is bounded', () => {
  const names = fc.constantFrom('TodoWrite', 'update_plan', 'TaskCreate', 'TaskUpdate', 'ExitPlanMode', 'think');
  const keys = fc.constantFrom('todos', 'plan', 'subject', 'status', 'taskId', 'thought', 'content');
  fc.assert(
    fc.property(names, fc.dictionary(keys, fc.jsonValue()), (name, args) => {
      planStepOf({ name, arguments: args });
    }),
  );
  const many = Array.from({ length: 1000 }, () => ({ content: 'x'.repeat(10_000), status: 'y'.repeat(100) }));
  const step = planStepOf({ name: 'TodoWrite', arguments: { todos: many } });
  expect(step?.planned_actions).toHaveLength(256);
  expect(step?.planned_actions?.[0]).toEqual({ action: 'x'.repeat(4096) });
});

test('the event stands beside that of the tool call, with its ids', () => {
  const call = {
    id: 'call_1',
    type: 'function',
    function: { name: 'update_plan', arguments: '{"plan":[{"step":"A","status":"pending"}]}' },
  };
  const sent = request(
    'api.openai.com',
    '/v1/chat/completions',
    { model: 'gpt-x', messages: [{ role: 'user', content: 'Hi' }] },
    { 'User-Agent': 'codex_cli_rs/0.169.0', 'session-id': 's-1' },
  );
  const received = response({
    id: 'c',
    model: 'gpt-x',
    choices: [{ index: 0, finish_reason: 'tool_calls', message: { role: 'assistant', tool_calls: [call] } }],
  });
  const { out } = decode(
    new Recorder().open('c').data('c', 'sent', sent).data('c', 'received', received).close('c').events,
  );
  expect(out.map((event) => event.event_type)).toEqual([
    'ai.request',
    'agent.tool_call',
    'agent.plan_step',
    'ai.response',
  ]);
  const [asked, tool, step] = out;
  expect(step?.data).toEqual({
    agent: { name: 'codex', version: '0.169.0', session_id: 's-1' },
    step_index: 0,
    step_type: 'planning',
    planned_actions: [{ action: 'A', status: 'pending' }],
    request_id: (asked?.data as { request_id?: string } | undefined)?.request_id,
    call_id: 'call_1',
  });
  expect(step?.event_id).not.toBe(tool?.event_id);
  expect(step?.related_events).toEqual(tool?.related_events);
});
