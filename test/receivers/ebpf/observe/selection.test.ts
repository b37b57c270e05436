import { expect, it } from 'vitest';
import type { Process } from '../../../../receivers/ebpf/observe/processes.ts';
import { isSelected } from '../../../../receivers/ebpf/observe/selection.ts';

const one = (exe: string, ...args: string[]): Process => ({
  pid: 1,
  start: 0,
  exe,
  args,
  cwd: '/home/u/work',
  ppid: 0,
  uid: 0,
  gid: 0,
  programStart: 0,
  info: {},
});

it.each([
  ['an executable', one('/home/u/.local/bin/claude', 'claude'), true],
  ['a package', one('/usr/bin/node', 'node', '/usr/lib/node_modules/@google/gemini-cli/dist/index.js'), true],
  ['a command that is a script', one('/usr/bin/node', 'node', '/usr/local/bin/codex'), true],
  ['a module', one('/usr/bin/python3', 'python3', '-m', 'aider'), true],
  ['a name under which others run too', one('/usr/local/bin/goose', 'goose', 'up'), false],
  ['another program', one('/usr/bin/node', 'node', 'server.js'), false],
])('the registry knows %s', (_what, process, is) => {
  expect(isSelected({ scope: 'registry', comms: [] }, process)).toBe(is);
  expect(isSelected({ scope: 'tree', comms: [] }, process)).toBe(false);
});

it('a name selects by executable and by the name the kernel has', () => {
  const config = { scope: 'tree', comms: ['my-agent', 'a-very-long-name-of-a-program'] } as const;
  expect(isSelected(config, one('/opt/my-agent', 'x'))).toBe(true);
  expect(isSelected(config, one('/usr/bin/node', 'node'), 'my-agent')).toBe(true);
  expect(isSelected(config, one('/opt/a-very-long-name-of-a-program'))).toBe(true);
  expect(isSelected(config, one('/usr/bin/node', 'node'), 'node')).toBe(false);
});
