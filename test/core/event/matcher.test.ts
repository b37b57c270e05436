import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { MATCH_ATTR, type MatchKeys, matchOf } from '../../../core/event/match.ts';
import { canonical, createMatcher } from '../../../core/event/matcher.ts';
import type { Message, OispEvent } from '../../../core/index.ts';
import { makeEvent } from '../../../core/testing/index.ts';

const key = Buffer.alloc(32, 7);
const matcher = createMatcher(key);

function keysOf(over: Partial<OispEvent>): MatchKeys {
  return matchOf(matcher.stamp(makeEvent(1, over))) ?? {};
}

function request(messages: readonly Message[]): MatchKeys {
  const data = { request_id: 'r', provider: { name: 'openai' }, request_type: 'chat', streaming: false, messages };
  return keysOf({ event_type: 'ai.request', data });
}

test('a key is HMAC-SHA-256 cut to 64 bits', () => {
  const want = createHmac('sha256', key).update('h\0example.com').digest().subarray(0, 8).toString('base64url');
  expect(keysOf({ event_type: 'network.dns', data: { query_name: 'Example.com' } }).hosts).toEqual([want]);
});

test('keys of two local keys never meet', () => {
  const other = createMatcher(Buffer.alloc(32, 8));
  const event = makeEvent(1, { event_type: 'network.dns', data: { query_name: 'example.com' } });
  expect(matchOf(other.stamp(event))).not.toEqual(matchOf(matcher.stamp(event)));
});

test('a stamped event is left as it is', () => {
  const once = matcher.stamp(makeEvent(1));
  expect(matcher.stamp(once)).toBe(once);
  expect(once.attrs?.[MATCH_ATTR]).toBeDefined();
});

test('an answer and the history that it comes back in have the same keys, however parts are grouped', () => {
  const answer: Message = {
    role: 'assistant',
    content: 'I will look.',
    parts: [
      { type: 'reasoning', content: 'hm' },
      { type: 'text', content: 'I will\n look.' },
      { type: 'tool_call', id: 'call_1', name: 'Read', arguments: { path: 'a', limit: 1 } },
    ],
  };
  const response = keysOf({
    event_type: 'ai.response',
    data: { request_id: 'r', provider: { name: 'openai' }, success: true, choices: [{ index: 0, message: answer }] },
  });
  const later = request([
    { role: 'user', content: 'go' },
    { role: 'assistant', parts: [{ type: 'text', content: 'I will look.' }] },
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id: 'call_1', name: 'Read', arguments: '{"limit":1,"path":"a"}' }],
    },
  ]);
  expect(later.messages?.slice(1)).toEqual(response.messages);
});

test('reminders of the agent and cleared results change no history', () => {
  const before = request([{ role: 'user', parts: [{ type: 'tool_call_response', id: 'c1', response: 'long text' }] }]);
  const after = request([
    {
      role: 'user',
      parts: [
        { type: 'text', content: '<system-reminder>now</system-reminder>' },
        { type: 'tool_call_response', id: 'c1', response: '[cleared]' },
      ],
    },
  ]);
  expect(after.messages).toEqual(before.messages);
});

test('a task is found by its own line in a longer first message', () => {
  const task = 'Find all callers of the parser';
  const call = keysOf({
    event_type: 'agent.tool_call',
    data: { tool: { name: 'Task' }, call_id: 'c', arguments: { prompt: task } },
  });
  const first = request([
    { role: 'user', content: `Be brief.\n${task}\n`, parts: [{ type: 'text', content: `Be brief.\n${task}\n` }] },
  ]);
  expect(call.lines?.some((k) => first.lines?.includes(k))).toBe(true);
});

test('a path argument meets the file event by its whole path, or by its tail when the folder is not known', () => {
  const process = { pid: 1, cwd: '/srv/app' };
  const call = keysOf({
    event_type: 'agent.tool_call',
    process,
    data: { tool: { name: 'Read' }, call_id: 'c', arguments: { file_path: './src/a.ts' } },
  });
  const file = keysOf({ event_type: 'file.read', process, data: { path: '/srv/app/src/a.ts' } });
  expect(call.paths).toContain(file.paths?.[0]);
  const blind = keysOf({ event_type: 'file.read', process: { pid: 1 }, data: { path: '/srv/app/src/a.ts' } });
  expect(blind.tails?.some((k) => call.tails?.includes(k))).toBe(true);
});

test('a relative path is told apart by the folder that the prompt names', () => {
  const prompt = request([
    { role: 'system', content: 'Working directory: /work/one' },
    { role: 'user', content: 'go on' },
  ]);
  const call = keysOf({
    event_type: 'agent.tool_call',
    process: { pid: 1, cwd: '/srv' },
    data: { tool: { name: 'Read' }, call_id: 'c', arguments: { path: 'a/b/src/deep/x.ts' } },
  });
  const file = keysOf({
    event_type: 'file.read',
    process: { pid: 1, cwd: '/srv' },
    data: { path: '/work/one/a/b/src/deep/x.ts' },
  });
  const at = call.tails?.findIndex((tail) => file.tails?.includes(tail)) ?? -1;
  const folder = file.folders?.[(call.depths?.[at] ?? 0) - 1];
  expect(prompt.places).toContain(folder);
});

test('arguments that are commands are told from those that are folders and from plain words', () => {
  const call = keysOf({
    event_type: 'agent.tool_call',
    process: { pid: 1, cwd: '/srv' },
    data: {
      tool: { name: 'shell' },
      call_id: 'c',
      arguments: { command: ['bash', '-lc', 'cd x && make y'], workdir: 'sub' },
    },
  });
  const run = (args: readonly string[], cwd: string): MatchKeys =>
    keysOf({ event_type: 'process.exec', process: { pid: 2, cwd }, data: { exe: args[0], args } });
  const exec = run(['bash', '-lc', 'cd x && make y'], '/srv/sub');
  expect(exec.commands).toEqual(call.commands);
  expect(call.cwds).toContain(exec.cwds?.[0]);
  const other = run(['launch', '--cwd', '/srv/sub', '--', 'bash', '-lc', 'cd x && node z'], '/srv/sub');
  expect(other.strings?.some((key) => call.strings?.includes(key)) ?? false).toBe(false);
  expect(other.words?.some((key) => call.words?.includes(key)) ?? false).toBe(false);
  expect(other.commands?.some((key) => call.commands?.includes(key)) ?? false).toBe(false);
});

test('JSON is compared without regard to the order of keys; hostile depth ends', () => {
  expect(canonical({ b: 1, a: [{ d: 2, c: 3 }] })).toBe(canonical('{"a":[{"c":3,"d":2}],"b":1}'));
  expect(canonical(undefined)).toBe(canonical(''));
  let deep: unknown = 1;
  for (let i = 0; i < 20_000; i++) deep = [deep];
  expect(canonical(deep).length).toBeLessThan(200);
});

test.each([
  { text: '*** Begin Patch\n*** Update File: src/p1.ts\n@@\n-a\n+b\n*** End Patch', path: '/srv/app/src/p1.ts' },
  { text: '--- a/src/p2.ts\n+++ b/src/p2.ts\n@@ -1 +1 @@', path: '/srv/app/src/p2.ts' },
  { text: 'file:///srv/app/d1.ts', path: '/srv/app/d1.ts' },
  { text: 'src/d2.ts:10-20', path: '/srv/app/src/d2.ts' },
  { text: '<path>src/d4.ts</path>', path: '/srv/app/src/d4.ts' },
  { text: 'look at @src/d5.ts please', path: '/srv/app/src/d5.ts' },
])('a path inside $text is found', ({ text, path }) => {
  const process = { pid: 1, cwd: '/srv/app' };
  const call = keysOf({
    event_type: 'agent.tool_call',
    process,
    data: { tool: { name: 'x' }, call_id: 'c', arguments: { input: text } },
  });
  const file = keysOf({ event_type: 'file.write', process, data: { path } });
  expect(call.paths).toContain(file.paths?.[0]);
});

test('texts made to be slow to search are not', () => {
  for (const text of [
    'a/'.repeat(50_000),
    '/'.repeat(60_000),
    `+++ ${'x'.repeat(60_000)}`,
    'a.'.repeat(30_000),
    '*** Update File: '.repeat(3000),
  ]) {
    const before = process.cpuUsage().user;
    keysOf({ event_type: 'agent.tool_call', data: { tool: { name: 'x' }, call_id: 'c', arguments: { text } } });
    expect(process.cpuUsage().user - before).toBeLessThan(2_000_000);
  }
});
