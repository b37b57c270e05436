import { aside, read } from '../simulator/tools.mjs';

export default {
  about: 'after every answer the whole history is sent once more, without tools, and who speaks next is asked for',
  run(s) {
    const a = s.agent({ provider: s.pick(['gemini', 'anthropic', 'openai']) });
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ tools: [read(`src/ns${i}.ts`)] });
        t.answer();
      });
      const r = aside(a, 'next_speaker', {
        system: a.conv.system,
        messages: [
          ...a.conv.rendered(),
          {
            role: 'user',
            parts: [
              {
                text: "Analyze *only* the content and structure of your immediately preceding response. Based *strictly* on that response, determine who should logically speak next: the 'user' or the 'model'. Respond only in JSON.",
              },
            ],
          },
        ],
        answer: '{"reasoning":"A question was answered.","next_speaker":"user"}',
      });
      a.now = r.ended + 12e9;
    }
    a.exit();
  },
};
