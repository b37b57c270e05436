import { describe, expect, test } from 'vitest';
import type { Message, SpanRecord } from '../../../core/index.ts';
import { attribute, correlate, drawn, result, Story, user } from './story.ts';

const said = (text: string): Message => ({
  role: 'assistant',
  content: text,
  parts: [{ type: 'text', content: text }],
});
const withImage = (text: string, size: number): Message => ({
  role: 'user',
  content: text,
  parts: [
    { type: 'text', content: text },
    { type: 'blob', modality: 'image', size },
  ],
});
const roots = (spans: readonly SpanRecord[]): SpanRecord[] =>
  spans.filter((s) => s.parentSpanId === undefined).sort((a, b) => (a.start < b.start ? -1 : 1));
const conversation = (span: SpanRecord | undefined): unknown => span && attribute(span, 'gen_ai.conversation.id');
/** Whether a root is linked to the trace of another one. */
const follows = (span: SpanRecord | undefined, before: SpanRecord | undefined): boolean =>
  span?.links?.some((link) => link.traceId === before?.traceId) === true;

describe('histories that are sent again in another form', () => {
  test('images of two chats are left out the second time', async () => {
    const s = new Story();
    const chats = ['a cat', 'a dog'].map((what) => ({ first: `What is on the picture of ${what}?`, what }));
    const answers = chats.map(({ first, what }, i) => {
      s.ask(10, `one${i}`, [withImage(first, 1000 + i)], { tools: false });
      return s.answer(10, `one${i}`, `On the picture is ${what}.`);
    });
    s.wait(500);
    for (const [i, { first }] of chats.entries()) {
      s.ask(10, `two${i}`, [user(first), answers[i] as Message, user('And what else?')], { tools: false });
      s.answer(10, `two${i}`, 'Nothing else.');
    }
    const told = roots((await correlate(s.events)).spans);
    expect(told).toHaveLength(4);
    expect(conversation(told[2])).toBe(conversation(told[0]));
    expect(conversation(told[3])).toBe(conversation(told[1]));
    expect(conversation(told[0])).not.toBe(conversation(told[1]));
    expect(follows(told[2], told[0])).toBe(true);
    expect(follows(told[3], told[1])).toBe(true);
  });

  test('a request ends with the first letters of its answer: its words are new words', async () => {
    const s = new Story();
    for (const [i, who] of ['Anna and Bert', 'Carla and Dora'].entries()) {
      s.ask(10, `r${i}`, [user(`Extract the names: ${who} went home.`), said('{"names":')], { tools: false });
    }
    for (const i of [0, 1]) s.answer(10, `r${i}`, ' []}');
    const told = roots((await correlate(s.events)).spans);
    expect(told).toHaveLength(2);
    expect(conversation(told[0])).not.toBe(conversation(told[1]));
  });

  test('chats that begin with the same examples are chats of their own', async () => {
    const s = new Story();
    const examples = [user('Translate: the house'), said('das Haus'), user('Translate: the tree'), said('der Baum')];
    for (const i of [0, 1, 2]) {
      s.ask(10, `r${i}`, [...examples, user(`Translate: word number ${i}`)], { tools: false });
      s.answer(10, `r${i}`, `Wort ${i}`);
      s.wait(300);
    }
    const told = roots((await correlate(s.events)).spans);
    expect(new Set(told.map(conversation)).size).toBe(3);
    expect(told.every((root) => (root.links ?? []).length === 0)).toBe(true);
  });

  test('a text that is put into an old message does not make a fork while a tool runs', async () => {
    const s = new Story();
    const words = user('Look at both files, please.');
    s.ask(10, 'r1', [words]);
    const one = s.answer(10, 'r1', 'First one.', [{ id: 'toolu_0000000001', name: 'Read', arguments: { file: 'a' } }]);
    s.ask(10, 'r2', [words, one, result('toolu_0000000001', 'a')]);
    const two = s.answer(10, 'r2', 'Second one.', [{ id: 'toolu_0000000002', name: 'Read', arguments: { file: 'b' } }]);
    const noted = user('Look at both files, please.');
    const changed: Message = {
      ...noted,
      parts: [...(noted.parts ?? []), { type: 'text', content: 'Note: a was read.' }],
    };
    s.ask(10, 'r3', [changed, one, result('toolu_0000000001', 'a'), two, result('toolu_0000000002', 'b')]);
    s.answer(10, 'r3', 'Done.');
    const { spans } = await correlate(s.events);
    expect(drawn(spans)).toEqual([
      'invoke_agent coder',
      '  chat big-model',
      '  execute_tool Read [toolu_0000000001]',
      '  chat big-model',
      '  execute_tool Read [toolu_0000000002]',
      '  chat big-model',
    ]);
  });
});

describe('equal requests', () => {
  test('two users say hi at the same moment: two turns', async () => {
    const s = new Story();
    for (const i of [0, 1]) s.ask(10, `r${i}`, [user('hi there, how are you?')], { tools: false });
    for (const i of [0, 1]) s.answer(10, `r${i}`, `Hello number ${i}`);
    expect(roots((await correlate(s.events)).spans)).toHaveLength(2);
  });

  test('a first request that failed is asked again: one turn', async () => {
    const s = new Story();
    for (const [i, fails] of [529, 429, undefined].entries()) {
      s.ask(10, `r${i}`, [user('hi there, how are you?')], { tools: false });
      s.answer(10, `r${i}`, fails === undefined ? 'Hello' : '', [], fails === undefined ? {} : { fails });
      s.wait(900);
    }
    expect(roots((await correlate(s.events)).spans)).toHaveLength(1);
  });

  test('of two answers to one history the first one is gone on with', async () => {
    const s = new Story();
    const words = user('Count the files of this folder.');
    s.ask(10, 'h', [words]);
    const before = s.answer(10, 'h', 'Which folder do you mean? There are several of that name.');
    const more = [words, before, user('The one named src.')];
    s.ask(10, 'a', more);
    s.ask(10, 'b', more);
    const chosen = s.answer(10, 'a', 'I look.', [
      { id: 'toolu_000000000a', name: 'Glob', arguments: { pattern: 'a' } },
    ]);
    s.answer(10, 'b', 'There may be ten files in it.');
    s.ask(10, 'c', [...more, chosen, result('toolu_000000000a', '12')]);
    s.answer(10, 'c', 'Twelve.');
    const told = roots((await correlate(s.events)).spans);
    expect(told).toHaveLength(2);
    expect(follows(told[1], told[0])).toBe(true);
  });
});

describe('forks', () => {
  test('a branch goes on while another one has a tool open', async () => {
    const s = new Story();
    const words = user('Start with the parser.');
    s.ask(10, 'r1', [words]);
    const base = s.answer(10, 'r1', 'The parser is read.');
    const left = [words, base, user('Try it with a table.')];
    const right = [words, base, user('Try it with a state machine.')];
    s.ask(10, 'l1', left);
    const tool = s.answer(10, 'l1', 'Table.', [
      { id: 'toolu_00000000le', name: 'Bash', arguments: { command: 'make table' } },
    ]);
    s.ask(10, 'x1', right);
    const other = s.answer(10, 'x1', 'States.', [
      { id: 'toolu_00000000ri', name: 'Bash', arguments: { command: 'make states' } },
    ]);
    s.ask(10, 'l2', [...left, tool, result('toolu_00000000le', 'ok')]);
    s.answer(10, 'l2', 'The table works.');
    s.ask(10, 'x2', [...right, other, result('toolu_00000000ri', 'ok')]);
    s.answer(10, 'x2', 'The states work.');
    const branch = (id: string): string[] => [
      'invoke_agent coder',
      '  chat big-model',
      `  execute_tool Bash [${id}]`,
      '  chat big-model',
    ];
    expect(drawn((await correlate(s.events)).spans)).toEqual([
      'invoke_agent coder',
      '  chat big-model',
      ...branch('toolu_00000000le'),
      ...branch('toolu_00000000ri'),
    ]);
  });

  test('a turn that goes on from an earlier place follows the turn of that place', async () => {
    const s = new Story();
    const words = user('Start with the parser.');
    s.ask(10, 'r1', [words]);
    const base = s.answer(10, 'r1', 'The parser is read.');
    s.wait(500);
    s.ask(10, 'r2', [words, base, user('Try it with a table.')]);
    s.answer(10, 'r2', 'The table works.');
    s.wait(500);
    s.ask(10, 'r3', [words, base, user('Try it with a state machine.')]);
    s.answer(10, 'r3', 'The states work.');
    const told = roots((await correlate(s.events)).spans);
    expect(told).toHaveLength(3);
    expect(follows(told[2], told[0])).toBe(true);
  });
});
