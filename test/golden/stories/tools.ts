import { ANTHROPIC, call, GEMINI, McpWire, OLLAMA, OPENAI, RESPONSES, said } from '../teller.ts';
import type { Story } from './story.ts';

const loop: Story = {
  name: 'tool-loop',
  about: `A bug fix in four model calls: read the file, write it, run the tests, report.

Each tool lies beside the call that asked for it, with what it did. The shell ends with its program, not with the request that brings its
result.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    const file_path = '/srv/app/src/sum.ts';
    chat.says('sum() is off by one.');
    chat.asks(0);
    chat.answers(1, 'Let me look.', [call('Read', { file_path }, 'toolu_read_01')]);
    coder.reads(1.01, file_path, 240);
    chat.brings({ toolu_read_01: 'return a + b + 1' });
    chat.asks(1.05);
    chat.answers(2, '', [call('Write', { file_path, content: 'return a + b' }, 'toolu_write_02')]);
    coder.writes(2.01, file_path, 238);
    chat.brings({ toolu_write_02: 'written' });
    chat.asks(2.05);
    chat.answers(3, '', [call('Bash', { command: 'npm test' }, 'toolu_test_03')]);
    const shell = coder.runs(3.02, 200, ['sh', '-c', 'npm test']);
    const npm = shell.runs(3.05, 201, ['npm', 'test']);
    npm.reads(3.1, '/srv/app/package.json', 512);
    npm.exits(4);
    shell.exits(4.01);
    chat.brings({ toolu_test_03: '3 passed' });
    chat.asks(4.05);
    chat.answers(5, 'Fixed.', [], { tokens: [400, 20] });
  },
};

const parallel: Story = {
  name: 'parallel-tools',
  about: `One answer asks for three tools, which run at the same time: a file is read, a linter runs, a page is fetched.

The three overlap; each effect lies under the tool whose argument names it, whatever the order in time.`,
  tell: (t) => {
    const opencode = t.agent('opencode', 100, OPENAI);
    const chat = opencode.chat({ tools: ['read', 'bash', 'webfetch'] });
    chat.says('Is the README up to date?');
    chat.asks(0);
    chat.answers(1, '', [
      call('read', { filePath: 'README.md' }, 'call_Rd81', 0.8),
      call('bash', { command: 'npm run lint' }, 'call_Sh82', 0.9),
      call('webfetch', { url: 'https://docs.example.org/api' }, 'call_Wf83', 1),
    ]);
    const lint = opencode.runs(1.01, 200, ['bash', '-c', 'npm run lint']);
    opencode.reads(1.02, '/srv/app/README.md', 900);
    opencode.looksUp(1.03, 'docs.example.org');
    lint.reads(1.04, '/srv/app/.lintrc', 30);
    opencode.connects(1.05, 'docs.example.org');
    lint.exits(3);
    chat.brings({ call_Rd81: '# App', call_Sh82: 'clean', call_Wf83: 'v2' });
    chat.asks(3.1);
    chat.answers(4, 'It is.');
  },
};

const denied: Story = {
  name: 'tool-denied',
  about: `The agent wants to delete a folder; the user thinks about it for five seconds and says no. The model accepts.

The tool was asked for and never ran: it has nothing below it and no waiting time, ends with the result that says so, and is an error. The turn
is none.`,
  tell: (t) => {
    const chat = t.agent('coder', 100, ANTHROPIC).chat();
    chat.says('Free some space.');
    chat.asks(0);
    chat.answers(1, 'I delete build.', [call('Bash', { command: 'rm -rf build' }, 'toolu_rm_01')]);
    chat.brings({ toolu_rm_01: '!The user said no.' });
    chat.asks(6);
    chat.answers(7, 'Then I leave it.');
  },
};

const approval: Story = {
  name: 'approval-wait',
  about: `A push waits 45 seconds for the user's yes (Codex, Responses API, a command as a list of words).

The tool begins when it was asked for and says how long it waited before it did anything.`,
  tell: (t) => {
    const codex = t.agent('codex', 100, RESPONSES, { model: 'gpt-5' });
    const chat = codex.chat({ tools: ['shell'] });
    chat.says('Publish the branch.');
    chat.asks(0);
    chat.answers(1, '', [call('shell', { command: ['bash', '-lc', 'git push'] }, 'call_push_01')]);
    const shell = codex.runs(46, 200, ['bash', '-lc', 'git push']);
    const git = shell.runs(46.1, 201, ['git', 'push']);
    git.connects(46.3, 'git.example.org', 22);
    git.exits(47);
    shell.exits(47.01);
    chat.brings({ call_push_01: 'pushed' });
    chat.asks(47.1);
    chat.answers(48, 'It is out.');
  },
};

const unanswered: Story = {
  name: 'tool-unanswered',
  about: `A build takes too long; the user stops it and asks for something else. The agent kills the program and drops the tool call from its history.

No request ever brings a result: the tool ends with its program and is marked unanswered, the turn is marked interrupted and ends with the last
thing that happened in it, not with the user's next words. Those open turn 1 of the same conversation.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Build everything.');
    chat.asks(0);
    chat.answers(1, '', [call('Bash', { command: 'npm run build' }, 'toolu_build_1')]);
    const shell = coder.runs(1.02, 200, ['sh', '-c', 'npm run build']);
    shell.dies(4, 15, 'SIGTERM');
    chat.messages = [said('Build everything.'), said('Only the docs, please.')];
    chat.asks(10);
    chat.answers(11, 'As you like.');
  },
};

const failing: Story = {
  name: 'tool-failing',
  about: `A build fails, the agent runs it again and it works. The model is a local one whose server counts tool calls anew in every answer: both are
\`call_0\`.

The id alone says nothing; the result belongs to the call of the last answer before it. The failed program and its tool are errors, the second ones
and the turn are not.`,
  tell: (t) => {
    const goose = t.agent('goose', 100, OLLAMA);
    const chat = goose.chat({ tools: ['shell'] });
    chat.says('Does it build?');
    chat.asks(0);
    chat.answers(2, '', [call('shell', { command: 'cargo build' }, 'call_0')]);
    goose.runs(2.01, 200, ['cargo', 'build']).exits(3, 101);
    chat.brings({ call_0: '!error: no space left' });
    chat.asks(3.1);
    chat.answers(5, '', [call('shell', { command: 'cargo build' }, 'call_0')]);
    goose.runs(5.01, 201, ['cargo', 'build']).exits(8);
    chat.brings({ call_0: 'finished' });
    chat.asks(8.1);
    chat.answers(9, 'The second time.');
  },
};

const eager: Story = {
  name: 'tools-while-streaming',
  about: `The agent does not wait for the end of the answer: it starts each tool when the arguments of that call are complete.

Tools begin before the model call ends, and their effects find them. While the answer is still coming nothing is decided by "the only open call".`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Check it, quickly.');
    chat.asks(0);
    chat.answers(2, 'Both at once.', [
      call('Read', { file_path: 'src/a.ts' }, 'toolu_read_01', 0.9),
      call('Bash', { command: 'make check' }, 'toolu_make_02', 1.5),
    ]);
    coder.reads(0.95, '/srv/app/src/a.ts', 77);
    coder.runs(1.52, 200, ['sh', '-c', 'make check']).exits(2.5);
    chat.brings({ toolu_read_01: 'x', toolu_make_02: 'ok' });
    chat.asks(2.6);
    chat.answers(3, 'All right.');
  },
};

const mcpStdio: Story = {
  name: 'mcp-stdio',
  about: `The agent starts an MCP server as a child process when the turn begins and asks it twice over its pipes; the second question fails.

The start of the server, with the package manager's files, is one span and no finding. The wire's \`tools/call\` and the model's tool call are the same
execution: one span with both ids, ended by the server's answer, above what the server did meanwhile.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat({ tools: ['mcp__db__query'] });
    chat.says('Who are our users?');
    chat.asks(0);
    const npx = coder.runs(0.1, 200, ['npx', '-y', '@tools/db']);
    npx.reads(0.2, '/usr/lib/node_modules/npm/package.json');
    const server = npx.runs(0.5, 201, ['node', '/opt/tools/db/index.js']);
    server.reads(0.6, '/opt/tools/db/index.js');
    const wire = new McpWire(coder, 'db', server);
    wire.starts(0.8);
    chat.answers(1.5, '', [call('mcp__db__query', { sql: 'select name from users' }, 'toolu_query_1')]);
    wire.calls(1.51, 1.8, 2, 'query', { sql: 'select name from users' });
    server.reads(1.6, '/var/lib/app/users.db', 4096);
    chat.brings({ toolu_query_1: 'ann, bob' });
    chat.asks(1.9);
    chat.answers(3, '', [call('mcp__db__query', { sql: 'select x from nowhere' }, 'toolu_query_2')]);
    wire.calls(3.01, 3.1, 3, 'query', { sql: 'select x from nowhere' }, true);
    chat.brings({ toolu_query_2: '!no such table' });
    chat.asks(3.2);
    chat.answers(4, 'Ann and Bob.');
  },
};

const mcpHttp: Story = {
  name: 'mcp-http',
  about: `A search over an MCP server on another host, asked for by a model (Gemini) whose tool calls have no ids.

Name and arguments join the model's call and the wire's; calls and results are paired by their place, so the evidence is of medium confidence. The
agent's own connection to the server is named by no argument: it is counted on the root.`,
  tell: (t) => {
    const gemini = t.agent('gemini-cli', 100, GEMINI);
    const chat = gemini.chat({ tools: ['docs_search'] });
    chat.says('What do the docs say on spans?');
    chat.asks(0);
    chat.answers(1, '', [call('docs_search', { q: 'spans' })]);
    gemini.connects(1.01, 'tools.example.org');
    new McpWire(gemini, 'docs', undefined).calls(1.02, 1.5, 1, 'search', { q: 'spans' });
    chat.brings({ docs_search: 'three pages' });
    chat.asks(1.6);
    chat.answers(2.5, 'Three pages.');
  },
};

const reminders: Story = {
  name: 'reminders-beside-results',
  about: `The agent puts a text of its own beside each tool result ("remember the list of tasks"), in the same user message, and leaves the old ones out when it
sends the history again. At the end the user refuses a tool and types words of his own with the refusal.

A user message that answers an open tool call opens no turn, whatever else it says: one turn from the first question to the last answer.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    const remind = (text: string): void => {
      const last = chat.messages.pop();
      if (last) chat.messages.push({ ...last, parts: [...(last.parts ?? []), { type: 'text', content: text }] });
    };
    chat.says('Tidy up.');
    chat.asks(0);
    chat.answers(1, '', [call('Read', { file_path: '/srv/app/a.ts' }, 'toolu_read_01')]);
    coder.reads(1.01, '/srv/app/a.ts');
    chat.brings({ toolu_read_01: 'x' });
    const withoutReminder = [...chat.messages];
    remind('<system-reminder>Remember the list of tasks.</system-reminder>');
    chat.asks(1.1);
    chat.messages = withoutReminder;
    chat.answers(2, '', [call('Bash', { command: 'rm a.ts' }, 'toolu_rm_a_02')]);
    chat.brings({ toolu_rm_a_02: '!The user said no.' });
    remind('Move it to old/ instead.');
    chat.asks(8);
    chat.answers(9, '', [call('Bash', { command: 'mv a.ts old/' }, 'toolu_mv_a_03')]);
    const shell = coder.runs(9.02, 200, ['sh', '-c', 'mv a.ts old/']);
    shell.renames(9.05, '/srv/app/a.ts', '/srv/app/old/a.ts');
    shell.exits(9.1);
    chat.brings({ toolu_mv_a_03: '' });
    chat.asks(9.2);
    chat.answers(10, 'Moved.');
  },
};

const withoutIds: Story = {
  name: 'parallel-tools-without-ids',
  about: `Gemini asks for three tools in one answer, two of them by the same name, none with an id; the results come back in order.

Calls and results are paired by their place among those of the answer: medium confidence. What the tools did is told apart by their arguments as ever.`,
  tell: (t) => {
    const gemini = t.agent('gemini-cli', 100, GEMINI);
    const chat = gemini.chat({ tools: ['read_file', 'run_shell_command'] });
    chat.says('Compare a.txt, b.txt and the date.');
    chat.asks(0);
    chat.answers(1, '', [
      call('read_file', { absolute_path: '/srv/app/a.txt' }, undefined, 0.8),
      call('read_file', { absolute_path: '/srv/app/b.txt' }, undefined, 0.9),
      call('run_shell_command', { command: 'date' }, undefined, 1),
    ]);
    gemini.runs(1.01, 200, ['bash', '-c', 'date']).exits(1.05);
    gemini.reads(1.02, '/srv/app/b.txt', 22);
    gemini.reads(1.03, '/srv/app/a.txt', 11);
    const named = (name: string, response: string) => ({ type: 'tool_call_response', name, response }) as const;
    chat.messages.push({
      role: 'tool',
      parts: [named('read_file', 'a'), named('read_file', 'b'), named('run_shell_command', 'Friday')],
    });
    chat.asks(1.1);
    chat.answers(2, 'They differ.');
  },
};

export const tools: readonly Story[] = [
  loop,
  parallel,
  denied,
  approval,
  unanswered,
  failing,
  eager,
  mcpStdio,
  mcpHttp,
  reminders,
  withoutIds,
];
