import { ANTHROPIC, call, GEMINI, OPENAI, RESPONSES, replied, said } from '../teller.ts';
import type { Story } from './story.ts';

const example: Story = {
  name: 'cursor-example',
  about: `The user of an editor asks for a fix. The agent reads a file, runs the tests, which fetch something, and reports.

The tree that the whole program is for: one trace, the model calls and the tools side by side, what a tool did to the machine below it, and
tokens and cost of the calls summed up on the root.`,
  tell: (t) => {
    const cursor = t.agent('cursor', 100, OPENAI, { cwd: '/src' });
    const chat = cursor.chat({ tools: ['read_file', 'execute'] });
    chat.says('Make the tests pass.');
    chat.asks(0);
    chat.answers(1.2, '', [call('read_file', { path: '/src/main.rs' }, 'call_1')], { tokens: [3000, 40], cost: 0.008 });
    cursor.reads(1.201, '/src/main.rs', 4096);
    chat.brings({ call_1: 'fn main() {}' });
    chat.asks(1.203);
    chat.answers(3.303, '', [call('execute', { command: 'cargo test' }, 'call_2')], {
      tokens: [5100, 60],
      cost: 0.013,
    });
    const cargo = cursor.runs(3.31, 200, ['cargo', 'test']);
    cargo.connects(4, 'example.com');
    cargo.exits(8.503);
    chat.brings({ call_2: 'ok' });
    chat.asks(11.4);
    chat.answers(12.3, 'They pass.', [], { tokens: [7100, 120], cost: 0.019 });
  },
};

const plainChat: Story = {
  name: 'plain-chat-three-turns',
  about: `Three questions in one chat without tools, to a provider (Gemini) whose answers have no ids that a next request would name.

Only the history, sent again with every request, says that the three belong together. Three traces of one conversation, numbered, each linked to
the one before.`,
  tell: (t) => {
    const chat = t.agent('gemini-cli', 100, GEMINI).chat({ tools: [] });
    chat.says('What is a span?');
    chat.asks(0);
    chat.answers(2, 'A named stretch of time.');
    chat.says('And a trace?');
    chat.asks(60);
    chat.answers(61.5, 'A tree of spans.');
    chat.says('Thanks.');
    chat.asks(300);
    chat.answers(302, 'You are welcome.');
  },
};

const compaction: Story = {
  name: 'compaction-between-turns',
  about: `A long session: between two turns the agent has its history summed up by the model and goes on with the summary in its place.

Nothing of the old history is left in the new requests, and there is no session header; what stays is the process, the system prompt and the
tools. The conversation goes on (same id, turn 1, linked). The call that makes the summary is a side call: no turn is open while it runs, so it
belongs to the one that opens within 10 s, whose root begins with it.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Rename the parser.');
    chat.asks(0);
    chat.answers(1, '', [call('Read', { file_path: '/srv/app/src/parser.ts' }, 'toolu_read_01')]);
    coder.reads(1.01, '/srv/app/src/parser.ts');
    chat.brings({ toolu_read_01: 'class P {}' });
    chat.asks(1.1);
    chat.answers(3, 'It is called Parser now.');
    coder.side(20, 22, 'Summarize the conversation so far.', {}, 'The parser was renamed.');
    chat.messages = [
      said('Summary of the session: the parser was renamed.'),
      replied('Understood.'),
      said('Now the docs.'),
    ];
    chat.asks(23);
    chat.answers(25, 'The docs say Parser.');
  },
};

const compactionWithHistory: Story = {
  name: 'compaction-with-the-whole-history',
  about: `As in compaction-between-turns, but the call that makes the summary sends the whole history, with the order to sum it up as its last message.

It continues the conversation's history and has words in the user's name, but no tools, another system prompt, and the words of a summary: a side call of the turn that
opens next, not a turn of the user.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Rename the parser.');
    chat.asks(0);
    chat.answers(3, 'It is called Parser now.');
    const order = 'Your task is to create a detailed summary of the conversation so far.';
    const sum = coder.chat({ tools: [], system: 'You summarize conversations.' });
    sum.messages = [...chat.messages, said(order)];
    sum.asks(20);
    sum.answers(22, 'The parser was renamed.', [], { tokens: [20, 4] });
    chat.messages = [
      said('Summary of the session: the parser was renamed.'),
      replied('Understood.'),
      said('Now the docs.'),
    ];
    chat.asks(23);
    chat.answers(25, 'The docs say Parser.');
  },
};

const compactionOneMessage: Story = {
  name: 'compaction-to-one-message',
  about: `As in compaction-between-turns, but the agent puts the summary and the user's new words into one first message: the new request looks
like the first one of a new conversation.

The session header, the system prompt and the tools are those of before: the conversation goes on.`,
  tell: (t) => {
    const chat = t.agent('coder', 100, ANTHROPIC).chat({ session: 'session-1' });
    chat.says('Rename the parser.');
    chat.asks(0);
    chat.answers(3, 'It is called Parser now.');
    chat.messages = [said('This session is continued. Summary: the parser was renamed.\n\nNow the docs.')];
    chat.asks(60);
    chat.answers(62, 'The docs say Parser.');
  },
};

const cleared: Story = {
  name: 'history-cleared-by-the-user',
  about: `The user clears the history and asks something else. Process, system prompt and tools stay; the agent takes a new session id.

Unlike after a compaction nothing says that the old conversation goes on: a conversation of its own, turn 0, no link.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const before = coder.chat({ session: 'session-1' });
    before.says('Rename the parser.');
    before.asks(0);
    before.answers(3, 'It is called Parser now.');
    const after = coder.chat({ session: 'session-2' });
    after.says('What is the weather like?');
    after.asks(60);
    after.answers(62, 'I cannot see it from here.');
  },
};

const compactionInTurn: Story = {
  name: 'compaction-in-mid-turn',
  about: `The history gets too long while a tool loop runs: before the next request the agent has it summed up and sends the summary, the last tool
call and its result.

The history begins anew, but the result names a tool call that is open: the turn goes on, with the summary as its side call. Nothing of the new
request was sent before, so all of its messages are new.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Make the build work.');
    chat.asks(0);
    chat.answers(1, '', [call('Read', { file_path: '/srv/app/Makefile' }, 'toolu_read_01')]);
    coder.reads(1.01, '/srv/app/Makefile');
    chat.brings({ toolu_read_01: 'all: app' });
    chat.asks(1.1);
    chat.answers(2, 'I build it.', [call('Bash', { command: 'make all' }, 'toolu_make_02')]);
    const make = coder.runs(2.02, 200, ['sh', '-c', 'make all']);
    make.exits(2.9);
    const asked = chat.messages.at(-1);
    coder.side(3, 4, 'Summarize the conversation so far.', {}, 'The user wants the build to work.');
    chat.messages = [said('Summary: the user wants the build to work.'), ...(asked ? [asked] : [])];
    chat.brings({ toolu_make_02: 'built' });
    chat.asks(4.1);
    chat.answers(5, 'It builds.');
  },
};

const microCompaction: Story = {
  name: 'micro-compaction',
  about: `To save tokens the agent clears old tool results when it sends its history again.

The results' texts differ from request to request, their ids do not: one conversation, one turn, then a second one linked to it.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    const clear = (): void => {
      chat.messages = chat.messages.map((message) => ({
        ...message,
        ...(message.parts && {
          parts: message.parts.map((part) =>
            part.type === 'tool_call_response' ? { ...part, response: '[cleared]' } : part,
          ),
        }),
      }));
    };
    chat.says('Compare the two files.');
    chat.asks(0);
    chat.answers(1, '', [call('Read', { file_path: '/srv/app/a.txt' }, 'toolu_read_a1')]);
    coder.reads(1.01, '/srv/app/a.txt');
    chat.brings({ toolu_read_a1: 'a long text' });
    chat.asks(1.1);
    chat.answers(2, '', [call('Read', { file_path: '/srv/app/b.txt' }, 'toolu_read_b1')]);
    coder.reads(2.01, '/srv/app/b.txt');
    clear();
    chat.brings({ toolu_read_b1: 'another long text' });
    chat.asks(2.1);
    chat.answers(3, 'They differ.');
    clear();
    chat.says('In what?');
    chat.asks(30);
    chat.answers(31, 'In all lines.');
  },
};

const strippedReasoning: Story = {
  name: 'stripped-reasoning',
  about: `The model thinks before it calls a tool and before it answers; the agent sends its history back without the thoughts (Responses API).

Reasoning is no part of what histories are compared by: the requests continue each other.`,
  tell: (t) => {
    const codex = t.agent('codex', 100, RESPONSES);
    const chat = codex.chat({ tools: ['shell'], model: 'gpt-5' });
    const strip = (): void => {
      chat.messages = chat.messages.map((message) => ({
        ...message,
        ...(message.parts && { parts: message.parts.filter(({ type }) => type !== 'reasoning') }),
      }));
    };
    chat.says('How big is the log?');
    chat.asks(0);
    chat.answers(2, '', [call('shell', { command: ['bash', '-lc', 'wc -c app.log'] }, 'call_wc_01')], {
      thinks: 'I count its bytes.',
    });
    const shell = codex.runs(2.02, 200, ['bash', '-lc', 'wc -c app.log']);
    shell.reads(2.05, '/srv/app/app.log', 812);
    shell.exits(2.1);
    strip();
    chat.brings({ call_wc_01: '812 app.log' });
    chat.asks(2.2);
    chat.answers(3, '812 bytes.', [], { thinks: 'Simple enough.' });
    strip();
    chat.says('And yesterday?');
    chat.asks(20);
    chat.answers(21, 'I cannot know that.', [], { thinks: 'No history.' });
  },
};

const fork: Story = {
  name: 'fork-rewind',
  about: `After two turns the user goes back, edits the second message and goes on from there, twice.

The edited request continues the history of the first turn only: a sibling of the second turn, not its successor. Its link leads to the first
turn, and so does its number; the turn after it continues the sibling.`,
  tell: (t) => {
    const chat = t.agent('opencode', 100, OPENAI).chat({ tools: ['bash'] });
    chat.says('Plan a release.');
    chat.asks(0);
    chat.answers(2, 'First the changelog.');
    const first = [...chat.messages];
    chat.says('Write it in German.');
    chat.asks(10);
    chat.answers(12, 'Geschrieben.');
    chat.messages = [...first, said('Write it in English.')];
    chat.asks(40);
    chat.answers(42, 'Written.');
    chat.says('Shorter.');
    chat.asks(50);
    chat.answers(51, 'Done.');
  },
};

const aborted: Story = {
  name: 'aborted-answer',
  about: `Twice the user stops an answer in the middle and says something else. The first time the agent forgets the half answer, the second time it
keeps it in its history with a note.

Each stop ends a turn (interrupted, with the error of its last call); each time the new words open the next turn of the same conversation.`,
  tell: (t) => {
    const chat = t.agent('coder', 100, ANTHROPIC).chat();
    chat.says('Explain the scheduler.');
    chat.asks(0);
    chat.breaksOff(2, 'The scheduler has');
    chat.says('No, the allocator.');
    chat.asks(5);
    chat.breaksOff(7, 'The allocator is');
    chat.messages.push(replied('The allocator is\n[stopped by the user]'));
    chat.says('Only its locks.');
    chat.asks(10);
    chat.answers(12, 'It has one.');
  },
};

const retry429: Story = {
  name: 'retry-after-429',
  about: `The provider refuses the first request (429); the client waits and sends the same request again.

One turn with two calls, the first failed, the second counted as a resend. The root has no error: its last call succeeded.`,
  tell: (t) => {
    const chat = t.agent('opencode', 100, OPENAI).chat();
    chat.says('Name a prime.');
    chat.asks(0);
    chat.fails(0.2, 429, 'rate_limit_exceeded');
    chat.asks(2.2);
    chat.answers(3, 'Seven.');
  },
};

const retryStream: Story = {
  name: 'retry-after-stream-error',
  about: `The connection breaks in the middle of an answer; the client throws the half answer away and sends the same request again. Then a tool runs.

The broken call and its repetition are one turn. What the broken answer said is not part of the history.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('What is in notes.md?');
    chat.asks(0);
    chat.breaksOff(1.5, 'I will rea');
    chat.asks(2);
    chat.answers(3, 'I will read it.', [call('Read', { file_path: 'notes.md' }, 'toolu_notes_1')]);
    coder.reads(3.01, '/srv/app/notes.md');
    chat.brings({ toolu_notes_1: 'buy milk' });
    chat.asks(3.1);
    chat.answers(4, 'A reminder to buy milk.');
  },
};

const longTurn: Story = {
  name: 'continuation-by-cap',
  about: `One turn runs longer than a trace may (here 5 s): a loop of three tools.

The trace ends with the model call that would be beyond the cap, and the turn goes on in a second trace that is linked to the first
(\`continued_from\`). The tool whose result that call brings keeps the trace in which it began.`,
  config: 'max_turn_duration: 5s\n',
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('Run all three checks.');
    chat.asks(0);
    for (const [i, check] of ['types', 'lint', 'test'].entries()) {
      const at = i * 3;
      const id = `toolu_${check}_01`;
      chat.answers(at + 1, '', [call('Bash', { command: `make ${check}` }, id)]);
      coder.runs(at + 1.02, 200 + i, ['sh', '-c', `make ${check}`]).exits(at + 2.9);
      chat.brings({ [id]: 'ok' });
      chat.asks(at + 3);
    }
    chat.answers(10, 'All is well.');
  },
};

const dayLong: Story = {
  name: 'day-long-session',
  about: `A session from morning to evening, in one process: a question at ten, one at noon, and a tool that waits for the user's yes while he is at
lunch for 50 minutes.

Silence between turns joins nothing and separates nothing: the conversation goes on over hours. Silence in a turn beyond 30 minutes ends it
(\`idle_timeout\`, the tool unanswered); what comes later is the next turn, linked.`,
  tell: (t) => {
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    const hour = 3600;
    chat.says('Good morning. What is open?');
    chat.asks(0);
    chat.answers(2, 'Two issues.');
    chat.says('Close the first.');
    chat.asks(2 * hour);
    chat.answers(2 * hour + 2, '', [call('Bash', { command: 'tracker close 1' }, 'toolu_close_1')]);
    coder.runs(2 * hour + 3000, 200, ['sh', '-c', 'tracker close 1']).exits(2 * hour + 3000.5);
    chat.brings({ toolu_close_1: 'closed' });
    chat.asks(2 * hour + 3001);
    chat.answers(2 * hour + 3003, 'Closed.');
    chat.says('That is all for today.');
    chat.asks(9 * hour);
    chat.answers(9 * hour + 1, 'Good evening.');
  },
};

const clockStep: Story = {
  name: 'wall-clock-step',
  about: `In the middle of a turn the wall clock of the machine is set back by 30 s.

The monotonic clock goes on: order and durations are those of what happened, and no span ends before it begins. All times of the trace are
counted from its first event.`,
  tell: (t) => {
    t.clockStep(1.5, -30);
    const coder = t.agent('coder', 100, ANTHROPIC);
    const chat = coder.chat();
    chat.says('What time is it?');
    chat.asks(0);
    chat.answers(1, '', [call('Bash', { command: 'date' }, 'toolu_date_01')]);
    coder.runs(1.02, 200, ['date']).exits(2);
    chat.brings({ toolu_date_01: '10:00' });
    chat.asks(2.1);
    chat.answers(3, 'Ten.');
  },
};

export const turns: readonly Story[] = [
  example,
  plainChat,
  compaction,
  compactionWithHistory,
  compactionOneMessage,
  cleared,
  compactionInTurn,
  microCompaction,
  strippedReasoning,
  fork,
  aborted,
  retry429,
  retryStream,
  longTurn,
  dayLong,
  clockStep,
];
