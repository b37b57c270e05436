import { bash, read } from '../simulator/tools.mjs';

export default {
  about: 'reasoning is sent back within the turn and left out in the next',
  run(s) {
    const a = s.agent({ provider: s.pick(['anthropic', 'responses', 'gemini']) });
    for (let i = 0; i < 3; i++) {
      a.turn(s.text(), (t) => {
        t.call({ think: true, tools: [read(`src/th${i}.ts`)] });
        t.call({ think: true, text: null, tools: [bash(`node th${i}.js`)] });
        t.call({ think: true });
      });
      for (const m of a.conv.messages) m.parts = m.parts.filter((p) => p.thinking === undefined);
      a.wait(800);
    }
    a.exit();
  },
};
