import { aside, joinLast, read } from '../simulator/tools.mjs';

export default {
  about:
    'a compaction between turns; the new history is one user message: the summary that a call gave, and the new words',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/cf${i}.ts`)] });
        t.answer();
      });
      a.wait(1200);
    }
    const summary = s.text(50),
      r = aside(a, 'summary', {
        system: 'You are a helpful AI assistant tasked with summarizing conversations.',
        prompt: `Summarize the conversation so far:\n${s.text(40)}`,
        maxTokens: 8000,
        answer: summary,
      });
    a.now = r.ended + 4e6;
    a.conv.messages = [
      {
        role: 'user',
        parts: [
          {
            text: `This session is being continued from a previous conversation that ran out of context. The conversation is summarized below:\n${summary}`,
          },
        ],
      },
    ];
    for (let i = 0; i < 2; i++)
      a.turn(s.text(), (t) => {
        if (!i) joinLast(a.conv);
        t.call({ tools: [read('src/cf-after.ts')] });
        t.answer();
      });
    a.exit();
  },
};
