import { aside, joinLast, read } from '../simulator/tools.mjs';

export default {
  about: 'the summary is asked for with the whole history and a system prompt of its own',
  run(s) {
    const a = s.agent();
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/w${i}.ts`)] });
        t.answer();
      });
      a.wait(1500);
    }
    const summary = s.text(60);
    const r = aside(a, 'summary', {
      system: 'You are a helpful AI assistant tasked with summarizing conversations.',
      model: a.model,
      maxTokens: 20000,
      answer: summary,
      messages: [
        ...a.conv.rendered(),
        {
          role: 'user',
          parts: [
            {
              text: 'Your task is to create a detailed summary of the conversation so far, paying close attention to the requests of the user.',
            },
          ],
        },
      ],
    });
    a.now = r.ended + 4e6;
    a.conv.messages = [
      {
        role: 'user',
        parts: [
          {
            text: `This session is being continued from a previous conversation that ran out of context. Summary:\n${summary}`,
          },
        ],
      },
    ];
    a.turn(s.text(), (t) => {
      joinLast(a.conv);
      t.call({ tools: [read('src/after.ts')] });
      t.answer();
    });
    a.turn(s.text(), (t) => t.answer());
    a.exit();
  },
};
