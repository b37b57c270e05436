import { read } from '../simulator/tools.mjs';

export default {
  about: 'some requests of a conversation are sent without tools',
  run(s) {
    const a = s.agent(),
      { tools } = a;
    for (let i = 0; i < 4; i++) {
      a.turn(s.text(), (t) => {
        if (i % 2 === 0) t.call({ tools: [read(`src/wt${i}.ts`)] });
        a.tools = [];
        t.answer();
        a.tools = i % 2 ? tools : [];
      });
      a.wait(1500);
      if (i % 2 === 0) a.tools = [];
    }
    a.exit();
  },
};
