import { Agent, ANTHROPIC, call, GEMINI, OPENAI, RESPONSES, said } from '../teller.ts';
import type { Story } from './story.ts';

const byHeaders: Story = {
  name: 'sub-agent-by-headers',
  about: `The agent gives a task to a sub-agent of its own process, whose first words are not those of the task. Its requests carry the session of the
agent and an agent id of their own.

The headers say that another agent of the session speaks while one tool call is open that does nothing else: its \`invoke_agent\` lies under that call,
in the same trace. The root sums up the tokens of both.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const main = coder.chat({ session: 'session-1' });
    main.says('Remove dead code.');
    main.asks(0);
    main.answers(1, '', [call('Task', { prompt: 'Look for dead code in the parser' }, 'toolu_task_01')]);
    const sub = coder.chat({ session: 'session-1', agentId: 'agent-7', system: 'You are a sub-agent.' });
    sub.says('Begin with the folder src.');
    sub.asks(1.05);
    sub.answers(2, '', [call('Grep', { pattern: 'parseOld', path: 'src' }, 'toolu_grep_02')]);
    coder.runs(2.02, 200, ['rg', 'parseOld', 'src']).exits(2.1);
    sub.brings({ toolu_grep_02: 'nothing' });
    sub.asks(2.15);
    sub.answers(3, 'parseOld is dead.');
    main.brings({ toolu_task_01: 'parseOld is dead.' });
    main.asks(3.1);
    main.answers(4, 'Removed.');
  },
};

const byTask: Story = {
  name: 'sub-agent-by-task-text',
  about: `As before, but nothing in the headers tells the two apart (OpenAI Chat Completions). The sub-agent's first message holds the task among other
words.

A line of the task is an argument of the tool call that is open: the evidence is the text of the task.`,
  tell: (t) => {
    const opencode = t.agent('opencode', 100, OPENAI);
    const main = opencode.chat({ tools: ['task', 'bash'] });
    const task = 'Find every caller of parseDate';
    main.says('Can parseDate go?');
    main.asks(0);
    main.answers(1, '', [call('task', { description: 'callers', prompt: task }, 'call_Tk41')]);
    const sub = opencode.chat({ tools: ['bash'], system: 'You search code.' });
    sub.says(`Your task:\n${task}\nAnswer with file names.`);
    sub.asks(1.05);
    sub.answers(2, '', [call('bash', { command: 'git grep parseDate' }, 'call_Gg42')]);
    const shell = opencode.runs(2.02, 200, ['bash', '-c', 'git grep parseDate']);
    shell.runs(2.05, 201, ['git', 'grep', 'parseDate']).exits(2.2);
    shell.exits(2.21);
    sub.brings({ call_Gg42: 'a.ts' });
    sub.asks(2.3);
    sub.answers(3, 'a.ts');
    main.brings({ call_Tk41: 'a.ts' });
    main.asks(3.1);
    main.answers(4, 'No, a.ts needs it.');
  },
};

const two: Story = {
  name: 'sub-agents-parallel',
  about: `One answer gives two tasks to two sub-agents, which work at the same time in one process: their model calls and programs are interleaved, both
with the same kind of tool.

Each conversation lies under the call with its task, each program under the sub-agent whose command it is.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const main = coder.chat();
    const [tests, docs] = ['Count the tests of the project', 'Count the pages of the docs'];
    main.says('How big is the project?');
    main.asks(0);
    main.answers(1, '', [
      call('Task', { prompt: tests }, 'toolu_tests_1', 0.8),
      call('Task', { prompt: docs }, 'toolu_docs_02', 1),
    ]);
    const [a, b] = [tests, docs].map((task) => {
      const chat = coder.chat({ system: 'You are a sub-agent.' });
      chat.says(task);
      return chat;
    });
    if (!a || !b) return;
    a.asks(1.1);
    b.asks(1.2);
    b.answers(2, '', [call('Bash', { command: 'ls docs | wc -l' }, 'toolu_bash_b1')]);
    a.answers(2.1, '', [call('Bash', { command: 'ls test | wc -l' }, 'toolu_bash_a1')]);
    const first = coder.runs(2.2, 200, ['sh', '-c', 'ls test | wc -l']);
    const second = coder.runs(2.25, 201, ['sh', '-c', 'ls docs | wc -l']);
    second.exits(2.5);
    first.exits(2.6);
    a.brings({ toolu_bash_a1: '40' });
    a.asks(2.7);
    b.brings({ toolu_bash_b1: '7' });
    b.asks(2.75);
    a.answers(3.5, '40 tests.');
    b.answers(3.6, '7 pages.');
    main.brings({ toolu_tests_1: '40 tests.', toolu_docs_02: '7 pages.' });
    main.asks(3.7);
    main.answers(5, '40 tests, 7 pages.');
  },
};

const deep: Story = {
  name: 'sub-agent-two-deep',
  about: `A sub-agent gives a part of its task to a sub-agent of its own, which reads a file.

Three conversations in one process, one inside the other, in one trace. The file lies under the read of the innermost: the two tasks that are open above it
are no candidates.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const [outerTask, innerTask] = ['Review the whole change set', 'Review the file lock.ts alone'];
    const main = coder.chat();
    main.says('Review, please.');
    main.asks(0);
    main.answers(1, '', [call('Task', { prompt: outerTask }, 'toolu_outer_1')]);
    const outer = coder.chat({ system: 'You are a reviewer.' });
    outer.says(outerTask);
    outer.asks(1.1);
    outer.answers(2, '', [call('Task', { prompt: innerTask }, 'toolu_inner_1')]);
    const inner = coder.chat({ system: 'You are a reader.' });
    inner.says(innerTask);
    inner.asks(2.1);
    inner.answers(3, '', [call('Read', { file_path: '/srv/app/lock.ts' }, 'toolu_lock_01')]);
    coder.reads(3.01, '/srv/app/lock.ts', 64);
    inner.brings({ toolu_lock_01: 'lock()' });
    inner.asks(3.1);
    inner.answers(4, 'lock.ts is fine.');
    outer.brings({ toolu_inner_1: 'lock.ts is fine.' });
    outer.asks(4.1);
    outer.answers(5, 'All fine.');
    main.brings({ toolu_outer_1: 'All fine.' });
    main.asks(5.1);
    main.answers(6, 'Approved.');
  },
};

const program: Story = {
  name: 'agent-started-by-a-tool',
  about: `The shell command of one agent starts another agent's program (Gemini), a process of its own with a provider of its own, which runs a tool itself.

The inner agent's turn is no root: it lies under the \`process.exec\` that started it. What its tools do lies under its tools.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    const command = 'gemini -p "Review the diff of today"';
    chat.says('Let Gemini review this.');
    chat.asks(0);
    chat.answers(1, '', [call('Bash', { command }, 'toolu_gemini_1')]);
    const shell = coder.runs(1.02, 200, ['bash', '-c', command]);
    const node = shell.runs(1.1, 201, ['node', '/usr/bin/gemini', '-p', 'Review the diff of today']);
    const gemini = new Agent(node, 'gemini-cli', GEMINI, 'gemini-3-pro');
    const inner = gemini.chat({ tools: ['run_shell_command'] });
    inner.says('Review the diff of today');
    inner.asks(1.5);
    inner.answers(2.5, '', [call('run_shell_command', { command: 'git diff' })]);
    gemini.runs(2.6, 202, ['bash', '-c', 'git diff']).exits(2.7);
    inner.brings({ run_shell_command: '+1 -1' });
    inner.asks(2.8);
    inner.answers(4, 'Looks good.');
    node.exits(4.1);
    shell.exits(4.12);
    chat.brings({ toolu_gemini_1: 'Looks good.' });
    chat.asks(4.2);
    chat.answers(5, 'Gemini likes it.');
  },
};

const restart: Story = {
  name: 'process-restart',
  about: `The user ends the agent's program and later starts it again with "resume": another process, the same session id, the history read back from disk.

The history is short, but the session header is explicit: turn 1 of the same conversation, linked to the turn in the process before.`,
  tell: (t) => {
    const before = t.agent('codex', 100, RESPONSES).chat({ session: 'session-1' });
    before.says('Remember the number 7.');
    before.asks(0);
    before.answers(1, 'Seven.');
    before.agent.exits(5);
    const after = t.agent('codex', 300, RESPONSES).chat({ session: 'session-1' });
    after.messages = [...before.messages, said('What was the number?')];
    after.asks(60);
    after.answers(61, 'Seven.');
  },
};

const several: Story = {
  name: 'several-conversations-one-process',
  about: `A helpdesk's server speaks with three people at once: one process, no session ids. Two of them begin with the same word and get the same answer.

Every request continues the conversation whose history it brings. Where two histories are equal the connection tells them apart: three conversations of two
turns each, none mixed.`,
  tell: (t) => {
    const helpdesk = t.agent('helpdesk', 100, OPENAI);
    const of = (conn: string) => helpdesk.chat({ tools: [], attrs: { 'oisp.conn': conn } });
    const [ann, bob, eve] = [of('conn-1'), of('conn-2'), of('conn-3')];
    ann.says('Hello');
    ann.asks(0);
    bob.says('Hello');
    bob.asks(0.1);
    eve.says('My printer burns.');
    eve.asks(0.2);
    bob.answers(0.9, 'How can I help?');
    ann.answers(1, 'How can I help?');
    eve.answers(1.1, 'Leave the room.');
    ann.says('I lost my password.');
    ann.asks(10);
    eve.says('I did.');
    eve.asks(10.1);
    bob.says('I lost my key.');
    bob.asks(10.2);
    ann.answers(11, 'Here is a new one.');
    bob.answers(11.1, 'Come to the desk.');
    eve.answers(11.2, 'Good.');
  },
};

const workers: Story = {
  name: 'one-conversation-two-processes',
  about: `A web application has two worker processes; the second question of a user is answered by the other worker, which knows the history from a database.

No session id. The first answer has more than 200 characters, so the equal history is no accident: one conversation over both processes.`,
  tell: (t) => {
    const long =
      'A lock is a promise between threads: whoever holds it may change what it guards, everybody else waits. ' +
      'It costs little while nobody waits, and a lot as soon as many do; that is why one holds it for a few lines only.';
    const first = t.agent('helpdesk', 100, OPENAI).chat({ tools: [] });
    first.says('What is a lock?');
    first.asks(0);
    first.answers(2, long);
    const second = t.agent('helpdesk', 101, OPENAI).chat({ tools: [] });
    second.messages = [...first.messages, said('And a semaphore?')];
    second.asks(30);
    second.answers(31, 'A lock for several.');
  },
};

const previous: Story = {
  name: 'previous-response-id',
  about: `The Responses API keeps the history: a request brings only what is new and names the answer that it continues. Two chats of one process do that at
the same time, and their users say the same words.

The named answer decides: the tool's result goes on with the turn of its chat, the next words open the next turn of theirs.`,
  tell: (t) => {
    const app = t.agent('notes-app', 100, RESPONSES);
    const [a, b] = [app.chat({ tools: ['shell'] }), app.chat({ tools: ['shell'] })];
    a.says('List my notes.');
    a.asks(0);
    b.says('List my notes.');
    b.asks(0.5);
    a.answers(1, '', [call('shell', { command: 'ls notes-a' }, 'call_ls_a001')], { responseId: 'resp_a1' });
    app.runs(1.02, 200, ['sh', '-c', 'ls notes-a']).exits(1.2);
    a.messages = [];
    a.brings({ call_ls_a001: 'milk' });
    a.asks(1.3, { previous: 'resp_a1' });
    b.answers(1.5, 'There are none.', [], { responseId: 'resp_b1' });
    a.answers(2, 'One: milk.', [], { responseId: 'resp_a2' });
    b.asks(20, { messages: [said('Thank you.')], previous: 'resp_b1' });
    a.asks(20.1, { messages: [said('Thank you.')], previous: 'resp_a2' });
    b.answers(21, 'Any time.', [], { responseId: 'resp_b2' });
    a.answers(21.1, 'You are welcome.', [], { responseId: 'resp_a3' });
  },
};

const sideCalls: Story = {
  name: 'side-calls',
  about: `Around one turn the agent makes four calls to a small model: a probe of the quota at its start, a title for the session, a word for the spinner
while a tool runs, a summary after the answer.

None of them is a turn. The title began before the main request and belongs to the turn that opens within 10 s, whose root begins with it; the spinner
belongs to the turn that is open. Nobody comes after the quota probe and the summary: each stands alone, as a \`chat\`, not as an agent.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const small = { model: 'claude-haiku-4-5' };
    coder.side(0, 0.3, 'quota', { ...small, maxTokens: 1 }, '#');
    coder.side(20, 21, 'Write a short title for: run the tests', small, 'Running tests');
    const chat = coder.chat();
    chat.says('Run the tests.');
    chat.asks(20.1);
    chat.answers(22, '', [call('Bash', { command: 'npm test' }, 'toolu_test_01')]);
    const npm = coder.runs(22.02, 200, ['sh', '-c', 'npm test']);
    coder.side(22.1, 22.5, 'Write one gerund that says what the agent does.', { ...small, maxTokens: 16 }, 'Testing');
    npm.exits(23.9);
    chat.brings({ toolu_test_01: 'ok' });
    chat.asks(24);
    chat.answers(25, 'They pass.');
    coder.side(25.5, 26.5, 'Summarize this session in 50 words.', small, 'The tests passed.');
  },
};

const nextSpeaker: Story = {
  name: 'next-speaker-check',
  about: `After each answer the agent (Gemini CLI) asks a small model, with the whole history, who should speak next. Then the user does.

The check brings the history and new words in the user's name, but it has no tools and its words are known: a side call, which opens no turn and is no part of the
history that the next question continues. No turn is open and none opens within 10 s: it stands alone.`,
  tell: (t) => {
    const chat = t.agent('gemini-cli', 100, GEMINI).chat();
    chat.says('List the open tasks.');
    chat.asks(0);
    chat.answers(2, 'There are two.');
    const check = chat.agent.chat({ tools: [], model: 'gemini-2.5-flash' });
    check.messages = [...chat.messages, said('Who should speak next, the user or the model? Answer in JSON.')];
    check.asks(2.1);
    check.answers(2.6, '{"next_speaker":"user"}', [], { tokens: [20, 4] });
    chat.says('Close both.');
    chat.asks(60);
    chat.answers(62, 'Closed.');
  },
};

const unseen: Story = {
  name: 'requests-not-captured',
  about: `The capture begins in the middle of a turn and misses what was sent: of the first two calls only the answers are seen, of the third both sides.

The first answer asks for a tool, so a turn is under way: it begins with that answer's first byte. The second answer goes on the only open turn of the
process, which waits for a call. Both calls say that their request was not seen, and the placing of the second is a guess (low). The third request
brings the result of a tool call that is open: same turn.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Clean up.');
    chat.answersUnasked(0, 0.8, '', [call('Bash', { command: 'make clean' }, 'toolu_clean_1')]);
    coder.runs(0.82, 200, ['sh', '-c', 'make clean']).exits(1);
    chat.brings({ toolu_clean_1: 'ok' });
    chat.answersUnasked(1.2, 2, '', [call('Read', { file_path: '/srv/app/Makefile' }, 'toolu_makef_1')]);
    coder.reads(2.01, '/srv/app/Makefile');
    chat.brings({ toolu_makef_1: 'clean:' });
    chat.asks(2.1);
    chat.answers(3, 'Clean.');
  },
};

const shutdown: Story = {
  name: 'shutdown-in-mid-turn',
  about: `The collector is stopped while a turn runs: one tool works, one model call beside it has no answer yet.

Everything that is open leaves, says why it ended, and ends with the last thing that was seen; nothing is lost and nothing is an error.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    const sub = coder.chat({ system: 'You are a sub-agent.' });
    chat.says('Test it all.');
    chat.asks(0);
    chat.answers(1, '', [
      call('Bash', { command: 'make soak' }, 'toolu_soak_01', 0.9),
      call('Task', { prompt: 'Look at the soak test' }, 'toolu_look_02', 1),
    ]);
    coder.runs(1.02, 200, ['sh', '-c', 'make soak']);
    sub.says('Look at the soak test');
    sub.asks(2);
  },
};

const killed: Story = {
  name: 'agent-killed',
  about: `The user kills the agent's program while it waits for an answer.

The call without an answer and the turn end with the process and say so. No answer was seen, so there is no error to report.`,
  tell: (t) => {
    const chat = t.agent('goose', 100, OPENAI).chat();
    chat.says('Are you there?');
    chat.asks(0);
    chat.agent.dies(30, 9, 'SIGKILL');
  },
};

const traceparent: Story = {
  name: 'traceparent',
  about: `An application that is traced itself sends a \`traceparent\` with its model call.

By default our trace stays our own, and the call links to the application's span.`,
  tell: (t) => {
    const chat = t.agent('helpdesk', 100, OPENAI).chat({ tools: [] });
    chat.says('Classify: my printer burns');
    chat.asks(0, { attrs: { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' } });
    chat.answers(1, 'hardware');
  },
};

const rag: Story = {
  name: 'plan-embeddings-retrieval',
  about: `The agent writes a plan with its plan tool, embeds the question, looks it up in its own index, and lets the provider search the web while it
answers.

The steps of the plan are events of the turn. The embedding is a model call of the turn, no turn of its own. The agent's look-up lies under the turn and lasts its
latency, the provider's under the call that made it.`,
  tell: (t) => {
    const app = t.agent('notes-app', 100, RESPONSES);
    const chat = app.chat({ tools: ['update_plan'] });
    chat.says('What do my notes say on locks?');
    chat.asks(0);
    chat.answers(1, '', [call('update_plan', { plan: ['search', 'answer'] }, 'call_plan_01')]);
    const step = { step_index: 0, step_type: 'planning', request_id: chat.request, call_id: 'call_plan_01' };
    t.tell(1, app, 'agent.plan_step', { ...step, planned_actions: [{ action: 'search' }, { action: 'answer' }] });
    const data = { request_id: '100.e1', provider: { name: 'openai' } };
    const attrs = {
      'gen_ai.operation.name': 'embeddings',
      'gen_ai.provider.name': 'openai',
      'user_agent.original': 'notes-app/1.0',
    };
    const model = { id: 'text-embedding-3-small' };
    t.tell(1.1, app, 'ai.request', { ...data, model, request_type: 'embedding', streaming: false }, attrs);
    t.tell(1.3, app, 'ai.embedding', { ...data, model, input_count: 1, dimensions: 1536 }, attrs);
    t.tell(
      1.3,
      app,
      'ai.response',
      { ...data, model, status_code: 200, success: true, usage: { prompt_tokens: 9 } },
      attrs,
    );
    const source = { type: 'vector_db', name: 'notes', provider: 'local' };
    t.tell(1.5, app, 'agent.rag_retrieve', { source, query: 'locks', results_count: 2, latency_ms: 150 });
    chat.brings({ call_plan_01: 'ok' });
    chat.asks(1.6);
    const web = { type: 'web_search', name: 'web_search', provider: 'openai' };
    t.tell(3, app, 'agent.rag_retrieve', { source: web, query: 'locks', results_count: 5, request_id: chat.request });
    chat.answers(3, 'That they cost little.');
  },
};

export const agents: readonly Story[] = [
  byHeaders,
  byTask,
  two,
  deep,
  program,
  restart,
  several,
  workers,
  previous,
  sideCalls,
  nextSpeaker,
  unseen,
  shutdown,
  killed,
  traceparent,
  rag,
];
