import { read } from '../simulator/tools.mjs';

export default {
  about: 'answers of reasoning alone, and of a tool call alone',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'responses', 'gemini']) });
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ text: null, tools: [read(`src/ea${i}.ts`)] });
        t.call({ text: null, think: true });
      });
      a.wait(900);
    }
    a.exit();
  },
};
