import { expect, test } from 'vitest';
import { makeEvent } from '../../../core/testing/index.ts';
import { Processes } from '../../../processors/correlate/processes.ts';
import { serviceName } from '../../../processors/correlate/service.ts';

test.each([
  { app: 'cursor', agent: 'coder/1.0', exe: '/usr/bin/node', argv: ['node', 'x.js'], want: 'cursor' },
  { agent: 'claude-cli/2.1.197 (external, cli)', exe: '/usr/bin/node', argv: ['node', 'cli.js'], want: 'claude-code' },
  {
    agent: undefined,
    exe: '/usr/bin/node',
    argv: ['node', '/x/node_modules/@google/gemini-cli/dist/index.js'],
    want: 'gemini-cli',
  },
  { agent: 'codex_cli_rs/0.169.0', exe: '/opt/codex', argv: ['codex'], want: 'codex' },
  {
    agent: 'OpenAI/JS 6.49.0',
    exe: '/usr/bin/node',
    argv: ['node', '--require', 'tap.cjs', '/srv/harbor-agent.mjs'],
    want: 'harbor-agent',
  },
  {
    agent: 'OpenAI/Python 2.54.0',
    exe: '/usr/bin/python3.11',
    argv: ['python3.11', '-m', 'aider.main', '--yes'],
    want: 'aider',
  },
  { agent: 'node', exe: '/usr/bin/node', argv: ['node', '/opt/tool/dist/index.js'], want: 'tool' },
  { agent: undefined, exe: '/usr/bin/node', argv: ['node', '/x/node_modules/@acme/agent/cli.js'], want: '@acme/agent' },
  { agent: undefined, exe: '/usr/local/bin/opencode', argv: ['opencode'], want: 'opencode' },
  { agent: undefined, exe: '/usr/bin/python3', argv: ['python3', '-c', 'print(1)'], want: 'python3' },
  { agent: undefined, exe: undefined, argv: undefined, want: 'unknown' },
])('$agent run as $argv is called $want', ({ app, agent, exe, argv, want }) => {
  const processes = new Processes();
  const info = { pid: 7, start_time: '2026-11-20T10:00:00Z', ...(exe && { exe }) };
  const proc = processes.of(info, 0);
  if (!proc) throw new Error('no process');
  if (exe && argv) processes.exec(proc, { exe, args: argv });
  const event = makeEvent(1, {
    process: info,
    ...(app && { app: { app_id: app } }),
    ...(agent && { attrs: { 'user_agent.original': agent } }),
  });
  expect(serviceName(event, proc)).toBe(want);
});
